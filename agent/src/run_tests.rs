use super::*;
use crate::probe::{Asked, Findings, Observed};
use crate::uplink::Delivery;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use skerry_protocol::check::{Http, Kind, Severity};
use skerry_protocol::wire::{self, Outcome, Reason, State};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

/// Longer than anything but a hang takes.
const BOUND: Duration = Duration::from_secs(60);

/// Accepts every batch and lets tests wait for one.
struct Listener(watch::Sender<Vec<wire::Batch>>);

#[async_trait]
impl Deliver for Listener {
    async fn deliver(&self, body: Bytes) -> Delivery {
        let batch = wire::decode(&body).expect("whole batches");
        let through = batch.records.last().map_or(0, |record| record.sequence);
        self.0.send_modify(|batches| batches.push(batch));
        Delivery::Accepted(wire::Reply { protocol: 1, acknowledged_through: through, ..Default::default() })
    }
}

impl Listener {
    fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Vec::new())))
    }

    async fn until(&self, found: impl FnMut(&Vec<wire::Batch>) -> bool) {
        let mut batches = self.0.subscribe();
        let waited = timeout(BOUND, batches.wait_for(found)).await;
        assert!(waited.is_ok_and(|heard| heard.is_ok()), "what was waited for never came");
    }
}

pub(crate) fn check(name: &str, interval: u64) -> Check {
    let url = "http://127.0.0.1:1/".parse().expect("a URL");
    let http = Http { url, ..crate::probe::example() };
    Check {
        name: name.to_owned(),
        kind: Kind::Http(Box::new(http)),
        interval: Duration::from_millis(interval),
        timeout: Duration::from_millis(interval),
        retry_interval: Duration::from_millis(interval),
        fall: 3,
        rise: 2,
        degraded_above: None,
        severity: Severity::High,
        labels: BTreeMap::new(),
        locations: Vec::new(),
        depends_on: Vec::new(),
    }
}

fn settings(folder: &TempDir, checks: Vec<Check>) -> AgentSettings {
    AgentSettings {
        name: "agent".to_owned(),
        location: "here".to_owned(),
        spool_path: folder.path().join("spool.db"),
        spool_limits: Limits::default(),
        max_in_flight: MAX_IN_FLIGHT,
        self_test: SelfTestSettings::default(),
        checks,
    }
}

pub(crate) fn saw(outcome: Outcome, took: u64) -> Observed {
    let reason = if outcome == Outcome::Up { Reason::None } else { Reason::ConnectRefused };
    let total = Duration::from_millis(took);
    Observed {
        outcome,
        reason,
        detail: String::new(),
        total,
        phases: None,
        certificate: None,
        findings: Findings::Nothing,
        asked: Asked::default(),
    }
}

fn always(outcome: Outcome) -> Probes {
    Probes::Scripted(Arc::new(move |_| saw(outcome, 0)))
}

fn last_state(batches: &[wire::Batch]) -> Option<State> {
    // A batch contains the states that changed.
    let told = batches.iter().rev().find_map(|batch| batch.snapshot.first());
    told.map(|state| State::from_wire(state.state))
}

#[tokio::test]
async fn a_transition_arrives_and_survives_restart_but_not_a_new_definition() {
    let folder = TempDir::new().expect("a folder");
    let listener = Listener::new();
    let agent = Agent::start_with(
        settings(&folder, vec![check("shop", 200)]),
        listener.clone(),
        always(Outcome::Down),
    )
    .expect("starts");
    listener.until(|batches| last_state(batches) == Some(State::Down)).await;
    listener
        .until(|batches| {
            let records = batches.iter().flat_map(|batch| &batch.records);
            records
                .filter(|record| match &record.kind {
                    Some(wire::record::Kind::Observation(seen)) => seen.since_boot_ms.is_some(),
                    _ => false,
                })
                .count()
                == 1
        })
        .await;
    assert!(listener.0.borrow()[0].inventory.is_some());
    agent.stop().await;

    let listener = Listener::new();
    let agent =
        Agent::start_with(settings(&folder, vec![check("shop", 200)]), listener.clone(), always(Outcome::Up))
            .expect("starts");
    assert_eq!(agent.status().states[0].1.state, State::Down);
    assert_eq!(agent.status().states[0].1.evidence, None);
    listener.until(|batches| last_state(batches) == Some(State::Up)).await;
    let mut relabelled = check("shop", 200);
    relabelled.severity = Severity::Low;
    agent.reload(vec![relabelled]).await.expect("reloads");
    assert_eq!(agent.status().states[0].1.state, State::Up);
    agent.reload(vec![check("shop", 60_000)]).await.expect("reloads");
    assert!(agent.status().states.is_empty());
    agent.reload(vec![check("shop", 201)]).await.expect("reloads");
    let inventory = |batch: &wire::Batch| batch.inventory.as_ref().map(|all| all.checks[0].interval_ms);
    listener.until(|batches| batches.iter().any(|batch| inventory(batch) == Some(201))).await;
    agent.stop().await;

    let agent =
        Agent::start_with(settings(&folder, vec![check("shop", 60_000)]), listener, always(Outcome::Up))
            .expect("starts");
    assert!(agent.status().states.is_empty());
}

#[tokio::test]
async fn a_slow_check_delays_no_other_and_never_runs_twice_at_once() {
    /// Number of runs of the other check during one run of the slow one.
    const MEANWHILE: usize = 10;
    let folder = TempDir::new().expect("a folder");
    let starts: Arc<watch::Sender<BTreeMap<String, usize>>> = Arc::default();
    let (noted, running, at_once) = (Arc::clone(&starts), Arc::new(AtomicUsize::new(0)), Arc::default());
    let most: Arc<AtomicUsize> = Arc::clone(&at_once);
    let probes = Probes::Pending(Arc::new(move |check: Arc<Check>| {
        let (starts, running, most) = (Arc::clone(&noted), Arc::clone(&running), Arc::clone(&most));
        starts.send_modify(|starts| *starts.entry(check.name.clone()).or_default() += 1);
        async move {
            if check.name == "slow" {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let fast = |starts: &BTreeMap<String, usize>| starts.get("fast").copied().unwrap_or(0);
                let mut seen = starts.subscribe();
                let before = fast(&seen.borrow());
                let _ = seen.wait_for(|starts| fast(starts) >= before + MEANWHILE).await;
                running.fetch_sub(1, Ordering::SeqCst);
            }
            saw(Outcome::Up, 0)
        }
        .boxed()
    }));
    let mut settings =
        settings(&folder, vec![check("slow", 100), check("fast", 100), check("elsewhere", 100)]);
    settings.checks[2].locations = vec!["there".to_owned()];
    let agent = Agent::start_with(settings, Listener::new(), probes).expect("starts");
    let mut seen = starts.subscribe();
    let slow = seen.wait_for(|starts| starts.get("slow").is_some_and(|runs| *runs > 3));
    assert!(timeout(BOUND, slow).await.is_ok(), "the slow one holds up the other: {:?}", *starts.borrow());
    agent.stop().await;
    assert_eq!(at_once.load(Ordering::SeqCst), 1, "it ran twice at once");
    assert!(!starts.borrow().contains_key("elsewhere"));
}

#[tokio::test]
async fn no_more_probes_run_at_once_than_allowed() {
    let folder = TempDir::new().expect("a folder");
    let checks = (0..20).map(|number| check(&format!("check-{number}"), 200)).collect();
    let mut settings = settings(&folder, checks);
    settings.max_in_flight = 2;
    let probes = Probes::Scripted(Arc::new(|_: &Check| saw(Outcome::Up, 100)));
    let began = Instant::now();
    let listener = Listener::new();
    let agent = Agent::start_with(settings, listener.clone(), probes).expect("starts");
    listener.until(|batches| batches.iter().map(|batch| batch.records.len()).sum::<usize>() >= 20).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(agent.status().lateness_ms > 300);
    agent.stop().await;
}

#[tokio::test]
async fn stopping_leaves_nothing_behind_while_the_aggregator_is_gone() {
    struct Gone;
    #[async_trait]
    impl Deliver for Gone {
        async fn deliver(&self, _body: Bytes) -> Delivery {
            std::future::pending().await
        }
    }
    let folder = TempDir::new().expect("a folder");
    let agent = Agent::start_with(settings(&folder, Vec::new()), Arc::new(Gone), always(Outcome::Up))
        .expect("starts");
    assert!(timeout(BOUND, agent.stop()).await.is_ok(), "it waits for an answer that never comes");
}

/// Alternates between up and down.
fn restless() -> Probes {
    let turns = AtomicU32::new(0);
    Probes::Scripted(Arc::new(move |_| {
        let turn = turns.fetch_add(1, Ordering::Relaxed);
        saw(if turn.is_multiple_of(2) { Outcome::Up } else { Outcome::Down }, 0)
    }))
}

#[tokio::test]
async fn flapping_arrives_and_survives_restart_and_reload_until_the_check_is_steady() {
    let folder = TempDir::new().expect("a folder");
    let mut hasty = check("shop", 100);
    (hasty.fall, hasty.rise) = (1, 1);
    let told = |wanted: bool| {
        move |batches: &Vec<wire::Batch>| {
            let told = batches.iter().rev().find_map(|batch| batch.snapshot.first());
            told.is_some_and(|state| state.flapping == wanted)
        }
    };
    let flags = |batches: &Vec<wire::Batch>| -> Vec<bool> {
        let kinds = batches.iter().flat_map(|batch| &batch.records).filter_map(|record| record.kind.as_ref());
        let seen = kinds.filter_map(|kind| match kind {
            wire::record::Kind::Observation(seen) => Some(seen.flapping),
            wire::record::Kind::Folded(_) | wire::record::Kind::Lost(_) => None,
        });
        seen.collect()
    };
    let listener = Listener::new();
    let agent = Agent::start_with(settings(&folder, vec![hasty.clone()]), listener.clone(), restless())
        .expect("starts");
    listener.until(told(true)).await;
    listener.until(|batches| flags(batches).contains(&true)).await;
    let first = flags(&listener.0.borrow()).iter().position(|flapping| *flapping);
    // Up, then six changes.
    assert_eq!(first, Some(6));
    agent.stop().await;

    let listener = Listener::new();
    let agent =
        Agent::start_with(settings(&folder, vec![hasty.clone()]), listener.clone(), always(Outcome::Up))
            .expect("starts");
    assert!(agent.status().states[0].1.flapping);
    hasty.severity = Severity::Low;
    agent.reload(vec![hasty]).await.expect("reloads");
    assert!(agent.status().states[0].1.flapping);
    listener.until(told(false)).await;
    assert_eq!(last_state(&listener.0.borrow()), Some(State::Up));
    agent.stop().await;
}

#[tokio::test]
async fn a_new_check_and_a_changed_one_run_at_once_however_long_their_interval() {
    const HOUR: u64 = 3_600_000;
    let folder = TempDir::new().expect("a folder");
    let new = |hours: u64| (0..100).map(|number| check(&format!("check-{number}"), hours * HOUR)).collect();
    let listener = Listener::new();
    let agent = Agent::start_with(settings(&folder, new(24)), listener.clone(), always(Outcome::Up));
    let agent = agent.expect("starts");
    let up = |batches: &Vec<wire::Batch>| {
        let states = batches.iter().flat_map(|batch| &batch.snapshot);
        states.filter(|state| state.state == State::Up as i32).count()
    };
    listener.until(|batches| up(batches) >= 100).await;
    agent.reload(new(23)).await.expect("reloads");
    listener.until(|batches| up(batches) >= 200).await;
    agent.stop().await;
}
