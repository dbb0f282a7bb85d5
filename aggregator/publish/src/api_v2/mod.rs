//! Statuspage's public API, version 2: the eight documents below `api/v2/`, member for member, with additional members
//! of our own. Pure: a view in, bytes out.

mod incidents;
mod maintenances;
mod objects;

use super::html::{Strip, Tone};
use super::overall_status;
use super::view::{ComponentView, GroupView, Item, PageView};
use jiff::tz::TimeZone;
use objects::{
    Banner, Component, Components, Incident, Incidents, Maintenances, Page, PageStatus, StatusOnly, Summary,
    Validity,
};
use serde::Serialize;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

/// The `Content-Type` of every document.
pub const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// Path below the page's root, and body.
pub type Document = (&'static str, Vec<u8>);

/// The length of the list of incidents and of that of maintenances, at most.
pub(crate) const LISTED: usize = 50;

/// All eight documents.
///
/// # Errors
/// None in practice: JSON can represent all values of the objects.
pub fn render(view: &PageView) -> serde_json::Result<Vec<Document>> {
    let components = components(view);
    let incidents = incidents::incidents(view, &components);
    let (page, status, validity) = (page(view), status(view), validity(view));
    let open = || incidents.iter().filter(|one| one.resolved_at.is_none()).collect::<Vec<&Incident<'_>>>();
    let newest = incidents.iter().take(LISTED).collect();
    let maintenances = maintenances::Lists::of(view, &components);
    let summary = Summary {
        page: page.clone(),
        components: &components,
        incidents: open(),
        scheduled_maintenances: maintenances.open(),
        status: status.clone(),
        validity: validity.clone(),
    };
    let mut documents = vec![
        document("api/v2/summary.json", &summary)?,
        document(
            "api/v2/status.json",
            &StatusOnly { page: page.clone(), status, validity, banner: banner(view) },
        )?,
        document("api/v2/components.json", &Components { page: page.clone(), components: &components })?,
        document("api/v2/incidents.json", &Incidents { page: page.clone(), incidents: newest })?,
        document("api/v2/incidents/unresolved.json", &Incidents { page: page.clone(), incidents: open() })?,
    ];
    for (path, scheduled_maintenances) in [
        ("api/v2/scheduled-maintenances.json", maintenances.newest()),
        ("api/v2/scheduled-maintenances/upcoming.json", maintenances.upcoming()),
        ("api/v2/scheduled-maintenances/active.json", maintenances.active()),
    ] {
        documents.push(document(path, &Maintenances { page: page.clone(), scheduled_maintenances })?);
    }
    Ok(documents)
}

fn document(path: &'static str, body: &impl Serialize) -> serde_json::Result<Document> {
    Ok((path, serde_json::to_vec(body)?))
}

fn page(view: &PageView) -> Page<'_> {
    Page {
        id: &view.id,
        name: &view.name,
        url: &view.url,
        time_zone: &view.time_zone_name,
        updated_at: instant(view.updated_at, &view.time_zone),
    }
}

fn status(view: &PageView) -> PageStatus {
    let (indicator, description) = page_status(view);
    PageStatus { indicator, description }
}

/// The status of a page as a whole: the indicator (`none`, `minor`, `major`, `critical` or `maintenance`), and the same in
/// words.
#[must_use]
pub fn page_status(view: &PageView) -> (&'static str, String) {
    let overall_status = overall_status::of_page(view);
    (overall_status.indicator.name(), overall_status.description)
}

fn validity(view: &PageView) -> Validity {
    Validity {
        verified_at: view.verified_at.map(|at| instant(at, &view.time_zone)),
        believe_until: instant(view.believe_until, &view.time_zone),
    }
}

fn banner(view: &PageView) -> Banner {
    let Strip { tone, headline, details, verified } = Strip::of(view);
    let status = match tone {
        Tone::Of(status) => status.name(),
        Tone::NoData => "no_data",
    };
    Banner { status, headline, details, verified }
}

/// Each group before its components, in the configured order. Statuspage's groups do not nest: one inside another stands
/// behind it as a group of its own.
fn components(view: &PageView) -> Vec<Component<'_>> {
    let is_group = |item: &&Item| matches!(item, Item::Group(_));
    let rows = view.items.iter().flat_map(|item| match item {
        Item::Component(_) => vec![item],
        Item::Group(group) => std::iter::once(item).chain(group.children.iter().filter(is_group)).collect(),
    });
    let mut all = Vec::new();
    for (item, position) in rows.zip(1..) {
        match item {
            Item::Component(one) => all.push(component(view, one, None, position)),
            Item::Group(group) => {
                all.push(component_of_group(view, group, position));
                let children = own(group).zip(1..);
                all.extend(
                    children.map(|(child, position)| component(view, child, Some(&group.id), position)),
                );
            }
        }
    }
    all
}

/// The components of a group without those of groups inside it.
fn own(group: &GroupView) -> impl Iterator<Item = &ComponentView> {
    group.children.iter().filter_map(|item| match item {
        Item::Component(child) => Some(child),
        Item::Group(_) => None,
    })
}

fn component<'a>(
    view: &'a PageView,
    shown: &'a ComponentView,
    group_id: Option<&'a str>,
    position: usize,
) -> Component<'a> {
    Component {
        id: &shown.id,
        name: &shown.name,
        status: status_of(shown).name(),
        created_at: instant(shown.created_at, &view.time_zone),
        updated_at: instant(shown.updated_at, &view.time_zone),
        position,
        description: shown.description.as_deref(),
        showcase: shown.showcase,
        start_date: shown.start_date.map(|date| date.to_string()),
        group_id,
        page_id: &view.id,
        group: false,
        only_show_if_degraded: shown.only_show_if_degraded,
        components: None,
        stale_since: shown.stale_since.map(|at| instant(at, &view.time_zone)),
        waiting: shown.waiting,
        unseen_since: since_unseen(shown).map(|at| instant(at, &view.time_zone)),
        unseen_checks: shown.unseen.map_or(0, |unseen| unseen.checks),
        checks: shown.checks,
        manual: shown.manual,
    }
}

/// Statuspage's list of statuses is closed and has none for a component that was never observed: "under maintenance"
/// claims neither operation nor an outage.
fn status_of(shown: &ComponentView) -> Status {
    if shown.waiting { Status::UnderMaintenance } else { shown.status }
}

fn since_unseen(shown: &ComponentView) -> Option<Timestamp> {
    shown.unseen.and_then(|unseen| unseen.since)
}

/// A group has the status of the most degraded component below it with current data, and is stale if none has any.
fn component_of_group<'a>(view: &'a PageView, group: &'a GroupView, position: usize) -> Component<'a> {
    let children = group.components();
    let unseen = !children.is_empty() && children.iter().all(|child| overall_status::is_unseen(child));
    let waiting = !children.is_empty() && children.iter().all(|child| child.waiting);
    let counted = children
        .iter()
        .filter(|child| if unseen { !child.waiting } else { !overall_status::is_unseen(child) });
    let worst = if waiting {
        Status::UnderMaintenance
    } else {
        counted.map(|child| child.status).max().unwrap_or(Status::Operational)
    };
    let stale_since = children.iter().filter_map(|child| child.stale_since).min().filter(|_| unseen);
    Component {
        id: &group.id,
        name: &group.name,
        status: worst.name(),
        created_at: instant(group.created_at, &view.time_zone),
        updated_at: instant(group.updated_at, &view.time_zone),
        position,
        description: group.description.as_deref(),
        showcase: false,
        start_date: None,
        group_id: None,
        page_id: &view.id,
        group: true,
        only_show_if_degraded: false,
        components: Some(own(group).map(|child| child.id.as_str()).collect()),
        stale_since: stale_since.map(|at| instant(at, &view.time_zone)),
        waiting,
        unseen_since: children
            .iter()
            .filter_map(|child| since_unseen(child))
            .min()
            .map(|at| instant(at, &view.time_zone)),
        unseen_checks: children.iter().filter_map(|child| child.unseen).map(|unseen| unseen.checks).sum(),
        checks: children.iter().map(|child| child.checks).sum(),
        manual: !children.is_empty() && children.iter().all(|child| child.manual),
    }
}

/// RFC 3339 in the zone with milliseconds; `Z` if the zone's abbreviation is UTC.
#[must_use]
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    let is_utc = zone.to_offset_info(at).abbreviation() == "UTC";
    let format = if is_utc { "%Y-%m-%dT%H:%M:%S.%3fZ" } else { "%Y-%m-%dT%H:%M:%S.%3f%:z" };
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

#[cfg(test)]
mod tests;
