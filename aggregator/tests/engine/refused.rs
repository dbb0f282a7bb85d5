//! Rejected commands: the answers to the other commands of their group, and what is stored.

use crate::script::START;
use crate::workspace::{named, state_of};
use skerry_aggregator::clock::TimeSource;
use skerry_aggregator::engine::{Actor, CommandError, Engine, Envelope};
use skerry_domain::heartbeat::Expected as HeartbeatExpected;
use skerry_domain::problem::Severity;
use skerry_domain::rows::{Expected, Subject};
use skerry_domain::step::{Answer, Command};
use skerry_domain::step::{DesiredHeartbeat, HeartbeatPing, PingKind};
use skerry_domain::time::SECOND;
use skerry_domain::track::HardState;
use skerry_domain::workspaces::Target;
use skerry_store::Store;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

const COMMANDS: usize = 256;

fn add(name: &str) -> Command {
    let location = "here".to_owned();
    Command::AddAgent { name: name.to_owned(), location }
}

/// A row that the state does not know has the name that one of 256 commands needs: that command is rejected, and the
/// others are stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_violates_a_constraint_is_rejected_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let (changed, _changes) = crossbeam_channel::unbounded();
    let (engine, writer) = Engine::start(Store::open(&path).expect("opens"), changed).expect("starts");
    engine.command(named(add("first"))).await.expect("stored");
    let beside = rusqlite::Connection::open(&path).expect("opens");
    beside.busy_timeout(std::time::Duration::from_secs(5)).expect("a pragma");
    let sql = "INSERT INTO agent (workspace, key, name, location) VALUES (1, 9999, 'agent-100', 'elsewhere')";
    beside.execute(sql, []).expect("written");
    for round in 0..2 {
        let all = (0..COMMANDS).map(|number| {
            let engine = engine.clone();
            let name = if number == 100 { "agent-100".to_owned() } else { format!("agent-{round}-{number}") };
            tokio::spawn(async move { engine.command(named(add(&name))).await })
        });
        for (number, answer) in futures_util::future::join_all(all).await.into_iter().enumerate() {
            match answer.expect("it does not panic") {
                Err(CommandError::Fault { request, what }) => {
                    assert!(
                        number == 100 && request.len() == 16 && what.contains("UNIQUE"),
                        "{number}: {what}"
                    );
                }
                Ok(Answer::Agent(_)) if number != 100 => {}
                other => panic!("{number}: {other:?}"),
            }
        }
        assert!(!engine.health().unwritable.load(Ordering::Relaxed), "it stays ready");
        assert_eq!(state_of(&engine.snapshot().workspaces).agents.len(), 1 + (round + 1) * (COMMANDS - 1));
    }
    engine.stop();
    writer.join().expect("it ends");
    let stored: i64 = beside.query_row("SELECT count(*) FROM agent", [], |row| row.get(0)).expect("read");
    assert_eq!(stored, 2 + 2 * (COMMANDS as i64 - 1));
}

/// 64 concurrent commands give the same heartbeat its first address: one is accepted, and its address is valid.
#[tokio::test(flavor = "multi_thread")]
async fn of_commands_with_the_same_expectation_one_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("skerry.db")).expect("opens");
    let (changed, _changes) = crossbeam_channel::unbounded();
    let (engine, writer) = Engine::start(store, changed).expect("starts");
    let all = (0..64).map(|number| {
        let check = "job".to_owned();
        let subject = Subject::HeartbeatToken(check.clone());
        let command = Command::SetHeartbeatToken { check, token: Some([number; 32]) };
        let expected = Some(Expected { subject, version: None });
        let (target, command) = named(command);
        engine.command(Envelope::by(Actor::Cli { uid: 0 }, target, command).expecting(expected))
    });
    let answers = futures_util::future::join_all(all).await;
    let taken: Vec<u8> = (0..64).filter(|number| answers[usize::from(*number)].is_ok()).collect();
    let is_conflict =
        |answer: &&Result<Answer, CommandError>| matches!(answer, Err(CommandError::Rejected(_)));
    assert_eq!((taken.len(), answers.iter().filter(is_conflict).count()), (1, 63));
    let holds: Vec<_> = state_of(&engine.snapshot().workspaces).heartbeat_addresses.keys().copied().collect();
    assert_eq!(holds, [[taken[0]; 32]]);
    engine.stop();
    writer.join().expect("it ends");
}

/// The store refuses what a tick changes in one workspace: the job of the other is found late all the same, and the
/// program stays ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_in_which_the_store_refuses_a_tick_holds_up_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let hands = Arc::new(AtomicI64::new(START.0));
    let (changed, _changes) = crossbeam_channel::unbounded();
    let source = TimeSource::Simulated(Arc::clone(&hands));
    let (engine, writer) =
        Engine::start_by(Store::open(&path).expect("opens"), changed, source).expect("starts");
    let expected = HeartbeatExpected { period: 20 * SECOND, schedule: None, grace: 0 };
    let job = DesiredHeartbeat {
        check: "job".to_owned(),
        definition: vec![1],
        expected,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    };
    let ping = HeartbeatPing {
        check: "job".to_owned(),
        kind: PingKind::Success,
        run: String::new(),
        took_ms: None,
        detail: String::new(),
    };
    for name in ["one", "other"] {
        for command in
            [Command::DeclareHeartbeats(vec![job.clone()]), Command::HeartbeatPing(Box::new(ping.clone()))]
        {
            engine.command((Target::Name(name.to_owned()), command)).await.expect("stored");
        }
    }
    let beside = rusqlite::Connection::open(&path).expect("opens");
    beside.busy_timeout(std::time::Duration::from_secs(5)).expect("a pragma");
    let taken = "INSERT INTO hard_transition SELECT workspace, number + 1, at_ms, track, since_ms, from_state, to_state, \
                 reason, detail FROM hard_transition WHERE workspace = 1";
    assert_eq!(beside.execute(taken, []).expect("written"), 1);
    let is = |name: &str| {
        let snapshot = engine.snapshot();
        let state = snapshot.workspaces.named(name).expect("it was created");
        state.tracks.values().next().and_then(|one| one.track.spans.last()).map(|span| span.state)
    };
    let begun = std::time::Instant::now();
    while is("other") != Some(HardState::Down) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "time does not pass in the other");
        hands.fetch_add(SECOND, Ordering::Relaxed);
        engine.turn().await.expect("it runs");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    assert_eq!(is("one"), Some(HardState::Up), "what is not stored is shown to nobody");
    assert!(!engine.health().unwritable.load(Ordering::Relaxed), "it stays ready");
    engine.stop();
    writer.join().expect("it ends");
}
