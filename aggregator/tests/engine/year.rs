//! A year of windows, outages, restarts and people, on pages in three zones, against a slow reference written apart: what
//! each component was at every moment and on each day, its figures, the windows, and the problems.

mod compare;
mod people;
mod reference;
mod run;
mod script;

use crate::script::START;
use run::{Year, after};
use script::{AGENTS, Random, Size, Story};
use skerry_domain::time::Timestamp;
use std::io::Write as _;

/// Six weeks over three changes of clocks.
const SMALL: Size = Size { days: 46, outages: 70, acts: 130, restarts: 16 };
const WHOLE: Size = Size { days: 366, outages: 1_000, acts: 640, restarts: 120 };

#[test]
fn six_weeks_equal_a_slow_reference() {
    equals_a_slow_reference(SMALL, 1, 8);
}

#[test]
#[ignore = "long: a year with more than 200 windows and 500 outages"]
fn a_year_equals_a_slow_reference() {
    equals_a_slow_reference(WHOLE, 2, 60);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The aggregator is back.
    Starts,
    Stops,
    Runs {
        agent: usize,
        slot: i64,
    },
    Acts,
    Compares,
}

/// `looks`: how often the two are compared.
fn equals_a_slow_reference(size: Size, seed: u64, looks: i64) {
    let mut random = Random(seed);
    let story = Story::new(START, size, &mut random);
    let mut events: Vec<(Timestamp, Event)> = story.acts.iter().map(|at| (*at, Event::Acts)).collect();
    for (from, to) in &story.down {
        events.extend([(*from, Event::Stops), (*to, Event::Starts)]);
    }
    for slot in 0..story.slots {
        events.extend((0..AGENTS).map(|agent| (story.runs_at(agent, slot), Event::Runs { agent, slot })));
        if slot % (story.slots / looks) == story.slots / looks - 1 {
            events.push((after(&story, slot), Event::Compares));
        }
    }
    events.sort_unstable();
    let mut year = Year::new(story, random);
    let mut looked = 0;
    for (at, event) in events {
        let listens = !year.story.is_down(at);
        match event {
            Event::Runs { agent, slot } => year.runs(agent, slot, listens),
            Event::Stops => year.stop(at),
            Event::Starts => year.restart(at),
            Event::Acts if listens => year.act(at),
            Event::Compares if listens && compare::is_complete(&year, at) => {
                year.pass(at);
                compare::compare(&year);
                year.is_stored().unwrap_or_else(|what| panic!("{what}"));
                year.fold();
                looked += 1;
            }
            Event::Acts | Event::Compares => {}
        }
    }
    compare::problems(&year);
    assert!(looked > looks / 2, "only {looked} of {looks} looks: the aggregator was down at the others");
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{}", compare::summary(&year, looked));
}
