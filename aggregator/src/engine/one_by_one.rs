//! Retries a group that violates a constraint of the store: each command gets its own commit, so that only the one at
//! fault is refused and the program stays ready.

use super::CommandError;
use super::writer::{Waiting, Writer};
use skerry_domain::step::Command;
use skerry_domain::workspaces::Workspaces;
use skerry_store::StoreError;
use std::sync::atomic::Ordering;

impl Writer {
    /// Steps the waiting commands again from `before` the group, each with its own commit.
    pub(super) fn one_by_one(&mut self, before: Workspaces, waiting: Vec<Waiting>, tick: bool) {
        self.workspaces = before;
        if let Some(from) = self.away_since.take()
            && let Err(error) = self.step_time_one_by_one(&Command::Away { from })
        {
            self.note_away(from);
            return self.failed(&error, waiting);
        }
        let mut waiting = waiting.into_iter();
        while let Some(one) = waiting.next() {
            let before = self.workspaces.clone();
            let stepped = match self.step_for(&one.envelope) {
                Ok(stepped) => stepped,
                Err(rejected) => {
                    one.reply.send(Err(rejected.into()));
                    continue;
                }
            };
            match self.write(&stepped.rows) {
                Ok(()) => {
                    self.health.commits.fetch_add(1, Ordering::Relaxed);
                    self.health.commands.fetch_add(1, Ordering::Relaxed);
                    self.publish();
                    one.reply.send(Ok(stepped.answer));
                    self.report(stepped.changes);
                }
                Err(error @ StoreError::Constraint { .. }) => {
                    self.workspaces = before;
                    let (request, actor) = (one.envelope.request, one.envelope.actor.clone());
                    let command = one.envelope.name();
                    tracing::error!(%request, %actor, command, %error, "a command is refused, since the database does not allow what it would write; all else is stored. This is a fault of skerry-aggregator: report it");
                    one.reply.send(Err(CommandError::Fault {
                        request: request.to_string(),
                        what: error.to_string(),
                    }));
                }
                Err(error) => return self.failed(&error, std::iter::once(one).chain(waiting).collect()),
            }
        }
        if tick && let Err(error) = self.step_time_one_by_one(&Command::Tick) {
            self.failed(&error, Vec::new());
        }
    }
}
