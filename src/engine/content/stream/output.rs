//! What a stream has said that the schema of its request speaks of, until its answer is complete.
//!
//! The same texts as in a whole answer ([`crate::engine::content::structured`]), and held against the schema in the same
//! way: once, before the event that tells the client that the answer is complete.

use super::read::{Event, Member, Name, has_choices};
use crate::dialect::translate::Dialect;
use crate::engine::content::answer::LONGEST_SAID;
use crate::engine::content::screening::{Fault, Output as Held, Screening};

/// The texts of a stream that each must be a document.
#[derive(Default)]
pub(super) struct Output {
    /// By the answer, the item or the candidate.
    texts: Vec<(u64, String)>,
    length: usize,
    /// Whether what there is to tell was told.
    told: bool,
}

impl Output {
    /// The next piece of a text.
    ///
    /// # Errors
    /// When there are too many of them, and nothing may pass unchecked.
    pub(super) fn take(
        &mut self,
        dialect: Dialect,
        name: &Name,
        piece: &str,
        screening: &mut Screening,
    ) -> Result<(), Fault> {
        let Some(answer) = answer(dialect, name).filter(|_| !self.told && !piece.is_empty()) else {
            return Ok(());
        };
        self.length += piece.len();
        if self.length > LONGEST_SAID {
            (self.told, self.texts) = (true, Vec::new());
            return screening.output_too_long();
        }
        match self.texts.iter_mut().find(|(other, _)| *other == answer) {
            Some((_, text)) => text.push_str(piece),
            None => self.texts.push((answer, piece.to_owned())),
        }
        Ok(())
    }

    /// An event tells that answers are complete.
    ///
    /// # Errors
    /// When one is not what the schema asks for, and may not pass.
    pub(super) fn close(
        &mut self,
        dialect: Dialect,
        event: &Event,
        screening: &mut Screening,
    ) -> Result<(), Fault> {
        let all = event.last || !has_choices(dialect);
        let (complete, rest) = std::mem::take(&mut self.texts)
            .into_iter()
            .partition::<Vec<_>, _>(|(answer, _)| all || event.ended.contains(answer));
        self.texts = rest;
        for (_, text) in complete {
            if !self.told {
                self.told = screening.output(&text)? == Held::Counted;
            }
        }
        Ok(())
    }
}

/// Of which answer a text is the output; none where it is something else, such as the arguments of a tool.
fn answer(dialect: Dialect, name: &Name) -> Option<u64> {
    let Name { choice, member } = name;
    match (dialect, member) {
        (Dialect::OpenAiChat, Member::Delta(name)) if name == "content" => Some(*choice),
        (Dialect::OpenAiResponses, Member::Part(kind, _)) if kind == "response.output_text.delta" => {
            Some(*choice)
        }
        (Dialect::Anthropic, Member::Delta(name)) if name == "text" => Some(0),
        (Dialect::Gemini, Member::GeminiText { thought: false }) => Some(*choice),
        _ => None,
    }
}
