//! Why a command was rejected. A rejected command changes nothing.

/// The rejection of a command. The state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The kind of fault.
    pub kind: RejectedKind,
    /// The field of the command that is at fault.
    pub field: &'static str,
    /// The reason, for the sender.
    pub reason: String,
}

/// Kinds of faults that callers can distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectedKind {
    /// The command names something that does not exist.
    NotFound,
    /// The requested name or token is taken, or the subject has changed since the caller read it.
    Conflict,
    /// A value is not allowed.
    Invalid,
    /// The configuration does not allow it.
    Forbidden,
    /// The present state does not allow it.
    State,
}

impl Rejected {
    pub(crate) fn not_found(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::NotFound, field, reason: reason.into() }
    }

    pub(crate) fn conflict(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::Conflict, field, reason: reason.into() }
    }

    pub(super) fn forbidden(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::Forbidden, field, reason: reason.into() }
    }

    pub(super) fn state(field: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: RejectedKind::State, field, reason: reason.into() }
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
