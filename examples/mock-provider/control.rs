//! The `/_mock` endpoints, by which a test tells an instance how to behave and asks what it saw.
//!
//! | request | effect |
//! | --- | --- |
//! | `POST /_mock/behaviour` | replaces the behaviour, or the queue of behaviours |
//! | `GET /_mock/log`, `DELETE /_mock/log` | the requests received, as a JSON array; forgets them |
//! | `GET /_mock/stats` | counters |
//! | `POST /_mock/reset` | default behaviour, empty log, counters at zero; without `instance`, of all instances |
//!
//! Each takes `?instance=NAME`; without it the unnamed instance is meant. Does not know any API.

use serde_json::json;

use crate::answer::{Answer, Body, JSON};
use crate::http::Request;
use crate::server::Instances;

/// Where these endpoints live.
pub(crate) const PREFIX: &str = "/_mock/";

/// Carries out a control request.
pub(crate) fn answer(request: &Request<'_>, instances: &Instances) -> Answer {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let name = query.split('&').find_map(|pair| pair.strip_prefix("instance="));
    let instance = instances.named(name.unwrap_or_default());
    match (request.method, path.strip_prefix(PREFIX).unwrap_or_default()) {
        ("POST", "behaviour") => match instance.set_behaviour(request.body) {
            Ok(()) => ok(b"{}".to_vec()),
            Err(error) => refusal(400, &error.to_string()),
        },
        ("GET", "log") => ok(instance.log_json()),
        ("DELETE", "log") => {
            instance.clear_log();
            ok(b"{}".to_vec())
        }
        ("GET", "stats") => ok(serde_json::to_vec(&instance.counters()).unwrap_or_default()),
        ("POST", "reset") => {
            if name.is_some() {
                instance.reset();
            } else {
                instances.reset_all();
            }
            ok(b"{}".to_vec())
        }
        _ => refusal(404, "no such control endpoint"),
    }
}

fn ok(body: Vec<u8>) -> Answer {
    Answer { status: 200, content_type: JSON.to_owned(), body: Body::Whole(body), usage: None }
}

fn refusal(status: u16, message: &str) -> Answer {
    let body = json!({ "error": message }).to_string().into_bytes();
    Answer { status, content_type: JSON.to_owned(), body: Body::Whole(body), usage: None }
}
