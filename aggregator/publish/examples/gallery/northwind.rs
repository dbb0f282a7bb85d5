//! The state of a workspace with one page, of which messages tell: an incident with four updates, maintenance, an announcement.

use crate::incidents::public;
use crate::sample::NOW;
use skerry_domain::announcement::{Announcement, AnnouncementLevel};
use skerry_domain::component::Automatic;
use skerry_domain::incident::{
    Body, Impact, Incident, IncidentStatus, IncidentUpdate, Postmortem, StatusChange, Title,
};
use skerry_domain::interval::Interval;
use skerry_domain::layers::Layers;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow, WindowEvent, WindowText, WindowUpdate};
use skerry_domain::state::{
    AnnouncementKey, Component, ComponentKey, ComponentSettings, Group, GroupKey, IncidentKey, Origin, Page,
    PageItem, PageKey, PageSettings, State, WindowKey,
};
use skerry_domain::status::Status;
use skerry_domain::text::Text;
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_sanitiser::Form;
use std::collections::BTreeSet;

pub(crate) const PAGE: PageKey = PageKey(1);
pub(crate) const CARDS: ComponentKey = ComponentKey(1);
pub(crate) const REFUNDS: ComponentKey = ComponentKey(2);
pub(crate) const PAYOUTS: ComponentKey = ComponentKey(3);
pub(crate) const REPORTS: ComponentKey = ComponentKey(4);
pub(crate) const DASHBOARDS: ComponentKey = ComponentKey(5);
pub(crate) const WEBHOOKS: ComponentKey = ComponentKey(6);
/// No visitor sees it.
pub(crate) const LEDGER: ComponentKey = ComponentKey(7);
pub(crate) const INCIDENT: IncidentKey = IncidentKey(1);
/// Two incidents of October.
const OCTOBER: [IncidentKey; 2] = [IncidentKey(2), IncidentKey(3)];
pub(crate) const WINDOW: WindowKey = WindowKey(1);
pub(crate) const ANNOUNCEMENT: AnnouncementKey = AnnouncementKey(1);

/// A time of 20 November 2026 in UTC.
pub(crate) fn at(hour: i64, minute: i64) -> Timestamp {
    NOW - 16 * HOUR - 15 * MINUTE + hour * HOUR + minute * MINUTE
}

pub(crate) fn text(written: &str, form: Form) -> Text {
    Text { written: format!("original of {written}"), public: public(written, form) }
}

/// The page in a language, with nothing announced.
pub(crate) fn state(language: &str, zone: &str) -> State {
    let mut state = State::default();
    let settings = PageSettings {
        name: "Northwind status".to_owned(),
        time_zone: zone.to_owned(),
        language: language.to_owned(),
        ..PageSettings::named("northwind")
    };
    let groups =
        [("Payments", vec![CARDS, REFUNDS, PAYOUTS, LEDGER]), ("Reporting", vec![REPORTS, DASHBOARDS])];
    let mut items = Vec::new();
    for ((name, members), key) in groups.into_iter().zip(1..) {
        let rows: Vec<_> = members.into_iter().map(PageItem::Component).collect();
        items.push(PageItem::Group(GroupKey(key), rows));
        state.groups.insert(GroupKey(key), group(name));
    }
    items.push(PageItem::Component(WEBHOOKS));
    let page = Page {
        key: "northwind".to_owned(),
        origin: Origin::File,
        id: "k3v9q2m7x1bd".to_owned(),
        created_at: NOW - 400 * DAY,
        public_since: None,
        archived: false,
        settings,
        items,
        preview: None,
    };
    state.pages.insert(PAGE, page);
    let (major, partial) = (Status::MajorOutage, Status::PartialOutage);
    let october = at(9, 0) - 30 * DAY;
    let cards = [(october, october + 145 * MINUTE, major), (at(14, 2), at(17, 7), major)];
    let late = (at(15, 41), at(17, 7), partial);
    let components = [
        (CARDS, "Card payments", cards.to_vec()),
        (REFUNDS, "Refunds", vec![late]),
        (PAYOUTS, "Payouts", vec![late]),
        (REPORTS, "Reports", Vec::new()),
        (DASHBOARDS, "Dashboards", Vec::new()),
        (WEBHOOKS, "Webhooks", vec![(october, october + 42 * MINUTE, partial)]),
        (LEDGER, "Secret ledger", Vec::new()),
    ];
    for (key, name, past) in components {
        state.components.insert(key, component(key, name, &past));
    }
    state
}

fn group(name: &str) -> Group {
    Group {
        page: PAGE,
        key: name.to_lowercase(),
        origin: Origin::File,
        id: format!("{:0>12}", name.to_lowercase()),
        created_at: NOW - 400 * DAY,
        name: name.to_owned(),
        description: None,
        archived: false,
    }
}

/// A component that was operational but for these times.
fn component(key: ComponentKey, name: &str, past: &[(Timestamp, Timestamp, Status)]) -> Component {
    let created_at = NOW - 400 * DAY;
    let mut layers = Layers { start: created_at, ..Layers::default() };
    let (mut intervals, mut begin) = (Vec::new(), created_at);
    let known = |from, to, status| Interval { from, to, value: Automatic::Known(status) };
    for (from, to, status) in past {
        intervals.push(known(begin, *from, Status::Operational));
        intervals.push(known(*from, *to, *status));
        begin = *to;
    }
    intervals.push(known(begin, Timestamp::FAR, Status::Operational));
    layers.automatic = intervals.into();
    Component {
        page: PAGE,
        key: name.to_lowercase(),
        origin: Origin::File,
        id: format!("component{:03}", key.0),
        created_at,
        archived: false,
        settings: ComponentSettings { public: key != LEDGER, ..ComponentSettings::named(name) },
        links: Vec::new(),
        selected: Vec::new(),
        layers,
        holds: Vec::new().into(),
        windows: Vec::new().into(),
        noticed: created_at,
        response: Vec::new().into(),
    }
}

const UPDATES: [(i64, i64, IncidentStatus, &str); 4] = [
    (14, 6, IncidentStatus::Investigating, "We see card payments failing."),
    (14, 20, IncidentStatus::Investigating, "Most card payments have failed since 14:02."),
    (
        15,
        41,
        IncidentStatus::Identified,
        "Our card processor refuses connections from one of our two data centres. We are moving all card traffic to \
         the other; about half has moved, and those payments go through.",
    ),
    (
        17,
        7,
        IncidentStatus::Resolved,
        "Card payments have gone through without error for 30 minutes. No customer was charged twice.",
    ),
];

fn update(number: i64, display_at: Timestamp, status: IncidentStatus, body: &str) -> IncidentUpdate {
    IncidentUpdate {
        number,
        id: format!("update{number:06}"),
        status,
        body: Some(Body::Written(text(body, Form::Markdown))),
        created_at: display_at,
        display_at,
        edited_at: None,
        components: Vec::new(),
        by: Some("person-of-the-team".to_owned()),
        former: Vec::new(),
    }
}

/// An incident of the page with these updates.
pub(crate) fn incident(id: &str, title: &str, updates: Vec<IncidentUpdate>) -> Incident {
    let (first, last) = (&updates[0], &updates[updates.len() - 1]);
    let (created_at, updated_at, status) = (first.display_at, last.display_at, last.status);
    Incident {
        id: id.to_owned(),
        page: PAGE,
        title: Title::Written(text(title, Form::Plain)),
        status,
        impact: Impact::Critical,
        impact_override: None,
        automatic: false,
        touched: true,
        spreads: false,
        backfilled: false,
        created_at,
        published_at: Some(created_at),
        approved: false,
        started_at: created_at,
        identified_at: None,
        monitoring_at: None,
        resolved_at: (status == IncidentStatus::Resolved).then_some(updated_at),
        updated_at,
        reminded_at: None,
        recovered_at: None,
        postmortem: None,
        problems: BTreeSet::new(),
        suggested: BTreeSet::new(),
        refused: BTreeSet::new(),
        updates: updates.into(),
    }
}

/// The incident with its first updates: card payments are down, later refunds and payouts in part.
pub(crate) fn cards(updates: usize) -> Incident {
    let change = |component, to| StatusChange { component, from: Status::Operational, to, set: true };
    let all = UPDATES.iter().zip(1..).take(updates);
    let mut all: Vec<_> = all
        .map(|((hour, minute, status, body), number)| update(number, at(*hour, *minute), *status, body))
        .collect();
    all[0].components = vec![change(CARDS, Status::MajorOutage), change(LEDGER, Status::MajorOutage)];
    if let Some(third) = all.get_mut(2) {
        third.components =
            [REFUNDS, PAYOUTS].map(|component| change(component, Status::PartialOutage)).to_vec();
    }
    incident("incident0001", "Card payments declined", all)
}

/// The page with that incident.
pub(crate) fn with_incident(mut state: State, updates: usize) -> State {
    state.incidents.insert(INCIDENT, cards(updates));
    state.derive_published();
    state
}

/// Publishes a postmortem of it.
pub(crate) fn with_postmortem(state: State) -> State {
    let mut state = with_incident(state, 4);
    let body = "For 3 hours our card processor refused connections from one of our two data centres, because a \
                certificate there had not been renewed.\n\n### What we change\n\n- Certificates are renewed **30 days** \
                before they end.\n- Card traffic moves to the other data centre by itself. See [our \
                plan](https://northwind.example/plan).\n";
    let (created_at, published_at) = (at(20, 0), Some(at(20, 0) + 3 * DAY));
    let text = text(body, Form::Markdown);
    if let Some(incident) = state.incidents.get_mut(&INCIDENT) {
        incident.postmortem = Some(Postmortem { text, created_at, updated_at: created_at, published_at });
    }
    state
}

/// Two incidents of October.
pub(crate) fn with_october(mut state: State) -> State {
    let began = at(9, 0) - 30 * DAY;
    for (key, (component, title, minutes)) in OCTOBER
        .into_iter()
        .zip([(CARDS, "Timeouts of card payments", 145), (WEBHOOKS, "Webhooks delivered late", 42)])
    {
        let mut first =
            update(1, began + 4 * MINUTE, IncidentStatus::Investigating, "We are looking into it.");
        let (from, to) = (Status::Operational, Status::PartialOutage);
        first.components = vec![StatusChange { component, from, to, set: true }];
        let last = update(2, began + minutes * MINUTE, IncidentStatus::Resolved, "It works again.");
        state.incidents.insert(key, incident(&format!("incident{:04}", key.0), title, vec![first, last]));
    }
    state.derive_published();
    state
}

/// What happened to the maintenance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    Planned,
    Rescheduled,
    InProgress,
    Completed,
    Cancelled,
}

/// The page with maintenance of Sunday, 02:00 to 04:00 UTC.
pub(crate) fn with_window(mut state: State, course: Course) -> State {
    let body = "Reports and dashboards will be read-only for up to 20 minutes. Nothing that you have stored is touched.";
    let from = at(2, 0) + 2 * DAY;
    let mut updates = vec![entry(1, at(1, 0), MaintenanceStatus::Scheduled, written(body))];
    let automatic = |event| WindowText::Automatic { event, from, to: from + 2 * HOUR };
    let mut window = window("maintenance1", "Database upgrade for reports", from, Vec::new());
    match course {
        Course::Planned => {}
        Course::Rescheduled => {
            let before = WindowText::Automatic {
                event: WindowEvent::Announced,
                from: from - DAY,
                to: from - DAY + 2 * HOUR,
            };
            updates[0].body = before;
            updates.push(entry(
                2,
                at(9, 0),
                MaintenanceStatus::Scheduled,
                automatic(WindowEvent::Rescheduled),
            ));
            window.revision = 1;
        }
        Course::InProgress => {
            updates.push(entry(2, from, MaintenanceStatus::InProgress, automatic(WindowEvent::Started)));
            window.started_at = Some(from);
        }
        Course::Completed => {
            let ended = from + 98 * MINUTE;
            updates.push(entry(2, from, MaintenanceStatus::InProgress, automatic(WindowEvent::Started)));
            let text = written("The upgrade is done. Reports and dashboards take changes again.");
            updates.push(entry(3, ended, MaintenanceStatus::Completed, text));
            (window.started_at, window.completed_at) = (Some(from), Some(ended));
        }
        Course::Cancelled => {
            let text = written("The new disks did not arrive in time.");
            updates.push(entry(2, at(12, 0), MaintenanceStatus::Cancelled, text));
            window.cancelled_at = Some(at(12, 0));
        }
    }
    window.status = updates[updates.len() - 1].status;
    window.updates = updates.into();
    state.windows.insert(WINDOW, window);
    state.derive_published();
    state
}

fn written(body: &str) -> WindowText {
    WindowText::Written(text(body, Form::Markdown))
}

fn entry(number: i64, display_at: Timestamp, status: MaintenanceStatus, body: WindowText) -> WindowUpdate {
    WindowUpdate {
        number,
        id: format!("planned{number:05}"),
        status,
        body,
        planned: None,
        created_at: display_at,
        display_at,
        edited_at: None,
        by: None,
        former: Vec::new(),
    }
}

/// An announced window of two hours over reports and dashboards.
fn window(id: &str, title: &str, from: Timestamp, updates: Vec<WindowUpdate>) -> PlannedWindow {
    PlannedWindow {
        id: id.to_owned(),
        page: Some(PAGE),
        occurrence: None,
        title: Title::Written(text(title, Form::Plain)),
        status: MaintenanceStatus::Scheduled,
        components: vec![REPORTS, DASHBOARDS, LEDGER],
        checks: Vec::new(),
        from,
        to: from + 2 * HOUR,
        lead: DAY,
        reminds: true,
        created_at: from - 5 * DAY,
        timed_at: from - 5 * DAY,
        announced_at: Some(from - 2 * DAY),
        reminded_at: Some(from - HOUR),
        started_at: None,
        verifying_at: None,
        completed_at: None,
        cancelled_at: None,
        updated_at: from - 2 * DAY,
        revision: 0,
        updates: updates.into(),
    }
}

/// The page with an announcement that it shows.
pub(crate) fn with_announcement(mut state: State) -> State {
    let body = "Payouts between Christmas and New Year arrive one working day later. **Nothing changes for card \
                payments.** See [the calendar](https://northwind.example/calendar).";
    let announcement = Announcement {
        id: "notice000001".to_owned(),
        pages: vec![PAGE],
        title: text("Payouts over the holidays", Form::Plain),
        body: text(body, Form::Markdown),
        level: AnnouncementLevel::Warning,
        from: at(10, 0),
        to: Some(at(10, 0) + 12 * DAY),
        tell_subscribers: true,
        created_at: at(9, 0),
        updated_at: at(9, 0),
        edited_at: None,
        began_at: Some(at(10, 0)),
        ended_at: None,
        withdrawn: false,
        by: Some("person-of-the-team".to_owned()),
    };
    state.announcements.insert(ANNOUNCEMENT, announcement);
    state
}
