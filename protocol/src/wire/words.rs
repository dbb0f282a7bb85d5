//! The closed enumerations of the protocol: outcomes, states and reasons. A reader reads an unknown value as
//! the safe one. Numbers are never reused.

/// The outcome of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// Nothing can be said because of our own network or limits. Also the reading of an unknown value.
    Inconclusive = 0,
    /// All assertions hold.
    Up = 1,
    /// The target answers, but slower or weaker than it should.
    Degraded = 2,
    /// The target fails.
    Down = 3,
}

/// The state that hysteresis has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum State {
    /// No state is confirmed yet.
    Unknown = 0,
    /// Up.
    Up = 1,
    /// Degraded.
    Degraded = 2,
    /// Down.
    Down = 3,
}

/// Why an observation is not `up`. Shown in logs, metrics and to operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Reason {
    /// None: the observation is `up`.
    None = 0,
    /// A reason newer than this reader.
    Other = 1,
    /// The run did not end within `timeout`.
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
    /// The certificate has expired.
    TlsExpired = 8,
    /// The certificate is not valid yet.
    TlsNotYetValid = 9,
    /// The certificate is for another name.
    TlsWrongName = 10,
    /// The issuer of the certificate is not trusted.
    TlsUntrusted = 11,
    /// Any other handshake failure.
    TlsFailed = 12,
    /// The certificate expires sooner than required.
    TlsExpiresSoon = 13,
    /// The status code is not expected.
    StatusMismatch = 14,
    /// A header is missing or does not match.
    HeaderMismatch = 15,
    /// The body does not match.
    BodyMismatch = 16,
    /// More redirects than allowed, or a loop.
    TooManyRedirects = 17,
    /// The body is larger than `max_body`.
    BodyTooLarge = 18,
    /// The answer is not valid HTTP.
    ProtocolError = 19,
    /// Slower than `degraded_above`.
    Slow = 20,
    /// A redirect leads nowhere or to an unsupported scheme.
    BadRedirect = 21,
    /// Our own network is down (`inconclusive`).
    OwnNetwork = 22,
    /// We lack a resource to run the check: file descriptors, memory, ports (`inconclusive`).
    OwnResources = 23,
    /// The connection did not open in time.
    ConnectTimeout = 24,
    /// The body is not valid JSON where a JSON path is asked.
    BodyNotJson = 25,
    /// Too many packets were lost.
    PacketsLost = 26,
    /// No packet came back.
    NoReply = 27,
    /// The jitter is too high.
    JitterTooHigh = 28,
    /// The DNS response code is not expected.
    RcodeMismatch = 29,
    /// The DNS answers are not expected.
    AnswerMismatch = 30,
    /// The TTL of a DNS answer is too low.
    TtlTooLow = 31,
    /// What the server sent does not match.
    BannerMismatch = 32,
    /// The server does not offer the requested TLS.
    StarttlsRefused = 33,
    /// A due call did not come.
    HeartbeatMissed = 34,
    /// The job reported its own failure.
    ReportedFailure = 35,
    /// The plugin exited with WARNING.
    PluginWarning = 36,
    /// The plugin exited with CRITICAL.
    PluginCritical = 37,
    /// The plugin exited with UNKNOWN (`inconclusive`).
    PluginUnknown = 38,
    /// The plugin could not be run, died from a signal or exited with an undefined code (`inconclusive`).
    PluginFailed = 39,
    /// This process lacks a permission to run the check (`inconclusive`).
    OwnPermission = 40,
    /// Our own resolver fails for other names, too (`inconclusive`).
    OwnResolver = 41,
    /// The result depends on which clock is right, ours or the aggregator's (`inconclusive`).
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

    /// Reads the wire number; an unknown one is [`Reason::Other`].
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

    /// Reads the wire number; an unknown one is [`Outcome::Inconclusive`].
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

    /// Reads the wire number; an unknown one is [`State::Unknown`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Unknown)
    }
}
