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

/// An incident or a scheduled maintenance; every member is always present, but the times of a maintenance.
#[derive(Serialize)]
pub(super) struct Incident<'a> {
    pub(super) id: &'a str,
    pub(super) name: String,
    /// Also `postmortem`, once one is published.
    pub(super) status: &'static str,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) monitoring_at: Option<String>,
    pub(super) resolved_at: Option<String>,
    /// The one that is shown.
    pub(super) impact: &'static str,
    pub(super) shortlink: String,
    pub(super) started_at: String,
    pub(super) page_id: &'a str,
    /// Newest first.
    pub(super) incident_updates: Vec<IncidentUpdate<'a>>,
    /// The affected components with their present status.
    pub(super) components: Vec<&'a Component<'a>>,
    /// The planned beginning; maintenances only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheduled_for: Option<String>,
    /// The planned end; maintenances only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheduled_until: Option<String>,
    /// Ours: the impact that a person chose.
    pub(super) impact_override: Option<&'static str>,
    /// Ours: when the postmortem was published.
    pub(super) postmortem_published_at: Option<String>,
}

/// An entry of a timeline.
#[derive(Serialize)]
pub(super) struct IncidentUpdate<'a> {
    pub(super) id: String,
    pub(super) status: &'static str,
    /// Plain text; empty if only states changed.
    pub(super) body: String,
    pub(super) incident_id: &'a str,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) display_at: String,
    /// `None` if the update names none.
    pub(super) affected_components: Option<Vec<AffectedComponent<'a>>>,
    pub(super) deliver_notifications: bool,
    pub(super) custom_tweet: Option<&'a str>,
    pub(super) tweet_id: Option<u64>,
    /// Ours: when its text was last edited.
    pub(super) edited_at: Option<String>,
}

/// A component that an update names.
#[derive(Serialize)]
pub(super) struct AffectedComponent<'a> {
    /// Its id.
    pub(super) code: &'a str,
    /// `Group - Component` within a group.
    pub(super) name: String,
    pub(super) old_status: &'static str,
    pub(super) new_status: &'static str,
}

/// `summary.json`.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    pub(super) page: Page<'a>,
    pub(super) components: &'a [Component<'a>],
    /// Those that last.
    pub(super) incidents: Vec<&'a Incident<'a>>,
    /// Those that are still to come or in progress.
    pub(super) scheduled_maintenances: Vec<&'a Incident<'a>>,
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
    pub(super) banner: Banner,
}

/// Ours: what the banner of the page says, for those who show it elsewhere.
#[derive(Serialize)]
pub(super) struct Banner {
    /// A component's status, or `no_data`.
    pub(super) status: &'static str,
    pub(super) headline: String,
    pub(super) details: Vec<String>,
    /// `verified_at` in words.
    pub(super) verified: Option<String>,
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
    pub(super) incidents: Vec<&'a Incident<'a>>,
}

/// The three lists of scheduled maintenances.
#[derive(Serialize)]
pub(super) struct Maintenances<'a> {
    pub(super) page: Page<'a>,
    pub(super) scheduled_maintenances: Vec<&'a Incident<'a>>,
}
