//! Compares the program with the reference.

use super::people::Window;
use super::reference::{Reference, Verdict, uptime};
use super::run::{Year, name};
use super::script::{AGENTS, CHECKS, COMPONENTS, SLOT, Seen};
use skerry_domain::layers::overlay;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::problem::{Level, Problem, ProblemSubject};
use skerry_domain::time::{DAY, Timestamp};
use skerry_publish::build::page_view;
use skerry_publish::view::{ComponentView, Item};

/// Whether all that was seen up to `now` is delivered, and both agents run.
pub(crate) fn is_complete(year: &Year, now: Timestamp) -> bool {
    let slot = (now - year.story.start) / SLOT;
    let back = year.story.down.iter().map(|(_, to)| *to).filter(|to| *to <= now).max();
    let delivered = back.is_none_or(|back| back < year.story.runs_at(0, slot));
    delivered && (0..AGENTS).all(|agent| year.story.seen[agent][0][slot as usize] != Seen::Nothing)
}

pub(crate) fn compare(year: &Year) {
    let reference = Reference::new(&year.story, &year.people, year.now);
    for component in 0..COMPONENTS {
        moments(year, &reference, component);
        days(year, &reference, component);
    }
    windows(year, &reference);
}

/// At every moment since the start.
fn moments(year: &Year, reference: &Reference<'_>, component: usize) {
    let layers = &year.state.components[&year.components[component]].layers;
    let found = overlay(layers, year.story.start, year.now);
    for (from, to, expected) in reference.stretches(component, (year.story.start, year.now)) {
        let one = found.iter().find(|one| one.contains(from)).expect("it is whole");
        assert!(
            one.value == expected && to <= one.to,
            "component {component} at {}: from {from} to {to} it was {expected:?}, and the program says {one:?}",
            year.now
        );
    }
}

fn shown(year: &Year, component: usize) -> ComponentView {
    let page = year.pages[component / 3];
    let mut view = page_view(&year.state, page, "https://x", year.now).expect("a living page");
    match view.items.swap_remove(component % 3) {
        Item::Component(one) => one,
        Item::Group(_) => panic!("there is no group"),
    }
}

/// Each day of the last 90, and the figures.
fn days(year: &Year, reference: &Reference<'_>, component: usize) {
    let shown = shown(year, component);
    let expected = reference.days(component, 90);
    assert_eq!(shown.days.len(), expected.len());
    for (day, (date, tally)) in shown.days.iter().zip(&expected) {
        assert_eq!((day.date, day.tally), (*date, *tally), "component {component} at {}", year.now);
    }
    let sum = |days: usize| expected.iter().rev().take(days).fold(Default::default(), |sum, day| sum + day.1);
    let rolling = reference.tally(component, (year.now - DAY, year.now));
    for (figure, tally) in shown.windows.iter().zip([rolling, sum(7), sum(30), sum(90)]) {
        assert_eq!(figure.tally, tally, "component {component} at {}", year.now);
        assert_eq!(figure.hundredths, uptime(&tally), "component {component} at {}: {tally:?}", year.now);
    }
}

/// Each window is in the state that its times say, and no occurrence is missing or there twice.
fn windows(year: &Year, reference: &Reference<'_>) {
    let (planned, occurrences): (Vec<&Window>, Vec<&Window>) =
        reference.windows.iter().partition(|window| window.series.is_none());
    for (window, key) in planned.iter().zip(&year.windows) {
        let Some(found) = year.state.windows.get(key) else {
            assert!(window.cancelled.is_some_and(|at| at <= window.from), "{window:?} is gone");
            continue;
        };
        same(year, window, found);
    }
    for (place, key) in year.series.iter().enumerate() {
        let mut expected = occurrences.iter().filter(|one| one.series == Some(place));
        let mut made: Vec<&PlannedWindow> = year.state.occurrences(*key).map(|(_, one)| one).collect();
        // What was announced and does not take place says so.
        made.retain(|one| one.status != MaintenanceStatus::Cancelled);
        made.sort_by_key(|one| one.from);
        for found in &made {
            same(year, expected.next().expect("the rule has no more"), found);
        }
        let missing = expected.find(|one| one.from <= year.now + 34 * DAY);
        assert!(missing.is_none(), "{missing:?} was not made by {}", year.now);
    }
}

fn same(year: &Year, window: &Window, found: &PlannedWindow) {
    let expected = (window.from, window.to, window.status(year.now));
    assert_eq!((found.from, found.to, found.status), expected, "{found:?} at {}", year.now);
    if window.status(year.now) == MaintenanceStatus::Scheduled {
        return;
    }
    let began = window.cancelled.is_none_or(|at| window.from < at);
    assert_eq!(found.started_at.is_some(), began, "{found:?}");
    assert_eq!(found.is_published(), began || found.announced_at.is_some(), "{found:?}");
}

/// A fault of a check, as both agents saw it.
struct Fault {
    from: Timestamp,
    to: Timestamp,
}

fn faults(reference: &Reference<'_>, check: usize) -> Vec<(Verdict, Fault)> {
    let verdicts = &reference.verdicts[check];
    let ends = verdicts.iter().skip(1).map(|(at, _)| *at).chain([reference.now]);
    let all = verdicts.iter().zip(ends);
    let bad = all.filter(|((_, verdict), _)| matches!(verdict, Verdict::Degraded | Verdict::Down));
    bad.map(|((from, verdict), to)| (*verdict, Fault { from: *from, to })).collect()
}

/// Whether the aggregator ran from `from` to `to`.
fn ran(year: &Year, from: Timestamp, to: Timestamp) -> bool {
    year.story.down.iter().all(|down| down.1 <= from || to <= down.0)
}

/// A fault is one problem, a problem a fault, and visitors hear of it unless all of it lay in maintenance.
pub(crate) fn problems(year: &Year) {
    let reference = Reference::new(&year.story, &year.people, year.now);
    for check in 0..CHECKS {
        let (key, _) = year.state.checks.iter().find(|(_, one)| one.name == name(check)).expect("a check");
        let of = |one: &&Problem| one.subject == ProblemSubject::Check(*key);
        let problems: Vec<&Problem> = year.state.problems.values().filter(of).collect();
        let faults = faults(&reference, check);
        let end = |one: &Problem| one.ended.unwrap_or(year.now);
        for (verdict, fault) in &faults {
            let over =
                |one: &&&Problem| one.began < fault.to && fault.from < end(one) && one.worst.is_public();
            let over: Vec<_> = problems.iter().filter(over).collect();
            // Nobody was away from before it began until it was over for certain.
            if ran(year, fault.from - 2 * SLOT, fault.to + 2 * SLOT) {
                assert_eq!(
                    over.len(),
                    1,
                    "check {check} was {verdict:?} from {} to {}: {over:?}",
                    fault.from,
                    fault.to
                );
                assert!(over[0].began <= fault.from && fault.to <= end(over[0]), "{:?}", over[0]);
                announced(year, &reference, (check, *verdict), fault, over[0]);
            }
        }
        // History that arrives one agent after the other may leave a private problem that has ended.
        for problem in problems.iter().filter(|one| one.worst.is_public() && !one.late) {
            let is_of = |(_, fault): &(Verdict, Fault)| problem.began < fault.to && fault.from < end(problem);
            assert!(faults.iter().any(is_of), "check {check}: nobody saw a fault: {problem:?}");
        }
    }
}

/// The incidents of a problem, on the page of the component that its check feeds.
fn announced(year: &Year, reference: &Reference<'_>, of: (usize, Verdict), fault: &Fault, problem: &Problem) {
    let (check, verdict) = of;
    let simple = problem.worst == Level::Down && verdict == Verdict::Down && problem.began == fault.from;
    let component = (0..COMPONENTS).find(|one| Reference::checks(*one).iter().any(|(fed, _)| *fed == check));
    let (Some(component), true, Some(ended)) = (component, simple, problem.ended) else { return };
    let key = year.state.problems.iter().find(|(_, one)| one.id == problem.id).expect("it is there").0;
    let incidents = year.state.incidents_of(*key).count();
    let mut edges = vec![problem.opened];
    let over = reference.windows.iter().filter(|one| one.components.contains(&component));
    edges.extend(
        over.flat_map(|one| [one.from, one.to].into_iter().chain(one.completed).chain(one.cancelled)),
    );
    edges.retain(|edge| problem.opened <= *edge && *edge < ended);
    let outside = edges.iter().any(|edge| reference.maintained_since(component, *edge).is_none());
    assert_eq!(incidents, usize::from(outside), "check {check}, component {component}: {problem:?}");
}

pub(crate) fn summary(year: &Year, looks: i64) -> String {
    let reference = Reference::new(&year.story, &year.people, year.now);
    let begun = reference.windows.iter().filter(|one| one.from <= year.now);
    let faults: usize = (0..CHECKS).map(|check| faults(&reference, check).len()).sum();
    format!(
        "{looks} looks, {} windows ({} planned one by one), {faults} faults, {} restarts, {} statuses set, {} corrections, \
         {} problems, {} incidents",
        begun.count(),
        year.windows.len(),
        year.story.down.len(),
        year.people.holds.len(),
        year.people.corrections.len(),
        year.state.problems.iter().count(),
        year.state.incidents.iter().count()
    )
}
