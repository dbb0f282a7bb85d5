//! The aggregator's configuration: plain values, read strictly, with the place of each declaration.
//!
//! [`load`] reads every file and says all that is wrong at once. Nothing here is watched, bound or opened
//! beyond the configuration files themselves; files that hold secrets are looked at, never read.

mod load;
mod page;
mod rules;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use skerry_agent::self_test::SelfTestSettings;
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::strict::{Position, Problem};
use url::Url;

pub use load::{EVERY_KEY, known_keys, load};

/// What the files say, and what is doubtful in them.
#[derive(Debug)]
pub struct Loaded {
    /// One per file and workspace, in the order of the files. `listeners`, `public` and `store` belong to
    /// the process: they stand in the first file and are the same in all.
    pub configs: Vec<Config>,
    /// Doubts that do not hinder the start; `check-config --strict` refuses them.
    pub warnings: Vec<Problem>,
}

/// The configuration of one workspace.
#[derive(Clone, Debug)]
pub struct Config {
    /// The workspace that this file belongs to.
    pub workspace: String,
    /// Where the process listens.
    pub listeners: Vec<Listener>,
    /// Under which addresses visitors know us.
    pub public: Public,
    /// Where the state is kept.
    pub store: Store,
    /// File whose first line is what `/metrics` asks for; everybody may read them where there is none.
    pub metrics_token_file: Option<PathBuf>,
    /// The built-in agent, if there is one.
    pub local_agent: Option<LocalAgent>,
    /// What becomes of an agent that begins to report a check of others.
    pub new_reporters: NewReporters,
    /// Declared checks, in the file's order.
    pub checks: Vec<CheckEntry>,
    /// Declared pages, in the file's order.
    pub pages: Vec<Page>,
    /// Where the workspace is named, or the file's beginning.
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
    /// Plain HTTP when absent.
    pub tls: Option<ListenerTls>,
    /// Agents of other hosts may speak plain HTTP to it: no certificate of our own is made.
    pub allow_plaintext: bool,
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
    /// `public`: what a CDN fetches.
    Public,
    /// `agents`: ingest.
    Agents,
    /// `hooks`: inbound alerts and heartbeats.
    Hooks,
    /// `admin`: the admin side, health and metrics.
    Admin,
}

impl Role {
    /// Names in the configuration.
    pub const NAMES: [(&'static str, Self); 4] =
        [("public", Self::Public), ("agents", Self::Agents), ("hooks", Self::Hooks), ("admin", Self::Admin)];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Agents => "agents",
            Self::Hooks => "hooks",
            Self::Admin => "admin",
        }
    }
}

/// Under which addresses visitors know us; absolute URLs come from here, never from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Scheme, host and port; its path is `/`.
    pub base_url: Url,
    /// A page answers at `<slug>.<base_domain>` too; lower case.
    pub base_domain: Option<String>,
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
    /// The same as it is written, where that is relative to the file: to the working directory it was once.
    pub written: Option<PathBuf>,
    /// How long raw observations are kept; roll-ups stay.
    pub raw_retention: Duration,
}

/// The built-in agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAgent {
    /// Its name.
    pub name: String,
    /// The failure domain that it stands in.
    pub location: String,
    /// How it tells its own network's failure from a target's.
    pub self_test: SelfTestSettings,
}

/// What becomes of an agent that begins to report a check which others report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewReporters {
    /// It counts, if it defines the check as they do, and operators are told.
    #[default]
    Tell,
    /// It counts once an operator allows it.
    Ask,
}

/// A declared check and how many locations decide on it.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckEntry {
    /// The check.
    pub check: Check,
    /// How many locations must say so.
    pub quorum: Quorum,
    /// Where it is declared.
    pub declared_at: Position,
}

/// How many locations must say "down" for the verdict to be down.
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
    /// Unique in the workspace; its id hangs on it.
    pub key: String,
    /// Its place in addresses; unique over all workspaces.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Visitors may see it.
    pub public: bool,
    /// It stands in the index of pages.
    pub listed: bool,
    /// It answers at `/` of every host that is no page's own. Of all files one page at most does.
    pub root: bool,
    /// IANA name of the zone that its days and clock times are in; known to be valid.
    pub time_zone: String,
    /// Its own host name, lower case.
    pub domain: Option<String>,
    /// Where "Get help" leads: http, https or mailto.
    pub support_url: Option<String>,
    /// Origins whose pages may show this one in a frame, as a policy names them.
    pub frame_ancestors: Vec<String>,
    /// BCP 47 tag.
    pub language: String,
    /// How uptime is worked out.
    pub uptime_rule: UptimeRule,
    /// What a partial outage counts, percent.
    pub partial_percent: u32,
    /// What a major outage counts, percent.
    pub major_percent: u32,
    /// Groups and components in the order of the text.
    pub items: Vec<Item>,
    /// Where it is declared.
    pub declared_at: Position,
}

impl Page {
    /// Every component, in groups and out of them, in the order of the text.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.items.iter().flat_map(|item| match item {
            Item::Group(group) => group.components.as_slice(),
            Item::Component(component) => std::slice::from_ref(component),
        })
    }
}

/// How uptime is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UptimeRule {
    /// Of the time that was observed.
    Observed,
    /// Statuspage's own.
    Statuspage,
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Components under one heading.
    Group(Group),
    /// A component that stands alone.
    Component(Component),
}

/// A group of components.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Unique in the page, among groups and components.
    pub key: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// In the order of the text.
    pub components: Vec<Component>,
    /// Where it is declared.
    pub declared_at: Position,
}

/// A component of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Unique in the page, among groups and components; its id hangs on it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// Visitors may see it.
    pub public: bool,
    /// The checks that feed it; none: people set its status.
    pub links: Vec<Link>,
    /// The file says that people set its status.
    pub manual: bool,
    /// Nothing before this day counts.
    pub start_date: Option<jiff::civil::Date>,
    /// Its page has a response-time chart.
    pub response_time: bool,
    /// Its uptime is shown.
    pub showcase: bool,
    /// It is shown only while it is not operational.
    pub only_show_if_degraded: bool,
    /// Where it is declared.
    pub declared_at: Position,
}

/// A check that feeds a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The check's name in the workspace; an agent may declare it.
    pub check: String,
    /// `weight = "minor"`: its outage only degrades.
    pub minor: bool,
    /// Where the link is written.
    pub declared_at: Position,
}

#[cfg(test)]
mod tests;
