//! From observations to verdicts, whatever the order in which agents' batches arrive.

use crate::reference::{hard_at, ruling_at};
use crate::script::{Agent, Grid, Script, agent};
use crate::{assert_whole, reporters, value_at};
use proptest::prelude::*;
use skerry_domain::former::Former;
use skerry_domain::layers::splice;
use skerry_domain::time::{MINUTE, Timestamp};
use skerry_domain::track::{HardState, Track, TrackObservation};
use skerry_domain::verdict::{ALWAYS, Quorum, Quorums, Reporter, Verdict, last_known, now, timeline};

const GRID: Grid = Grid { start: Timestamp(1_774_000_000_000), unit: 30 * MINUTE };
const SILENCE: i64 = 3 * GRID.unit;
const TICKS: i64 = 130;

fn declared_silent(_: &Agent, track: &Track) -> bool {
    track.silent
}

fn assert_sound(track: &Track) {
    for span in track.spans.iter() {
        assert!(span.from <= span.last && span.state != HardState::Unknown, "{track:?}");
    }
    for pair in track.spans.to_vec().windows(2) {
        assert!(pair[0].last <= pair[1].from, "overlap in {track:?}");
        assert!(pair[0].last < pair[1].from || pair[0].state != pair[1].state, "not joined: {track:?}");
    }
    assert!(track.flaps.iter().all(|flap| flap.from < flap.to), "an empty stretch of flapping: {track:?}");
    assert!(track.flaps.windows(2).all(|pair| pair[0].to <= pair[1].from), "overlap: {track:?}");
}

/// What was heard without a state is not stored: after a restart an agent's word may lie before one that was taken.
#[test]
fn stretches_of_flapping_never_overlap_after_a_restart() {
    let mut track = Track::default();
    let seen = |tick, hard, flapping| TrackObservation { at: GRID.at(tick), hard, since: None, flapping };
    track.observe(seen(1, HardState::Up, true), SILENCE);
    track.observe(seen(3, HardState::Unknown, false), SILENCE);
    let mut stored = Track::new(track.spans.to_vec(), track.silent);
    stored.flaps = track.flaps;
    stored.observe(seen(2, HardState::Up, true), SILENCE);
    assert_sound(&stored);
    assert_eq!(stored.flaps.len(), 2);
    // One that ends before it began was none.
    stored.observe(seen(2, HardState::Up, false), SILENCE);
    assert_sound(&stored);
}

fn batches_in_any_order(script: &mut Script<'_>) {
    let quorum = script.quorum();
    let changes = script.below(3);
    let mut former: Vec<_> =
        (0..changes).map(|_| Former { to: script.tick(GRID, 120), value: script.quorum() }).collect();
    former.sort_by_key(|one| one.to);
    former.dedup_by_key(|one| one.to);
    let quorum_at = |at: Timestamp| former.iter().find(|one| at < one.to).map_or(quorum, |one| one.value);
    let quorum = Quorums { now: quorum, former: &former };
    let mut agents: Vec<_> = (0..=script.below(4)).map(|_| agent(script, GRID, 14)).collect();
    let absences = script.stretches(GRID, 3, |_| ());
    agents.iter_mut().for_each(|agent| agent.absences.clone_from(&absences));
    let mut tracks = vec![Track::default(); agents.len()];
    let mut kept = timeline(&reporters(&agents, &tracks, declared_silent), quorum, GRID.start);
    let mut sent = vec![0; agents.len()];
    while let Some(turn) = {
        let waiting: Vec<_> = (0..agents.len()).filter(|&who| sent[who] < agents[who].seen.len()).collect();
        (!waiting.is_empty()).then(|| waiting[script.below(waiting.len() as u8) as usize])
    } {
        let mut changed = None;
        for seen in agents[turn].seen[sent[turn]..].iter().take(1 + script.below(5) as usize) {
            sent[turn] += 1;
            let first = tracks[turn].observe(*seen, SILENCE);
            changed = changed.into_iter().chain(first).min();
        }
        if script.below(5) == 4 {
            changed = changed.into_iter().chain(tracks[turn].fall_silent()).min();
        }
        if let Some(changed) = changed {
            splice(
                &mut kept,
                changed,
                timeline(&reporters(&agents, &tracks, declared_silent), quorum, changed),
            );
        }
        assert_sound(&tracks[turn]);
    }
    for (agent, track) in agents.iter().zip(&mut tracks) {
        if !agent.silent {
            track.silent = false;
        } else if track.fall_silent().is_some() {
            assert!(track.silent);
        }
    }
    // A silence that is taken back or declared at the end changes no more than what follows the last evidence.
    let from = tracks.iter().filter_map(Track::last).min().unwrap_or(GRID.start);
    splice(&mut kept, from, timeline(&reporters(&agents, &tracks, declared_silent), quorum, from));

    let reporters = reporters(&agents, &tracks, declared_silent);
    assert_eq!(kept, timeline(&reporters, quorum, GRID.start));
    assert_whole(&kept, GRID.start, Timestamp::FAR);
    let mut before = None;
    // Each instant of the grid, and what follows it.
    for sample in 0..2 * TICKS {
        let (tick, after) = (sample / 2, sample % 2);
        let at = GRID.at(tick) + after;
        let expected = ruling_at(&agents, quorum_at(at), SILENCE, at);
        assert_eq!(last_known(&reporters, quorum, at), before, "before tick {tick} + {after} of {agents:?}");
        if expected.verdict != Verdict::Unknown {
            before = Some((expected, if after == 0 { at + 1 } else { GRID.at(tick + 1) }));
        }
        assert_eq!(value_at(&kept, at), Some(expected), "at tick {tick} + {after} of {agents:?}, {tracks:?}");
        if former.last().is_none_or(|last| last.to <= at) {
            assert_eq!(now(&reporters, quorum, at), expected);
        }
    }
}

/// Not what a hysteresis says: any state at any instant with any beginning.
fn nonsense_stays_sound(script: &mut Script<'_>) {
    let declared = [skerry_domain::interval::Interval { from: GRID.at(-60), to: Timestamp::FAR, value: () }];
    let says = |track: &Track| {
        let reporter = Reporter {
            location: 0,
            within: ALWAYS,
            track,
            declared: &declared,
            silent: track.silent,
            live: None,
            absences: &[],
        };
        timeline(&[reporter], Quorum::Any, GRID.at(-60))
    };
    let (mut track, mut kept) = (Track::default(), says(&Track::default()));
    for _ in 0..script.below(24) {
        let hard = [HardState::Up, HardState::Degraded, HardState::Down, HardState::Unknown]
            [script.below(4) as usize];
        let at = GRID.at(script.below(60) - 10);
        let since = (script.below(2) == 1).then(|| GRID.at(script.below(80) - 20));
        let heard = track.last();
        let flapping = script.below(3) == 2;
        let changed = track.observe(TrackObservation { at, hard, since, flapping }, SILENCE);
        assert_sound(&track);
        assert!(track.last() >= heard);
        let whole = says(&track);
        if let Some(changed) = changed {
            splice(&mut kept, changed, whole.clone());
        }
        assert_eq!(kept, whole, "more changed than from {changed:?}: {track:?}");
        if script.below(6) == 5
            && let Some(changed) = track.fall_silent()
        {
            splice(&mut kept, changed, says(&track));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_equal_the_slow_reference_whatever_the_order_of_arrival(
        bytes in prop::collection::vec(any::<u8>(), 16..400)
    ) {
        batches_in_any_order(&mut Script(&bytes));
    }

    #[test]
    fn no_observation_makes_a_track_unsound_or_moves_more_than_it_says(
        bytes in prop::collection::vec(any::<u8>(), 8..120)
    ) {
        nonsense_stays_sound(&mut Script(&bytes));
    }
}

#[test]
fn the_reference_knows_an_outage_from_its_first_bad_observation() {
    let seen = |tick, hard, since: Option<i64>| TrackObservation {
        at: GRID.at(tick),
        hard,
        since: since.map(|tick| GRID.at(tick)),
        flapping: false,
    };
    let story = [
        seen(0, HardState::Up, Some(0)),
        seen(1, HardState::Up, None),
        seen(2, HardState::Down, Some(1)),
        seen(20, HardState::Down, None),
    ];
    let said: Vec<_> = [0, 1, 2, 3, 20].map(|tick| hard_at(&story, SILENCE, false, GRID.at(tick))).into();
    assert_eq!(said, [Some(HardState::Up), Some(HardState::Down), None, None, Some(HardState::Down)]);
}
