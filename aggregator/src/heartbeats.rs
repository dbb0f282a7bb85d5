//! Calls of heartbeats: from an address to a command, and from the commit to the answer. Which addresses there
//! are is kept in memory. One that is not known may have been made a moment ago: the database is asked, a few times a
//! second at most, however many ask.

use crate::config::Config;
use crate::engine::{CommandError, Engine};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use skerry_domain::heartbeat::Expected;
use skerry_domain::state::WorkspaceKey;
use skerry_domain::step::{Beat, Command, DesiredHeartbeat, Tells};
use skerry_host::random;
use skerry_protocol::check::{Due, Heartbeat, Kind};
use skerry_protocol::schedule::Schedule;
use skerry_store::{HeartbeatToken, Store, token_hash};
use skerry_web::{Call, CallAnswer, CallKind, Heartbeats};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A token made beside us opens its address within this time.
const OFTEN: Duration = Duration::from_secs(5);
/// Between two looks that strangers cause.
const PAUSE: Duration = Duration::from_millis(200);

type Known = HashMap<[u8; 32], (WorkspaceKey, String)>;

/// Takes the calls of heartbeats.
#[derive(Clone, Debug)]
pub struct HeartbeatEndpoint {
    engine: Engine,
    database: PathBuf,
    known: Arc<ArcSwap<Known>>,
    /// When the last look that a stranger caused began.
    looked: Arc<Mutex<Option<Instant>>>,
}

impl HeartbeatEndpoint {
    /// One that knows the tokens of `database`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open(engine: Engine, database: &Path) -> anyhow::Result<Self> {
        let known = Arc::new(ArcSwap::from_pointee(read(database)?));
        Ok(Self { engine, database: database.to_owned(), known, looked: Arc::default() })
    }

    /// Looks at the database again, together with all who ask at that time.
    async fn look(&self, asked: Instant) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked > asked) {
            return;
        }
        if let Some(last) = *looked {
            tokio::time::sleep_until((last + PAUSE).into()).await;
        }
        *looked = Some(Instant::now());
        let database = self.database.clone();
        if let Ok(Ok(found)) = tokio::task::spawn_blocking(move || read(&database)).await {
            self.known.store(Arc::new(found));
        }
    }

    /// Follows the tokens that the command line makes, until the task is ended.
    #[must_use]
    pub fn follow(&self, database: PathBuf) -> tokio::task::JoinHandle<()> {
        let known = Arc::clone(&self.known);
        tokio::spawn(async move {
            let mut often = tokio::time::interval(OFTEN);
            loop {
                often.tick().await;
                let database = database.clone();
                match tokio::task::spawn_blocking(move || read(&database)).await {
                    Ok(Ok(found)) => known.store(Arc::new(found)),
                    Ok(Err(error)) => {
                        tracing::warn!("new heartbeat addresses cannot be read, trying again: {error:#}");
                    }
                    Err(_) => return,
                }
            }
        })
    }
}

fn read(database: &Path) -> anyhow::Result<Known> {
    let tokens = Store::beside(database)?.heartbeat_tokens()?.into_iter();
    Ok(tokens.map(|HeartbeatToken { hash, workspace, check, .. }| (hash, (workspace, check))).collect())
}

#[async_trait]
impl Heartbeats for HeartbeatEndpoint {
    async fn knows(&self, token: &str) -> bool {
        let hash = token_hash(token);
        if self.known.load().contains_key(&hash) {
            return true;
        }
        if !random::is_secret("skh", token) {
            return false;
        }
        self.look(Instant::now()).await;
        self.known.load().contains_key(&hash)
    }

    async fn call(&self, token: &str, call: Call) -> CallAnswer {
        let found = self.known.load().get(&token_hash(token)).cloned();
        let Some((workspace, check)) = found else { return CallAnswer::Unknown };
        let tells = match call.what {
            CallKind::Start => Tells::Start,
            CallKind::Ended(0) => Tells::Success,
            CallKind::Ended(_) => Tells::Failure,
            CallKind::Log => Tells::Nothing,
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
        let beat = Beat { workspace, check, tells, run: call.run, took_ms: call.took_ms, detail };
        match self.engine.command(Command::Beat(Box::new(beat))).await {
            Ok(_) => CallAnswer::Taken,
            Err(CommandError::Rejected(_)) => CallAnswer::Unknown,
            Err(CommandError::Busy { retry_after }) => CallAnswer::Later { retry_after },
            Err(CommandError::Unwritable(_) | CommandError::Stopping) => CallAnswer::Later { retry_after: 5 },
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
        })
    });
    Command::DeclareHeartbeats { workspace: config.workspace.clone(), heartbeats: heartbeats.collect() }
}
