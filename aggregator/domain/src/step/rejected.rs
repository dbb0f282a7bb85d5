//! Why a command was rejected. Nothing of it was kept.

/// A command that cannot be carried out as it is. The state is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// What kind of fault it is.
    pub kind: RejectedKind,
    /// Which field of the command is at fault.
    pub field: &'static str,
    /// Why, for whoever sent it.
    pub reason: String,
}

/// Kinds of faults, as callers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectedKind {
    /// It names something that does not exist.
    NotFound,
    /// What it asks for is taken, or is no longer what the caller read.
    Conflict,
    /// A value is not allowed.
    Invalid,
    /// The configuration, or the state of what it names, does not allow it.
    Forbidden,
}

impl Rejected {
    pub(super) fn not_found(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::NotFound, field, reason: reason.into() }
    }

    pub(super) fn conflict(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::Conflict, field, reason: reason.into() }
    }

    pub(super) fn forbidden(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::Forbidden, field, reason: reason.into() }
    }

    pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::Invalid, field, reason: reason.into() }
    }
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Rejected {}
