//! Sample views for the tests of the renderers.

use super::texts::Language;
use super::view::{
    AffectedView, ComponentView, GroupView, IncidentText, IncidentUpdateView, IncidentView, Item,
    MaintenanceEntry, MaintenanceUpdateView, MaintenanceView, PageView, ResponseView, SectionsView,
    StatusChangeView, UptimeRuleView,
};
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::response::{self, Measured, STEPS};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::uptime::{DayTally, Figure, Tally};
use skerry_sanitiser::{Form, PublicText, Replacement, Rules, Settings};

/// 2026-11-20T16:15:00.500Z.
pub(super) const NOW: Timestamp = Timestamp(1_795_191_300_500);

pub(super) fn component(id: &str, status: Status) -> ComponentView {
    let figure = Figure {
        hundredths: Some(9_989),
        enough: true,
        coverage: 9_950,
        tally: Tally { operational: 7_765_000_500, major: 8_000_000, no_data: 3_000, ..Tally::default() },
        lost: 0,
    };
    let today = jiff::civil::date(2026, 11, 20);
    let days = (0..90).rev().map(|back| DayTally {
        date: today.saturating_sub(jiff::Span::new().days(back)),
        tally: Tally { operational: DAY, ..Tally::default() },
        stale_now: false,
    });
    ComponentView {
        id: id.to_owned(),
        name: format!("Component {id}"),
        description: None,
        created_at: NOW - 90 * DAY,
        updated_at: NOW - 3 * HOUR,
        start_date: None,
        status,
        since: NOW - 95 * MINUTE,
        stale_since: None,
        waiting: false,
        unseen: None,
        checks: 1,
        manual: false,
        set_at: None,
        watched_from: None,
        only_show_if_degraded: false,
        showcase: true,
        days: days.collect(),
        past: Vec::new(),
        corrections: Vec::new(),
        windows: [figure; 4],
        response: None,
    }
}

pub(super) fn group(id: &str, children: Vec<ComponentView>) -> GroupView {
    GroupView {
        id: id.to_owned(),
        name: format!("Group {id}"),
        description: Some("What belongs together".to_owned()),
        created_at: NOW - 90 * DAY,
        updated_at: NOW - 2 * HOUR,
        children: children.into_iter().map(Item::Component).collect(),
    }
}

pub(super) fn page(items: Vec<Item>) -> PageView {
    PageView {
        id: "kctbh9vrtdwd".to_owned(),
        name: "Example".to_owned(),
        url: "https://status.example.com".to_owned(),
        noindex: false,
        feed_token: None,
        preview: false,
        takes_subscribers: true,
        takes_mail: true,
        time_zone: jiff::tz::TimeZone::UTC,
        time_zone_name: "Etc/UTC".to_owned(),
        support_url: None,
        privacy_url: None,
        frame_ancestors: Vec::new(),
        language: Language::English,
        branding: std::sync::Arc::default(),
        now: NOW,
        verified_at: Some(NOW - MINUTE),
        believe_until: NOW + 3 * MINUTE,
        updated_at: NOW - HOUR,
        created_at: NOW - 90 * DAY,
        rule: UptimeRuleView { statuspage: false, partial_percent: 30, major_percent: 100 },
        items,
        sections: SectionsView::default(),
        incidents: Vec::new(),
        maintenance: Vec::new(),
        announcements: Vec::new(),
        earlier: std::sync::Arc::default(),
    }
}

/// A person's text as the sanitiser passes it.
pub(super) fn public_text(source: &str, form: Form) -> PublicText {
    let rules = Rules::new(&Settings::default()).expect("usable settings");
    rules.sanitise(source, form, &Replacement::default(), &[]).text.expect("nothing private remains")
}

/// An update that was shown `minutes` before [`NOW`].
pub(super) fn update(id: &str, status: IncidentStatus, minutes: i64, body: &str) -> IncidentUpdateView {
    IncidentUpdateView {
        id: id.to_owned(),
        status,
        body: Some(IncidentText::Written(public_text(body, Form::Markdown))),
        created_at: NOW - minutes * MINUTE,
        display_at: NOW - minutes * MINUTE,
        edited_at: None,
        components: Vec::new(),
    }
}

/// An open incident with three updates, about the component `aaa` of the group `Payments`.
pub(super) fn incident() -> IncidentView {
    let change = StatusChangeView {
        id: "aaa".to_owned(),
        name: "Component aaa".to_owned(),
        group: Some("Payments".to_owned()),
        from: Status::Operational,
        to: Status::MajorOutage,
    };
    let first = update("update000001", IncidentStatus::Investigating, 129, "We see payments failing.");
    let edited = NOW - 100 * MINUTE;
    IncidentView {
        id: "incident0001".to_owned(),
        title: IncidentText::Written(public_text("Card payments declined", Form::Plain)),
        status: IncidentStatus::Identified,
        impact: Impact::Critical,
        impact_override: None,
        created_at: NOW - 129 * MINUTE,
        updated_at: NOW - 34 * MINUTE,
        started_at: NOW - 133 * MINUTE,
        monitoring_at: None,
        resolved_at: None,
        components: vec![AffectedView {
            id: "aaa".to_owned(),
            name: "Component aaa".to_owned(),
            worst: Status::MajorOutage,
        }],
        updates: vec![
            update("update000003", IncidentStatus::Identified, 34, "One of *two* sites refuses them."),
            IncidentUpdateView {
                edited_at: Some(edited),
                ..update("update000002", IncidentStatus::Investigating, 115, "Transfers are not affected.")
            },
            IncidentUpdateView { components: vec![change], ..first },
        ],
        postmortem: None,
    }
}

/// The same, resolved `minutes` before [`NOW`].
pub(super) fn resolved(minutes: i64) -> IncidentView {
    let mut incident = incident();
    let last = update("update000004", IncidentStatus::Resolved, minutes, "Payments go through.");
    incident.updates.insert(0, last);
    incident.status = IncidentStatus::Resolved;
    incident.resolved_at = Some(NOW - minutes * MINUTE);
    incident
}

/// A maintenance of the component `aaa` that begins `minutes` after [`NOW`] and takes two hours. It was announced an hour
/// before [`NOW`].
pub(super) fn maintenance(status: MaintenanceStatus, minutes: i64) -> MaintenanceView {
    let from = NOW + minutes * MINUTE;
    let entry = |id: &str, status, at, body: &str| MaintenanceUpdateView {
        id: id.to_owned(),
        status: MaintenanceEntry { status, event: None },
        body: Some(IncidentText::Written(public_text(body, Form::Markdown))),
        created_at: at,
        display_at: at,
        edited_at: None,
        components: Vec::new(),
    };
    let first = entry("planned00001", MaintenanceStatus::Scheduled, NOW - HOUR, "Reports are *read-only*.");
    let open = matches!(status, MaintenanceStatus::Scheduled | MaintenanceStatus::InProgress);
    let ended = (!open).then_some(NOW - 2 * MINUTE);
    let mut updates = vec![first];
    if status != MaintenanceStatus::Scheduled {
        updates.insert(0, entry("planned00002", status, ended.unwrap_or(from), "As planned."));
    }
    MaintenanceView {
        id: "maintenance1".to_owned(),
        title: IncidentText::Written(public_text("Database upgrade", Form::Plain)),
        status,
        created_at: NOW - DAY,
        updated_at: NOW - HOUR,
        from,
        to: from + 2 * HOUR,
        ended_at: ended,
        revision: 3,
        called_off: status == MaintenanceStatus::Cancelled && minutes > 0,
        series: None,
        recurs: None,
        components: vec![AffectedView {
            id: "aaa".to_owned(),
            name: "Component aaa".to_owned(),
            worst: Status::UnderMaintenance,
        }],
        updates,
    }
}

/// A chart of measurements, oldest first.
pub(super) fn response(measured: &[Measured]) -> ResponseView {
    let window = |(index, step)| {
        let begun = measured.partition_point(|one| one.at < response::begin(index, NOW));
        response::ResponseWindow::exact(&measured[begun..], step)
    };
    let mut windows: Vec<_> = STEPS.into_iter().enumerate().map(window).collect();
    response::refine(&mut windows, NOW);
    ResponseView::of(&windows)
}

/// Twenty measurements within a minute of `at` with these percentiles.
pub(super) fn measured(at: Timestamp, p50_ms: u32, p95_ms: u32) -> impl Iterator<Item = Measured> {
    let one = move |index: i64| Measured {
        at: at + index * SECOND,
        total_us: 1_000 * if index < 18 { p50_ms } else { p95_ms },
    };
    (0..20).map(one)
}
