//! Pings of heartbeats: from an address to a command, and from the commit to the answer.

use crate::config::Config;
use crate::engine::{CommandError, Engine};
use async_trait::async_trait;
use skerry_domain::credentials::token_hash;
use skerry_domain::heartbeat::Expected;
use skerry_domain::step::{Command, DesiredHeartbeat, HeartbeatPing, PingKind};
use skerry_protocol::check::{Due, Heartbeat, Kind};
use skerry_protocol::schedule::Schedule;
use skerry_web::{Call, CallAnswer, CallKind, Heartbeats};
use std::time::Duration;

/// Takes the pings of heartbeats.
#[derive(Clone, Debug)]
pub struct HeartbeatEndpoint {
    engine: Engine,
}

impl HeartbeatEndpoint {
    /// An endpoint for the addresses in the engine's state.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

#[async_trait]
impl Heartbeats for HeartbeatEndpoint {
    async fn knows(&self, token: &str) -> bool {
        self.engine.snapshot().workspaces.heartbeat_of(&token_hash(token)).is_some()
    }

    async fn call(&self, token: &str, call: Call) -> CallAnswer {
        let snapshot = self.engine.snapshot();
        let found = snapshot.workspaces.heartbeat_of(&token_hash(token));
        let Some((workspace, check)) = found else { return CallAnswer::Unknown };
        let check = check.to_owned();
        let kind = match call.what {
            CallKind::Start => PingKind::Start,
            CallKind::Ended(0) => PingKind::Success,
            CallKind::Ended(_) => PingKind::Failure,
            CallKind::Log => PingKind::Nothing,
        };
        let detail = match call.what {
            CallKind::Ended(code) if code != 0 && call.words.is_empty() => {
                format!("the job ended with {code}")
            }
            _ => call.words,
        };
        if call.what == CallKind::Log {
            tracing::info!(%check, run = %call.run, words = %detail, "a job sent a line for the log");
        }
        let ping = HeartbeatPing { check, kind, run: call.run, took_ms: call.took_ms, detail };
        match self.engine.command((workspace, Command::HeartbeatPing(Box::new(ping)))).await {
            Ok(_) => CallAnswer::Taken,
            Err(CommandError::Rejected(_)) => CallAnswer::Unknown,
            Err(CommandError::Busy { retry_after }) => CallAnswer::Later { retry_after },
            Err(CommandError::Fault { .. } | CommandError::Unwritable(_) | CommandError::Stopping) => {
                CallAnswer::Later { retry_after: 5 }
            }
        }
    }
}

fn expected(heartbeat: &Heartbeat) -> Expected {
    let whole = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let (period, schedule) = match &heartbeat.due {
        Due::Every(period) => (whole(*period), None),
        Due::At(schedule) => (0, Some(Schedule::clone(schedule))),
    };
    Expected { period, schedule, grace: whole(heartbeat.grace) }
}

/// The heartbeats that a file declares.
#[must_use]
pub fn declared(config: &Config) -> Command {
    let heartbeats = config.checks.iter().filter_map(|entry| {
        let Kind::Heartbeat(heartbeat) = &entry.check.kind else { return None };
        Some(DesiredHeartbeat {
            check: entry.check.name.clone(),
            definition: entry.check.definition_hash().to_vec(),
            expected: expected(heartbeat),
            severity: entry.check.severity,
            depends_on: entry.check.depends_on.clone(),
            labels: entry.check.labels.clone(),
        })
    });
    Command::DeclareHeartbeats(heartbeats.collect())
}
