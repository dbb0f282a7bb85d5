//! Collects, during a step, the events and the rows to write. The rows themselves are made from the state at the end of
//! the step, so that each is written once, in its final form.

use super::selection::Relabelled;
use super::{Change, Folded};
use crate::credentials::TokenHash;
use crate::delivery::Delivery;
use crate::requests::RequestKey;
use crate::state::{
    AgentKey, AnnouncementKey, ApiTokenKey, CheckKey, ComponentKey, CorrectionKey, GroupKey, HoldKey,
    IncidentKey, NoticeKey, PageKey, ProblemKey, SeriesKey, SubscriberKey, TemplateKey, TrackKey, WindowKey,
};
use crate::team::ToldKey;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The changes of a step, collected while it runs.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Events, in order.
    pub(super) events: Vec<Change>,
    /// Rows to write.
    pub(super) touched: Touched,
    /// Who asked, as in the audit. `None`: an agent or the program.
    pub(super) author: Option<String>,
    /// The agent that reports.
    pub(super) reporter: Option<AgentKey>,
    /// What changes which checks components choose.
    pub(super) relabelled: Relabelled,
    /// Checks whose past was judged anew: it may no longer explain failures of others.
    pub(super) rejudged: BTreeSet<CheckKey>,
}

impl Changes {
    /// Adds an event. A saved page, group or component also touches its row.
    pub(super) fn push(&mut self, change: Change) {
        match &change {
            Change::PageSaved(page) => self.touched.page(*page),
            Change::GroupSaved(group) => self.touched.group(*group),
            Change::ComponentSaved(component) => self.touched.component(*component),
            _ => {}
        }
        self.events.push(change);
    }

    pub(super) fn extend(&mut self, changes: impl IntoIterator<Item = Change>) {
        changes.into_iter().for_each(|change| self.push(change));
    }
}

/// The rows to write, by the entity that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Whether the workspace itself changed.
    pub(crate) workspace: bool,
    /// Agents, with their former locations.
    pub(crate) agents: BTreeSet<AgentKey>,
    /// Spools; one that the state no longer has is deleted.
    pub(crate) epochs: BTreeSet<(AgentKey, [u8; 16])>,
    /// Checks, with their former quorums.
    pub(crate) checks: BTreeSet<CheckKey>,
    /// Heartbeats; one that the state no longer has is deleted.
    pub(crate) heartbeats: BTreeSet<CheckKey>,
    /// Agents whose permissions to join others changed.
    pub(crate) allowed: BTreeSet<AgentKey>,
    /// Checks for which an operator chose a definition.
    pub(crate) chosen: BTreeSet<CheckKey>,
    /// Enrolment tokens; one that the state no longer has is deleted.
    pub(crate) enrolments: BTreeSet<TokenHash>,
    /// Addresses of heartbeats; one that the state no longer has is deleted.
    pub(crate) heartbeat_tokens: BTreeSet<String>,
    /// Whether the list of absences of the aggregator changed.
    pub(crate) blind: bool,
    /// Tracks, with the instant from which spans and flapping changed; [`Timestamp::FAR`]: neither changed.
    pub(crate) tracks: BTreeMap<TrackKey, Timestamp>,
    /// Tracks whose newest two declarations changed.
    pub(crate) declared: BTreeSet<TrackKey>,
    /// Tracks of which something was folded.
    pub(crate) folded: BTreeMap<TrackKey, Folded>,
    /// Tracks to delete.
    pub(crate) forgotten_tracks: BTreeSet<TrackKey>,
    /// Checks to delete.
    pub(crate) forgotten_checks: BTreeSet<CheckKey>,
    /// Agents to delete.
    pub(crate) forgotten_agents: BTreeSet<AgentKey>,
    /// Pages.
    pub(crate) pages: BTreeSet<PageKey>,
    /// Groups.
    pub(crate) groups: BTreeSet<GroupKey>,
    /// Components, with their links.
    pub(crate) components: BTreeSet<ComponentKey>,
    /// Components, with the instant from which their automatic layer changed.
    pub(crate) automatic: BTreeMap<ComponentKey, Timestamp>,
    /// Components, with the number of chunks that were added to their automatic layer.
    pub(crate) packed: BTreeMap<ComponentKey, usize>,
    /// Holds; one that the state no longer has is deleted.
    pub(crate) holds: BTreeSet<(ComponentKey, HoldKey)>,
    /// Problems, without their events.
    pub(crate) problems: BTreeSet<ProblemKey>,
    /// Events of problems, by number.
    pub(crate) problem_events: BTreeSet<(ProblemKey, i64)>,
    /// Problems to delete.
    pub(crate) forgotten_problems: BTreeSet<ProblemKey>,
    /// Incidents, without their timelines; one that the state no longer has is deleted with its timeline.
    pub(crate) incidents: BTreeSet<IncidentKey>,
    /// Updates of incidents, by number.
    pub(crate) incident_updates: BTreeSet<(IncidentKey, i64)>,
    /// Planned windows; one that the state no longer has is deleted.
    pub(crate) windows: BTreeSet<WindowKey>,
    /// Series of planned windows, without their windows.
    pub(crate) series: BTreeSet<SeriesKey>,
    /// Updates of planned windows, by number.
    pub(crate) window_updates: BTreeSet<(WindowKey, i64)>,
    /// Corrections.
    pub(crate) corrections: BTreeSet<CorrectionKey>,
    /// Tokens of the REST API; one that the state no longer has is deleted.
    pub(crate) api_tokens: BTreeSet<ApiTokenKey>,
    /// Answers to requests; one that the state no longer has is deleted.
    pub(crate) answers: BTreeSet<RequestKey>,
    /// Announcements; one that the state no longer has is deleted.
    pub(crate) announcements: BTreeSet<AnnouncementKey>,
    /// Templates of incidents; one that the state no longer has is deleted.
    pub(crate) templates: BTreeSet<TemplateKey>,
    /// Subscribers; one that the state no longer has is deleted.
    pub(crate) subscribers: BTreeSet<SubscriberKey>,
    /// Digests of addresses to which nothing is sent; one that the state no longer has is deleted.
    pub(crate) suppressed: BTreeSet<[u8; 32]>,
    /// Notices; one that the state no longer has is deleted.
    pub(crate) notices: BTreeSet<NoticeKey>,
    /// What receivers of the team were told; what the state no longer has is deleted.
    pub(crate) told: BTreeSet<ToldKey>,
    /// Deliveries, new or changed.
    pub(crate) deliveries: Vec<Delivery>,
}

impl Touched {
    pub(super) fn workspace(&mut self) {
        self.workspace = true;
    }

    /// With its former locations.
    pub(super) fn agent(&mut self, key: AgentKey) {
        self.agents.insert(key);
    }

    pub(super) fn epoch(&mut self, agent: AgentKey, epoch: [u8; 16]) {
        self.epochs.insert((agent, epoch));
    }

    /// With its former quorums.
    pub(super) fn check(&mut self, key: CheckKey) {
        self.checks.insert(key);
    }

    pub(super) fn heartbeat(&mut self, key: CheckKey) {
        self.heartbeats.insert(key);
    }

    pub(super) fn allowed(&mut self, key: AgentKey) {
        self.allowed.insert(key);
    }

    pub(super) fn chosen(&mut self, key: CheckKey) {
        self.chosen.insert(key);
    }

    pub(super) fn enrolment(&mut self, token: TokenHash) {
        self.enrolments.insert(token);
    }

    /// By the name of its check.
    pub(super) fn heartbeat_token(&mut self, check: &str) {
        self.heartbeat_tokens.insert(check.to_owned());
    }

    /// The absences of the aggregator.
    pub(super) fn blind(&mut self) {
        self.blind = true;
    }

    /// The row of the track itself.
    pub(super) fn track(&mut self, key: TrackKey) {
        self.tracks.entry(key).or_insert(Timestamp::FAR);
    }

    /// The track's row, and its spans and flapping from an instant on.
    pub(super) fn spans(&mut self, key: TrackKey, from: Timestamp) {
        recompute_from(&mut self.tracks, key, from);
    }

    /// The track's row and its declarations.
    pub(super) fn declared(&mut self, key: TrackKey) {
        self.track(key);
        self.declared.insert(key);
    }

    pub(super) fn folded(&mut self, key: TrackKey, folded: Folded) {
        self.folded.insert(key, folded);
    }

    /// Deletes it; no other row of it is written.
    pub(super) fn forgotten_track(&mut self, key: TrackKey) {
        self.tracks.remove(&key);
        self.declared.remove(&key);
        self.folded.remove(&key);
        self.forgotten_tracks.insert(key);
    }

    /// Deletes it; no other row of it is written.
    pub(super) fn forgotten_check(&mut self, key: CheckKey) {
        self.checks.remove(&key);
        self.heartbeats.remove(&key);
        self.forgotten_checks.insert(key);
    }

    /// Deletes it; no other row of it is written.
    pub(super) fn forgotten_agent(&mut self, key: AgentKey) {
        self.agents.remove(&key);
        self.allowed.remove(&key);
        self.epochs.retain(|(agent, _)| *agent != key);
        self.forgotten_agents.insert(key);
    }

    pub(super) fn page(&mut self, key: PageKey) {
        self.pages.insert(key);
    }

    pub(super) fn group(&mut self, key: GroupKey) {
        self.groups.insert(key);
    }

    /// With its links.
    pub(super) fn component(&mut self, key: ComponentKey) {
        self.components.insert(key);
    }

    pub(super) fn automatic(&mut self, key: ComponentKey, from: Timestamp) {
        recompute_from(&mut self.automatic, key, from);
    }

    pub(super) fn packed(&mut self, key: ComponentKey, chunks: usize) {
        self.packed.insert(key, chunks);
    }

    pub(super) fn api_token(&mut self, key: ApiTokenKey) {
        self.api_tokens.insert(key);
    }

    pub(super) fn answered(&mut self, request: &RequestKey) {
        self.answers.insert(request.clone());
    }

    pub(super) fn hold(&mut self, component: ComponentKey, hold: HoldKey) {
        self.holds.insert((component, hold));
    }

    pub(super) fn problem(&mut self, key: ProblemKey) {
        self.problems.insert(key);
    }

    pub(super) fn problem_event(&mut self, key: ProblemKey, number: i64) {
        self.problem_events.insert((key, number));
    }

    /// Deletes it; no other row of it is written.
    pub(super) fn forgotten_problem(&mut self, key: ProblemKey) {
        self.problems.remove(&key);
        self.problem_events.retain(|(problem, _)| *problem != key);
        self.forgotten_problems.insert(key);
    }

    /// With its problems, without its timeline.
    pub(super) fn incident(&mut self, key: IncidentKey) {
        self.incidents.insert(key);
    }

    /// With its components and former texts.
    pub(super) fn incident_update(&mut self, key: IncidentKey, number: i64) {
        self.incident_updates.insert((key, number));
    }

    /// With its components and checks, without its timeline.
    pub(super) fn window(&mut self, key: WindowKey) {
        self.windows.insert(key);
    }

    /// Without its windows.
    pub(super) fn series(&mut self, key: SeriesKey) {
        self.series.insert(key);
    }

    /// With its former texts.
    pub(super) fn window_update(&mut self, key: WindowKey, number: i64) {
        self.window_updates.insert((key, number));
    }

    pub(super) fn correction(&mut self, key: CorrectionKey) {
        self.corrections.insert(key);
    }

    /// With its pages.
    pub(super) fn announcement(&mut self, key: AnnouncementKey) {
        self.announcements.insert(key);
    }

    pub(super) fn subscriber(&mut self, key: SubscriberKey) {
        self.subscribers.insert(key);
    }

    pub(super) fn suppressed(&mut self, digest: [u8; 32]) {
        self.suppressed.insert(digest);
    }

    pub(super) fn notice(&mut self, key: NoticeKey) {
        self.notices.insert(key);
    }

    pub(super) fn told(&mut self, key: ToldKey) {
        self.told.insert(key);
    }

    pub(super) fn delivery(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
    }

    /// With its components.
    pub(super) fn template(&mut self, key: TemplateKey) {
        self.templates.insert(key);
    }
}

fn recompute_from<K: Ord>(all: &mut BTreeMap<K, Timestamp>, key: K, from: Timestamp) {
    let first = all.entry(key).or_insert(from);
    *first = (*first).min(from);
}
