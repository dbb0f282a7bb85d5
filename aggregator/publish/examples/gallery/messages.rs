//! Every kind of message, of one page.

use crate::northwind::{
    ANNOUNCEMENT, Course, INCIDENT, PAGE, WEBHOOKS, WINDOW, at, state, with_announcement, with_incident,
    with_october, with_postmortem, with_window,
};
use skerry_domain::notice::{Notice, NoticeSubject, Progress, StatusStep};
use skerry_domain::state::State;
use skerry_domain::status::Status;
use skerry_domain::subscriber::{Choices, Scope, Updates};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_publish::messages::{self, Content, Links, MessagePage};
use skerry_publish::view::Place;
use std::collections::BTreeSet;

/// Where the page answers.
pub(crate) const URL: &str = "https://status.northwind.example";

/// The links of a recipient.
pub(crate) fn links() -> Links {
    let link = |path: &str| Some(format!("{URL}/{path}"));
    Links {
        manage: link("subscriptions/3hT9xQm2"),
        stop: link("unsubscribe/8kWq41Zs"),
        confirm: link("subscriptions/Vn5cR7pd/confirm"),
    }
}

/// A notice of the page.
pub(crate) fn notice(subject: NoticeSubject, at: Timestamp, updates: &[i64]) -> Notice {
    Notice {
        id: "notice000001".to_owned(),
        page: PAGE,
        subject,
        updates: updates.to_vec(),
        steps: Vec::new(),
        components: BTreeSet::new(),
        edge: None,
        at,
        due_at: at,
        joins: true,
        progress: Progress::default(),
    }
}

/// A notice of changes between operational and this status: at these minutes after 14:00.
pub(crate) fn flurry(other: Status, minutes: &[i64]) -> Notice {
    let steps = minutes.iter().enumerate().map(|(place, minute)| {
        let up = Status::Operational;
        let (from, to) = if place % 2 == 0 { (up, other) } else { (other, up) };
        StatusStep { at: at(14, *minute), from, to, said_by: None }
    });
    let mut notice = notice(NoticeSubject::Status(WEBHOOKS), at(14, 2), &[]);
    notice.steps = steps.collect();
    // It is said a minute after the last of them.
    notice.due_at = notice.steps.last().map_or(notice.at, |last| last.at + MINUTE);
    notice
}

/// What a notice says of a state.
pub(crate) fn said(state: &State, notice: &Notice, now: Timestamp) -> Option<Content> {
    let place = Place::at(URL);
    messages::of_notice(MessagePage { state, page: PAGE, place: &place, now }, notice)
}

/// The minutes of six interruptions, of 11 minutes in all.
pub(crate) const FLAPPING_CHANGES: [i64; 12] = [2, 4, 20, 21, 33, 35, 58, 60, 90, 91, 115, 118];

/// Every kind, with the name of its file.
pub(crate) fn all(language: &str, zone: &str) -> Vec<(&'static str, Content)> {
    let page = || state(language, zone);
    let incident = |updates: usize| {
        let number = i64::try_from(updates).unwrap_or_default();
        let (state, now) = (with_incident(page(), updates), at(if updates == 4 { 18 } else { 15 }, 42));
        said(&state, &notice(NoticeSubject::Incident(INCIDENT), now, &[number]), now)
    };
    let window = |course, number, now: Timestamp| {
        said(&with_window(page(), course), &notice(NoticeSubject::Maintenance(WINDOW), now, &[number]), now)
    };
    let sunday = at(2, 0) + 2 * DAY;
    let reminder = notice(NoticeSubject::Reminder(WINDOW), sunday - HOUR, &[]);
    let postmortem = notice(NoticeSubject::Postmortem(INCIDENT), at(20, 0), &[]);
    let announcement = notice(NoticeSubject::Announcement(ANNOUNCEMENT), at(10, 0), &[]);
    let planned = with_window(page(), Course::Planned);
    let statuses = [
        ("digest", flurry(Status::MajorOutage, &FLAPPING_CHANGES), at(15, 59)),
        ("status", flurry(Status::DegradedPerformance, &[2]), at(14, 3)),
    ];
    let mut all = vec![
        ("incident", incident(1)),
        ("update", incident(3)),
        ("resolved", incident(4)),
        ("postmortem", said(&with_postmortem(page()), &postmortem, at(20, 0) + 4 * DAY)),
        ("planned", window(Course::Planned, 1, at(1, 0))),
        ("rescheduled", window(Course::Rescheduled, 2, at(9, 0))),
        ("reminder", said(&planned, &reminder, sunday - HOUR + MINUTE / 2)),
        ("in-progress", window(Course::InProgress, 2, sunday + MINUTE)),
        ("completed", window(Course::Completed, 3, sunday + 2 * HOUR)),
        ("cancelled", window(Course::Cancelled, 2, at(12, 0))),
        ("announcement", said(&with_announcement(page()), &announcement, at(10, 1))),
    ];
    all.extend(statuses.map(|(name, notice, now)| (name, said(&page(), &notice, now))));
    all.extend(of_subscriptions(&with_october(page())));
    all.into_iter().filter_map(|(name, content)| Some((name, content?))).collect()
}

fn of_subscriptions(state: &State) -> Vec<(&'static str, Option<Content>)> {
    let place = Place::at(URL);
    let page = MessagePage { state, page: PAGE, place: &place, now: at(16, 15) };
    let some = Choices {
        updates: Updates::Outages,
        components: Some(BTreeSet::from([WEBHOOKS])),
        ..Choices::default()
    };
    vec![
        ("monthly", messages::monthly_report(page, (2026, 10))),
        ("confirm", messages::confirmation(page, &Scope::of_page(Choices::default()))),
        ("confirm-some", messages::confirmation(page, &Scope::of_page(some))),
        ("manage", messages::management(page)),
        ("quarantined", messages::quarantine(page)),
    ]
}
