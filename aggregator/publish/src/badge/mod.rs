//! Badges of the page and of each component: their status, uptime and response times as pictures, and the status as a
//! shields.io endpoint. The text names the status and the colour repeats it, both as on the page.

mod figures;
mod svg;

#[cfg(test)]
pub(crate) use figures::FIGURE;
#[cfg(test)]
pub(crate) use svg::icon;

use super::overall_status::{components, is_partly_unseen, is_unseen};
use super::times;
use super::view::{ComponentView, MaintenanceView, PageView};
use serde::Serialize;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use svg::{Field, svg};

/// The `Content-Type` of `badge.svg`.
pub const SVG_CONTENT_TYPE: &str = "image/svg+xml; charset=utf-8";
/// The `Content-Type` of `badge.json`.
pub const JSON_CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A rendered badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The path below the page's root.
    pub path: String,
    /// [`SVG_CONTENT_TYPE`] or [`JSON_CONTENT_TYPE`].
    pub content_type: &'static str,
    /// SVG or JSON.
    pub bytes: Vec<u8>,
}

/// The badges of a page, and those of the components whose ids are `wanted`.
///
/// # Errors
/// None in practice: the JSON has only text and numbers.
pub fn render(view: &PageView, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Badge>> {
    let (texts, message) = (view.texts(), of_page(view));
    let mut badges = vec![
        Badge::svg("badge.svg".to_owned(), status_svg(texts.badge.status(), &view.name, &message)),
        Badge::json("badge.json".to_owned(), &endpoint(&view.name, &message))?,
    ];
    let uptime = figures::uptime_of_page(view).map(|svg| ("badge/uptime.svg", svg));
    let response = figures::response_of_page(view).map(|svg| ("badge/response.svg", svg));
    badges.extend(uptime.into_iter().chain(response).map(|(path, svg)| Badge::svg(path.to_owned(), svg)));
    for component in components(view).filter(|one| wanted(&one.id)) {
        let message = of_component(view, component);
        let at = |end: &str| format!("components/{}/{end}", component.id);
        let mut own = vec![
            Badge::svg(at("badge.svg"), status_svg(&component.name, &component.name, &message)),
            Badge::json(at("badge.json"), &endpoint(&component.name, &message))?,
        ];
        let uptime = figures::uptime(component, view).map(|svg| ("badge/uptime.svg", svg));
        let response = figures::response(component, view).map(|svg| ("badge/response.svg", svg));
        own.extend(uptime.into_iter().chain(response).map(|(end, svg)| Badge::svg(at(end), svg)));
        badges.append(&mut own);
    }
    Ok(badges)
}

impl Badge {
    fn svg(path: String, svg: String) -> Self {
        Self { path, content_type: SVG_CONTENT_TYPE, bytes: svg.into_bytes() }
    }

    fn json(path: String, endpoint: &Endpoint<'_>) -> serde_json::Result<Self> {
        let bytes = serde_json::to_vec(endpoint)?;
        Ok(Self { path, content_type: JSON_CONTENT_TYPE, bytes })
    }
}

/// A status beside a label. Its title has the full name and all that is known.
fn status_svg(label: &str, name: &str, message: &Message) -> String {
    let field = Field { text: &message.short, fill: colour(message.status), icon: Some(message.status) };
    svg(label, &field, &format!("{name}: {}", message.text))
}

/// The text on the right of a badge, and the status that gives its colour; `None` is grey.
struct Message {
    /// All that is known.
    text: String,
    /// The same in a word or two.
    short: String,
    status: Option<Status>,
}

/// An observed outage has precedence over what is announced, as in the banner, and both over missing data.
fn of_page(view: &PageView) -> Message {
    let texts = view.texts();
    let (words, total) = (texts.badge, components(view).count());
    let seen = || components(view).filter(|component| !is_unseen(component));
    let worst = seen().map(|component| component.status).max().unwrap_or(Status::Operational);
    if worst <= Status::UnderMaintenance
        && let Some(message) = of_incidents(view)
    {
        return message;
    }
    if worst != Status::Operational {
        let affected = seen().filter(|component| component.status == worst).count();
        let text = texts.status.within(Some(worst));
        let text = if affected == total { text.to_owned() } else { words.some(text, affected, total) };
        return Message { text, short: words.short(worst).to_owned(), status: Some(worst) };
    }
    let stale = || components(view).filter_map(|component| component.stale_since);
    let waiting = components(view).filter(|component| component.waiting).count();
    let text = if total == 0 {
        match view.incidents.iter().filter(|one| one.is_open()).count() {
            0 => words.empty().to_owned(),
            open => words.incidents(open),
        }
    } else if stale().count() == total {
        no_data(stale().min(), view)
    } else if stale().count() > 0 {
        words.no_data_for(stale().count(), total)
    } else if components(view).any(is_partly_unseen) {
        words.partial_data().to_owned()
    } else if waiting == total {
        no_data(None, view)
    } else if waiting > 0 {
        words.waiting_for(waiting, total)
    } else {
        let text = beside_operation(view).unwrap_or_else(|| texts.status.within(Some(worst)).to_owned());
        return Message { short: text.clone(), text, status: Some(worst) };
    };
    Message { short: text.clone(), text, status: None }
}

/// Open incidents that affect visitors and are not yet being watched after a fix, in the colour of the worst of them.
fn of_incidents(view: &PageView) -> Option<Message> {
    let open = view.incidents.iter().filter(|one| one.is_open() && one.status != IncidentStatus::Monitoring);
    let impacts: Vec<Impact> = open.map(|one| one.impact).filter(|impact| *impact > Impact::None).collect();
    let worst = impacts.iter().copied().max()?;
    let status = match worst {
        Impact::None | Impact::Minor => Status::DegradedPerformance,
        Impact::Major => Status::PartialOutage,
        Impact::Critical => Status::MajorOutage,
    };
    let text = if impacts.len() == 1 {
        view.texts().badge.incident(worst)
    } else {
        view.texts().badge.incidents(impacts.len())
    };
    Some(Message { short: text.clone(), text, status: Some(status) })
}

/// What is announced while everything is operational.
fn beside_operation(view: &PageView) -> Option<String> {
    let open = view.incidents.iter().filter(|one| one.is_open()).count();
    let running = view.maintenance.iter().any(MaintenanceView::is_running);
    match open {
        0 => running.then(|| view.texts().badge.maintenance().to_owned()),
        open => Some(view.texts().badge.beside_incidents(open)),
    }
}

fn of_component(view: &PageView, component: &ComponentView) -> Message {
    let (texts, words) = (view.texts(), view.texts().badge);
    let (text, short, status) = if is_unseen(component) {
        let short = if component.waiting { words.waiting() } else { words.no_data() };
        (no_data(component.stale_since, view), short.to_owned(), None)
    } else if is_partly_unseen(component) {
        (words.partial_data().to_owned(), words.partial_data().to_owned(), None)
    } else {
        let (status, short) = (component.status, words.short(component.status));
        (texts.status.within(Some(status)).to_owned(), short.to_owned(), Some(status))
    };
    Message { text, short, status }
}

/// Names the clock time of today, or the date of an earlier day.
fn no_data(since: Option<Timestamp>, view: &PageView) -> String {
    let texts = view.texts();
    let Some(since) = since else { return texts.badge.waiting().to_owned() };
    let (since, now) = (times::zoned(since, &view.time_zone), times::zoned(view.now, &view.time_zone));
    let today = since.date() == now.date();
    texts.badge.no_data_since(&if today {
        times::time(&since)
    } else {
        texts.dates.day_of_month(since.date(), false)
    })
}

/// The text colour of a status on a light page: white has a contrast of at least 4.5:1 on it.
pub(crate) fn colour(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Operational) => "#1b6b56",
        Some(Status::UnderMaintenance) => "#3f50cc",
        Some(Status::DegradedPerformance) => "#795500",
        Some(Status::PartialOutage) => "#a33400",
        Some(Status::MajorOutage) => "#8a0f35",
        None => "#5b6066",
    }
}

/// The JSON of `https://shields.io/badges/endpoint-badge`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    schema_version: u8,
    label: &'a str,
    message: &'a str,
    color: &'static str,
    /// Prevents sites that embed the badge from changing the colour of an outage or of missing data.
    is_error: bool,
    /// The minimum that shields.io accepts.
    cache_seconds: u16,
}

fn endpoint<'a>(name: &'a str, message: &'a Message) -> Endpoint<'a> {
    let color = colour(message.status);
    let is_error = !matches!(message.status, Some(Status::Operational | Status::UnderMaintenance));
    Endpoint { schema_version: 1, label: name, message: &message.text, color, is_error, cache_seconds: 300 }
}

#[cfg(test)]
mod tests;
