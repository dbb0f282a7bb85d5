//! Folding does not change bars, percentages and `uptime.csv`, neither at once nor after late data for the time since.
//! Older intervals stay as they were computed.

use crate::past::report;
use crate::script::{START, Script, World, at};
use crate::stored::same;
use crate::workspace::load;
use proptest::prelude::*;
use skerry_domain::component::Automatic;
use skerry_domain::interval::Interval;
use skerry_domain::layers::{Layers, effective};
use skerry_domain::rows::IntervalRow;
use skerry_domain::state::{Component, ComponentKey, State, TrackKey};
use skerry_domain::step::{Answer, Command, step};
use skerry_domain::table::Table;
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_domain::track::HardState;
use skerry_publish::build::page_view;
use skerry_publish::csv;
use skerry_publish::view::ComponentView;
use skerry_store::Store;

/// `uptime.csv`, bars, windows and status of every page, as text.
fn shown(state: &State, now: Timestamp) -> String {
    let mut text = String::new();
    for page in state.pages.keys() {
        let Some(view) = page_view(state, *page, "https://status.example.org", now) else { continue };
        text += &String::from_utf8(csv::render(&view).expect("renders")).expect("text");
        let one = |one: &ComponentView| format!("{:?} {:?} {:?}\n", one.status, one.days, one.windows);
        text.extend(view.components().map(one));
    }
    text
}

/// The intervals of a layer from `horizon` on.
fn since<T: Copy>(layer: &[Interval<T>], horizon: Timestamp) -> Vec<Interval<T>> {
    let later = layer.iter().filter(|one| one.to > horizon);
    later.map(|one| Interval { from: one.from.max(horizon), ..*one }).collect()
}

/// The automatic layer as a list.
fn list(layers: &Layers) -> Vec<Interval<Automatic>> {
    layers.automatic.iter().collect()
}

/// The components with nothing in chunks, and without links that have ended: those of a forgotten check go with it.
fn unpacked(state: &State) -> Table<ComponentKey, Component> {
    let mut components = state.components.clone();
    components.update_all(|_, one| {
        one.layers.automatic = list(&one.layers).into();
        one.links.retain(|link| link.to == Timestamp::FAR);
    });
    components
}

fn spans(state: &State) -> usize {
    state.tracks.values().map(|one| one.track.spans.len()).sum()
}

/// Folds everything that can be folded, and stores it.
fn fold(state: &mut State, store: &mut Store, now: Timestamp) -> Result<(), TestCaseError> {
    let stepped = step(state, Command::Tick, at(now)).expect("taken");
    store.commit(&stepped.rows).expect("committed");
    let before = unpacked(state);
    let page = shown(state, now);
    let mut next = Some(TrackKey(0));
    while let Some(after) = next {
        let fold = Command::Fold { before: Timestamp::FAR, limit: 2, after };
        let stepped = step(state, fold, at(now)).expect("taken");
        store.commit(&stepped.rows).expect("committed");
        let Answer::Folded { after, .. } = stepped.answer else { panic!("{:?}", stepped.answer) };
        next = after;
    }
    let again = Command::Fold { before: Timestamp::FAR, limit: 2, after: TrackKey(0) };
    let stepped = step(state, again, at(now)).expect("taken");
    prop_assert_eq!(stepped.answer, Answer::Folded { count: 0, after: None }, "nothing is left");
    prop_assert!(unpacked(state) == before, "a layer is another");
    prop_assert!(shown(state, now) == page, "a page is another");
    Ok(())
}

#[test]
fn what_no_longer_changes_is_packed_and_looks_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
    let (mut world, steps) = World::new();
    steps.iter().for_each(|step| store.commit(&step.rows).expect("committed"));
    for day in 1..=160 {
        world.now = START + day * DAY;
        let seen = Command::Report(Box::new(report(&world, 0, day.unsigned_abs(), &[(0, HardState::Up)])));
        store.commit(&step(&mut world.state, seen, at(world.now)).expect("taken").rows).expect("committed");
    }
    let layers =
        |state: &State| state.components.values().next().expect("the first component").layers.clone();
    let whole = layers(&world.state);
    assert!(whole.automatic.chunks().is_empty() && whole.automatic.recent().len() > 300, "twice a day");
    fold(&mut world.state, &mut store, world.now).expect("the same");
    let packed = layers(&world.state);
    assert_eq!((packed.automatic.chunks().len(), list(&packed)), (2, list(&whole)));
    for day in [0, 1, 31, 63, 64, 90, 159] {
        let (from, to) = (START + day * DAY, START + (day + 30) * DAY);
        assert_eq!(effective(&packed, from, to), effective(&whole, from, to), "from day {day} on");
    }
    let loaded = load(&store, world.state.ready_at);
    same(&world.state, &loaded).expect("what is stored");
    let rows = store.rows::<IntervalRow>().expect("read").len();
    let recent =
        world.state.components.values().map(|one| one.layers.automatic.recent().len()).sum::<usize>();
    assert_eq!(rows, recent, "no interval is stored twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_folded_history_looks_the_same(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let mut script = Script(&bytes);
        let (mut world, steps) = World::new();
        let mut folded = world.state.clone();
        for step in steps {
            store.commit(&step.rows).expect("committed");
        }
        while !script.is_empty() {
            if script.below(6) == 0 {
                world.now = world.now + 10 * DAY + script.below(200) * 4 * HOUR;
                step(&mut world.state, Command::Tick, at(world.now)).expect("taken");
                fold(&mut folded, &mut store, world.now)?;
            }
            let command = world.command(&mut script);
            let taken = step(&mut folded, command.clone(), at(world.now));
            let other = step(&mut world.state, command, at(world.now));
            prop_assert_eq!(taken.as_ref().map(|one| &one.answer), other.as_ref().map(|one| &one.answer));
            if let Ok(stepped) = taken {
                store.commit(&stepped.rows).expect("committed");
            }
        }
        prop_assert!(spans(&folded) <= spans(&world.state));
        let horizon = Timestamp(folded.counters.folded);
        for (key, component) in folded.components.iter() {
            let (layer, whole) = (&component.layers, &world.state.components[key].layers);
            prop_assert_eq!(since(&list(layer), horizon), since(&list(whole), horizon));
            prop_assert_eq!(&layer.manual, &whole.manual);
        }
        let now = world.now.max(world.state.clock);
        prop_assert_eq!(shown(&folded, now), shown(&world.state, now));
        let loaded = load(&store, folded.ready_at);
        same(&folded, &loaded).map_err(TestCaseError::fail)?;
    }

    /// Years pass: checks that did not run for more than a year are forgotten, and begin anew when they run again.
    #[test]
    fn forgetting_checks_changes_no_page(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let mut script = Script(&bytes);
        let (mut world, steps) = World::new();
        for step in steps {
            store.commit(&step.rows).expect("committed");
        }
        while !script.is_empty() {
            if script.below(12) == 0 {
                world.now = world.now + 300 * DAY + script.below(200) * DAY;
                fold(&mut world.state, &mut store, world.now)?;
            }
            let command = world.command(&mut script);
            if let Ok(stepped) = step(&mut world.state, command, at(world.now)) {
                store.commit(&stepped.rows).expect("committed");
            }
        }
        let loaded = load(&store, world.state.ready_at);
        same(&world.state, &loaded).map_err(TestCaseError::fail)?;
    }
}
