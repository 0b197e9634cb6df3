//! A stream that is ended when its tokens are used up: how the provider cut it into chunks changes nothing, and no
//! token more passes than was allowed.
//!
//! What is expected is computed from the events before they are written. An event counts as one token at least, and
//! as one for every four bytes of its text.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::dialect::ending::Ending;
use tollgate::dialect::translate::Dialect;
use tollgate::dialect::{Surface, Usage};
use tollgate::engine::meter::{Meter, Relayed};
use tollgate::observe::record::Metered;

/// How many tokens are allowed at first and how often how many more.
#[derive(Clone, Copy, Debug)]
struct Allowed {
    first: u64,
    more: u64,
    times: u32,
}

fn event(text: &str) -> String {
    let chunk = json!({"id": "chatcmpl-1", "created": 7, "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]});
    format!("data: {chunk}\n\n")
}

/// How many of the texts pass, with how many tokens, and how often more had to be allowed.
fn passing(texts: &[String], allowed: Allowed) -> (usize, u64, u32) {
    let (mut bytes, mut tokens, mut allowance, mut times) = (0, 0, allowed.first, 0);
    for (count, text) in texts.iter().enumerate() {
        bytes += text.len() as u64;
        let next = (count as u64 + 1).max(bytes.div_ceil(4));
        while next > allowance {
            if times == allowed.times {
                return (count, tokens, times);
            }
            (allowance, times) = (allowance + allowed.more, times + 1);
        }
        tokens = next;
    }
    (texts.len(), tokens, times)
}

/// What the client receives, and the meter's word, when the stream comes in chunks of these lengths.
fn received(stream: &str, lengths: &[usize], allowed: Allowed, hide: bool) -> (String, Metered, bool) {
    let mut meter = Meter::new(Surface::ChatCompletions, 40, hide);
    assert!(meter.expect(Some("text/event-stream")));
    meter.bound(allowed.first, Ending::new(Dialect::OpenAiChat).unwrap());
    let (mut out, mut rest, mut times) = (Vec::new(), stream.as_bytes(), 0);
    for length in lengths.iter().cycle() {
        let (chunk, after) = rest.split_at((*length).min(rest.len()));
        let mut relayed = meter.relay(chunk, after.is_empty());
        while relayed.exceeds {
            assert_eq!((&relayed.replacement, relayed.last), (&None, false), "nothing passes meanwhile");
            if times == allowed.times {
                out.extend(meter.cut("limit of team x is used up", None));
                return (String::from_utf8(out).unwrap(), meter.metered(), true);
            }
            times += 1;
            relayed = meter.allow(allowed.more);
        }
        let Relayed { replacement, last, .. } = relayed;
        out.extend(replacement.unwrap_or_else(|| chunk.to_vec()));
        rest = after;
        assert_eq!(last, rest.is_empty());
        if last {
            break;
        }
    }
    (String::from_utf8(out).unwrap(), meter.metered(), false)
}

proptest! {
    #[test]
    fn no_token_passes_that_was_not_allowed(
        texts in prop::collection::vec("[a-z]{1,30}", 1..12),
        (first, more, times) in (1..20_u64, 1..9_u64, 0..5_u32),
        lengths in prop::collection::vec(1..300_usize, 1..6),
        hide in any::<bool>(),
    ) {
        let allowed = Allowed { first, more, times };
        let events: Vec<String> = texts.iter().map(|text| event(text)).collect();
        let stream = format!("{}data: [DONE]\n\n", events.concat());
        let (count, tokens, _) = passing(&texts, allowed);
        let (out, metered, cut) = received(&stream, &lengths, allowed, hide);
        let expected = Usage { input: 10, output: tokens, ..Usage::default() };
        prop_assert_eq!(metered, Metered::Estimated(expected));
        prop_assert_eq!(cut, count < texts.len());
        if !cut {
            prop_assert_eq!(out, stream);
            return Ok(());
        }
        let passed = events[..count].concat();
        let rest = out.strip_prefix(&passed);
        prop_assert!(rest.is_some(), "{}", out);
        let end: Vec<&str> = rest.unwrap_or_default().split_terminator("\n\n").collect();
        prop_assert_eq!(end[0], ": tollgate: cut, limit of team x is used up");
        let finish: Value = serde_json::from_str(end[1].strip_prefix("data: ").unwrap()).unwrap();
        prop_assert_eq!(&finish["choices"][0]["finish_reason"], "length");
        prop_assert_eq!(end.last(), Some(&"data: [DONE]"));
        // The client that asked for the usage gets it.
        let usage = end.iter().any(|event| event.contains("\"completion_tokens\""));
        prop_assert_eq!(usage, !hide);
        // In one piece it is the same.
        prop_assert_eq!(received(&stream, &[usize::MAX], allowed, hide).0, out);
    }
}
