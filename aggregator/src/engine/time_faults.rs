//! Steps that time alone causes and that the store does not allow. They are a fault of this program: the workspace waits a
//! minute before they are tried again, and the others go on.

use super::writer::Writer;
use skerry_domain::state::WorkspaceKey;
use skerry_domain::step::{Asked, Command};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::{Outcome, Target};
use skerry_store::StoreError;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// When such a step is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// The workspaces in which time does not pass for now.
#[derive(Debug, Default)]
pub(super) struct TimeFaults(BTreeMap<WorkspaceKey, TimeFault>);

#[derive(Debug)]
struct TimeFault {
    retry_at: Instant,
    /// The aggregator has been unreachable since then, which is not recorded yet.
    away: Option<Timestamp>,
}

impl TimeFaults {
    fn note(&mut self, workspace: WorkspaceKey, away: Option<Timestamp>) {
        let retry_at = Instant::now() + RETRY;
        let fault = self.0.entry(workspace).or_insert(TimeFault { retry_at, away });
        fault.retry_at = retry_at;
        fault.away = fault.away.into_iter().chain(away).min();
    }

    /// An absence that cannot be recorded there yet.
    fn note_away(&mut self, from: Timestamp) {
        for fault in self.0.values_mut() {
            fault.away = Some(fault.away.map_or(from, |away| away.min(from)));
        }
    }
}

impl Writer {
    /// Steps a command that time causes, in every workspace in which time passes.
    pub(super) fn step_time(&mut self, command: &Command) -> Option<Outcome> {
        if let Command::Away { from } = command {
            self.time_faults.note_away(*from);
        }
        let targets: Vec<(Target, Command)> = if self.time_faults.0.is_empty() {
            vec![(Target::All, command.clone())]
        } else {
            self.passing().map(|key| (Target::Key(key), command.clone())).collect()
        };
        self.workspaces.step(&targets, self.context(), Asked::default()).ok()
    }

    fn passing(&self) -> impl Iterator<Item = WorkspaceKey> {
        self.workspaces.iter().map(|(key, _)| key).filter(|key| !self.time_faults.0.contains_key(key))
    }

    /// The same in one workspace after another, with a commit each.
    pub(super) fn step_time_one_by_one(&mut self, command: &Command) -> Result<(), StoreError> {
        for workspace in self.passing().collect::<Vec<_>>() {
            if !self.commit_time(workspace, command)? {
                let away = if let Command::Away { from } = command { Some(*from) } else { None };
                self.time_faults.note(workspace, away);
            }
        }
        Ok(())
    }

    /// Tries again where it is due.
    pub(super) fn retry_time_faults(&mut self) {
        let now = Instant::now();
        let due = self.time_faults.0.iter().filter(|(_, fault)| fault.retry_at <= now);
        for (workspace, away) in due.map(|(key, fault)| (*key, fault.away)).collect::<Vec<_>>() {
            let away = away.map(|from| Command::Away { from });
            let all = away.iter().chain([&Command::Tick]);
            match all.map(|command| self.commit_time(workspace, command)).collect::<Result<Vec<_>, _>>() {
                Ok(allowed) if allowed.iter().all(|allowed| *allowed) => {
                    self.time_faults.0.remove(&workspace);
                }
                Ok(_) => self.time_faults.note(workspace, None),
                Err(error) => return self.failed(&error, Vec::new()),
            }
        }
    }

    /// Commits a step of one workspace that no caller waits for. Returns whether the database allows it; otherwise
    /// nothing has changed.
    fn commit_time(&mut self, workspace: WorkspaceKey, command: &Command) -> Result<bool, StoreError> {
        let before = self.workspaces.clone();
        let step = [(Target::Key(workspace), command.clone())];
        let Ok(outcome) = self.workspaces.step(&step, self.context(), Asked::default()) else {
            return Ok(true);
        };
        match self.write(&outcome.rows) {
            Ok(()) => {
                self.publish();
                self.report(outcome.changes);
                Ok(true)
            }
            Err(error @ StoreError::Constraint { .. }) => {
                self.workspaces = before;
                let name = self.workspaces.get(workspace).map_or("", |state| &state.workspace.name);
                tracing::error!(workspace = name, command = command.name(), %error, "the database does not allow what the passing of time changes in a workspace; it is tried again in a minute. This is a fault of skerry-aggregator: report it");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
