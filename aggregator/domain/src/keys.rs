//! Row keys: the store's own, never shown to anyone. Each table counts its own.

macro_rules! key {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// A key that was never used, by the counter of its table.
            pub(super) fn next(counter: &mut i64) -> Self {
                *counter += 1;
                Self(*counter)
            }
        }
    };
}
key!(
    /// Row key of a workspace.
    WorkspaceKey
);
key!(
    /// Row key of an agent.
    AgentKey
);
key!(
    /// Row key of a check.
    CheckKey
);
key!(
    /// Row key of what one agent sees of one check.
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
    /// Row key of a status that is held.
    HoldKey
);
key!(
    /// Row key of a planned window.
    WindowKey
);

/// The greatest row key that was ever given in each table. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of workspaces.
    pub workspaces: i64,
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
    /// Of losses.
    pub losses: i64,
    /// Of hard transitions.
    pub transitions: i64,
    /// Of what somebody changed.
    pub audit: i64,
    /// Not of a table: what ended before this instant, ms, is folded, and is worked out no more.
    pub folded: i64,
}

impl Counters {
    /// Each with the name of its table; `fold` is none.
    pub fn named(&mut self) -> [(&'static str, &mut i64); 13] {
        [
            ("workspace", &mut self.workspaces),
            ("agent", &mut self.agents),
            ("check", &mut self.checks),
            ("track", &mut self.tracks),
            ("page", &mut self.pages),
            ("page_group", &mut self.groups),
            ("component", &mut self.components),
            ("hold", &mut self.holds),
            ("planned_window", &mut self.windows),
            ("loss", &mut self.losses),
            ("hard_transition", &mut self.transitions),
            ("audit", &mut self.audit),
            ("fold", &mut self.folded),
        ]
    }
}
