//! Lists of incidents and maintenance of a page, newest first.

use super::objects::{Incident, Writer};
use super::search::Search;
use crate::api::call::Call;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::access::Resource;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::state::{IncidentKey, WindowKey};
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;

/// The default and greatest number that is answered at once, as Statuspage has it.
const LIMIT: u64 = 100;

/// An incident or a maintenance.
#[derive(Clone, Copy)]
enum Listed {
    Incident(IncidentKey),
    Maintenance(WindowKey),
}

/// `GET …/incidents`: all, with `q`, `limit` and `page`.
pub(in crate::api) fn all(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let text = query.words("q");
    query.finish()?;
    list(call, true, |_| true, text.as_deref())
}

/// `GET …/incidents/unresolved`.
pub(in crate::api) fn unresolved(call: &Call<'_>) -> Result<Reply, Refusal> {
    list(call, false, |_| false, None)
}

/// `GET …/incidents/scheduled`: maintenance that is not over.
pub(in crate::api) fn scheduled(call: &Call<'_>) -> Result<Reply, Refusal> {
    maintenance(call, |status| status < MaintenanceStatus::Completed)
}

/// `GET …/incidents/upcoming`.
pub(in crate::api) fn upcoming(call: &Call<'_>) -> Result<Reply, Refusal> {
    maintenance(call, |status| status == MaintenanceStatus::Scheduled)
}

/// `GET …/incidents/active_maintenance`.
pub(in crate::api) fn active_maintenance(call: &Call<'_>) -> Result<Reply, Refusal> {
    maintenance(call, |status| matches!(status, MaintenanceStatus::InProgress | MaintenanceStatus::Verifying))
}

fn maintenance(call: &Call<'_>, wanted: impl Fn(MaintenanceStatus) -> bool) -> Result<Reply, Refusal> {
    call.must_reach(Resource::Maintenance, false)?;
    let (key, page) = call.page()?;
    let windows = call.state.open_windows.iter().filter_map(|key| Some((*key, call.state.windows.get(key)?)));
    let windows = windows.filter(|(_, one)| one.page == Some(key) && wanted(one.status));
    let found = windows.map(|(key, one)| (one.created_at, Listed::Maintenance(key))).collect();
    answer(call, &Writer::new(call, page), found, None)
}

fn list(
    call: &Call<'_>,
    resolved: bool,
    windows: impl Fn(&PlannedWindow) -> bool,
    text: Option<&str>,
) -> Result<Reply, Refusal> {
    let (key, page) = call.page()?;
    let incidents = call.state.incidents.iter().rev();
    let incidents =
        incidents.filter(|(_, one)| one.page == key && one.is_published() && (resolved || one.is_open()));
    let mut found: Vec<_> = incidents.map(|(key, one)| (one.created_at, Listed::Incident(*key))).collect();
    let reached = |resource| call.must_reach(resource, false).is_ok();
    if !reached(Resource::Incidents) {
        found.clear();
    }
    let reads_maintenance = reached(Resource::Maintenance);
    let planned = call
        .state
        .windows
        .iter()
        .filter(|(_, one)| one.page == Some(key) && reads_maintenance && windows(one));
    found.extend(planned.map(|(key, one)| (one.created_at, Listed::Maintenance(*key))));
    answer(call, &Writer::new(call, page), found, text)
}

/// One page of the list, of what contains a text.
fn answer(
    call: &Call<'_>,
    writer: &Writer<'_>,
    mut found: Vec<(Timestamp, Listed)>,
    text: Option<&str>,
) -> Result<Reply, Refusal> {
    found.sort_by_key(|(created_at, _)| Reverse(*created_at));
    let mut query = call.query.fields();
    let limit = query.number("limit").or_else(|| query.number("per_page"));
    let limit = limit.unwrap_or(LIMIT).clamp(1, LIMIT) as usize;
    let number = query.number("page").unwrap_or(1).max(1) - 1;
    query.finish()?;
    let skipped = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(limit);
    if let Some(text) = text {
        let search = Search::of(text);
        found.retain(|(_, one)| match one {
            Listed::Incident(key) => search.finds_incident(writer, &call.state.incidents[key]),
            Listed::Maintenance(key) => search.finds_maintenance(writer, &call.state.windows[key]),
        });
    }
    let page = found.into_iter().skip(skipped).take(limit);
    let page: Vec<Incident> = page.filter_map(|(_, one)| written(call, writer, one)).collect();
    Ok(Reply::ok(page))
}

fn written(call: &Call<'_>, writer: &Writer<'_>, one: Listed) -> Option<Incident> {
    match one {
        Listed::Incident(key) => writer.incident(key, call.state.incidents.get(&key)?),
        Listed::Maintenance(key) => writer.maintenance(key, call.state.windows.get(&key)?),
    }
}
