//! A hundred agents reconnect at once with their history, beside a live one: the present of each is shown
//! first, progress is even, and the live one hardly waits.

use crate::harness::Harness;
use crate::rng::{Rng, elapse, seed, until};
use crate::sender::{Misbehaviour, Sender, checks_of};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OpenFlags};
use skerry_agent::check_states::{CheckState, CheckStates};
use skerry_agent::clock::{BootId, Clock, ClockReading, SimulatedClock};
use skerry_agent::delivery::{HttpDelivery, HttpDeliverySettings};
use skerry_agent::self_test::{SelfTest, SelfTestSettings};
use skerry_agent::spool::{Entry, Limits, Spool};
use skerry_agent::uplink::{Deliver, Delivery, Step, Uplink};
use skerry_aggregator::control::{Admission, AgentChange, Request, carry_out};
use skerry_domain::credentials::token_hash;
use skerry_protocol::wire::{Declared, Observation, Outcome, Reason, State};
use skerry_store::Store;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const AGENTS: usize = 100;
/// Checks per agent.
const CHECKS: usize = 100;
const INTERVAL: u64 = 30_000;
/// Boot clock of every agent when it reconnects, ms.
const BOOT: u64 = 100 * 86_400_000;
/// Maximum wait of the live agent for an answer. The engine owes it the current batch of history and its own,
/// tens of milliseconds. But here a hundred agents, their peer and other tests share two cores in an
/// unoptimised build: with seven runnable threads per core the shorter drain took 2.0 to 4.2 s.
const LIVE: Duration = Duration::from_secs(5);
/// One interval and five seconds after the return.
const PRESENT: Duration = Duration::from_secs(35);

#[test]
fn a_fleet_delivers_its_history_evenly_and_present_states_first() {
    let seed = seed("torture::a_fleet_delivers_its_history");
    drain(Rng::new(seed), 20, Duration::from_secs(150));
}

#[test]
#[ignore = "long: a million observations of 10,000 checks"]
fn a_million_observations_are_delivered_during_live_traffic() {
    let seed = seed("torture::a_million_observations");
    drain(Rng::new(seed), 100, Duration::from_secs(600));
}

#[expect(clippy::disallowed_methods, reason = "the clocks of simulated hosts live as long as the test")]
fn drain(mut rng: Rng, each: usize, bound: Duration) {
    let mut components: Vec<String> = (0..AGENTS).map(|agent| format!("{}-0", name(agent))).collect();
    components.extend(checks_of("live"));
    let harness = Harness::new(&components, None);
    let tokens = enrol(&harness);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let simulated: &'static SimulatedClock = Box::leak(Box::default());
    let began = Instant::now();
    simulated.boot_ms.store(BOOT, Ordering::Relaxed);
    runtime.spawn(async move {
        let mut often = tokio::time::interval(Duration::from_millis(50));
        loop {
            often.tick().await;
            simulated.boot_ms.store(BOOT + began.elapsed().as_millis() as u64, Ordering::Relaxed);
        }
    });
    let stop = CancellationToken::new();
    let acks = Arc::new(AckTimes::default());
    let prepared: Vec<_> =
        (0..AGENTS).map(|agent| runtime.block_on(uplink(&harness, agent, each, simulated, &acks))).collect();
    for (agent, (mut uplink, states, clock)) in prepared.into_iter().enumerate() {
        // Only now: observations made minutes ago, while the others were prepared, are not the present.
        show(&states, agent, clock.now());
        let stop = stop.clone();
        runtime.spawn(async move { uplink.run(&stop).await });
    }
    let misbehaviour =
        Misbehaviour { answers_lost_percent: 0, replays_percent: 0, new_spool_percent: 0, always_well: true };
    let aggregator = harness.start();
    let began = Instant::now();
    let live = Sender::start("live", harness.private, tokens, misbehaviour, rng.fork());
    let whole = (CHECKS * each) as u64;
    let mut present = None;
    while !acks.is_over(whole) {
        let since = began.elapsed();
        assert!(since < bound, "it did not drain within {bound:?}, {whole} each: {:?}", acks.marks());
        if present.is_none() && all_present_shown(&harness) {
            let done: u64 = acks.marks().values().sum();
            present = Some((since, done * 100 / (whole * AGENTS as u64)));
        }
        assert!(present.is_some() || since < PRESENT, "the present of some agent is not shown yet");
        elapse(Duration::from_millis(20));
    }
    let took = began.elapsed();
    until("every agent's present is shown", PRESENT, || all_present_shown(&harness));
    let mut times = acks.times();
    times.sort_unstable();
    let (least, middle, most) = (times[0], times[AGENTS / 2], times[AGENTS - 1]);
    let ledger = live.ledger().clone();
    let (live_ones, waited) = (ledger.acknowledged(), ledger.waited);
    say!(
        "{} observations of {} checks drained in {took:?}; every present shown after (with % of the history) \
         {present:?}; from the first to the last of an agent's: {least:?} at least, {middle:?} in the middle, \
         {most:?} at most; {live_ones} live ones meanwhile, none waited longer than {waited:?}",
        whole * AGENTS as u64,
        AGENTS * CHECKS
    );
    assert!(most <= middle * 3 + Duration::from_secs(2), "an agent starves: {most:?} beside {middle:?}");
    assert!(waited < LIVE, "the live agent waited {waited:?}");
    assert_eq!(live.stop().wrong, None);
    stop.cancel();
    runtime.shutdown_timeout(Duration::from_secs(5));
    let stored: i64 = open(&harness)
        .query_row(
            "SELECT count(*) FROM observation JOIN slot ON slot = observation.key & 2097151
             JOIN track ON track.key = slot.track
             JOIN agent ON agent.key = track.agent WHERE agent.name LIKE 'agent-%'",
            [],
            |row| row.get(0),
        )
        .expect("a number");
    assert_eq!(stored.unsigned_abs(), whole * AGENTS as u64, "each is there once");
    aggregator.stop();
}

/// When which part of each agent's history was acknowledged, as the agents see it.
#[derive(Default)]
struct AckTimes(Mutex<BTreeMap<String, Vec<(Instant, u64)>>>);

impl AckTimes {
    fn record(&self, agent: &str, through: u64) {
        let mut heard = self.0.lock().expect("nobody panics with it");
        heard.entry(agent.to_owned()).or_default().push((Instant::now(), through));
    }

    /// The last acknowledged sequence of each.
    fn marks(&self) -> BTreeMap<String, u64> {
        let heard = self.0.lock().expect("nobody panics with it");
        let mark = |heard: &Vec<(Instant, u64)>| heard.last().map_or(0, |(_, through)| *through);
        heard.iter().map(|(agent, heard)| (agent.clone(), mark(heard))).collect()
    }

    fn is_over(&self, whole: u64) -> bool {
        let marks = self.marks();
        marks.len() == AGENTS && marks.values().all(|mark| *mark >= whole)
    }

    /// Time from the first to the last acknowledgement of each history.
    fn times(&self) -> Vec<Duration> {
        let heard = self.0.lock().expect("nobody panics with it");
        let took = |heard: &Vec<(Instant, u64)>| {
            let last = heard.iter().find(|(_, through)| *through == heard.last().map_or(0, |last| last.1));
            let first = heard.iter().find(|(_, through)| *through > 0);
            first.zip(last).map_or(Duration::ZERO, |(first, last)| last.0 - first.0)
        };
        heard.values().map(took).collect()
    }
}

/// An agent's link that records its acknowledgements.
struct RecordingDelivery {
    agent: String,
    link: HttpDelivery,
    acks: Arc<AckTimes>,
}

#[async_trait]
impl Deliver for RecordingDelivery {
    async fn deliver(&self, body: Bytes) -> Delivery {
        let delivery = self.link.deliver(body).await;
        if let Delivery::Accepted(reply) = &delivery {
            self.acks.record(&self.agent, reply.acknowledged_through);
        }
        delivery
    }
}

fn all_present_shown(harness: &Harness) -> bool {
    let down = |(name, status): &(String, String)| name.starts_with("agent-") && status == "major_outage";
    harness.shown().is_some_and(|shown| shown.iter().filter(|one| down(one)).count() == AGENTS)
}

fn name(agent: usize) -> String {
    format!("agent-{agent:03}")
}

/// Gives every agent a token; returns that of the live one.
fn enrol(harness: &Harness) -> String {
    std::fs::create_dir_all(&harness.data).expect("a folder");
    std::fs::set_permissions(&harness.data, std::fs::Permissions::from_mode(0o700)).expect("ours");
    drop(Store::open(&harness.database()).expect("the database is made"));
    for agent in (0..AGENTS).map(name).chain(["live".to_owned()]) {
        let token = skerry_host::random::secret("ska");
        let admission = Admission::Credential(token_hash(&token));
        let change = AgentChange::Add { location: agent.clone(), checks: Vec::new(), admission };
        let request = Request::ChangeAgent { workspace: "default".to_owned(), agent: agent.clone(), change };
        carry_out(&harness.database(), request).expect("enrolled");
        harness.write(&format!("{agent}/token"), &token);
    }
    std::fs::read_to_string(harness.path("live/token")).expect("written above")
}

/// The uplink of an agent with an operational history, and the states of its checks now.
async fn uplink(
    harness: &Harness,
    agent: usize,
    each: usize,
    simulated: &'static SimulatedClock,
    acks: &Arc<AckTimes>,
) -> (Uplink, Arc<CheckStates>, Clock) {
    let own = name(agent);
    let clock = Clock::simulated(BootId::from_bytes(&[7; 16]).expect("sixteen bytes"), simulated);
    let path = harness.path(&format!("{own}/spool.db"));
    let (spool, _) = Spool::open(&path, Limits::default(), clock).expect("the spool opens");
    let checks = checks(agent);
    let states = Arc::new(CheckStates::new(checks.iter().map(|check| declared(check)).collect()));
    let link = HttpDelivery::new(&HttpDeliverySettings {
        urls: vec![format!("http://127.0.0.1:{}", harness.private).parse().expect("a URL")],
        token_file: Some(harness.path(&format!("{own}/token"))),
        ca_file: None,
        fingerprint: None,
        aggregator_id: None,
        allow_plaintext: false,
    });
    let link = link.expect("prepares");
    let deliver = Arc::new(RecordingDelivery { agent: own.clone(), link, acks: Arc::clone(acks) });
    let self_test = Arc::new(SelfTest::new(SelfTestSettings::default()));
    let mut uplink = Uplink::new(own, spool.clone(), Arc::clone(&states), self_test, deliver, clock);
    // It meets the outage from its beginning with nothing to deliver, so its first batches afterwards are
    // light.
    assert!(matches!(uplink.send_next().await, Step::Retry(_)), "nobody listens there yet");
    fill(&spool, &checks, each, clock.now());
    spool.flush().await;
    (uplink, states, clock)
}

fn checks(agent: usize) -> Vec<Arc<str>> {
    (0..CHECKS).map(|check| format!("{}-{check}", name(agent)).into()).collect()
}

/// The agent's present states: its first check is down, the others are up.
fn show(states: &CheckStates, agent: usize, now: ClockReading) {
    for (number, check) in checks(agent).iter().enumerate() {
        let (state, reason) =
            if number == 0 { (State::Down, Reason::StatusMismatch) } else { (State::Up, Reason::None) };
        let since = ClockReading { boot_ms: now.boot_ms - 5_000, ..now };
        states.set(
            check,
            CheckState {
                state,
                flapping: false,
                since,
                evidence: Some(now),
                reason,
                certificate_ends_ms: None,
            },
        );
    }
}

/// `each` observations of each check, one per interval until now.
fn fill(spool: &Spool, checks: &[Arc<str>], each: usize, now: ClockReading) {
    for round in 0..each {
        let ago = (each - round) as u64 * INTERVAL;
        for check in checks {
            let observation = Observation {
                boot_ms: now.boot_ms - ago,
                outcome: Outcome::Up as i32,
                hard: State::Up as i32,
                total_us: 1_000,
                ..Observation::default()
            };
            let (check, boot) = (Arc::clone(check), now.boot);
            let interval_ms = INTERVAL as u32;
            spool.append(Entry { check, boot, observation, hard: false, interval_ms, state: None });
        }
    }
}

fn declared(name: &str) -> Declared {
    Declared { interval_ms: INTERVAL, ..crate::record::declared(name) }
}

fn open(harness: &Harness) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(harness.database(), flags).expect("the database opens");
    database.busy_timeout(Duration::from_secs(10)).expect("a pragma");
    database
}
