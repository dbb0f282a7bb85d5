//! Which announcements reach visitors.

use super::*;
use crate::build::{page_view, page_view_with_past};
use crate::incidents::tests::{PAGE, state, written};
use crate::sample::NOW;
use skerry_domain::announcement::AnnouncementLevel::{self, Information, Warning};
use skerry_domain::step::{Command, Context, Ids, NewAnnouncement, step};
use skerry_domain::time::{DAY, HOUR};
use skerry_sanitiser::Form;

fn run(state: &mut State, now: Timestamp, command: Command) {
    step(state, command, Context { now, ids: Ids::from_seed([1; 32]) }).expect("taken");
}

fn announce(
    state: &mut State,
    title: &str,
    level: AnnouncementLevel,
    from: Timestamp,
    to: Option<Timestamp>,
) {
    let new = NewAnnouncement {
        title: written(title, Form::Plain),
        body: written("A *text*.", Form::Markdown),
        level,
        pages: vec![PAGE],
        from,
        to,
        tell_subscribers: false,
    };
    run(state, NOW, Command::CreateAnnouncement(Box::new(new)));
}

/// Title, and whether it is shown.
fn seen(state: &State, now: Timestamp) -> Vec<(String, bool)> {
    let view = page_view(state, PAGE, "https://shop.example.com", now).expect("a living page");
    view.announcements.iter().map(|one| (one.title.one_line(), one.is_shown())).collect()
}

#[test]
fn what_has_appeared_is_seen_warnings_first_and_what_ended_last() {
    let mut state = state();
    announce(&mut state, "old", Information, NOW, Some(NOW + HOUR));
    announce(&mut state, "news", Information, NOW, None);
    announce(&mut state, "later", Information, NOW + DAY, None);
    announce(&mut state, "important", Warning, NOW, None);
    let shown = |titles: &[&str]| -> Vec<(String, bool)> {
        titles.iter().map(|title| ((*title).to_owned(), true)).collect()
    };
    assert_eq!(seen(&state, NOW), shown(&["important", "news", "old"]));
    run(&mut state, NOW + HOUR, Command::Tick);
    let mut expected = shown(&["important", "news"]);
    expected.push(("old".to_owned(), false));
    assert_eq!(seen(&state, NOW + HOUR), expected, "its page stays");
    run(&mut state, NOW + DAY, Command::Tick);
    assert_eq!(seen(&state, NOW + DAY)[..3], shown(&["important", "later", "news"]));
    let later = NOW + 200 * DAY;
    run(&mut state, later, Command::Tick);
    assert_eq!(seen(&state, later), shown(&["important", "later", "news"]));
    let whole = page_view_with_past(&state, PAGE, "https://shop.example.com", later).expect("a living page");
    assert_eq!(whole.announcements.len(), 4, "all that are kept");
    assert!(state.announcements.len() == 4);
    run(&mut state, NOW + 401 * DAY, Command::Tick);
    assert_eq!(state.announcements.len(), 3, "400 days after its end it is forgotten");
}
