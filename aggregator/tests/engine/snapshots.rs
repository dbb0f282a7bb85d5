//! At every commit, the snapshot equals the state that is loaded from the store.

use crate::script::{Script, World};
use crate::stored::same;
use crate::workspace::{load, named, state_of};
use proptest::prelude::*;
use skerry_aggregator::clock::TimeSource;
use skerry_aggregator::engine::{CommandError, Engine};
use skerry_store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Runs the commands of a random history on a running engine.
fn equals_what_is_stored(bytes: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("skerry.db");
    let mut store = Store::open(&path).expect("a new database");
    let (mut world, steps) = World::new();
    for step in &steps {
        store.commit(&step.rows).expect("committed");
    }
    let hands = Arc::new(AtomicI64::new(world.now.0));
    let (changed, _changes) = crossbeam_channel::unbounded();
    let (engine, running) =
        Engine::start_by(store, changed, TimeSource::Simulated(Arc::clone(&hands))).expect("starts");
    let beside = Store::open_unlocked(&path).expect("a second handle");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut script, mut told) = (Script(bytes), String::new());
    while !script.is_empty() {
        world.state = state_of(&engine.snapshot().workspaces).clone();
        let command = world.command(&mut script);
        told += &format!("\n{} {command:?}", world.now.0);
        hands.fetch_max(world.now.0, Ordering::Relaxed);
        let answer = runtime.block_on(engine.command(named(command)));
        let judged = matches!(answer, Ok(_) | Err(CommandError::Rejected(_)));
        prop_assert!(judged, "{answer:?}\nafter{told}");
        // The writer ticks by itself, so the comparison must fall between two commits.
        let (snapshot, loaded) = loop {
            let snapshot = engine.snapshot();
            let loaded = load(&beside, snapshot.workspaces.ready_at());
            if engine.snapshot().commit == snapshot.commit {
                break (snapshot, loaded);
            }
        };
        same(state_of(&snapshot.workspaces), &loaded)
            .map_err(|what| TestCaseError::fail(format!("{what}\nafter{told}")))?;
    }
    engine.stop();
    running.join().expect("it ends");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_equals_the_stored_state(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        equals_what_is_stored(&bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "long: 10,000 histories, each through an engine"]
    fn a_snapshot_equals_the_stored_state_in_many_histories(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        equals_what_is_stored(&bytes)?;
    }
}
