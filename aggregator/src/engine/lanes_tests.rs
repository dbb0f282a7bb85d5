//! The two lanes: the present passes history that waits, agents advance through their histories together, and
//! what a returning agent says of now is believed before anybody's past.

use super::writer::GROUP_OBSERVATIONS;
use super::*;
use futures_util::future::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use skerry_domain::problem::Severity;
use skerry_domain::state::AgentKey;
use skerry_domain::step::{Command, DeclaredCheck, Observed, Report, SnapshotState};
use skerry_domain::track::HardState;
use skerry_domain::workspaces::Target;
use skerry_protocol::wire::{Outcome, Reason};
use std::pin::Pin;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(20);
/// Boot clock of every agent when it sends, ms.
const BOOT: i64 = 100 * 86_400_000;

/// A command on its way: whose it is, and whether it was taken.
type Sent = Pin<Box<dyn Future<Output = (&'static str, usize)>>>;

struct Stand {
    engine: Engine,
    running: Running,
    agents: Vec<AgentKey>,
    /// The last sequence each has sent.
    sequences: Vec<u64>,
    _folder: tempfile::TempDir,
    _changes: Receiver<Vec<(WorkspaceKey, Change)>>,
}

/// A command for the one workspace of these tests.
fn named(command: Command) -> (Target, Command) {
    (Target::Name("default".to_owned()), command)
}

impl Stand {
    async fn of(agents: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let (changed, changes) = crossbeam_channel::bounded(4_096);
        let (engine, running) = Engine::start(store, changed).expect("it starts");
        let mut keys = Vec::new();
        for number in 0..agents {
            let (name, location) = (format!("agent-{number}"), "here".to_owned());
            let added = engine.command(named(Command::AddAgent { name, location })).await;
            let Ok(Answer::Agent(key)) = added else { panic!("{added:?}") };
            keys.push(key);
        }
        let sequences = vec![0; agents];
        Self { engine, running, agents: keys, sequences, _folder: folder, _changes: changes }
    }

    /// The next `count` observations of an agent, all well and hours old; what it says of now is that it is down.
    fn report(&mut self, agent: usize, count: u64) -> Report {
        let first = self.sequences[agent] + 1;
        self.sequences[agent] += count;
        let name = format!("check-{agent}");
        let record = |sequence: u64| {
            let observed = Observed {
                check: 0,
                when: When::ThisBoot(BOOT - 36_000_000 + sequence as i64 * 100),
                outcome: Outcome::Up,
                reason: Reason::None,
                detail: String::new(),
                total_us: 1,
                phases: None,
                hard: HardState::Up,
                since: None,
                flapping: false,
            };
            let kind = RecordKind::Observed { first: observed, count: 1, spread: 0 };
            Record { sequence, through: sequence, kind }
        };
        let now = self.engine.now();
        let declared = DeclaredCheck {
            name: name.clone(),
            definition: vec![1],
            interval_ms: 30_000,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Default::default(),
        };
        let down = SnapshotState {
            check: 0,
            state: HardState::Down,
            since_ago: 5_000,
            evidence_ago: Some(0),
            flapping: false,
            certificate_ends: None,
        };
        Report {
            agent: self.agents[agent],
            epoch: [1; 16],
            acknowledged: 0,
            proof: Default::default(),
            process: Vec::new(),
            self_report: Default::default(),
            received: now,
            boot_now: BOOT,
            wall_now: now,
            own_network_gone: false,
            checks: vec![name],
            records: (first..first + count).map(record).collect(),
            snapshot: vec![down],
            inventory: (first == 1).then(|| vec![declared]),
        }
    }

    /// Hands a report over; it waits in its lane when this returns.
    fn send(&mut self, what: &'static str, agent: usize, count: u64) -> Sent {
        let (engine, report) = (self.engine.clone(), self.report(agent, count));
        let mut sent: Sent = Box::pin(async move {
            let taken = engine.command(named(Command::Report(Box::new(report)))).await;
            assert!(matches!(taken, Ok(Answer::Acknowledged { .. })), "{what} of {agent}: {taken:?}");
            (what, agent)
        });
        assert_eq!((&mut sent).now_or_never(), None, "the writer is held");
        sent
    }

    /// Keeps the writer from its next turn until the end of what is returned.
    fn hold(&self) -> Hold {
        let (release, released) = crossbeam_channel::bounded::<()>(0);
        let (begin, begun) = crossbeam_channel::bounded(1);
        let engine = self.engine.clone();
        let stalled =
            std::thread::spawn(move || engine.maintain(Maintenance::Stall { begun: begin, released }));
        begun.recv_timeout(BOUND).expect("the writer is in it");
        Hold { _release: release, _stalled: stalled }
    }

    fn commits(&self) -> u64 {
        self.engine.health.commits.load(Ordering::Relaxed)
    }

    fn end(self) {
        self.engine.stop();
        self.running.join().expect("it ends");
    }
}

struct Hold {
    _release: Sender<()>,
    _stalled: std::thread::JoinHandle<Result<Result<usize, StoreError>, CommandError>>,
}

#[tokio::test]
async fn a_live_report_waits_for_one_batch_of_history_at_most() {
    let mut stand = Stand::of(7).await;
    let before = stand.commits();
    let hold = stand.hold();
    let whole = GROUP_OBSERVATIONS as u64;
    let sent: FuturesUnordered<Sent> = (0..6).map(|agent| stand.send("history", agent, whole)).collect();
    sent.push(stand.send("live", 6, 50));
    assert_eq!(stand.engine.waiting(), 7);
    drop(hold);
    let order: Vec<_> = sent.collect().await;
    assert_eq!(order[0], ("live", 6), "{order:?}");
    assert_eq!(stand.commits() - before, 6, "who comes meanwhile waits for one batch, not for several");
    stand.end();
}

#[tokio::test]
async fn what_comes_while_history_is_taken_is_committed_with_it() {
    let mut stand = Stand::of(2).await;
    let hold = stand.hold();
    let engine = stand.engine.clone();
    let history = stand.send("history", 0, GROUP_OBSERVATIONS as u64);
    let live = stand.report(1, 50);
    let before = stand.commits();
    let mut live = Box::pin(engine.command(named(Command::Report(Box::new(live)))));
    {
        // The writer has its first message and asks what time it is.
        let _time = engine.clock.lock().expect("nobody panicked");
        drop(hold);
        let begun = Instant::now();
        while engine.waiting() > 0 {
            assert!(begun.elapsed() < BOUND, "the writer does not turn");
            std::thread::yield_now();
        }
        assert!((&mut live).now_or_never().is_none());
    }
    assert!(matches!(live.await, Ok(Answer::Acknowledged { .. })));
    history.await;
    assert_eq!(stand.commits() - before, 1);
    stand.end();
}

#[tokio::test]
async fn folded_observations_count_each_for_what_is_history() {
    let mut stand = Stand::of(1).await;
    let mut report = stand.report(0, 2);
    assert_eq!(weight(&report), 2);
    assert!(!is_history(&report));
    if let RecordKind::Observed { count, .. } = &mut report.records[0].kind {
        *count = 1_000;
    }
    assert!(is_history(&report));
    stand.end();
}

#[tokio::test]
async fn an_agent_of_many_checks_that_was_held_up_for_seconds_does_not_wait_as_history() {
    let mut stand = Stand::of(1).await;
    let mut report = stand.report(0, 1_500);
    assert!(is_history(&report));
    for record in &mut report.records {
        if let RecordKind::Observed { first, .. } = &mut record.kind {
            first.when = When::ThisBoot(BOOT - 4_500 + record.sequence as i64 * 3);
        }
    }
    assert!(!is_history(&report));
    let RecordKind::Observed { first, .. } = &mut report.records[0].kind else {
        unreachable!("one was seen")
    };
    first.when = When::ThisBoot(BOOT - RECENT);
    assert!(is_history(&report), "what is older than that is");
    stand.end();
}

#[tokio::test]
async fn agents_advance_through_their_histories_together() {
    const AGENTS: usize = 8;
    const BATCHES: usize = 6;
    let mut stand = Stand::of(AGENTS).await;
    // Large and small ones: neither gains by it.
    let size = |agent: usize| if agent.is_multiple_of(2) { 1_100 } else { GROUP_OBSERVATIONS as u64 };
    let hold = stand.hold();
    let mut sent: FuturesUnordered<Sent> = FuturesUnordered::new();
    for agent in 0..AGENTS {
        sent.push(stand.send("history", agent, size(agent)));
    }
    drop(hold);
    let mut done = [0; AGENTS];
    while let Some((_, agent)) = sent.next().await {
        done[agent] += 1;
        let (least, most) = (done.iter().min(), done.iter().max());
        assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{done:?}");
        if done[agent] < BATCHES {
            let (engine, report) = (stand.engine.clone(), stand.report(agent, size(agent)));
            sent.push(Box::pin(async move {
                let taken = engine.command(named(Command::Report(Box::new(report)))).await;
                assert!(matches!(taken, Ok(Answer::Acknowledged { .. })), "{taken:?}");
                ("history", agent)
            }));
        }
    }
    assert_eq!(done, [BATCHES; AGENTS]);
    stand.end();
}

#[tokio::test]
async fn what_returning_agents_say_of_now_is_believed_before_any_history() {
    let mut stand = Stand::of(8).await;
    let hold = stand.hold();
    let whole = GROUP_OBSERVATIONS as u64;
    let mut sent: FuturesUnordered<Sent> = (0..4).map(|agent| stand.send("history", agent, whole)).collect();
    // The first batch after an outage is light.
    for agent in 4..8 {
        sent.push(stand.send("light", agent, 200));
    }
    drop(hold);
    for _ in 4..8 {
        assert_eq!(sent.next().await.map(|(what, _)| what), Some("light"));
    }
    let late = stand.agents[4..].to_vec();
    let snapshot = stand.engine.snapshot();
    let state = snapshot.workspaces.named("default").expect("it was created");
    let of = |agent| state.tracks.values().find(|one| one.agent == agent).and_then(|one| one.live);
    assert!(late.into_iter().all(|agent| of(agent).is_some_and(|live| live.span.state == HardState::Down)));
    while sent.next().await.is_some() {}
    stand.end();
}
