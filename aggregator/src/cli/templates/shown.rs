//! Templates as tables and JSON.

use super::super::reading::{Reading, indented, name_of, said_too_much, second, version};
use super::super::table::aligned;
use anyhow::Context;
use skerry_aggregator::control::lookup;
use skerry_domain::rows::Subject;
use skerry_domain::state::{Origin, State, TemplateKey};
use skerry_domain::template::{Template, TemplateStatus};
use skerry_domain::text::Text;
use std::fmt::Write as _;

const HEADS: [&str; 6] = ["TEMPLATE", "NAME", "PAGE", "STATE", "FROM", "TITLE"];

type Row<'s> = (&'s State, TemplateKey, &'s Template);

pub(super) fn list(
    reading: &Reading,
    workspace: Option<&str>,
    page: Option<&str>,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut found = page.is_none();
    let mut no_page = format!("there is no page {:?}", page.unwrap_or_default());
    for state in &states {
        let key = match page.map(|page| lookup::page(state, Some(page))).transpose() {
            Ok(key) => key,
            Err(why) => {
                no_page = why;
                continue;
            }
        };
        found = true;
        let wanted = |one: &Template| key.is_none() || one.page.is_none() || one.page == key;
        let templates = state.templates.iter().filter(|(_, one)| wanted(one));
        rows.extend(templates.map(|(key, one)| (*state, *key, one)));
    }
    anyhow::ensure!(found, no_page);
    rows.sort_by_key(|(state, _, one)| (page_of(state, one), one.name.to_lowercase()));
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(row, false)).collect();
        return Ok(serde_json::json!({ "templates": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("No templates yet: make one with skerry-aggregator template add NAME".to_owned());
    }
    let line = |(state, _, one): &Row<'_>| {
        [
            one.id.clone(),
            one.name.clone(),
            page_of(state, one).unwrap_or("every page").to_owned(),
            one.status.map_or("-", |status| status.name()).to_owned(),
            one.origin.name().to_owned(),
            one.title.public.one_line(),
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    Ok(aligned(&lines))
}

/// The key of its page; `None`: it is for every page.
fn page_of<'s>(state: &'s State, one: &Template) -> Option<&'s str> {
    one.page.map(|page| state.pages.get(&page).map_or("?", |page| page.key.as_str()))
}

pub(super) fn show(
    reading: &Reading,
    workspace: Option<&str>,
    (name, page): (&str, Option<&str>),
    original: bool,
    json: bool,
) -> anyhow::Result<String> {
    let mut why = None;
    for state in reading.states(workspace)? {
        let found = page
            .map(|page| lookup::page(state, Some(page)))
            .transpose()
            .and_then(|page| lookup::template(state, page, name));
        match found {
            Ok(key) => {
                let row = (state, key, &state.templates[&key]);
                return Ok(if json { object(&row, original).to_string() } else { text(&row, original) });
            }
            Err(error) => why = why.or(Some(error)),
        }
    }
    Err(anyhow::Error::msg(why.context("there is no such workspace")?))
}

fn text(row: &Row<'_>, original: bool) -> String {
    let (state, key, one) = *row;
    let mut out = format!("{}\n", one.name);
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<11} {value}");
    };
    say("id", one.id.clone());
    say("page", page_of(state, one).unwrap_or("every page").to_owned());
    say(
        "from",
        match one.origin {
            Origin::File => "the configuration file".to_owned(),
            Origin::Runtime => one.by.clone().unwrap_or_else(|| "nobody".to_owned()),
        },
    );
    if let Some(status) = one.status {
        say("state", status.name().to_owned());
    }
    for component in &one.components {
        say("component", name_of(state, *component).to_owned());
    }
    say("changed", second(one.updated_at));
    let said = said_too_much(state, [&one.title.public, &one.body.public].into_iter());
    if !said.is_empty() {
        let words = said.join(", ");
        say("note", format!("it says what is removed by today's rules: {words}"));
    }
    say("version", version(state, &Subject::Template(key)));
    say("title", one.title.public.one_line());
    if let Some(written) = as_written(&one.title, original) {
        say("as written", written.to_owned());
    }
    out.push('\n');
    out.push_str(&indented(one.body.public.source()));
    if let Some(written) = as_written(&one.body, original) {
        out.push_str(&indented(&format!("as written: {written}")));
    }
    out.trim_end().to_owned()
}

/// The text of its author where it is another one and wanted.
fn as_written(text: &Text, original: bool) -> Option<&str> {
    (original && text.written != text.public.source()).then_some(text.written.as_str())
}

fn object(row: &Row<'_>, original: bool) -> serde_json::Value {
    let (state, key, one) = *row;
    let components = one.components.iter().filter_map(|key| state.components.get(key));
    let components = components.map(|one| serde_json::json!({ "id": one.id, "name": one.settings.name }));
    serde_json::json!({
        "id": one.id,
        "workspace": state.workspace.name,
        "page": page_of(state, one),
        "name": one.name,
        "origin": one.origin.name(),
        "title": one.title.public.source(),
        "title_as_written": original.then_some(&one.title.written),
        "body": one.body.public.source(),
        "body_as_written": original.then_some(&one.body.written),
        "update_status": one.status.map(TemplateStatus::name),
        "components": components.collect::<Vec<_>>(),
        "created_at": second(one.created_at),
        "updated_at": second(one.updated_at),
        "by": one.by,
        "version": version(state, &Subject::Template(key)),
    })
}
