//! A whole gateway.yaml, checked: what `render` turns into Envoy's configuration and what the filter reads.
//!
//! Plain data with every default applied and every reference resolved; nothing here can be wrong any more.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::compiled::{Adapter, Policy, Scheme, Target};
use super::envoy::Envoy;
use super::problem::Problem;

/// A checked gateway.yaml.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where Envoy's admin interface listens.
    pub admin: SocketAddr,
    /// Envoy's worker threads; `None` for one per core.
    pub workers: Option<u32>,
    /// The file of the access log; `None` for no access log.
    pub access_log: Option<PathBuf>,
    /// Where Envoy finds the providers' keys, by the credential's name.
    pub credentials: BTreeMap<String, Credential>,
    /// How Envoy reaches each provider, by the provider's name.
    pub upstreams: BTreeMap<String, Upstream>,
    /// The targets of each logical model in order, by the model's name; never empty.
    pub chains: BTreeMap<String, Vec<ChainTarget>>,
    /// How Envoy reaches the webhook for alerts.
    pub webhook: Option<Webhook>,
    /// How Envoy reaches each external guard, by the name of its cluster.
    pub external_guards: BTreeMap<String, Webhook>,
    /// How each logical model deals with failures, by the model's name.
    pub retrying: BTreeMap<String, Retrying>,
    /// What the gateway takes on at the most.
    pub overload: Overload,
    /// What is rendered for which Envoy.
    pub envoy: Envoy,
    /// The configuration of the policy role.
    pub policy: Policy,
    /// The configuration of the adapter role.
    pub adapter: Adapter,
    /// What works, but is probably not meant.
    pub warnings: Vec<Problem>,
}

/// Where Envoy finds a provider's key. Relative paths of the file are resolved against its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A file that holds the key and nothing else.
    File(PathBuf),
    /// An environment variable of the Envoy process.
    Env(String),
    /// A secret in a file of Envoy's secret discovery service.
    Sds {
        /// The file.
        path: PathBuf,
        /// The secret's name in it.
        name: String,
    },
}

/// How Envoy reaches a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Cleartext or TLS.
    pub scheme: Scheme,
    /// The host to connect to; a name is also the SNI and what the certificate must be for.
    pub host: Host,
    /// The port to connect to.
    pub port: u16,
    /// A PEM file of the authorities to trust; `None` for the system's.
    pub ca: Option<PathBuf>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// The most that is asked of each of its models at the same time.
    pub capacity: Capacity,
    /// When one of its models is left alone.
    pub ejection: Ejection,
    /// How Envoy finds out by itself whether it is up.
    pub health_check: Option<HealthCheck>,
}

/// The most that is asked of a target at the same time, by all workers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Connections over HTTP/1.1.
    pub connections: u32,
    /// Requests that wait for a connection.
    pub pending: u32,
    /// Requests.
    pub requests: u32,
}

/// When a target is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ejection {
    /// After so many failures in a row.
    pub failures: u32,
    /// After so many failures of a thousand requests.
    pub failure_permille: Option<u16>,
    /// How often Envoy looks.
    pub interval: Duration,
    /// How long for the first time.
    pub cooldown: Duration,
    /// How long at most.
    pub longest_cooldown: Duration,
}

/// How Envoy finds out whether a provider is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The path that is asked for.
    pub path: String,
    /// How often.
    pub interval: Duration,
    /// How long it may take.
    pub timeout: Duration,
}

/// How a logical model deals with failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// The longest wait that a target may ask for.
    pub patience: Duration,
    /// The longest that the first retry is put off by chance.
    pub back_off: Duration,
    /// How long a request may take; `None` for as long as it takes.
    pub total_timeout: Option<Duration>,
    /// How long an answer that has begun may be silent; `None` for as long as Envoy lets it.
    pub stall_timeout: Option<Duration>,
}

/// What the gateway takes on at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overload {
    /// The memory of Envoy's heap, in bytes; `None` for no limit.
    pub memory: Option<u64>,
    /// The connections of clients.
    pub connections: u32,
}

/// A service that the filter itself calls, such as the webhook for alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its host.
    pub upstream: Upstream,
    /// The name of its credential, which Envoy sends as `Authorization: Bearer`.
    pub credential: Option<String>,
}

/// A provider's host. Prints as in a URL: an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A DNS name, in lower case.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Ip(address) => address.is_loopback(),
        }
    }
}

/// One target of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainTarget {
    /// The provider and its model.
    pub target: Target,
    /// How often it is tried again after its first attempt.
    pub retries: u32,
    /// How long one attempt may take until its response headers.
    pub timeout: Duration,
}
