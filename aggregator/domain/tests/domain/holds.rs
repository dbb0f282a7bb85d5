//! Holds and planned windows against a slow reference: what stands at each instant, worked out from the commands alone.

use crate::script::Script;
use crate::value_at;
use proptest::prelude::*;
use skerry_domain::component::Automatic;
use skerry_domain::holds::{Hold, Source, manual, manual_from, planned, release, set};
use skerry_domain::interval::Interval;
use skerry_domain::layers::{Layers, overlay};
use skerry_domain::state::HoldKey;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;

const END: i64 = 60;

/// One command, and when it was given.
#[derive(Clone, Copy, Debug)]
enum Given {
    Set { at: i64, source: Source, status: Status, until: Option<i64> },
    Released { at: i64, source: Source },
}

fn given(script: &mut Script<'_>) -> Vec<Given> {
    let (mut all, mut at) = (Vec::new(), 0);
    for _ in 0..script.below(14) {
        at += script.below(6);
        let sources = [Source::Person, Source::Rest, Source::Incident(1), Source::Incident(2)];
        let source = sources[script.below(4) as usize];
        all.push(match script.below(4) {
            0 => Given::Released { at, source },
            _ => {
                let status = Status::ALL[script.below(Status::ALL.len() as u8) as usize];
                let until = (script.below(3) > 0).then(|| at + script.below(20));
                Given::Set { at, source, status, until }
            }
        });
    }
    all
}

/// Windows, each with its first instant and the first one after it; some start together, some overlap.
fn windows(script: &mut Script<'_>) -> Vec<(i64, i64)> {
    let count = script.below(8);
    let window = |_| {
        let from = script.below(30);
        (from, from + script.below(20))
    };
    (0..count).map(window).collect()
}

/// The holds that the commands leave, and the layer as it is kept up to date meanwhile.
fn carried_out(all: &[Given]) -> (Vec<Hold>, Vec<Interval<skerry_domain::holds::HeldStatus>>) {
    let (mut holds, mut layer) = (Vec::new(), Vec::new());
    for (key, one) in (0..).zip(all) {
        let at = match *one {
            Given::Set { at, source, status, until } => {
                let (from, to) = (Timestamp(at), until.map_or(Timestamp::FAR, Timestamp));
                set(&mut holds, Hold { key: HoldKey(key), source, status, from, to });
                at
            }
            Given::Released { at, source } => {
                release(&mut holds, source, Timestamp(at));
                at
            }
        };
        manual_from(&mut layer, &holds, Timestamp(at));
    }
    (holds, layer)
}

/// The newest of what each source said last that stands at `instant`, and when it was said.
fn held(all: &[Given], instant: i64) -> Option<(Status, i64)> {
    let until_then =
        |one: &&Given| matches!(one, Given::Set { at, .. } | Given::Released { at, .. } if *at <= instant);
    let mut sources = Vec::new();
    for one in all.iter().filter(until_then).rev() {
        let (Given::Set { source, .. } | Given::Released { source, .. }) = one;
        if sources.contains(source) {
            continue;
        }
        sources.push(*source);
        if let Given::Set { status, until, at, .. } = one
            && until.is_none_or(|until| until > instant)
        {
            return Some((*status, *at));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn holds_equal_the_slow_reference(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let all = given(&mut Script(&bytes));
        let (holds, kept) = carried_out(&all);
        let layer = manual(&holds);
        prop_assert_eq!(&layer, &kept, "kept up to date, of {:?}", all);
        prop_assert!(layer.windows(2).all(|two| two[0].to <= two[1].from), "{:?}", layer);
        for instant in 0..END {
            let shown = value_at(&layer, Timestamp(instant)).map(|held| (held.status, held.since.0));
            prop_assert_eq!(shown, held(&all, instant), "at {} of {:?}", instant, all);
        }
    }

    #[test]
    fn planned_windows_equal_the_slow_reference(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let windows = windows(&mut Script(&bytes));
        let layer = planned(windows.iter().map(|(from, to)| (Timestamp(*from), Timestamp(*to))));
        prop_assert!(layer.windows(2).all(|two| two[0].to <= two[1].from), "{:?}", layer);
        for instant in 0..END {
            let running = windows.iter().filter(|(from, to)| (*from..*to).contains(&instant));
            let newest = running.map(|(from, _)| Timestamp(*from)).max();
            prop_assert_eq!(value_at(&layer, Timestamp(instant)), newest, "at {} of {:?}", instant, windows);
        }
    }

    /// Maintenance overrides a hold, unless the hold was made while every window ran that runs.
    #[test]
    fn a_hold_made_within_a_window_stands_above_it(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut script = Script(&bytes);
        let (all, windows) = (given(&mut script), windows(&mut script));
        let (holds, _) = carried_out(&all);
        let automatic = Interval { from: Timestamp(0), to: Timestamp::FAR, value: Automatic::Known(Status::Operational) };
        let layers = Layers {
            automatic: vec![automatic].into(),
            manual: manual(&holds).into(),
            planned: planned(windows.iter().map(|(from, to)| (Timestamp(*from), Timestamp(*to)))).into(),
            ..Layers::default()
        };
        let overlay = overlay(&layers, Timestamp(0), Timestamp(END));
        for instant in 0..END {
            let running: Vec<_> = windows.iter().filter(|(from, to)| (*from..*to).contains(&instant)).collect();
            let held = held(&all, instant);
            let stands = |(_, made): &(Status, i64)| running.iter().all(|(from, to)| (*from..*to).contains(made));
            let status = match held.filter(stands) {
                Some((status, _)) => status,
                None if !running.is_empty() => Status::UnderMaintenance,
                None => Status::Operational,
            };
            let shown = value_at(&overlay, Timestamp(instant));
            prop_assert_eq!(shown, Some(Effective::Known(status)), "at {} of {:?} {:?}", instant, all, windows);
        }
    }
}
