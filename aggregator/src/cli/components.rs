//! `component …`: the status of each component, who set it, and statuses set by hand.

use super::reading::{Reading, milliseconds, second};
use super::table::aligned;
use super::told::ask;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{ComponentRequest, Request, lookup};
use skerry_domain::holds::{Hold, Source};
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::state::{Component, IncidentKey, State};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

const HEADS: [&str; 5] = ["COMPONENT", "PAGE", "STATUS", "SET BY", "ID"];

#[derive(Args)]
pub(crate) struct Components {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: ComponentDo,
}

#[derive(Subcommand)]
pub(crate) enum ComponentDo {
    /// Show the status of every component, and who set it where its checks do not decide
    List {
        /// Only of this page: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
    },
    /// Set the status of a component by hand; what its checks say shows again once it is released
    Set {
        /// Its name, key or id
        component: String,
        /// operational, degraded, partial, major or maintenance. Where checks decide, operational releases what was set
        status: String,
        /// For how long, such as 2h; by default until it is released
        #[arg(long, value_name = "DURATION")]
        until: Option<String>,
        /// Its page, where several have a component of that name
        #[arg(long)]
        page: Option<String>,
    },
    /// Release a status that was set by hand
    Release {
        /// Its name, key or id
        component: String,
        /// Release what this incident set instead
        #[arg(long, value_name = "ID")]
        incident: Option<String>,
        /// Its page, where several have a component of that name
        #[arg(long)]
        page: Option<String>,
    },
}

/// Carries out the command and returns its output.
pub(crate) fn components(loaded: &Loaded, arguments: &Components, json: bool) -> anyhow::Result<String> {
    let workspace = arguments.workspace.as_deref();
    let (component, page, change) = match &arguments.what {
        ComponentDo::List { page } => {
            return list(&Reading::of(loaded)?, workspace, page.as_deref(), json);
        }
        ComponentDo::Set { component, status, until, page } => {
            let for_ms = until.as_deref().map(|text| milliseconds("--until", text)).transpose()?;
            (component, page, ComponentRequest::Set { status: status.clone(), for_ms })
        }
        ComponentDo::Release { component, incident, page } => {
            (component, page, ComponentRequest::Release { incident: incident.clone() })
        }
    };
    let (component, page) = (component.clone(), page.clone());
    let done = ask(loaded, workspace, |workspace| Request::Component { workspace, page, component, change })?;
    Ok(if json { serde_json::json!({ "notes": done.notes }).to_string() } else { done.notes.join("\n") })
}

/// A component that is on a page.
struct Row<'s> {
    state: &'s State,
    component: &'s Component,
    now: Timestamp,
}

fn list(
    reading: &Reading,
    workspace: Option<&str>,
    page: Option<&str>,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let mut rows = Vec::new();
    let mut no_page = None;
    for state in &states {
        match page.map(|page| lookup::page(state, Some(page))).transpose() {
            Ok(key) => {
                let all = lookup::components(state, key);
                rows.extend(all.map(|(_, component)| Row { state, component, now: reading.now }));
            }
            Err(why) => no_page = Some(why),
        }
    }
    if let Some(why) = no_page.filter(|_| rows.is_empty()) {
        anyhow::bail!(why);
    }
    if json {
        let all: Vec<_> = rows.iter().map(Row::object).collect();
        return Ok(serde_json::json!({ "components": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("No page has a component.".to_owned());
    }
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| row.line(states.len() > 1)));
    Ok(aligned(&lines))
}

impl Row<'_> {
    fn page(&self) -> &str {
        &self.state.pages[&self.component.page].key
    }

    fn status(&self) -> Option<&'static str> {
        self.component.layers.status_at(self.now).map(Status::name)
    }

    /// Holds that are in force, newest first: the first one shows.
    fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.component.holds.iter().rev().filter(move |hold| hold.from <= self.now && self.now < hold.to)
    }

    /// Windows that run.
    fn maintenance(&self) -> impl Iterator<Item = &PlannedWindow> {
        let windows = self.component.windows.iter().filter_map(|key| self.state.windows.get(key));
        windows.filter(|window| {
            let (from, to) = window.runs();
            from <= self.now && self.now < to
        })
    }

    fn line(&self, several: bool) -> [String; 5] {
        let page = self.page();
        let mut held: Vec<String> = self.holds().map(|hold| self.held(hold)).collect();
        held.extend(self.maintenance().map(|window| format!("maintenance {}", window.id)));
        let by = match (held.is_empty(), self.component.is_linked()) {
            (false, _) => held.join("; "),
            (true, true) => "checks".to_owned(),
            (true, false) => "people, not set yet".to_owned(),
        };
        [
            self.component.settings.name.clone(),
            if several { format!("{}/{page}", self.state.workspace.name) } else { page.to_owned() },
            self.status().unwrap_or("no data").to_owned(),
            by,
            self.component.id.clone(),
        ]
    }

    /// "a person at major_outage until 2026-…"
    fn held(&self, hold: &Hold) -> String {
        let (name, id) = self.source(hold);
        let id = id.map_or_else(String::new, |id| format!(" {id}"));
        let until = until(hold).map_or_else(String::new, |until| format!(" until {until}"));
        format!("{name}{id}: {}{until}", hold.status.name())
    }

    fn source(&self, hold: &Hold) -> (&'static str, Option<&str>) {
        match hold.source {
            Source::Person => ("person", None),
            Source::Rest => ("rest", None),
            Source::Incident(key) => {
                let incident = self.state.incidents.get(&IncidentKey(key));
                ("incident", incident.map(|incident| incident.id.as_str()))
            }
        }
    }

    fn object(&self) -> serde_json::Value {
        let hold = |hold: &Hold| {
            let (source, incident) = self.source(hold);
            serde_json::json!({
                "source": source,
                "incident": incident,
                "status": hold.status.name(),
                "from": second(hold.from),
                "until": until(hold),
            })
        };
        serde_json::json!({
            "id": self.component.id,
            "key": self.component.key,
            "name": self.component.settings.name,
            "workspace": self.state.workspace.name,
            "page": self.page(),
            "status": self.status(),
            "has_checks": self.component.is_linked(),
            "holds": self.holds().map(hold).collect::<Vec<_>>(),
            "maintenance": self.maintenance().map(|window| &window.id).collect::<Vec<_>>(),
        })
    }
}

fn until(hold: &Hold) -> Option<String> {
    (hold.to != Timestamp::FAR).then(|| second(hold.to))
}
