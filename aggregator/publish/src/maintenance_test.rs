//! Which maintenance, names and texts reach visitors.

use super::*;
use crate::build::{page_view, page_view_with_past};
use crate::incidents::tests::{CARDS, PAGE, PRIVATE, everything, state, written};
use crate::sample::NOW;
use crate::texts::Language;
use crate::view::PageView;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::recurrence::Frequency;
use skerry_domain::state::{CheckKey, ComponentKey, WindowKey};
use skerry_domain::step::{Answer, Command, Context, Ids, NewSeries, NewWindow, WindowChange, step};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_sanitiser::Form;

const NEW: fn(Vec<ComponentKey>, Timestamp) -> NewWindow =
    |components, from| NewWindow::over(components, from, from + 2 * HOUR);

fn run(state: &mut State, now: Timestamp, command: Command) -> Answer {
    step(state, command, Context { now, ids: Ids::from_seed([1; 32]) }).expect("taken").answer
}

fn plan(state: &mut State, now: Timestamp, new: NewWindow) -> WindowKey {
    match run(state, now, Command::PlanWindow(Box::new(new))) {
        Answer::Window(key) => key,
        other => panic!("{other:?}"),
    }
}

fn view(state: &State, now: Timestamp) -> PageView {
    page_view(state, PAGE, "https://shop.example.com", now).expect("a living page")
}

/// Head and text of each entry, newest first.
fn said(maintenance: &MaintenanceView) -> Vec<(&'static str, String)> {
    let of = |update: &MaintenanceUpdateView| {
        let MaintenanceEntry { status, event } = update.status;
        (
            Language::English.texts().maintenance.entry(status, event),
            update.body.as_ref().map(IncidentText::plain).unwrap_or_default(),
        )
    };
    maintenance.updates.iter().map(of).collect()
}

#[test]
fn a_window_is_seen_from_its_announcement_on_and_worded_in_the_zone_of_the_page() {
    let mut state = state();
    let from = NOW + 34 * HOUR - 15 * MINUTE;
    let key = plan(&mut state, NOW, NEW(vec![CARDS, PRIVATE], from));
    assert!(view(&state, NOW).maintenance.is_empty(), "it is announced a day before it begins");
    run(&mut state, from - DAY, Command::Tick);
    let one = view(&state, from - DAY).maintenance.remove(0);
    assert_eq!(
        (one.title.one_line().as_str(), one.status),
        ("Maintenance: Cards", MaintenanceStatus::Scheduled)
    );
    let planned =
        ("Planned", "Maintenance of Cards is planned for Sun 22 Nov, 03:00 to 05:00 CET.".to_owned());
    assert_eq!(said(&one), vec![planned.clone()]);
    let change = |from: Option<Timestamp>, to: Timestamp| Command::ChangeWindow {
        window: key,
        change: Box::new(WindowChange { from, to: Some(to), ..WindowChange::default() }),
    };
    let from = from + DAY;
    let now = NOW + 20 * HOUR;
    run(&mut state, now, change(Some(from), from + 2 * HOUR));
    run(&mut state, now + MINUTE, change(None, from + 3 * HOUR));
    run(&mut state, from, Command::Tick);
    run(&mut state, from + HOUR, change(None, from + 4 * HOUR));
    run(&mut state, from + 4 * HOUR, Command::Tick);
    let one = view(&state, from + 4 * HOUR).maintenance.remove(0);
    assert_eq!((one.from, one.to, one.ended_at), (from, from + 4 * HOUR, Some(from + 4 * HOUR)));
    let expected = [
        ("Completed", "The maintenance is over."),
        ("New end", "The maintenance is now planned to end at 07:00 CET."),
        ("In progress", "The maintenance has begun. It is planned to end at 06:00 CET."),
        ("Rescheduled", "Now planned for Mon 23 Nov, 03:00 to 06:00 CET."),
        ("Rescheduled", "Moved from Sun 22 Nov, 03:00 to Mon 23 Nov, 03:00 CET."),
    ];
    let expected: Vec<_> =
        expected.map(|(head, text)| (head, text.to_owned())).into_iter().chain([planned]).collect();
    assert_eq!(said(&one), expected);
}

#[test]
fn a_window_whose_announcement_was_written_is_moved_from_its_former_time() {
    let mut state = state();
    let from = NOW + 10 * HOUR - 15 * MINUTE;
    let body = Some(written("We upgrade.", Form::Markdown));
    let key = plan(&mut state, NOW, NewWindow { body, ..NEW(vec![CARDS], from) });
    let from = from + DAY;
    let change = WindowChange { from: Some(from), to: Some(from + 2 * HOUR), ..WindowChange::default() };
    run(&mut state, NOW + HOUR, Command::ChangeWindow { window: key, change: Box::new(change) });
    let one = view(&state, NOW + HOUR).maintenance.remove(0);
    let moved = ("Rescheduled", "Moved from Sat 21 Nov, 03:00 to Sun 22 Nov, 03:00 CET.".to_owned());
    assert_eq!(said(&one)[0], moved);
}

#[test]
fn private_windows_and_private_components_and_what_nobody_was_told_of_are_nowhere() {
    let mut state = state();
    let check = skerry_domain::state::Check::new("secret-check");
    state.check_names.insert("secret-check".to_owned(), CheckKey(1));
    state.checks.insert(CheckKey(1), check);
    let titled = |title: &str, new: NewWindow| NewWindow {
        title: Title::Written(written(title, Form::Plain)),
        body: Some(written("A text *in public*", Form::Markdown)),
        ..new
    };
    let private = NewWindow { checks: vec!["secret-check".to_owned()], ..NEW(Vec::new(), NOW) };
    plan(&mut state, NOW, NewWindow { body: None, ..titled("Over checks alone", private) });
    plan(&mut state, NOW, titled("Of the secret ledger alone", NEW(vec![PRIVATE], NOW)));
    plan(&mut state, NOW, titled("Announced later", NEW(vec![CARDS], NOW + 3 * DAY)));
    let cancelled = plan(&mut state, NOW, titled("Cancelled unheard", NEW(vec![CARDS], NOW + 3 * DAY)));
    run(&mut state, NOW, Command::CancelWindow { window: cancelled, body: None });
    let told = plan(&mut state, NOW, titled("Cancelled after all", NEW(vec![CARDS], NOW + HOUR)));
    run(&mut state, NOW, Command::CancelWindow { window: told, body: None });
    let mut both = titled("Upgrade of cards", NEW(vec![CARDS, PRIVATE], NOW));
    both.checks = vec!["secret-check".to_owned()];
    plan(&mut state, NOW, both);
    let view = view(&state, NOW);
    let seen: Vec<_> = view.maintenance.iter().map(|one| (one.title.one_line(), one.called_off)).collect();
    assert_eq!(seen, [("Cancelled after all".to_owned(), true), ("Upgrade of cards".to_owned(), false)]);
    let all = everything(&view);
    for private in
        ["Over checks", "ledger", "Announced later", "unheard", "secret-check", "original of", "Secret"]
    {
        assert!(!all.contains(private), "{private}: {all}");
    }
    assert!(all.contains("A text <em>in public</em>") && all.contains(">Cancelled</b></span> on "), "{all}");
}

#[test]
fn the_past_is_copied_only_if_it_is_wanted() {
    let mut state = state();
    let start = NOW - 300 * DAY;
    for number in 0..60 {
        let from = start + number * DAY;
        plan(&mut state, from, NewWindow { lead: 0, ..NEW(vec![CARDS], from) });
        run(&mut state, from + 2 * HOUR, Command::Tick);
    }
    let seen = view(&state, NOW).maintenance;
    assert_eq!(seen.len(), 50, "the newest of the API's list");
    assert_eq!(seen[0].from, start + 59 * DAY, "the latest beginning first");
    let whole = page_view_with_past(&state, PAGE, "https://x", NOW).expect("a living page");
    assert_eq!(whole.maintenance.len(), 60);
    assert!(whole.maintenance.iter().all(|one| !one.is_open()));
}

#[test]
fn an_occurrence_says_that_it_recurs_while_another_follows() {
    let mut state = state();
    let window = NewWindow { lead: 10 * DAY, ..NEW(vec![CARDS], NOW + DAY) };
    let rule = "FREQ=WEEKLY;COUNT=2".to_owned();
    run(&mut state, NOW, Command::PlanSeries(Box::new(NewSeries { window, rule })));
    let seen = |state: &State, now: Timestamp| {
        let seen = view(state, now).maintenance;
        assert!(seen.iter().all(|one| one.series == seen[0].series && one.series.is_some()));
        seen.iter().map(|one| (one.from, one.recurs)).collect::<Vec<_>>()
    };
    // Occurrences begin at whole seconds.
    let first = NOW + DAY - 500;
    let second = first + 7 * DAY;
    let weekly = Some((Frequency::Weekly, 1));
    assert_eq!(seen(&state, NOW), [(second, None), (first, weekly)]);
    let key = state.series.keys().next().copied().expect("it was planned");
    run(&mut state, first, Command::Tick);
    run(&mut state, first, Command::EndSeries { series: key, body: None });
    assert_eq!(seen(&state, first), [(second, None), (first, None)]);
}
