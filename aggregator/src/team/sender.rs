//! Sends messages to one receiver, one after the other, and stores what it was told before the next.

use super::channels::TeamChannels;
use super::decide::Message;
use super::figures::TeamFigures;
use super::message::Context;
use crate::config::Receiver;
use crate::engine::{CommandError, Engine};
use skerry_domain::state::WorkspaceKey;
use skerry_domain::step::{Command, TeamTold};
use skerry_notify::{Answer, Class, Outcome};
use std::sync::Arc;
use std::time::Duration;

/// How long it is waited if what was told cannot be stored.
const UNSTORED: Duration = Duration::from_secs(1);

/// Messages to one receiver.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) workspace: WorkspaceKey,
    pub(super) receiver: Arc<Receiver>,
    pub(super) messages: Vec<Message>,
    pub(super) context: Context,
}

/// What became of them.
#[derive(Debug)]
pub(super) struct Sent {
    /// The last failure. `None`: all were taken.
    pub(super) failure: Option<Failure>,
}

/// Why a message was not taken.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) answer: Answer,
    /// How long the other side asks to wait.
    pub(super) after: Option<Duration>,
}

/// Sends messages.
#[derive(Debug)]
pub(super) struct Sender {
    engine: Engine,
    channels: TeamChannels,
    figures: Arc<TeamFigures>,
}

impl Sender {
    pub(super) fn new(engine: Engine, channels: TeamChannels) -> Self {
        Self { engine, channels, figures: Arc::default() }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn figures(&self) -> Arc<TeamFigures> {
        Arc::clone(&self.figures)
    }

    pub(super) async fn send(self: Arc<Self>, job: Job) -> Sent {
        let Job { workspace, receiver, messages, context } = job;
        let mut failure = None;
        for message in messages {
            let outcome = self.channels.send(&receiver.kind, &message, &context).await;
            self.figures.sent(&receiver.name, outcome.answer().class);
            let (answer, after) = match outcome {
                Outcome::Accepted(_) => {
                    let told = TeamTold { receiver: receiver.name.clone(), told: message.told };
                    self.store(workspace, told).await;
                    continue;
                }
                Outcome::Later { answer, after } => (answer, after),
                Outcome::NoRelay(answer) | Outcome::Refused(answer) => (answer, None),
            };
            // Another message may be taken, unless nothing is now.
            let is_over = !matches!(answer.class, Class::Rejected | Class::Policy | Class::Unavailable);
            failure = Some(Failure { answer, after });
            if is_over {
                break;
            }
        }
        Sent { failure }
    }

    /// Stores what a receiver was told. Until it is stored, it is told nothing else.
    async fn store(&self, workspace: WorkspaceKey, told: TeamTold) {
        while !told.told.is_empty() && !self.note(workspace, told.clone()).await {
            tokio::time::sleep(UNSTORED).await;
        }
    }

    /// Tries once to store it. Returns whether nothing is left to be tried.
    pub(super) async fn note(&self, workspace: WorkspaceKey, told: TeamTold) -> bool {
        match self.engine.command((workspace, Command::TeamTold(Box::new(told)))).await {
            Ok(_) | Err(CommandError::Stopping) => true,
            Err(error @ (CommandError::Rejected(_) | CommandError::Fault { .. })) => {
                tracing::error!(%error, "what the team was told cannot be stored");
                true
            }
            Err(CommandError::Busy { .. } | CommandError::Unwritable(_)) => false,
        }
    }
}
