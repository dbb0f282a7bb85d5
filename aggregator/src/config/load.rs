//! Reads files into [`Loaded`]: each file by itself, and then the rules over all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use skerry_agent::config::warn_about_files;
use skerry_protocol::check::{self, Kind};
use skerry_protocol::strict::{self, Document, Item, Problem, Problems, Shape, Table, Unusable};

use super::rules::EarlierProblems;
use super::server::{self, Process};
use super::templates::{Within, templates};
use super::{CheckEntry, Config, Loaded, Page, Quorum, branding, incidents, page, receivers, routes, rules};
use crate::texts::TextSanitiser;

/// Reads the files, one per workspace; the first also has the settings of the process. Paths in a file are relative to
/// that file.
///
/// # Errors
/// All problems of all files, with the warnings.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Unusable> {
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    let mut configs = Vec::new();
    let mut process = None;
    for (index, path) in paths.iter().enumerate() {
        let file = path.display().to_string();
        let Some(text) = text_of(path, &mut problems) else { continue };
        let (config, found, file_warnings) = read(&file, &text, index == 0, &mut process);
        // The valid part of a rejected file is checked, too, so that all problems are reported at once.
        configs.extend(config);
        problems.0.extend(found);
        warnings.extend(file_warnings);
    }
    if paths.is_empty() {
        problems.add("", "no configuration file is named", "Name one with --config.");
    }
    let earlier = EarlierProblems::of(&problems);
    rules::apply(&configs, &earlier, &mut problems, &mut warnings);
    if problems.0.is_empty() {
        // Only if all pages were read.
        let named = process.and_then(|process| process.root);
        rules::assign_root(&mut configs, named, &mut problems, &mut warnings);
    }
    if problems.0.is_empty() {
        Ok(Loaded { configs, warnings })
    } else {
        Err(Unusable { problems, warnings })
    }
}

/// A text with every section that a file may have, and a `[[check]]` of every type.
pub const EVERY_KEY: &str = include_str!("every_key.toml");

/// `(section, key)` of every key that the reader looks up in `text`, present or not, with the expected type.
#[must_use]
pub fn known_keys(text: &str) -> BTreeMap<(String, String), Shape> {
    let Ok(document) = Document::parse("every_key.toml", text) else { return BTreeMap::new() };
    let _ = read_root(&document.root(), true, &mut None);
    document.asked()
}

fn text_of(path: &Path, problems: &mut Problems) -> Option<String> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => strict::text_of(&file, bytes).map_err(|problem| problems.0.push(problem)).ok(),
        Err(error) => {
            problems.0.push(strict::unreadable(&file, &error));
            None
        }
    }
}

fn read(
    file: &str,
    text: &str,
    first: bool,
    process: &mut Option<Process>,
) -> (Option<Config>, Vec<Problem>, Vec<Problem>) {
    match Document::parse(file, text) {
        Err(problems) => (None, problems.0, Vec::new()),
        Ok(document) => {
            let config = read_root(&document.root(), first, process);
            let (problems, warnings) = document.finish();
            (config, problems, warnings)
        }
    }
}

fn read_root(root: &Table<'_>, first: bool, process: &mut Option<Process>) -> Option<Config> {
    for (key, within) in
        [("component", "[[page.component]] or [[page.group.component]]"), ("group", "[[page.group]]")]
    {
        let wrong = format!("[[{key}]] belongs to no page");
        root.misplaced(key, wrong, format!("Write {within} below the [[page]] that shows it."));
    }
    let workspace = page::name(root.string("workspace"), 63).or("default".to_owned());
    if first {
        *process = server::process(root);
    } else {
        server::reject_process(root);
    }
    for key in ["agent", "aggregator", "exec", "metrics", "self_test"] {
        let wrong = format!("[{key}] belongs to an agent, and this is the file of the aggregator");
        let remedy = if key == "self_test" {
            "Write [local_agent.self_test] for the built-in agent."
        } else {
            "Move it into that agent's agent.toml."
        };
        root.misplaced(key, wrong, remedy);
    }
    // What is wrong with [mail] is said there; a further file uses that of the first.
    let has_mail =
        if first { root.has("mail") } else { process.as_ref().is_none_or(|one| one.mail.is_some()) };
    let (receivers, named) = receivers::receivers(root, has_mail);
    let routes = routes::routes(root, &named);
    let local_agent = server::local_agent(root);
    let new_reporters = server::new_reporters(root);
    let (incidents, sanitiser) = (incidents::incidents(root), incidents::sanitiser(root));
    let section_at = |key: &str| root.has(key).then(|| root.position_of(key));
    let (incidents_at, sanitiser_at) = (section_at("incidents"), section_at("sanitiser"));
    let checks: Vec<CheckEntry> = root.tables("check", &["name"]).iter().filter_map(check_entry).collect();
    let (mut pages, brandings) = pages(root);
    let local = local_agent.as_ref();
    let within = Within { checks: &checks, pages: &pages, local_agent: local, sanitiser: &sanitiser };
    let templates = templates(root, &within);
    let mut texts = within.rules().map(TextSanitiser::with);
    for (page, table) in pages.iter_mut().zip(&brandings) {
        if let Some(table) = table {
            (page.branding.header, page.branding.footer) = branding::texts(table, texts.as_mut());
        }
    }
    let Process {
        listeners,
        public,
        store,
        metrics_token_file,
        requests_per_minute,
        dead_man_switch,
        exports,
        purges,
        mail,
        subscribers,
        ..
    } = process.clone()?;
    Some(Config {
        workspace,
        listeners,
        public,
        store,
        metrics_token_file,
        requests_per_minute,
        exports,
        purges,
        dead_man_switch,
        mail,
        subscribers,
        local_agent,
        new_reporters,
        incidents,
        incidents_at,
        receivers,
        routes,
        sanitiser,
        sanitiser_at,
        checks,
        pages,
        templates,
        declared_at: root.position_of("workspace"),
    })
}

/// The pages, and for each the table whose texts are still to be read: the sanitiser has to know the names of all pages.
fn pages<'d>(root: &Table<'d>) -> (Vec<Page>, Vec<Option<Table<'d>>>) {
    let tables = root.tables("page", &["key", "slug", "name"]);
    let read = tables.iter().filter_map(|table| {
        let (look, texts) = branding::branding(table);
        let page = page::page(table, look);
        if page.is_none() {
            texts.iter().for_each(Table::leave_the_rest);
        }
        Some((page?, texts))
    });
    read.unzip()
}

fn check_entry(table: &Table<'_>) -> Option<CheckEntry> {
    let quorum = table.item("quorum").map_or(Some(Quorum::Majority), |item| quorum(&item));
    let check = check::read(table);
    if let Some(check) = &check {
        if let Kind::Exec(_) = check.kind {
            let remedy = "Declare it in that agent's own agent.toml, which says [exec] enabled = true.";
            table.refuse("type", "type \"exec\" runs programs on an agent's host, never from here", remedy);
        }
        if let Kind::Heartbeat(_) = check.kind {
            let why = "for a heartbeat: one place hears its calls, the aggregator itself";
            table.meaningless("quorum", why, "Remove it.");
        }
        warn_about_files(table, check);
    }
    Some(CheckEntry { check: check?, quorum: quorum?, declared_at: table.position() })
}

fn quorum(item: &Item<'_>) -> Option<Quorum> {
    if item.is_integer() {
        return item.integer(1, 1_000).map(|number| Quorum::Number(number as u32));
    }
    if item.as_str().is_none() {
        return item.refuse_type("\"majority\", \"any\", \"all\" or a number of locations");
    }
    item.choice(&[("majority", Quorum::Majority), ("any", Quorum::Any), ("all", Quorum::All)])
}
