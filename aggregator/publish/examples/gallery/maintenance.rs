//! Maintenance of the gallery, as operators plan it.

use crate::incidents::{components, public};
use crate::sample::NOW;
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_publish::view::{
    AffectedView, IncidentText, MaintenanceEntry, MaintenanceUpdateView, MaintenanceView, PageView,
};
use skerry_sanitiser::Form;

/// An entry that was shown `minutes` ago.
fn entry(minutes: i64, status: MaintenanceStatus, body: &str) -> MaintenanceUpdateView {
    MaintenanceUpdateView {
        id: format!("planned{minutes:05}"),
        status: MaintenanceEntry { status, event: None },
        body: Some(IncidentText::Written(public(body, Form::Markdown))),
        created_at: NOW - minutes * MINUTE,
        display_at: NOW - minutes * MINUTE,
        edited_at: None,
        components: Vec::new(),
    }
}

/// A maintenance of two hours with the state of its first entry.
fn maintenance(
    view: &PageView,
    (title, names): (&str, &[&str]),
    from: Timestamp,
    updates: Vec<MaintenanceUpdateView>,
) -> MaintenanceView {
    let newest = &updates[0];
    let status = newest.status.status;
    let open = !matches!(status, MaintenanceStatus::Completed | MaintenanceStatus::Cancelled);
    let named =
        components(view).into_iter().filter(|(component, _)| names.contains(&component.name.as_str()));
    let affected = named.map(|(component, _)| AffectedView {
        id: component.id.clone(),
        name: component.name.clone(),
        worst: Status::UnderMaintenance,
    });
    let ended_at = (!open).then_some(newest.display_at);
    MaintenanceView {
        id: format!("maintenance{}", title.len() % 10),
        title: IncidentText::Written(public(title, Form::Plain)),
        status,
        created_at: updates[updates.len() - 1].created_at,
        updated_at: newest.created_at,
        from,
        to: from + 2 * HOUR,
        ended_at,
        series: None,
        recurs: None,
        revision: 0,
        called_off: ended_at.is_some_and(|at| at < from),
        components: affected.collect(),
        updates,
    }
}

const ANNOUNCEMENT: &str = "Reports and dashboards will be **read-only** for up to 20 minutes. Nothing that you have stored is touched.";

/// The maintenance that the page `fire` plans.
pub(crate) fn during_fire(view: &PageView) -> Vec<MaintenanceView> {
    let from = NOW + DAY + 9 * HOUR + 45 * MINUTE;
    let announced = entry(435, MaintenanceStatus::Scheduled, ANNOUNCEMENT);
    vec![maintenance(view, ("Database upgrade for reports", &["Payouts", "Refunds"]), from, vec![announced])]
}

/// Maintenance in progress.
pub(crate) fn in_progress(view: &PageView) -> Vec<MaintenanceView> {
    let upgrade = vec![
        entry(30, MaintenanceStatus::InProgress, "The upgrade has begun."),
        entry(1_500, MaintenanceStatus::Scheduled, ANNOUNCEMENT),
    ];
    let network = vec![
        entry(5, MaintenanceStatus::Verifying, "The new lines carry all traffic. We are watching them."),
        entry(70, MaintenanceStatus::InProgress, "We are switching the first line."),
        entry(80, MaintenanceStatus::InProgress, "Work has begun."),
        entry(1_600, MaintenanceStatus::Scheduled, "We change a network provider."),
    ];
    vec![
        maintenance(view, ("Database upgrade for reports", &["Reports"]), NOW - 30 * MINUTE, upgrade),
        maintenance(view, ("Another network provider", &["Website"]), NOW - 80 * MINUTE, network),
    ]
}

/// Maintenance to come, a completed and a cancelled one.
pub(crate) fn to_come(view: &PageView) -> Vec<MaintenanceView> {
    let from = NOW + DAY + 9 * HOUR + 45 * MINUTE;
    let moved = "Moved from Sat 21 Nov, 02:00 to Sun 22 Nov, 02:00 UTC.".to_owned();
    let mut rescheduled = entry(435, MaintenanceStatus::Scheduled, "-");
    rescheduled.status.event = Some(WindowEvent::Rescheduled);
    rescheduled.body = Some(IncidentText::Automatic(moved));
    let upgrade = vec![rescheduled, entry(1_575, MaintenanceStatus::Scheduled, ANNOUNCEMENT)];
    let past = components(view).into_iter().flat_map(|(component, _)| &component.past);
    let begun = past.map(|one| one.from).min().unwrap_or(NOW - 6 * DAY);
    let minutes = (NOW - begun) / MINUTE;
    let storage = vec![
        entry(minutes - 98, MaintenanceStatus::Completed, "All disks are replaced."),
        entry(minutes, MaintenanceStatus::InProgress, "Work has begun."),
        entry(minutes + 1_440, MaintenanceStatus::Scheduled, "We replace disks."),
    ];
    let cancelled = vec![
        entry(200, MaintenanceStatus::Cancelled, "The new certificates did not arrive in time."),
        entry(1_000, MaintenanceStatus::Scheduled, "We replace certificates."),
    ];
    vec![
        maintenance(view, ("Database upgrade for reports", &["Reports"]), from, upgrade),
        maintenance(view, ("New certificates", &["Website"]), NOW + 5 * HOUR, cancelled),
        maintenance(view, ("Disks of the storage", &["Reports"]), begun, storage),
    ]
}

/// Texts that try to break out.
pub(crate) fn hostile(view: &PageView) -> Vec<MaintenanceView> {
    let evil = "\"><script>alert(1)</script> <img src=x onerror=alert(1)> \u{202e}gnp.exe";
    let body = format!("{evil}\n\n> quoted\n\n{}", "x".repeat(150));
    let names = ["\"><script>alert(1)</script>", "</title></style><img src=x>"];
    vec![
        maintenance(view, (evil, &names), NOW + DAY, vec![entry(40, MaintenanceStatus::Scheduled, &body)]),
        maintenance(view, (&evil[1..], &names), NOW, vec![entry(0, MaintenanceStatus::InProgress, &body)]),
    ]
}
