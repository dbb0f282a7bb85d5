//! `correct`: corrects the past of a component, undoes that, and lists corrections.

use super::reading::{Reading, name_of, second, time};
use super::table::aligned;
use super::told::{ask, told};
use anyhow::{Context, ensure};
use clap::Args;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{CorrectionRequest, Request, lookup};
use skerry_domain::correction::Correction;
use skerry_domain::layers::effective;
use skerry_domain::state::{ComponentKey, State};
use skerry_domain::status::{Effective, Status};

const HEADS: [&str; 9] =
    ["CORRECTION", "COMPONENT", "FROM", "TO", "STATUS", "INSTEAD OF", "BY", "UNDONE", "REASON"];

#[derive(Args)]
pub(crate) struct Corrections {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long)]
    workspace: Option<String>,
    /// Its name, key or id
    #[arg(required_unless_present_any = ["undo", "list"])]
    component: Option<String>,
    /// Its page, where several have a component of that name
    #[arg(long, requires = "component")]
    page: Option<String>,
    /// From when on it was so, such as 2026-01-31T16:15:00Z
    #[arg(long, value_name = "TIME", required_unless_present_any = ["undo", "list"])]
    from: Option<String>,
    /// Until when; by default until now
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// What it was: operational (a false alarm), maintenance (it was planned), degraded, partial or major
    #[arg(long, required_unless_present_any = ["undo", "list"])]
    status: Option<String>,
    /// Why, for operators
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present_any = ["undo", "list"])]
    reason: Option<String>,
    /// Undo the correction with this id: what was observed shows again
    #[arg(long, value_name = "ID", conflicts_with_all = ["component", "from", "to", "status", "reason", "list"])]
    undo: Option<String>,
    /// Show who corrected what and why, with what was observed, newest first
    #[arg(long, conflicts_with_all = ["from", "to", "status", "reason"])]
    list: bool,
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn corrections(
    loaded: &Loaded,
    arguments: &Corrections,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    if arguments.list {
        return Ok((list(&Reading::of(loaded)?, workspace, arguments, json)?, None));
    }
    let (change, output) = match &arguments.undo {
        Some(id) => (CorrectionRequest::Undo { correction: id.clone() }, "Correction {} is undone."),
        None => {
            (arguments.request()?, "Correction {} is made; skerry-aggregator correct --undo {} undoes it.")
        }
    };
    let done = ask(loaded, workspace, |workspace| Request::Correction { workspace, change })?;
    Ok(told("correction", arguments.undo.clone(), done, output, json))
}

impl Corrections {
    fn request(&self) -> anyhow::Result<CorrectionRequest> {
        let said =
            |option: &Option<String>, name: &str| option.clone().with_context(|| format!("say {name}"));
        Ok(CorrectionRequest::Make {
            page: self.page.clone(),
            component: said(&self.component, "COMPONENT")?,
            from: time(&said(&self.from, "--from")?)?,
            to: self.to.as_deref().map(time).transpose()?,
            status: said(&self.status, "--status")?,
            reason: said(&self.reason, "--reason")?,
        })
    }
}

type Row<'s> = (&'s State, &'s Correction);

fn list(
    reading: &Reading,
    workspace: Option<&str>,
    arguments: &Corrections,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut found = arguments.component.is_none();
    let mut no_component = "there is no such component".to_owned();
    for state in &states {
        let component = match wanted(state, arguments) {
            Ok(component) => component,
            Err(why) => {
                no_component = why;
                continue;
            }
        };
        found = true;
        let all = state.corrections.values().filter(|one| component.is_none_or(|key| one.component == key));
        rows.extend(all.map(|one| (*state, one)));
    }
    ensure!(found, no_component);
    rows.sort_by_key(|(_, one)| std::cmp::Reverse(one.made_at));
    if json {
        let all: Vec<_> = rows.iter().map(object).collect();
        return Ok(serde_json::json!({ "corrections": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("There are no corrections.".to_owned());
    }
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(row, states.len() > 1)));
    Ok(aligned(&lines))
}

fn wanted(state: &State, arguments: &Corrections) -> Result<Option<ComponentKey>, String> {
    let page = arguments.page.as_deref().map(|page| lookup::page(state, Some(page))).transpose()?;
    arguments.component.as_deref().map(|named| lookup::component(state, page, named)).transpose()
}

fn line((state, one): &Row<'_>, several: bool) -> [String; 9] {
    let name = name_of(state, one.component);
    let who = |who: &Option<String>| who.clone().unwrap_or_else(|| "unknown".to_owned());
    let undone =
        |undone: &skerry_domain::correction::Undone| format!("{} by {}", second(undone.at), who(&undone.by));
    [
        one.id.clone(),
        if several { format!("{}/{name}", state.workspace.name) } else { name.to_owned() },
        second(one.from),
        second(one.to),
        one.status.name().to_owned(),
        observed(state, one)
            .into_iter()
            .map(|stretch| stretch.2)
            .max()
            .map_or("no data", Status::name)
            .to_owned(),
        format!("{} {}", who(&one.made_by), second(one.made_at)),
        one.undone.as_ref().map_or_else(|| "-".to_owned(), undone),
        one.reason.lines().collect::<Vec<_>>().join(" "),
    ]
}

/// What a component was without any correction, where that is known: from, to and status.
fn observed(state: &State, one: &Correction) -> Vec<(String, String, Status)> {
    let Some(component) = state.components.get(&one.component) else { return Vec::new() };
    let mut layers = component.layers.clone();
    layers.corrected = Vec::new().into();
    let known = |value| match value {
        Effective::Known(status) | Effective::Partly(status) => Some(status),
        Effective::NoData | Effective::Unwatched => None,
    };
    let all = effective(&layers, one.from, one.to).into_iter();
    all.filter_map(|stretch| Some((second(stretch.from), second(stretch.to), known(stretch.value)?)))
        .collect()
}

fn object((state, one): &Row<'_>) -> serde_json::Value {
    let component = state.components.get(&one.component);
    let stretch = |(from, to, status): (String, String, Status)| serde_json::json!({ "from": from, "to": to, "status": status.name() });
    serde_json::json!({
        "id": one.id,
        "workspace": state.workspace.name,
        "component": name_of(state, one.component),
        "component_id": component.map(|component| &component.id),
        "from": second(one.from),
        "to": second(one.to),
        "status": one.status.name(),
        "observed": observed(state, one).into_iter().map(stretch).collect::<Vec<_>>(),
        "reason": one.reason,
        "made_by": one.made_by,
        "made_at": second(one.made_at),
        "undone_at": one.undone.as_ref().map(|undone| second(undone.at)),
        "undone_by": one.undone.as_ref().and_then(|undone| undone.by.clone()),
    })
}
