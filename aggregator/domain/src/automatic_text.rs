//! What automatic updates of incidents say: closed lists, which the public side words in the language of a page.

use super::time::Timestamp;
use skerry_protocol::wire::Reason;

/// What an automatic update says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutomaticText {
    /// What happened.
    pub event: AutomaticEvent,
    /// The class of the reason.
    pub class: ReasonClass,
    /// Since when the fault lasts, or when it ended.
    pub since: Timestamp,
}

/// What an automatic update is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AutomaticEvent {
    /// The fault began.
    Began,
    /// More components are affected, or one is worse.
    Spread,
    /// The fault began again during `monitoring`.
    Recurred,
    /// All problems have ended.
    Recovered,
    /// They have not returned since.
    Resolved,
}

impl AutomaticEvent {
    /// All.
    pub const ALL: [Self; 5] = [Self::Began, Self::Spread, Self::Recurred, Self::Recovered, Self::Resolved];

    /// The name in JSON and in stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Spread => "spread",
            Self::Recurred => "recurred",
            Self::Recovered => "recovered",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// A class of reasons: all that automatic text says of the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonClass {
    /// Nothing is known.
    Unknown,
    /// It does not answer.
    Unreachable,
    /// It answers slowly or irregularly.
    Slow,
    /// It answers with errors.
    Errors,
    /// Its certificate or encryption is at fault.
    Certificate,
    /// Its name does not resolve as it should.
    NameResolution,
    /// A job did not run as it should.
    Job,
}

impl ReasonClass {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Unreachable,
        Self::Slow,
        Self::Errors,
        Self::Certificate,
        Self::NameResolution,
        Self::Job,
    ];

    /// The name in JSON and in stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Errors => "errors",
            Self::Certificate => "certificate",
            Self::NameResolution => "name_resolution",
            Self::Job => "job",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The class of a reason.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        match reason {
            Reason::Timeout
            | Reason::ConnectRefused
            | Reason::ConnectionReset
            | Reason::Unreachable
            | Reason::ConnectTimeout
            | Reason::NoReply => Self::Unreachable,
            Reason::Slow | Reason::PacketsLost | Reason::JitterTooHigh => Self::Slow,
            Reason::StatusMismatch
            | Reason::HeaderMismatch
            | Reason::BodyMismatch
            | Reason::BodyNotJson
            | Reason::BodyTooLarge
            | Reason::TooManyRedirects
            | Reason::BadRedirect
            | Reason::ProtocolError
            | Reason::BannerMismatch
            | Reason::PluginWarning
            | Reason::PluginCritical => Self::Errors,
            Reason::TlsExpired
            | Reason::TlsNotYetValid
            | Reason::TlsWrongName
            | Reason::TlsUntrusted
            | Reason::TlsFailed
            | Reason::TlsExpiresSoon
            | Reason::StarttlsRefused => Self::Certificate,
            Reason::DnsNotFound
            | Reason::DnsFailed
            | Reason::RcodeMismatch
            | Reason::AnswerMismatch
            | Reason::TtlTooLow => Self::NameResolution,
            Reason::HeartbeatMissed | Reason::ReportedFailure => Self::Job,
            _ => Self::Unknown,
        }
    }
}
