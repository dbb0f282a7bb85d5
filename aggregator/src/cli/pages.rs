//! `page …`: the pages with the ids by which REST names them.

use super::reading::Reading;
use super::table::aligned;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_domain::state::{Page, State};

const HEADS: [&str; 5] = ["PAGE", "ID", "SLUG", "PUBLIC", "NAME"];

type Row<'s> = (&'s State, &'s Page);

#[derive(Args)]
pub(crate) struct Pages {
    /// Only this workspace
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: PageDo,
}

#[derive(Subcommand)]
pub(crate) enum PageDo {
    /// Show every page with its id, by which the REST API names it
    List,
}

/// Carries out the command and returns its output.
pub(crate) fn pages(loaded: &Loaded, arguments: &Pages, json: bool) -> anyhow::Result<String> {
    let PageDo::List = arguments.what;
    let reading = Reading::of(loaded)?;
    let states = reading.states(arguments.workspace.as_deref())?;
    let all = states.iter().flat_map(|state| state.pages.values().map(move |page| (*state, page)));
    let rows: Vec<Row<'_>> = all.filter(|(_, page)| !page.archived).collect();
    if json {
        let all: Vec<_> = rows.iter().map(object).collect();
        return Ok(serde_json::json!({ "pages": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("There is no page.".to_owned());
    }
    let several = states.len() > 1;
    let line = |(state, page): &Row<'_>| {
        let key = &page.key;
        let settings = &page.settings;
        [
            if several { format!("{}/{key}", state.workspace.name) } else { key.clone() },
            page.id.clone(),
            settings.slug.clone(),
            if settings.public { "yes" } else { "no" }.to_owned(),
            settings.name.clone(),
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    Ok(aligned(&lines))
}

fn object((state, page): &Row<'_>) -> serde_json::Value {
    serde_json::json!({
        "key": page.key,
        "id": page.id,
        "workspace": state.workspace.name,
        "slug": page.settings.slug,
        "name": page.settings.name,
        "public": page.settings.public,
    })
}
