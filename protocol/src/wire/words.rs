//! The closed lists of the wire: what was seen, what is held, and why. A value that a reader does not know
//! reads as the safe one. Numbers are never used again.

/// What one run saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// Nothing can be said: our own network, our own limits. Also the reading of an unknown value.
    Inconclusive = 0,
    /// All assertions hold.
    Up = 1,
    /// It answers, but slower or weaker than it should.
    Degraded = 2,
    /// It fails.
    Down = 3,
}

/// What hysteresis holds to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum State {
    /// The first run is not complete.
    Unknown = 0,
    /// Up.
    Up = 1,
    /// Degraded.
    Degraded = 2,
    /// Down.
    Down = 3,
}

/// Why an observation is not `up`. The closed list that logs, metrics and operators see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Reason {
    /// None: the observation is `up`.
    None = 0,
    /// A reason newer than this reader.
    Other = 1,
    /// The whole run did not end within `timeout`.
    Timeout = 2,
    /// The name does not resolve.
    DnsNotFound = 3,
    /// The resolver failed or did not answer.
    DnsFailed = 4,
    /// The TCP connection was refused.
    ConnectRefused = 5,
    /// The TCP connection was reset or closed in the middle.
    ConnectionReset = 6,
    /// No route to the host or network.
    Unreachable = 7,
    /// The certificate is past its end.
    TlsExpired = 8,
    /// The certificate is not valid yet.
    TlsNotYetValid = 9,
    /// The certificate is for another name.
    TlsWrongName = 10,
    /// The certificate is by an issuer that is not trusted.
    TlsUntrusted = 11,
    /// Any other failure of the handshake.
    TlsFailed = 12,
    /// The certificate ends sooner than asked.
    TlsExpiresSoon = 13,
    /// The status code is not among those expected.
    StatusMismatch = 14,
    /// A header is missing or does not match.
    HeaderMismatch = 15,
    /// The body does not say what is expected.
    BodyMismatch = 16,
    /// More redirects than allowed, or a loop.
    TooManyRedirects = 17,
    /// The body is larger than `max_body`.
    BodyTooLarge = 18,
    /// The answer is not valid HTTP.
    ProtocolError = 19,
    /// Slower than `degraded_above`.
    Slow = 20,
    /// A redirect points nowhere or to an unsupported scheme.
    BadRedirect = 21,
    /// Our own network is gone (`inconclusive`).
    OwnNetwork = 22,
    /// We lack a resource to run the check: file descriptors, memory, ports (`inconclusive`).
    OwnResources = 23,
    /// The connection did not open in time.
    ConnectTimeout = 24,
    /// The body is not valid JSON where a JSON path is asked.
    BodyNotJson = 25,
    /// More packets were lost than allowed.
    PacketsLost = 26,
    /// No packet came back.
    NoReply = 27,
    /// The round trips differ more than allowed.
    JitterTooHigh = 28,
    /// The DNS response code is not the one expected.
    RcodeMismatch = 29,
    /// The DNS answers are not those expected.
    AnswerMismatch = 30,
    /// A DNS answer may be kept shorter than asked.
    TtlTooLow = 31,
    /// What the server says first, or answers, is not what is expected.
    BannerMismatch = 32,
    /// The server does not offer TLS where it was asked to.
    StarttlsRefused = 33,
    /// The call that was due did not come.
    HeartbeatMissed = 34,
    /// The job itself reported that it failed.
    ReportedFailure = 35,
    /// The plugin ended with WARNING.
    PluginWarning = 36,
    /// The plugin ended with CRITICAL.
    PluginCritical = 37,
    /// The plugin ended with UNKNOWN (`inconclusive`).
    PluginUnknown = 38,
    /// The plugin could not be run or ended by a signal or an undefined code (`inconclusive`).
    PluginFailed = 39,
    /// This process lacks a permission to run the check (`inconclusive`).
    OwnPermission = 40,
    /// Our own resolver fails, for other names too (`inconclusive`).
    OwnResolver = 41,
    /// It depends on which clock is right, ours or the aggregator's (`inconclusive`).
    OwnClock = 42,
}

impl Reason {
    /// The name in logs, metrics and answers: `connect_refused`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Other => "other",
            Self::Timeout => "timeout",
            Self::DnsNotFound => "dns_not_found",
            Self::DnsFailed => "dns_failed",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectionReset => "connection_reset",
            Self::Unreachable => "unreachable",
            Self::TlsExpired => "tls_expired",
            Self::TlsNotYetValid => "tls_not_yet_valid",
            Self::TlsWrongName => "tls_wrong_name",
            Self::TlsUntrusted => "tls_untrusted",
            Self::TlsFailed => "tls_failed",
            Self::TlsExpiresSoon => "tls_expires_soon",
            Self::StatusMismatch => "status_mismatch",
            Self::HeaderMismatch => "header_mismatch",
            Self::BodyMismatch => "body_mismatch",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BodyTooLarge => "body_too_large",
            Self::ProtocolError => "protocol_error",
            Self::Slow => "slow",
            Self::BadRedirect => "bad_redirect",
            Self::OwnNetwork => "own_network",
            Self::OwnResources => "own_resources",
            Self::ConnectTimeout => "connect_timeout",
            Self::BodyNotJson => "body_not_json",
            Self::PacketsLost => "packets_lost",
            Self::NoReply => "no_reply",
            Self::JitterTooHigh => "jitter_too_high",
            Self::RcodeMismatch => "rcode_mismatch",
            Self::AnswerMismatch => "answer_mismatch",
            Self::TtlTooLow => "ttl_too_low",
            Self::BannerMismatch => "banner_mismatch",
            Self::StarttlsRefused => "starttls_refused",
            Self::HeartbeatMissed => "heartbeat_missed",
            Self::ReportedFailure => "reported_failure",
            Self::PluginWarning => "plugin_warning",
            Self::PluginCritical => "plugin_critical",
            Self::PluginUnknown => "plugin_unknown",
            Self::PluginFailed => "plugin_failed",
            Self::OwnPermission => "own_permission",
            Self::OwnResolver => "own_resolver",
            Self::OwnClock => "own_clock",
        }
    }

    /// Reads the wire's number; one that is not known is [`Reason::Other`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Other)
    }
}

impl Outcome {
    /// The name in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inconclusive => "inconclusive",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Reads the wire's number; one that is not known is [`Outcome::Inconclusive`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Inconclusive)
    }
}

impl State {
    /// The name in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Reads the wire's number; one that is not known is [`State::Unknown`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Unknown)
    }
}
