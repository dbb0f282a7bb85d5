//! The result of one attempt to hand a message over.

use skerry_protocol::words::short_line;
use std::time::Duration;

/// Longest text of an answer, in characters.
const LONGEST: usize = 500;

/// The result of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next relay, or the endpoint, has taken the message.
    Accepted(Answer),
    /// Not now: the same message may be taken later, but not before `after`, if the other side named a time.
    Later {
        /// What the other side, or the way to it, said.
        answer: Answer,
        /// How long the other side asks to wait.
        after: Option<Duration>,
    },
    /// No relay begins a session with us, so that none was asked about this message: it waits until one does, as all others
    /// do.
    NoRelay(Answer),
    /// This message will not be taken from us, whenever it is tried.
    Refused(Answer),
}

impl Outcome {
    /// A fault of our own that an operator can mend meanwhile.
    pub(crate) fn own_for_now(text: String) -> Self {
        Self::Later { answer: Answer { class: Class::Own, text }, after: None }
    }

    /// A fault of our own that trying again does not mend.
    pub(crate) fn own(text: &str) -> Self {
        Self::Refused(Answer { class: Class::Own, text: text.to_owned() })
    }
}

/// What the other side, or the way to it, said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What kind of answer it is: decides what becomes of the delivery and of the address.
    pub class: Class,
    /// For operators, on one line of at most 500 characters: `550 5.1.1 no such user`, `HTTP 503`, `connect: refused`.
    /// Never the body of an HTTP response.
    pub text: String,
}

impl Answer {
    /// An answer whose text is brought onto one short line.
    #[must_use]
    pub fn new(class: Class, text: &str) -> Self {
        let line = short_line(text, 4 * LONGEST);
        let words: Vec<_> = line.split_whitespace().collect();
        Self { class, text: words.join(" ").chars().take(LONGEST).collect() }
    }
}

impl Outcome {
    /// What the other side, or the way to it, said.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        match self {
            Self::Accepted(answer)
            | Self::NoRelay(answer)
            | Self::Refused(answer)
            | Self::Later { answer, .. } => answer,
        }
    }
}

/// Kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Taken.
    Success,
    /// The address does not exist: 5.1.1, 5.1.2, 5.1.10.
    NoSuchAddress,
    /// The mailbox is full: x.2.2.
    MailboxFull,
    /// The other side wants no mail of this kind from us, which need not be the address's fault: x.7.x, 554 and others.
    Policy,
    /// Another refusal by the other side.
    Rejected,
    /// The endpoint wants no more: HTTP 410.
    Gone,
    /// Too many messages: HTTP 429, x.4.5 and their like.
    RateLimited,
    /// Any other answer than success: HTTP 3xx, 4xx and 5xx, SMTP 4xx.
    Unavailable,
    /// No name, no route, no connection, or the connection was lost.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The certificate or the TLS of the other side is not acceptable.
    Tls,
    /// The address is not globally routable, so that nothing was sent.
    Forbidden,
    /// Our own fault: configuration, credentials, files, descriptors. Says nothing about the address.
    Own,
}

impl Class {
    /// Its name in metrics and in the REST API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NoSuchAddress => "no_such_address",
            Self::MailboxFull => "mailbox_full",
            Self::Policy => "policy",
            Self::Rejected => "rejected",
            Self::Gone => "gone",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Forbidden => "forbidden",
            Self::Own => "own",
        }
    }
}
