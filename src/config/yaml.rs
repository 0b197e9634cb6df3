//! YAML text → a tree in which every key and every value knows its line and column.
//!
//! Built on the events of `saphyr-parser`, not on a ready-made tree: its events carry the span of each node,
//! keys included, its messages never quote the text, and a tree of our own is what lets one run report every
//! problem. Scalars follow the core schema of YAML 1.2, so JSON reads as itself and `off` is text.
//!
//! Refused, each with its own message: anchors and aliases (no expansion bombs, and the line of a problem is
//! the line of its cause), merge keys, tags, a second document, duplicate keys, keys that are not scalars.
//! Nothing here knows which keys a gateway.yaml may have.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::problem::{Found, Kind, Position, push_index, push_key};

/// No valid file is nested deeper; the tree is walked and dropped recursively.
const DEEPEST: usize = 32;

/// One value.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it starts; where its key starts when it is absent or in further lines.
    pub(super) position: Position,
    /// What it is.
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Value {
    /// No value: `key:`, `~` or `null`.
    Nothing,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as written.
    Number(String),
    /// Any other scalar.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file, no key twice.
    Mapping(Vec<Entry>),
    /// Something that was refused and reported.
    Refused,
}

/// One key of a mapping and its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key's text, whatever its type would be as a value.
    pub(super) key: String,
    /// Where the key starts.
    pub(super) position: Position,
    /// The value.
    pub(super) value: Node,
}

impl Node {
    /// What this node is, without its content.
    pub(super) const fn found(&self) -> Found {
        match self.value {
            Value::Nothing => Found::Nothing,
            Value::Boolean(_) => Found::Boolean,
            Value::Number(_) => Found::Number,
            Value::Text(_) => Found::Text,
            Value::List(_) => Found::List,
            Value::Mapping(_) => Found::Mapping,
            Value::Refused => Found::Withheld,
        }
    }
}

/// A problem of the text itself.
#[derive(Debug)]
pub(super) struct Flaw {
    /// Where.
    pub(super) position: Position,
    /// The path of the value it is in.
    pub(super) path: String,
    /// What.
    pub(super) kind: Kind,
}

/// A collection that is still being read.
enum Open {
    List { position: Position, items: Vec<Node> },
    Mapping { position: Position, entries: Vec<Entry>, lines: BTreeMap<String, usize>, key: Key },
}

/// The key whose value comes next.
enum Key {
    Awaited,
    Read {
        key: String,
        position: Position,
    },
    /// Reported; its value is read and dropped.
    Refused,
}

/// Reads `text`. The tree is `None` when the text has no content or cannot be read to its end; there may be
/// flaws beside a tree.
pub(super) fn read(text: &str) -> (Option<Node>, Vec<Flaw>) {
    // A byte order mark is allowed before the text, and would otherwise shift the first line's columns.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, open: Vec::new(), root: None, flaws: Vec::new() };
    let complete = reader.run();
    (reader.root.filter(|_| complete), reader.flaws)
}

struct Reader<'a> {
    text: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    /// Whether the text could be read to its end.
    fn run(&mut self) -> bool {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let (position, kind) = syntax(self.text, &error);
                    self.flaws.push(Flaw { position, path: String::new(), kind });
                    return false;
                }
            };
            let position = position(span.start);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.flaw(position, Kind::SecondDocument);
                        return false;
                    }
                }
                Event::Alias(_) => {
                    self.flaw(position, Kind::Anchor);
                    self.place(Node { position, value: Value::Refused });
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.properties(position, anchor, tag.is_some());
                    self.scalar(text.into_owned(), style, position);
                }
                Event::SequenceStart(anchor, tag) => {
                    self.properties(position, anchor, tag.is_some());
                    self.open.push(Open::List { position, items: Vec::new() });
                }
                Event::MappingStart(anchor, tag) => {
                    self.properties(position, anchor, tag.is_some());
                    let (entries, lines) = (Vec::new(), BTreeMap::new());
                    self.open.push(Open::Mapping { position, entries, lines, key: Key::Awaited });
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
            if self.open.len() > DEEPEST {
                self.flaw(position, Kind::TooDeep);
                return false;
            }
        }
        true
    }

    /// Adds a flaw in the value that is being read.
    fn flaw(&mut self, position: Position, kind: Kind) {
        let mut path = String::new();
        for open in &self.open {
            match open {
                Open::List { items, .. } => push_index(&mut path, items.len()),
                Open::Mapping { key: Key::Read { key, .. }, .. } => push_key(&mut path, key),
                Open::Mapping { .. } => {}
            }
        }
        self.flaws.push(Flaw { position, path, kind });
    }

    fn properties(&mut self, position: Position, anchor: usize, tagged: bool) {
        if anchor > 0 {
            self.flaw(position, Kind::Anchor);
        }
        if tagged {
            self.flaw(position, Kind::Tag);
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, position: Position) {
        let Some(Open::Mapping { lines, key: key @ Key::Awaited, .. }) = self.open.last_mut() else {
            let value = if style == ScalarStyle::Plain { resolve(text) } else { Value::Text(text) };
            self.place(Node { position, value });
            return;
        };
        let refusal = if text == "<<" && style == ScalarStyle::Plain {
            Some(Kind::MergeKey)
        } else {
            lines.get(&text).map(|&first| Kind::DuplicateKey { first })
        };
        lines.entry(text.clone()).or_insert(position.line);
        *key = Key::Read { key: text, position };
        if let Some(kind) = refusal {
            self.flaw(position, kind);
            self.refuse_key();
        }
    }

    fn refuse_key(&mut self) {
        if let Some(Open::Mapping { key, .. }) = self.open.last_mut() {
            *key = Key::Refused;
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List { position, items }) => {
                self.place(Node { position, value: Value::List(items) });
            }
            Some(Open::Mapping { position, entries, .. }) => {
                self.place(Node { position, value: Value::Mapping(entries) });
            }
            None => {}
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, mut node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match std::mem::replace(key, Key::Awaited) {
                Key::Awaited => {
                    *key = Key::Refused;
                    // An alias in the place of a key is reported already.
                    if !matches!(node.value, Value::Refused) {
                        self.flaw(node.position, Kind::KeyNotText);
                    }
                }
                Key::Read { key, position } => {
                    // The parser places an absent value somewhere after its key, and a block of further lines
                    // at its first line; a reader looks for the key.
                    let absent = matches!(node.value, Value::Nothing);
                    if absent || node.position.line > position.line {
                        node.position = position;
                    }
                    entries.push(Entry { key, position, value: node });
                }
                Key::Refused => {}
            },
        }
    }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// The parser's words and place, or better ones for the mistakes that are made most.
fn syntax(text: &str, error: &ScanError) -> (Position, Kind) {
    let words = error.info();
    let position = position(*error.marker());
    if words.split(' ').any(|word| matches!(word, "tab" | "tabs")) {
        // The parser may point at the value before the line with the tab.
        let indented = text.lines().enumerate().skip(position.line - 1).find_map(|(index, line)| {
            let column = line.chars().take_while(|character| *character == ' ').count() + 1;
            line.trim_start_matches(' ').starts_with('\t').then_some(Position { line: index + 1, column })
        });
        (indented.unwrap_or(position), Kind::Tab)
    } else if words.contains("anchor") {
        (position, Kind::Anchor)
    } else if words.contains("simple key") {
        (position, Kind::MissingColon)
    } else if ["mapping values are not allowed", "expected key", "':' indicator"]
        .iter()
        .any(|part| words.contains(part))
    {
        (position, Kind::Indentation)
    } else {
        (position, Kind::Syntax(words.to_owned()))
    }
}

/// The type of a plain scalar (YAML 1.2.2, section 10.3.2).
fn resolve(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nothing,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        number if is_number(number) => Value::Number(text),
        _ => Value::Text(text),
    }
}

fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let special = matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN");
    // Rust also reads `inf` and `nan`, which are text here; a number starts with a digit or a point.
    special
        || unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') && {
            unsigned.parse::<f64>().is_ok()
        }
}
