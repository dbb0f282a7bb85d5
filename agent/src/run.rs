//! Wires the modules: schedule ─▶ probe ─▶ hysteresis ─▶ spool ─▶ uplink. An embedder starts an [`Agent`]
//! with its own [`Deliver`] and keeps the [`AgentHandle`].

use crate::check_runner::{CheckRunner, Control, inventory_of};
use crate::check_states::{CheckState, CheckStates};
use crate::clock::{Clock, CorrectedClock};
use crate::descriptors;
use crate::metrics::AgentMetrics;
use crate::observer::{CLOCK_WAIT, Observer, Probes};
use crate::probe::Prober;
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

/// Default for the maximum of concurrent probes.
pub const MAX_IN_FLIGHT: usize = 2_000;
/// Time limit of the last batch when the agent stops; undelivered records stay in the spool.
const LAST_BATCH: Duration = Duration::from_millis(1_500);
/// Time limit for the spool to sync when the agent stops.
const LAST_SYNC: Duration = Duration::from_millis(1_500);

/// Settings of an agent.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Name, as enrolled.
    pub name: String,
    /// Failure domain; checks of other locations are not run.
    pub location: String,
    /// Path of the spool's file; its folder is created if necessary.
    pub spool_path: PathBuf,
    /// Limits of the spool.
    pub spool_limits: Limits,
    /// Maximum of concurrent probes; see [`MAX_IN_FLIGHT`].
    pub max_in_flight: usize,
    /// Settings of the self-test.
    pub self_test: SelfTestSettings,
    /// The checks to run.
    pub checks: Vec<Check>,
}

/// An agent.
#[derive(Clone, Copy, Debug)]
pub struct Agent;

/// A running agent. Dropping it stops the agent without a last batch; use [`AgentHandle::stop`] for an
/// orderly stop.
#[derive(Debug)]
pub struct AgentHandle {
    location: String,
    spool: Spool,
    states: Arc<CheckStates>,
    self_test: Arc<SelfTest>,
    controls: mpsc::Sender<Control>,
    stop_runner: CancellationToken,
    stop_uplink: CancellationToken,
    runner: Option<JoinHandle<()>>,
    uplink: Option<JoinHandle<()>>,
}

/// The status of an agent.
#[derive(Clone, Debug)]
pub struct AgentStatus {
    /// The state of every check that has reported, sorted by name.
    pub states: Vec<(Arc<str>, CheckState)>,
    /// Status of the spool.
    pub spool: SpoolStatus,
    /// Greatest start delay of the last minute, ms.
    pub lateness_ms: u64,
    /// Whether the agent's own network is down.
    pub own_network_gone: bool,
}

impl Agent {
    /// Starts an agent on the current tokio runtime.
    ///
    /// # Errors
    /// The spool's path cannot be used, another agent uses it, or the host provides no boot id.
    pub fn start(settings: AgentSettings, deliver: Arc<dyn Deliver>) -> anyhow::Result<AgentHandle> {
        let clock = Clock::open()?;
        let time = Arc::new(CorrectedClock::new(clock));
        let prober = Prober::by(Arc::clone(&time)).context("cannot prepare the probes")?;
        Self::start_with_clock(clock, time, settings, deliver, Probes::Network(Arc::new(prober)))
    }

    #[cfg(test)]
    pub(crate) fn start_with(
        settings: AgentSettings,
        deliver: Arc<dyn Deliver>,
        probes: Probes,
    ) -> anyhow::Result<AgentHandle> {
        let clock = Clock::open()?;
        Self::start_with_clock(clock, Arc::new(CorrectedClock::new(clock)), settings, deliver, probes)
    }

    fn start_with_clock(
        clock: Clock,
        time: Arc<CorrectedClock>,
        settings: AgentSettings,
        deliver: Arc<dyn Deliver>,
        probes: Probes,
    ) -> anyhow::Result<AgentHandle> {
        let checks = of_location(settings.checks, &settings.location);
        let references = settings.self_test.references.len();
        let at_once = descriptors::at_once(settings.max_in_flight, &checks, references);
        let (spool, remembered) = Spool::open(&settings.spool_path, settings.spool_limits, clock)?;
        let states = Arc::new(CheckStates::new(inventory_of(&checks)));
        let self_test = Arc::new(SelfTest::new(settings.self_test));
        let probes = Observer {
            probes,
            self_test: Arc::clone(&self_test),
            time: Arc::clone(&time),
            clock_wait_until: Instant::now() + CLOCK_WAIT,
        };
        let runner =
            CheckRunner::new(clock, probes, spool.clone(), Arc::clone(&states), at_once, checks, remembered);
        let mut uplink = Uplink::new(
            settings.name,
            spool.clone(),
            Arc::clone(&states),
            Arc::clone(&self_test),
            deliver,
            clock,
        )
        .with_clock(time)
        .with_location(&settings.location);
        let (controls, control_receiver) = mpsc::channel(1);
        let (stop_runner, stop_uplink) = (CancellationToken::new(), CancellationToken::new());
        let runner = tokio::spawn(runner.run(control_receiver, stop_runner.clone()));
        let (watching, stopped) = (Arc::clone(&self_test), stop_runner.clone());
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
            states,
            self_test,
            controls,
            stop_runner,
            stop_uplink,
            runner: Some(runner),
            uplink: Some(uplink),
        })
    }
}

impl AgentHandle {
    /// Replaces the checks: unchanged ones keep their state and schedule, changed ones start anew, and
    /// records of removed ones still drain.
    ///
    /// # Errors
    /// The agent has stopped.
    pub async fn reload(&self, checks: Vec<Check>) -> anyhow::Result<()> {
        let checks = of_location(checks, &self.location);
        self.control(|done| Control::SetChecks(checks, done)).await
    }

    async fn control(&self, control: impl FnOnce(oneshot::Sender<()>) -> Control) -> anyhow::Result<()> {
        let (done, answered) = oneshot::channel();
        self.controls.send(control(done)).await.ok().context("the agent has stopped")?;
        answered.await.context("the agent has stopped")
    }

    /// Waits until the check runner and the spool's writer respond; for ever if one of them is stuck. A full
    /// or failing disk does not block the writer: it keeps the records in memory and responds.
    ///
    /// # Errors
    /// The agent has stopped.
    pub async fn ping(&self) -> anyhow::Result<()> {
        self.control(Control::Ping).await?;
        self.spool.ping().await.context("the spool has stopped")
    }

    /// Waits for the first observation of this process.
    pub async fn first_observation(&self) {
        // An agent that has stopped never makes one.
        let _ = self.states.observed().wait_for(|observed| *observed).await;
    }

    /// Replaces the settings of the self-test.
    pub fn set_self_test(&self, settings: SelfTestSettings) {
        self.self_test.configure(settings);
    }

    /// The agent's metrics, for as long as it runs.
    #[must_use]
    pub fn metrics(&self) -> AgentMetrics {
        AgentMetrics::new(self.spool.clone(), Arc::clone(&self.states), Arc::clone(&self.self_test))
    }

    /// Stops within 5 s: stops the probes, syncs the spool, tries a last batch.
    pub async fn stop(mut self) {
        self.stop_runner.cancel();
        if let Some(runner) = self.runner.take() {
            let _ = runner.await;
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

    /// The present status.
    #[must_use]
    pub fn status(&self) -> AgentStatus {
        AgentStatus {
            states: self.states.read(0).1,
            spool: self.spool.status(),
            lateness_ms: self.states.lateness_ms(),
            own_network_gone: self.self_test.network_is_gone(),
        }
    }
}

impl Drop for AgentHandle {
    fn drop(&mut self) {
        self.stop_runner.cancel();
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
