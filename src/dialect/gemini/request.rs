//! What the gateway reads of a request that passes as it is (reference, `GenerateContentRequest`).
//!
//! Names come in camel case or in snake case (protobuf.dev, "ProtoJSON format"); both of one member are it twice.

use crate::dialect::RequestFault;
use crate::dialect::request::{Inspection, Member, Members, delivery};
use crate::framing::json::{self, Kind};

/// Reads what decides the request's way; the path says the model, and whether the answer is streamed.
///
/// # Errors
/// As for [`crate::dialect::request::inspect`].
pub(in crate::dialect) fn inspect(
    model: &str,
    stream: bool,
    body: &[u8],
) -> Result<Inspection, RequestFault> {
    let members = Members::of_text(body, |key| match key {
        "generationConfig" | "generation_config" => Member::Decides("generationConfig"),
        "contents" | "systemInstruction" | "system_instruction" | "tools" => Member::Prompt,
        _ => Member::Passes,
    })?;
    let config = members.object("generationConfig", |key| match key {
        "maxOutputTokens" | "max_output_tokens" => Member::Decides("maxOutputTokens"),
        "candidateCount" | "candidate_count" => Member::Decides("candidateCount"),
        _ => Member::Passes,
    })?;
    let number = |name| config.as_ref().map(|config| config.unsigned(name)).transpose().map(Option::flatten);
    let answers = number("candidateCount")?.unwrap_or(1).max(1);
    Ok(Inspection {
        model: model.to_owned(),
        model_span: None,
        delivery: delivery(stream),
        prompt_bytes: members.prompt_bytes,
        // The limit is that of one candidate.
        output_limit: number("maxOutputTokens")?.map(|limit| limit.saturating_mul(answers)),
        answers,
        user: None,
    })
}

/// The request in the body of a count of tokens; the body itself where its `contents` alone are counted.
pub(in crate::dialect) fn counted(body: &[u8]) -> &[u8] {
    let mut inner = None;
    let read = json::members(body, |member| {
        let names = ["generateContentRequest", "generate_content_request"];
        if member.kind == Kind::Object && names.contains(&&*member.key) {
            inner = Some(member.value);
        }
    });
    match (read, inner) {
        (Ok(_), Some(span)) => span.of(body),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_the_request_or_its_contents() {
        let request = r#"{"model":"models/m","contents":[{"parts":[{"text":"Hi"}]}],"tools":[]}"#;
        let wrapped = format!(r#"{{"generateContentRequest": {request}}}"#);
        assert_eq!(counted(wrapped.as_bytes()), request.as_bytes());
        for plain in [request, r#"{"generateContentRequest":null}"#, "{", r#"{"contents":[]}"#] {
            assert_eq!(counted(plain.as_bytes()), plain.as_bytes());
        }
    }
}
