//! What combinations of words say about a text: each signal has a rule, a place and a weight.
//!
//! No signal is a phrase; each is a relation between classes of words: a verb of setting aside near a word for orders,
//! and whose orders they are. A weight is the chance that the sign alone makes an attack; talk about attacks, questions and
//! negations lower it. What signs are worth together is learned ([`super::likeness`]).

use super::lexicon::*;
use super::tokens::Tokens;
use super::{Rule, Source};

/// One sign of hostility.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) rule: Rule,
    /// The token where it stands.
    pub(super) at: usize,
    /// How likely it makes an attack, from 0 to 1.
    pub(super) weight: f32,
}

/// How many tokens a passage has, in which signals add up.
const PASSAGE: usize = 90;

/// What the signals of the passage with the strongest come to, as independent chances, and the rule that stands out in it.
/// They have to be in the order of their places.
pub(super) fn strongest(signals: &[Signal]) -> (f32, Option<Rule>) {
    let mut best = (0.0, None);
    for (first, start) in signals.iter().enumerate() {
        let passage = signals.get(first..).unwrap_or_default();
        let passage = passage.iter().take_while(|signal| signal.at < start.at + PASSAGE).take(64);
        // The same rule does not add up with itself: saying a thing twice makes it no worse.
        let mut weights = [0.0f32; Rule::COUNT];
        for signal in passage {
            if let Some(weight) = weights.get_mut(signal.rule as usize) {
                *weight = weight.max(signal.weight);
            }
        }
        let chance = 1.0 - weights.iter().map(|weight| 1.0 - weight).product::<f32>();
        if chance > best.0 {
            let rule = Rule::ALL.iter().zip(weights).max_by(|one, other| one.1.total_cmp(&other.1));
            best = (chance, rule.map(|(rule, _)| *rule));
        }
    }
    best
}

/// All signals that the words of a text give.
pub(super) fn of(tokens: &Tokens, source: Source) -> Vec<Signal> {
    let mut signals = Vec::new();
    for (at, token) in tokens.iter() {
        if token.classes == 0 {
            continue;
        }
        let mut add = |rule: Rule, weight: f32| {
            if weight > 0.0 {
                signals.push(Signal { rule, at, weight });
            }
        };
        let has = |class: Classes| token.classes & class != 0;
        if has(OVERRIDE) {
            add(Rule::InstructionOverride, override_weight(tokens, at) * earnest(tokens, at));
        }
        if has(REVEAL | ASK | COPY) {
            add(Rule::PromptExtraction, extraction_weight(tokens, at) * about(tokens, at));
            add(Rule::SecretExtraction, secret_weight(tokens, at) * about(tokens, at));
        }
        persona(tokens, at, token.classes, &mut add);
        if has(MAKING | PERSONA) {
            add(Rule::HarmfulRequest, harm_weight(tokens, at) * about(tokens, at));
        }
        orders(tokens, at, token.classes, source, &mut add);
    }
    signals
}

/// A verb of setting aside, and what is to be set aside in the same sentence.
fn override_weight(tokens: &Tokens, at: usize) -> f32 {
    let (back, on) = tokens.sentence(at, 10);
    let splits = tokens.at(at).is_some_and(|token| token.classes & SPLIT != 0);
    if splits && tokens.next(at, on, NEGATION).is_none() {
        return 0.0;
    }
    let ahead = set_aside(tokens, at, tokens.classes(at + 1, at + 1 + on), on);
    if tokens.at(at).is_none_or(|token| token.classes & VERB_LAST == 0) {
        return ahead;
    }
    ahead.max(set_aside(tokens, at, tokens.classes(at - back, at), 0))
}

fn set_aside(tokens: &Tokens, at: usize, near: Classes, on: usize) -> f32 {
    let has = |class: Classes| near & class != 0;
    let opens = tokens.at(at).is_some_and(|token| token.opens);
    if has(TARGET | SYSTEM_PROMPT) {
        if has(PRIOR) {
            return if has(ALL | POSSESSIVE) { 0.92 } else { 0.8 };
        }
        if has(SPOKEN_BEFORE | POSSESSIVE) {
            return 0.74;
        }
        let named = has(OWN_TEXT) && opens;
        return match (has(ALL), named) {
            (true, true) => 0.55,
            (true, false) => 0.45,
            (false, _) => 0.2,
        };
    }
    if has(SPOKEN_BEFORE) && has(ALL | PRIOR) {
        return 0.7;
    }
    if has(SPOKEN_BEFORE) && opens {
        return 0.45;
    }
    // "The previous errors" are something else than "the above", and so is "la version précédente".
    let alone = tokens.next(at, on, PRIOR).is_some_and(|prior| {
        let follower = tokens.at(prior + 1);
        (prior - at <= 2 || has(ALL))
            && follower
                .is_none_or(|token| token.opens || token.classes & (PRIOR | NEW_ORDER | REVEAL | ASK) != 0)
    });
    if alone || (has(ALL) && has(PRIOR_AFTER)) {
        return if has(ALL) || opens { 0.62 } else { 0.4 };
    }
    if tokens.next(at, 2, USER).is_some() {
        return 0.35;
    }
    if opens && (tokens.next(at, 2, ALL).is_some() || tokens.next(at, 4.min(on), PRIOR_AFTER).is_some()) {
        return 0.35;
    }
    0.0
}

/// How far the words around an order take it back: questions, negations, talk about orders.
fn earnest(tokens: &Tokens, at: usize) -> f32 {
    let before = tokens.classes(at.saturating_sub(5), at);
    let close = tokens.classes(at.saturating_sub(3), at);
    let mut factor = about(tokens, at);
    let (back, _) = tokens.sentence(at, 12);
    let asks = tokens.at(at.saturating_sub(back)).is_some_and(|first| first.classes & ASKING != 0);
    if (asks || before & ASKING != 0) && close & (PLEADING | POSSESSIVE) == 0 {
        factor *= 0.45;
    }
    if close & NEGATION != 0 {
        factor *= 0.3;
    }
    if before & THIRD != 0 {
        factor *= 0.45;
    }
    factor
}

/// Talk about attacks is none, most of all where the order stands in quotation marks.
fn about(tokens: &Tokens, at: usize) -> f32 {
    let quoted = tokens.at(at).is_some_and(|token| token.quoted);
    if quoted && tokens.around(at, 18, 18) & ABOUT != 0 {
        return 0.35;
    }
    if quoted && tokens.outside(at, 14) & QUOTING != 0 {
        return 0.4;
    }
    if tokens.classes(at.saturating_sub(8), at) & ABOUT != 0 {
        return 0.5;
    }
    1.0
}

/// A request for what stands before the conversation.
fn extraction_weight(tokens: &Tokens, at: usize) -> f32 {
    let on = tokens.classes(at + 1, at + 11);
    let near = on | tokens.classes(at.saturating_sub(7), at);
    let reveals = tokens.at(at).is_some_and(|token| token.classes & (REVEAL | COPY) != 0);
    let copies = tokens.at(at).is_some_and(|token| token.classes & COPY != 0);
    if near & SYSTEM_PROMPT != 0 {
        // "Show me how to log the system prompt" asks for a way, and not for the prompt.
        if near & POSSESSIVE == 0 && tokens.next(at, 3, ASKING).is_some() {
            return 0.15;
        }
        return match (reveals, near & POSSESSIVE != 0) {
            (true, true) => 0.8,
            (true, false) => 0.6,
            (false, true) => 0.6,
            (false, false) => 0.15,
        };
    }
    if (copies || reveals && near & COPY != 0) && near & ABOVE != 0 {
        return 0.6;
    }
    let own = |reach: usize| {
        (at.saturating_sub(reach)..at + reach).any(|at| {
            tokens.at(at).is_some_and(|token| token.classes & POSSESSIVE != 0)
                && tokens.classes(at.saturating_sub(2), at + 4) & TARGET != 0
        })
    };
    let own_text =
        tokens.next(at, 4, POSSESSIVE).is_some_and(|owner| tokens.next(owner, 3, OWN_TEXT).is_some());
    if own_text {
        return if near & (COPY | PRIOR | ALL) != 0 || reveals { 0.65 } else { 0.5 };
    }
    if near & START != 0 {
        return if reveals { 0.6 } else { 0.5 };
    }
    if !reveals && near & PRIOR != 0 && own(5) {
        return 0.45;
    }
    if reveals && own(7) {
        return if near & (PRIOR | ALL) != 0 { 0.65 } else { 0.5 };
    }
    if near & TARGET != 0 && near & SPOKEN_BEFORE != 0 {
        return 0.55;
    }
    if near & TARGET != 0 && near & AUTHORITY != 0 {
        return 0.5;
    }
    0.0
}

/// A request for a word that is to be kept.
fn secret_weight(tokens: &Tokens, at: usize) -> f32 {
    let near = tokens.around(at, 8, 10);
    if near & PASSWORD == 0 || near & OWN != 0 {
        return 0.0;
    }
    let mut chance: f32 = if tokens.classes(at.saturating_sub(4), at) & NEGATION == 0 { 0.3 } else { 0.1 };
    if tokens.next(at, 4, THE_PASSWORD).is_some() {
        chance += 0.12;
    }
    for (class, more) in [(PUZZLE, 0.35), (POSSESSIVE, 0.25), (AUTHORITY, 0.3), (CONCEAL, 0.3)] {
        if near & class != 0 {
            chance = 1.0 - (1.0 - chance) * (1.0 - more);
        }
    }
    chance
}

/// Another self without rules: what the machine is to be, what it is freed from, what it may not say.
fn persona(tokens: &Tokens, at: usize, classes: Classes, add: &mut impl FnMut(Rule, f32)) {
    let factor = about(tokens, at);
    let addressed = |reach: usize| {
        tokens.around(at, reach, reach)
            & (PERSONA | BECOME | MODE | MODE_PERHAPS | MACHINE | AGENT | REFUSE | POSSESSIVE)
            != 0
    };
    if classes & PERSONA != 0 {
        add(Rule::Persona, 0.2 * factor);
    }
    if classes & BECOME != 0 {
        add(Rule::Identity, 0.3 * factor);
    }
    if classes & UNRESTRICTED != 0 {
        let cast = tokens.around(at, 20, 20) & (PERSONA | BECOME | MODE | REFUSE) != 0;
        add(
            Rule::Unrestricted,
            if cast {
                0.5
            } else if addressed(20) {
                0.4
            } else {
                0.2
            } * factor,
        );
    }
    let playing =
        tokens.around(at, 25, 25) & (PERSONA | BECOME | UNRESTRICTED | REFUSE | MODE | OVERRIDE) != 0;
    if classes & (MODE | MODE_PERHAPS) != 0 {
        add(
            Rule::Jailbreak,
            if playing {
                0.4
            } else if classes & MODE != 0 {
                0.3
            } else {
                0.05
            } * factor,
        );
    }
    if classes & REFUSE != 0 {
        let again = tokens.around(at, 25, 25) & REFUSE != 0;
        add(Rule::NoRefusal, if again { 0.5 } else { 0.35 } * factor);
    }
}

/// Something dangerous that is to be made or explained.
fn harm_weight(tokens: &Tokens, at: usize) -> f32 {
    let near = tokens.around(at, 12, 22);
    let Some(harm) = tokens.next(at, 11, HARM | HARM_PERHAPS) else { return 0.0 };
    if tokens.classes(harm.saturating_sub(6), harm + 9) & HARMLESS != 0 {
        return 0.1;
    }
    let strong = tokens.at(harm).is_some_and(|token| token.classes & HARM != 0);
    // "Write malware" asks for it; what stands further on may be the topic of something else.
    let orders =
        harm - at <= 3 && tokens.at(at).is_some_and(|token| token.opens && token.classes & MAKING != 0);
    let mut chance: f32 = match (strong, orders) {
        (true, true) => 0.55,
        (true, false) => 0.45,
        (false, true) => 0.25,
        (false, false) => 0.2,
    };
    for (class, more) in [(VICTIM, 0.4), (PERSONA, 0.2), (UNRESTRICTED, 0.3)] {
        if near & class != 0 {
            chance = 1.0 - (1.0 - chance) * (1.0 - more);
        }
    }
    chance
}

/// Orders to the machine: new tasks, secrecy, sending things off, and the shape of its answer.
fn orders(tokens: &Tokens, at: usize, classes: Classes, source: Source, add: &mut impl FnMut(Rule, f32)) {
    let foreign = source != Source::User;
    let pick = |user: f32, other: f32| if foreign { other } else { user };
    let factor = about(tokens, at);
    let near = tokens.around(at, 12, 16);
    if classes & NEW_ORDER != 0 {
        let announced = (1..=3).any(|on| tokens.at(at + on).is_some_and(|token| token.starts));
        let own = announced || tokens.around(at, 2, 3) & POSSESSIVE != 0;
        add(Rule::NewOrder, if own { 0.35 } else { 0.2 } * factor);
    }
    if classes & CONCEAL != 0 {
        let from_user = near & (MACHINE | AGENT | SEND | TOOL_ACT | SHAPE | USER | DESTINATION | REVEAL) != 0;
        add(Rule::Concealment, if from_user { pick(0.3, 0.5) } else { 0.15 } * factor);
    }
    if classes & SEND != 0 && near & DESTINATION != 0 {
        add(Rule::Exfiltration, if near & PRIVATE != 0 { pick(0.35, 0.6) } else { pick(0.0, 0.15) } * factor);
    }
    if classes & MACHINE != 0 && foreign {
        let ordered =
            near & (PLEADING | OVERRIDE | CONCEAL | TOOL_ACT | SHAPE | NEW_ORDER | OTHER_BOTS | SEND) != 0;
        add(Rule::AddressedToMachine, if ordered { 0.35 } else { 0.1 } * factor);
    }
    if classes & CONDITION != 0 {
        let acts = near & (NEGATION | OVERRIDE | TOOL_ACT | SEND | CONCEAL | INSTEAD | SHAPE) != 0;
        let user = match (acts, near & USER != 0, near & (OVERRIDE | SEND | CONCEAL | OTHER_BOTS) != 0) {
            // Who speaks of the user is somebody else.
            (true, true, _) => 0.5,
            (_, _, true) => 0.45,
            _ => 0.2,
        };
        add(Rule::AddressedToMachine, pick(user, 0.5) * factor);
    }
    if classes & INSTEAD != 0 {
        add(Rule::NewOrder, 0.15 * factor);
        add(Rule::CoercedOutput, if tokens.next(at, 3, SHAPE).is_some() { 0.3 } else { 0.0 } * factor);
    }
    if classes & AGENT != 0
        && foreign
        && near & (OVERRIDE | CONCEAL | NEW_ORDER | SHAPE | TOOL_ACT | SEND) != 0
    {
        let addressed =
            tokens.next(at, 1, PLEADING | OVERRIDE).is_some() || near & (CONCEAL | MACHINE | NEW_ORDER) != 0;
        add(Rule::AddressedToMachine, if addressed { 0.35 } else { 0.15 } * factor);
    }
    if classes & TOOL_ACT != 0 && foreign && near & (MACHINE | AGENT | CONCEAL | OTHER_BOTS) != 0 {
        add(Rule::ToolOrder, 0.25 * factor);
    }
    if classes & SHAPE != 0 {
        let told = near & (POSSESSIVE | MACHINE | AGENT | CONCEAL | OTHER_BOTS) != 0;
        add(Rule::AnswerShape, if told { pick(0.15, 0.35) } else { 0.12 } * factor);
    }
    if classes & AUTHORITY != 0 {
        let claims = near & (OVERRIDE | SUSPENDED | MODE | PASSWORD | UNRESTRICTED) != 0;
        add(Rule::Authority, if claims { 0.4 } else { 0.1 } * earnest(tokens, at));
    }
    if classes & SUSPENDED != 0 && tokens.around(at, 8, 4) & (TARGET | AUTHORITY) != 0 {
        let all =
            near & (POSSESSIVE | MODE | AUTHORITY | MACHINE | REFUSE) != 0 || (!foreign && near & ALL != 0);
        let rules = tokens.around(at, 8, 4) & TARGET != 0;
        let weight = match (rules, near & PRIOR != 0, all) {
            (true, true, _) => 0.55,
            (true, false, true) if near & POSSESSIVE != 0 => 0.5,
            (_, _, true) => 0.4,
            (_, _, false) => 0.15,
        };
        add(Rule::Suspension, weight * earnest(tokens, at));
    }
    if classes & PWNED != 0 {
        // "Say hacked" dictates it; "my account was hacked, what now?" does not.
        let quoted = tokens.at(at).is_some_and(|token| token.quoted);
        let dictated = near & (SHAPE | REVEAL | NEW_ORDER) != 0
            || near & ASK != 0 && quoted
            || tokens.classes(at.saturating_sub(4), at) & ASK != 0;
        add(
            Rule::CoercedOutput,
            if dictated && quoted {
                0.55
            } else if dictated {
                0.55 * factor
            } else {
                0.2 * factor
            },
        );
    }
    if classes & HUMANS != 0 {
        add(
            Rule::CoercedOutput,
            if near & (SHAPE | ASK | REVEAL | NEW_ORDER | OVERRIDE) != 0 { 0.35 } else { 0.1 } * factor,
        );
    }
    if classes & CODED != 0 && near & COMPLY != 0 {
        add(Rule::Encoded, 0.5 * factor);
    }
    if classes & BACKWARDS != 0 {
        add(Rule::Encoded, 0.6);
    }
}
