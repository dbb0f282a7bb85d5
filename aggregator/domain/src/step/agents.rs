//! Changes of agents by operators: who may deliver under which name, from which location, and which checks. Each
//! command is validated completely before it changes anything.

use super::configure::move_to;
use super::declare::{dismiss, settle_checks_of};
use super::{Answer, Changes, Rejected};
use crate::credentials::{Enrolment, Redeemed, Standing, TokenHash};
use crate::state::{Agent, AgentKey, CheckKey, State};
use crate::time::{DAY, HOUR, MINUTE, Timestamp};

/// Validity of an enrolment token, ms.
const TOKEN_LIFE: i64 = 15 * MINUTE;
/// The longest validity that any release gave an enrolment token, ms.
const LONGEST_LIFE: i64 = HOUR;

/// A change of an agent by an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentChange {
    /// Adds an agent.
    Add {
        /// Failure domain.
        location: String,
        /// Patterns of checks that it may report; empty: every check.
        checks: Vec<String>,
        /// How it is admitted.
        admission: Admission,
    },
    /// Replaces its credential.
    Rotate(Admission),
    /// Renames it; it may still use the former name.
    Rename(String),
    /// Moves it to another location; it may still report the former one.
    Move(String),
    /// Limits it to checks that match one of these patterns; empty: every check.
    Limit(Vec<String>),
    /// Allows it to join others in reporting checks that match this pattern.
    Allow(String),
    /// Rejects its deliveries until it is enabled.
    Disable,
    /// Accepts its deliveries again.
    Enable,
    /// Takes its credential away.
    Revoke,
    /// Removes it from lists and frees its name; its history stays.
    Remove,
}

impl AgentChange {
    /// Its name, for the log and the audit.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add_agent",
            Self::Rotate(_) => "rotate_agent",
            Self::Rename(_) => "rename_agent",
            Self::Move(_) => "move_agent",
            Self::Limit(_) => "limit_agent",
            Self::Allow(_) => "allow_agent",
            Self::Disable => "disable_agent",
            Self::Enable => "enable_agent",
            Self::Revoke => "revoke_agent",
            Self::Remove => "remove_agent",
        }
    }
}

/// How an agent is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// By a credential with this hash; a former one becomes invalid.
    Credential(TokenHash),
    /// By an enrolment token with this hash; the present credential is valid until the token is redeemed.
    Enrolment(TokenHash),
}

/// Applies a change to the agent of that name.
pub(super) fn change(
    state: &mut State,
    name: &str,
    change: AgentChange,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    if let AgentChange::Add { location, checks, admission } = change {
        return add(state, name, &location, checks, admission, now, changes);
    }
    let key = find(state, name)?;
    match change {
        AgentChange::Add { .. } => unreachable!("handled above"),
        AgentChange::Rotate(admission) => {
            if state.agents[&key].standing == Standing::Disabled {
                return Err(Rejected::forbidden(
                    "agent",
                    format!("agent {name:?} is disabled: enable it first"),
                ));
            }
            is_free(state, &admission, Some(key))?;
            admit(state, key, admission, now, changes);
        }
        AgentChange::Rename(to) => rename(state, key, to)?,
        AgentChange::Move(location) => {
            if state.agents[&key].location == location {
                let reason = format!("agent {name:?} is in {location:?} already; nothing was changed");
                return Err(Rejected::conflict("location", reason));
            }
            let agent = state.agents.get_mut(&key).expect("found above");
            agent.moved_from = Some(agent.location.clone());
            move_to(state, key, &location, now, changes);
        }
        AgentChange::Limit(checks) => {
            let checks = (!checks.is_empty()).then_some(checks);
            state.agents.get_mut(&key).expect("found above").permit.checks = checks;
            settle_checks_of(state, key, now, changes);
        }
        AgentChange::Allow(check) => {
            state.agents.get_mut(&key).expect("found above").permit.allowed.insert(check);
            changes.touched.allowed(key);
            settle_checks_of(state, key, now, changes);
        }
        AgentChange::Disable => {
            // Whoever has an open token would enable the agent with it.
            forget_enrolments(state, |one| one.agent == key && one.used.is_none(), changes);
            stand(state, key, Standing::Disabled, now, changes)?;
        }
        AgentChange::Enable => {
            if state.agents[&key].standing == Standing::Revoked {
                let reason = format!(
                    "agent {name:?} was revoked and has no credential: let it enrol again with skerry-aggregator agent rotate"
                );
                return Err(Rejected::forbidden("agent", reason));
            }
            state.agents.get_mut(&key).expect("found above").standing = Standing::Active;
        }
        AgentChange::Revoke => {
            take_credential(state, key, changes);
            stand(state, key, Standing::Revoked, now, changes)?;
        }
        AgentChange::Remove => remove(state, key, now, changes)?,
    }
    changes.touched.agent(key);
    Ok(Answer::Agent(key))
}

fn find(state: &State, name: &str) -> Result<AgentKey, Rejected> {
    let found = agent_named(state, name).filter(|key| state.agents[key].standing != Standing::Removed);
    found.ok_or_else(|| {
        let workspace = &state.workspace.name;
        let reason =
            format!("workspace {workspace:?} has no agent {name:?}: skerry-aggregator agent list shows them");
        Rejected::not_found("agent", reason)
    })
}

fn agent_named(state: &State, name: &str) -> Option<AgentKey> {
    state.agents.iter().find(|(_, agent)| agent.name == name).map(|(key, _)| *key)
}

/// Adds an agent; rejected if the name is taken.
fn add(
    state: &mut State,
    name: &str,
    location: &str,
    checks: Vec<String>,
    admission: Admission,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    if let Ok(known) = find(state, name) {
        let Agent { location, standing, .. } = &state.agents[&known];
        let is = match standing {
            Standing::Active => String::new(),
            other => format!(" and is {}", other.name()),
        };
        let reason = format!(
            "there is an agent {name:?} already, in {location:?}{is}; nothing was changed. skerry-aggregator agent rotate \
             lets it enrol again, agent move gives it another location, agent limit other checks, and agent remove frees \
             the name"
        );
        return Err(Rejected::conflict("agent", reason));
    }
    is_free(state, &admission, None)?;
    let key = AgentKey::next(&mut state.counters.agents);
    let mut agent = Agent::new(name, location);
    agent.permit.checks = (!checks.is_empty()).then_some(checks);
    state.agents.insert(key, agent);
    admit(state, key, admission, now, changes);
    changes.touched.agent(key);
    Ok(Answer::Agent(key))
}

/// Rejects a token that is already in use.
fn is_free(state: &State, admission: &Admission, agent: Option<AgentKey>) -> Result<(), Rejected> {
    let free = match admission {
        Admission::Credential(hash) => state.credentials.get(hash).is_none_or(|owner| Some(*owner) == agent),
        Admission::Enrolment(hash) => !state.enrolments.contains_key(hash),
    };
    if free { Ok(()) } else { Err(Rejected::conflict("token", "this token is in use")) }
}

fn admit(state: &mut State, key: AgentKey, admission: Admission, now: Timestamp, changes: &mut Changes) {
    match admission {
        Admission::Credential(hash) => {
            // An open enrolment token would replace the new credential.
            forget_enrolments(state, |one| one.agent == key && one.used.is_none(), changes);
            give(state, key, hash);
        }
        Admission::Enrolment(hash) => {
            let until = now + TOKEN_LIFE;
            let stale = |one: &Enrolment| (one.agent == key && one.used.is_none()) || one.until < until - DAY;
            forget_enrolments(state, stale, changes);
            state.enrolments.insert(hash, Enrolment { agent: key, until, used: None });
            changes.touched.enrolment(hash);
        }
    }
}

/// Makes the credential valid and a former one of the agent invalid.
fn give(state: &mut State, key: AgentKey, hash: TokenHash) {
    let agent = state.agents.get_mut(&key).expect("caller looked it up");
    agent.standing = Standing::Active;
    if let Some(former) = agent.credential.replace(hash) {
        state.credentials.remove(&former);
    }
    state.credentials.insert(hash, key);
}

fn take_credential(state: &mut State, key: AgentKey, changes: &mut Changes) {
    let agent = state.agents.get_mut(&key).expect("caller looked it up");
    if let Some(former) = agent.credential.take() {
        state.credentials.remove(&former);
    }
    forget_enrolments(state, |one| one.agent == key && one.used.is_none(), changes);
}

pub(super) fn forget_enrolments(
    state: &mut State,
    stale: impl Fn(&Enrolment) -> bool,
    changes: &mut Changes,
) {
    for hash in state.enrolments.keys_where(|_, one| stale(one)) {
        state.enrolments.remove(&hash);
        changes.touched.enrolment(hash);
    }
}

fn rename(state: &mut State, key: AgentKey, to: String) -> Result<(), Rejected> {
    if agent_named(state, &to).is_some() {
        return Err(Rejected::conflict("name", format!("there is an agent {to:?} already")));
    }
    let agent = state.agents.get_mut(&key).expect("caller looked it up");
    agent.former_name = Some(std::mem::replace(&mut agent.name, to));
    Ok(())
}

/// Sets a standing in which the agent may not deliver, and ends the declarations of its checks.
fn stand(
    state: &mut State,
    key: AgentKey,
    standing: Standing,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    dismiss(state, key, now, changes)?;
    state.agents.get_mut(&key).expect("dismissed above").standing = standing;
    Ok(())
}

fn remove(state: &mut State, key: AgentKey, now: Timestamp, changes: &mut Changes) -> Result<(), Rejected> {
    take_credential(state, key, changes);
    forget_enrolments(state, |one| one.agent == key, changes);
    stand(state, key, Standing::Removed, now, changes)?;
    let agent = state.agents.get_mut(&key).expect("dismissed above");
    agent.former_name = None;
    if !std::mem::take(&mut agent.permit.allowed).is_empty() {
        changes.touched.allowed(key);
    }
    agent.name = format!("{} (removed, {})", agent.name, key.0);
    Ok(())
}

/// Exchanges an enrolment token for a credential.
pub(super) fn redeem(
    state: &mut State,
    token: &TokenHash,
    credential: TokenHash,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let Some(Enrolment { agent, until, used }) = state.enrolments.get(token).copied() else {
        return Ok(Answer::Redeemed(Redeemed::Unknown));
    };
    let name = state.agents[&agent].name.clone();
    if let Some(at) = used {
        return Ok(Answer::Redeemed(Redeemed::Used { name, at }));
    }
    // A token that was made while the clock was ahead would be valid for too long.
    if now >= until || until - now > LONGEST_LIFE {
        return Ok(Answer::Redeemed(Redeemed::Expired { name }));
    }
    is_free(state, &Admission::Credential(credential), Some(agent))?;
    state.enrolments.insert(*token, Enrolment { agent, until, used: Some(now) });
    give(state, agent, credential);
    changes.touched.enrolment(*token);
    changes.touched.agent(agent);
    let (workspace, location) = (state.workspace.name.clone(), state.agents[&agent].location.clone());
    Ok(Answer::Redeemed(Redeemed::Enrolled { workspace, name, location }))
}

/// The check with this name and the definition that the agent has of it.
pub(super) fn definition_of(
    state: &State,
    check: &str,
    agent: &str,
) -> Result<(CheckKey, Vec<u8>), Rejected> {
    let found = agent_named(state, agent).and_then(|agent| {
        let check = *state.check_names.get(check)?;
        let track = state.track_of.get(&(agent, check))?;
        let definition = &state.tracks[track].definition;
        (!definition.is_empty()).then(|| (check, definition.clone()))
    });
    found.ok_or_else(|| {
        let reason = format!(
            "agent {agent:?} runs no check {check:?}: skerry-aggregator check list shows who runs it"
        );
        Rejected::not_found("agent", reason)
    })
}

/// Sets the token of a heartbeat's address and replaces a former one; `None` removes the address.
pub(super) fn set_heartbeat_token(
    state: &mut State,
    check: &str,
    token: Option<TokenHash>,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let known = state.heartbeat_tokens.get(check).copied();
    if token.is_none() && known.is_none() {
        let reason =
            format!("heartbeat {check:?} has no address: skerry-aggregator heartbeat list shows them");
        return Err(Rejected::not_found("check", reason));
    }
    if token.is_some_and(|token| known != Some(token) && state.heartbeat_addresses.contains_key(&token)) {
        return Err(Rejected::conflict("token", "this token is in use"));
    }
    if let Some(former) = known {
        state.heartbeat_addresses.remove(&former);
    }
    match token {
        Some(token) => {
            state.heartbeat_addresses.insert(token, check.to_owned());
            state.heartbeat_tokens.insert(check.to_owned(), token);
        }
        None => drop(state.heartbeat_tokens.remove(check)),
    }
    changes.touched.heartbeat_token(check);
    Ok(())
}
