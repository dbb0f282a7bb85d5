//! Reads the settings of the process (listeners, public addresses, the store) and the built-in agent.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skerry_agent::config::self_test;
use skerry_host::files::{warn_about_file, warn_about_secret_file};
use skerry_protocol::strict::{Entry, Item, Position, Refusal, Table, http_url, refuse, socket_address};
use skerry_protocol::words::is_plain_name;
use skerry_web::TrustedProxies;
use url::Url;

use skerry_domain::step::{HEARTBEAT_AGENT, LOCATION};

use super::proxies::trusted_proxies;
use super::{
    Export, Listener, ListenerTls, LocalAgent, MailSettings, NewReporters, Public, Purge, Role, Store,
    SubscriberSettings, edge, mail, page, values,
};

const DEFAULT_STORE: &str = "/var/lib/skerry/skerry.db";
/// Ten a second, for scripts that go through all components of a page.
const REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Settings that only the first file may have.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) listeners: Vec<Listener>,
    pub(super) public: Public,
    pub(super) store: Store,
    /// The key of the page that has the root, and its position in the file.
    pub(super) root: Option<(String, Position)>,
    pub(super) metrics_token_file: Option<PathBuf>,
    pub(super) requests_per_minute: NonZeroU32,
    pub(super) exports: Vec<Export>,
    pub(super) purges: Vec<Purge>,
    pub(super) dead_man_switch: Option<Url>,
    pub(super) mail: Option<MailSettings>,
    pub(super) subscribers: SubscriberSettings,
}

pub(super) fn process(root: &Table<'_>) -> Option<Process> {
    let listeners = listeners(root);
    let public = public(root, &listeners);
    let store = store(root);
    let metrics_token_file = metrics_token_file(root);
    let requests_per_minute = requests_per_minute(root);
    let dead_man_switch = dead_man_switch(root);
    let (exports, purges) = (edge::exports(root), edge::purges(root));
    let (mail, subscribers) = (mail::mail(root), mail::subscribers(root));
    let (public, root) = public?;
    Some(Process {
        listeners,
        public,
        store,
        root,
        metrics_token_file,
        requests_per_minute,
        dead_man_switch,
        exports,
        purges,
        mail,
        subscribers,
    })
}

/// Rejects the settings of the process in a further file.
pub(super) fn reject_process(root: &Table<'_>) {
    for key in [
        "listen",
        "public",
        "admin",
        "api",
        "store",
        "dead_man_switch",
        "export",
        "purge",
        "mail",
        "subscribers",
    ] {
        let wrong = format!("{key} belongs to the process, not to this workspace");
        root.misplaced(key, wrong, "Move it into the first configuration file.");
    }
}

fn listeners(root: &Table<'_>) -> Vec<Listener> {
    if !root.has("listen") {
        // Read nevertheless, so that it counts as a known key.
        let _ = root.item("listen");
        let listener = |port, serves: &[Role]| Listener {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            serves: serves.to_vec(),
            tls: None,
            allow_plaintext: false,
            allowed_hosts: Vec::new(),
            proxies: TrustedProxies::default(),
        };
        return vec![
            listener(8080, &[Role::Public]),
            listener(8081, &[Role::Agents, Role::Hooks, Role::Admin]),
        ];
    }
    let tables = root.tables("listen", &["address"]);
    let mut listeners: Vec<Listener> = Vec::new();
    for table in &tables {
        let Some(listener) = listener(table) else { continue };
        if let Some(other) = listeners.iter().find(|other| collide(other.address, listener.address)) {
            let wrong = format!("address {} is taken by the listener at {}", listener.address, other.address);
            table.refuse("address", wrong, "Choose another port, or serve both from one listener.");
        }
        listeners.push(listener);
    }
    // If a listener was rejected, the list is incomplete.
    let is_list = root.item("listen").is_some_and(|item| item.is_list());
    let complete = is_list && listeners.len() == tables.len();
    if complete && !listeners.iter().any(|listener| listener.serves.contains(&Role::Public)) {
        let remedy = "Add serves = [\"public\"] to one, or remove all [[listen]] for the defaults.";
        root.refuse("listen", "no listener serves public, so no visitor could see a page", remedy);
    }
    listeners
}

fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && (one.ip() == other.ip() || everywhere)
}

fn listener(table: &Table<'_>) -> Option<Listener> {
    let example = "Write it such as \"127.0.0.1:8080\", \"0.0.0.0:443\" or \"[::]:443\".";
    let address = table
        .string("address")
        .convert(|text| socket_address(&text, example))
        .required("address = \"127.0.0.1:8080\"");
    let serves = table.list("serves");
    if !table.has("serves") {
        table.refuse("serves", "serves is missing", "Add serves = [\"public\"] or what it is to serve.");
    }
    let serves: Option<Vec<Role>> = serves?.iter().map(|item| item.choice(&Role::NAMES)).collect();
    if serves.as_ref().is_some_and(Vec::is_empty) {
        table.refuse("serves", "serves is empty", "Name at least one of public, agents, hooks, api, admin.");
    }
    let (allow_plaintext, allowed_hosts) = (table.boolean("allow_plaintext").or(false), allowed_hosts(table));
    let proxies = trusted_proxies(table);
    let tls = table.item("tls").map(|item| {
        let table = item.inline_table("{ certificate = \"/path.pem\", key = \"/path.pem\" }")?;
        let certificate = table.path("certificate").required("certificate = \"/path/to/chain.pem\"");
        let key = table.path("key").required("key = \"/path/to/key.pem\"");
        warn_file(&table, "certificate", certificate.as_deref());
        warn_secret(&table, "key", key.as_deref());
        Some(ListenerTls { certificate: certificate?, key: key? })
    });
    let tls = match tls {
        None => None,
        Some(tls) => Some(tls?),
    };
    if allow_plaintext && tls.is_some() {
        let remedy = "Remove one of them: with tls the listener speaks HTTPS only.";
        table.refuse("allow_plaintext", "allow_plaintext has no effect beside tls", remedy);
    }
    let serves = serves.filter(|serves| !serves.is_empty());
    let listener =
        Listener { address: address?, serves: serves?, tls, allow_plaintext, allowed_hosts, proxies };
    reject_plaintext_credentials(table, &listener);
    reject_open_api(table, &listener);
    warn_about_open_admin(table, &listener);
    Some(listener)
}

/// Names by which operators' tools ask.
fn allowed_hosts(table: &Table<'_>) -> Vec<String> {
    let read = |item: &Item<'_>| match values::host_name(&item.string()?, "skerry.example.com") {
        Ok(name) => Some(name),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    };
    table.list("allowed_hosts").unwrap_or_default().iter().filter_map(read).collect()
}

/// Rejects a listener where agents would send credentials unencrypted. A listener for agents alone gets a generated
/// certificate; one that visitors use, too, cannot.
fn reject_plaintext_credentials(table: &Table<'_>, listener: &Listener) {
    let serves = |role| listener.serves.contains(&role);
    let closed = listener.address.ip().is_loopback() || listener.allow_plaintext || listener.tls.is_some();
    if closed || !(serves(Role::Agents) && serves(Role::Public)) {
        return;
    }
    table.refuse(
        "serves",
        "agents would send their credentials over plain HTTP to an address that others reach",
        "Give agents a [[listen]] of their own, which makes its certificate itself, or add tls. Where something in front \
         speaks TLS, say allow_plaintext = true.",
    );
}

/// Rejects a listener for the REST API without TLS that others can reach: clients would send their tokens unencrypted.
fn reject_open_api(table: &Table<'_>, listener: &Listener) {
    let closed = listener.address.ip().is_loopback() || listener.allow_plaintext || listener.tls.is_some();
    if closed || !listener.serves.contains(&Role::Api) {
        return;
    }
    table.refuse(
        "serves",
        "clients of the REST API would send their tokens over plain HTTP to an address that others reach",
        "Add tls, or give api a [[listen]] at 127.0.0.1. Where something in front speaks TLS, say allow_plaintext = true.",
    );
}

/// Rejects an admin listener without TLS, or warns about one with TLS, if others can reach it.
fn warn_about_open_admin(table: &Table<'_>, listener: &Listener) {
    let serves = |role| listener.serves.contains(&role);
    if !serves(Role::Admin) || listener.address.ip().is_loopback() {
        return;
    }
    let generates_certificate = serves(Role::Agents) && !serves(Role::Public);
    if listener.tls.is_none() && !listener.allow_plaintext && !generates_certificate {
        table.refuse(
            "serves",
            "admin would answer over plain HTTP at an address that others reach",
            "Give admin a [[listen]] at 127.0.0.1, or add tls. Where something in front speaks TLS, say \
             allow_plaintext = true.",
        );
        return;
    }
    table.warn(
        "serves",
        "admin answers at an address that others reach: health, and metrics that name checks and agents",
        "Give it a [[listen]] at 127.0.0.1, or keep others out with a firewall and [admin] metrics_token_file.",
    );
}

/// How many requests a token of the REST API may send per minute.
fn requests_per_minute(root: &Table<'_>) -> NonZeroU32 {
    let table = root.table("api");
    let wanted = table.and_then(|table| table.integer("requests_per_minute", 1, 1_000_000).optional());
    wanted.and_then(|wanted| NonZeroU32::new(u32::try_from(wanted).ok()?)).unwrap_or(REQUESTS_PER_MINUTE)
}

/// The address that is called while the aggregator is ready.
fn dead_man_switch(root: &Table<'_>) -> Option<Url> {
    let example = "Write it such as \"https://hc-ping.com/uuid\".";
    let table = root.table("dead_man_switch")?;
    let url = table.string("url").convert(|text| http_url(&text, example));
    url.required("url = \"https://hc-ping.com/uuid\"")
}

/// The file with the token of `/metrics`.
fn metrics_token_file(root: &Table<'_>) -> Option<PathBuf> {
    let table = root.table("admin")?;
    let file = table.path("metrics_token_file").optional();
    warn_secret(&table, "metrics_token_file", file.as_deref());
    file
}

pub(super) fn warn_secret(table: &Table<'_>, key: &str, path: Option<&Path>) {
    if let Some((wrong, remedy)) = path.and_then(warn_about_secret_file) {
        table.warn(key, format!("{key}: {wrong}"), remedy);
    }
}

pub(super) fn warn_file(table: &Table<'_>, key: &str, path: Option<&Path>) {
    if let Some((wrong, remedy)) = path.and_then(warn_about_file) {
        table.warn(key, format!("{key}: {wrong}"), remedy);
    }
}

/// The public addresses, and the configured page at their root.
fn public(root: &Table<'_>, listeners: &[Listener]) -> Option<(Public, Option<(String, Position)>)> {
    let listener = listeners.iter().find(|listener| listener.serves.contains(&Role::Public));
    let Some(table) = root.table("public") else {
        if root.has("public") {
            return None;
        }
        return Some((Public { base_url: default_base_url(root, listener)?, base_domain: None }, None));
    };
    let written = table.has("base_url");
    let base_url = base_url(table.string("base_url")).optional();
    let base_domain = page::host(table.string("base_domain"), "example.com").optional();
    let base_url = if written { base_url } else { default_base_url(&table, listener) };
    let page = page::name(table.string("root"), 63).positioned();
    Some((Public { base_url: base_url?, base_domain }, page))
}

/// The address of the first public listener, if visitors can use it.
fn default_base_url(table: &Table<'_>, listener: Option<&Listener>) -> Option<Url> {
    // A missing public listener is already reported.
    let listener = listener?;
    if listener.address.ip().is_unspecified() {
        let wrong = format!("base_url is missing, and {} is not an address for visitors", listener.address);
        table.refuse("", wrong, "Add base_url = \"https://status.example.com\" under [public].");
        return None;
    }
    let scheme = if listener.tls.is_some() { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{}", listener.address)).ok()
}

fn base_url(entry: Entry<'_, String>) -> Entry<'_, Url> {
    entry.convert(|text| {
        let example = "Write scheme and host only, such as \"https://status.example.com\".";
        let url = http_url(&text, example)?;
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds credentials, and it is shown to everybody", example);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return refuse(format!("must have no path, query or fragment; it is \"{text}\""), example);
        }
        Ok(url)
    })
}

fn store(root: &Table<'_>) -> Store {
    let default = Store { path: PathBuf::from(DEFAULT_STORE), written: None, raw_retention: 7 * DAY };
    let Some(table) = root.table("store") else { return default };
    Store {
        path: table.path("path").or(default.path),
        written: table
            .item("path")
            .and_then(|item| item.as_str().map(PathBuf::from))
            .filter(|path| path.is_relative()),
        raw_retention: table.duration("raw_retention").between(HOUR, 400 * DAY).or(default.raw_retention),
    }
}

pub(super) fn new_reporters(root: &Table<'_>) -> NewReporters {
    let Some(table) = root.table("agents") else { return NewReporters::default() };
    let choices = [("tell", NewReporters::Tell), ("ask", NewReporters::Ask)];
    table.choice("new_reporters", &choices).or(NewReporters::Tell)
}

pub(super) fn local_agent(root: &Table<'_>) -> Option<LocalAgent> {
    let table = root.table("local_agent")?;
    let location = table
        .string("location")
        .at_most(100)
        .convert(|location| reject_reserved(location, "Name the site or region, such as \"local\"."));
    let name = table.string("name").at_most(100);
    let name = name.convert(|name| reject_reserved(name, "Name the host or its task, such as \"local\"."));
    Some(LocalAgent {
        location: location.or("local".to_owned()),
        name: name.or("local".to_owned()),
        self_test: self_test(&table),
    })
}

/// Rejects names that `agent add` rejects, too.
fn reject_reserved(name: String, remedy: &'static str) -> Result<String, Refusal> {
    if [LOCATION, HEARTBEAT_AGENT].contains(&name.as_str()) {
        return refuse(format!("{name:?} is reserved for heartbeats"), remedy);
    }
    if !is_plain_name(&name) {
        return refuse("is not one line of plain text", remedy);
    }
    Ok(name)
}
