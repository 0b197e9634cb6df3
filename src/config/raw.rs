//! The records of gateway.yaml, key by key, exactly as the file has them.
//!
//! This is the one place that says which keys exist. Every value keeps its place and nothing is defaulted
//! or resolved yet (`compile` does that); no key is here that nothing enforces.

use serde_json::{Value as Json, json};

use super::names::{
    AccessLog, Address, AllowedModel, EnvName, FilePath, Hash, ModelName, Name, ProviderModel, SecretName,
};
use super::problem::Kind;
use super::shape::{List, Located, Map, Place, Report, Shape, Whole, choice_schema, read_choice, record};
use super::units::{Instant, Size, Span};
use super::url::BaseUrl;
use super::yaml::{Node, Value};
use crate::dialect::Api;

record! {
    /// The configuration of a Tollgate gateway.
    Gateway {
        /// The version of this format.
        required version: Whole<1, 1>,
        /// Where the gateway listens. Default: 127.0.0.1:10000.
        optional listen: Address,
        /// Where Envoy's admin interface listens. Default: 127.0.0.1:9901.
        optional admin: Address,
        /// Envoy's worker threads. Default: one for each core.
        optional workers: Whole<1, 1024>,
        /// The file of the access log, or `off`. Default: /dev/stdout.
        optional access_log: AccessLog,
        /// The largest request body accepted, 1KiB to 256MiB. Default: 8MiB.
        optional max_request_body: Size,
        /// Where Envoy finds the providers' keys; never the keys themselves.
        optional credentials: Map<Name, Credential>,
        /// The upstream APIs.
        required providers: Map<Name, Provider>,
        /// The logical models: the names that applications ask for.
        required models: Map<ModelName, Model>,
        /// The teams that own virtual keys.
        optional teams: Map<Name, Team>,
        /// The virtual keys.
        optional keys: List<Key, 0>,
    }
}

/// Where Envoy finds one provider key.
#[derive(Debug)]
pub(super) enum Credential {
    /// In a file with nothing else in it.
    File(Located<FilePath>),
    /// In an environment variable of Envoy.
    Env(EnvName),
    /// In a file of Envoy's secret discovery service.
    Sds(Sds),
}

record! {
    /// Where Envoy finds the key: exactly one of these.
    CredentialKeys {
        /// A file that holds the key and nothing else; Envoy watches it.
        optional file: FilePath,
        /// An environment variable of the Envoy process.
        optional env: EnvName,
        /// A secret in a discovery file that the operator manages.
        optional sds: Sds,
    }
}

impl Shape for Credential {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            report.add(place, Kind::PastedCredential);
            return None;
        };
        let keys = CredentialKeys::read(node, place, report)?;
        let known = |name: &str| matches!(name, "file" | "env" | "sds");
        if entries.iter().filter(|entry| known(&entry.key)).count() != 1 {
            report.add(place, Kind::NotExactlyOne(&["file", "env", "sds"]));
        }
        let file = keys.file.map(Self::File);
        let env = keys.env.map(|env| Self::Env(env.value));
        file.or(env).or(keys.sds.map(|sds| Self::Sds(sds.value)))
    }

    fn schema() -> Json {
        let mut schema = CredentialKeys::schema();
        if let Json::Object(object) = &mut schema {
            object.insert("minProperties".to_owned(), json!(1));
            object.insert("maxProperties".to_owned(), json!(1));
        }
        schema
    }
}

record! {
    /// A secret in a file of Envoy's secret discovery service.
    Sds {
        /// The file.
        required path: FilePath,
        /// The secret's name in it.
        required name: SecretName,
    }
}

record! {
    /// An upstream API.
    Provider {
        /// The dialect it speaks.
        required api: Api,
        /// Its base URL, such as `https://api.openai.com/v1`.
        required url: BaseUrl,
        /// The name of its credential. Default: none is sent.
        optional credential: Name,
        /// A PEM file of the authorities to trust instead of the system's.
        optional ca: FilePath,
    }
}

impl Shape for Api {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        read_choice(node, place, report)
    }

    fn schema() -> Json {
        choice_schema::<Self>()
    }
}

record! {
    /// A logical model.
    Model {
        /// The provider models that serve it, tried in this order.
        required targets: List<Target, 1>,
    }
}

record! {
    /// One provider model of a chain.
    Target {
        /// The name of the provider.
        required provider: Name,
        /// The model's name at that provider.
        required model: ProviderModel,
        /// How often it is tried again before the next target's turn. Default: 1.
        optional retries: Whole<0, 10>,
        /// How long one attempt may take until its response headers, at most 1h. Default: 600s.
        optional timeout: Span,
    }
}

record! {
    /// A team.
    Team {
        /// The team's environments, such as dev and prod.
        optional environments: Map<Name, Environment>,
    }
}

record! {
    /// An environment of a team.
    Environment {}
}

record! {
    /// A virtual key: what applications present instead of a provider's key.
    Key {
        /// The public id, as in metrics and logs.
        required id: Name,
        /// The SHA-256 of the whole key, as `tollgate keys new` prints it.
        required hash: Hash,
        /// The name of the team that owns it.
        required team: Name,
        /// One of the team's environments. Default: none.
        optional environment: Name,
        /// The logical models it may call, or only `*` for all.
        required models: List<AllowedModel, 1>,
        /// When it stops working (RFC 3339). Default: never.
        optional expires: Instant,
        /// Whether it is out of use; its owner is then told so. Default: false.
        optional revoked: bool,
    }
}
