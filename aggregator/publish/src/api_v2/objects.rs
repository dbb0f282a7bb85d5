//! The objects of Statuspage's public API as they stand on the wire: names, order and nulls as captured
//! from real pages. Our own members come last in each object, so that a strict reader of theirs finds
//! what it knows where it expects it.

use serde::Serialize;

/// `page`.
#[derive(Clone, Serialize)]
pub(super) struct Page<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) time_zone: &'a str,
    pub(super) updated_at: String,
}

/// `status`.
#[derive(Clone, Serialize)]
pub(super) struct PageStatus {
    pub(super) indicator: &'static str,
    pub(super) description: String,
}

/// A component or a group; every member is always there.
#[derive(Clone, Serialize)]
pub(super) struct Component<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) status: &'static str,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    /// From 1, among those of the same parent.
    pub(super) position: usize,
    pub(super) description: Option<&'a str>,
    pub(super) showcase: bool,
    /// `YYYY-MM-DD`.
    pub(super) start_date: Option<String>,
    pub(super) group_id: Option<&'a str>,
    pub(super) page_id: &'a str,
    pub(super) group: bool,
    pub(super) only_show_if_degraded: bool,
    /// Ids of the children; groups only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<Vec<&'a str>>,
    /// Ours: since when nothing is seen; of a group, when nothing is seen of any child.
    pub(super) stale_since: Option<String>,
    /// Ours: nothing has ever been seen.
    pub(super) waiting: bool,
    /// Ours: since when some of its checks are out of sight while others are not.
    pub(super) unseen_since: Option<String>,
    /// Ours: how many.
    pub(super) unseen_checks: usize,
    /// Ours: of how many; of a group, of all its children.
    pub(super) checks: usize,
    /// Ours: no check feeds it, people set its status.
    pub(super) manual: bool,
}

/// Not yet published by Skerry; the lists are there and empty.
#[derive(Clone, Serialize)]
pub(super) enum Incident {}

/// `summary.json`.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    pub(super) page: Page<'a>,
    pub(super) components: &'a [Component<'a>],
    pub(super) incidents: &'a [Incident],
    pub(super) scheduled_maintenances: &'a [Incident],
    pub(super) status: PageStatus,
    #[serde(flatten)]
    pub(super) belief: Belief,
}

/// `status.json`.
#[derive(Serialize)]
pub(super) struct StatusOnly<'a> {
    pub(super) page: Page<'a>,
    pub(super) status: PageStatus,
    #[serde(flatten)]
    pub(super) belief: Belief,
}

/// Ours: how old the truth is, and how long to rely on it.
#[derive(Clone, Serialize)]
pub(super) struct Belief {
    /// The oldest, over the components shown, of the newest conclusive evidence.
    pub(super) verified_at: Option<String>,
    /// Do not rely on this document after this.
    pub(super) believe_until: String,
}

/// `components.json`.
#[derive(Serialize)]
pub(super) struct Components<'a> {
    pub(super) page: Page<'a>,
    pub(super) components: &'a [Component<'a>],
}

/// `incidents.json`, `incidents/unresolved.json`.
#[derive(Serialize)]
pub(super) struct Incidents<'a> {
    pub(super) page: Page<'a>,
    pub(super) incidents: &'a [Incident],
}

/// The three lists of scheduled maintenances.
#[derive(Serialize)]
pub(super) struct Maintenances<'a> {
    pub(super) page: Page<'a>,
    pub(super) scheduled_maintenances: &'a [Incident],
}
