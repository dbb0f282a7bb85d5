//! Maintenance as tables, timelines and JSON.

use super::super::reading::{Reading, indented, name_of, said_too_much, second, version};
use super::super::table::aligned;
use super::series;
use anyhow::Context;
use skerry_aggregator::control::lookup;
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{PlannedWindow, WindowText, WindowUpdate};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, PageKey, State, WindowKey};
use skerry_domain::time::Timestamp;
use skerry_protocol::words::duration;
use skerry_publish::maintenance::maintenance_view;
use skerry_publish::view::MaintenanceView;
use skerry_sanitiser::PublicText;
use std::fmt::Write as _;

const HEADS: [&str; 7] = ["MAINTENANCE", "PAGE", "STATE", "FROM", "TO", "TITLE", "NOTES"];

type Row<'s> = (&'s State, WindowKey, &'s PlannedWindow);

pub(super) fn list(
    reading: &Reading,
    workspace: Option<&str>,
    page: Option<&str>,
    all: bool,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let (mut rows, mut recurring): (Vec<Row<'_>>, Vec<series::Row<'_>>) = Default::default();
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
        let of_page = |page| key.is_none_or(|wanted| page == Some(wanted));
        let wanted = |one: &PlannedWindow| {
            of_page(one.page) && (all || (one.is_open() && !series::is_later(state, one)))
        };
        let windows = state.windows.iter().filter(|(_, one)| wanted(one));
        rows.extend(windows.map(|(key, one)| (*state, *key, one)));
        let of_series =
            state.series.iter().filter(|(_, one)| of_page(one.page) && (all || one.ended_at.is_none()));
        recurring.extend(of_series.map(|(key, one)| (*state, *key, one)));
    }
    anyhow::ensure!(found, no_page);
    rows.sort_by_key(|(_, _, one)| (!one.is_open(), one.from));
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(row, false)).collect();
        let series: Vec<_> = recurring.iter().map(|row| series::object(row, reading.now, false)).collect();
        return Ok(serde_json::json!({ "maintenance": all, "series": series }).to_string());
    }
    if rows.is_empty() && recurring.is_empty() {
        return Ok(
            if all { "There is no maintenance." } else { "No maintenance is planned or runs." }.to_owned()
        );
    }
    let several = states.len() > 1;
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(row, several)));
    let tables = [
        (!rows.is_empty()).then(|| aligned(&lines)),
        (!recurring.is_empty()).then(|| series::table(&recurring, reading.now, several)),
    ];
    Ok(tables.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
}

fn line((state, _, window): &Row<'_>, several: bool) -> [String; 7] {
    let page = page_of(state, window.page).unwrap_or("-");
    let (from, to) = window.runs();
    [
        window.id.clone(),
        page_name(state, page, several),
        window.status.name().to_owned(),
        second(from),
        second(to.max(from)),
        title_of(state, window),
        notes(state, window).join("; "),
    ]
}

/// The key of a page, with its workspace if there are several.
pub(super) fn page_name(state: &State, page: &str, several: bool) -> String {
    if several { format!("{}/{page}", state.workspace.name) } else { page.to_owned() }
}

pub(super) fn page_of(state: &State, page: Option<PageKey>) -> Option<&str> {
    page.and_then(|page| state.pages.get(&page)).map(|page| page.key.as_str())
}

/// As visitors read it, or of what it is made.
pub(super) fn title(
    state: &State,
    title: &Title,
    (components, checks): (&[ComponentKey], &[String]),
) -> String {
    match title {
        Title::Written(text) => text.public.one_line(),
        Title::Automatic if components.is_empty() => checks.join(", "),
        Title::Automatic => {
            let names: Vec<&str> = components.iter().map(|key| name_of(state, *key)).collect();
            names.join(", ")
        }
    }
}

fn title_of(state: &State, window: &PlannedWindow) -> String {
    title(state, &window.title, (&window.components, &window.checks))
}

/// What an operator should know.
fn notes(state: &State, window: &PlannedWindow) -> Vec<String> {
    let mut notes = Vec::new();
    if window.page.is_none() {
        notes.push("private".to_owned());
    } else if window.is_open() && !window.is_published() {
        notes.push(format!("visitors see it from {} on", second(window.from - window.lead)));
    }
    if let Some(series) = window.occurrence.and_then(|one| state.series.get(&one.series)) {
        notes.push(format!("of series {}", series.id));
    }
    if !window.checks.is_empty() {
        notes.push(format!("holds back problems of {}", window.checks.join(", ")));
    }
    let said = said_too_much(state, texts(window));
    if !said.is_empty() {
        let words = said.join(", ");
        notes.push(format!("its texts say what they must not by today's rules, {words}: maintenance edit"));
    }
    notes
}

/// The texts of people that visitors read.
fn texts(window: &PlannedWindow) -> impl Iterator<Item = &PublicText> {
    let title = match &window.title {
        Title::Written(text) => Some(&text.public),
        Title::Automatic => None,
    };
    let bodies = window.updates.iter().filter_map(|update| match &update.body {
        WindowText::Written(text) => Some(&text.public),
        WindowText::Automatic { .. } => None,
    });
    title.into_iter().chain(bodies)
}

pub(super) fn show(
    reading: &Reading,
    workspace: Option<&str>,
    id: &str,
    original: bool,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let states = || states.iter().copied();
    if let Some(row) = states().find_map(|state| series::with_id(state, id)) {
        return Ok(series::show(&row, reading.now, original, json));
    }
    let found = states().find_map(|state| Some((state, state.window_with_id(id)?)));
    let (state, key) =
        found.with_context(|| format!("there is no maintenance {id:?}: maintenance list --all shows it"))?;
    let row = (state, key, &state.windows[&key]);
    if json { Ok(object(&row, original).to_string()) } else { Ok(text(&row, original)) }
}

fn text(row: &Row<'_>, original: bool) -> String {
    let (state, key, window) = *row;
    let mut out = format!("{}\n", title_of(state, window));
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<11} {value}");
    };
    if let (true, Title::Written(text)) = (original, &window.title)
        && text.written != text.public.source()
    {
        say("as written", text.written.clone());
    }
    if let Some(page) = page_of(state, window.page) {
        say("page", page.to_owned());
    }
    let since = |what: &str, at: Option<Timestamp>| at.map(|at| format!(", {what} {}", second(at)));
    let shown = since("announced", window.announced_at).unwrap_or_default();
    say("state", format!("{}{shown}", window.status.name()));
    say("planned", format!("{} to {}", second(window.from), second(window.to)));
    let began = since("began", window.started_at).into_iter();
    let ended = since("completed", window.completed_at).or(since("cancelled", window.cancelled_at));
    let happened: String = began.chain(ended).collect();
    if !happened.is_empty() {
        say("happened", happened.trim_start_matches(", ").to_owned());
    }
    if window.page.is_some() && !window.is_published() {
        say("announces", format!("{} before it begins", duration(window.lead)));
    }
    for component in &window.components {
        say("component", name_of(state, *component).to_owned());
    }
    for check in &window.checks {
        say("check", check.clone());
    }
    for note in notes(state, window) {
        say("note", note);
    }
    say("version", version(state, &Subject::Window(key)));
    let view = maintenance_view(state, window);
    for update in window.updates.iter().rev() {
        out.push('\n');
        out.push_str(&entry(update, view.as_ref(), original));
    }
    out.trim_end().to_owned()
}

fn entry(update: &WindowUpdate, view: Option<&MaintenanceView>, original: bool) -> String {
    let by = update.by.as_deref().unwrap_or("by itself");
    let edited = update.edited_at.map_or_else(String::new, |at| format!(", edited {}", second(at)));
    let mut out =
        format!("{}  {}  {by}  {}{edited}\n", second(update.display_at), update.status.name(), update.id);
    out.push_str(&indented(&body(update, view)));
    if original {
        if let WindowText::Written(text) = &update.body
            && text.written != text.public.source()
        {
            out.push_str(&indented(&format!("as written: {}", text.written)));
        }
        for former in &update.former {
            out.push_str(&indented(&format!("until {}: {}", second(former.to), former.written)));
        }
    }
    out
}

/// The text of an entry, as visitors read it.
fn body(update: &WindowUpdate, view: Option<&MaintenanceView>) -> String {
    let shown = view.and_then(|view| view.updates.iter().find(|one| one.id == update.id)?.body.as_ref());
    match (&update.body, shown) {
        (WindowText::Written(text), _) => text.public.plain().trim().to_owned(),
        (WindowText::Automatic { .. }, Some(text)) => text.plain().trim().to_owned(),
        (WindowText::Automatic { event, from, to }, None) => {
            format!("(automatic: {}, {} to {})", event.name(), second(*from), second(*to))
        }
    }
}

fn object(row: &Row<'_>, original: bool) -> serde_json::Value {
    let (state, key, window) = *row;
    let at = |at: Option<Timestamp>| at.map(second);
    let view = maintenance_view(state, window);
    let component = |key: &ComponentKey| {
        let one = state.components.get(key);
        serde_json::json!({ "id": one.map(|one| &one.id), "name": name_of(state, *key) })
    };
    let written = match &window.title {
        Title::Written(text) if original => Some(&text.written),
        _ => None,
    };
    serde_json::json!({
        "id": window.id,
        "workspace": state.workspace.name,
        "page": page_of(state, window.page),
        "private": window.page.is_none(),
        "series": window.occurrence.and_then(|one| state.series.get(&one.series)).map(|series| &series.id),
        "title": title_of(state, window),
        "title_as_written": written,
        "status": window.status.name(),
        "from": second(window.from),
        "to": second(window.to),
        "lead_seconds": window.lead / skerry_domain::time::SECOND,
        "components": window.components.iter().map(component).collect::<Vec<_>>(),
        "checks": window.checks,
        "created_at": second(window.created_at),
        "announced_at": at(window.announced_at),
        "started_at": at(window.started_at),
        "verifying_at": at(window.verifying_at),
        "completed_at": at(window.completed_at),
        "cancelled_at": at(window.cancelled_at),
        "updated_at": second(window.updated_at),
        "version": version(state, &Subject::Window(key)),
        "updates": window.updates.iter().map(|one| update_object(one, view.as_ref(), original)).collect::<Vec<_>>(),
    })
}

fn update_object(update: &WindowUpdate, view: Option<&MaintenanceView>, original: bool) -> serde_json::Value {
    let written = match &update.body {
        WindowText::Written(text) if original => Some(&text.written),
        _ => None,
    };
    serde_json::json!({
        "id": update.id,
        "status": update.status.name(),
        "body": body(update, view),
        "body_as_written": written,
        "automatic": matches!(update.body, WindowText::Automatic { .. }),
        "at": second(update.display_at),
        "edited_at": update.edited_at.map(second),
        "by": update.by,
    })
}
