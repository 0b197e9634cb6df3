//! A whole response, written.

use crate::chat::{ChatAnswer, Choice, Content, FinishReason, Losses};
use crate::dialect::AnswerContext;
use crate::dialect::wire::write::{self, ArrayWriter};

use super::items::{Item, Kind, Response, Status, encrypted, is_cut, response_id};

/// Writes a response.
pub(in crate::dialect) fn encode_answer(answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    if answer.choices.len() > 1 {
        losses.unsupported("n");
    }
    let empty = Choice { parts: Vec::new(), finish: FinishReason::Stop, logprobs: None };
    let choice = answer.choices.first().unwrap_or(&empty);
    let id = &response_id(context, &answer.id);
    let contents = choice.parts.iter().map(|part| &part.content).enumerate();
    let mut items: Vec<Item> =
        contents.filter_map(|(index, content)| item(id, index, content, &mut losses)).collect();
    if let Some(tokens) = &choice.logprobs {
        let mut texts = items.iter_mut().filter(|item| matches!(item.kind, Kind::Text));
        match (texts.next(), texts.next()) {
            (Some(only), None) => only.tokens.clone_from(tokens),
            // Which of them the tokens belong to nobody says.
            _ => losses.unsupported("answer.logprobs"),
        }
    }
    if let Some(last) = items.last_mut() {
        last.cut = is_cut(&choice.finish);
    }
    let response = Response {
        context,
        id,
        model: context.model_or(&answer.model),
        status: Status::Ended(&choice.finish),
        usage: answer.usage.as_ref(),
    };
    let body = write::object(|object| {
        let output = |out: &mut ArrayWriter<'_>| {
            items.iter().for_each(|item| out.object(|object| item.write(true, object)));
        };
        response.write(output, &mut losses, object);
    });
    (body, losses)
}

fn item(id: &str, index: usize, content: &Content, losses: &mut Losses) -> Option<Item> {
    let (kind, text) = match content {
        Content::Text(text) => (Kind::Text, text.as_str()),
        Content::Refusal(text) => (Kind::Refusal, text.as_str()),
        Content::Thinking { text, signature } => {
            let signature = signature.as_ref().map(|signature| encrypted(signature, false));
            (Kind::Reasoning(signature), text.as_str())
        }
        Content::RedactedThinking(signature) => (Kind::Reasoning(Some(encrypted(signature, true))), ""),
        Content::ToolCall { id, name, arguments } => {
            (Kind::Call { id: id.clone(), name: name.clone() }, arguments.text())
        }
        Content::Image { .. } | Content::Document { .. } | Content::Media(_) | Content::ToolResult { .. } => {
            losses.unsupported("answer.content");
            return None;
        }
    };
    Some(Item { text: text.to_owned(), ..Item::new(format!("{}_{id}_{index}", kind.prefix()), kind) })
}
