//! What the gateway reads of a request that passes as it is (reference, "Create a Message", "Count tokens").

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
        "max_tokens" => Member::Decides("max_tokens"),
        "metadata" => Member::Decides("metadata"),
        "messages" | "system" | "tools" => Member::Prompt,
        _ => Member::Passes,
    })?;
    let (model, span) = members.model()?;
    let metadata = members.object("metadata", |key| match key {
        "user_id" => Member::Decides("user_id"),
        _ => Member::Passes,
    })?;
    Ok(Inspection {
        model,
        model_span: Some(span),
        delivery: delivery(members.flag("stream")?),
        prompt_bytes: members.prompt_bytes,
        output_limit: members.unsigned("max_tokens")?,
        answers: 1,
        user: metadata.map(|metadata| metadata.string("user_id")).transpose()?.flatten(),
    })
}
