//! A store that fails for a minute, and one that stalls: answers, snapshots and stored rows.

use crate::reports::{empty, observed, record};
use crate::script::{START, Script, configure, declared};
use crate::workspace::{load, named, state_of};
use skerry_aggregator::clock::{ManualClocks, TimeSource};
use skerry_aggregator::engine::{CommandError, Engine};
use skerry_domain::credentials::token_hash;
use skerry_domain::heartbeat::Expected;
use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentKey, State};
use skerry_domain::step::{
    Admission, AgentChange, Answer, Command, DesiredHeartbeat, HeartbeatPing, Observed, PingKind, Report,
    When,
};
use skerry_domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_store::Store;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(30);

fn add(name: &str) -> Command {
    let change = AgentChange::Add {
        location: "here".to_owned(),
        checks: Vec::new(),
        admission: Admission::Credential(token_hash(name)),
    };
    Command::ChangeAgent { agent: name.to_owned(), change }
}

/// A report that check `a` is up now.
fn up(agent: AgentKey, apart: &ManualClocks, sequence: u64) -> Command {
    let boot = apart.boot.load(Ordering::Relaxed);
    let when = When::ThisBoot(boot);
    let now = Timestamp(apart.wall.load(Ordering::Relaxed));
    Command::Report(Box::new(Report {
        records: vec![record(sequence, Observed { since: Some(when), ..observed(when, HardState::Up) })],
        inventory: Some(vec![declared("a", 1_000)]),
        ..empty(agent, now, boot)
    }))
}

fn call() -> Command {
    Command::HeartbeatPing(Box::new(HeartbeatPing {
        check: "job".to_owned(),
        kind: PingKind::Success,
        run: String::new(),
        took_ms: None,
        detail: String::new(),
    }))
}

fn names(state: &State) -> Vec<&str> {
    let agents = state.agents.values().filter(|agent| !agent.is_heartbeat_agent());
    agents.map(|agent| agent.name.as_str()).collect()
}

/// The state of the job's check.
fn job_is(state: &State) -> HardState {
    let of_job = state.tracks.values().find(|one| state.checks[&one.check].name == "job");
    of_job.and_then(|one| one.track.spans.last()).map_or(HardState::Unknown, |span| span.state)
}

/// The database is missing from its path for a minute, in which agents deliver, a job calls and operators send commands.
/// Nothing of that is acknowledged. What was acknowledged before stays in memory and in the store, what was rejected is
/// in neither, and the job is not down because of the call that could not be stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_for_a_minute_keeps_what_it_acknowledged_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, aside) = (folder.path().join("skerry.db"), folder.path().join("aside.db"));
    let apart = Arc::new(ManualClocks { boot_id: "this".to_owned(), ..ManualClocks::default() });
    apart.wall.store(START.0, Ordering::Relaxed);
    apart.boot.store(HOUR, Ordering::Relaxed);
    let store = Store::open(&path).expect("a new database");
    let (changed, _changes) = crossbeam_channel::unbounded();
    let hands = TimeSource::Manual(Arc::clone(&apart));
    let (engine, writer) = Engine::start_by(store, changed, hands).expect("it starts");
    let Ok(Answer::Agent(one)) = engine.command(named(add("one"))).await else { panic!("no agent") };
    engine.command(named(Command::Configure(Box::new(configure(&mut Script(&[])))))).await.expect("taken");
    let expected = Expected { period: 40 * SECOND, schedule: None, grace: 10 * SECOND };
    let heartbeats = vec![DesiredHeartbeat {
        check: "job".to_owned(),
        definition: vec![1],
        expected,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    }];
    let declare = Command::DeclareHeartbeats(heartbeats);
    engine.command(named(declare)).await.expect("taken");
    let state = || state_of(&engine.snapshot().workspaces).clone();
    engine.command(named(call())).await.expect("taken");
    engine.command(named(up(one, &apart, 1))).await.expect("taken");

    std::fs::rename(&path, &aside).expect("moved");
    for second in 1..=60 {
        apart.pass(SECOND);
        let late = (0..4).map(|number| add(&format!("late-{second}-{number}")));
        let rest = [up(one, &apart, second + 1), call(), add("one")];
        let all = late.chain(rest).map(|command| engine.command(named(command)));
        for answer in futures_util::future::join_all(all).await {
            assert!(matches!(answer, Err(CommandError::Unwritable(_))), "second {second}: {answer:?}");
        }
        assert_eq!(names(&state()), ["one"], "what is not stored is shown to nobody");
    }
    assert!(engine.health().unwritable.load(Ordering::Relaxed));
    // Time passes nevertheless: the agent becomes silent, and its last state stays.
    let begun = Instant::now();
    let mut next = tokio::time::interval(Duration::from_millis(50));
    let track =
        || state().tracks.values().find(|track| track.agent == one).expect("it reports").track.clone();
    while !track().silent {
        assert!(begun.elapsed() < BOUND, "a minute without a report");
        next.tick().await;
    }
    assert_eq!(track().spans.last().map(|span| span.state), Some(HardState::Up));

    std::fs::rename(&aside, &path).expect("moved back");
    let begun = Instant::now();
    while let Err(refused) = engine.command(named(add("two"))).await {
        assert!(begun.elapsed() < BOUND, "{refused}");
        next.tick().await;
    }
    assert!(!engine.health().unwritable.load(Ordering::Relaxed));
    let again = engine.command(named(add("one"))).await;
    assert!(matches!(&again, Err(CommandError::Rejected(_))), "it was there all the time: {again:?}");
    assert_eq!(job_is(&state()), HardState::Up, "nobody could take its call");
    let blind = state().blind;
    assert!(blind.iter().any(|gap| gap.to - gap.from >= MINUTE - SECOND), "{blind:?}");
    let taken = engine.command(named(up(one, &apart, 62))).await;
    assert!(matches!(taken, Ok(Answer::Acknowledged { through: 62, .. })), "{taken:?}");

    engine.stop();
    writer.join().expect("it ends");
    let stored = load(&Store::open(&path).expect("opens"), Timestamp(0));
    assert_eq!(names(&stored), ["one", "two"]);
    assert_eq!(stored.agents[&one].epochs[&[1; 16]].through, 62);
    let credentials: Vec<_> = stored.credentials.keys().copied().collect();
    assert_eq!(credentials.len(), 2);
    assert!(["one", "two"].iter().all(|name| credentials.contains(&token_hash(name))));
}

/// A write stalls, and more commands arrive than may wait: readers are served, commands beyond the limit are rejected as
/// busy, and all others are stored once the write returns.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_write_stalls_commands_beyond_the_limit_are_rejected_as_busy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let (changed, _changes) = crossbeam_channel::unbounded();
    let (engine, writer) = Engine::start(Store::open(&path).expect("opens"), changed).expect("starts");
    engine.command(named(add("first"))).await.expect("stored");
    let other = rusqlite::Connection::open(&path).expect("opens");
    other.busy_timeout(Duration::from_secs(5)).expect("a pragma");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock is ours");
    let commands: Vec<Command> = (0..1_500).map(|number| add(&format!("agent-{number}"))).collect();
    let all =
        futures_util::future::join_all(commands.into_iter().map(|command| engine.command(named(command))));
    // Polled after each command was sent.
    let release = async {
        assert_eq!(names(state_of(&engine.snapshot().workspaces)), ["first"], "a reader waits for nobody");
        other.execute_batch("COMMIT").expect("given back");
    };
    let (answers, ()) = tokio::join!(all, release);
    let mut stored = vec!["first".to_owned()];
    let mut busy = 0;
    for (number, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(Answer::Agent(_)) => stored.push(format!("agent-{number}")),
            Err(CommandError::Busy { retry_after: 5 }) => busy += 1,
            other => panic!("{number}: {other:?}"),
        }
    }
    assert!(busy >= 1_500 - 1_024 - 2 * 256 - 2, "{busy} were told to come again");
    let is = state_of(&engine.snapshot().workspaces).clone();
    assert_eq!(names(&is), stored);
    engine.stop();
    writer.join().expect("it ends");
    let kept = load(&Store::open(&path).expect("opens"), Timestamp(0));
    assert_eq!(names(&kept), stored);
}
