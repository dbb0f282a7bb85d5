//! The aggregator's configuration: plain values, read strictly, with the position of each declaration.
//! [`load`] reads all files and reports all problems at once. It opens nothing but the configuration files, and the images
//! and style sheets of pages; of files with secrets it checks the permissions, and what a hash in
//! `password_file` costs.

mod audience;
mod branding;
mod edge;
mod incidents;
mod load;
mod mail;
mod page;
mod provenance;
mod proxies;
mod receivers;
mod routes;
mod rules;
mod server;
mod templates;
pub(crate) mod values;

use skerry_agent::self_test::SelfTestSettings;
use skerry_domain::branding::Branding;
use skerry_protocol::check::{Check, Kind, Severity};
use skerry_protocol::strict::{Position, Problem};
use skerry_web::TrustedProxies;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub use audience::Audience;
pub(crate) use edge::KEYS;
pub use edge::{Export, Purge, S3};
pub use load::{EVERY_KEY, known_keys, load};
pub use mail::{
    BounceSettings, DkimSettings, LmtpAddress, MailSettings, RelaySettings, SubscriberSettings, Transport,
};
pub use page::LabelSelector;
pub use provenance::{Provenance, Section};
pub use receivers::{Receiver, ReceiverKind, SecretUrl};
pub use routes::{About, Route};
pub use templates::IncidentTemplate;

/// The configuration, and the warnings about it.
#[derive(Debug)]
pub struct Loaded {
    /// One per file and workspace, in the order of the files. `listeners`, `public` and `store` come from the first file
    /// and are the same in all.
    pub configs: Vec<Config>,
    /// They do not prevent the start; `check-config --strict` fails for them.
    pub warnings: Vec<Problem>,
}

/// The configuration of one workspace.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the workspace.
    pub workspace: String,
    /// Never empty.
    pub listeners: Vec<Listener>,
    /// The addresses for visitors.
    pub public: Public,
    /// The database.
    pub store: Store,
    /// A file whose first line is the token that `/metrics` requires; `None` if everybody may read the metrics.
    pub metrics_token_file: Option<PathBuf>,
    /// How many requests a token of the REST API may send per minute.
    pub requests_per_minute: NonZeroU32,
    /// Copies of the public side.
    pub exports: Vec<Export>,
    /// Caches in front that are told what changed.
    pub purges: Vec<Purge>,
    /// What is called every minute while the aggregator is ready.
    pub dead_man_switch: Option<Url>,
    /// How mails leave and bounces come back. `None`: there is no mail.
    pub mail: Option<MailSettings>,
    /// Where webhooks of subscribers may lead.
    pub subscribers: SubscriberSettings,
    /// The built-in agent.
    pub local_agent: Option<LocalAgent>,
    /// How agents are treated that begin to report checks of others.
    pub new_reporters: NewReporters,
    /// What happens to incidents by itself.
    pub incidents: Incidents,
    /// The section `[incidents]`, if the file has it.
    pub incidents_at: Option<Position>,
    /// By what the team hears of conditions, in the order of the file.
    pub receivers: Vec<Receiver>,
    /// Which conditions they hear of, in the order of the file.
    pub routes: Vec<Route>,
    /// What texts for the public must not contain.
    pub sanitiser: Sanitiser,
    /// The section `[sanitiser]`, if the file has it.
    pub sanitiser_at: Option<Position>,
    /// In the order of the file.
    pub checks: Vec<CheckEntry>,
    /// In the order of the file.
    pub pages: Vec<Page>,
    /// In the order of the file.
    pub templates: Vec<IncidentTemplate>,
    /// The key `workspace`, or the beginning of the file.
    pub declared_at: Position,
}

impl Config {
    /// The checks that the built-in agent runs: those of its location.
    pub fn local_checks(&self) -> impl Iterator<Item = &Check> {
        let location = self.local_agent.as_ref().map(|agent| agent.location.as_str());
        let checks = self.checks.iter().map(|entry| &entry.check);
        let run = checks.filter(|check| !matches!(check.kind, Kind::Heartbeat(_)));
        run.filter(move |check| location.is_some_and(|location| check.runs_at(location)))
    }
}

/// A socket and what it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Address and port; port 0 is any free one.
    pub address: SocketAddr,
    /// Never empty.
    pub serves: Vec<Role>,
    /// `None` for plain HTTP.
    pub tls: Option<ListenerTls>,
    /// Agents of other hosts may use plain HTTP: no certificate is generated.
    pub allow_plaintext: bool,
    /// Names under which readiness and metrics answer, beside those of pages and addresses; lower case.
    pub allowed_hosts: Vec<String>,
    /// The proxies before it.
    pub proxies: TrustedProxies,
}

/// Certificate and key of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// PEM chain, leaf first.
    pub certificate: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

/// What a listener may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `public`: pages and their data.
    Public,
    /// `agents`: ingest.
    Agents,
    /// `hooks`: inbound alerts and heartbeats.
    Hooks,
    /// `api`: the REST API.
    Api,
    /// `admin`: the admin side, health and metrics.
    Admin,
}

impl Role {
    /// Names in the configuration.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("public", Self::Public),
        ("agents", Self::Agents),
        ("hooks", Self::Hooks),
        ("api", Self::Api),
        ("admin", Self::Admin),
    ];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Agents => "agents",
            Self::Hooks => "hooks",
            Self::Api => "api",
            Self::Admin => "admin",
        }
    }
}

/// The addresses for visitors. Absolute URLs are built from these, never from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Scheme, host and port; its path is `/`.
    pub base_url: Url,
    /// Pages are also served at `<slug>.<base_domain>`; lower case.
    pub base_domain: Option<String>,
}

impl Public {
    /// The hosts that belong to a page with this slug and domain.
    #[must_use]
    pub fn hosts_of(&self, slug: &str, domain: Option<&str>) -> Vec<String> {
        let below_base = self.base_domain.as_ref().map(|base| format!("{slug}.{base}"));
        let own = domain.map(str::to_owned).filter(|own| below_base.as_ref() != Some(own));
        below_base.into_iter().chain(own).collect()
    }
}

/// The settings of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
    /// The path as written, if it is relative. It is relative to the file; former versions took it relative to the working
    /// directory.
    pub written: Option<PathBuf>,
    /// How long raw observations are kept; roll-ups stay.
    pub raw_retention: Duration,
}

/// The built-in agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAgent {
    /// Unique in the workspace.
    pub name: String,
    /// The failure domain.
    pub location: String,
    /// How it distinguishes failures of its own network from those of a target.
    pub self_test: SelfTestSettings,
}

/// How agents are treated that begin to report a check which others report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewReporters {
    /// The agent counts if its definition of the check is the same, and operators are informed.
    #[default]
    Tell,
    /// The agent counts once an operator allows it.
    Ask,
}

/// What happens to incidents by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incidents {
    /// The least severity of a problem for which a draft is made; `None`: never.
    pub draft_from: Option<Severity>,
    /// The least severity of a problem whose incident is published without approval; `None`: never.
    pub publish_from: Option<Severity>,
    /// How long an untouched incident stays in `monitoring`.
    pub resolve_after: Duration,
    /// After how long without an update the owner of a published incident is reminded.
    pub remind_after: Duration,
}

/// What texts for the public must not contain, beside what no text may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sanitiser {
    /// Endings of private host names.
    pub private_suffixes: Vec<String>,
    /// Regular expressions of what is secret.
    pub secret_patterns: Vec<String>,
}

/// A declared check with its quorum.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckEntry {
    /// As agents run it.
    pub check: Check,
    /// For the verdict "down".
    pub quorum: Quorum,
    /// The position in the file.
    pub declared_at: Position,
}

/// How many locations must report "down" for the verdict "down".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// More than half.
    Majority,
    /// One is enough.
    Any,
    /// Every one.
    All,
    /// This many, at least 1.
    Number(u32),
}

/// A status page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Unique in the workspace; determines its id.
    pub key: String,
    /// The page's part of URLs; unique over all workspaces.
    pub slug: String,
    /// Shown to visitors.
    pub name: String,
    /// Everybody may see it.
    pub public: bool,
    /// Who may see it, if some may and not everybody.
    pub audience: Option<Audience>,
    /// Its address in links, without a slash at the end, if it answers behind a proxy of its owner.
    pub external_url: Option<String>,
    /// Search engines are asked not to list it.
    pub noindex: bool,
    /// It is in the directory of pages.
    pub listed: bool,
    /// It is served at `/` of every host that does not belong to a page. At most one page of all files has this.
    pub root: bool,
    /// Valid IANA name of the zone of its days and clock times.
    pub time_zone: String,
    /// A host name of its own, lower case.
    pub domain: Option<String>,
    /// The target of "Get help": http, https or mailto.
    pub support_url: Option<String>,
    /// The privacy policy, linked where visitors subscribe: http or https.
    pub privacy_url: Option<String>,
    /// Sources for `frame-ancestors`.
    pub frame_ancestors: Vec<String>,
    /// BCP 47 tag.
    pub language: String,
    /// Its look.
    pub branding: Branding,
    /// How uptime is computed.
    pub uptime_rule: UptimeRule,
    /// The weight of a partial outage in percent.
    pub partial_percent: u32,
    /// The weight of a major outage in percent.
    pub major_percent: u32,
    /// In the order of the file.
    pub items: Vec<Item>,
    /// The position in the file.
    pub declared_at: Position,
}

/// How uptime is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UptimeRule {
    /// As a share of the observed time.
    Observed,
    /// By Statuspage's rule.
    Statuspage,
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Rows under one heading.
    Group(Group),
    /// A component.
    Component(Component),
}

/// A group of components.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Unique in the page, among groups and components.
    pub key: String,
    /// Shown to visitors.
    pub name: String,
    /// A sentence, shown to visitors.
    pub description: Option<String>,
    /// Its components and the groups inside it, in the order of the file; a group inside another has components only.
    pub items: Vec<Item>,
    /// The position in the file.
    pub declared_at: Position,
}

/// A component of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Unique in the page, among groups and components; determines its id.
    pub key: String,
    /// Shown to visitors.
    pub name: String,
    /// A sentence, shown to visitors.
    pub description: Option<String>,
    /// Visitors may see it.
    pub public: bool,
    /// The checks linked to it; if there are none and labels choose none, people set its status.
    pub links: Vec<Link>,
    /// The labels that choose its checks.
    pub selector: Option<LabelSelector>,
    /// The file declares that people set its status.
    pub manual: bool,
    /// Nothing before this day counts.
    pub start_date: Option<jiff::civil::Date>,
    /// Its page has a response-time chart.
    pub response_time: bool,
    /// Its uptime is shown.
    pub showcase: bool,
    /// It is shown only while it is not operational.
    pub only_show_if_degraded: bool,
    /// The position in the file.
    pub declared_at: Position,
}

/// A link from a component to a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The name of the check in the workspace; an agent may declare it.
    pub check: String,
    /// `weight = "minor"`: if it is down, the component is only degraded.
    pub minor: bool,
    /// The position in the file.
    pub declared_at: Position,
}

#[cfg(test)]
mod tests;
