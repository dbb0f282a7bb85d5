//! A command and who asks for it.

use skerry_domain::rows::{Author, Expected};
use skerry_domain::state::AgentKey;
use skerry_domain::step::Command;
use skerry_host::random;
use std::fmt;

/// Who asks for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An agent, by what it delivers.
    Agent(AgentKey),
    /// Whoever has a token of one use.
    Token,
    /// The program itself: time, roll-ups, jobs that call.
    Scheduler,
    /// The configuration.
    File,
    /// A user of this host on the command line.
    Cli {
        /// Which.
        uid: u32,
    },
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => write!(f, "agent:{}", agent.0),
            Self::Token => f.write_str("token"),
            Self::Scheduler => f.write_str("scheduler"),
            Self::File => f.write_str("file"),
            Self::Cli { uid } => write!(f, "cli:{uid}"),
        }
    }
}

/// Names one request in the log and in the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId([u8; 8]);

impl RequestId {
    /// A random one.
    #[must_use]
    pub fn fresh() -> Self {
        Self(random::bytes())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A command on its way to the writer.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Who asks for it.
    pub actor: Actor,
    /// Which request it is.
    pub request: RequestId,
    /// What the caller read before: where it is another by now, the command is rejected.
    pub expected: Option<Expected>,
    /// What is asked for.
    pub command: Command,
}

impl Envelope {
    /// A request of its own.
    #[must_use]
    pub fn by(actor: Actor, command: Command) -> Self {
        Self { actor, request: RequestId::fresh(), expected: None, command }
    }

    /// The same of one who read something before.
    #[must_use]
    pub fn expecting(mut self, expected: Option<Expected>) -> Self {
        self.expected = expected;
        self
    }

    /// Whom the audit names; `None`: agents and the program itself set nothing that is audited.
    pub(super) fn author(&self) -> Option<Author> {
        match self.actor {
            Actor::Agent(_) | Actor::Scheduler => None,
            Actor::File | Actor::Cli { .. } | Actor::Token => Some(Author {
                actor: self.actor.to_string(),
                action: self.command.name().to_owned(),
                source: None,
                request: Some(self.request.to_string()),
            }),
        }
    }
}

/// A report is its agent's, an enrolment is its token's, and what is not said to be somebody's the program's own.
impl From<Command> for Envelope {
    fn from(command: Command) -> Self {
        let actor = match &command {
            Command::Report(report) => Actor::Agent(report.agent),
            Command::Redeem { .. } => Actor::Token,
            _ => Actor::Scheduler,
        };
        Self::by(actor, command)
    }
}
