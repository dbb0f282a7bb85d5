//! Sums of months that were made before, beside those that are made anew.

use super::*;
use crate::build::{Extent, view};
use crate::incidents::tests::{CARDS, PAGE, state};
use crate::sample::NOW;
use crate::view::Place;
use skerry_domain::component::Automatic;
use skerry_domain::status::Status;
use skerry_domain::time::HOUR;

/// A page with one public component, which failed for an hour on each of the last 390 days.
fn failing() -> State {
    let mut state = state();
    let component = state.components.get_mut(&CARDS).expect("it is there");
    let mut intervals = Vec::new();
    for day in (1..=390).rev() {
        let from = NOW - day * DAY;
        let status = |status| Automatic::Known(status);
        intervals.push(Interval { from, to: from + HOUR, value: status(Status::MajorOutage) });
        let to = if day == 1 { Timestamp::FAR } else { from + DAY };
        intervals.push(Interval { from: from + HOUR, to, value: status(Status::Operational) });
    }
    component.layers.start = component.created_at;
    component.layers.automatic = intervals.into();
    state
}

fn layers(state: &mut State) -> &mut Layers {
    &mut state.components.get_mut(&CARDS).expect("it is there").layers
}

/// The months, which are those that are summed anew, and how many sums were made.
fn summed(state: &State, former: &MonthSums) -> (MonthSums, usize) {
    let view =
        view(state, PAGE, &Place::at("https://shop.example.com"), NOW, Extent::Kept).expect("it is there");
    let (months, sums) = earlier(state, PAGE, &view, former);
    assert_eq!(months, earlier(state, PAGE, &view, &MonthSums::default()).0);
    assert!(months.iter().any(|month| month.figure.tally.major > 20 * HOUR), "{months:?}");
    let anew = sums.anew;
    (sums, anew)
}

#[test]
fn a_month_is_summed_again_only_if_something_in_it_changed() {
    let mut state = failing();
    let (sums, all) = summed(&state, &MonthSums::default());
    assert!(all > 9, "{all} months lie before the days shown");
    let (sums, anew) = summed(&state, &sums);
    assert_eq!(anew, 0);
    // Today, and yesterday's end.
    layers(&mut state).automatic.edit().pop();
    assert_eq!(summed(&state, &sums).1, 0);
    // A correction within a month, and one from month to month.
    let corrected = |from: Timestamp| Interval { from, to: from + 2 * HOUR, value: Status::PartialOutage };
    layers(&mut state).corrected = vec![corrected(NOW - 200 * DAY)].into();
    let (sums, anew) = summed(&state, &sums);
    assert_eq!(anew, 1);
    let midnight = Timestamp(1_782_856_800_000);
    layers(&mut state).corrected = vec![corrected(midnight - HOUR)].into();
    let (sums, anew) = summed(&state, &sums);
    assert_eq!(anew, 3, "the one where it was, and both that it touches");
    // What is packed says the same.
    layers(&mut state).automatic.pack(NOW - 150 * DAY);
    let (sums, anew) = summed(&state, &sums);
    assert!(anew < all, "{anew}");
    assert_eq!(summed(&state, &sums).1, 0);
    // Days count by the rule of Statuspage, and no interval says them.
    let component = state.components.get_mut(&CARDS).expect("it is there");
    component.settings.start_date = Some(jiff::civil::date(2026, 2, 14));
    let page = state.pages.get_mut(&PAGE).expect("it is there");
    page.settings.rule = uptime::Rule::Statuspage;
    assert_eq!(summed(&state, &sums).1, 0);
    let page = state.pages.get_mut(&PAGE).expect("it is there");
    page.settings.time_zone = "Asia/Tokyo".to_owned();
    assert_eq!(summed(&state, &sums).1, all, "its months begin at other times");
}
