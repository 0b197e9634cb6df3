//! OpenAI's and Mistral's models, on chat completions.
//!
//! Sources, as of 2026-11: OpenAI's API reference, `reasoning_effort` and `stop`; its guides "Reasoning", "Latest model"
//! (parameter compatibility) and "Deployment checklist" (GPT-6); its answers "Unsupported value" and "Function tools
//! with `reasoning_effort` are not supported … set `reasoning_effort` to 'none'", which models from GPT-5.4 on give.
//! Mistral's API reference, "Chat Completion", `reasoning_effort`.

use crate::chat::Effort;

use super::{Levels, Off, Sampling, Thinking, Traits, name};

const LOW_TO_HIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
const MINIMAL_TO_HIGH: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
const LOW_TO_EXTRA: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh];
const MEDIUM_TO_EXTRA: &[Effort] = &[Effort::Medium, Effort::High, Effort::ExtraHigh];
const LOW_TO_MAX: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh, Effort::Max];

/// A model that does not reason.
const PLAIN: Traits = Traits { thinking: Thinking::Never, ..Traits::UNKNOWN_BEHIND_OPENAI };

/// What a model takes; `None` when the name is none of OpenAI's.
pub(super) fn traits(model: &str) -> Option<Traits> {
    if ["gpt-3.5", "gpt-4", "chatgpt-4o", "gpt-5-chat"].iter().any(|beginning| model.starts_with(beginning)) {
        return Some(PLAIN);
    }
    let is_series = |number: &str| {
        model.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if is_series("o1-mini") || is_series("o1-preview") {
        return Some(reasoning(&[], Off::Never, true));
    }
    if ["o1", "o3", "o4"].into_iter().any(is_series) {
        return Some(reasoning(LOW_TO_HIGH, Off::Never, true));
    }
    let version = model.strip_prefix("gpt-")?;
    let parts = || version.split(['-', '.']);
    let number = name::version(parts().take(if version.contains('.') { 2 } else { 1 }))?;
    let has = |part| parts().any(|known| known == part);
    let is_either = |first, second| has(first) || has(second);
    Some(match number {
        (0..=4, _) => return None,
        (5, 0) if has("pro") => reasoning(&[Effort::High], Off::Never, true),
        (5, 0) if has("codex") => reasoning(LOW_TO_HIGH, Off::Never, true),
        (5, 0) => reasoning(MINIMAL_TO_HIGH, Off::Never, true),
        (5, _) if has("chat") => reasoning(&[Effort::Medium], Off::Never, true),
        (5, 1) if has("max") => reasoning(LOW_TO_EXTRA, Off::Never, true),
        (5, 1) if has("codex") => reasoning(LOW_TO_HIGH, Off::Never, true),
        (5, 1) => reasoning(LOW_TO_HIGH, Off::Said, false),
        (5, _) if has("pro") => reasoning(MEDIUM_TO_EXTRA, Off::Never, true),
        (5, _) if has("codex") => reasoning(LOW_TO_EXTRA, Off::Never, true),
        (5, 2..=3) => reasoning(LOW_TO_EXTRA, Off::Said, false),
        (5, 4..=5) => Traits { thinks_with_tools: false, ..reasoning(LOW_TO_EXTRA, Off::Said, false) },
        (5, _) => Traits { thinks_with_tools: false, ..reasoning(LOW_TO_MAX, Off::Said, true) },
        (6, 0) if is_either("sol", "luna") => {
            Traits { thinks_with_tools: false, ..reasoning(LOW_TO_MAX, Off::Said, true) }
        }
        // Those that cannot be told not to reason take no tools here at all, which only they can say.
        _ => reasoning(LOW_TO_MAX, Off::Never, true),
    })
}

/// A model that reasons; `thinks` when nothing is said about it.
const fn reasoning(levels: &'static [Effort], off: Off, thinks: bool) -> Traits {
    Traits {
        thinking: Thinking::Effort(Levels { levels, off }),
        sampling: Sampling::Unthinking { thinks },
        stop: false,
        ..Traits::UNKNOWN_BEHIND_OPENAI
    }
}

/// What one of Mistral's models takes: Magistral reasons without being told, and of the others only some reason.
pub(super) fn mistral(model: &str) -> Traits {
    let adjustable = ["mistral-small", "mistral-small-2603"].contains(&model);
    Traits {
        thinking: if adjustable {
            Thinking::Effort(Levels { levels: &[Effort::High], off: Off::Said })
        } else {
            Thinking::Never
        },
        ..Traits::UNKNOWN_BEHIND_OPENAI
    }
}
