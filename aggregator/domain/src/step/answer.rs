//! Answers to the commands of a workspace.

use crate::clone_detection::Refusal;
use crate::credentials::Redeemed;
use crate::state::{
    AgentKey, AnnouncementKey, ApiTokenKey, ComponentKey, CorrectionKey, GroupKey, IncidentKey, PageKey,
    SeriesKey, SubscriberKey, TemplateKey, TrackKey, WindowKey,
};

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// A report was accepted.
    Acknowledged {
        /// Everything of the epoch up to here is committed.
        through: u64,
        /// This process needs the agent's inventory.
        want_inventory: bool,
        /// A delivery by another session in its name was refused recently.
        contested: bool,
        /// Its spool is an old copy: nothing above `through` was accepted, and it must begin a new spool.
        old_copy: bool,
    },
    /// Another session delivers as this agent: nothing was accepted.
    Cloned(Refusal),
    /// An agent was added, found or changed.
    Agent(AgentKey),
    /// A window was planned.
    Window(WindowKey),
    /// A series of windows was planned.
    Series(SeriesKey),
    /// An incident was opened.
    Incident(IncidentKey),
    /// A page was made.
    Page(PageKey),
    /// A group was made.
    Group(GroupKey),
    /// A component was made.
    Component(ComponentKey),
    /// A correction was made.
    Correction(CorrectionKey),
    /// An announcement was made.
    Announcement(AnnouncementKey),
    /// A template was made.
    Template(TemplateKey),
    /// A subscriber was made or found.
    Subscriber(SubscriberKey),
    /// A token of the REST API was made.
    ApiToken(ApiTokenKey),
    /// What a [`Command::Fold`](super::Command::Fold) reduced.
    Folded {
        /// The number of rows.
        count: usize,
        /// The track after which to go on; `None`: nothing is left.
        after: Option<TrackKey>,
    },
    /// The result of redeeming an enrolment token.
    Redeemed(Redeemed),
}

impl Answer {
    /// How the answer to a request of a person is stored: its kind, and the key of its subject.
    #[must_use]
    pub fn stored(&self) -> (&'static str, Option<i64>) {
        match self {
            Self::Agent(key) => ("agent", Some(key.0)),
            Self::Window(key) => ("planned_window", Some(key.0)),
            Self::Series(key) => ("maintenance_series", Some(key.0)),
            Self::Incident(key) => ("incident", Some(key.0)),
            Self::Correction(key) => ("correction", Some(key.0)),
            Self::Announcement(key) => ("announcement", Some(key.0)),
            Self::Template(key) => ("incident_template", Some(key.0)),
            Self::Page(key) => ("page", Some(key.0)),
            Self::Group(key) => ("page_group", Some(key.0)),
            Self::Component(key) => ("component", Some(key.0)),
            Self::ApiToken(key) => ("api_token", Some(key.0)),
            Self::Subscriber(key) => ("subscriber", Some(key.0)),
            // The others are answers to agents and to the program itself.
            Self::Done
            | Self::Acknowledged { .. }
            | Self::Cloned(_)
            | Self::Folded { .. }
            | Self::Redeemed(_) => ("done", None),
        }
    }

    /// Reads [`Self::stored`].
    #[must_use]
    pub fn restored(kind: &str, subject: Option<i64>) -> Option<Self> {
        match (kind, subject) {
            ("done", None) => Some(Self::Done),
            ("agent", Some(key)) => Some(Self::Agent(AgentKey(key))),
            ("planned_window", Some(key)) => Some(Self::Window(WindowKey(key))),
            ("maintenance_series", Some(key)) => Some(Self::Series(SeriesKey(key))),
            ("incident", Some(key)) => Some(Self::Incident(IncidentKey(key))),
            ("correction", Some(key)) => Some(Self::Correction(CorrectionKey(key))),
            ("announcement", Some(key)) => Some(Self::Announcement(AnnouncementKey(key))),
            ("incident_template", Some(key)) => Some(Self::Template(TemplateKey(key))),
            ("page", Some(key)) => Some(Self::Page(PageKey(key))),
            ("page_group", Some(key)) => Some(Self::Group(GroupKey(key))),
            ("component", Some(key)) => Some(Self::Component(ComponentKey(key))),
            ("subscriber", Some(key)) => Some(Self::Subscriber(SubscriberKey(key))),
            ("api_token", Some(key)) => Some(Self::ApiToken(ApiTokenKey(key))),
            _ => None,
        }
    }
}
