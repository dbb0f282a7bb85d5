//! The committed state can be loaded, and a program that starts from it continues as if it had never stopped.

use crate::invariants::sound;
use crate::script::{Script, World, at};
use crate::workspace::load;
use proptest::prelude::*;
use skerry_domain::state::State;
use skerry_domain::step::step;
use skerry_domain::time::Timestamp;
use skerry_store::Store;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_committed_state_can_be_loaded(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let mut script = Script(&bytes);
        let (mut world, steps) = World::new();
        let mut told = String::new();
        for step in steps {
            store.commit(&step.rows).expect("committed");
        }
        while !script.is_empty() {
            let command = world.command(&mut script);
            told += &format!("\n{} {command:?}", world.now.0);
            let Ok(stepped) = step(&mut world.state, command, at(world.now)) else { continue };
            store
                .commit(&stepped.rows)
                .map_err(|error| TestCaseError::fail(format!("{error}\nafter{told}")))?;
            let mut loaded = load(&store, world.state.ready_at);
            same(&world.state, &loaded).map_err(|what| TestCaseError::fail(format!("{what}\nafter{told}")))?;
            if script.below(8) == 7 {
                loaded.clock = world.state.clock;
                world.state = loaded;
                world.state.become_ready(world.state.clock);
                sound(&world.state, false).map_err(|what| TestCaseError::fail(format!("{what}\nrestarted after{told}")))?;
            }
        }
    }
}

/// Compares states without what is not stored: live states, inventories of this process, charts, skew, and evidence
/// without a state.
pub(crate) fn same(state: &State, loaded: &State) -> Result<(), String> {
    let (state, loaded) = (durable(state), durable(loaded));
    macro_rules! compare {
        ($($field:ident),*) => {$(
            if state.$field != loaded.$field {
                return Err(format!(
                    "{}:\n  in memory {:?}\n  loaded    {:?}",
                    stringify!($field), state.$field, loaded.$field
                ));
            }
        )*};
    }
    let differ = state.tracks.iter().find(|(key, track)| loaded.tracks.get(key) != Some(track));
    if let Some((key, track)) = differ {
        return Err(format!("{key:?}:\n  in memory {track:?}\n  loaded    {:?}", loaded.tracks.get(key)));
    }
    let differ = state.components.iter().find(|(key, one)| loaded.components.get(key) != Some(one));
    if let Some((key, one)) = differ {
        return Err(format!("{key:?}:\n  in memory {one:?}\n  loaded    {:?}", loaded.components.get(key)));
    }
    compare!(
        counters,
        enrolments,
        heartbeat_tokens,
        credentials,
        heartbeat_addresses,
        workspace,
        agents,
        checks,
        heartbeats,
        blind,
        tracks,
        pages,
        groups,
        components,
        windows,
        open_windows,
        series,
        series_windows,
        corrections,
        api_tokens,
        token_hashes,
        answers,
        answers_by_age,
        problems,
        open_problems,
        problems_of,
        announced_in,
        incidents,
        open_incidents,
        check_names,
        track_of,
        dependents,
        announcements,
        templates
    );
    Ok(())
}

fn durable(state: &State) -> State {
    let mut state = state.clone();
    state.clock = Timestamp(0);
    state.agents.update_all(|_, agent| {
        agent.skew = 0;
        agent.inventory_known = false;
        agent.sessions = skerry_domain::clone_detection::Sessions::default();
    });
    state.tracks.update_all(|_, agent_check| {
        (agent_check.live, agent_check.called_silent) = (None, false);
        agent_check.former_interval = None;
        agent_check.track.tentative = None;
    });
    state.components.update_all(|_, component| {
        component.noticed = Timestamp(0);
        component.response = Vec::new().into();
        component.links.sort_by_key(|link| (link.from, link.check, link.minor));
    });
    let components = &state.components;
    state.checks.update_all(|key, check| {
        check.tracks.sort();
        // A link that was removed in the millisecond of its creation leaves only this trace.
        check.components.retain(|one| components[one].links.iter().any(|link| link.check == *key));
        check.components.sort();
    });
    state
}
