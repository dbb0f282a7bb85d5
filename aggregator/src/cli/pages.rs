//! `page …`: the pages with the ids by which REST names them, links to their previews, and the addresses of their feeds.

use super::reading::{Reading, milliseconds, second};
use super::table::aligned;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{PageRequest, Request, carry_out, lookup};
use skerry_aggregator::publish::{Addresses, FeedAddress};
use skerry_aggregator::sign_ins::SignInKey;
use skerry_domain::state::{Page, PageKey, State};

const HEADS: [&str; 5] = ["PAGE", "ID", "SLUG", "PUBLIC", "NAME"];
const FEED_HEADS: [&str; 2] = ["ABOUT", "ADDRESS"];

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
    /// Show a page that visitors do not see yet to whoever has a link: prints that link. Said again, it prints the same link,
    /// which is valid longer
    Preview {
        /// Its key, slug, id or name
        page: String,
        /// How long the link is valid
        #[arg(long, value_name = "DURATION", default_value = "24h")]
        expires: String,
        /// End the link instead
        #[arg(long, conflicts_with = "expires")]
        revoke: bool,
    },
    /// Show the addresses of a page's feeds and calendars. Those of a page with a password hold a token: whoever has one
    /// reads it without signing in, until the password changes
    Feeds {
        /// Its key, slug, id or name
        page: String,
    },
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn pages(
    loaded: &Loaded,
    arguments: &Pages,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let reading = Reading::of(loaded)?;
    let states = reading.states(arguments.workspace.as_deref())?;
    match &arguments.what {
        PageDo::List => Ok((list(&states, json), None)),
        PageDo::Preview { page, revoke: true, .. } => {
            let (state, key) = page_of(&states, page)?;
            change(loaded, (state, key), PageRequest::RevokePreview)?;
            let key = &state.pages[&key].key;
            Ok((format!("The link to the preview of page {key:?} is ended."), None))
        }
        PageDo::Preview { page, expires, .. } => {
            let valid_ms = milliseconds("--expires", expires)?;
            let (state, key) = page_of(&states, page)?;
            change(loaded, (state, key), PageRequest::SharePreview { valid_ms })?;
            preview(loaded, (&state.workspace.name, key), json)
        }
        PageDo::Feeds { page } => feeds(loaded, page_of(&states, page)?, json),
    }
}

/// The first page of that name.
fn page_of<'s>(states: &[&'s State], named: &str) -> anyhow::Result<(&'s State, PageKey)> {
    let mut why = format!("there is no page {named:?}");
    for state in states {
        match lookup::page(state, Some(named)) {
            Ok(key) => return Ok((state, key)),
            Err(other) => why = other,
        }
    }
    anyhow::bail!(why)
}

fn list(states: &[&State], json: bool) -> String {
    let all = states.iter().flat_map(|state| state.pages.values().map(move |page| (*state, page)));
    let rows: Vec<Row<'_>> = all.filter(|(_, page)| !page.archived).collect();
    if json {
        let all: Vec<_> = rows.iter().map(object).collect();
        return serde_json::json!({ "pages": all }).to_string();
    }
    if rows.is_empty() {
        return "There is no page.".to_owned();
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
    aligned(&lines)
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

fn change(loaded: &Loaded, (state, key): (&State, PageKey), change: PageRequest) -> anyhow::Result<()> {
    let process = loaded.configs.first().context("no configuration")?;
    let (workspace, page) = (state.workspace.name.clone(), state.pages[&key].id.clone());
    carry_out(&process.store.path, Request::Page { workspace, page, change })?;
    Ok(())
}

/// The link that is valid now.
fn preview(
    loaded: &Loaded,
    (workspace, key): (&str, PageKey),
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let reading = Reading::of(loaded)?;
    let states = reading.states(Some(workspace))?;
    let page = states.first().and_then(|state| state.pages.get(&key));
    let url = |page| addresses(loaded).map(|addresses| addresses.preview_url((key, page), reading.now));
    let url = page.map(url).transpose()?.flatten().context("the link was ended meanwhile")?;
    let until = page.and_then(|page| page.preview).map(|preview| second(preview.until)).unwrap_or_default();
    if json {
        return Ok((serde_json::json!({ "url": url, "expires_at": until }).to_string(), None));
    }
    let note = format!(
        "Whoever has this link sees the page until {until}. skerry-aggregator page preview … --revoke ends it before."
    );
    Ok((url, Some(note)))
}

fn addresses(loaded: &Loaded) -> anyhow::Result<Addresses> {
    let process = loaded.configs.first().context("no configuration")?;
    let key = SignInKey::of(&process.store.path)?;
    Ok(Addresses::of(process, &loaded.configs).signing_with(key))
}

fn feeds(
    loaded: &Loaded,
    (state, key): (&State, PageKey),
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let name = &state.pages[&key].key;
    let none = || {
        format!("nobody sees page {name:?}, so it has no feeds: it is neither public nor has it an audience")
    };
    let feeds = addresses(loaded)?.feeds_of(state, key).with_context(none)?;
    if json {
        let all = feeds.iter().map(
            |feed| serde_json::json!({ "component": feed.component, "file": feed.file, "url": feed.url }),
        );
        return Ok((serde_json::json!({ "feeds": all.collect::<Vec<_>>() }).to_string(), None));
    }
    let line = |feed: &FeedAddress| {
        [feed.component.clone().unwrap_or_else(|| "the page".to_owned()), feed.url.clone()]
    };
    let has_token = feeds.iter().any(|feed| feed.url.contains("?token="));
    let note = "Whoever has such an address reads it without signing in. A new password ends all of them.";
    let heads = std::iter::once(FEED_HEADS.map(str::to_owned));
    Ok((
        aligned(&heads.chain(feeds.iter().map(line)).collect::<Vec<_>>()),
        has_token.then(|| note.to_owned()),
    ))
}
