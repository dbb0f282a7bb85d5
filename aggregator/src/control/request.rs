//! Messages on the control socket: one line of JSON each.

use serde::{Deserialize, Serialize};
use skerry_domain::credentials::TokenHash;
use skerry_domain::rows::{Expected, Subject};
use skerry_domain::step::{self, Command};
use skerry_domain::workspaces::Target;

/// A request of the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// Changes an agent.
    ChangeAgent {
        /// Name of its workspace.
        workspace: String,
        /// Its name.
        agent: String,
        /// The change.
        change: AgentChange,
    },
    /// Gives an address to a heartbeat that has none.
    AddHeartbeatToken {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the new token.
        token: TokenHash,
    },
    /// Sets or removes the token of a heartbeat's address.
    SetHeartbeatToken {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the new token.
        token: Option<TokenHash>,
    },
    /// Makes an agent's definition of a check the one that applies.
    ChooseDefinition {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// The agent's name.
        agent: String,
    },
}

/// A change of an agent; see [`step::AgentChange`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described where the domain has them")]
pub enum AgentChange {
    Add { location: String, checks: Vec<String>, admission: Admission },
    Rotate(Admission),
    Rename(String),
    Move(String),
    Limit(Vec<String>),
    Allow(String),
    Disable,
    Enable,
    Revoke,
    Remove,
}

/// How an agent is admitted; see [`step::Admission`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described where the domain has them")]
pub enum Admission {
    Credential(TokenHash),
    Enrolment(TokenHash),
}

/// A response of the aggregator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Response {
    /// Ready for a request.
    Ready,
    /// The request was carried out and is durable.
    Done,
    /// Nothing was changed.
    Refused {
        /// Why, for an operator.
        reason: String,
    },
}

impl Request {
    /// The version that the command line read before the request.
    pub(super) fn expected(&self) -> Option<Expected> {
        match self {
            Self::AddHeartbeatToken { check, .. } => {
                let subject = Subject::HeartbeatToken(check.clone());
                Some(Expected { subject, version: None })
            }
            _ => None,
        }
    }
}

/// The command and its workspace.
impl From<Request> for (Target, Command) {
    fn from(request: Request) -> Self {
        let (workspace, command) = match request {
            Request::ChangeAgent { workspace, agent, change } => {
                (workspace, Command::ChangeAgent { agent, change: change.into() })
            }
            Request::AddHeartbeatToken { workspace, check, token } => {
                (workspace, Command::SetHeartbeatToken { check, token: Some(token) })
            }
            Request::SetHeartbeatToken { workspace, check, token } => {
                (workspace, Command::SetHeartbeatToken { check, token })
            }
            Request::ChooseDefinition { workspace, check, agent } => {
                (workspace, Command::ChooseDefinition { check, agent })
            }
        };
        (Target::Name(workspace), command)
    }
}

impl From<AgentChange> for step::AgentChange {
    fn from(change: AgentChange) -> Self {
        match change {
            AgentChange::Add { location, checks, admission } => {
                Self::Add { location, checks, admission: admission.into() }
            }
            AgentChange::Rotate(admission) => Self::Rotate(admission.into()),
            AgentChange::Rename(to) => Self::Rename(to),
            AgentChange::Move(location) => Self::Move(location),
            AgentChange::Limit(checks) => Self::Limit(checks),
            AgentChange::Allow(check) => Self::Allow(check),
            AgentChange::Disable => Self::Disable,
            AgentChange::Enable => Self::Enable,
            AgentChange::Revoke => Self::Revoke,
            AgentChange::Remove => Self::Remove,
        }
    }
}

impl From<Admission> for step::Admission {
    fn from(admission: Admission) -> Self {
        match admission {
            Admission::Credential(hash) => Self::Credential(hash),
            Admission::Enrolment(hash) => Self::Enrolment(hash),
        }
    }
}
