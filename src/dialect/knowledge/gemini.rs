//! Google's models.
//!
//! Sources, as of 2026-11: Vertex AI and the Gemini API, "Thinking": the levels and the budgets of each model; "Thought
//! signatures"; "Structured output" (with tools from Gemini 3 on; earlier ones answer 400). A level that no page names for a model is not sent to it.

use crate::chat::Effort;

use super::{Budget, Levels, Off, StructuredOutput, Thinking, Traits, name};

const LOW_HIGH: &[Effort] = &[Effort::Low, Effort::High];
const LOW_TO_HIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
const MINIMAL_TO_HIGH: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];

/// A model of which nothing is known.
const UNKNOWN: Traits = Traits { structured_output: StructuredOutput::Native, ..Traits::UNKNOWN };

/// What a model takes.
pub(super) fn traits(model: &str) -> Traits {
    let Some(version) = model.strip_prefix("gemini-") else { return UNKNOWN };
    let parts = || version.split(['-', '.']);
    let Some(number) = name::version(parts().take(2)) else { return UNKNOWN };
    let has = |part| parts().any(|known| known == part);
    let budget = |least, most, off| Thinking::Budget(Budget { least, most, off });
    let levels = |levels| Thinking::Effort(Levels { levels, off: Off::Never });
    let thinking = match number {
        (0..=1, _) | (2, 0..=4) => Thinking::Never,
        (2, _) if has("pro") => budget(128, 32_768, Off::Never),
        (2, _) if has("lite") => budget(512, 24_576, Off::Said),
        (2, _) => budget(0, 24_576, Off::Said),
        (3, 0) if has("pro") => levels(LOW_HIGH),
        (3, 0) => levels(MINIMAL_TO_HIGH),
        _ if has("lite") => levels(MINIMAL_TO_HIGH),
        _ => levels(LOW_TO_HIGH),
    };
    let is_third = number >= (3, 0);
    Traits { thinking, signed_calls: is_third, formats_with_tools: is_third, ..UNKNOWN }
}
