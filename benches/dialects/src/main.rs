//! What translation costs, for each pair of a client's and a provider's dialect: a WASI program that prints one table.
//!
//! Per pair: the microseconds of a request, of a whole answer and of one chunk of a stream, and the bytes that are
//! written anew for each, which is where re-serialisation shows. A pair of one dialect does what the gateway does when
//! bytes pass: it finds the model's name and edits it in place, and reads the answer for its usage. The last lines show
//! that pair again with a prompt a hundred times as long: what is written does not grow, and the time is that of one
//! scan.

use std::hint::black_box;
use std::time::Instant;

use tollgate::dialect::stream::StreamTranslator;
use tollgate::dialect::target::{Quirks, Target};
use tollgate::dialect::translate::{Dialect, Support, echo, support, translate_answer, translate_request};
use tollgate::dialect::{AnswerContext, Api, Surface, request};
use tollgate::engine::meter::Meter;
use tollgate::framing::edit::{self, Edit};
use tollgate::framing::eventstream::crc32;
use tollgate::framing::json::write_string;
use tollgate::observe::record::Metered;

/// How many chunks a stream has.
const CHUNKS: usize = 64;

/// How often everything is done, in rounds of which the best counts.
const ROUNDS: usize = 7;
const TIMES: usize = 200;

const CLIENTS: [(Dialect, Surface, &str); 5] = [
    (Dialect::OpenAiChat, Surface::ChatCompletions, "openai chat"),
    (Dialect::OpenAiCompletions, Surface::Completions, "openai completions"),
    (Dialect::OpenAiResponses, Surface::Responses, "openai responses"),
    (Dialect::Anthropic, Surface::Messages, "anthropic"),
    (Dialect::Gemini, Surface::GenerateContent, "gemini"),
];

const PROVIDERS: [(Dialect, Api, &str, &str); 4] = [
    (Dialect::OpenAiChat, Api::OpenAi, "gpt-4o", "openai"),
    (Dialect::Anthropic, Api::Anthropic, "claude-sonnet-4-5", "anthropic"),
    (Dialect::Gemini, Api::Gemini, "gemini-2.5-pro", "gemini"),
    (Dialect::Bedrock, Api::Bedrock, "anthropic.claude-sonnet-4-5-v1:0", "bedrock"),
];

/// The time of one call in microseconds, and the bytes that it writes anew.
fn measured(mut call: impl FnMut() -> usize) -> (f64, usize) {
    let written = call();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        (0..TIMES).for_each(|_| {
            black_box(call());
        });
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / TIMES as f64);
    }
    (best, written)
}

fn main() {
    let words = "The quick brown fox jumps over the lazy dog. ".repeat(23);
    println!(
        "{:<20} {:<10} {:>12} {:>9} {:>11} {:>9} {:>10} {:>9}",
        "client", "provider", "µs/request", "written", "µs/answer", "written", "µs/chunk", "written"
    );
    for (client, surface, client_name) in CLIENTS {
        for (provider, api, model, provider_name) in PROVIDERS {
            let own = passes(client, provider);
            let body = request_body(client, &words);
            let target = Target::of(api, &Quirks::OPENAI, model);
            let asked = measured(|| {
                if own {
                    return edited(surface, &body);
                }
                let request = translate_request(client, provider, black_box(&body), &target);
                request.map_or(0, |request| request.body.len())
            });
            let answer = answer_body(if own { client } else { provider }, &words);
            let context = context(client);
            let answered = measured(|| {
                if own {
                    return relayed(surface, "application/json", &[&answer]);
                }
                let answer = translate_answer(provider, client, black_box(&answer), &context);
                answer.map_or(0, |answer| answer.body.len())
            });
            let stream = stream_chunks(if own { client } else { provider });
            let chunks: Vec<&[u8]> = stream.iter().map(Vec::as_slice).collect();
            let (time, bytes) = measured(|| {
                if own {
                    relayed(surface, "text/event-stream", &chunks)
                } else {
                    translated(provider, client, &context, &chunks)
                }
            });
            println!(
                "{client_name:<20} {:<10} {:>12.1} {:>9} {:>11.1} {:>9} {:>10.2} {:>9}{}",
                provider_name,
                asked.0,
                asked.1,
                answered.0,
                answered.1,
                time / CHUNKS as f64,
                bytes / CHUNKS,
                if own { "  passes" } else { "" },
            );
        }
    }
    println!(
        "\nThe same dialect on both sides, by the length of the prompt; a copy of the body for comparison:"
    );
    println!("{:<20} {:>10} {:>12} {:>9} {:>10}", "client", "body", "µs/request", "written", "µs/copy");
    for (client, surface, client_name) in CLIENTS {
        for times in [1, 100] {
            let body = request_body(client, &words.repeat(times));
            let (time, bytes) = measured(|| edited(surface, &body));
            let (copy, _) = measured(|| black_box(black_box(&body).clone()).len());
            println!("{client_name:<20} {:>10} {time:>12.1} {bytes:>9} {copy:>10.1}", body.len());
        }
    }
}

/// Whether bytes pass; a provider of OpenAI's serves its other two surfaces as well.
fn passes(client: Dialect, provider: Dialect) -> bool {
    let other = matches!(client, Dialect::OpenAiCompletions | Dialect::OpenAiResponses);
    support(client, provider) == Support::Pass || (other && provider == Dialect::OpenAiChat)
}

/// What the gateway does to a request that passes: one scan, and one edit of the first bytes.
fn edited(surface: Surface, body: &[u8]) -> usize {
    let read = request::inspect(surface, Some("model"), black_box(body)).expect("a request");
    let Some(span) = read.model_span else { return 0 };
    let mut text = Vec::new();
    write_string(&mut text, "the-providers-own-name");
    let mut edits = [Edit { span, text }];
    let head = body.get(..edit::reach(&edits)).unwrap_or_default();
    edit::apply(&mut edits, head).map_or(0, |head| head.len())
}

/// What the gateway does to an answer that passes: it reads the usage.
fn relayed(surface: Surface, media_type: &str, chunks: &[&[u8]]) -> usize {
    let mut meter = Meter::new(surface, 1000, false);
    meter.expect(Some(media_type));
    let mut written = 0;
    for (index, chunk) in chunks.iter().enumerate() {
        let relayed = meter.relay(black_box(chunk), index + 1 == chunks.len());
        written += relayed.replacement.map_or(0, |replacement| replacement.len());
    }
    assert!(matches!(meter.metered(), Metered::Reported(_)), "the usage was read");
    written
}

fn translated(provider: Dialect, client: Dialect, context: &AnswerContext, chunks: &[&[u8]]) -> usize {
    let mut translator = StreamTranslator::new(provider, client, context.clone()).expect("a pair");
    let mut written = 0;
    for chunk in chunks {
        let mut out = Vec::new();
        translator.push(black_box(chunk), &mut out);
        written += black_box(out).len();
    }
    let mut out = Vec::new();
    translator.finish(&mut out);
    written + black_box(out).len()
}

fn context(client: Dialect) -> AnswerContext {
    AnswerContext {
        id: "answer-1".to_owned(),
        model: "model".to_owned(),
        created: 1_700_000_000,
        include_usage: true,
        wrapped: false,
        renamed: Vec::new(),
        echo: echo(client, b"{}"),
    }
}

/// A request with a system prompt, a question of these words, and a tool.
fn request_body(client: Dialect, words: &str) -> Vec<u8> {
    let schema = r#"{"type":"object","properties":{"city":{"type":"string","description":"Where"}},"required":["city"]}"#;
    match client {
        Dialect::OpenAiChat => format!(
            r#"{{"model":"model","temperature":0.5,"messages":[{{"role":"system","content":"Be brief."}},{{"role":"user","content":"{words}"}}],"tools":[{{"type":"function","function":{{"name":"weather","description":"Now","parameters":{schema}}}}}]}}"#
        ),
        Dialect::OpenAiCompletions => format!(r#"{{"model":"model","max_tokens":100,"prompt":"{words}"}}"#),
        Dialect::OpenAiResponses => format!(
            r#"{{"model":"model","temperature":0.5,"instructions":"Be brief.","input":[{{"role":"user","content":"{words}"}}],"tools":[{{"type":"function","name":"weather","description":"Now","parameters":{schema},"strict":false}}]}}"#
        ),
        Dialect::Anthropic => format!(
            r#"{{"model":"model","max_tokens":100,"temperature":0.5,"system":"Be brief.","messages":[{{"role":"user","content":"{words}"}}],"tools":[{{"name":"weather","description":"Now","input_schema":{schema}}}]}}"#
        ),
        Dialect::Gemini | Dialect::Bedrock => format!(
            r#"{{"systemInstruction":{{"parts":[{{"text":"Be brief."}}]}},"contents":[{{"role":"user","parts":[{{"text":"{words}"}}]}}],"tools":[{{"functionDeclarations":[{{"name":"weather","description":"Now","parametersJsonSchema":{schema}}}]}}],"generationConfig":{{"temperature":0.5}}}}"#
        ),
    }
    .into_bytes()
}

fn answer_body(provider: Dialect, words: &str) -> Vec<u8> {
    match provider {
        Dialect::OpenAiChat => format!(
            r#"{{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{words}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}}}"#
        ),
        Dialect::OpenAiCompletions => format!(
            r#"{{"id":"c1","object":"text_completion","created":1,"model":"m","choices":[{{"index":0,"text":"{words}","logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}}}"#
        ),
        Dialect::OpenAiResponses => format!(
            r#"{{"id":"r1","object":"response","created_at":1,"model":"m","status":"completed","output":[{{"type":"message","id":"m1","role":"assistant","status":"completed","content":[{{"type":"output_text","text":"{words}","annotations":[]}}]}}],"usage":{{"input_tokens":12,"output_tokens":3,"total_tokens":15}}}}"#
        ),
        Dialect::Anthropic => format!(
            r#"{{"id":"m1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{words}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":12,"output_tokens":3}}}}"#
        ),
        Dialect::Gemini => format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{words}"}}],"role":"model"}},"finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15}},"modelVersion":"m","responseId":"r1"}}"#
        ),
        Dialect::Bedrock => format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"{words}"}}]}}}},"stopReason":"end_turn","usage":{{"inputTokens":12,"outputTokens":3,"totalTokens":15}},"metrics":{{"latencyMs":7}}}}"#
        ),
    }
    .into_bytes()
}

/// A stream of [`CHUNKS`] pieces of text between its beginning and its end, which are in the first and the last chunk.
fn stream_chunks(dialect: Dialect) -> Vec<Vec<u8>> {
    let data = |text: &str| format!("data: {text}\n\n").into_bytes();
    let named = |kind: &str, rest: &str| {
        format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n").into_bytes()
    };
    let (first, piece, last): (Vec<u8>, Vec<u8>, Vec<u8>) = match dialect {
        Dialect::OpenAiChat => {
            let chunk = |delta: &str, finish: &str| {
                data(&format!(
                    r#"{{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}]}}"#
                ))
            };
            let usage = data(
                r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":64,"total_tokens":76}}"#,
            );
            let end = [chunk("{}", r#""stop""#), usage, data("[DONE]")].concat();
            (chunk(r#"{"role":"assistant","content":""}"#, "null"), chunk(r#"{"content":" word"}"#, "null"), end)
        }
        Dialect::OpenAiCompletions => {
            let piece = data(
                r#"{"id":"c1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":" word","logprobs":null,"finish_reason":null}]}"#,
            );
            let usage = data(
                r#"{"id":"c1","object":"text_completion","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":64,"total_tokens":76}}"#,
            );
            (Vec::new(), piece, [usage, data("[DONE]")].concat())
        }
        Dialect::OpenAiResponses => (
            named("response.created", r#","sequence_number":0,"response":{"id":"r1"}"#),
            named(
                "response.output_text.delta",
                r#","sequence_number":5,"item_id":"m1","output_index":0,"content_index":0,"delta":" word","logprobs":[]"#,
            ),
            named(
                "response.completed",
                r#","sequence_number":9,"response":{"id":"r1","status":"completed","usage":{"input_tokens":12,"output_tokens":64,"total_tokens":76}}"#,
            ),
        ),
        Dialect::Anthropic => (
            [
                named(
                    "message_start",
                    r#","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}"#,
                ),
                named("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
            ]
            .concat(),
            named("content_block_delta", r#","index":0,"delta":{"type":"text_delta","text":" word"}"#),
            [
                named("content_block_stop", r#","index":0"#),
                named(
                    "message_delta",
                    r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":64}"#,
                ),
                named("message_stop", ""),
            ]
            .concat(),
        ),
        Dialect::Gemini => {
            let chunk = |text: &str, rest: &str| {
                data(&format!(
                    r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}],"role":"model"}}{rest},"index":0}}],"usageMetadata":{{"promptTokenCount":12,"candidatesTokenCount":64,"totalTokenCount":76}},"modelVersion":"m","responseId":"r1"}}"#
                ))
            };
            (Vec::new(), chunk(" word", ""), chunk("", r#","finishReason":"STOP""#))
        }
        Dialect::Bedrock => (
            message("messageStart", r#"{"role":"assistant"}"#),
            message("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":" word"}}"#),
            [
                message("contentBlockStop", r#"{"contentBlockIndex":0}"#),
                message("messageStop", r#"{"stopReason":"end_turn"}"#),
                message(
                    "metadata",
                    r#"{"usage":{"inputTokens":12,"outputTokens":64,"totalTokens":76},"metrics":{"latencyMs":7}}"#,
                ),
            ]
            .concat(),
        ),
    };
    let mut chunks = vec![piece; CHUNKS];
    chunks[0] = [first, chunks[0].clone()].concat();
    chunks[CHUNKS - 1].extend(last);
    chunks
}

/// A message of AWS's event stream.
fn message(kind: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")]
    {
        headers.push(name.len() as u8);
        headers.extend(name.as_bytes());
        headers.push(7);
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let mut out = ((16 + headers.len() + payload.len()) as u32).to_be_bytes().to_vec();
    out.extend((headers.len() as u32).to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload.as_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out
}
