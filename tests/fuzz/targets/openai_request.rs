//! Requests of every dialect that name their model in the body: what is accepted can be edited, and says afterwards what it said before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate::dialect::Surface;
use tollgate::dialect::request::{Delivery, inspect};
use tollgate::framing::edit::{self, Edit};
use tollgate::framing::json::{self, write_string};
use tollgate_fuzz::LONGEST;

/// Needs every sort of escape.
const MODEL: &str = "org/\"model\"\n\u{1}-日本語";

fuzz_target!(|body: &[u8]| {
    if body.len() > LONGEST {
        return;
    }
    for surface in [
        Surface::ChatCompletions,
        Surface::Completions,
        Surface::Embeddings,
        Surface::Responses,
        Surface::Messages,
    ] {
        let Ok(found) = inspect(surface, None, body) else { continue };
        let span = found.model_span.expect("the body names the model");
        assert!(!found.model.is_empty());
        assert_eq!(json::string(body, span).as_deref(), Some(found.model.as_str()));
        assert!(found.prompt_bytes <= body.len());
        let mut text = Vec::new();
        write_string(&mut text, MODEL);
        let mut edits = vec![Edit { span, text }];
        let has_options = matches!(surface, Surface::ChatCompletions | Surface::Completions);
        let asked = has_options && found.delivery != Delivery::Whole;
        if let Delivery::Stream(change) = found.delivery {
            edits.push(change);
        }
        let (length, reach) = (body.len() as i64 + edit::growth(&edits), edit::reach(&edits));
        let mut edited = edit::apply(&mut edits, &body[..reach]).expect("the edits fit the body");
        edited.extend_from_slice(&body[reach..]);
        assert_eq!(edited.len() as i64, length);
        assert!(json::members(&edited, |_| {}).is_ok(), "the edited body is an object");
        // Where serde_json refuses (numbers beyond a double, halves of surrogate pairs), there is no reference.
        let Ok(mut expected) = serde_json::from_slice::<Value>(body) else { continue };
        expected["model"] = MODEL.into();
        if asked {
            expected["stream_options"]["include_usage"] = true.into();
        }
        assert_eq!(serde_json::from_slice::<Value>(&edited).expect("the edited body is JSON"), expected);
    }
});
