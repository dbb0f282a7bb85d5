//! What a step leaves behind while it runs: what happened, and which rows are no longer what is stored. The rows
//! themselves are made from the state when the step is over, so that each is written once and as it ended up.

use super::{Change, Folded};
use crate::credentials::TokenHash;
use crate::state::{
    AgentKey, CheckKey, ComponentKey, GroupKey, HoldKey, PageKey, TrackKey, WindowKey, WorkspaceKey,
};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a step changes, gathered while it runs.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// What happened, in order.
    pub(super) events: Vec<Change>,
    /// Rows that are no longer what is stored.
    pub(super) touched: Touched,
}

impl Changes {
    /// Something happened. What a page, a group or a component is now is a row too.
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

/// Rows that are no longer what is stored, by the thing that they are of.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Workspaces.
    pub(crate) workspaces: BTreeSet<WorkspaceKey>,
    /// Agents, with where they stood before.
    pub(crate) agents: BTreeSet<AgentKey>,
    /// A spool that the state does not hold any more is deleted.
    pub(crate) epochs: BTreeSet<(AgentKey, [u8; 16])>,
    /// Checks, with what had to agree before.
    pub(crate) checks: BTreeSet<CheckKey>,
    /// A heartbeat that the state does not hold any more is deleted.
    pub(crate) heartbeats: BTreeSet<CheckKey>,
    /// What an agent may join others in reporting.
    pub(crate) allowed: BTreeSet<AgentKey>,
    /// Checks of which an operator chose a definition.
    pub(crate) chosen: BTreeSet<CheckKey>,
    /// Tokens of one use; one that the state does not hold any more is deleted.
    pub(crate) enrolments: BTreeSet<(WorkspaceKey, TokenHash)>,
    /// Addresses of heartbeats; one that the state does not hold any more is deleted.
    pub(crate) heartbeat_tokens: BTreeSet<(WorkspaceKey, String)>,
    /// When nobody could call.
    pub(crate) blind: bool,
    /// Tracks, with the instant from which the spans and flaps are others; [`Timestamp::FAR`]: none of them.
    pub(crate) tracks: BTreeMap<TrackKey, Timestamp>,
    /// Tracks whose newest two stretches of declaration are others.
    pub(crate) declared: BTreeSet<TrackKey>,
    /// Tracks of which something was folded.
    pub(crate) folded: BTreeMap<TrackKey, Folded>,
    /// Tracks that the state does not hold any more are deleted.
    pub(crate) forgotten_tracks: BTreeSet<(WorkspaceKey, TrackKey)>,
    /// The same of checks.
    pub(crate) forgotten_checks: BTreeSet<(WorkspaceKey, CheckKey)>,
    /// The same of agents.
    pub(crate) forgotten_agents: BTreeSet<(WorkspaceKey, AgentKey)>,
    /// Pages.
    pub(crate) pages: BTreeSet<PageKey>,
    /// Groups.
    pub(crate) groups: BTreeSet<GroupKey>,
    /// Components, with their links.
    pub(crate) components: BTreeSet<ComponentKey>,
    /// Components, with the instant from which their automatic layer is another.
    pub(crate) automatic: BTreeMap<ComponentKey, Timestamp>,
    /// Holds; one that the state does not hold any more is deleted.
    pub(crate) holds: BTreeSet<(ComponentKey, HoldKey)>,
    /// Planned windows, with their workspaces; one that the state does not hold any more is deleted.
    pub(crate) windows: BTreeMap<WindowKey, WorkspaceKey>,
}

impl Touched {
    pub(super) fn workspace(&mut self, key: WorkspaceKey) {
        self.workspaces.insert(key);
    }

    /// With where it stood before.
    pub(super) fn agent(&mut self, key: AgentKey) {
        self.agents.insert(key);
    }

    pub(super) fn epoch(&mut self, agent: AgentKey, epoch: [u8; 16]) {
        self.epochs.insert((agent, epoch));
    }

    /// With the quorums that held before.
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

    pub(super) fn enrolment(&mut self, workspace: WorkspaceKey, token: TokenHash) {
        self.enrolments.insert((workspace, token));
    }

    pub(super) fn heartbeat_token(&mut self, address: (WorkspaceKey, String)) {
        self.heartbeat_tokens.insert(address);
    }

    /// When nobody could call us.
    pub(super) fn blind(&mut self) {
        self.blind = true;
    }

    /// Its head and its flags.
    pub(super) fn track(&mut self, key: TrackKey) {
        self.tracks.entry(key).or_insert(Timestamp::FAR);
    }

    /// Its spans and flaps from an instant on, and its head.
    pub(super) fn spans(&mut self, key: TrackKey, from: Timestamp) {
        recompute_from(&mut self.tracks, key, from);
    }

    /// When the check was declared, and its head.
    pub(super) fn declared(&mut self, key: TrackKey) {
        self.track(key);
        self.declared.insert(key);
    }

    pub(super) fn folded(&mut self, key: TrackKey, folded: Folded) {
        self.folded.insert(key, folded);
    }

    /// Nothing else of it is written.
    pub(super) fn forgotten_track(&mut self, workspace: WorkspaceKey, key: TrackKey) {
        self.tracks.remove(&key);
        self.declared.remove(&key);
        self.folded.remove(&key);
        self.forgotten_tracks.insert((workspace, key));
    }

    /// Nothing else of it is written.
    pub(super) fn forgotten_check(&mut self, workspace: WorkspaceKey, key: CheckKey) {
        self.checks.remove(&key);
        self.heartbeats.remove(&key);
        self.forgotten_checks.insert((workspace, key));
    }

    /// Nothing else of it is written.
    pub(super) fn forgotten_agent(&mut self, workspace: WorkspaceKey, key: AgentKey) {
        self.agents.remove(&key);
        self.allowed.remove(&key);
        self.epochs.retain(|(agent, _)| *agent != key);
        self.forgotten_agents.insert((workspace, key));
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

    pub(super) fn hold(&mut self, component: ComponentKey, hold: HoldKey) {
        self.holds.insert((component, hold));
    }

    /// With its components.
    pub(super) fn window(&mut self, key: WindowKey, workspace: WorkspaceKey) {
        self.windows.insert(key, workspace);
    }
}

fn recompute_from<K: Ord>(all: &mut BTreeMap<K, Timestamp>, key: K, from: Timestamp) {
    let first = all.entry(key).or_insert(from);
    *first = (*first).min(from);
}
