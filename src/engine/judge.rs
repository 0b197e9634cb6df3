//! Whether what a provider of the client's own dialect sends is an answer at all, by its first bytes.
//!
//! Some providers hide an error behind status 200: as the body, or as the first event of a stream; and what stands
//! between may answer with a page. While the headers are held, such an answer can still be given the status that it
//! should have had, by which Envoy tries the next target.
//!
//! Promises: an answer passes byte for byte, and is held only until its first event is there, or its object, which is of
//! no use to a client before; and never beyond [`LONGEST_BEGINNING`]. The same verdict however it is cut. An answer that is
//! there whole is read once: what its reader has found is there for whoever meters the same bytes ([`Judge::take_reading`]).
//!
//! Deliberately unknown here: a fault that comes later, such as an error in the second event of a stream, or the end of
//! a long object that is missing.

use std::borrow::Cow;

use super::effect::{Effect, Flow};
use super::fields::{UNANSWERED_HEADER, UNREADABLE};
use super::headers::Headers;
use super::refusal::Refusal;
use crate::chat::ErrorKind;
use crate::dialect::Surface;
use crate::dialect::answer::{EventReader, ObjectReader};
use crate::dialect::translate::{Dialect, decode_error};
use crate::framing::sse::Framer;

/// The longest beginning that is held to be judged, in bytes: of an answer, four thousand tokens. The errors of providers
/// are a tenth of that.
pub const LONGEST_BEGINNING: usize = 16 << 10;

/// The status behind which some providers hide that their credential is wrong (the Gemini API's reason `API_KEY_INVALID`,
/// xAI's "Incorrect API key provided"): whoever reads only the status takes it for the client's mistake.
pub const VAGUE: u16 = 400;

/// How the lines of a stream of events begin (WHATWG HTML, "Interpreting an event stream").
const FIELDS: [&[u8]; 5] = [b"data", b"event", b"id", b"retry", b":"];

/// How compressed data begin (RFC 1952, section 2.3.1): no provider is asked for any, and some send them.
const GZIP: &[u8] = b"\x1f\x8b";

/// How a text may begin that says how it is encoded (RFC 8259, section 8.1). No JSON may, and readers differ.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The judge of one attempt's answer.
#[derive(Debug)]
pub struct Judge {
    surface: Surface,
    phase: Phase,
    /// What was read of an answer that was there whole.
    reading: Option<ObjectReader>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first bytes of a success are awaited.
    Awaiting,
    /// The words of an error are awaited, which its status may not tell.
    Doubting,
    /// Nobody can read it; what the client reads instead is still to be said.
    Unreadable,
    /// It was not an answer; what it went on to say is dropped.
    Refused,
    /// Nothing is left to do.
    Passed,
}

/// What the first bytes are.
enum Verdict<'a> {
    /// The beginning of an answer.
    Answer,
    /// A whole answer, and what was read of it.
    Whole(ObjectReader),
    /// Too little to say.
    Unclear,
    /// An error: the object that says so.
    Error(Cow<'a, [u8]>),
    /// Nothing that the dialect knows.
    Unreadable,
}

impl Judge {
    /// A judge of the answer to a call of `surface`.
    #[must_use]
    pub const fn new(surface: Surface) -> Self {
        Self { surface, phase: Phase::Awaiting, reading: None }
    }

    /// What was read of an answer that was there whole when it was judged, for one who would read the same bytes.
    #[must_use]
    pub const fn take_reading(&mut self) -> Option<ObjectReader> {
        self.reading.take()
    }

    /// Whether the body is of interest, or was before its headers came.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        self.phase != Phase::Passed
    }

    /// The answer's headers have come.
    pub fn headers(&mut self, headers: &Headers, end_of_stream: bool, effects: &mut Vec<Effect>) -> Flow {
        let is_coded = headers.get("content-encoding").is_some_and(|coding| coding != b"identity");
        let status = headers.status().unwrap_or(0);
        if status == VAGUE && !is_coded && !end_of_stream {
            self.phase = Phase::Doubting;
            return Flow::Pause;
        }
        if !(200..300).contains(&status) {
            self.phase = Phase::Passed;
        } else if end_of_stream {
            self.phase = Phase::Refused;
            set_status(Refusal::UnreadableAnswer.status(), effects);
        } else if is_coded {
            self.phase = Phase::Unreadable;
            effects.push(Effect::RemoveResponseHeader("content-encoding".to_owned()));
            replace_answer(Refusal::UnreadableAnswer.status(), effects);
            effects.push(without_end());
        } else {
            return Flow::Pause;
        }
        Flow::Continue
    }

    /// More of the body is there: all of it that was held, and what has come.
    pub fn body(&mut self, bytes: &[u8], end_of_stream: bool, effects: &mut Vec<Effect>) -> Flow {
        let dialect = self.surface.dialect().unwrap_or(Dialect::OpenAiChat);
        match self.phase {
            Phase::Awaiting => {}
            Phase::Doubting => return self.doubt(dialect, bytes, end_of_stream, effects),
            Phase::Unreadable => {
                self.phase = Phase::Refused;
                effects.push(Effect::ReplaceResponseBody(Refusal::UnreadableAnswer.body(dialect)));
                return Flow::Continue;
            }
            Phase::Refused => {
                effects.push(Effect::ReplaceResponseBody(Vec::new()));
                return Flow::Continue;
            }
            Phase::Passed => return Flow::Continue,
        }
        self.phase = Phase::Passed;
        match verdict(dialect, bytes, end_of_stream) {
            Verdict::Unclear if bytes.len() < LONGEST_BEGINNING && !end_of_stream => {
                self.phase = Phase::Awaiting;
                return Flow::Pause;
            }
            Verdict::Answer | Verdict::Unclear => {}
            // Whoever reads the bytes themselves does not get past a mark.
            Verdict::Whole(read) => {
                let is_marked = bytes.trim_ascii_start().starts_with(BYTE_ORDER_MARK);
                self.reading = (!is_marked).then_some(read);
            }
            Verdict::Error(error) => {
                // Without a status of its own it is the provider's fault, unless it says otherwise.
                let kind = decode_error(dialect, 500, &error).kind;
                self.refuse(status_of(kind), error.into_owned(), effects);
            }
            Verdict::Unreadable => {
                let refusal = Refusal::UnreadableAnswer;
                self.refuse(refusal.status(), refusal.body(dialect), effects);
                effects.extend((!end_of_stream).then(without_end));
            }
        }
        Flow::Continue
    }

    /// An error passes as it is, with the status that its words call for.
    fn doubt(
        &mut self,
        dialect: Dialect,
        bytes: &[u8],
        end_of_stream: bool,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        if !end_of_stream && bytes.len() < LONGEST_BEGINNING {
            return Flow::Pause;
        }
        self.phase = Phase::Passed;
        if decode_error(dialect, VAGUE, bytes).kind == ErrorKind::Authentication {
            set_status(status_of(ErrorKind::Authentication), effects);
        }
        Flow::Continue
    }

    fn refuse(&mut self, status: u16, body: Vec<u8>, effects: &mut Vec<Effect>) {
        self.phase = Phase::Refused;
        replace_answer(status, effects);
        effects.push(Effect::ReplaceResponseBody(body));
    }
}

/// Makes room for an error of another status, in JSON.
fn replace_answer(status: u16, effects: &mut Vec<Effect>) {
    set_status(status, effects);
    effects.extend([
        Effect::RemoveResponseHeader("content-length".to_owned()),
        Effect::SetResponseHeader(Cow::Borrowed("content-type"), b"application/json".to_vec()),
    ]);
}

/// Says of what is no answer that it may go on for ever: whoever is told so need not wait for its end.
pub(super) fn without_end() -> Effect {
    Effect::SetResponseHeader(Cow::Borrowed(UNANSWERED_HEADER), UNREADABLE.to_vec())
}

fn set_status(status: u16, effects: &mut Vec<Effect>) {
    effects.push(Effect::SetResponseHeader(Cow::Borrowed(":status"), status.to_string().into_bytes()));
}

/// The status that an error should have come with: one that Envoy retries where another attempt may fare better.
#[must_use]
pub const fn status_of(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest => 400,
        ErrorKind::Authentication => 401,
        ErrorKind::Permission => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::TooLarge => 413,
        ErrorKind::RateLimit | ErrorKind::Billing => 429,
        ErrorKind::Server => 502,
        ErrorKind::Overloaded => 503,
        ErrorKind::Timeout => 504,
    }
}

fn verdict(dialect: Dialect, bytes: &[u8], end_of_stream: bool) -> Verdict<'_> {
    let text = bytes.trim_ascii_start();
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.is_empty() {
        return if end_of_stream { Verdict::Unreadable } else { Verdict::Unclear };
    }
    if text.starts_with(b"{") {
        return if end_of_stream { whole_object(dialect, text) } else { beginning_of_object(dialect, text) };
    }
    if FIELDS.iter().any(|field| text.starts_with(field)) {
        return stream(dialect, bytes, end_of_stream);
    }
    if text.starts_with(GZIP) {
        return Verdict::Answer;
    }
    let mut known = FIELDS.into_iter().chain([BYTE_ORDER_MARK, GZIP]);
    let may_become_known = known.any(|beginning| beginning.starts_with(text));
    if may_become_known && !end_of_stream { Verdict::Unclear } else { Verdict::Unreadable }
}

fn whole_object(dialect: Dialect, text: &[u8]) -> Verdict<'_> {
    match ObjectReader::of_whole(dialect, text) {
        None => Verdict::Unreadable,
        Some((_, true)) => Verdict::Error(Cow::Borrowed(text)),
        Some((read, false)) => Verdict::Whole(read),
    }
}

/// An object is awaited to its end, as far as it may be held: a client can begin nothing with a part of it.
fn beginning_of_object(dialect: Dialect, text: &[u8]) -> Verdict<'_> {
    if !text.trim_ascii_end().ends_with(b"}") {
        return Verdict::Unclear;
    }
    match whole_object(dialect, text) {
        Verdict::Unreadable => Verdict::Unclear,
        verdict => verdict,
    }
}

/// The first event with data decides; comments and other events that a client ignores do not.
fn stream(dialect: Dialect, bytes: &[u8], end_of_stream: bool) -> Verdict<'_> {
    let mut verdict = Verdict::Unclear;
    let mut reader = EventReader::new(dialect);
    let mut judge = |data: Option<Cow<'_, [u8]>>| {
        if let (Verdict::Unclear, Some(data)) = (&verdict, data) {
            let is_error = reader.read(&data).error;
            verdict = if is_error { Verdict::Error(Cow::Owned(data.into_owned())) } else { Verdict::Answer };
        }
    };
    let mut framer = Framer::new(LONGEST_BEGINNING);
    framer.push(bytes, |frame| judge(frame.data()));
    if end_of_stream {
        framer.finish(|frame| judge(frame.data()));
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a body that comes in these pieces: the status that it is given, and what passes.
    fn judged(pieces: &[&[u8]]) -> (Option<String>, String) {
        let mut judge = Judge::new(Surface::ChatCompletions);
        let headers: Headers = [(":status", "200")].into_iter().collect();
        assert_eq!(judge.headers(&headers, false, &mut Vec::new()), Flow::Pause);
        let (mut status, mut held, mut out) = (None, Vec::new(), Vec::new());
        for (index, piece) in pieces.iter().enumerate() {
            held.extend_from_slice(piece);
            if !judge.wants_body() {
                out.append(&mut held);
                continue;
            }
            let mut effects = Vec::new();
            let flow = judge.body(&held, index + 1 == pieces.len(), &mut effects);
            for effect in effects {
                match effect {
                    Effect::SetResponseHeader(name, value) if name == ":status" => {
                        status = Some(String::from_utf8(value).unwrap());
                    }
                    Effect::ReplaceResponseBody(with) => held = with,
                    _ => {}
                }
            }
            if flow == Flow::Continue {
                out.append(&mut held);
            }
        }
        assert!(held.is_empty(), "nothing stays behind");
        (status, String::from_utf8_lossy(&out).into_owned())
    }

    const ANSWER: &str = r#"{"id":"c","choices":[{"message":{"content":"the \"error\""}}],"error":null}"#;
    const STREAM: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    /// OpenAI's guide, "Error codes", and the form of OpenRouter's errors within an answer of 200.
    const ERROR: &str = r#"{"error":{"code":"rate_limit_exceeded","message":"slow down"}}"#;

    /// However it is cut, in two anywhere.
    fn check(body: &str, status: Option<&str>, passes: &str) {
        for cut in 0..body.len() {
            let (head, tail) = body.as_bytes().split_at(cut);
            let pieces: &[&[u8]] = if cut == 0 { &[tail] } else { &[head, tail] };
            assert_eq!(judged(pieces), (status.map(str::to_owned), passes.to_owned()), "{body} cut at {cut}");
        }
        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        assert_eq!(judged(&bytes), (status.map(str::to_owned), passes.to_owned()), "{body} byte by byte");
    }

    #[test]
    fn an_answer_passes_as_it_is() {
        for answer in [
            ANSWER,
            STREAM,
            "\n {\"object\":\"list\",\"data\":[]}\n",
            ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: [DONE]\n\n",
            "id: 7\r\nevent: message\r\ndata: {}\r\n\r\n",
            "{\"error\":null,\"choices\":[{},{}]}",
            "\u{feff}{\"choices\":[]}",
            "\u{feff}data: {}\n\n",
        ] {
            check(answer, None, answer);
        }
    }

    #[test]
    fn an_error_gets_the_status_that_it_should_have_had() {
        check(ERROR, Some("429"), ERROR);
        let server = r#"{"error":"out of memory"}"#;
        check(server, Some("502"), server);
        let event = format!(": ping\n\nevent: error\ndata: {ERROR}\n\ndata: [DONE]\n\n");
        check(&event, Some("429"), ERROR);
        let overloaded = r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        check(&format!("data: {overloaded}\n\n"), Some("503"), overloaded);
    }

    #[test]
    fn what_is_no_answer_does_not_pass() {
        let refusal = String::from_utf8(Refusal::UnreadableAnswer.body(Dialect::OpenAiChat)).unwrap();
        for body in ["<html><body>Bad gateway</body></html>", "upstream error", " ", "dat"] {
            check(body, Some("502"), &refusal);
        }
        check(ANSWER.trim_end_matches('}'), Some("502"), &refusal);
    }

    #[test]
    fn no_more_is_held_than_a_beginning() {
        let comments = ": processing\n\n".repeat(LONGEST_BEGINNING);
        let mut judge = Judge::new(Surface::ChatCompletions);
        assert_eq!(judge.body(&comments.as_bytes()[..100], false, &mut Vec::new()), Flow::Pause);
        let mut effects = Vec::new();
        let flow = judge.body(&comments.as_bytes()[..LONGEST_BEGINNING], false, &mut effects);
        assert_eq!((flow, effects.len(), judge.wants_body()), (Flow::Continue, 0, false));
        // So a long object passes as it comes, whatever its end will be.
        let long = format!("{{\"id\":\"{}", "x".repeat(LONGEST_BEGINNING));
        assert_eq!(judged(&[long.as_bytes()[..LONGEST_BEGINNING].as_ref(), b"!"]).0, None);
    }

    #[test]
    fn an_answer_without_a_body_is_none() {
        let mut effects = Vec::new();
        let headers: Headers = [(":status", "200")].into_iter().collect();
        let flow = Judge::new(Surface::Embeddings).headers(&headers, true, &mut effects);
        assert_eq!((flow, effects.len()), (Flow::Continue, 1));
    }
}
