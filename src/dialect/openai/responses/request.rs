//! What the gateway reads of a request that passes as it is (reference, "Create a model response").

use crate::dialect::RequestFault;
use crate::dialect::request::{Inspection, Member, Members, delivery};

/// Reads what decides the request's way.
///
/// # Errors
/// As for [`crate::dialect::request::inspect`].
pub(in crate::dialect) fn inspect(body: &[u8]) -> Result<Inspection, RequestFault> {
    let members = Members::of_text(body, |key| match key {
        "model" => Member::Decides("model"),
        "stream" => Member::Decides("stream"),
        "max_output_tokens" => Member::Decides("max_output_tokens"),
        "user" => Member::Decides("user"),
        "safety_identifier" => Member::Decides("safety_identifier"),
        "input" | "instructions" | "tools" => Member::Prompt,
        _ => Member::Passes,
    })?;
    let (model, span) = members.model()?;
    Ok(Inspection {
        model,
        model_span: Some(span),
        delivery: delivery(members.flag("stream")?),
        prompt_bytes: members.prompt_bytes,
        output_limit: members.unsigned("max_output_tokens")?,
        answers: 1,
        user: members.string("user")?.or(members.string("safety_identifier")?),
    })
}
