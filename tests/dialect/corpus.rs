//! Reading the cases, running them, and comparing with the golden files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tollgate::chat::{Cause, ChatRequest, Content, Effort, Losses, Part, Usage};
use tollgate::dialect::AnswerContext;
use tollgate::dialect::Api;
use tollgate::dialect::knowledge::{Levels, Off, Sampling, StructuredOutput, Thinking, Traits};
use tollgate::dialect::stream::StreamTranslator;
use tollgate::dialect::target::{Quirks, Target, UnknownFields};
use tollgate::dialect::translate::{self, Dialect, Support, support};
use tollgate::framing::eventstream::crc32;

use crate::seen::seen;

/// What a case is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Requests,
    Answers,
    Streams,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Answers => "answers",
            Self::Streams => "streams",
        }
    }
}

pub(crate) const fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAiChat => "openai-chat",
        Dialect::OpenAiCompletions => "openai-completions",
        Dialect::OpenAiResponses => "openai-responses",
        Dialect::Anthropic => "anthropic",
        Dialect::Gemini => "gemini",
        Dialect::Bedrock => "bedrock",
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect")
}

/// The cases of a dialect; none for what it never is.
pub(crate) fn cases(dialect: Dialect, kind: Kind) -> Map<String, Value> {
    read(name(dialect), kind.name())
}

/// The cases of a file; none where there is no such file.
pub(crate) fn read(of: &str, kind: &str) -> Map<String, Value> {
    let path = root().join("cases").join(format!("{of}.{kind}.json"));
    match fs::read(&path) {
        Ok(text) => {
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        }
        Err(_) => Map::new(),
    }
}

/// Runs every case for every dialect that it can go to, and compares.
pub(crate) fn compare(kind: Kind, run: fn(Dialect, Dialect, &Value) -> Value) {
    let mut wrong = String::new();
    let mut count = 0;
    for from in Dialect::ALL {
        let cases = cases(from, kind);
        for to in Dialect::ALL {
            let (client, provider) = if kind == Kind::Requests { (from, to) } else { (to, from) };
            if support(client, provider) != Support::Translate || cases.is_empty() {
                continue;
            }
            let made: Map<String, Value> =
                cases.iter().map(|(name, case)| (name.clone(), run(from, to, case))).collect();
            count += made.len();
            let file = format!("{}.{}.to-{}.json", name(from), kind.name(), name(to));
            compare_file(&file, &made, &mut wrong);
        }
    }
    assert!(count > 300, "the corpus is there: {count}");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Compares with a golden file, or writes it anew; adds what differs to `wrong`.
pub(crate) fn compare_file(file: &str, made: &Map<String, Value>, wrong: &mut String) {
    let path = root().join("golden").join(file);
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        let text = serde_json::to_string_pretty(made).unwrap() + "\n";
        fs::write(&path, text).unwrap();
        return;
    }
    let golden: Map<String, Value> = fs::read(&path).map_or_else(
        |_| Map::new(),
        |text| serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{file}: {error}")),
    );
    for name in made.keys().chain(golden.keys().filter(|name| !made.contains_key(*name))) {
        if made.get(name) != golden.get(name) {
            let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            let (is, golden) = (show(made.get(name)), show(golden.get(name)));
            writeln!(wrong, "{file} {name}:\n  is     {is}\n  golden {golden}").unwrap();
        }
    }
}

pub(crate) fn losses(losses: &Losses) -> Value {
    let text = |cause: &Cause| match cause {
        Cause::Unsupported => "unsupported".to_owned(),
        Cause::Approximated => "approximated".to_owned(),
        Cause::Unknown(name) => format!("unknown {name}"),
    };
    losses.iter().map(|loss| Value::from(format!("{}: {}", loss.field, text(&loss.cause)))).collect()
}

pub(crate) fn usage(usage: Option<Usage>) -> Value {
    usage.map_or(Value::Null, |usage| {
        json!({
            "input": usage.input,
            "output": usage.output,
            "cached_input": usage.cached_input,
            "cache_write_input": usage.cache_write_input,
            "reasoning_output": usage.reasoning_output,
        })
    })
}

/// Every text of a request, in order: what a policy looks at.
fn text(request: &ChatRequest) -> Value {
    fn collect(parts: &[Part], found: &mut Vec<Value>) {
        for part in parts {
            match &part.content {
                Content::Text(text) | Content::Refusal(text) | Content::Thinking { text, .. } => {
                    found.push(text.as_str().into());
                }
                Content::ToolCall { arguments, .. } => found.push(arguments.text().into()),
                Content::ToolResult { parts, .. } => collect(parts, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    request.messages.iter().for_each(|message| collect(&message.parts, &mut found));
    found.into()
}

/// A model of which only that is known which a case says.
fn traits(provider: Dialect, case: &Value) -> Traits {
    let by_tool = case["structured_output"] == "tool";
    let by_level = case["thinking"] == "effort" || provider == Dialect::OpenAiChat;
    const ALL: &[Effort] =
        &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh, Effort::Max];
    let levels = match provider {
        Dialect::Gemini => &ALL[..4],
        Dialect::OpenAiChat => ALL,
        _ => &ALL[1..],
    };
    let off = if provider == Dialect::Gemini { Off::Never } else { Off::Said };
    Traits {
        structured_output: if by_tool { StructuredOutput::Tool } else { StructuredOutput::Native },
        thinking: if by_level { Thinking::Effort(Levels { levels, off }) } else { Traits::UNKNOWN.thinking },
        sampling: match case["takes_sampling"].as_bool() {
            Some(false) => Sampling::Fixed,
            _ => Sampling::Free,
        },
        signed_calls: by_level && provider == Dialect::Gemini,
        strict_tools: true,
        ..Traits::UNKNOWN
    }
}

/// Where the requests of the corpus go. A case may set `thinking`, `structured_output` and `unknown`.
pub(crate) fn target(provider: Dialect, case: &Value) -> Target {
    let (api, model) = match provider {
        Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::OpenAiResponses => (Api::OpenAi, "gpt-5"),
        Dialect::Anthropic => (Api::Anthropic, "claude-sonnet-4-5"),
        Dialect::Gemini => (Api::Gemini, "gemini-2.5-pro"),
        Dialect::Bedrock => (Api::Bedrock, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    };
    Target {
        api,
        model: model.to_owned(),
        api_version: String::new(),
        unknown: match case["unknown"].as_str() {
            Some("pass") => UnknownFields::Pass,
            Some("refuse") => UnknownFields::Refuse,
            _ => UnknownFields::Drop,
        },
        default_max_tokens: 4096,
        traits: traits(provider, case),
        quirks: match case["quirks"].as_str() {
            Some("vllm") => &Quirks::VLLM,
            Some("mistral") => &Quirks::MISTRAL,
            Some("deepseek") => &Quirks::DEEPSEEK,
            Some("openrouter") => &Quirks::OPENROUTER,
            Some("azure") => &Quirks::AZURE,
            _ => &Quirks::OPENAI,
        },
    }
}

pub(crate) fn context(client: Dialect) -> AnswerContext {
    AnswerContext {
        id: "fallback".to_owned(),
        model: "requested-model".to_owned(),
        created: 1_700_000_000,
        include_usage: true,
        wrapped: false,
        renamed: Vec::new(),
        echo: translate::echo(client, b"{}"),
    }
}

pub(crate) fn requests(client: Dialect, provider: Dialect, case: &Value) -> Value {
    let body = serde_json::to_vec(&case["body"]).unwrap();
    let (request, mut lost) = match translate::decode_request(client, &body) {
        Ok(read) => read,
        Err(fault) => return json!({ "fault": format!("{fault:?}") }),
    };
    match translate::encode_request(provider, &request, &target(provider, case)) {
        Ok(encoded) => {
            lost.append(encoded.losses);
            json!({
                "path": encoded.path,
                "body": serde_json::from_slice::<Value>(&encoded.body).unwrap(),
                "losses": losses(&lost),
                "text": text(&request),
            })
        }
        Err(fault) => json!({ "fault": format!("{fault:?}") }),
    }
}

pub(crate) fn answers(provider: Dialect, client: Dialect, case: &Value) -> Value {
    let body = serde_json::to_vec(&case["body"]).unwrap();
    if let Some(status) = case["status"].as_u64() {
        let (status, body) =
            translate::translate_error(provider, client, u16::try_from(status).unwrap(), &body);
        return json!({ "status": status, "error": serde_json::from_slice::<Value>(&body).unwrap() });
    }
    match translate::translate_answer(provider, client, &body, &context(client)) {
        Ok(answer) => json!({
            "body": serde_json::from_slice::<Value>(&answer.body).unwrap(),
            "usage": usage(answer.usage),
            "losses": losses(&answer.losses),
            "text": seen(client, false, &answer.body),
        }),
        Err(fault) => json!({ "fault": format!("{fault:?}") }),
    }
}

/// The bytes of a stream case as the provider sends them.
pub(crate) fn wire(provider: Dialect, case: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for event in case["events"].as_array().unwrap() {
        match provider {
            Dialect::Bedrock => {
                let (kind, payload) = event.as_object().unwrap().iter().next().unwrap();
                out.extend(message(kind, &serde_json::to_vec(payload).unwrap()));
            }
            _ => {
                if let Some(kind) = event["type"].as_str().filter(|_| provider == Dialect::Anthropic) {
                    out.extend(format!("event: {kind}\n").into_bytes());
                }
                let data = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
                out.extend(format!("data: {data}\n\n").into_bytes());
            }
        }
    }
    out
}

/// One message of an AWS event stream.
fn message(kind: &str, payload: &[u8]) -> Vec<u8> {
    let (kind_header, message_type) = match kind {
        "InternalError" => (":error-code", "error"),
        kind if kind.ends_with("Exception") => (":exception-type", "exception"),
        _ => (":event-type", "event"),
    };
    let mut headers = Vec::new();
    for (name, value) in
        [(kind_header, kind), (":content-type", "application/json"), (":message-type", message_type)]
    {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend(name.as_bytes());
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let total = u32::try_from(16 + headers.len() + payload.len()).unwrap();
    let mut out = Vec::new();
    out.extend(total.to_be_bytes());
    out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32(&out).to_be_bytes());
    out
}

/// What a client gets of some chunks, and the translator that made it.
pub(crate) fn translate_chunks<'a>(
    provider: Dialect,
    client: Dialect,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> (Vec<u8>, StreamTranslator) {
    let mut translator = StreamTranslator::new(provider, client, context(client)).unwrap();
    let mut out = Vec::new();
    chunks.for_each(|chunk| translator.push(chunk, &mut out));
    translator.finish(&mut out);
    (out, translator)
}

pub(crate) fn streams(provider: Dialect, client: Dialect, case: &Value) -> Value {
    let bytes = wire(provider, case);
    let (whole, mut translator) = translate_chunks(provider, client, std::iter::once(bytes.as_slice()));
    let (single, by_byte) = translate_chunks(provider, client, bytes.chunks(1));
    assert!(whole == single, "one byte at a time gives the same bytes");
    assert_eq!(by_byte.usage(), translator.usage());
    let text = seen(client, true, &whole);
    let events = String::from_utf8(whole).unwrap();
    let events: Vec<Value> = events
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| {
            let (name, data) = match event.split_once('\n') {
                Some((name, data)) => (Value::from(name.strip_prefix("event: ").unwrap()), data),
                None => (Value::Null, event),
            };
            match data.strip_prefix("data: ") {
                Some(data) => {
                    json!([name, serde_json::from_str::<Value>(data).unwrap_or_else(|_| data.into())])
                }
                None => json!([name, data]),
            }
        })
        .collect();
    json!({
        "events": events,
        "usage": usage(translator.usage()),
        "outcome": format!("{:?}", translator.outcome()),
        "losses": losses(&translator.take_losses()),
        "text": text,
    })
}
