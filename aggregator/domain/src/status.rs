//! The words for what a component is.

/// The status of a component, in the order of `Ord` from best to worst; maintenance is outside that scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// `operational`
    Operational,
    /// `under_maintenance`
    UnderMaintenance,
    /// `degraded_performance`
    DegradedPerformance,
    /// `partial_outage`
    PartialOutage,
    /// `major_outage`
    MajorOutage,
}

impl Status {
    /// All, best first.
    pub const ALL: [Self; 5] = [
        Self::Operational,
        Self::UnderMaintenance,
        Self::DegradedPerformance,
        Self::PartialOutage,
        Self::MajorOutage,
    ];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The condition of a component during a stretch of time, after the layers are overlaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effective {
    /// It was observed, set or planned to be this.
    Known(Status),
    /// It was observed to be this, but some linked checks were unknown.
    Partly(Status),
    /// It was watched, but there is no data.
    NoData,
    /// Before its start.
    Unwatched,
}
