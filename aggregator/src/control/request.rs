//! What is said on the control socket: one line of JSON each way.

use serde::{Deserialize, Serialize};
use skerry_domain::credentials::TokenHash;
use skerry_domain::rows::{Expected, Subject};
use skerry_domain::step::{self, Command};

/// What the command line asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// An agent is changed.
    ChangeAgent {
        /// Its workspace, by name.
        workspace: String,
        /// Its name.
        agent: String,
        /// What.
        change: AgentChange,
    },
    /// A heartbeat that has no address is given one.
    AddHeartbeatToken {
        /// The workspace, by name.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the token.
        token: TokenHash,
    },
    /// The address of a heartbeat has another token, or none.
    SetHeartbeatToken {
        /// The workspace, by name.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the token.
        token: Option<TokenHash>,
    },
    /// The definition that an agent has of a check applies.
    ChooseDefinition {
        /// The workspace, by name.
        workspace: String,
        /// The check's name.
        check: String,
        /// The agent's name.
        agent: String,
    },
}

/// What is changed of an agent; see [`step::AgentChange`].
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

/// By what an agent may deliver; see [`step::Admission`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described where the domain has them")]
pub enum Admission {
    Credential(TokenHash),
    Enrolment(TokenHash),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Response {
    /// Say what you want.
    Ready,
    /// It is done, and durable.
    Done,
    /// Nothing was changed.
    Refused {
        /// Why, in words for an operator.
        reason: String,
    },
}

impl Request {
    /// What the command line read before it asked.
    pub(super) fn expected(&self) -> Option<Expected> {
        match self {
            Self::AddHeartbeatToken { workspace, check, .. } => {
                let subject = Subject::HeartbeatToken(workspace.clone(), check.clone());
                Some(Expected { subject, version: None })
            }
            _ => None,
        }
    }
}

impl From<Request> for Command {
    fn from(request: Request) -> Self {
        match request {
            Request::ChangeAgent { workspace, agent, change } => {
                Self::ChangeAgent { workspace, agent, change: change.into() }
            }
            Request::AddHeartbeatToken { workspace, check, token } => {
                Self::SetHeartbeatToken { workspace, check, token: Some(token) }
            }
            Request::SetHeartbeatToken { workspace, check, token } => {
                Self::SetHeartbeatToken { workspace, check, token }
            }
            Request::ChooseDefinition { workspace, check, agent } => {
                Self::ChooseDefinition { workspace, check, agent }
            }
        }
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
