//! The rooms wired together: schedule ─▶ probe ─▶ hysteresis ─▶ spool ─▶ uplink.
//! An embedder starts an [`Agent`] with its own [`Deliver`] and keeps the [`AgentHandle`].

use crate::board::{Board, Seen};
use crate::clock::{Clock, CorrectedClock};
use crate::descriptors;
use crate::eyes::{Eyes, FIRST_REPLY, Watch};
use crate::metrics::Figures;
use crate::probe::Prober;
use crate::rounds::{Order, Rounds, declared};
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
use tokio::time::{Instant, timeout};
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
    orders: mpsc::Sender<Order>,
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
        let clock = Clock::open()?;
        let time = Arc::new(CorrectedClock::new(clock));
        let prober = Prober::by(Arc::clone(&time)).context("cannot prepare the probes")?;
        Self::start_at(clock, time, settings, deliver, Eyes::Network(Arc::new(prober)))
    }

    #[cfg(test)]
    pub(crate) fn start_with(
        settings: AgentSettings,
        deliver: Arc<dyn Deliver>,
        eyes: Eyes,
    ) -> anyhow::Result<AgentHandle> {
        let clock = Clock::open()?;
        Self::start_at(clock, Arc::new(CorrectedClock::new(clock)), settings, deliver, eyes)
    }

    fn start_at(
        clock: Clock,
        time: Arc<CorrectedClock>,
        settings: AgentSettings,
        deliver: Arc<dyn Deliver>,
        eyes: Eyes,
    ) -> anyhow::Result<AgentHandle> {
        let checks = of_location(settings.checks, &settings.location);
        let references = settings.self_test.references.len();
        let at_once = descriptors::at_once(settings.max_in_flight, &checks, references);
        let (spool, remembered) = Spool::open(&settings.spool_path, settings.spool_limits, clock)?;
        let board = Arc::new(Board::new(declared(&checks)));
        let self_test = Arc::new(SelfTest::new(settings.self_test));
        let eyes = Watch {
            eyes,
            self_test: Arc::clone(&self_test),
            time: Arc::clone(&time),
            waits_until: Instant::now() + FIRST_REPLY,
        };
        let rounds = Rounds::new(clock, eyes, spool.clone(), Arc::clone(&board), at_once, checks, remembered);
        let mut uplink = Uplink::new(
            settings.name,
            spool.clone(),
            Arc::clone(&board),
            Arc::clone(&self_test),
            deliver,
            clock,
        )
        .correcting(time)
        .standing_at(&settings.location);
        let (orders, ordered) = mpsc::channel(1);
        let (stop_rounds, stop_uplink) = (CancellationToken::new(), CancellationToken::new());
        let rounds = tokio::spawn(rounds.run(ordered, stop_rounds.clone()));
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
            orders,
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
        let checks = of_location(checks, &self.location);
        self.order(|done| Order::Run(checks, done)).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) -> anyhow::Result<()> {
        let (done, obeyed) = oneshot::channel();
        self.orders.send(order(done)).await.ok().context("the agent has stopped")?;
        obeyed.await.context("the agent has stopped")
    }

    /// Asks the driver of the rounds and the writer of the spool for a fresh turn, and waits for both, for
    /// ever while one of them is stuck. A disk that is full or fails leaves the writer turning: it holds what
    /// it cannot write and answers.
    ///
    /// # Errors
    /// The agent has stopped.
    pub async fn turn(&self) -> anyhow::Result<()> {
        self.order(Order::Turn).await?;
        self.spool.turn().await.context("the spool has stopped")
    }

    /// Waits for the first observation of this process.
    pub async fn first_observation(&self) {
        // An agent that has stopped will not make it.
        let _ = self.board.observed().wait_for(|observed| *observed).await;
    }

    /// Tells its own network's failure from a target's by these from now on.
    pub fn set_self_test(&self, settings: SelfTestSettings) {
        self.self_test.configure(settings);
    }

    /// What can be measured of it, for as long as it runs.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures::new(self.spool.clone(), Arc::clone(&self.board), Arc::clone(&self.self_test))
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
            states: self.board.read(0).1,
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
