//! From a request's headers to the caller.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::config::compiled::{Key, ModelAccess, Priority};
use crate::identity::key;
use crate::observe::secret::KeyHash;

/// The header fields that may carry a key, so that every provider's own SDK works unchanged.
pub const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/// Who calls: what of a key is public, and what it may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The key's public id.
    pub key: String,
    /// The team that owns the key.
    pub team: String,
    /// The environment within the team.
    pub environment: Option<String>,
    /// The logical models the key may call.
    pub models: ModelAccess,
    /// When its calls go, of those that wait.
    pub priority: Priority,
    /// What may serve it (see [`crate::config::compiled::Key::restriction`]).
    pub restriction: Option<usize>,
    /// Whether it is the operator's own, and may ask how the providers do.
    pub operator: bool,
    /// The places of all that limits the key (see [`crate::config::compiled::Key::scopes`]).
    pub scopes: Vec<usize>,
}

/// Why nobody was identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unidentified {
    /// No header carries a key.
    Missing,
    /// More than one field does.
    Duplicate,
    /// It is not one of ours.
    Invalid,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Every key that is known, ready to be looked up.
#[derive(Debug)]
pub struct Directory(BTreeMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    hash: KeyHash,
    expires: Option<u64>,
    revoked: bool,
    caller: Rc<Caller>,
}

impl Directory {
    /// Takes the keys of the configuration, by public id.
    #[must_use]
    pub fn new(keys: BTreeMap<String, Key>) -> Self {
        let entry = |(id, key): (String, Key)| {
            let Key {
                hash,
                team,
                environment,
                models,
                priority,
                expires,
                revoked,
                restriction,
                operator,
                scopes,
            } = key;
            let key = id.clone();
            let caller =
                Rc::new(Caller { key, team, environment, models, priority, restriction, operator, scopes });
            (id, Entry { hash, expires, revoked, caller })
        };
        Self(keys.into_iter().map(entry).collect())
    }

    /// Finds the caller of a request.
    ///
    /// `fields` are all header fields of the request, names in lower case; `unix_seconds` is the present
    /// time. Exactly one field may carry a credential: the host and the provider could otherwise each read
    /// another.
    ///
    /// # Errors
    /// When there is no such caller. Revocation and expiry are told only to who holds the right key.
    pub fn identify<'a>(
        &self,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
        unix_seconds: u64,
    ) -> Result<Rc<Caller>, Unidentified> {
        let mut credentials = fields.filter(|(name, _)| CREDENTIAL_HEADERS.contains(name));
        let (name, value) = credentials.next().ok_or(Unidentified::Missing)?;
        // Envoy joins repeated fields of some names by commas, which no key contains.
        if credentials.next().is_some() || value.contains(&b',') {
            return Err(Unidentified::Duplicate);
        }
        let value = std::str::from_utf8(value).map_err(|_| Unidentified::Invalid)?.trim();
        let presented = match name {
            "authorization" => bearer(value).ok_or(Unidentified::Invalid)?,
            _ => value,
        };
        if presented.is_empty() {
            return Err(Unidentified::Missing);
        }
        let id = key::parse_id(presented).ok_or(Unidentified::Invalid)?;
        let hash = KeyHash::of(presented.as_bytes());
        let entry = self.0.get(id).filter(|entry| entry.hash.matches(&hash)).ok_or(Unidentified::Invalid)?;
        if entry.revoked {
            return Err(Unidentified::Revoked);
        }
        if entry.expires.is_some_and(|end| unix_seconds >= end) {
            return Err(Unidentified::Expired);
        }
        Ok(Rc::clone(&entry.caller))
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "tg-team-a-prod-0123456789abcdefghijABCDEFGHIJ0123456789abc";

    fn keys(change: impl FnOnce(&mut Key)) -> Directory {
        let mut key = Key {
            hash: KeyHash::of(KEY.as_bytes()),
            team: "data-science".to_owned(),
            environment: Some("prod".to_owned()),
            models: ModelAccess::All,
            expires: Some(1_000),
            priority: Priority::Normal,
            revoked: false,
            restriction: None,
            operator: false,
            scopes: Vec::new(),
        };
        change(&mut key);
        Directory::new(BTreeMap::from([("team-a-prod".to_owned(), key)]))
    }

    fn call(fields: &[(&str, &str)], now: u64) -> Result<String, Unidentified> {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        keys(|_| {}).identify(fields, now).map(|caller| caller.key.clone())
    }

    #[test]
    fn accepts_the_key_in_each_providers_own_header() {
        let bearer = format!("Bearer {KEY}");
        let lower = format!("bearer  {KEY} ");
        for field in [
            ("authorization", bearer.as_str()),
            ("authorization", lower.as_str()),
            ("x-api-key", KEY),
            ("api-key", KEY),
            ("x-goog-api-key", KEY),
        ] {
            assert_eq!(call(&[("accept", "*/*"), field], 0).as_deref(), Ok("team-a-prod"), "{field:?}");
        }
    }

    #[test]
    fn refuses_anything_else() {
        let wrong = KEY.replace("abc", "abd");
        let stranger = KEY.replace("team-a-prod", "team-b-prod");
        for (fields, reason) in [
            (vec![], Unidentified::Missing),
            (vec![("authorization", "Bearer ")], Unidentified::Missing),
            (vec![("authorization", KEY)], Unidentified::Invalid),
            (vec![("authorization", "Basic dGc6dGc=")], Unidentified::Invalid),
            (vec![("x-api-key", "sk-live-1234")], Unidentified::Invalid),
            (vec![("x-api-key", wrong.as_str())], Unidentified::Invalid),
            (vec![("x-api-key", stranger.as_str())], Unidentified::Invalid),
            (vec![("x-api-key", KEY), ("x-api-key", KEY)], Unidentified::Duplicate),
            (vec![("x-api-key", KEY), ("api-key", "")], Unidentified::Duplicate),
            (vec![("authorization", &format!("Bearer {KEY},Bearer {KEY}"))], Unidentified::Duplicate),
        ] {
            assert_eq!(call(&fields, 0), Err(reason), "{fields:?}");
        }
    }

    #[test]
    fn an_expired_or_revoked_key_is_told_so_only_to_its_holder() {
        assert!(call(&[("x-api-key", KEY)], 999).is_ok());
        assert_eq!(call(&[("x-api-key", KEY)], 1_000), Err(Unidentified::Expired));
        let revoked = keys(|key| key.revoked = true);
        let holder = [("x-api-key", KEY.as_bytes())];
        assert_eq!(revoked.identify(holder.into_iter(), 0), Err(Unidentified::Revoked));
        let guess = KEY.replace("abc", "abd");
        let other = [("x-api-key", guess.as_bytes())];
        assert_eq!(revoked.identify(other.into_iter(), 0), Err(Unidentified::Invalid));
    }
}
