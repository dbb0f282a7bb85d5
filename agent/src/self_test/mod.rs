//! "Is it me?": is this host's own network there? Asked whenever a probe failed, before its observation is
//! judged; a probe that succeeds costs nothing here.
//!
//! The network is gone when the host has no route, or no link with carrier for it, and none of the
//! reference targets accepts a connection; without references, when no gateway is there. Each address family
//! is judged by itself, and a run by the families it asked. It must never be told from the aggregator's
//! silence, and it excuses no check of this host itself.
//!
//! A network that is there may still be too slow: a probe that failed for want of time is excused where the
//! nearest reference was so late that this probe's own round trips took the time it lacked (`slow.rs`). The
//! same round of references tells it: how long the first of them took.

mod finding;
mod gateway;
mod late;
mod references;
mod routes;
mod slow;

use crate::probe::Observed;
pub use finding::Lack;
use finding::{Finding, decide};
use gateway::Gateways;
use late::Late;
pub(crate) use late::Running;
use references::Heard;
use routes::{Looked, Routes};
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// A reference target answers within this time.
const ANSWER: Duration = Duration::from_secs(2);
/// A connection that was accepted so shortly before a run says that the network was there.
const OF_LATE: Duration = Duration::from_secs(5);
/// So many addresses that accepted are remembered.
const MOST_ACCEPTED: usize = 256;
/// From the start of one test to the next, however many probes fail.
const PAUSE: Duration = Duration::from_millis(500);

/// What the self-test is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfTestSettings {
    /// TCP addresses outside this host. While none of them accepts a connection, the host's network is gone.
    /// Without any in a family, routes, carrier and gateway decide.
    pub references: Vec<SocketAddr>,
    /// How often it is looked while no probe fails.
    pub interval: Duration,
}

impl Default for SelfTestSettings {
    fn default() -> Self {
        Self { references: Vec::new(), interval: Duration::from_secs(30) }
    }
}

/// The self-test of one agent.
#[derive(Debug)]
pub struct SelfTest {
    settings: watch::Sender<Arc<SelfTestSettings>>,
    last: Mutex<Last>,
    gone: AtomicBool,
    /// When a connection to an address was last accepted.
    accepted: std::sync::Mutex<HashMap<IpAddr, Instant>>,
    late: Late,
}

#[derive(Debug, Default)]
struct Last {
    routes: Routes,
    looked: Looked,
    gateways: Gateways,
    /// Whether something answered for an address that nobody has, over IPv4 and IPv6, and until when it was asked.
    nobody: [Option<(Instant, bool)>; 2],
    /// Start of the last test, and what it found.
    test: Option<(Instant, Option<Lack>)>,
    /// What it found over IPv4 and over IPv6.
    families: [Option<Lack>; 2],
    /// Until then at least the network was gone, and what it lacked: as a whole, over IPv4, over IPv6.
    gone_until: [Option<(Instant, Lack)>; 3],
    /// How long the first reference to answer took in the last test.
    answer: Option<Duration>,
    /// Until then at least the link was slow, and how long a reference took.
    slow_until: Option<(Instant, Duration)>,
}

impl SelfTest {
    /// A self-test that has not looked yet.
    #[must_use]
    pub fn new(settings: SelfTestSettings) -> Self {
        let settings = watch::Sender::new(Arc::new(settings));
        Self {
            settings,
            last: Mutex::default(),
            gone: AtomicBool::new(false),
            accepted: std::sync::Mutex::default(),
            late: Late::default(),
        }
    }

    /// Tests by these from the next time on, and looks at once.
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

    /// The last test found the network gone.
    #[must_use]
    pub fn network_is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Looks every interval until it is told to stop, so that operators hear of it without a failing check.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        tokio::select! {
            () = self.look_around(stop) => {}
            never = self.late.run() => match never {},
        }
    }

    /// A probe runs from now on until what is given is dropped.
    pub(crate) fn begin(&self) -> Running<'_> {
        self.late.begin()
    }

    async fn look_around(&self, stop: CancellationToken) {
        let mut configured = self.settings.subscribe();
        loop {
            configured.mark_unchanged();
            tokio::select! {
                () = stop.cancelled() => return,
                _ = self.look() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.settings().interval) => {}
                Ok(()) = configured.changed() => {}
            }
        }
    }

    /// Tests now; a test that begins after this call and is asked for by others serves them all.
    pub async fn look(&self) -> Option<Lack> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        self.look_after(asked, &mut last).await
    }

    /// What a probe that began at `started` saw, unless it failed while our own network was gone.
    pub(crate) async fn excuse(&self, check: &Check, observed: Observed, started: Instant) -> Observed {
        if observed.phases.is_some_and(|phases| phases.connect_us.is_some()) {
            self.note_accepted(&observed.asked.addresses);
        }
        if matches!(observed.outcome, Outcome::Up | Outcome::Inconclusive) {
            return observed;
        }
        let failed = Instant::now();
        let (late, took) = (self.late.since(started), failed - started);
        if late::is_ours(late, took, check, &observed) {
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
        self.look_after(failed, &mut last).await;
        let asked = asked(check, &observed);
        let mut gone = last.gone_since(started, &asked);
        if gone.is_none() && matches!(observed.reason, Reason::ConnectRefused | Reason::ConnectionReset) {
            gone = self.intercepted(&asked, started, failed, &mut last).await;
        }
        let slow = last.slow_until.filter(|(until, _)| *until >= started);
        let detail = match (gone, slow) {
            (Some(lack), _) => format!("this host's network was down: {}", lack.words()),
            (None, Some((_, answer))) if slow::is_the_link(answer, check, &observed) => format!(
                "this host's network was too slow: a reference target answered after {} ms",
                answer.as_millis()
            ),
            _ => return observed,
        };
        Observed { outcome: Outcome::Inconclusive, reason: Reason::OwnNetwork, detail, ..observed }
    }

    /// The finding of a test that began at or after `asked`.
    async fn look_after(&self, asked: Instant, last: &mut Last) -> Option<Lack> {
        if let Some((began, lack)) = last.test {
            if began >= asked {
                return lack;
            }
            sleep_until(began + PAUSE).await;
        }
        let began = Instant::now();
        let settings = self.settings();
        let (looked, heard) = tokio::join!(last.routes.look(), references::ask(&settings.references));
        let mut gone = [None, None];
        for family in [0, 1] {
            if heard[family] == Heard::None {
                gone[family] = last.gateways.are_gone(&looked.gateways[family]).await;
            }
        }
        let finding = decide(looked.route, heard, gone);
        last.looked = looked;
        self.note(last, began, finding);
        finding.lack
    }

    /// Whether it is not the target that refused a run, which failed at `failed`, but something that answers for
    /// everybody. Asked where no reference speaks for a family, and no other target accepted of late.
    async fn intercepted(
        &self,
        asked: &[IpAddr],
        started: Instant,
        failed: Instant,
        last: &mut Last,
    ) -> Option<Lack> {
        let family = usize::from(asked.last()?.is_ipv6());
        let is_of = |address: &IpAddr| usize::from(address.is_ipv6()) == family;
        if self.settings().references.iter().any(|reference| is_of(&reference.ip())) {
            return None;
        }
        let vouched = self.accepted_since(started - OF_LATE.min(started.elapsed()));
        if vouched.iter().any(|address| is_of(address) && !is_own(*address)) {
            return None;
        }
        if last.nobody[family].is_none_or(|(ended, _)| ended < failed) {
            let answers = references::nobody_answers(family == 1).await;
            last.nobody[family] = Some((Instant::now(), answers));
        }
        last.nobody[family].filter(|(_, answers)| *answers).map(|_| Lack::Intercepted)
    }

    fn note_accepted(&self, addresses: &[IpAddr]) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if accepted.len() >= MOST_ACCEPTED {
            accepted.retain(|_, at| now.duration_since(*at) < OF_LATE);
        }
        for address in addresses.iter().filter(|address| !address.is_loopback()) {
            if accepted.len() < MOST_ACCEPTED || accepted.contains_key(address) {
                accepted.insert(*address, now);
            }
        }
    }

    fn accepted_since(&self, from: Instant) -> Vec<IpAddr> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.iter().filter(|(_, at)| **at >= from).map(|(address, _)| *address).collect()
    }

    fn note(&self, last: &mut Last, began: Instant, finding: Finding) {
        let found = finding.lack;
        let before = last.test.and_then(|(_, lack)| lack);
        last.test = Some((began, found));
        // As below: where it is found to be fast again, it was slow until some moment since the test before.
        let slowest = last.answer.max(finding.answer);
        last.answer = finding.answer;
        if let Some(answer) = slowest.filter(|answer| *answer >= slow::SLOW) {
            last.slow_until = Some((Instant::now(), answer));
        }
        // Where it is found to be back, it was gone until some moment since the test before.
        let [four, six] = finding.families;
        let [four_before, six_before] = std::mem::replace(&mut last.families, finding.families);
        let now = Instant::now();
        for (kept, lack) in
            last.gone_until.iter_mut().zip([found.or(before), four.or(four_before), six.or(six_before)])
        {
            if let Some(lack) = lack {
                *kept = Some((now, lack));
            }
        }
        self.gone.store(found.is_some(), Ordering::Relaxed);
        match (before, found) {
            (None, Some(lack)) => tracing::warn!(
                lack = lack.name(),
                "this host's network is down: {}; checks that fail meanwhile are inconclusive",
                lack.words()
            ),
            (Some(_), None) => tracing::info!("this host's network is up again"),
            _ => {}
        }
    }
}

impl Last {
    /// What the network lacked at some time since then, in every family that was asked.
    fn gone_since(&self, started: Instant, asked: &[IpAddr]) -> Option<Lack> {
        let [whole, families @ ..] = self.gone_until.map(|gone| gone.filter(|(until, _)| *until >= started));
        if asked.is_empty() {
            return whole.map(|(_, lack)| lack);
        }
        let of = |address: &IpAddr| families[usize::from(address.is_ipv6())].map(|(_, lack)| lack);
        let lacks: Option<Vec<Lack>> = asked.iter().map(of).collect();
        let lack = lacks?.into_iter().next()?;
        // No gateway is needed to reach a neighbour.
        let near = lack == Lack::Gateway && asked.iter().all(|address| self.looked.is_near(*address));
        (!near).then_some(lack)
    }
}

/// The addresses that a run asked, or would have asked.
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

/// The check's target is this host: no network of ours is between us.
pub(crate) fn is_on_this_host(check: &Check) -> bool {
    match check.kind.target() {
        Some(url::Host::Ipv4(address)) => is_own(address.into()),
        Some(url::Host::Ipv6(address)) => is_own(address.into()),
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        // A plugin that asks nobody looks at its own host.
        None => matches!(check.kind, Kind::Exec(_)),
    }
}

/// A host can bind its own addresses and no other.
fn is_own(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
