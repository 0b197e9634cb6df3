//! What is wrong with a gateway.yaml, where, and what was expected instead.
//!
//! A [`Problem`] prints as `file:line:column: path.of.the.key: what is wrong`. No problem ever holds a
//! secret: text of the file enters one only as an [`Echo`], which withholds whatever looks like a key, and
//! the places where secrets are expected or likely (hashes, credentials, URLs, paths) are never echoed.
//!
//! Nothing here knows YAML or the keys of the file.

use std::fmt;
use std::io;

use crate::guard::policy;
use crate::redact::own;

/// A place in the file; both numbers start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as its caller named it.
    pub file: String,
    /// Where in the file; absent when the file as a whole is meant.
    pub position: Option<Position>,
    /// The key, such as `models.chat.targets[0].provider`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub kind: Kind,
}

/// What can be wrong. The last three are warnings; everything else keeps the file from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file cannot be read.
    Unreadable(io::ErrorKind),
    /// The file is larger than 16 MiB.
    FileTooLarge,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file has no content.
    EmptyFile,
    /// The text is not YAML; the parser's own words, which never quote the text.
    Syntax(String),
    /// A key where none can be, which is mostly a matter of indentation or of an open bracket.
    Indentation,
    /// Text alone where a key and its value belong; noticed only after it.
    MissingColon,
    /// A tab where YAML wants spaces.
    Tab,
    /// An anchor or an alias, or text that starts like one.
    Anchor,
    /// A tag such as `!!str`.
    Tag,
    /// A merge key, `<<`.
    MergeKey,
    /// A second document in the same file.
    SecondDocument,
    /// Nested deeper than any valid file can be.
    TooDeep,
    /// A mapping as the key of a mapping.
    KeyNotText,
    /// The same key twice in one mapping.
    DuplicateKey {
        /// The line of the first.
        first: usize,
    },
    /// A key that is not known here.
    UnknownKey {
        /// The key.
        key: Echo,
        /// The known key it resembles most.
        nearest: Option<&'static str>,
        /// The keys known here.
        expected: Vec<&'static str>,
    },
    /// A required key is absent.
    MissingKey(&'static str),
    /// A mapping that takes exactly one of several keys has none or more than one.
    NotExactlyOne(&'static [&'static str]),
    /// A mapping that needs one of several keys has none of them.
    NoneOf(&'static [&'static str]),
    /// A list that must not be empty.
    EmptyList,
    /// The value is not what the key takes.
    Mismatch {
        /// Completes "expected …".
        expected: String,
        /// What is there instead.
        found: Found,
    },
    /// A reference to something the file does not define.
    UnknownName {
        /// Where it was looked for.
        section: Section,
        /// The name.
        name: Echo,
        /// The existing name it resembles most.
        nearest: Option<Echo>,
    },
    /// A team without such an environment.
    UnknownEnvironment {
        /// The team.
        team: Echo,
        /// The environment.
        name: Echo,
        /// The team's environment it resembles most.
        nearest: Option<Echo>,
    },
    /// Two virtual keys with one id.
    DuplicateId {
        /// The line of the first.
        first: usize,
    },
    /// Two virtual keys with one hash.
    DuplicateHash {
        /// The line of the first.
        first: usize,
    },
    /// The same provider model twice in one chain.
    DuplicateTarget {
        /// The line of the first.
        first: usize,
    },
    /// The same logical model twice in one list.
    DuplicateModel,
    /// A model that stands in for itself, at once or in the end.
    LeadsBack,
    /// A context window, and no model for what does not fit into it.
    WindowWithoutOverflow,
    /// `"*"` together with names.
    StarNotAlone,
    /// `listen` and `admin` are the same address.
    SameAddress,
    /// A provider's name that the names of Envoy clusters need for themselves.
    ReservedName,
    /// The end user is named by a header that carries a key.
    CredentialHeader,
    /// A provider's key, or something that looks like one, is written into the file.
    PastedCredential,
    /// A virtual key stands where its hash belongs.
    PastedKey,
    /// Not `sha256:` and 64 hex digits.
    MalformedHash,
    /// A URL that cannot be the base of a provider's API.
    Url(UrlFlaw),
    /// `ca` for a provider that is not reached over TLS.
    CaWithoutTls,
    /// `api_version` for an API that has no versions to choose from.
    NoApiVersions,
    /// `flavor` for an API other than OpenAI's.
    FlavorOfAnotherApi,
    /// `signing` for an API other than Bedrock's.
    SigningOfAnotherApi,
    /// `signing` beside `credential`.
    CredentialAndSigning,
    /// What is limited in this scope already.
    DuplicateLimit {
        /// The line of the first.
        first: usize,
    },
    /// `burst` beside no rate that has one, or beside more than one.
    BurstOfNoRate,
    /// `reserved_for_high` beside no concurrency that is larger, or in the limits of a key.
    ReservedOfNothing,
    /// `models` in the limits of a model.
    ModelsOfModel,
    /// `zone` for an amount that never comes back.
    ZoneOfTotal,
    /// Two tiers of a price that begin at the same length.
    DuplicateTier {
        /// The line of the first.
        first: usize,
    },
    /// `keep` beside an action that keeps nothing.
    KeepWithoutMask,
    /// `restore` beside an action that can be undone by nobody.
    RestoreWithoutReplace,
    /// `restore: true` for secrets.
    RestoredSecret,
    /// `hash` without a key.
    HashWithoutKey,
    /// A type of values that is not looked for, and has an action or is there twice.
    TypeNamedTwice,
    /// A type of the operator's own with the name of a built-in one.
    BuiltInType,
    /// A type of the operator's own that is defined before.
    DuplicateType {
        /// The line of the first.
        first: usize,
    },
    /// A pattern that cannot be used.
    Expression(own::Fault),
    /// More entries than are allowed in one place.
    TooMany {
        /// So many are.
        most: usize,
    },
    /// `model` for an external guard that has no models to choose from.
    ModelOfPlainGuard,
    /// `streams` for an external guard that is not asked about answers.
    StreamsUnasked,
    /// A rule of the guard that cannot work.
    Guard(policy::Problem),
    /// A target without a price where a budget is in money.
    NoPrice {
        /// The provider and its model, as `prices` names them.
        target: Echo,
        /// The line of the budget.
        budget: usize,
    },
    /// Warning: nothing refers to it.
    Unused(Section),
    /// Warning: a credential would cross a network in cleartext.
    CleartextCredential,
    /// Warning: a file that Envoy will need is not there yet.
    FileNotThere,
}

/// The parts of the file that define names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `credentials`.
    Credential,
    /// `providers`.
    Provider,
    /// `models`.
    Model,
    /// `teams`.
    Team,
    /// `prices`.
    Price,
    /// The prefixes in `tokens`.
    Prefix,
    /// The regions of providers.
    Region,
    /// What providers have agreed to.
    Compliance,
    /// The types of private values.
    ValueType,
}

/// Why a URL is refused. The URL itself is never repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFlaw {
    /// Neither `http://` nor `https://`.
    Scheme,
    /// A user name or password before the host.
    UserInfo,
    /// A query or fragment after the path.
    QueryOrFragment,
    /// Not a DNS name, an IPv4 address or a bracketed IPv6 address.
    Host,
    /// Not a number from 1 to 65535.
    Port,
    /// A character that a path cannot hold, or an empty, `.` or `..` segment.
    Path,
}

/// What stands where something else was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No value.
    Nothing,
    /// A mapping.
    Mapping,
    /// A list.
    List,
    /// A boolean.
    Boolean,
    /// A number.
    Number,
    /// Text where no text belongs.
    Text,
    /// A scalar of the wrong value.
    Value(Echo),
    /// Something that may be secret.
    Withheld,
}

/// Text of the file as it may be printed: short, without control characters, and not a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo(Option<String>);

impl Echo {
    const LONGEST: usize = 80;

    /// Repeats `text` unless it looks like a key.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if looks_like_a_key(text) {
            return Self(None);
        }
        let mut shown: String = text.chars().take(Self::LONGEST).flat_map(char::escape_debug).collect();
        if text.chars().nth(Self::LONGEST).is_some() {
            shown.push('…');
        }
        Self(Some(shown))
    }
}

/// Appends the key of a mapping to a path; quoted when it could be mistaken for more than one key.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match Echo::of(key).0 {
        None => path.push_str("(withheld)"),
        Some(shown) if !shown.is_empty() && shown.bytes().all(plain) => path.push_str(&shown),
        Some(shown) => {
            path.push('"');
            path.push_str(&shown);
            path.push('"');
        }
    }
}

/// Appends the index of a list to a path.
pub(super) fn push_index(path: &mut String, index: usize) {
    path.push('[');
    path.push_str(&index.to_string());
    path.push(']');
}

/// How the keys of common providers, tokens and our own virtual keys begin.
const KEY_PREFIXES: [&str; 14] = [
    "sk-", "tg-", "sk_", "gsk_", "xai-", "hf_", "nvapi-", "pplx-", "AIza", "AKIA", "ASIA", "eyJ", "Bearer ",
    "sha256:",
];

/// Whether `text` begins like a known kind of key.
pub(super) fn begins_like_a_key(text: &str) -> bool {
    KEY_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether `text` begins like a key or holds an unbroken run of letters and digits as only random text has.
fn looks_like_a_key(text: &str) -> bool {
    const RUN: usize = 16;
    begins_like_a_key(text)
        || text.split(|character: char| !character.is_ascii_alphanumeric()).any(|run| {
            let has = |class: fn(&u8) -> bool| run.bytes().any(|byte| class(&byte));
            let classes = [has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit)];
            run.len() >= RUN && classes.into_iter().filter(|present| *present).count() > 1
        })
}

/// The candidate that `name` most resembles: at most a third of its characters differ, but one always may
/// when there are others that agree.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No valid name is longer, and the distance costs the product of both lengths.
    const LONGEST: usize = 256;
    if name.len() > LONGEST {
        return None;
    }
    let length = name.chars().count();
    let allowed = (length / 3).max(1).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.file)?;
        if let Some(Position { line, column }) = self.position {
            write!(formatter, "{line}:{column}:")?;
        }
        if !self.path.is_empty() {
            write!(formatter, " {}:", self.path)?;
        }
        write!(formatter, " {}", self.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(kind) => write!(formatter, "cannot read the file: {kind}"),
            Self::FileTooLarge => formatter.write_str("the file is larger than 16MiB"),
            Self::NotUtf8 => formatter.write_str("the file is not UTF-8 text"),
            Self::EmptyFile => formatter.write_str("the file is empty; expected a mapping with `version: 1`"),
            Self::Syntax(words) => write!(formatter, "not valid YAML: {words}"),
            Self::Indentation => formatter.write_str(
                "not valid YAML: no key can stand here; check the indentation and the brackets before, \
 and put text that holds `: ` in quotes",
            ),
            Self::MissingColon => formatter.write_str(
                "not valid YAML: expected `key: value` here or just before; a colon or a quote may be missing",
            ),
            Self::Tab => formatter.write_str("not valid YAML: a tab; indent with spaces"),
            Self::Anchor => formatter.write_str(
                "anchors and aliases are not supported; write the value out, \
                 or put text that starts with `*` or `&` in quotes",
            ),
            Self::Tag => formatter
                .write_str("tags are not supported; put text in quotes if it starts with an exclamation mark"),
            Self::MergeKey => formatter.write_str("merge keys (`<<`) are not supported; write the keys out"),
            Self::SecondDocument => {
                formatter.write_str("a second YAML document; the file must hold exactly one")
            }
            Self::TooDeep => formatter.write_str("nested too deeply"),
            Self::KeyNotText => formatter.write_str("expected a key, found a mapping or a list in its place"),
            Self::DuplicateKey { first } => {
                write!(formatter, "the key is here twice; the first is in line {first}")
            }
            Self::UnknownKey { key, nearest, expected } => {
                write!(formatter, "unknown key {key}")?;
                if let Some(nearest) = nearest {
                    write!(formatter, "; did you mean `{nearest}`?")?;
                }
                write!(formatter, " (expected one of: {})", expected.join(", "))
            }
            Self::MissingKey(key) => write!(formatter, "missing key `{key}`"),
            Self::NotExactlyOne(keys) => write!(formatter, "expected exactly one of: {}", keys.join(", ")),
            Self::NoneOf(keys) => write!(formatter, "expected at least one of: {}", keys.join(", ")),
            Self::EmptyList => formatter.write_str("expected at least one item, found an empty list"),
            Self::Mismatch { expected, found } => write!(formatter, "expected {expected}, found {found}"),
            Self::UnknownName { section, name, nearest } => {
                write!(formatter, "no {section} is named {name}{}", Suggestion(nearest.as_ref()))
            }
            Self::UnknownEnvironment { team, name, nearest } => {
                let suggestion = Suggestion(nearest.as_ref());
                write!(formatter, "team {team} has no environment {name}{suggestion}")
            }
            Self::DuplicateId { first } => {
                write!(formatter, "another key has the same id; the first is in line {first}")
            }
            Self::DuplicateHash { first } => {
                write!(formatter, "another key has the same hash; the first is in line {first}")
            }
            Self::DuplicateTarget { first } => write!(
                formatter,
                "the same provider and model as in line {first}; to try it more often, raise its `retries`"
            ),
            Self::DuplicateModel => formatter.write_str("the model is in the list twice"),
            Self::LeadsBack => {
                formatter.write_str("the model stands in for itself, or one that stands in for it does")
            }
            Self::WindowWithoutOverflow => formatter.write_str("`context_window` needs `on_context_overflow`"),
            Self::StarNotAlone => formatter.write_str("`*` means every model and must be alone in the list"),
            Self::SameAddress => formatter.write_str("`listen` and `admin` must be different addresses"),
            Self::CredentialHeader => formatter.write_str(
                "this header carries the caller's key, which is a secret and the same for all its users; choose another",
            ),
            Self::ReservedName => formatter.write_str("this name is reserved; choose another"),
            Self::PastedCredential => formatter.write_str(
                "keys never go into this file; say where Envoy finds the key: \
                 {file: PATH}, {env: NAME} or {sds: {path: PATH, name: NAME}}",
            ),
            Self::PastedKey => formatter.write_str(
                "this is a key, and keys never go into this file; paste its hash, the line \
                 `sha256:…` that `tollgate keys new` prints",
            ),
            Self::MalformedHash => formatter.write_str("expected `sha256:` and 64 hex digits"),
            Self::Url(flaw) => write!(formatter, "expected a URL such as https://api.openai.com/v1; {flaw}"),
            Self::CaWithoutTls => formatter.write_str("`ca` needs a URL that starts with https://"),
            Self::NoApiVersions => formatter.write_str(
                "`api_version` is for the APIs azure-openai and anthropic; the others have it in their paths",
            ),
            Self::FlavorOfAnotherApi => formatter.write_str("`flavor` is for the API openai"),
            Self::SigningOfAnotherApi => formatter.write_str("`signing` is for the API bedrock"),
            Self::CredentialAndSigning => {
                formatter.write_str("`signing` takes the place of `credential`; leave one of them out")
            }
            Self::DuplicateLimit { first } => write!(
                formatter,
                "the same unit and period is limited here already, in line {first}; there can be one amount for each"
            ),
            Self::BurstOfNoRate => formatter.write_str(
                "`burst` needs exactly one rate per second or minute beside it; \
                 put other rates into a mapping of their own",
            ),
            Self::ReservedOfNothing => formatter.write_str(
                "`reserved_for_high` keeps places of a larger `concurrency` beside it, \
                 which several keys share: not in the limits of one key",
            ),
            Self::ModelsOfModel => {
                formatter.write_str("the limits of a model hold for that model alone; leave `models` out")
            }
            Self::ZoneOfTotal => {
                formatter.write_str("`zone` says when a period begins, and `per: total` has no period")
            }
            Self::DuplicateTier { first } => {
                write!(formatter, "another tier is above the same number; the first is in line {first}")
            }
            Self::KeepWithoutMask => formatter.write_str("only `mask` keeps something"),
            Self::RestoreWithoutReplace => {
                formatter.write_str("only what `replace` took out can be given back")
            }
            Self::RestoredSecret => formatter.write_str("secrets are never given back"),
            Self::HashWithoutKey => formatter.write_str("`hash` needs a `hash_key`"),
            Self::TypeNamedTwice => {
                formatter.write_str("this type is named before; what is not looked for needs no action")
            }
            Self::BuiltInType => {
                formatter.write_str("this is the name of a built-in type; choose another")
            }
            Self::DuplicateType { first } => {
                write!(formatter, "another type has the same name; the first is in line {first}")
            }
            Self::Expression(fault) => fault.fmt(formatter),
            Self::TooMany { most } => write!(formatter, "there can be no more than {most} of them"),
            Self::ModelOfPlainGuard => formatter.write_str("`model` is for the kind openai-moderation"),
            Self::StreamsUnasked => formatter.write_str("`streams` needs `answers` among `about`"),
            Self::Guard(problem) => problem.fmt(formatter),
            Self::NoPrice { target, budget } => write!(
                formatter,
                "the budget in line {budget} is in USD and no price is known for {target}; state it under `prices` as \
                 {{input: …, output: …}} in USD per million tokens, or one for all that are unknown as `unknown_price`"
            ),
            Self::Unused(section) => write!(formatter, "warning: nothing refers to this {section}"),
            Self::CleartextCredential => formatter.write_str(
                "warning: the credential crosses the network in cleartext; use https unless the way is private",
            ),
            Self::FileNotThere => formatter
                .write_str("warning: the file is not there yet; relative paths start at this file's directory"),
        }
    }
}

/// "; did you mean …?", when there is something to suggest.
struct Suggestion<'a>(Option<&'a Echo>);

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |nearest| write!(formatter, "; did you mean {nearest}?"))
    }
}

impl fmt::Display for Echo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(formatter, "`{text}`"),
            None => formatter.write_str("something that looks like a key"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("nothing"),
            Self::Mapping => formatter.write_str("a mapping"),
            Self::List => formatter.write_str("a list"),
            Self::Boolean => formatter.write_str("a boolean"),
            Self::Number => formatter.write_str("a number"),
            Self::Text => formatter.write_str("text"),
            Self::Value(echo) => echo.fmt(formatter),
            Self::Withheld => formatter.write_str("something else"),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Credential => "credential",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Team => "team",
            Self::Price => "price",
            Self::Prefix => "prefix of a model's name",
            Self::Region => "region of a provider",
            Self::Compliance => "compliance of a provider",
            Self::ValueType => "type of private values",
        })
    }
}

impl fmt::Display for UrlFlaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scheme => "this one starts with neither http:// nor https://",
            Self::UserInfo => "this one has a user name or password, and keys never go into this file",
            Self::QueryOrFragment => "this one has a query or a fragment",
            Self::Host => "this one's host is not a DNS name, an IPv4 address or an IPv6 address in brackets",
            Self::Port => "this one's port is not a number from 1 to 65535",
            Self::Path => {
                "this one's path has an empty or dotted segment or a character that must be escaped"
            }
        })
    }
}
