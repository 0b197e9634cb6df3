//! `POST …/completions`, the legacy endpoint.
//!
//! Prompt tokens are a documented fake: the words of the prompts, or the length of token arrays. Unlike the real
//! API, an absent `max_tokens` does not mean 16.

use super::error::Refusal;
use super::fields::{Fields, Streaming};
use super::input::inputs;
use super::wire::{Envelope, TextChoice, UsageObject};
use super::{Context, error_stream, json_answer, stream_answer, text};
use crate::answer::{Answer, Events, Usage};
use crate::strict::openai as strict;

/// Answers a legacy completion request.
pub(crate) fn answer(body: &[u8], context: &Context<'_>) -> Result<Answer, Refusal> {
    let fields = Fields::parse(body, strict::completions)?;
    let model = fields.model()?;
    let prompts = inputs(&fields, "prompt")?;
    let streaming = fields.streaming()?;
    let per_prompt = fields.choices()?;
    let limit = fields.count("max_tokens")?;
    let behaviour = context.behaviour;

    let replies: Vec<String> = prompts
        .iter()
        .map(|prompt| text::reply(prompt.text.as_str().unwrap_or_default(), behaviour))
        .collect();
    // One entry for each choice: the chunks of its text, and why it ends.
    let choices: Vec<(Vec<&str>, &'static str)> = replies
        .iter()
        .flat_map(|reply| std::iter::repeat_n(reply, per_prompt))
        .map(|reply| {
            let mut chunks = text::loose_chunks(reply, behaviour);
            let is_cut = limit.is_some_and(|limit| chunks.len() > limit);
            chunks.truncate(limit.unwrap_or(usize::MAX));
            (chunks, if is_cut { "length" } else { "stop" })
        })
        .collect();
    let prompt_tokens = prompts.iter().map(|prompt| prompt.tokens).sum();
    let chunk_count: usize = choices.iter().map(|(chunks, _)| chunks.len()).sum();
    let usage = Usage::new(prompt_tokens, chunk_count as u64, behaviour);
    let envelope = Envelope {
        id: &format!("cmpl-mock{:025}", context.serial),
        object: "text_completion",
        created: context.created,
        model,
        service_tier: None,
    };
    let usage_object = (!behaviour.no_usage).then_some(UsageObject::from(usage));

    let answer = match streaming {
        Streaming::Off => {
            let texts: Vec<String> = choices.iter().map(|(chunks, _)| chunks.concat()).collect();
            let choices: Vec<TextChoice<'_>> = std::iter::zip(&choices, &texts)
                .enumerate()
                .map(|(index, ((_, finish), text))| text_choice(index, text, Some(finish)))
                .collect();
            json_answer(200, &envelope.around(&choices, usage_object.map(Some)))
        }
        Streaming::On { .. } if behaviour.error_event => return Ok(error_stream(behaviour)),
        Streaming::On { include_usage } => {
            let sent_usage = usage_object.filter(|_| include_usage);
            let absent_usage = sent_usage.map(|_| None);
            let mut events = Events::new(behaviour);
            for (index, (chunks, finish)) in choices.iter().enumerate() {
                for chunk in chunks {
                    events.push_json(&envelope.around(&[text_choice(index, chunk, None)], absent_usage));
                }
                events.push_json(&envelope.around(&[text_choice(index, "", Some(finish))], absent_usage));
            }
            if sent_usage.is_some() {
                let no_choices: [TextChoice<'_>; 0] = [];
                events.push_json(&envelope.around(&no_choices, Some(sent_usage)));
            }
            if !behaviour.no_done {
                events.push_done();
            }
            stream_answer(events)
        }
    };
    Ok(Answer { usage: Some(usage), ..answer })
}

fn text_choice<'a>(index: usize, text: &'a str, finish_reason: Option<&'static str>) -> TextChoice<'a> {
    TextChoice { text, index, logprobs: None, finish_reason }
}
