//! The rooms wired together: schedule ─▶ probe ─▶ hysteresis ─▶ spool ─▶ uplink.
//! An embedder starts an [`Agent`] with its own [`Deliver`] and keeps the [`AgentHandle`].

use crate::board::{Board, Seen};
use crate::clock::Clock;
use crate::eyes::{Eyes, Watch};
use crate::probe::Prober;
use crate::rounds::{Reload, Rounds, declared};
use crate::self_test::{SelfTest, SelfTestSettings};
use crate::spool::{Limits, Spool, SpoolStatus};
use crate::uplink::{Deliver, Step, Uplink};
use anyhow::Context;
use skerry_protocol::check::Check;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Most probes at once, unless told otherwise.
pub const MAX_IN_FLIGHT: usize = 2_000;
/// The last batch has this long when the agent stops; what is not taken then stays in the spool.
const LAST_BATCH: Duration = Duration::from_millis(1_500);
/// The spool has this long to reach its disk when the agent stops.
const LAST_SYNC: Duration = Duration::from_millis(1_500);

/// What an agent is told.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Its name, as enrolled.
    pub name: String,
    /// The failure domain it stands in; checks that name others are not run.
    pub location: String,
    /// The spool's file; its folder is made if need be.
    pub spool_path: PathBuf,
    /// Bounds of the spool.
    pub spool_limits: Limits,
    /// Most probes at once; [`MAX_IN_FLIGHT`] fits.
    pub max_in_flight: usize,
    /// How it tells its own network's failure from a target's.
    pub self_test: SelfTestSettings,
    /// What to run.
    pub checks: Vec<Check>,
}

/// An agent.
#[derive(Clone, Copy, Debug)]
pub struct Agent;

/// A running agent. Dropping it stops the agent without its last batch; [`AgentHandle::stop`] is orderly.
#[derive(Debug)]
pub struct AgentHandle {
    location: String,
    spool: Spool,
    board: Arc<Board>,
    self_test: Arc<SelfTest>,
    reloads: mpsc::Sender<Reload>,
    stop_rounds: CancellationToken,
    stop_uplink: CancellationToken,
    rounds: Option<JoinHandle<()>>,
    uplink: Option<JoinHandle<()>>,
}

/// How an agent is.
#[derive(Clone, Debug)]
pub struct AgentStatus {
    /// Every check that has reported, by name.
    pub states: Vec<(Arc<str>, Seen)>,
    /// The spool.
    pub spool: SpoolStatus,
    /// Greatest lateness of a start in the last minute, ms.
    pub lateness_ms: u64,
    /// The agent's own network is gone.
    pub own_network_gone: bool,
}

impl Agent {
    /// Starts on the present tokio runtime.
    ///
    /// # Errors
    /// The spool's path cannot be used, another agent uses it, or the host tells no boot id.
    pub fn start(settings: AgentSettings, deliver: Arc<dyn Deliver>) -> anyhow::Result<AgentHandle> {
        let prober = Prober::new().context("cannot prepare the probes")?;
        Self::start_with(settings, deliver, Eyes::Network(Arc::new(prober)))
    }

    pub(crate) fn start_with(
        settings: AgentSettings,
        deliver: Arc<dyn Deliver>,
        eyes: Eyes,
    ) -> anyhow::Result<AgentHandle> {
        let clock = Clock::open()?;
        let (spool, remembered) = Spool::open(&settings.spool_path, settings.spool_limits, clock)?;
        let checks = of_location(settings.checks, &settings.location);
        let board = Arc::new(Board::new(declared(&checks)));
        let self_test = Arc::new(SelfTest::new(settings.self_test));
        let eyes = Watch { eyes, self_test: Arc::clone(&self_test) };
        let rounds = Rounds::new(
            clock,
            eyes,
            spool.clone(),
            Arc::clone(&board),
            settings.max_in_flight,
            checks,
            remembered,
        );
        let mut uplink = Uplink::new(
            settings.name,
            spool.clone(),
            Arc::clone(&board),
            Arc::clone(&self_test),
            deliver,
            clock,
        );
        let (reloads, reloaded) = mpsc::channel(1);
        let (stop_rounds, stop_uplink) = (CancellationToken::new(), CancellationToken::new());
        let rounds = tokio::spawn(rounds.run(reloaded, stop_rounds.clone()));
        let (watching, stopped) = (Arc::clone(&self_test), stop_rounds.clone());
        tokio::spawn(async move { watching.run(stopped).await });
        let stopped = stop_uplink.clone();
        let uplink = tokio::spawn(async move {
            uplink.run(&stopped).await;
            let last = async { while uplink.send_next().await == Step::Sent {} };
            let _ = timeout(LAST_BATCH, last).await;
        });
        Ok(AgentHandle {
            location: settings.location,
            spool,
            board,
            self_test,
            reloads,
            stop_rounds,
            stop_uplink,
            rounds: Some(rounds),
            uplink: Some(uplink),
        })
    }
}

impl AgentHandle {
    /// Runs these checks from now on: unchanged ones keep their state and their place in time, changed ones
    /// begin anew, records of removed ones still drain.
    ///
    /// # Errors
    /// The agent has stopped.
    pub async fn reload(&self, checks: Vec<Check>) -> anyhow::Result<()> {
        let (done, reloaded) = oneshot::channel();
        let checks = of_location(checks, &self.location);
        self.reloads.send((checks, done)).await.ok().context("the agent has stopped")?;
        reloaded.await.context("the agent has stopped")
    }

    /// Stops within 5 s: no more probes, everything seen on the disk, a last batch tried.
    pub async fn stop(mut self) {
        self.stop_rounds.cancel();
        if let Some(rounds) = self.rounds.take() {
            let _ = rounds.await;
        }
        let _ = timeout(LAST_SYNC, self.spool.flush()).await;
        self.stop_uplink.cancel();
        if let Some(uplink) = self.uplink.take() {
            let _ = timeout(LAST_BATCH + Duration::from_millis(200), uplink).await;
        }
        if timeout(LAST_SYNC, self.spool.close()).await.is_err() {
            tracing::error!("the spool's disk did not answer: what was seen in the last moments may be lost");
        }
    }

    /// How it is now.
    #[must_use]
    pub fn status(&self) -> AgentStatus {
        AgentStatus {
            states: self.board.read().1,
            spool: self.spool.status(),
            lateness_ms: self.board.lateness_ms(),
            own_network_gone: self.self_test.network_is_gone(),
        }
    }
}

impl Drop for AgentHandle {
    fn drop(&mut self) {
        self.stop_rounds.cancel();
        self.stop_uplink.cancel();
    }
}

fn of_location(checks: Vec<Check>, location: &str) -> Vec<Check> {
    let here =
        |check: &Check| check.locations.is_empty() || check.locations.iter().any(|name| name == location);
    checks.into_iter().filter(here).collect()
}

#[cfg(test)]
#[path = "run_tests.rs"]
pub(crate) mod tests;
