//! A hostile agent changes neither the page nor the tracks of an honest agent.

use crate::script::{CHECKS, Script, World, at, declared};
use crate::tokens::{change, obey, says, take};
use proptest::prelude::*;
use skerry_domain::component::Automatic;
use skerry_domain::interval::Interval;
use skerry_domain::state::{AgentKey, State};
use skerry_domain::step::{AgentChange, Command, DeclaredCheck, Report, step};
use skerry_domain::time::Timestamp;
use skerry_domain::track::{HardState, Span};

/// The automatic layers, and the spans of the honest agent.
type Rest = (Vec<Vec<Interval<Automatic>>>, Vec<(String, Vec<Span>, Option<Timestamp>)>);

fn rest(state: &State, honest: AgentKey) -> Rest {
    let layers = state.components.values().map(|one| one.layers.automatic.iter().collect()).collect();
    let mut tracks: Vec<_> = state
        .tracks
        .values()
        .filter(|one| one.agent == honest)
        .map(|one| (state.checks[&one.check].name.clone(), one.track.spans.to_vec(), one.evidence()))
        .collect();
    tracks.sort_by(|one, other| one.0.cmp(&other.0));
    (layers, tracks)
}

fn decides_who_counts(change: &AgentChange) -> bool {
    use AgentChange::{Allow, Disable, Remove, Revoke};
    matches!(change, Allow(_) | Disable | Remove | Revoke)
}

fn all_of(definition: u8) -> Option<Vec<DeclaredCheck>> {
    let of = |name: &&str| DeclaredCheck { definition: vec![definition], ..declared(name, 1_000) };
    Some(CHECKS.iter().map(of).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, max_shrink_iters: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// It reports many checks, old times, names of others, folded records and huge counts, with new spools and wrong clocks.
    #[test]
    fn a_hostile_agent_changes_only_its_own_tracks(bytes in prop::collection::vec(any::<u8>(), 0..400), limited in any::<bool>()) {
        let mut script = Script(&bytes);
        let (mut world, _) = World::new();
        let (honest, hostile) = (world.senders[0].agent, world.senders[1].agent);
        let first = Report { inventory: all_of(1), ..says(0, 1, 1, &[(0, HardState::Up)]).report(&world) };
        take(&mut world, first);
        if limited {
            obey(&mut world, change("two", AgentChange::Limit(vec!["own-*".to_owned()])));
        }
        let mut alone = world.state.clone();
        let mut told = String::new();
        while !script.is_empty() {
            let command = match world.command(&mut script) {
                Command::Report(mut report) => {
                    let ours = report.agent == honest;
                    // Its definition differs; with a limited token, even the right definition does not help.
                    let definition = if ours || limited { 1 } else { 2 };
                    report.inventory = (ours || report.inventory.is_some()).then(|| all_of(definition)).flatten();
                    Command::Report(report)
                }
                // Reports among these commands would invalidate the comparison.
                Command::Together(_) => Command::Tick,
                // Changes by operators decide which agents count.
                Command::ChangeAgent { change, .. } if decides_who_counts(&change) => Command::Tick,
                other => other,
            };
            told += &format!("\n{} {command:?}", world.now.0);
            let taken = step(&mut world.state, command.clone(), at(world.now));
            if !matches!(&command, Command::Report(report) if report.agent == hostile) {
                let alone = step(&mut alone, command, at(world.now));
                prop_assert_eq!(taken.is_ok(), alone.is_ok());
            }
            let clock = alone.clock.max(world.state.clock);
            (alone.clock, world.state.clock) = (clock, clock);
            prop_assert_eq!(rest(&world.state, honest), rest(&alone, honest), "after{}", told);
        }
    }
}
