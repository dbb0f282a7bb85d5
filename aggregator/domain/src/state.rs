//! Everything the engine holds to be true, in memory. Loaded from the store at the start and changed
//! by [`super::step`] alone.

use super::check_verdict::CheckVerdict;
use super::credentials::{Enrolment, TokenHash};
use super::former::Former;
use super::heartbeat::Heartbeat;
use super::holds::{Hold, PlannedWindow};
use super::interval::Interval;
use super::layers::Layers;
use super::schedule::Schedule;
use super::shared_vec::SharedVec;
use super::table::Table;
use super::time::Timestamp;
use super::verdict::Quorum;

pub use super::agent::{Agent, Epoch, SelfReport};
pub use super::agent_check::{AgentCheck, LastRun, Outcomes};
pub use super::keys::{
    AgentKey, CheckKey, ComponentKey, Counters, GroupKey, HoldKey, PageKey, TrackKey, WindowKey, WorkspaceKey,
};

/// The whole state. A copy shares its entries with the original, so it is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Since when we can be reached; set by [`State::become_ready`]. No agent is called silent for the time before; see
    /// [`super::step`].
    pub ready_at: Timestamp,
    /// Our own clock as `step` last saw it; it never goes back.
    pub clock: Timestamp,
    /// When this process last looked whether a heartbeat is late: that none is, is evidence of that moment.
    pub ticked_at: Timestamp,
    /// What is due when.
    pub schedule: Schedule,
    /// How far our own clock may be ahead, ms, while nothing confirms it: no validity is printed beyond it.
    pub unsure_ms: i64,
    /// When we could not be called, in order; as far back as a call may be missing.
    pub blind: Vec<Interval<()>>,
    /// The greatest row key that was ever given in each table.
    pub counters: Counters,
    /// Workspaces.
    pub workspaces: Table<WorkspaceKey, Workspace>,
    /// Agents.
    pub agents: Table<AgentKey, Agent>,
    /// Checks.
    pub checks: Table<CheckKey, Check>,
    /// What is held to be true of each check.
    pub verdicts: Table<CheckKey, CheckVerdict>,
    /// Checks that wait to be called.
    pub heartbeats: Table<CheckKey, Heartbeat>,
    /// Tracks.
    pub tracks: Table<TrackKey, AgentCheck>,
    /// Pages.
    pub pages: Table<PageKey, Page>,
    /// Groups, archived ones included.
    pub groups: Table<GroupKey, Group>,
    /// Components, archived ones included.
    pub components: Table<ComponentKey, Component>,
    /// Planned windows, those that ended included.
    pub windows: Table<WindowKey, PlannedWindow>,
    /// Tokens by which agents enrol.
    pub enrolments: Table<TokenHash, Enrolment>,
    /// The token of each heartbeat's address, by workspace and name of the check.
    pub heartbeat_tokens: Table<(WorkspaceKey, String), TokenHash>,
    /// Agents by the hash of what they deliver with.
    pub credentials: Table<TokenHash, AgentKey>,
    /// Heartbeats by the token of their address.
    pub heartbeat_addresses: Table<TokenHash, (WorkspaceKey, String)>,
    /// Checks by workspace and name.
    pub check_names: Table<(WorkspaceKey, String), CheckKey>,
    /// Tracks by agent and check.
    pub track_of: Table<(AgentKey, CheckKey), TrackKey>,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// An agent that begins to report a check of others waits until an operator allows it.
    pub asks: bool,
}

/// What is measured, whoever runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The workspace it belongs to.
    pub workspace: WorkspaceKey,
    /// Its name, unique in the workspace.
    pub name: String,
    /// How many locations make it down.
    pub quorum: Quorum,
    /// What must agree before.
    pub former_quorums: Vec<Former<Quorum>>,
    /// The definition that holds among those who report it.
    pub definition: Vec<u8>,
    /// The one that the aggregator's file declares.
    pub file_definition: Option<Vec<u8>>,
    /// The one that an operator chose.
    pub chosen_definition: Option<Vec<u8>>,
    /// Who runs it, now or before.
    pub tracks: Vec<TrackKey>,
    /// Components it feeds, now or before.
    pub components: Vec<ComponentKey>,
}

impl Check {
    /// A check that nobody has reported yet.
    #[must_use]
    pub fn new(workspace: WorkspaceKey, name: &str) -> Self {
        Self {
            workspace,
            name: name.to_owned(),
            quorum: Quorum::default(),
            former_quorums: Vec::new(),
            definition: Vec::new(),
            file_definition: None,
            chosen_definition: None,
            tracks: Vec::new(),
            components: Vec::new(),
        }
    }
}

/// A status page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The workspace it belongs to.
    pub workspace: WorkspaceKey,
    /// Its key in the file.
    pub key: String,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it first was public. `None`: it never was.
    pub public_since: Option<Timestamp>,
    /// No longer in the file.
    pub archived: bool,
    /// What the file says.
    pub settings: PageSettings,
    /// Order on the page.
    pub items: Vec<PageItem>,
}

/// What the configuration says of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageSettings {
    /// Path segment and default sub-domain.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Visible to everyone.
    pub public: bool,
    /// Stands in the index of pages.
    pub listed: bool,
    /// Answers at `/` too, on every host that is no page's own. At most one page does.
    pub root: bool,
    /// Its own host.
    pub domain: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// "Get help".
    pub support_url: Option<String>,
    /// Who may show it in a frame.
    pub frame_ancestors: Vec<String>,
    /// BCP 47.
    pub language: String,
    /// Uptime rule.
    pub rule: super::uptime::Rule,
    /// Uptime weights.
    pub weights: super::uptime::Weights,
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageItem {
    /// A group and its components, in order.
    Group(GroupKey, Vec<ComponentKey>),
    /// A component on its own.
    Component(ComponentKey),
}

/// A group of components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The page.
    pub page: PageKey,
    /// Its key in the file.
    pub key: String,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// No longer in the file.
    pub archived: bool,
}

/// A user-facing part of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The page.
    pub page: PageKey,
    /// Its key in the file.
    pub key: String,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// No longer in the file.
    pub archived: bool,
    /// What the file says.
    pub settings: ComponentSettings,
    /// Checks that feed it, each with its time.
    pub links: Vec<Link>,
    /// The layers of its status.
    pub layers: Layers,
    /// The statuses that were set from outside, in the order in which they were.
    pub holds: SharedVec<Hold>,
    /// Its planned windows.
    pub windows: SharedVec<WindowKey>,
    /// The ends of holds, and beginnings and ends of windows, were noticed up to here.
    pub noticed: Timestamp,
    /// Median and 95th percentile of the response time by hour, where it is shown.
    pub response: SharedVec<ResponseHour>,
}

impl Component {
    /// A check feeds it now; otherwise people and hooks alone speak for it.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.links.iter().any(|link| link.to == Timestamp::FAR)
    }
}

/// What the configuration says of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentSettings {
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// Shown to visitors.
    pub public: bool,
    /// Nothing before this day counts.
    pub start_date: Option<jiff::civil::Date>,
    /// The chart is shown.
    pub response_time: bool,
    /// Uptime is shown.
    pub showcase: bool,
    /// Left out while it is operational.
    pub only_show_if_degraded: bool,
}

/// A check feeds a component from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The check.
    pub check: CheckKey,
    /// Its outage only degrades.
    pub minor: bool,
    /// From here.
    pub from: Timestamp,
    /// To here; [`Timestamp::FAR`] while it holds.
    pub to: Timestamp,
}

/// Response times of one hour, or of less while a chart is young, µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHour {
    /// Its start.
    pub hour: Timestamp,
    /// For how long, ms; the same throughout a chart.
    pub length: i64,
    /// Median, µs.
    pub p50_us: u64,
    /// 95th percentile, µs.
    pub p95_us: u64,
}

impl State {
    /// When an agent last said something conclusive, whether or not that counts. Of a heartbeat it is we who know that
    /// no call is late.
    #[must_use]
    pub fn said_at(&self, agent_check: &AgentCheck) -> Option<Timestamp> {
        let said = agent_check.said_at();
        let ours = !agent_check.track.silent
            && self.heartbeats.contains_key(&agent_check.check)
            && self.agents[&agent_check.agent].is_heartbeat_agent();
        if ours { said.max(said.map(|_| self.ticked_at)) } else { said }
    }

    /// Newest conclusive evidence; none of one that does not count.
    #[must_use]
    pub fn evidence(&self, agent_check: &AgentCheck) -> Option<Timestamp> {
        if agent_check.held.is_some() { None } else { self.said_at(agent_check) }
    }

    /// The tracks of an agent, with their checks.
    pub fn tracks_of(&self, agent: AgentKey) -> impl Iterator<Item = (CheckKey, TrackKey)> {
        let all = (agent, CheckKey(i64::MIN))..=(agent, CheckKey(i64::MAX));
        self.track_of.range(all).map(|((_, check), track)| (*check, *track))
    }
}
