//! Row keys: internal to the store, never shown to anyone. They are unique within a workspace; each table of a
//! workspace has its own counter.

macro_rules! key {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// A new key from the counter of its table.
            pub(super) fn next(counter: &mut i64) -> Self {
                *counter += 1;
                Self(*counter)
            }
        }
    };
}
/// Row key of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceKey(pub i64);

key!(
    /// Row key of an agent.
    AgentKey
);
key!(
    /// Row key of a check.
    CheckKey
);
key!(
    /// Row key of a track: a check at one agent.
    TrackKey
);
key!(
    /// Row key of a page.
    PageKey
);
key!(
    /// Row key of a group.
    GroupKey
);
key!(
    /// Row key of a component.
    ComponentKey
);
key!(
    /// Row key of a hold.
    HoldKey
);
key!(
    /// Row key of a planned window.
    WindowKey
);
key!(
    /// Row key of a series of planned windows.
    SeriesKey
);
key!(
    /// Row key of a problem.
    ProblemKey
);
key!(
    /// Row key of an incident.
    IncidentKey
);
key!(
    /// Row key of an announcement.
    AnnouncementKey
);
key!(
    /// Row key of a template of incidents.
    TemplateKey
);
key!(
    /// Row key of a correction.
    CorrectionKey
);

key!(
    /// Row key of a token of the REST API.
    ApiTokenKey
);
key!(
    /// Row key of a subscriber.
    #[derive(Default)]
    SubscriberKey
);
key!(
    /// Row key of a notice.
    NoticeKey
);
key!(
    /// Row key of a delivery.
    DeliveryKey
);

/// An agent of any workspace.
pub type WorkspaceAgent = (WorkspaceKey, AgentKey);
/// A page of any workspace.
pub type WorkspacePage = (WorkspaceKey, PageKey);

/// The greatest row key that was ever assigned in each table of a workspace. Counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of agents.
    pub agents: i64,
    /// Of checks.
    pub checks: i64,
    /// Of tracks.
    pub tracks: i64,
    /// Of pages.
    pub pages: i64,
    /// Of groups.
    pub groups: i64,
    /// Of components.
    pub components: i64,
    /// Of holds.
    pub holds: i64,
    /// Of planned windows.
    pub windows: i64,
    /// Of series of planned windows.
    pub series: i64,
    /// Of problems.
    pub problems: i64,
    /// Of incidents.
    pub incidents: i64,
    /// Of updates of incidents.
    pub incident_updates: i64,
    /// Of updates of planned windows.
    pub window_updates: i64,
    /// Of corrections.
    pub corrections: i64,
    /// Of tokens of the REST API.
    pub api_tokens: i64,
    /// Of announcements.
    pub announcements: i64,
    /// Of templates of incidents.
    pub templates: i64,
    /// Of subscribers.
    pub subscribers: i64,
    /// Of notices.
    pub notices: i64,
    /// Of deliveries.
    pub deliveries: i64,
    /// Of losses.
    pub losses: i64,
    /// Of hard transitions.
    pub transitions: i64,
    /// Of audit rows.
    pub audit: i64,
    /// Not a table: whatever ended before this instant, ms, is folded and is not recomputed.
    pub folded: i64,
}

impl Counters {
    /// Each counter with the name of its table; `fold` belongs to no table.
    pub fn named(&mut self) -> [(&'static str, &mut i64); 24] {
        [
            ("agent", &mut self.agents),
            ("check", &mut self.checks),
            ("track", &mut self.tracks),
            ("page", &mut self.pages),
            ("page_group", &mut self.groups),
            ("component", &mut self.components),
            ("hold", &mut self.holds),
            ("planned_window", &mut self.windows),
            ("maintenance_series", &mut self.series),
            ("problem", &mut self.problems),
            ("incident", &mut self.incidents),
            ("incident_update", &mut self.incident_updates),
            ("planned_window_update", &mut self.window_updates),
            ("correction", &mut self.corrections),
            ("api_token", &mut self.api_tokens),
            ("announcement", &mut self.announcements),
            ("incident_template", &mut self.templates),
            ("subscriber", &mut self.subscribers),
            ("notice", &mut self.notices),
            ("delivery", &mut self.deliveries),
            ("loss", &mut self.losses),
            ("hard_transition", &mut self.transitions),
            ("audit", &mut self.audit),
            ("fold", &mut self.folded),
        ]
    }
}
