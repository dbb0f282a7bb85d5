//! Corrections of the past.

use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// A correction of the past of a component as visitors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrectionView {
    /// The first instant that it changed.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// What it is about: the worst that was shown before, else what it says. `None`: a time without complete data.
    pub about: Option<Status>,
    /// Why, as far as visitors are told.
    pub kind: CorrectionKind,
}

/// The reason of a correction, of a closed list: what an author writes is for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionKind {
    /// What was shown did not happen.
    FalseAlarm,
    /// It was planned maintenance.
    Planned,
    /// Something else happened.
    Was(Status),
}
