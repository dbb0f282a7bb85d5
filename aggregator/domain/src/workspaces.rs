//! All workspaces: the state of each, and a directory of what has to be looked up before the workspace is known. A
//! command belongs to one workspace and sees nothing of the others.

mod addresses;

use super::access::ApiToken;
use super::credentials::{Enrolment, TokenHash};
use super::rows::Write;
use super::shared_vec::SharedVec;
use super::state::{Agent, AgentKey, ApiTokenKey, State, Workspace, WorkspaceAgent, WorkspaceKey};
use super::step::{self, Admission, AgentChange, Answer, Asked, Change, Command, Context, Rejected, Stepped};
use super::table::Table;
use super::time::Timestamp;

/// All workspaces. A copy shares its entries with the original, so it is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workspaces {
    states: Table<WorkspaceKey, State>,
    directory: Directory,
    /// As in every state; a new workspace begins with them.
    ready_at: Timestamp,
    unsure_ms: i64,
    clock: Timestamp,
}

/// The workspace of each token. Tokens are unique across workspaces.
#[derive(Clone, Debug, Default, PartialEq)]
struct Directory {
    names: Table<String, WorkspaceKey>,
    credentials: Table<TokenHash, WorkspaceKey>,
    enrolments: Table<TokenHash, WorkspaceKey>,
    heartbeat_addresses: Table<TokenHash, WorkspaceKey>,
    api_tokens: Table<TokenHash, WorkspaceKey>,
}

/// The workspace that a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its row key.
    Key(WorkspaceKey),
    /// By its name; it is created if it does not exist and the command is not rejected.
    Name(String),
    /// Every workspace.
    All,
}

/// The outcome of one or more steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer to the last command.
    pub answer: Answer,
    /// Events in order, each with its workspace.
    pub changes: Vec<(WorkspaceKey, Change)>,
    /// Rows to write, by value.
    pub rows: Vec<Write>,
}

impl Workspaces {
    /// The workspaces that were read from a store.
    #[must_use]
    pub fn new(states: impl IntoIterator<Item = State>, ready_at: Timestamp) -> Self {
        let mut all = Self { ready_at, ..Self::default() };
        for state in states {
            let key = state.workspace.key;
            all.directory.follow(key, &Tokens::default(), &Tokens::of(&state));
            all.directory.names.insert(state.workspace.name.clone(), key);
            all.clock = all.clock.max(state.clock);
            all.states.insert(key, state);
        }
        all
    }

    /// The state of a workspace.
    #[must_use]
    pub fn get(&self, key: WorkspaceKey) -> Option<&State> {
        self.states.get(&key)
    }

    /// The state of the workspace of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&State> {
        self.get(*self.directory.names.get(name)?)
    }

    /// The states of all workspaces, in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (WorkspaceKey, &State)> {
        self.states.iter().map(|(key, state)| (*key, state))
    }

    /// The clock at the last step; it never goes back.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// See [`State::ready_at`].
    #[must_use]
    pub fn ready_at(&self) -> Timestamp {
        self.ready_at
    }

    /// See [`State::unsure_ms`].
    #[must_use]
    pub fn unsure_ms(&self) -> i64 {
        self.unsure_ms
    }

    /// The agent with this credential.
    #[must_use]
    pub fn agent_of(&self, credential: &TokenHash) -> Option<(WorkspaceAgent, &Agent)> {
        let workspace = *self.directory.credentials.get(credential)?;
        let state = self.get(workspace)?;
        let key = *state.credentials.get(credential)?;
        Some(((workspace, key), state.agents.get(&key)?))
    }

    /// The workspace of an enrolment token.
    #[must_use]
    pub fn workspace_of_enrolment(&self, token: &TokenHash) -> Option<WorkspaceKey> {
        self.directory.enrolments.get(token).copied()
    }

    /// The workspace and check of a heartbeat's address.
    #[must_use]
    pub fn heartbeat_of(&self, token: &TokenHash) -> Option<(WorkspaceKey, &str)> {
        let workspace = *self.directory.heartbeat_addresses.get(token)?;
        Some((workspace, self.get(workspace)?.heartbeat_addresses.get(token)?))
    }

    /// The token of the REST API with that hash, and its workspace.
    #[must_use]
    pub fn api_token_of(&self, hash: &TokenHash) -> Option<(WorkspaceKey, ApiTokenKey, &ApiToken)> {
        let workspace = *self.directory.api_tokens.get(hash)?;
        let state = self.get(workspace)?;
        let key = *state.token_hashes.get(hash)?;
        Some((workspace, key, state.api_tokens.get(&key)?))
    }

    /// The earliest time at which a tick has something to do; it may have passed.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.states.values().filter_map(State::next_due).min()
    }

    /// Changes every state outside of a step: what a start or the clock does to it.
    pub fn update_all(&mut self, mut update: impl FnMut(&mut State)) {
        self.states.update_all(|_, state| update(state));
    }

    /// Marks the aggregator as reachable from now on; see [`State::become_ready`].
    pub fn become_ready(&mut self, now: Timestamp) {
        self.ready_at = now;
        self.update_all(|state| state.become_ready(now));
    }

    /// Sets how far the aggregator's clock may be ahead; see [`State::unsure_ms`].
    pub fn set_unsure(&mut self, unsure_ms: i64) {
        if self.unsure_ms != unsure_ms {
            self.unsure_ms = unsure_ms;
            self.update_all(|state| state.unsure_ms = unsure_ms);
        }
    }

    /// Sets the clock, after the states were read back.
    pub fn set_clock(&mut self, clock: Timestamp) {
        self.clock = clock;
        self.update_all(|state| state.clock = clock);
    }

    /// Takes over what is not stored from the state before it was read back: the clock and the charts. Computes every
    /// verdict.
    pub fn continue_from(&mut self, former: &Self) {
        self.set_clock(former.clock);
        self.set_unsure(former.unsure_ms);
        self.update_all(|state| {
            let charts =
                former.get(state.workspace.key).into_iter().flat_map(|former| former.components.iter());
            for (key, former) in charts {
                if let Some(component) = state.components.get_mut(key) {
                    component.response = former.response.clone();
                }
            }
            state.derive_verdicts(state.clock);
        });
    }

    /// Sets the clock back to `clock`. Charts are dropped: they are computed from what was stored.
    pub fn set_back(&mut self, clock: Timestamp) {
        self.ready_at = self.ready_at.min(clock);
        self.clock = clock;
        self.update_all(|state| {
            (state.clock, state.ready_at) = (clock, state.ready_at.min(clock));
            state.components.update_all(|_, component| component.response = SharedVec::default());
        });
    }

    /// Runs these commands in order: all of them or none. `asked` holds for each; an expected version for the first.
    ///
    /// # Errors
    /// [`Rejected`]; then nothing has changed.
    pub fn step(
        &mut self,
        commands: &[(Target, Command)],
        context: Context,
        asked: Asked<'_>,
    ) -> Result<Outcome, Rejected> {
        // A single rejected command leaves its state as it was.
        let several = commands.len() > 1 || commands.iter().any(|(target, _)| *target == Target::All);
        let moved = addresses::moved_by(commands);
        let before = (several || moved.is_some()).then(|| self.clone());
        let context = Context { now: context.now.max(self.clock), ..context };
        let stepped = self.step_all(commands, context, asked).and_then(|outcome| {
            moved.map_or(Ok(()), |by| addresses::check(self, by))?;
            Ok(outcome)
        });
        match (&stepped, before) {
            (Ok(_), _) => self.clock = context.now,
            (Err(_), Some(before)) => *self = before,
            (Err(_), None) => {}
        }
        stepped
    }

    fn step_all(
        &mut self,
        commands: &[(Target, Command)],
        context: Context,
        asked: Asked<'_>,
    ) -> Result<Outcome, Rejected> {
        let mut outcome = Outcome { answer: Answer::Done, changes: Vec::new(), rows: Vec::new() };
        for (number, (target, command)) in commands.iter().enumerate() {
            let asked = Asked { expected: asked.expected.filter(|_| number == 0), ..asked };
            self.step_target(target, command, context, asked, &mut outcome)?;
        }
        Ok(outcome)
    }

    fn step_target(
        &mut self,
        target: &Target,
        command: &Command,
        context: Context,
        asked: Asked<'_>,
        outcome: &mut Outcome,
    ) -> Result<(), Rejected> {
        let key = match target {
            Target::Key(key) => *key,
            Target::Name(name) => match self.directory.names.get(name) {
                Some(key) => *key,
                None => return self.step_new(name, command, context, asked, outcome),
            },
            Target::All => {
                for key in self.states.keys().copied().collect::<Vec<_>>() {
                    self.step_one(key, command, context, asked, outcome)?;
                }
                return Ok(());
            }
        };
        self.step_one(key, command, context, asked, outcome)
    }

    fn step_one(
        &mut self,
        key: WorkspaceKey,
        command: &Command,
        context: Context,
        asked: Asked<'_>,
        outcome: &mut Outcome,
    ) -> Result<(), Rejected> {
        self.directory.check_token(key, command)?;
        let no_workspace = || Rejected::not_found("workspace", "there is no such workspace");
        let state = self.states.get_mut(&key).ok_or_else(no_workspace)?;
        let tokens = Tokens::of(state);
        let stepped = step::step_asked(state, command, context, asked)?;
        self.directory.follow(key, &tokens, &Tokens::of(state));
        outcome.add(key, stepped);
        Ok(())
    }

    /// Runs the command in a workspace that does not exist yet.
    fn step_new(
        &mut self,
        name: &str,
        command: &Command,
        context: Context,
        asked: Asked<'_>,
        outcome: &mut Outcome,
    ) -> Result<(), Rejected> {
        let key = WorkspaceKey(self.states.last_key_value().map_or(0, |(last, _)| last.0) + 1);
        self.directory.check_token(key, command)?;
        let (ready_at, unsure_ms, clock) = (self.ready_at, self.unsure_ms, context.now);
        let mut state = State { ready_at, unsure_ms, clock, ..State::new(Workspace::new(key, name)) };
        let stepped = step::step_asked(&mut state, command, context, asked)?;
        self.directory.follow(key, &Tokens::default(), &Tokens::of(&state));
        self.directory.names.insert(name.to_owned(), key);
        self.states.insert(key, state);
        outcome.add(key, stepped);
        Ok(())
    }
}

impl Outcome {
    fn add(&mut self, workspace: WorkspaceKey, stepped: Stepped) {
        self.answer = stepped.answer;
        self.changes.extend(stepped.changes.into_iter().map(|change| (workspace, change)));
        self.rows.extend(stepped.rows);
    }
}

/// The tokens of a workspace.
#[derive(Default)]
struct Tokens {
    credentials: Table<TokenHash, AgentKey>,
    enrolments: Table<TokenHash, Enrolment>,
    heartbeat_addresses: Table<TokenHash, String>,
    api_tokens: Table<TokenHash, ApiTokenKey>,
}

impl Tokens {
    fn of(state: &State) -> Self {
        Self {
            credentials: state.credentials.clone(),
            enrolments: state.enrolments.clone(),
            heartbeat_addresses: state.heartbeat_addresses.clone(),
            api_tokens: state.token_hashes.clone(),
        }
    }
}

impl Directory {
    /// Rejects a command that brings a token that another workspace uses.
    fn check_token(&self, workspace: WorkspaceKey, command: &Command) -> Result<(), Rejected> {
        if let Command::Together(commands) = command {
            return commands.iter().try_for_each(|command| self.check_token(workspace, command));
        }
        let owner = match command {
            Command::Once(once) => return self.check_token(workspace, &once.command),
            Command::ChangeAgent { change: AgentChange::Add { admission, .. }, .. }
            | Command::ChangeAgent { change: AgentChange::Rotate(admission), .. } => match admission {
                Admission::Credential(hash) => self.credentials.get(hash),
                Admission::Enrolment(hash) => self.enrolments.get(hash),
            },
            Command::Redeem { credential, .. } => self.credentials.get(credential),
            Command::SetHeartbeatToken { token: Some(token), .. } => self.heartbeat_addresses.get(token),
            Command::AddApiToken(new) => self.api_tokens.get(&new.hash),
            _ => None,
        };
        match owner {
            Some(owner) if *owner != workspace => Err(Rejected::conflict("token", "this token is in use")),
            _ => Ok(()),
        }
    }

    /// Takes over what changed in the tokens of a workspace.
    fn follow(&mut self, workspace: WorkspaceKey, before: &Tokens, after: &Tokens) {
        follow(&mut self.credentials, workspace, &before.credentials, &after.credentials);
        follow(&mut self.enrolments, workspace, &before.enrolments, &after.enrolments);
        follow(&mut self.api_tokens, workspace, &before.api_tokens, &after.api_tokens);
        let (before, after) = (&before.heartbeat_addresses, &after.heartbeat_addresses);
        follow(&mut self.heartbeat_addresses, workspace, before, after);
    }
}

fn follow<V: PartialEq>(
    index: &mut Table<TokenHash, WorkspaceKey>,
    workspace: WorkspaceKey,
    before: &Table<TokenHash, V>,
    after: &Table<TokenHash, V>,
) {
    for (token, exists) in before.changed_keys(after) {
        if exists {
            index.insert(*token, workspace);
        } else {
            index.remove(token);
        }
    }
}

#[cfg(test)]
mod tests;
