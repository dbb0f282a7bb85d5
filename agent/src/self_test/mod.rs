//! Decides whether this host's own network is down. Tests after a failed probe, before its result is
//! recorded; a successful probe costs nothing here.
//!
//! The network is down if the host has no route, or no interface with a carrier for it, and no reference
//! target accepts a connection; without references, if no gateway is present. Each address family is tested
//! by itself, and a run is judged by the families it used. A silent aggregator must not count as a fault of
//! the network, and checks of this host itself are never excused.
//!
//! A working network may be too slow: a probe that timed out is inconclusive if the fastest reference was so
//! slow that the probe's own round trips took the missing time (`slow_link.rs`). The same test of the
//! references measures that.

mod gateway;
mod outcome;
mod references;
mod routes;
mod slow_link;
mod timer_lag;

use crate::probe::Observed;
use gateway::Gateways;
pub use outcome::NetworkFault;
use outcome::{TestOutcome, decide};
use references::ReferenceResult;
use routes::{RouteTable, Routes};
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
pub(crate) use timer_lag::Running;
use timer_lag::TimerLag;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Time limit for a reference target to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// A connection accepted this recently before a run proves the network.
const RECENT: Duration = Duration::from_secs(5);
/// Maximum number of accepting addresses remembered.
const MAX_ACCEPTED: usize = 256;
/// Minimum time between the starts of two tests, however many probes fail.
const PAUSE: Duration = Duration::from_millis(500);

/// Settings of the self-test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfTestSettings {
    /// TCP addresses outside this host. If none of them accepts a connection, the network is down. In a
    /// family without references, routes, carrier and gateway decide.
    pub references: Vec<SocketAddr>,
    /// Time between tests while no probe fails.
    pub interval: Duration,
}

impl Default for SelfTestSettings {
    fn default() -> Self {
        Self { references: Vec::new(), interval: Duration::from_secs(30) }
    }
}

/// The self-test of an agent.
#[derive(Debug)]
pub struct SelfTest {
    settings: watch::Sender<Arc<SelfTestSettings>>,
    last: Mutex<LastTest>,
    gone: AtomicBool,
    /// When each address last accepted a connection.
    accepted: std::sync::Mutex<HashMap<IpAddr, Instant>>,
    late: TimerLag,
}

#[derive(Debug, Default)]
struct LastTest {
    routes: Routes,
    route_table: RouteTable,
    gateways: Gateways,
    /// Whether an unassigned address answered over IPv4 and IPv6, and when that was tested.
    unassigned: [Option<(Instant, bool)>; 2],
    /// Start and result of the last test.
    test: Option<(Instant, Option<NetworkFault>)>,
    /// Its result for IPv4 and IPv6.
    families: [Option<NetworkFault>; 2],
    /// When the network was last known to be down, and why: as a whole, for IPv4, for IPv6.
    gone_until: [Option<(Instant, NetworkFault)>; 3],
    /// Answer time of the fastest reference in the last test.
    answer: Option<Duration>,
    /// When the link was last known to be slow, and the answer time of a reference.
    slow_until: Option<(Instant, Duration)>,
}

impl SelfTest {
    /// A self-test that has not run yet.
    #[must_use]
    pub fn new(settings: SelfTestSettings) -> Self {
        let settings = watch::Sender::new(Arc::new(settings));
        Self {
            settings,
            last: Mutex::default(),
            gone: AtomicBool::new(false),
            accepted: std::sync::Mutex::default(),
            late: TimerLag::default(),
        }
    }

    /// Applies new settings and tests at once.
    pub(crate) fn configure(&self, settings: SelfTestSettings) {
        self.settings.send_if_modified(|present| {
            let changed = **present != settings;
            if changed {
                *present = Arc::new(settings);
            }
            changed
        });
    }

    fn settings(&self) -> Arc<SelfTestSettings> {
        Arc::clone(&self.settings.borrow())
    }

    /// Whether the last test found the network down.
    #[must_use]
    pub fn network_is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Tests at every interval until stopped, so that operators learn of a fault without a failing check.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        tokio::select! {
            () = self.test_periodically(stop) => {}
            never = self.late.run() => match never {},
        }
    }

    /// Marks a probe as running until the result is dropped.
    pub(crate) fn begin(&self) -> Running<'_> {
        self.late.begin()
    }

    async fn test_periodically(&self, stop: CancellationToken) {
        let mut configured = self.settings.subscribe();
        loop {
            configured.mark_unchanged();
            tokio::select! {
                () = stop.cancelled() => return,
                _ = self.test() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.settings().interval) => {}
                Ok(()) = configured.changed() => {}
            }
        }
    }

    /// Tests now; a test that starts after this call serves all callers.
    pub async fn test(&self) -> Option<NetworkFault> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        self.test_since(asked, &mut last).await
    }

    /// Makes the observation of a probe that started at `started` inconclusive if our own network was down.
    pub(crate) async fn attribute_failure(
        &self,
        check: &Check,
        observed: Observed,
        started: Instant,
    ) -> Observed {
        if observed.phases.is_some_and(|phases| phases.connect_us.is_some()) {
            self.note_accepted(&observed.asked.addresses);
        }
        if matches!(observed.outcome, Outcome::Up | Outcome::Inconclusive) {
            return observed;
        }
        let failed = Instant::now();
        let (late, took) = (self.late.since(started), failed - started);
        if timer_lag::explains(late, took, check, &observed) {
            let (late, took) = (late.as_millis(), took.as_millis());
            let detail = format!("this agent lacked processor time: it was late by {late} of {took} ms");
            return Observed {
                outcome: Outcome::Inconclusive,
                reason: Reason::OwnResources,
                detail,
                ..observed
            };
        }
        if is_on_this_host(check) {
            return observed;
        }
        let mut last = self.last.lock().await;
        self.test_since(failed, &mut last).await;
        let asked = asked(check, &observed);
        let mut gone = last.gone_since(started, &asked);
        if gone.is_none() && matches!(observed.reason, Reason::ConnectRefused | Reason::ConnectionReset) {
            gone = self.intercepted(&asked, started, failed, &mut last).await;
        }
        let slow = last.slow_until.filter(|(until, _)| *until >= started);
        let detail = match (gone, slow) {
            (Some(fault), _) => format!("this host's network was down: {}", fault.description()),
            (None, Some((_, answer))) if slow_link::is_the_link(answer, check, &observed) => format!(
                "this host's network was too slow: a reference target answered after {} ms",
                answer.as_millis()
            ),
            _ => return observed,
        };
        Observed { outcome: Outcome::Inconclusive, reason: Reason::OwnNetwork, detail, ..observed }
    }

    /// The result of a test that starts at or after `asked`.
    async fn test_since(&self, asked: Instant, last: &mut LastTest) -> Option<NetworkFault> {
        if let Some((began, fault)) = last.test {
            if began >= asked {
                return fault;
            }
            sleep_until(began + PAUSE).await;
        }
        let began = Instant::now();
        let settings = self.settings();
        let (route_table, results) = tokio::join!(last.routes.read(), references::ask(&settings.references));
        let mut gone = [None, None];
        for family in [0, 1] {
            if results[family] == ReferenceResult::None {
                gone[family] = last.gateways.are_gone(&route_table.gateways[family]).await;
            }
        }
        let outcome = decide(route_table.route, results, gone);
        last.route_table = route_table;
        self.note(last, began, outcome);
        outcome.fault
    }

    /// Whether not the target refused a run that failed at `failed`, but a device that answers for every
    /// address. Tested if no reference covers the family and no other target accepted recently.
    async fn intercepted(
        &self,
        asked: &[IpAddr],
        started: Instant,
        failed: Instant,
        last: &mut LastTest,
    ) -> Option<NetworkFault> {
        let family = usize::from(asked.last()?.is_ipv6());
        let is_of = |address: &IpAddr| usize::from(address.is_ipv6()) == family;
        if self.settings().references.iter().any(|reference| is_of(&reference.ip())) {
            return None;
        }
        let vouched = self.accepted_since(started - RECENT.min(started.elapsed()));
        if vouched.iter().any(|address| is_of(address) && !is_own(*address)) {
            return None;
        }
        if last.unassigned[family].is_none_or(|(ended, _)| ended < failed) {
            let answers = references::unassigned_answers(family == 1).await;
            last.unassigned[family] = Some((Instant::now(), answers));
        }
        last.unassigned[family].filter(|(_, answers)| *answers).map(|_| NetworkFault::Intercepted)
    }

    fn note_accepted(&self, addresses: &[IpAddr]) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if accepted.len() >= MAX_ACCEPTED {
            accepted.retain(|_, at| now.duration_since(*at) < RECENT);
        }
        for address in addresses.iter().filter(|address| !address.is_loopback()) {
            if accepted.len() < MAX_ACCEPTED || accepted.contains_key(address) {
                accepted.insert(*address, now);
            }
        }
    }

    fn accepted_since(&self, from: Instant) -> Vec<IpAddr> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.iter().filter(|(_, at)| **at >= from).map(|(address, _)| *address).collect()
    }

    fn note(&self, last: &mut LastTest, began: Instant, outcome: TestOutcome) {
        let found = outcome.fault;
        let before = last.test.and_then(|(_, fault)| fault);
        last.test = Some((began, found));
        // As below: if the link is fast again, it was slow until some moment since the previous test.
        let slowest = last.answer.max(outcome.answer);
        last.answer = outcome.answer;
        if let Some(answer) = slowest.filter(|answer| *answer >= slow_link::SLOW) {
            last.slow_until = Some((Instant::now(), answer));
        }
        // If the network is back, it was down until some moment since the previous test.
        let [four, six] = outcome.families;
        let [four_before, six_before] = std::mem::replace(&mut last.families, outcome.families);
        let now = Instant::now();
        for (kept, fault) in
            last.gone_until.iter_mut().zip([found.or(before), four.or(four_before), six.or(six_before)])
        {
            if let Some(fault) = fault {
                *kept = Some((now, fault));
            }
        }
        self.gone.store(found.is_some(), Ordering::Relaxed);
        match (before, found) {
            (None, Some(fault)) => tracing::warn!(
                fault = fault.name(),
                "this host's network is down: {}; checks that fail meanwhile are inconclusive",
                fault.description()
            ),
            (Some(_), None) => tracing::info!("this host's network is up again"),
            _ => {}
        }
    }
}

impl LastTest {
    /// The fault at some time since `started` in every family that was used.
    fn gone_since(&self, started: Instant, asked: &[IpAddr]) -> Option<NetworkFault> {
        let [whole, families @ ..] = self.gone_until.map(|gone| gone.filter(|(until, _)| *until >= started));
        if asked.is_empty() {
            return whole.map(|(_, fault)| fault);
        }
        let of = |address: &IpAddr| families[usize::from(address.is_ipv6())].map(|(_, fault)| fault);
        let faults: Option<Vec<NetworkFault>> = asked.iter().map(of).collect();
        let fault = faults?.into_iter().next()?;
        // A neighbour is reached without a gateway.
        let near = fault == NetworkFault::NoGateway
            && asked.iter().all(|address| self.route_table.is_near(*address));
        (!near).then_some(fault)
    }
}

/// The addresses that a run used or would have used.
fn asked(check: &Check, observed: &Observed) -> Vec<IpAddr> {
    if !observed.asked.addresses.is_empty() {
        return observed.asked.addresses.clone();
    }
    match check.kind.target() {
        Some(url::Host::Ipv4(address)) => vec![address.into()],
        Some(url::Host::Ipv6(address)) => vec![address.into()],
        _ => Vec::new(),
    }
}

/// Whether the check's target is this host, so that no network is involved.
pub(crate) fn is_on_this_host(check: &Check) -> bool {
    match check.kind.target() {
        Some(url::Host::Ipv4(address)) => is_own(address.into()),
        Some(url::Host::Ipv6(address)) => is_own(address.into()),
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        // A plugin without a target checks its own host.
        None => matches!(check.kind, Kind::Exec(_)),
    }
}

/// A host can bind its own addresses only.
fn is_own(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
