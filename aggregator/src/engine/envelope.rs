//! Commands with their workspaces, actor and request.

use skerry_domain::rows::{Author, Expected, agent_actor};
use skerry_domain::state::{AgentKey, WorkspaceKey};
use skerry_domain::step::{Command, Report};
use skerry_domain::workspaces::Target;
use skerry_host::random;
use std::fmt;
use std::net::IpAddr;

/// The actor of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An agent, through its reports.
    Agent(WorkspaceKey, AgentKey),
    /// The holder of an enrolment token.
    Token,
    /// The program itself: time, roll-ups, pings of jobs.
    Scheduler,
    /// The configuration.
    File,
    /// A user of this host on the command line.
    Cli {
        /// The user id.
        uid: u32,
    },
    /// The holder of a token of the REST API.
    ApiToken {
        /// The id of the token.
        id: String,
    },
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(workspace, agent) => f.write_str(&agent_actor(*workspace, *agent)),
            Self::Token => f.write_str("token"),
            Self::Scheduler => f.write_str("scheduler"),
            Self::File => f.write_str("file"),
            Self::Cli { uid } => write!(f, "cli:{uid}"),
            Self::ApiToken { id } => write!(f, "token:{id}"),
        }
    }
}

/// Identifies a request in the log and in the audit.
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

/// Commands for the writer, as one request: all of them or none.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The actor.
    pub actor: Actor,
    /// The id of the request.
    pub request: RequestId,
    /// The address that the request came from.
    pub source: Option<IpAddr>,
    /// The version that the caller read before. The command is rejected if the subject has changed since.
    pub expected: Option<Expected>,
    /// The commands in order, each with its workspace. There is at least one.
    pub commands: Vec<(Target, Command)>,
}

impl Envelope {
    /// A new request.
    #[must_use]
    pub fn by(actor: Actor, target: Target, command: Command) -> Self {
        Self::together(actor, vec![(target, command)])
    }

    /// A new request of several commands.
    #[must_use]
    pub fn together(actor: Actor, commands: Vec<(Target, Command)>) -> Self {
        Self { actor, request: RequestId::fresh(), source: None, expected: None, commands }
    }

    /// The name of the request, for the log and the audit.
    pub(crate) fn name(&self) -> &'static str {
        match &self.commands[..] {
            [(_, command)] => command.name(),
            _ => "configure",
        }
    }

    /// Its report, if it is one of an agent.
    pub(crate) fn report(&self) -> Option<&Report> {
        self.commands.iter().find_map(|(_, command)| match command {
            Command::Report(report) => Some(&**report),
            _ => None,
        })
    }

    /// The same, mutable.
    pub(crate) fn report_mut(&mut self) -> Option<&mut Report> {
        self.commands.iter_mut().find_map(|(_, command)| match command {
            Command::Report(report) => Some(&mut **report),
            _ => None,
        })
    }

    /// Adds the address that the request came from.
    #[must_use]
    pub fn sent_from(mut self, source: Option<IpAddr>) -> Self {
        self.source = source;
        self
    }

    /// Adds the version that the caller expects.
    #[must_use]
    pub fn expecting(mut self, expected: Option<Expected>) -> Self {
        self.expected = expected;
        self
    }

    /// The author for the audit; `None` for agents and the program itself, whose commands are not audited.
    pub(crate) fn author(&self) -> Option<Author> {
        match self.actor {
            Actor::Agent(..) | Actor::Scheduler => None,
            Actor::File | Actor::Cli { .. } | Actor::Token | Actor::ApiToken { .. } => Some(Author {
                actor: self.actor.to_string(),
                action: self.name().to_owned(),
                source: self.source.map(|address| address.to_string()),
                request: Some(self.request.to_string()),
            }),
        }
    }
}

/// The actor of a report is its agent, that of an enrolment its token; any other command counts as the program's own.
impl From<(WorkspaceKey, Command)> for Envelope {
    fn from((workspace, command): (WorkspaceKey, Command)) -> Self {
        let actor = match &command {
            Command::Report(report) => Actor::Agent(workspace, report.agent),
            Command::Redeem { .. } => Actor::Token,
            _ => Actor::Scheduler,
        };
        Self::by(actor, Target::Key(workspace), command)
    }
}

/// As the program's own.
impl From<(Target, Command)> for Envelope {
    fn from((target, command): (Target, Command)) -> Self {
        Self::by(Actor::Scheduler, target, command)
    }
}
