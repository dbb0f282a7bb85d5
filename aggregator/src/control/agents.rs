//! Requests about agents. Only hashes of secrets travel.

use serde::{Deserialize, Serialize};
use skerry_domain::credentials::TokenHash;
use skerry_domain::step;

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
