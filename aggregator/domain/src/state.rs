//! The state of one workspace, in memory. Loaded from the store at the start; only [`super::step`] changes it.

use super::access::ApiToken;
use super::announcement::Announcement;
use super::check_verdict::CheckVerdict;
use super::correction::Correction;
use super::credentials::{Enrolment, TokenHash};
use super::delivery::BounceRate;
use super::former::Former;
use super::heartbeat::Heartbeat;
use super::holds::Hold;
use super::incident::Incident;
use super::interval::Interval;
use super::layers::Layers;
use super::maintenance::PlannedWindow;
use super::notice::{Notice, NoticeSubject};
use super::problem::{Problem, ProblemSubject};
use super::published::Published;
use super::requests::{Answered, RequestKey};
use super::response::ResponseWindow;
use super::schedule::Schedule;
use super::series::MaintenanceSeries;
use super::shared_vec::SharedVec;
use super::subscriber::{Channel, Sensitive, Subscriber};
use super::table::Table;
use super::team::{Told, ToldKey};
use super::template::Template;
use super::time::Timestamp;
use super::verdict::Quorum;
use imbl::{OrdMap, OrdSet};

pub use super::agent::{Agent, Epoch, SelfReport};
pub use super::agent_check::{AgentCheck, LastRun, Outcomes};
pub use super::keys::{
    AgentKey, AnnouncementKey, ApiTokenKey, CheckKey, ComponentKey, CorrectionKey, Counters, DeliveryKey,
    GroupKey, HoldKey, IncidentKey, NoticeKey, PageKey, ProblemKey, SeriesKey, SubscriberKey, TemplateKey,
    TrackKey, WindowKey, WorkspaceAgent, WorkspaceKey, WorkspacePage,
};
pub use super::origin::Origin;
pub use super::page_items::{PageItem, Placed, components_of};
pub use super::settings::{ComponentSettings, PageSettings};
pub use super::workspace::Workspace;

/// The state of a workspace. A copy shares its entries with the original, so it is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The workspace itself.
    pub workspace: Workspace,
    /// Since when the aggregator is reachable; set by [`State::become_ready`]. Time before it counts as nobody's
    /// silence; see [`super::step`].
    pub ready_at: Timestamp,
    /// The aggregator's clock at the last step; it never goes back.
    pub clock: Timestamp,
    /// When this process last looked for late heartbeats. That none is late is evidence for that moment.
    pub ticked_at: Timestamp,
    /// What is due, by time.
    pub schedule: Schedule,
    /// How far the aggregator's clock may be ahead while it is unconfirmed, ms. Printed validity is reduced by it.
    pub unsure_ms: i64,
    /// When the aggregator was unreachable, in order; kept for as long as a ping may be missing in it, or a silent agent
    /// stays in the denominator because of it.
    pub blind: Vec<Interval<()>>,
    /// The greatest row key that was ever assigned in each table.
    pub counters: Counters,
    /// Agents.
    pub agents: Table<AgentKey, Agent>,
    /// Checks.
    pub checks: Table<CheckKey, Check>,
    /// The verdict of each check.
    pub verdicts: Table<CheckKey, CheckVerdict>,
    /// Heartbeats, by check.
    pub heartbeats: Table<CheckKey, Heartbeat>,
    /// Tracks.
    pub tracks: Table<TrackKey, AgentCheck>,
    /// Pages.
    pub pages: Table<PageKey, Page>,
    /// Groups, archived ones included.
    pub groups: Table<GroupKey, Group>,
    /// Components, archived ones included.
    pub components: Table<ComponentKey, Component>,
    /// Planned windows, past ones included.
    pub windows: Table<WindowKey, PlannedWindow>,
    /// Planned windows that are neither completed nor cancelled, or that begin again.
    pub open_windows: OrdSet<WindowKey>,
    /// Series of planned windows, ended ones included.
    pub series: Table<SeriesKey, MaintenanceSeries>,
    /// All windows of series.
    pub series_windows: OrdSet<(SeriesKey, WindowKey)>,
    /// Problems, ended ones included.
    pub problems: Table<ProblemKey, Problem>,
    /// The open problem of each subject.
    pub open_problems: OrdMap<ProblemSubject, ProblemKey>,
    /// All problems by subject.
    pub problems_of: OrdSet<(ProblemSubject, ProblemKey)>,
    /// The incidents that announce a problem.
    pub announced_in: OrdSet<(ProblemKey, IncidentKey)>,
    /// Incidents, resolved ones and drafts included.
    pub incidents: Table<IncidentKey, Incident>,
    /// Incidents that are not resolved, drafts included.
    pub open_incidents: OrdSet<IncidentKey>,
    /// What visitors see of the incidents.
    pub published_incidents: Published<IncidentKey>,
    /// What visitors see of the planned windows.
    pub published_windows: Published<WindowKey>,
    /// Corrections of the past, undone ones included.
    pub corrections: Table<CorrectionKey, Correction>,
    /// Announcements, ended ones included.
    pub announcements: Table<AnnouncementKey, Announcement>,
    /// Templates of incidents.
    pub templates: Table<TemplateKey, Template>,
    /// Enrolment tokens.
    pub enrolments: Table<TokenHash, Enrolment>,
    /// Token hashes of heartbeat addresses, by check name.
    pub heartbeat_tokens: Table<String, TokenHash>,
    /// Agents by the hash of their credential.
    pub credentials: Table<TokenHash, AgentKey>,
    /// Check names of heartbeat addresses, by token hash.
    pub heartbeat_addresses: Table<TokenHash, String>,
    /// Tokens of the REST API.
    pub api_tokens: Table<ApiTokenKey, ApiToken>,
    /// Tokens of the REST API by the hash of their secret.
    pub token_hashes: Table<TokenHash, ApiTokenKey>,
    /// Answers to requests that may be sent again.
    pub answers: Table<RequestKey, Answered>,
    /// The same requests by the time of their answer.
    pub answers_by_age: OrdSet<(Timestamp, RequestKey)>,
    /// Subscribers.
    pub subscribers: Table<SubscriberKey, Subscriber>,
    /// Subscribers by page.
    pub page_subscribers: OrdSet<(PageKey, SubscriberKey)>,
    /// Subscribers by id.
    pub subscriber_ids: OrdMap<String, SubscriberKey>,
    /// Subscribers by their addresses.
    pub subscriber_addresses: OrdMap<(PageKey, Channel, Sensitive), SubscriberKey>,
    /// Subscribers by when a link was or will be sent to them.
    pub link_times: OrdSet<(Timestamp, SubscriberKey)>,
    /// The same of mailboxes and of hosts that are spared, by mailbox or host.
    pub host_link_times: OrdSet<(String, Timestamp, SubscriberKey)>,
    /// Keyed digests of addresses to which nothing is sent, since they bounced or complained; and since when.
    pub suppressed: Table<[u8; 32], Timestamp>,
    /// Notices, those whose deliveries are made included.
    pub notices: Table<NoticeKey, Notice>,
    /// Notices whose deliveries are not all made.
    pub open_notices: OrdSet<NoticeKey>,
    /// Notices by subject.
    pub subject_notices: OrdSet<(NoticeSubject, NoticeKey)>,
    /// What the receivers of the team were told.
    pub told: Table<ToldKey, Told>,
    /// How many mails of this hour bounced; not stored.
    pub bounces: BounceRate,
    /// Checks by name.
    pub check_names: Table<String, CheckKey>,
    /// Tracks by agent and check.
    pub track_of: Table<(AgentKey, CheckKey), TrackKey>,
    /// Tracks by the name of each check that they depend on.
    pub dependents: OrdSet<(String, TrackKey)>,
}

/// A check, regardless of which agents run it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name, unique in the workspace.
    pub name: String,
    /// How many locations must agree.
    pub quorum: Quorum,
    /// Former quorums.
    pub former_quorums: Vec<Former<Quorum>>,
    /// The definition in force among its reporters.
    pub definition: Vec<u8>,
    /// The definition in the aggregator's configuration.
    pub file_definition: Option<Vec<u8>>,
    /// The definition that an operator chose.
    pub chosen_definition: Option<Vec<u8>>,
    /// The agents that run it or ran it.
    pub tracks: Vec<TrackKey>,
    /// Components that it feeds or fed.
    pub components: Vec<ComponentKey>,
}

impl Check {
    /// A check that no agent has reported yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
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
    /// Its key in the configuration file; of one made at run time, its id.
    pub key: String,
    /// Who owns its settings.
    pub origin: Origin,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it first became public. `None`: never.
    pub public_since: Option<Timestamp>,
    /// No longer in the configuration file, or archived at run time.
    pub archived: bool,
    /// Its settings.
    pub settings: PageSettings,
    /// Order on the page: what the file declares, in its order, then what was made at run time.
    pub items: Vec<PageItem>,
    /// The link by which it is seen before visitors see it; it may have expired.
    pub preview: Option<Preview>,
}

/// A link by which whoever has it sees a page before visitors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Tells it from all other links.
    pub nonce: [u8; 16],
    /// It is valid until then.
    pub until: Timestamp,
}

/// A group of components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The page.
    pub page: PageKey,
    /// Its key in the configuration file; of one made at run time, its id.
    pub key: String,
    /// Who owns its settings.
    pub origin: Origin,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// No longer in the configuration file, or archived at run time.
    pub archived: bool,
}

/// A user-facing part of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The page.
    pub page: PageKey,
    /// Its key in the configuration file; of one made at run time, its id.
    pub key: String,
    /// Who owns its settings.
    pub origin: Origin,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// No longer in the configuration file, or archived at run time.
    pub archived: bool,
    /// Its settings.
    pub settings: ComponentSettings,
    /// Checks that feed it, each with the time of its link.
    pub links: Vec<Link>,
    /// When labels chose its checks: nothing is known of it while none is chosen.
    pub selected: Vec<Interval<()>>,
    /// The layers of its status.
    pub layers: Layers,
    /// Statuses that were set from outside, in the order in which they were set.
    pub holds: SharedVec<Hold>,
    /// Its planned windows.
    pub windows: SharedVec<WindowKey>,
    /// Beginnings and ends of holds and windows have been processed up to here.
    pub noticed: Timestamp,
    /// The windows of the chart of its response times, where it is shown.
    pub response: SharedVec<ResponseWindow>,
}

impl Component {
    /// Whether checks currently decide its status; otherwise only people and hooks set it.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.settings.selector.is_some() || self.links.iter().any(|link| link.to == Timestamp::FAR)
    }
}

/// A link: a check feeds a component for a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The check.
    pub check: CheckKey,
    /// An outage of the check only degrades the component.
    pub minor: bool,
    /// From here.
    pub from: Timestamp,
    /// To here; [`Timestamp::FAR`] while it holds.
    pub to: Timestamp,
}

impl State {
    /// The state of a new workspace.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace, ..Self::default() }
    }

    /// When an agent last reported something conclusive, counting or not. For a heartbeat: when the aggregator last
    /// found no ping late.
    #[must_use]
    pub fn said_at(&self, agent_check: &AgentCheck) -> Option<Timestamp> {
        let said = agent_check.said_at();
        let ours = !agent_check.track.silent
            && self.heartbeats.contains_key(&agent_check.check)
            && self.agents[&agent_check.agent].is_heartbeat_agent();
        if ours { said.max(said.map(|_| self.ticked_at)) } else { said }
    }

    /// The newest conclusive evidence; `None` if the agent does not count.
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
