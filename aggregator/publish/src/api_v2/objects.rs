//! The objects of Statuspage's public API: names, order and nulls as captured from real pages. Members of our own come
//! last in each object, so that strict clients of Statuspage find the others where they expect them.

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

/// A component or a group; every member is always present.
#[derive(Clone, Serialize)]
pub(super) struct Component<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) status: &'static str,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    /// From 1, among the children of the same parent.
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
    /// Ours: since when there has been no data; for a group, set if no child has data.
    pub(super) stale_since: Option<String>,
    /// Ours: never observed.
    pub(super) waiting: bool,
    /// Ours: since when some of its checks, but not all, have had no data.
    pub(super) unseen_since: Option<String>,
    /// Ours: how many checks that are.
    pub(super) unseen_checks: usize,
    /// Ours: how many checks there are; for a group, those of all children.
    pub(super) checks: usize,
    /// Ours: no check is linked to it, so people set its status.
    pub(super) manual: bool,
}

/// Skerry does not publish incidents yet; the lists are present and empty.
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
    pub(super) validity: Validity,
}

/// `status.json`.
#[derive(Serialize)]
pub(super) struct StatusOnly<'a> {
    pub(super) page: Page<'a>,
    pub(super) status: PageStatus,
    #[serde(flatten)]
    pub(super) validity: Validity,
}

/// Ours: how old the data is, and how long it is valid.
#[derive(Clone, Serialize)]
pub(super) struct Validity {
    /// See [`crate::view::PageView::verified_at`].
    pub(super) verified_at: Option<String>,
    /// The document must not be relied on after this instant.
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
