//! Subscribers as a table, as JSON and as CSV.

use super::super::reading::{Reading, second};
use super::super::table::aligned;
use super::workspace_of;
use anyhow::Context;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::lookup;
use skerry_aggregator::subscriptions::import;
use skerry_aggregator::subscriptions::shown_address;
use skerry_domain::state::{PageKey, State};
use skerry_domain::subscriber::{Subscriber, SubscriberState, Updates};
use skerry_protocol::strict::one_of;
use std::cmp::Reverse;

const HEADS: [&str; 7] = ["SUBSCRIBER", "PAGE", "CHANNEL", "ADDRESS", "STATE", "SINCE", "HEARS OF"];

type Row<'s> = (&'s State, &'s Subscriber);

pub(super) fn list(
    reading: &Reading,
    workspace: Option<&str>,
    (page, state): (Option<&str>, Option<&str>),
    whole: bool,
    json: bool,
) -> anyhow::Result<String> {
    let wanted = state.map(|name| {
        let all = SubscriberState::ALL.iter().map(|one| one.name());
        SubscriberState::from_name(name)
            .with_context(|| format!("{name:?} is no state of a subscriber: write {}", one_of(all)))
    });
    let wanted = wanted.transpose()?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (state, page) in pages(reading, workspace, page)? {
        let all = state.subscribers.values().filter(|one| page.is_none_or(|page| one.page == page));
        let all = all.filter(|one| wanted.is_none_or(|wanted| one.state == wanted));
        rows.extend(all.map(|one| (state, one)));
    }
    rows.sort_by_key(|(_, one)| Reverse(one.created_at));
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(row, whole)).collect();
        return Ok(serde_json::json!({ "subscribers": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("No subscribers.".to_owned());
    }
    let line = |row: &Row<'_>| {
        let (state, one) = *row;
        [
            one.id.clone(),
            page_of(state, one).to_owned(),
            one.channel.name().to_owned(),
            shown_address(one, whole),
            one.state.name().to_owned(),
            second(one.confirmed_at.unwrap_or(one.created_at)),
            hears_of(state, one),
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    Ok(aligned(&lines))
}

/// The states to look through, each with the page that is named. It is enough that one of them has it.
fn pages<'r>(
    reading: &'r Reading,
    workspace: Option<&str>,
    page: Option<&str>,
) -> anyhow::Result<Vec<(&'r State, Option<PageKey>)>> {
    let states = reading.states(workspace)?;
    let Some(named) = page else { return Ok(states.into_iter().map(|state| (state, None)).collect()) };
    let (mut found, mut why) = (Vec::new(), format!("there is no page {named:?}"));
    for state in states {
        match lookup::page(state, Some(named)) {
            Ok(key) => found.push((state, Some(key))),
            Err(error) => why = error,
        }
    }
    anyhow::ensure!(!found.is_empty(), why);
    Ok(found)
}

/// The file of a page.
pub(super) fn export(
    reading: &Reading,
    loaded: &Loaded,
    workspace: Option<&str>,
    page: Option<&str>,
) -> anyhow::Result<String> {
    let workspace = workspace_of(loaded, workspace)?;
    let states = reading.states(Some(&workspace))?;
    let state = states.first().context("no workspace")?;
    let page = lookup::page(state, page).map_err(anyhow::Error::msg)?;
    // What prints it ends the last line.
    Ok(import::export(state, page, true).trim_end_matches("\r\n").to_owned())
}

fn page_of<'s>(state: &'s State, one: &Subscriber) -> &'s str {
    state.pages.get(&one.page).map_or("?", |page| page.key.as_str())
}

/// "all", "outages of Shop, Mail", "2 incidents"
fn hears_of(state: &State, one: &Subscriber) -> String {
    let mut all = Vec::new();
    if let Some(choices) = &one.scope.page {
        let updates = if choices.updates == Updates::All { "all" } else { "outages" };
        let names = choices.components.as_ref().map(|all| {
            let names = all.iter().filter_map(|key| state.components.get(key));
            names.map(|one| one.settings.name.as_str()).collect::<Vec<_>>().join(", ")
        });
        all.push(names.map_or_else(|| updates.to_owned(), |names| format!("{updates} of {names}")));
        all.extend(choices.status_changes.then(|| "status changes".to_owned()));
        all.extend(choices.monthly.then(|| "monthly report".to_owned()));
    }
    let followed = one.scope.incidents.len() + one.scope.windows.len();
    let noun = if followed == 1 { "incident or maintenance" } else { "incidents and maintenance" };
    all.extend((followed > 0).then(|| format!("{followed} {noun}")));
    all.join("; ")
}

fn object(row: &Row<'_>, whole: bool) -> serde_json::Value {
    let (state, one) = *row;
    let choices = one.scope.page.as_ref();
    let components = choices.and_then(|choices| choices.components.as_ref());
    let components = components.map(|all| {
        let known = all.iter().filter_map(|key| state.components.get(key));
        known.map(|one| serde_json::json!({ "id": one.id, "name": one.settings.name })).collect::<Vec<_>>()
    });
    let incidents = one.scope.incidents.iter().filter_map(|key| state.incidents.get(key)).map(|one| &one.id);
    let windows = one.scope.windows.iter().filter_map(|key| state.windows.get(key)).map(|one| &one.id);
    serde_json::json!({
        "id": one.id,
        "workspace": state.workspace.name,
        "page": page_of(state, one),
        "channel": one.channel.name(),
        "address": shown_address(one, whole),
        "state": one.state.name(),
        "updates": choices.map(|choices| choices.updates.name()),
        "components": components,
        "status_changes": choices.is_some_and(|choices| choices.status_changes),
        "monthly": choices.is_some_and(|choices| choices.monthly),
        "incidents": incidents.chain(windows).collect::<Vec<_>>(),
        "consent": one.consent.name(),
        "consent_note": one.consent_note,
        "created_at": second(one.created_at),
        "confirmed_at": one.confirmed_at.map(second),
    })
}
