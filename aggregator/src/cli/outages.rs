//! `outages`: when components were not operational, and which checks caused it, read from the database.

use super::agents::{of_workspace, store_at};
use super::table::aligned;
use anyhow::{Context, ensure};
use clap::Args;
use skerry_aggregator::config::Loaded;
use skerry_domain::outages::{Outage, name_folded, of_component};
use skerry_domain::rows::SpanDayRow;
use skerry_domain::state::{Component, State};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_publish::csv::table as csv_table;

use skerry_protocol::words::duration;

const HEADS: [&str; 6] = ["COMPONENT", "FROM", "TO", "DURATION", "STATUS", "CHECKS"];
const COLUMNS: [&str; 9] =
    ["workspace", "page", "component", "component_id", "from", "to", "seconds", "status", "checks"];

#[derive(Args)]
pub(crate) struct Outages {
    /// Only of this component: its name, its key or its id; by default of every one
    component: Option<String>,
    /// Only this workspace
    #[arg(long)]
    workspace: Option<String>,
    /// Print CSV (RFC 4180) with a header
    #[arg(long)]
    csv: bool,
}

/// One outage of one component.
struct Row<'s> {
    state: &'s State,
    component: &'s Component,
    outage: Outage<'s>,
}

impl Row<'_> {
    fn page(&self) -> &str {
        &self.state.pages[&self.component.page].key
    }

    fn workspace(&self) -> &str {
        &self.state.workspace.name
    }

    fn lasted(&self, now: Timestamp) -> i64 {
        self.outage.to.unwrap_or(now) - self.outage.from
    }
}

/// Returns the output, with the newest outages first.
pub(crate) fn outages(loaded: &Loaded, arguments: &Outages, json: bool) -> anyhow::Result<String> {
    let path = &loaded.configs.first().context("no configuration")?.store.path;
    if let Some(workspace) = &arguments.workspace {
        of_workspace(loaded, Some(workspace))?;
    }
    let store = store_at(path)?;
    let now = store.time()?;
    let workspaces = store.load(now)?;
    let folded: Vec<SpanDayRow> = store.rows()?;
    let of_workspace =
        |state: &State| arguments.workspace.as_ref().is_none_or(|name| *name == state.workspace.name);
    let states = workspaces.iter().map(|(_, state)| state).filter(|state| of_workspace(state));
    let wanted: Vec<_> =
        states.flat_map(|state| wanted(state, arguments).map(move |one| (state, one))).collect();
    if let Some(name) = &arguments.component {
        ensure!(!wanted.is_empty(), "no page has a component {name:?}: give its name, its key or its id");
    }
    let mut rows: Vec<Row<'_>> = wanted
        .into_iter()
        .flat_map(|(state, component)| {
            let mut outages = of_component(state, component, now);
            name_folded(state, component, &folded, &mut outages);
            outages.into_iter().map(move |outage| Row { state, component, outage })
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.outage.from));
    if arguments.csv {
        return as_csv(&rows, now);
    }
    Ok(if json { as_json(&rows, now) } else { as_table(&rows, now) })
}

/// The selected components that are on a page now.
fn wanted<'s>(state: &'s State, arguments: &'s Outages) -> impl Iterator<Item = &'s Component> {
    let named = |component: &Component, name: &str| {
        component.settings.name == name || component.key == name || component.id == name
    };
    let present = |one: &Component| !one.archived && !state.pages[&one.page].archived;
    let present = state.components.values().filter(move |one| present(one));
    present.filter(move |one| arguments.component.as_ref().is_none_or(|name| named(one, name)))
}

fn as_table(rows: &[Row<'_>], now: Timestamp) -> String {
    if rows.is_empty() {
        return "There were no outages.".to_owned();
    }
    let page = |row: &Row<'_>| (row.state.workspace.key, row.component.page);
    let several_pages = rows.iter().any(|row| page(row) != page(&rows[0]));
    let line = |row: &Row<'_>| {
        let name = &row.component.settings.name;
        let checks = row.outage.checks.join(", ");
        [
            if several_pages { format!("{}/{name}", row.page()) } else { name.clone() },
            second(row.outage.from),
            row.outage.to.map_or_else(|| "ongoing".to_owned(), second),
            duration(row.lasted(now)),
            row.outage.status.name().to_owned(),
            if checks.is_empty() { "-".to_owned() } else { checks },
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    aligned(&lines)
}

fn as_csv(rows: &[Row<'_>], now: Timestamp) -> anyhow::Result<String> {
    let line = |row: &Row<'_>| {
        [
            row.workspace().to_owned(),
            row.page().to_owned(),
            row.component.settings.name.clone(),
            row.component.id.clone(),
            second(row.outage.from),
            row.outage.to.map(second).unwrap_or_default(),
            (row.lasted(now) / SECOND).to_string(),
            row.outage.status.name().to_owned(),
            row.outage.checks.join(", "),
        ]
    };
    let table = csv_table(COLUMNS, rows.iter().map(line)).context("the table cannot be written")?;
    Ok(String::from_utf8(table)?.trim_end().to_owned())
}

fn as_json(rows: &[Row<'_>], now: Timestamp) -> String {
    let outage = |row: &Row<'_>| {
        serde_json::json!({
            "workspace": row.workspace(),
            "page": row.page(),
            "component": row.component.settings.name,
            "component_id": row.component.id,
            "from": second(row.outage.from),
            "to": row.outage.to.map(second),
            "seconds": row.lasted(now) / SECOND,
            "status": row.outage.status.name(),
            "checks": row.outage.checks,
        })
    };
    serde_json::json!({ "outages": rows.iter().map(outage).collect::<Vec<_>>() }).to_string()
}

/// Formats an instant in whole seconds.
fn second(at: Timestamp) -> String {
    Timestamp(at.0.div_euclid(SECOND) * SECOND).to_string()
}
