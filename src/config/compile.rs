//! Raw records → [`Gateway`]: defaults, references, and the rules over several keys.
//!
//! Everything that can be checked is checked, whatever else is wrong: a record with a bad value still has its
//! references looked up. What comes out is therefore whole only when the report stayed empty.

mod chains;
mod direct;
mod elsewhere;
mod external;
mod limits;
mod parts;
mod residency;
mod resilience;
mod targets;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::limits::{Holder, Scopes};
use super::compiled::{
    Adapter, Counting, FORMAT, Key, ModelAccess, Policy, Provider, Queue, Reserving, Scheme,
};
use super::content;
use super::envoy::{self, AdapterIn};
use super::gateway::{Credential, Gateway, Upstream};
use super::names::{AccessLog, AllowedModel, FilePath, ModelName, Name};
use super::problem::{Echo, Found, Kind, Section, nearest};
use super::raw::{self, CountWhen};
use super::shape::{Located, Map, Named, Place, Report};
use super::{served, signing};
use crate::dialect::Api;
use crate::quota::cell::Lapse;
use crate::quota::zone::Zone;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 10_000);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);
const ACCESS_LOG: &str = "/dev/stdout";
const MAX_REQUEST_BODY: u64 = 8 << 20;
const MAX_REQUEST_BODY_RANGE: RangeInclusive<u64> = 1 << 10..=256 << 20;
pub(super) const RETRIES: u32 = 1;
const EXACT_UP_TO: u64 = 256 << 10;
const EXACT_UP_TO_RANGE: RangeInclusive<u64> = 1 << 10..=16 << 20;
const LEASE: Duration = Duration::from_secs(60);
const LEASE_RANGE: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(3600);
const QUEUE_WAIT_RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(60);
const QUEUE_LENGTH: u32 = 100;
const TIMEOUT: Duration = Duration::from_secs(600);
const TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);

/// Where the file came from.
pub(super) struct Source<'a> {
    /// The first 12 hex digits of its SHA-256.
    pub(super) revision: String,
    /// What its relative paths are relative to.
    pub(super) directory: &'a Path,
    /// Whether a file exists.
    pub(super) exists: &'a dyn Fn(&Path) -> bool,
}

/// Compiles the file, with no warnings in the result yet.
pub(super) fn compile<'file>(
    raw: &raw::Gateway,
    source: &Source<'_>,
    errors: &mut Report<'file>,
    warnings: &mut Report<'file>,
) -> Gateway {
    let mut credentials = Names::of(Section::Credential, entries(&raw.credentials), |name: &Name| &name.0);
    let mut providers = Names::of(Section::Provider, entries(&raw.providers), |name: &Name| &name.0);
    let mut models = Names::of(Section::Model, entries(&raw.models), |name: &ModelName| &name.0);
    let mut teams = Names::of(Section::Team, entries(&raw.teams), |name: &Name| &name.0);

    // Reading it was the check; naming it here keeps the compiler's warning for keys that nothing enforces.
    let _ = &raw.version;
    let mut compiler = Compiler { source, errors, warnings };
    let (listen, admin) = compiler.addresses(raw);
    let access_log = compiler.access_log(raw);
    let max_request_body = compiler.max_request_body(raw);
    let located_credentials = compiler.credentials(entries(&raw.credentials));
    let (upstreams, adapter_providers) = compiler.providers(entries(&raw.providers), &mut credentials);
    let (webhook, addressed) = compiler.webhook(raw, &mut credentials).unzip();
    let externals = compiler.externals(raw, &mut credentials);
    let (mut chains, mut places) = compiler.chains(entries(&raw.models), &mut providers);
    let counting = compiler.counting(raw);
    let reserving = compiler.reserving(raw);
    let queue = compiler.queue(raw);
    let mut scopes = Scopes::new(raw.zone.as_ref().map_or(Zone::UTC, |zone| zone.value.0.clone()));
    let mut retrying = compiler.retrying(raw);
    let overload = compiler.overload(raw);
    let envoy = envoy::compile(raw, compiler.errors);
    let mut compiled_models =
        compiler.models(raw, &chains, &upstreams, &adapter_providers, &mut scopes, &mut models);
    resilience::apply(&retrying, &mut compiled_models);
    served::compile(raw, &adapter_providers, &mut compiled_models, compiler.errors);
    let stand_ins = compiler.stand_ins(raw, &mut models);
    let mut keys = compiler.keys(raw, &mut teams, &mut models, &mut scopes);
    let mut restricted = residency::restrict(
        raw,
        &adapter_providers,
        &compiled_models,
        &mut chains,
        &mut retrying,
        &mut keys,
        compiler.errors,
    );
    elsewhere::apply(&stand_ins, &mut compiled_models, &mut places, &mut restricted);
    parts::divide(&adapter_providers, &mut compiled_models, &mut restricted, &mut chains, &mut retrying);
    if envoy.adapter == AdapterIn::WhereNeeded {
        direct::apply(&adapter_providers, &chains, &mut compiled_models, &mut restricted);
    }
    let mut content = content::compile(raw, compiler.errors);
    content.external = externals.asked;
    for names in [&credentials, &providers, &teams] {
        names.warn_of_unused(compiler.warnings);
    }

    let revision = &source.revision;
    let mut policy = Policy {
        format: FORMAT,
        revision: revision.clone(),
        max_request_body,
        counting,
        scopes: Vec::new(),
        reserving,
        queue,
        webhook: addressed,
        models: compiled_models,
        restricted: Box::new(restricted),
        keys,
        content: Box::new(content),
    };
    // A price may be missing only because of another mistake.
    if compiler.errors.is_empty() {
        scopes.check_prices(&policy, &places, compiler.errors);
    }
    policy.scopes = scopes.into_compiled();
    Gateway {
        listen,
        admin,
        workers: raw.workers.as_ref().map(|workers| workers.value.0),
        access_log,
        credentials: located_credentials,
        upstreams,
        webhook,
        external_guards: externals.services,
        policy,
        chains,
        retrying,
        overload,
        envoy,
        adapter: Adapter { format: FORMAT, revision: revision.clone(), providers: adapter_providers },
        warnings: Vec::new(),
    }
}

/// The names that one section defines, and which of them are referred to.
struct Names<'a> {
    section: Section,
    defined: BTreeMap<&'a str, &'a Place>,
    used: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of<K, V>(section: Section, entries: &'a [Named<K, V>], text: fn(&K) -> &String) -> Self {
        let defined =
            entries.iter().map(|entry| (text(&entry.name.value).as_str(), &entry.name.place)).collect();
        Self { section, defined, used: BTreeSet::new() }
    }

    /// Whether the name is defined; if so, it is referred to from now on.
    fn uses(&mut self, name: &str) -> bool {
        let defined = self.defined.get_key_value(name);
        defined.is_some_and(|(name, _)| {
            self.used.insert(name);
            true
        })
    }

    /// Looks a reference up; an unknown one is reported.
    fn refer(&mut self, name: &str, place: &Place, errors: &mut Report<'_>) {
        if !self.uses(name) {
            let nearest = nearest(name, self.defined.keys().copied()).map(Echo::of);
            let kind = Kind::UnknownName { section: self.section, name: Echo::of(name), nearest };
            errors.add(place, kind);
        }
    }

    /// Looks the names of a list up and sorts them; those that are unknown or there twice are reported.
    fn refer_all<'list>(
        &mut self,
        list: impl Iterator<Item = (&'list ModelName, &'list Place)>,
        errors: &mut Report<'_>,
    ) -> Vec<String> {
        let mut names = BTreeSet::new();
        for (ModelName(name), place) in list {
            self.refer(name, place, errors);
            if !names.insert(name.clone()) {
                errors.add(place, Kind::DuplicateModel);
            }
        }
        names.into_iter().collect()
    }

    fn warn_of_unused(&self, warnings: &mut Report<'_>) {
        for (_, place) in self.defined.iter().filter(|(name, _)| !self.used.contains(*name)) {
            warnings.add(place, Kind::Unused(self.section));
        }
    }
}

fn entries<K, V>(section: &Option<Located<Map<K, V>>>) -> &[Named<K, V>] {
    section.as_ref().map_or(&[], |section| section.value.0.as_slice())
}

struct Compiler<'a, 'file> {
    source: &'a Source<'a>,
    errors: &'a mut Report<'file>,
    warnings: &'a mut Report<'file>,
}

impl Compiler<'_, '_> {
    fn addresses(&mut self, raw: &raw::Gateway) -> (SocketAddr, SocketAddr) {
        let listen = raw.listen.as_ref().map_or(LISTEN, |listen| listen.value.0);
        let admin = raw.admin.as_ref().map_or(ADMIN, |admin| admin.value.0);
        if listen == admin
            && let Some(given) = raw.admin.as_ref().or(raw.listen.as_ref())
        {
            self.errors.add(&given.place, Kind::SameAddress);
        }
        (listen, admin)
    }

    fn access_log(&self, raw: &raw::Gateway) -> Option<PathBuf> {
        match raw.access_log.as_ref().map(|log| &log.value) {
            None => Some(PathBuf::from(ACCESS_LOG)),
            Some(AccessLog::Off) => None,
            Some(AccessLog::File(FilePath(path))) => Some(self.source.directory.join(path)),
        }
    }

    fn max_request_body(&mut self, raw: &raw::Gateway) -> u64 {
        let Some(size) = &raw.max_request_body else { return MAX_REQUEST_BODY };
        if !MAX_REQUEST_BODY_RANGE.contains(&size.value.0) {
            self.out_of_range(&size.place, "a size from 1KiB to 256MiB", &format!("{}B", size.value.0));
        }
        size.value.0
    }

    fn counting(&mut self, raw: &raw::Gateway) -> Counting {
        let tokens = raw.tokens.as_ref().map(|tokens| &tokens.value);
        let exact = tokens.and_then(|tokens| tokens.exact_up_to.as_ref());
        if let Some(exact) = exact.filter(|exact| !EXACT_UP_TO_RANGE.contains(&exact.value.0)) {
            self.out_of_range(&exact.place, "a size from 1KiB to 16MiB", &format!("{}B", exact.value.0));
        }
        let exact_bytes = exact.map_or(EXACT_UP_TO, |exact| exact.value.0);
        let count = tokens.and_then(|tokens| tokens.count.as_ref());
        Counting {
            always: count.is_some_and(|count| count.value == CountWhen::Always),
            exact_bytes: usize::try_from(exact_bytes).unwrap_or(usize::MAX),
        }
    }

    fn reserving(&mut self, raw: &raw::Gateway) -> Reserving {
        let given = raw.reservations.as_ref().map(|reservations| &reservations.value);
        let lease = given.and_then(|given| given.lease.as_ref());
        if let Some(lease) = lease.filter(|lease| !LEASE_RANGE.contains(&lease.value.0)) {
            let found = format!("{}ms", lease.value.0.as_millis());
            self.out_of_range(&lease.place, "a duration from 5s to 1h", &found);
        }
        let lapse = given.and_then(|given| given.on_crash.as_ref());
        let users = raw.users.as_ref().map(|users| &users.value);
        Reserving {
            lease_ms: milliseconds(lease.map_or(LEASE, |lease| lease.value.0)),
            lapse: lapse.map_or(Lapse::Charge, |lapse| lapse.value),
            user_header: users.and_then(|users| Some(users.header.as_ref()?.value.0.clone())),
            at_exhaustion: given
                .and_then(|given| given.at_exhaustion.as_ref())
                .map(|given| given.value)
                .unwrap_or_default(),
        }
    }

    fn queue(&mut self, raw: &raw::Gateway) -> Queue {
        let given = raw.queue.as_ref().map(|queue| &queue.value);
        let wait = given.and_then(|given| given.wait.as_ref());
        if let Some(wait) = wait.filter(|wait| !QUEUE_WAIT_RANGE.contains(&wait.value.0)) {
            let found = format!("{}ms", wait.value.0.as_millis());
            self.out_of_range(&wait.place, "a duration from 0s to 60s", &found);
        }
        let length =
            given.and_then(|given| given.length.as_ref()).map_or(QUEUE_LENGTH, |length| length.value.0);
        Queue {
            wait_ms: wait.map_or(0, |wait| milliseconds(wait.value.0)),
            length: usize::try_from(length).unwrap_or(usize::MAX),
        }
    }

    fn out_of_range(&mut self, place: &Place, expected: &str, found: &str) {
        let (expected, found) = (expected.to_owned(), Found::Value(Echo::of(found)));
        self.errors.add(place, Kind::Mismatch { expected, found });
    }

    /// Resolves a path, with a warning when there is no such file.
    fn file(&mut self, file: &Located<FilePath>) -> PathBuf {
        let path = self.source.directory.join(&file.value.0);
        if !(self.source.exists)(&path) {
            self.warnings.add(&file.place, Kind::FileNotThere);
        }
        path
    }

    fn credentials(&mut self, raw: &[Named<Name, raw::Credential>]) -> BTreeMap<String, Credential> {
        let mut credentials = BTreeMap::new();
        for entry in raw {
            let credential = match entry.value.as_ref().map(|credential| &credential.value) {
                Some(raw::Credential::File(file)) => Credential::File(self.file(file)),
                Some(raw::Credential::Env(name)) => Credential::Env(name.0.clone()),
                Some(raw::Credential::Sds(raw::Sds { path: Some(path), name: Some(name) })) => {
                    Credential::Sds { path: self.file(path), name: name.value.0.clone() }
                }
                Some(raw::Credential::Sds(_)) | None => continue,
            };
            credentials.insert(entry.name.value.0.clone(), credential);
        }
        credentials
    }

    fn providers(
        &mut self,
        raw: &[Named<Name, raw::Provider>],
        credentials: &mut Names<'_>,
    ) -> (BTreeMap<String, Upstream>, BTreeMap<String, Provider>) {
        let (mut upstreams, mut providers) = (BTreeMap::new(), BTreeMap::new());
        for entry in raw {
            let name = &entry.name.value.0;
            // The clusters of targets are named `provider/model`, those of chains `model/name`.
            if name == "model" {
                self.errors.add(&entry.name.place, Kind::ReservedName);
            }
            let Some(Located { value: provider, .. }) = &entry.value else { continue };
            if let Some(credential) = &provider.credential {
                credentials.refer(&credential.value.0, &credential.place, self.errors);
            }
            let signing = signing::compile(provider, self.errors, |name, errors| {
                credentials.refer(&name.value.0, &name.place, errors);
            });
            let ca = provider.ca.as_ref().map(|ca| self.file(ca));
            let Some(Located { value: url, .. }) = &provider.url else { continue };
            if url.scheme == Scheme::Http {
                if let Some(ca) = &provider.ca {
                    self.errors.add(&ca.place, Kind::CaWithoutTls);
                }
                if let Some(credential) = provider.credential.as_ref().filter(|_| !url.host.is_loopback()) {
                    self.warnings.add(&credential.place, Kind::CleartextCredential);
                }
            }
            let (scheme, host, port) = (url.scheme, url.host.clone(), url.port);
            let upstream = self.upstream(provider, Upstream::new(scheme, host, port, ca));
            upstreams.insert(name.clone(), upstream);
            let Some(api) = &provider.api else { continue };
            let default_version = api.value.default_version();
            if let (None, Some(version)) = (default_version, &provider.api_version) {
                self.errors.add(&version.place, Kind::NoApiVersions);
            }
            if let Some(flavor) = provider.flavor.as_ref().filter(|_| api.value != Api::OpenAi) {
                self.errors.add(&flavor.place, Kind::FlavorOfAnotherApi);
            }
            let given_version = provider.api_version.as_ref().map(|version| version.value.0.clone());
            let compiled = Provider {
                api: api.value,
                api_version: given_version.or(default_version.map(str::to_owned)),
                flavor: provider.flavor.as_ref().map_or_else(Default::default, |flavor| flavor.value),
                unknown_fields: provider
                    .unknown_fields
                    .as_ref()
                    .map_or_else(Default::default, |own| own.value),
                losses: provider.losses.as_ref().map_or_else(Default::default, |own| own.value),
                authority: url.authority(),
                scheme,
                base_path: url.path.clone(),
                credential: provider.credential.as_ref().map(|credential| credential.value.0.clone()),
                signing,
            };
            providers.insert(name.clone(), compiled);
        }
        (upstreams, providers)
    }

    fn keys(
        &mut self,
        raw: &raw::Gateway,
        teams: &mut Names<'_>,
        models: &mut Names<'_>,
        scopes: &mut Scopes,
    ) -> BTreeMap<String, Key> {
        let environments: BTreeMap<_, _> = entries(&raw.teams).iter().map(environments).collect();
        let team_scopes = self.team_scopes(raw, models, scopes);
        let shared_scopes = self.shared_scopes(raw, models, scopes);
        let (mut ids, mut hashes) = (BTreeMap::new(), BTreeMap::new());
        let mut keys = BTreeMap::new();
        for Located { value: key, .. } in raw.keys.iter().flat_map(|keys| &keys.value.0) {
            if let Some(id) = &key.id
                && let Some(first) = seen(&mut ids, id.value.0.clone(), &id.place)
            {
                self.errors.add(&id.place, Kind::DuplicateId { first });
            }
            if let Some(hash) = &key.hash
                && let Some(first) = seen(&mut hashes, hash.value.0.to_string(), &hash.place)
            {
                self.errors.add(&hash.place, Kind::DuplicateHash { first });
            }
            if let Some(team) = &key.team {
                teams.refer(&team.value.0, &team.place, self.errors);
                self.environment(&team.value.0, key, &environments);
            }
            let access = self.model_access(key, models);
            let id = key.id.as_ref().map(|id| id.value.0.as_str());
            let (limits, budgets) = (key.limits.as_ref(), key.budgets.as_ref());
            let holder = Holder::Key(id.unwrap_or_default());
            let mut key_scopes = scopes.add(&holder, limits, budgets, models, self.errors);
            if let (Some(id), Some(hash), Some(team), Some(models)) = (&key.id, &key.hash, &key.team, access)
            {
                let environment = key.environment.as_ref().map(|environment| environment.value.0.clone());
                let team_scopes =
                    |environment| team_scopes.get(&(&*team.value.0, environment)).into_iter().flatten();
                if environment.is_some() {
                    key_scopes.extend(team_scopes(environment.as_deref()));
                }
                key_scopes.extend(team_scopes(None));
                key_scopes.extend(&shared_scopes);
                let compiled = Key {
                    hash: hash.value.0,
                    team: team.value.0.clone(),
                    environment,
                    models,
                    priority: key.priority.as_ref().map(|priority| priority.value).unwrap_or_default(),
                    expires: key.expires.as_ref().map(|expires| expires.value.0),
                    revoked: key.revoked.as_ref().is_some_and(|revoked| revoked.value),
                    restriction: None,
                    operator: key.operator.as_ref().is_some_and(|operator| operator.value),
                    scopes: key_scopes,
                };
                keys.insert(id.value.0.clone(), compiled);
            }
        }
        keys
    }

    /// The scopes of each team, and of each environment of a team.
    fn team_scopes<'raw>(
        &mut self,
        raw: &'raw raw::Gateway,
        models: &mut Names<'_>,
        scopes: &mut Scopes,
    ) -> BTreeMap<(&'raw str, Option<&'raw str>), Vec<usize>> {
        let mut all = BTreeMap::new();
        for entry in entries(&raw.teams) {
            let Some(Located { value: given, .. }) = &entry.value else { continue };
            let team = entry.name.value.0.as_str();
            let (limits, budgets) = (given.limits.as_ref(), given.budgets.as_ref());
            let places = scopes.add(&Holder::Team(team), limits, budgets, models, self.errors);
            all.insert((team, None), places);
            for entry in entries(&given.environments) {
                let Some(Located { value: given, .. }) = &entry.value else { continue };
                let name = entry.name.value.0.as_str();
                let (limits, budgets) = (given.limits.as_ref(), given.budgets.as_ref());
                let holder = Holder::Environment { team, name };
                let places = scopes.add(&holder, limits, budgets, models, self.errors);
                all.insert((team, Some(name)), places);
            }
        }
        all
    }

    /// The scopes that every key has: those of the organisation, then those of each end user.
    fn shared_scopes(
        &mut self,
        raw: &raw::Gateway,
        models: &mut Names<'_>,
        scopes: &mut Scopes,
    ) -> Vec<usize> {
        let mut shared = Vec::new();
        if let Some(Located { value: given, .. }) = &raw.organisation {
            let holder = Holder::Organisation(given.name.as_ref().map(|name| name.value.0.as_str()));
            let (limits, budgets) = (given.limits.as_ref(), given.budgets.as_ref());
            shared.extend(scopes.add(&holder, limits, budgets, models, self.errors));
        }
        if let Some(Located { value: given, .. }) = &raw.users {
            let holder = Holder::User { cells: given.cells.as_ref().map(|cells| cells.value.0) };
            let (limits, budgets) = (given.limits.as_ref(), given.budgets.as_ref());
            shared.extend(scopes.add(&holder, limits, budgets, models, self.errors));
        }
        shared
    }

    /// Checks that the team has the environment that the key names.
    fn environment(&mut self, team: &str, key: &raw::Key, environments: &BTreeMap<&str, Vec<&str>>) {
        let (Some(known), Some(environment)) = (environments.get(team), &key.environment) else { return };
        let name = environment.value.0.as_str();
        if !known.contains(&name) {
            let nearest = nearest(name, known.iter().copied()).map(Echo::of);
            let (team, name) = (Echo::of(team), Echo::of(name));
            self.errors.add(&environment.place, Kind::UnknownEnvironment { team, name, nearest });
        }
    }

    fn model_access(&mut self, key: &raw::Key, models: &mut Names<'_>) -> Option<ModelAccess> {
        let list = key.models.as_ref()?;
        let stars = list.value.0.iter().filter(|item| matches!(item.value, AllowedModel::All));
        if list.value.0.len() > 1 {
            stars.for_each(|star| self.errors.add(&star.place, Kind::StarNotAlone));
        } else if stars.count() == 1 {
            return Some(ModelAccess::All);
        }
        let named = list.value.0.iter().filter_map(|item| match &item.value {
            AllowedModel::All => None,
            AllowedModel::One(name) => Some((name, &item.place)),
        });
        Some(ModelAccess::Only(models.refer_all(named, self.errors)))
    }
}

/// A team's name and the names of its environments.
fn environments(team: &Named<Name, raw::Team>) -> (&str, Vec<&str>) {
    let known = team.value.as_ref().map_or(&[][..], |team| entries(&team.value.environments));
    (&team.name.value.0, known.iter().map(|environment| environment.name.value.0.as_str()).collect())
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The line where `value` was seen first, if it was.
fn seen<T: Ord>(lines: &mut BTreeMap<T, usize>, value: T, place: &Place) -> Option<usize> {
    let first = lines.get(&value).copied();
    lines.entry(value).or_insert(place.position.line);
    first
}
