//! What is said of maintenance: that it is planned, what becomes of it, and the reminder before it begins.

use super::said::{Fact, OnPage, Said, Target, sentence};
use super::{Attachment, plain};
use crate::html::{Clock, Tone, affected, balanced, isolated_text, maintenance_tone, recurs};
use crate::maintenance::is_shown;
use crate::view::{IncidentText, MaintenanceEntry, MaintenanceUpdateView, MaintenanceView};
use crate::{calendar, stable_id};
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::notice::Notice;
use skerry_domain::state::WindowKey;
use skerry_domain::status::Status;
use skerry_domain::time::{MINUTE, Timestamp};

/// The `Content-Type` of the calendar entry (RFC 6047 §2.4).
const CALENDAR: &str = "text/calendar; charset=utf-8; method=PUBLISH";
/// The most components that replace a title in the subject.
const NAMED: usize = 3;
/// Other updates of the same notice that are repeated, and the longest of them, characters.
const EARLIER: usize = 2;
const LONGEST_EARLIER: usize = 240;

/// Updates of maintenance. `None`: none of them is published any more, or it is called off and they say that it is planned.
pub(super) fn updates(on: &OnPage<'_>, key: WindowKey, notice: &Notice) -> Option<Said> {
    let window = published(on, key)?;
    let shown = on.views.maintenance(window);
    let told: Vec<_> = window.updates.iter().filter(|one| notice.updates.contains(&one.number)).collect();
    let newest = told.iter().max_by_key(|one| one.number)?;
    let update = shown.updates.iter().find(|one| one.id == newest.id)?;
    if shown.called_off && update.status.status != MaintenanceStatus::Cancelled {
        return None;
    }
    let (clock, entry) = (on.clock(), update.status);
    let others = told.iter().rev().filter(|one| one.id != newest.id).map(|one| one.id.as_str());
    let others: Vec<&str> = others.take(EARLIER).collect();
    let earlier = shown.updates.iter().filter(|one| others.contains(&one.id.as_str()));
    let day = clock.date(update.display_at);
    let earlier = earlier.map(|one| line(one, day, &clock)).collect();
    let follows = window.updates.iter().any(|one| told.iter().all(|told| one.number < told.number));
    let at = update.created_at.max(notice.at);
    Some(Said {
        body: update.body.clone(),
        earlier,
        ..said(on, (window, &shown), state(entry, &clock), (entry.status, follows, at))
    })
}

/// The reminder before it begins. `None`: it has begun, was moved or is called off.
pub(super) fn reminder(on: &OnPage<'_>, key: WindowKey, notice: &Notice) -> Option<Said> {
    let window = published(on, key)?;
    let left = window.from - on.of.now;
    let waits = window.is_open() && window.started_at.is_none() && window.reminded_at.is_some();
    if !waits || left <= 0 {
        return None;
    }
    let shown = on.views.maintenance(window);
    let minutes = (left + MINUTE - 1) / MINUTE;
    let first = shown.updates.last().and_then(|first| first.body.clone());
    // What is automatic names the times as they were when it was announced.
    let body = first.filter(|text| matches!(text, IncidentText::Written(_)));
    let state = on.texts.message.starts_in(minutes);
    Some(Said { body, ..said(on, (window, &shown), state, (MaintenanceStatus::Scheduled, true, notice.at)) })
}

fn published<'a>(on: &OnPage<'a>, key: WindowKey) -> Option<&'a PlannedWindow> {
    let window = on.of.state.windows.get(&key)?;
    (window.page == Some(on.of.page) && is_shown(on.of.state, window)).then_some(window)
}

/// "Planned maintenance", "Rescheduled", "In progress"
fn state(entry: MaintenanceEntry, clock: &Clock<'_>) -> String {
    let texts = clock.texts;
    let word = texts.maintenance.entry(entry.status, entry.event);
    let planned = word == texts.maintenance.status(MaintenanceStatus::Scheduled);
    if planned { texts.message.planned_maintenance() } else { word }.to_owned()
}

/// What all messages of it have in common; `status` is the state that this one tells of.
fn said(
    on: &OnPage<'_>,
    (window, shown): (&PlannedWindow, &MaintenanceView),
    state: String,
    (status, follows, at): (MaintenanceStatus, bool, Timestamp),
) -> Said {
    let (clock, texts) = (on.clock(), on.texts);
    let subject = subject(on, window, shown);
    let tone = match status {
        MaintenanceStatus::Verifying => Tone::Of(Status::UnderMaintenance),
        status => maintenance_tone(status),
    };
    let note = match status {
        MaintenanceStatus::Scheduled if !shown.called_off => Some(texts.message.entry_follows()),
        MaintenanceStatus::Cancelled => Some(texts.message.entry_removes()),
        _ => None,
    };
    let entry = Attachment {
        name: "maintenance.ics".to_owned(),
        content_type: CALENDAR,
        content: calendar::render_message(&on.view, shown).into(),
    };
    Said {
        subject: if follows { format!("Re: {subject}") } else { subject },
        preview: sentence(&state),
        state: vec![state],
        tone,
        facts: facts(shown, status, &clock),
        notes: note.map(str::to_owned).into_iter().collect(),
        button: texts.message.see_maintenance().to_owned(),
        target: Target::Page(on.url(&format!("maintenance/{}", shown.id))),
        thread: Some(stable_id::uuid(&on.view, "maintenance", &shown.id).to_string()),
        attachments: vec![entry],
        ..Said::new(balanced(&shown.title.one_line()), at)
    }
}

/// "Planned maintenance: Database upgrade for reports"; without a title of its own its components stand there.
fn subject(on: &OnPage<'_>, window: &PlannedWindow, shown: &MaintenanceView) -> String {
    let texts = on.texts;
    let names: Vec<_> = shown.components.iter().map(|one| balanced(&one.name)).collect();
    let what = match (&window.title, names.len()) {
        (Title::Written(_), _) => shown.title.one_line(),
        (Title::Automatic, 0..=NAMED) => names.join(", "),
        (Title::Automatic, many) => texts.status.components(many),
    };
    let label = texts.message.planned_maintenance();
    if what.is_empty() { label.to_owned() } else { format!("{label}: {}", on.in_subject(&balanced(&what))) }
}

fn facts(shown: &MaintenanceView, status: MaintenanceStatus, clock: &Clock<'_>) -> Vec<Fact> {
    let texts = clock.texts;
    let over = matches!(status, MaintenanceStatus::Completed | MaintenanceStatus::Cancelled);
    let planned = clock.isolated(clock.planned(shown.from, shown.to));
    let time = match shown.ended_at.filter(|_| over) {
        Some(_) if shown.called_off => Fact {
            sentence: texts.message.was_planned(&planned),
            name: texts.message.planned_time(),
            value: planned,
        },
        Some(at) => {
            let value = clock.isolated(clock.planned(shown.from.min(at), at));
            Fact { sentence: sentence(&value), name: texts.message.time(), value }
        }
        None => {
            let text = format!("{}{}", sentence(&planned), recurs(shown, texts));
            Fact { sentence: text, name: texts.message.planned_time(), value: planned }
        }
    };
    let names: Vec<_> = shown.components.iter().map(|one| isolated_text(&one.name, texts)).collect();
    let components = (!shown.called_off).then(|| Fact {
        sentence: affected(&names, !over, texts),
        name: texts.message.affected(!over),
        value: names.join(", "),
    });
    std::iter::once(time).chain(components).collect()
}

/// "02:00", "In progress. Work has begun."
fn line(update: &MaintenanceUpdateView, day: jiff::civil::Date, clock: &Clock<'_>) -> (String, String) {
    let text = update.body.as_ref().map(IncidentText::one_line).unwrap_or_default();
    let text = format!("{} {text}", sentence(&state(update.status, clock)));
    (clock.time_on(day, update.display_at), plain::cut(text.trim_end(), LONGEST_EARLIER))
}
