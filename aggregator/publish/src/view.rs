//! The contents of a page as plain values, and the only input of every renderer. A pure function builds them from the
//! state, so that HTML, JSON, CSV and badges cannot disagree.

mod announcement;
mod correction;
mod maintenance;
mod month;
mod place;
mod response;
mod sections;

pub use announcement::AnnouncementView;
pub use correction::{CorrectionKind, CorrectionView};
pub use maintenance::{MaintenanceEntry, MaintenanceView};
pub use month::{Month, MonthView};
pub use place::{FeedToken, Place};
pub use response::{ResponsePoint, ResponseView, ResponseWindow};
pub use sections::{GridRowView, GridView, MetricView, SectionsView, ServiceView};

use crate::texts::{Language, Texts};
use skerry_domain::branding::Branding;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{DayTally, Figure};
use skerry_sanitiser::PublicText;
use std::sync::Arc;

/// A page at one instant.
#[derive(Clone, Debug)]
pub struct PageView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// From the configuration.
    pub name: String,
    /// The public address, without a slash at the end.
    pub url: String,
    /// Search engines are asked not to list the page.
    pub noindex: bool,
    /// The token of the feeds and calendars of a restricted page.
    pub feed_token: Option<FeedToken>,
    /// It is a preview, and says so.
    pub preview: bool,
    /// Visitors can subscribe to it.
    pub takes_subscribers: bool,
    /// They can do so by mail, too.
    pub takes_mail: bool,
    /// The zone of its days and clock times.
    pub time_zone: jiff::tz::TimeZone,
    /// The zone's IANA name.
    pub time_zone_name: String,
    /// The target of "Get help".
    pub support_url: Option<String>,
    /// The privacy policy, linked where visitors subscribe: http or https.
    pub privacy_url: Option<String>,
    /// Sources that may embed the page in a frame.
    pub frame_ancestors: Vec<String>,
    /// The language that the page speaks.
    pub language: Language,
    /// Its look.
    pub branding: Arc<Branding>,
    /// The instant that the view describes.
    pub now: Timestamp,
    /// The newest conclusive evidence of each component with current data, and of these instants the oldest. `None` if
    /// nothing was observed yet, or if people set every status.
    pub verified_at: Option<Timestamp>,
    /// The page must not be relied on after this instant. It is never later than the evidence allows.
    pub believe_until: Timestamp,
    /// When the page's statements about components and incidents last changed.
    pub updated_at: Timestamp,
    /// When the page was created.
    pub created_at: Timestamp,
    /// The rule by which uptime is computed.
    pub rule: UptimeRuleView,
    /// Groups, and components without a group, in the configured order.
    pub items: Vec<Item>,
    /// What stands behind the components.
    pub sections: SectionsView,
    /// Published incidents, the latest start first: all that are open or touch the days shown, at least the newest of
    /// the API's list, and with the complete past all.
    pub incidents: Vec<IncidentView>,
    /// Announced maintenance, the latest beginning first, in the same extent.
    pub maintenance: Vec<MaintenanceView>,
    /// Announcements that appeared: those that are shown, warnings first and of these the newest, then those that have
    /// ended, in the same extent.
    pub announcements: Vec<AnnouncementView>,
    /// What the months before the days shown held, oldest first, as far as it is known.
    pub earlier: Arc<[MonthView]>,
}

impl PageView {
    /// The catalogue of its language.
    pub(crate) fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    /// What stands behind the path of a feed or a calendar in its address: the token of a restricted page.
    #[must_use]
    pub fn feed_query(&self) -> String {
        self.feed_token.as_ref().map_or_else(String::new, FeedToken::query)
    }
}

/// The uptime rule, as the uptime page and the footer explain it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UptimeRuleView {
    /// `true` for the rule `"statuspage"`, `false` for `"observed"`.
    pub statuspage: bool,
    /// The weight of a partial outage in percent; 30 by default.
    pub partial_percent: u32,
    /// The weight of a major outage in percent; 100 by default.
    pub major_percent: u32,
}

/// A row of the page.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a page has at most a few hundred, read in order; boxing saves nothing"
)]
pub enum Item {
    /// A group with its rows.
    Group(GroupView),
    /// A component.
    Component(ComponentView),
}

impl Item {
    /// The component, or all components below the group, in order.
    #[must_use]
    pub fn components(&self) -> Vec<&ComponentView> {
        match self {
            Self::Group(group) => group.components(),
            Self::Component(component) => vec![component],
        }
    }
}

impl PageView {
    /// All components, in the configured order.
    pub fn components(&self) -> impl Iterator<Item = &ComponentView> {
        self.items.iter().flat_map(Item::components)
    }

    /// Whether a group stands inside another.
    #[must_use]
    pub fn has_nested_groups(&self) -> bool {
        let is_group = |item: &Item| matches!(item, Item::Group(_));
        self.items
            .iter()
            .any(|item| matches!(item, Item::Group(group) if group.children.iter().any(is_group)))
    }
}

impl GroupView {
    /// All components below it, in the configured order.
    #[must_use]
    pub fn components(&self) -> Vec<&ComponentView> {
        self.children.iter().flat_map(Item::components).collect()
    }
}

/// A group as visitors see it.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// From the configuration.
    pub name: String,
    /// From the configuration, a sentence.
    pub description: Option<String>,
    /// When the group was created.
    pub created_at: Timestamp,
    /// When the status of one of its components last changed.
    pub updated_at: Timestamp,
    /// Its components and the groups inside it, in the configured order; a group inside another has components only.
    pub children: Vec<Item>,
}

/// A component as visitors see it.
#[derive(Clone, Debug)]
pub struct ComponentView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// From the configuration.
    pub name: String,
    /// From the configuration, a sentence.
    pub description: Option<String>,
    /// When the component was created.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// From the configuration; nothing before this day counts.
    pub start_date: Option<jiff::civil::Date>,
    /// The last known status if `stale_since` is set.
    pub status: Status,
    /// Since when it has this status. An interval without data does not interrupt it if the status is the same before
    /// and after.
    pub since: Timestamp,
    /// Since when there has been no conclusive observation. The page shows it in grey and says so. Never set together
    /// with `waiting`.
    pub stale_since: Option<Timestamp>,
    /// It was never observed: "Waiting for its first report". This does not count as missing data, and the component is
    /// no part of the page's status.
    pub waiting: bool,
    /// Set if some of its checks have no current data and others have.
    pub unseen: Option<Unseen>,
    /// The number of checks linked to it.
    pub checks: usize,
    /// No check is linked to it: people set its status.
    pub manual: bool,
    /// When a person set its present status, if one did.
    pub set_at: Option<Timestamp>,
    /// Since when it has been watched. `None` if it is not watched yet, or was never observed or set.
    pub watched_from: Option<Timestamp>,
    /// The page shows it only while it is not operational.
    pub only_show_if_degraded: bool,
    /// The page shows its uptime.
    pub showcase: bool,
    /// Exactly 90 days in the page's zone, oldest first and today last.
    pub days: Vec<DayTally>,
    /// When it was not known to be operational, oldest first, as complete intervals: at least all that touch the days
    /// shown. An interval that ends after `now` is still open.
    pub past: Vec<Interval<Effective>>,
    /// The corrections of the past that touch the time of `past`.
    pub corrections: Vec<CorrectionView>,
    /// Uptime over each of the windows of [`skerry_domain::days::WINDOWS`].
    pub windows: [Figure; 4],
    /// Response times, if `response_time = true`.
    pub response: Option<ResponseView>,
}

/// The checks of a component that have no current data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Since when the first of them has had no data. `None` if none of them was ever observed.
    pub since: Option<Timestamp>,
    /// Some of them lost their data later.
    pub since_differs: bool,
    /// How many there are.
    pub checks: usize,
}

/// A published incident as visitors see it. It names public components only.
#[derive(Clone, Debug)]
pub struct IncidentView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Plain text.
    pub title: IncidentText,
    /// Its state.
    pub status: IncidentStatus,
    /// The impact that is shown.
    pub impact: Impact,
    /// The impact that a person chose.
    pub impact_override: Option<Impact>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When what visitors see of it last changed.
    pub updated_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last became `monitoring`.
    pub monitoring_at: Option<Timestamp>,
    /// When it was resolved. `None`: it lasts.
    pub resolved_at: Option<Timestamp>,
    /// The components that its updates name, in the order of their first appearance.
    pub components: Vec<AffectedView>,
    /// Its timeline, newest first.
    pub updates: Vec<IncidentUpdateView>,
    /// Its published postmortem.
    pub postmortem: Option<PostmortemView>,
}

impl IncidentView {
    /// Whether it lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// The worst status that its updates name for a component, if one is impaired.
    #[must_use]
    pub fn worst(&self) -> Option<Status> {
        self.components.iter().map(|one| one.worst).max().filter(|worst| Impact::of(*worst) > Impact::None)
    }

    /// Whether it names the component with this public id.
    #[must_use]
    pub fn names(&self, component: &str) -> bool {
        self.components.iter().any(|one| one.id == component)
    }
}

/// A component that an incident or a maintenance names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffectedView {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The worst status that the updates name for it.
    pub worst: Status,
}

/// A text about an incident or a maintenance. A person's text is public only as the sanitiser passed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentText {
    /// Written by a person.
    Written(PublicText),
    /// Made from a template and public names; plain text on one line.
    Automatic(String),
}

impl IncidentText {
    /// As plain text: paragraphs between blank lines.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Written(text) => text.plain(),
            Self::Automatic(text) => text.clone(),
        }
    }

    /// As plain text on one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        match self {
            Self::Written(text) => text.one_line(),
            Self::Automatic(text) => text.clone(),
        }
    }
}

/// An entry of an incident's timeline.
pub type IncidentUpdateView = UpdateView<IncidentStatus>;

/// An entry of a maintenance's timeline.
pub type MaintenanceUpdateView = UpdateView<MaintenanceEntry>;

/// An entry of a timeline. `S` is its state.
#[derive(Clone, Debug)]
pub struct UpdateView<S> {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// The state from here on.
    pub status: S,
    /// Markdown or automatic text. `None`: only states changed.
    pub body: Option<IncidentText>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time that is shown.
    pub display_at: Timestamp,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// Public components that it names.
    pub components: Vec<StatusChangeView>,
}

/// A component that an update names, with its status before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChangeView {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of the group that it stands in.
    pub group: Option<String>,
    /// Its status before.
    pub from: Status,
    /// Its status after.
    pub to: Status,
}

/// A published postmortem.
#[derive(Clone, Debug)]
pub struct PostmortemView {
    /// Markdown.
    pub text: PublicText,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub updated_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
}
