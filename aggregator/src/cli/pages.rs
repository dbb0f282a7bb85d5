//! `page …`: the pages with the ids by which REST names them, links to their previews, and the addresses of their feeds.

use super::reading::{Reading, milliseconds, second};
use super::table::aligned;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use skerry_aggregator::config::{Audience, Loaded};
use skerry_aggregator::control::{PageRequest, Request, carry_out, lookup};
use skerry_aggregator::publish::{Addresses, FeedAddress};
use skerry_aggregator::sign_ins::SignInKey;
use skerry_domain::state::{Page, PageKey, State};
use skerry_host::secret_files;

const HEADS: [&str; 5] = ["PAGE", "ID", "SLUG", "FOR", "NAME"];
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
        PageDo::List => Ok((list(loaded, &states, json), None)),
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

/// What the file says of a page that somebody signs in to, or sees from some networks.
fn audience_of<'l>(loaded: &'l Loaded, (state, page): &Row<'_>) -> Option<&'l Audience> {
    let mut files = loaded.configs.iter().filter(|config| config.workspace == state.workspace.name);
    let declared = files.find_map(|config| config.pages.iter().find(|one| one.slug == page.settings.slug));
    declared?.audience.as_ref()
}

/// Whom a page is for: "everybody", "password", "networks" or "nobody".
fn seen_by(loaded: &Loaded, row: &Row<'_>) -> String {
    if row.1.settings.public {
        return "everybody".to_owned();
    }
    let Some(audience) = audience_of(loaded, row) else { return "nobody".to_owned() };
    let parts = [(!audience.networks.is_empty(), "networks"), (audience.password_file.is_some(), "password")];
    parts.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect::<Vec<_>>().join(", ")
}

fn list(loaded: &Loaded, states: &[&State], json: bool) -> String {
    let all = states.iter().flat_map(|state| state.pages.values().map(move |page| (*state, page)));
    let rows: Vec<Row<'_>> = all.filter(|(_, page)| !page.archived).collect();
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(loaded, row)).collect();
        return serde_json::json!({ "pages": all }).to_string();
    }
    if rows.is_empty() {
        return "There is no page.".to_owned();
    }
    let several = states.len() > 1;
    let line = |row: &Row<'_>| {
        let (state, page) = row;
        let key = &page.key;
        let settings = &page.settings;
        [
            if several { format!("{}/{key}", state.workspace.name) } else { key.clone() },
            page.id.clone(),
            settings.slug.clone(),
            seen_by(loaded, row),
            settings.name.clone(),
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    aligned(&lines)
}

fn object(loaded: &Loaded, row: &Row<'_>) -> serde_json::Value {
    let (state, page) = row;
    serde_json::json!({
        "for": seen_by(loaded, row),
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
    let process = loaded.configs.first().context("no configuration")?;
    let addresses = Addresses::of(process, &loaded.configs).signing_with(SignInKey::of(&process.store.path)?);
    let url = |page| addresses.preview_url((key, page), reading.now);
    let url = page.and_then(url).context("the link was ended meanwhile")?;
    let until = page.and_then(|page| page.preview).map(|preview| second(preview.until)).unwrap_or_default();
    if json {
        return Ok((serde_json::json!({ "url": url, "expires_at": until }).to_string(), None));
    }
    let note = format!(
        "Whoever has this link sees the page until {until}. skerry-aggregator page preview … --revoke ends it before."
    );
    Ok((url, Some(note)))
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
    let audience = audience_of(loaded, &(state, &state.pages[&key]));
    if let Some(file) = audience.and_then(|audience| audience.password_file.as_deref()) {
        secret_files::token(file).with_context(|| {
            format!(
                "password_file {} cannot be read, and without it there is no token of feeds",
                file.display()
            )
        })?;
    }
    let process = loaded.configs.first().context("no configuration")?;
    let mut addresses = Addresses::of(process, &loaded.configs);
    // A read makes no key.
    addresses.sign_in_key = SignInKey::read(&process.store.path)?;
    let feeds = addresses.feeds_of(state, key).with_context(none)?;
    if json {
        let all = feeds.iter().map(
            |feed| serde_json::json!({ "component": feed.component, "file": feed.file, "url": feed.url() }),
        );
        return Ok((serde_json::json!({ "feeds": all.collect::<Vec<_>>() }).to_string(), None));
    }
    let line =
        |feed: &FeedAddress| [feed.component.clone().unwrap_or_else(|| "the page".to_owned()), feed.url()];
    let note = if feeds.iter().any(FeedAddress::has_token) {
        Some("Whoever has such an address reads it without signing in. A new password ends all of them.")
    } else if addresses.has_password(&state.pages[&key]) {
        Some(
            "They have no token yet, so that nobody reads them without signing in: the aggregator has not been started \
             with this page, or its password_file cannot be read.",
        )
    } else {
        None
    };
    let heads = std::iter::once(FEED_HEADS.map(str::to_owned));
    Ok((aligned(&heads.chain(feeds.iter().map(line)).collect::<Vec<_>>()), note.map(str::to_owned)))
}
