//! Errors of the spool's files, classified by what helps.

use rusqlite::ErrorCode;
use std::io;

/// Why an operation of the store failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The file's content is not what we wrote: set it aside.
    #[error("the spool is damaged: {0}")]
    Damaged(String),
    /// The disk is full, fails or is read-only for now: retry.
    #[error("{0}")]
    Unavailable(String),
    /// The file cannot be opened at all: a person has to act.
    #[error("{0}")]
    Refused(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::OperationInterrupted
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

pub(super) fn broken(what: &str) -> Fault {
    Fault::Damaged(format!("{what} in it is not whole"))
}
