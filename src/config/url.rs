//! The base URL of a provider's API (RFC 3986, without user information, query and fragment).
//!
//! A URL is never repeated in a message: a pasted one may hold a password.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::compiled::Scheme;
use super::gateway::Host;
use super::problem::{Kind, UrlFlaw};
use super::shape::Text;

/// A base URL, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    /// `http` or `https`.
    pub(super) scheme: Scheme,
    /// The host, in lower case.
    pub(super) host: Host,
    /// The port, also when it is the scheme's own.
    pub(super) port: u16,
    /// The path without a slash at its end; empty at the root.
    pub(super) path: String,
}

impl BaseUrl {
    /// The value of `:authority`: the host, and the port when it is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        if self.port == default_port(self.scheme) {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

const fn default_port(scheme: Scheme) -> u16 {
    match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    }
}

impl Text for BaseUrl {
    const EXPECTED: &'static str = "a URL such as https://api.openai.com/v1";
    const PATTERN: &'static str = "^[Hh][Tt][Tt][Pp][Ss]?://[^/@?#]+(/[^?#]*)?$";

    fn parse(text: &str) -> Result<Self, Kind> {
        read(text).map_err(Kind::Url)
    }
}

fn read(text: &str) -> Result<BaseUrl, UrlFlaw> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlFlaw::Scheme)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(UrlFlaw::Scheme),
    };
    if rest.contains(['?', '#']) {
        return Err(UrlFlaw::QueryOrFragment);
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(UrlFlaw::UserInfo);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']').ok_or(UrlFlaw::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| UrlFlaw::Host)?;
            let port =
                if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(UrlFlaw::Host)?) };
            (Host::Ip(IpAddr::V6(address)), port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            (name_or_ipv4(host)?, port)
        }
    };
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(UrlFlaw::Port)?
        }
        Some(_) => return Err(UrlFlaw::Port),
        None => default_port(scheme),
    };
    Ok(BaseUrl { scheme, host, port, path: base_path(path)? })
}

/// A DNS name (RFC 1123, section 2.1, and the underscore that container networks use) or an IPv4 address.
fn name_or_ipv4(host: &str) -> Result<Host, UrlFlaw> {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(address)));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // A last label of digits only would be an address, and this is not a valid one.
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let valid =
        host.len() <= 253 && host.split('.').all(label) && !host.rsplit('.').next().is_some_and(numeric);
    if valid { Ok(Host::Name(host.to_ascii_lowercase())) } else { Err(UrlFlaw::Host) }
}

/// The path after the host's slash, with that slash and without one at the end.
fn base_path(path: &str) -> Result<String, UrlFlaw> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    if path.split('/').all(is_segment) { Ok(format!("/{path}")) } else { Err(UrlFlaw::Path) }
}

/// RFC 3986, section 3.3, `segment-nz`; dotted segments would be resolved away on the way.
fn is_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    let escaped = |part: &str| part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let mut parts = segment.split('%');
    !matches!(segment, "" | "." | "..")
        && parts.next().is_some_and(|first| first.bytes().all(plain))
        && parts.all(|part| escaped(part) && part.bytes().all(plain))
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Ip(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}
