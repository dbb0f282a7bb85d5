//! A database that can be neither written nor read back: nothing is acknowledged meanwhile.

use crate::reports::{empty, observed, record};
use crate::script::declared;
use crate::workspace::named;
use skerry_aggregator::engine::{CommandError, Engine};
use skerry_domain::step::{Answer, Command, Observed, Report, When};
use skerry_domain::time::Timestamp;
use skerry_domain::track::HardState;
use skerry_store::Store;
use std::time::{Duration, Instant};

fn report(agent: skerry_domain::state::AgentKey, received: Timestamp) -> Command {
    let when = When::ThisBoot(1_000_000);
    let first = Observed { since: Some(when), ..observed(when, HardState::Up) };
    Command::Report(Box::new(Report {
        records: vec![record(1, first)],
        inventory: Some(vec![declared("a", 1_000)]),
        ..empty(agent, received, 1_000_000)
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_were_not_written_are_not_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let store = Store::open(&path).expect("a new database");
    let (changed, _changes) = crossbeam_channel::bounded(4_096);
    let (engine, running) = Engine::start(store, changed).expect("it starts");
    let (name, location) = ("one".to_owned(), "here".to_owned());
    let added = engine.command(named(Command::AddAgent { name, location })).await;
    let Ok(Answer::Agent(agent)) = added else { panic!("{added:?}") };

    let beside = rusqlite::Connection::open(&path).expect("it opens");
    let rename = |from: &str, to: &str| {
        beside.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}")).expect("renamed");
    };
    rename("observation", "observation_away");
    rename("span", "span_away");
    // Longer than the interval at which the engine tests writing, which works here.
    let begun = Instant::now();
    let mut next = tokio::time::interval(Duration::from_millis(50));
    while begun.elapsed() < Duration::from_millis(2_500) {
        let answer = engine.command(named(report(agent, engine.now()))).await;
        assert!(matches!(answer, Err(CommandError::Unwritable(_))), "{answer:?}");
        next.tick().await;
    }
    rename("observation_away", "observation");
    rename("span_away", "span");
    let answer = loop {
        match engine.command(named(report(agent, engine.now()))).await {
            Ok(answer) => break answer,
            Err(refused) => assert!(begun.elapsed() < Duration::from_secs(20), "{refused}"),
        }
        next.tick().await;
    };
    assert_eq!(
        answer,
        Answer::Acknowledged { through: 1, want_inventory: false, contested: false, old_copy: false }
    );
    let stored: i64 =
        beside.query_row("SELECT count(*) FROM observation", [], |row| row.get(0)).expect("a number");
    assert_eq!(stored, 1, "what was acknowledged is stored");
    engine.stop();
    tokio::task::spawn_blocking(move || running.join()).await.expect("joined").expect("it ends");
}
