//! The models that a caller may use, and which part of each: never a provider that it may not be served by.
//!
//! Promises that what is not known to be permitted is not permitted. Deliberately unknown here: what callers require, and what
//! providers offer; the configuration was compiled from both.

use std::rc::Rc;

use super::{Gateway, Model};
use crate::dialect::Surface;
use crate::engine::refusal::Refusal;
use crate::identity::caller::Caller;
use crate::route::{self, Unroutable};

impl Gateway {
    /// The model of this name as the caller may use it.
    pub(super) fn resolve(&self, caller: &Caller, name: &str) -> Result<&Rc<Model>, Refusal> {
        let model = route::resolve(&self.models, &caller.models, name).map_err(|reason| match reason {
            Unroutable::NotFound => Refusal::ModelNotFound(name.to_owned()),
            Unroutable::NotAllowed => Refusal::ModelNotAllowed(name.to_owned()),
        })?;
        self.permitted(caller, name, model).ok_or_else(|| Refusal::NotPermitted(name.to_owned()))
    }

    /// The same for a request to a surface, at which the model must be served.
    pub(super) fn served(
        &self,
        caller: &Caller,
        name: &str,
        surface: Surface,
    ) -> Result<&Rc<Model>, Refusal> {
        let model = self.resolve(caller, name)?;
        let served = &model.config.surfaces;
        if served.is_empty() || served.contains(&surface) || !surface.is_forwarded() {
            return Ok(model);
        }
        Err(Refusal::NotServed { model: name.to_owned(), served: served.clone() })
    }

    /// The part of a model whose providers may serve the caller; `None` where there is none.
    fn permitted<'a>(&'a self, caller: &Caller, name: &str, model: &'a Rc<Model>) -> Option<&'a Rc<Model>> {
        let Some(place) = caller.restriction else { return Some(model) };
        match self.restrictions.get(place)?.get(name) {
            None => Some(model),
            Some(part) => part.as_ref(),
        }
    }

    /// The names of the models that the caller may use.
    pub(super) fn available<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a str> {
        route::available(&self.models, &caller.models).filter(|name| {
            self.models.get(*name).is_some_and(|model| self.permitted(caller, name, model).is_some())
        })
    }
}
