//! From the model's name that a client asked for to the chain that serves it.
//!
//! Knows logical models and who may call them; knows nothing of how a chain is carried out.

use std::collections::BTreeMap;

use crate::config::compiled::ModelAccess;

/// Why no chain serves a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unroutable {
    /// No logical model has that name.
    NotFound,
    /// The caller may not call it.
    NotAllowed,
}

/// Finds the logical model `name` for a caller with `access`.
///
/// # Errors
/// When there is none, or it is not the caller's to use.
pub fn resolve<'a, M>(
    models: &'a BTreeMap<String, M>,
    access: &ModelAccess,
    name: &str,
) -> Result<&'a M, Unroutable> {
    let model = models.get(name).ok_or(Unroutable::NotFound)?;
    if access.allows(name) { Ok(model) } else { Err(Unroutable::NotAllowed) }
}

/// The logical models that a caller with `access` may call, by name.
pub fn available<'a, M>(
    models: &'a BTreeMap<String, M>,
    access: &'a ModelAccess,
) -> impl Iterator<Item = &'a str> {
    models.keys().map(String::as_str).filter(|name| access.allows(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_exists_is_served_only_to_who_may_call_it() {
        let models = BTreeMap::from([("a".to_owned(), ()), ("b".to_owned(), ())]);
        let only_a = ModelAccess::Only(vec!["a".to_owned(), "gone".to_owned()]);
        assert!(resolve(&models, &only_a, "a").is_ok());
        assert_eq!(resolve(&models, &only_a, "b"), Err(Unroutable::NotAllowed));
        assert_eq!(resolve(&models, &only_a, "gone"), Err(Unroutable::NotFound));
        assert!(resolve(&models, &ModelAccess::All, "b").is_ok());
        assert_eq!(available(&models, &only_a).collect::<Vec<_>>(), ["a"]);
        assert_eq!(available(&models, &ModelAccess::All).collect::<Vec<_>>(), ["a", "b"]);
    }
}
