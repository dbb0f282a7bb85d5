//! "Is it me?": is this host's own network there? Asked whenever a probe failed, before its observation is
//! judged; a probe that succeeds costs nothing here.
//!
//! The network is gone when the host has no route, or no link with carrier for it, and none of the
//! reference targets answers. It must never be told from the aggregator's silence, and it excuses no check
//! of this host itself.
//!
//! A network that is there may still be too slow: a probe that failed for want of time is excused where the
//! nearest reference was so late that this probe's own round trips took the time it lacked (`slow.rs`). The
//! same round of references tells it: how long the first of them took.

mod routes;
mod slow;

use crate::probe::Observed;
use routes::{Route, Routes};
use skerry_protocol::check::{Check, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// A reference target answers within this time.
const ANSWER: Duration = Duration::from_secs(2);
/// From the start of one test to the next, however many probes fail.
const PAUSE: Duration = Duration::from_millis(500);

/// What the self-test is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfTestSettings {
    /// TCP addresses outside this host. While none of them answers, the host's network is gone. Without any,
    /// routes and carrier alone decide.
    pub references: Vec<SocketAddr>,
    /// How often it is looked while no probe fails.
    pub interval: Duration,
}

impl Default for SelfTestSettings {
    fn default() -> Self {
        Self { references: Vec::new(), interval: Duration::from_secs(30) }
    }
}

/// What the host's network lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// No route leads off this host, or the default route that was there is gone.
    Route,
    /// No link that a route uses has a carrier.
    Carrier,
    /// None of the reference targets answers.
    Reference,
}

impl Lack {
    /// In words, for operators.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Route => "no route leads off this host",
            Self::Carrier => "no link to the gateway has a carrier",
            Self::Reference => "no reference target answers",
        }
    }

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Carrier => "carrier",
            Self::Reference => "reference",
        }
    }
}

/// What a test found.
#[derive(Clone, Copy, Debug, Default)]
struct Finding {
    lack: Option<Lack>,
    /// How long the first reference to answer took; `None` where none did, or there are none.
    answer: Option<Duration>,
}

/// A reference that answers proves the network, whatever the tables say (policy routing keeps its routes
/// elsewhere); where all are silent, it is gone whatever they say. `references`: did any answer; `None`
/// where there are none.
fn decide(route: Route, references: Option<bool>) -> Option<Lack> {
    match (references, route) {
        (Some(true), _) | (None, Route::Usable) => None,
        (_, Route::Missing) => Some(Lack::Route),
        (_, Route::NoCarrier) => Some(Lack::Carrier),
        (Some(false), Route::Usable) => Some(Lack::Reference),
    }
}

/// The self-test of one agent.
#[derive(Debug)]
pub struct SelfTest {
    settings: watch::Sender<Arc<SelfTestSettings>>,
    last: Mutex<Last>,
    gone: AtomicBool,
}

#[derive(Debug, Default)]
struct Last {
    routes: Routes,
    /// Start of the last test, and what it found.
    test: Option<(Instant, Option<Lack>)>,
    /// Until then at least the network was gone, and what it lacked.
    gone_until: Option<(Instant, Lack)>,
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
        Self { settings, last: Mutex::default(), gone: AtomicBool::new(false) }
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
        if matches!(observed.outcome, Outcome::Up | Outcome::Inconclusive) || is_on_this_host(check) {
            return observed;
        }
        let failed = Instant::now();
        let mut last = self.last.lock().await;
        self.look_after(failed, &mut last).await;
        let gone = last.gone_until.filter(|(until, _)| *until >= started);
        let slow = last.slow_until.filter(|(until, _)| *until >= started);
        let detail = match (gone, slow) {
            (Some((_, lack)), _) => format!("this agent's own network was gone: {}", lack.words()),
            (None, Some((_, answer))) if slow::is_the_link(answer, check, &observed) => format!(
                "this agent's own network was too slow: a reference target answered after {} ms",
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
        let (route, answer) = tokio::join!(last.routes.look(), first_answer(&settings.references));
        let lack = decide(route, (!settings.references.is_empty()).then_some(answer.is_some()));
        self.note(last, began, Finding { lack, answer });
        lack
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
        if let Some(lack) = found.or(before) {
            last.gone_until = Some((Instant::now(), lack));
        }
        self.gone.store(found.is_some(), Ordering::Relaxed);
        match (before, found) {
            (None, Some(lack)) => tracing::warn!(
                lack = lack.name(),
                "this host's own network is gone: {}; what fails meanwhile is inconclusive",
                lack.words()
            ),
            (Some(_), None) => tracing::info!("this host's own network is back"),
            _ => {}
        }
    }
}

/// How long the first of them to answer took, all asked at once. A refused connection is an answer.
async fn first_answer(references: &[SocketAddr]) -> Option<Duration> {
    let began = Instant::now();
    let mut asked: JoinSet<bool> = references.iter().copied().map(answers).collect();
    while let Some(answered) = asked.join_next().await {
        if answered.is_ok_and(|answered| answered) {
            return Some(began.elapsed());
        }
    }
    None
}

async fn answers(reference: SocketAddr) -> bool {
    match timeout(ANSWER, TcpStream::connect(reference)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == io::ErrorKind::ConnectionRefused,
        Err(_) => false,
    }
}

/// The check's target is this host: no network of ours is between us.
fn is_on_this_host(check: &Check) -> bool {
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
