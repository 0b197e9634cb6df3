//! The lists of models that the gateway gives itself, in the client's dialect (API references: OpenAI, "List models" and
//! "Retrieve model"; Anthropic, "List Models" and "Get a Model"; Gemini, "models.list" and "models.get").
//!
//! A logical model has no date, no owner and no limits of its own: where the SDKs want such, they get what stands for
//! "not known". The lists are never cut into pages.

use super::Surface;
use super::wire::write::{self, ObjectWriter};

/// The list for a client of the surface.
#[must_use]
pub fn list<'a>(surface: Surface, names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let names: Vec<&str> = names.collect();
    write::object(|object| {
        let key = match surface {
            Surface::GeminiModels => "models",
            Surface::AnthropicModels => {
                object.string_or_null("first_id", names.first().copied());
                object.string_or_null("last_id", names.last().copied());
                object.boolean("has_more", false);
                "data"
            }
            _ => {
                object.string("object", "list");
                "data"
            }
        };
        object.array(key, |models| {
            names.iter().for_each(|name| models.object(|model| write_model(surface, name, model)));
        });
    })
}

/// One model for a client of the surface.
#[must_use]
pub fn one(surface: Surface, name: &str) -> Vec<u8> {
    write::object(|model| write_model(surface, name, model))
}

fn write_model(surface: Surface, name: &str, model: &mut ObjectWriter<'_>) {
    match surface {
        Surface::AnthropicModels => {
            model.string("type", "model");
            model.string("id", name);
            model.string("display_name", name);
            // "May be set to an epoch value if the release date is unknown."
            model.string("created_at", "1970-01-01T00:00:00Z");
            model.string("lifecycle", "active");
        }
        Surface::GeminiModels => {
            model.string("name", &format!("models/{name}"));
            model.string("displayName", name);
            model.array("supportedGenerationMethods", |methods| {
                ["generateContent", "countTokens"].iter().for_each(|method| methods.string(method));
            });
        }
        _ => {
            model.string("id", name);
            model.string("object", "model");
            model.unsigned("created", 0);
            model.string("owned_by", "tollgate");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_names_that_need_escaping() {
        for (surface, models, name, prefix) in [
            (Surface::Models, "data", "id", ""),
            (Surface::AnthropicModels, "data", "id", ""),
            (Surface::GeminiModels, "models", "name", "models/"),
        ] {
            let list: serde_json::Value =
                serde_json::from_slice(&list(surface, ["a\"b", "c"].into_iter())).unwrap();
            assert_eq!(list[models][0][name], format!("{prefix}a\"b"));
            let one: serde_json::Value = serde_json::from_slice(&one(surface, "c")).unwrap();
            assert_eq!(one, list[models][1]);
        }
    }
}
