//! Picks a few top-level members out of a JSON object that arrives in chunks.
//!
//! Made for response bodies that are megabytes long and of which only `model` and `usage` matter: it steps
//! over everything else without keeping it. It does not check the grammar; on a text that is not JSON it finds
//! nothing, or stops. It holds at most one key and one value per wanted member, each bounded.

use super::{Member, Span, members, string, words};

/// The longest value that is kept, in bytes as written. A usage object takes a few hundred.
const VALUE_LIMIT: usize = 16 * 1024;

/// The longest key that can be wanted, in bytes as written, quotes included.
const KEY_LIMIT: usize = 64 + 2;

/// A resumable search for the values of some members.
pub struct Finder<const N: usize> {
    wanted: [&'static str; N],
    /// One per wanted key: the last complete value.
    values: [Option<Vec<u8>>; N],
    state: State,
    /// The key being read, as written, cut at [`KEY_LIMIT`].
    key: Vec<u8>,
    /// The value being kept: which wanted member it belongs to, and its bytes so far.
    capture: Option<(usize, Vec<u8>)>,
}

#[derive(Clone, Copy)]
enum State {
    BeforeObject,
    BetweenMembers,
    Key {
        after_backslash: bool,
    },
    BeforeColon,
    BeforeValue,
    Scalar,
    /// Inside a string, `depth` containers below the member.
    Text {
        depth: usize,
        after_backslash: bool,
    },
    /// Between the tokens of a container, `depth` of which are open.
    Nested {
        depth: usize,
    },
    /// After the object, or at something that is not JSON.
    Stopped,
}

impl<const N: usize> Finder<N> {
    /// Looks for the members named `wanted`, at the top level only.
    pub fn new(wanted: [&'static str; N]) -> Self {
        Self {
            wanted,
            values: [const { None }; N],
            state: State::BeforeObject,
            key: Vec::new(),
            capture: None,
        }
    }

    /// Looks in a text that comes in one piece, as most answers do, by the reader that everybody else reads it with, and
    /// shows `each` of its members. `None` when it is no object.
    pub fn in_whole(
        wanted: [&'static str; N],
        text: &[u8],
        mut each: impl FnMut(&Member<'_>),
    ) -> Option<Self> {
        let mut finder = Self { state: State::Stopped, ..Self::new(wanted) };
        let read = members(text, |member| {
            each(&member);
            let is_long = member.key_span.of(text).len() > KEY_LIMIT;
            let index = wanted.iter().position(|wanted| !is_long && member.key == *wanted);
            if let Some(slot) = index.and_then(|index| finder.values.get_mut(index)) {
                let value = member.value.of(text);
                *slot = (value.len() <= VALUE_LIMIT).then(|| value.to_vec());
            }
        });
        read.is_ok().then_some(finder)
    }

    /// Reads the next bytes of the text.
    pub fn feed(&mut self, chunk: &[u8]) {
        let may_be_whole =
            matches!(self.state, State::BeforeObject) && chunk.trim_ascii_end().ends_with(b"}");
        if may_be_whole && let Some(read) = Self::in_whole(self.wanted, chunk, |_| {}) {
            *self = read;
            return;
        }
        let mut rest = chunk;
        while !rest.is_empty() && !matches!(self.state, State::Stopped) {
            rest = self.step(rest);
        }
    }

    /// Whether the object goes on, or has not begun.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Stopped)
    }

    /// The value of the member `wanted[index]`, as written: `None` when it has not arrived whole, or was longer
    /// than 16 KiB. Of a repeated member the last counts, as in most JSON readers.
    pub fn value(&self, index: usize) -> Option<&[u8]> {
        self.values.get(index)?.as_deref()
    }

    /// Reads at least one byte of `bytes`, or changes the state, and returns what is left.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        match self.state {
            State::BeforeObject => self.punctuation(bytes, |byte| match byte {
                b'{' => State::BetweenMembers,
                _ => State::Stopped,
            }),
            State::BetweenMembers => self.between_members(bytes),
            State::Key { after_backslash } => self.key(bytes, after_backslash),
            State::BeforeColon => self.punctuation(bytes, |byte| match byte {
                b':' => State::BeforeValue,
                _ => State::Stopped,
            }),
            State::BeforeValue => self.before_value(bytes),
            State::Scalar => self.scalar(bytes),
            State::Text { depth, after_backslash } => self.text(bytes, depth, after_backslash),
            State::Nested { depth } => self.nested(bytes, depth),
            State::Stopped => &[],
        }
    }

    /// Takes whitespace and one byte, which decides the next state.
    fn punctuation<'a>(&mut self, bytes: &'a [u8], next: impl Fn(u8) -> State) -> &'a [u8] {
        match bytes.trim_ascii_start().split_first() {
            Some((byte, rest)) => {
                self.state = next(*byte);
                rest
            }
            None => &[],
        }
    }

    fn between_members<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        self.key.clear();
        self.key.push(b'"');
        self.punctuation(bytes, |byte| match byte {
            b',' => State::BetweenMembers,
            b'"' => State::Key { after_backslash: false },
            _ => State::Stopped,
        })
    }

    fn key<'a>(&mut self, bytes: &'a [u8], after_backslash: bool) -> &'a [u8] {
        let piece = string_piece(bytes, after_backslash);
        let room = KEY_LIMIT.saturating_sub(self.key.len());
        self.key.extend(piece.bytes.iter().take(room));
        self.state = match piece.end {
            StringEnd::Cut { after_backslash } => State::Key { after_backslash },
            StringEnd::Closed => {
                let whole = Span { start: 0, end: self.key.len() };
                // A key that was cut has lost its closing quote, so it is not a string and matches nothing.
                let key = string(&self.key, whole);
                let index = self.wanted.iter().position(|wanted| key.as_deref() == Some(*wanted));
                self.capture = index.map(|index| (index, Vec::new()));
                State::BeforeColon
            }
        };
        piece.rest
    }

    fn before_value<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let value = bytes.trim_ascii_start();
        let Some((first, rest)) = value.split_first() else { return &[] };
        if let Some(slot) = self.capture.as_ref().and_then(|(index, _)| self.values.get_mut(*index)) {
            *slot = None;
        }
        self.state = match first {
            b'{' | b'[' => State::Nested { depth: 1 },
            b'"' => State::Text { depth: 0, after_backslash: false },
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => State::Scalar,
            _ => State::Stopped,
        };
        self.keep(&[*first]);
        rest
    }

    fn scalar<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let length = bytes
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.'))
            .unwrap_or(bytes.len());
        let (scalar, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        self.keep(scalar);
        if !rest.is_empty() {
            self.complete();
        }
        rest
    }

    fn text<'a>(&mut self, bytes: &'a [u8], depth: usize, after_backslash: bool) -> &'a [u8] {
        let piece = string_piece(bytes, after_backslash);
        self.keep(piece.bytes);
        match piece.end {
            StringEnd::Cut { after_backslash } => self.state = State::Text { depth, after_backslash },
            StringEnd::Closed if depth == 0 => self.complete(),
            StringEnd::Closed => self.state = State::Nested { depth },
        }
        piece.rest
    }

    fn nested<'a>(&mut self, bytes: &'a [u8], depth: usize) -> &'a [u8] {
        let Some(at) = words::find::<words::BracketOrQuote>(bytes) else {
            self.keep(bytes);
            return &[];
        };
        let (taken, rest) = bytes.split_at_checked(at + 1).unwrap_or((bytes, &[]));
        self.keep(taken);
        match taken.last() {
            Some(b'"') => self.state = State::Text { depth, after_backslash: false },
            Some(b'{' | b'[') => self.state = State::Nested { depth: depth.saturating_add(1) },
            _ if depth == 1 => self.complete(),
            _ => self.state = State::Nested { depth: depth - 1 },
        }
        rest
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some((_, value)) = &mut self.capture {
            if value.len() + bytes.len() > VALUE_LIMIT {
                self.capture = None;
            } else {
                value.extend_from_slice(bytes);
            }
        }
    }

    fn complete(&mut self) {
        self.state = State::BetweenMembers;
        if let Some((index, value)) = self.capture.take()
            && let Some(slot) = self.values.get_mut(index)
        {
            *slot = Some(value);
        }
    }
}

/// The part of a string, without its opening quote, that lies in one chunk.
struct StringPiece<'a> {
    /// The closing quote included, when the string ends here.
    bytes: &'a [u8],
    end: StringEnd,
    rest: &'a [u8],
}

enum StringEnd {
    Closed,
    Cut { after_backslash: bool },
}

fn string_piece(bytes: &[u8], after_backslash: bool) -> StringPiece<'_> {
    let mut at = usize::from(after_backslash);
    loop {
        let ahead = bytes.get(at..).unwrap_or_default();
        let Some(plain) = words::find::<words::QuoteOrBackslash>(ahead) else {
            return StringPiece { bytes, end: StringEnd::Cut { after_backslash: false }, rest: &[] };
        };
        at += plain;
        if bytes.get(at) == Some(&b'"') {
            let (bytes, rest) = bytes.split_at_checked(at + 1).unwrap_or((bytes, &[]));
            return StringPiece { bytes, end: StringEnd::Closed, rest };
        }
        if at + 1 == bytes.len() {
            return StringPiece { bytes, end: StringEnd::Cut { after_backslash: true }, rest: &[] };
        }
        at += 2;
    }
}
