//! Names of models, without what platforms put around them.

/// The maker's own name of a model: in lower case, without a path, a region, a vendor, a revision and a variant.
///
/// `us.anthropic.claude-opus-4-7-v1:0`, the ARN of such a profile, `publishers/anthropic/models/claude-opus-4-7` and
/// `anthropic/claude-opus-4.7` are all `claude-opus-4-7` (Amazon Bedrock, "Supported foundation models" and
/// "Inference profiles"; Vertex AI, "Claude models"); a date of Vertex AI, `@20250514`, is written as Anthropic does.
pub(super) fn bare(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let mut name = name.as_str();
    // Labels of regions and vendors have no digits; versions have.
    while let Some((label, rest)) = name.split_once('.')
        && !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    {
        name = rest;
    }
    let name = name.split(':').next().unwrap_or(name);
    let name = match name.rsplit_once("-v") {
        Some((before, revision)) if is_number(revision) => before,
        _ => name,
    };
    let name = name.strip_suffix("-latest").or(name.strip_suffix("@default")).unwrap_or(name);
    name.replace('@', "-")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers of a version in parts of a name, the first two; a date is none.
pub(super) fn version<'a>(parts: impl Iterator<Item = &'a str>) -> Option<(u32, u32)> {
    let mut numbers = parts.filter_map(|part| part.parse::<u32>().ok()).filter(|number| *number < 100);
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}
