//! Announcements as tables and JSON.

use super::super::reading::{Reading, indented, said_too_much, second, version};
use super::super::table::aligned;
use anyhow::Context;
use skerry_aggregator::control::lookup;
use skerry_domain::announcement::Announcement;
use skerry_domain::rows::Subject;
use skerry_domain::state::{AnnouncementKey, State};
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;
use std::fmt::Write as _;

const HEADS: [&str; 7] = ["ANNOUNCEMENT", "PAGES", "STATE", "LEVEL", "FROM", "TO", "TITLE"];

type Row<'s> = (&'s State, AnnouncementKey, &'s Announcement);

pub(super) fn list(
    reading: &Reading,
    workspace: Option<&str>,
    page: Option<&str>,
    all: bool,
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
        let wanted =
            |one: &Announcement| (all || one.is_open()) && key.is_none_or(|page| one.pages.contains(&page));
        let announcements = state.announcements.iter().filter(|(_, one)| wanted(one));
        rows.extend(announcements.map(|(key, one)| (*state, *key, one)));
    }
    anyhow::ensure!(found, no_page);
    rows.sort_by_key(|(_, _, one)| (!one.is_open(), one.from));
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(row, false)).collect();
        return Ok(serde_json::json!({ "announcements": all }).to_string());
    }
    if rows.is_empty() {
        return Ok("Nothing is announced.".to_owned());
    }
    let line = |(state, _, one): &Row<'_>| {
        [
            one.id.clone(),
            pages(state, one).join(", "),
            word(one).to_owned(),
            one.level.name().to_owned(),
            second(one.from),
            until(one).map_or_else(|| "-".to_owned(), second),
            one.title.public.one_line(),
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    Ok(aligned(&lines))
}

/// `planned`, `shown` or `ended`
fn word(one: &Announcement) -> &'static str {
    match (one.is_open(), one.is_published()) {
        (true, false) => "planned",
        (true, true) => "shown",
        (false, _) => "ended",
    }
}

/// Its end, as planned or as it was.
fn until(one: &Announcement) -> Option<Timestamp> {
    one.ended_at.or(one.to)
}

fn pages<'s>(state: &'s State, one: &Announcement) -> Vec<&'s str> {
    one.pages.iter().filter_map(|page| state.pages.get(page)).map(|page| page.key.as_str()).collect()
}

pub(super) fn show(
    reading: &Reading,
    workspace: Option<&str>,
    id: &str,
    original: bool,
    json: bool,
) -> anyhow::Result<String> {
    let mut states = reading.states(workspace)?.into_iter();
    let found = states.find_map(|state| Some((state, state.announcement_with_id(id)?)));
    let (state, key) = found
        .with_context(|| format!("there is no announcement {id:?}: announcement list --all shows it"))?;
    let row = (state, key, &state.announcements[&key]);
    if json { Ok(object(&row, original).to_string()) } else { Ok(text(&row, original)) }
}

fn text(row: &Row<'_>, original: bool) -> String {
    let (state, key, one) = *row;
    let mut out = format!("{}\n", one.title.public.one_line());
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<11} {value}");
    };
    if let Some(written) = as_written(&one.title, original) {
        say("as written", written.to_owned());
    }
    say("pages", pages(state, one).join(", "));
    say("state", word(one).to_owned());
    say("level", one.level.name().to_owned());
    let end = until(one).map_or_else(|| "somebody ends it".to_owned(), second);
    say("shown", format!("{} until {end}", second(one.from)));
    if let Some(at) = one.edited_at {
        say("edited", second(at));
    }
    say(
        "subscribers",
        if one.tell_subscribers { "are told when it appears" } else { "are not told" }.to_owned(),
    );
    if let Some(by) = &one.by {
        say("made by", by.clone());
    }
    let said = said_too_much(state, [&one.title.public, &one.body.public].into_iter());
    if !said.is_empty() {
        let words = said.join(", ");
        say("note", format!("it says what it must not by today's rules, {words}: announcement change"));
    }
    say("version", version(state, &Subject::Announcement(key)));
    out.push('\n');
    out.push_str(&indented(&one.body.public.plain()));
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
    serde_json::json!({
        "id": one.id,
        "workspace": state.workspace.name,
        "pages": pages(state, one),
        "title": one.title.public.one_line(),
        "title_as_written": original.then_some(&one.title.written),
        "body": one.body.public.plain().trim(),
        "body_as_written": original.then_some(&one.body.written),
        "level": one.level.name(),
        "state": word(one),
        "from": second(one.from),
        "to": one.to.map(second),
        "tell_subscribers": one.tell_subscribers,
        "created_at": second(one.created_at),
        "updated_at": second(one.updated_at),
        "edited_at": one.edited_at.map(second),
        "began_at": one.began_at.map(second),
        "ended_at": one.ended_at.map(second),
        "by": one.by,
        "version": version(state, &Subject::Announcement(key)),
    })
}
