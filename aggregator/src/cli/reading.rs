//! What lists of incidents, problems, components, maintenance and corrections read: the state of the workspaces as of the last commit.

use super::agents::store_at;
use anyhow::{Context, bail, ensure};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::NOW;
use skerry_aggregator::texts::{review, rules};
use skerry_domain::incident::{Incident, Title};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, State};
use skerry_domain::time::{DAY, SECOND, Timestamp};
use skerry_domain::workspaces::Workspaces;
use skerry_protocol::strict::parse_duration;
use skerry_protocol::words::duration;
use skerry_sanitiser::PublicText;
use std::io::Read;

/// The most that is read from standard input, bytes. What enters is limited further where it is sanitised.
const INPUT: u64 = 1 << 20;

/// The longest duration of an argument, ms.
const LONGEST: i64 = 3_653 * DAY;

/// The state of all workspaces, and the aggregator's time.
pub(super) struct Reading {
    workspaces: Workspaces,
    pub(super) now: Timestamp,
}

impl Reading {
    pub(super) fn of(loaded: &Loaded) -> anyhow::Result<Self> {
        let process = loaded.configs.first().context("no configuration")?;
        let store = store_at(&process.store.path)?;
        let now = store.time()?;
        Ok(Self { workspaces: store.load(now)?, now })
    }

    /// The states of all workspaces, or of the one of that name.
    ///
    /// # Errors
    /// There is none of that name.
    pub(super) fn states(&self, workspace: Option<&str>) -> anyhow::Result<Vec<&State>> {
        states(&self.workspaces, workspace)
    }

    /// "3 min ago"
    pub(super) fn ago(&self, at: Timestamp) -> String {
        format!("{} ago", duration(self.now - at))
    }
}

/// The states of all workspaces, or of the one of that name.
///
/// # Errors
/// There is none of that name.
pub(super) fn states<'s>(
    workspaces: &'s Workspaces,
    workspace: Option<&str>,
) -> anyhow::Result<Vec<&'s State>> {
    let all = || workspaces.iter().map(|(_, state)| state);
    let found: Vec<&State> =
        all().filter(|state| workspace.is_none_or(|named| state.workspace.name == named)).collect();
    if let Some(named) = workspace.filter(|_| found.is_empty()) {
        let known: Vec<&str> = all().map(|state| state.workspace.name.as_str()).collect();
        let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
        bail!("there is no workspace {named:?}; there are: {known}");
    }
    Ok(found)
}

/// An instant in whole seconds.
pub(super) fn second(at: Timestamp) -> String {
    Timestamp(at.0.div_euclid(SECOND) * SECOND).to_string()
}

/// The title of an incident: as visitors read it, or of what it is made.
pub(super) fn title(state: &State, incident: &Incident) -> String {
    match &incident.title {
        Title::Written(text) => text.public.one_line(),
        Title::Automatic => {
            let components = incident.components();
            let names: Vec<&str> = components.iter().map(|(key, _)| name_of(state, *key)).collect();
            names.join(", ")
        }
    }
}

/// What texts show that was not private when they were written.
pub(super) fn said_too_much<'t>(state: &State, texts: impl Iterator<Item = &'t PublicText>) -> Vec<String> {
    let Ok(rules) = rules(state) else { return Vec::new() };
    let mut said: Vec<String> = texts.flat_map(|text| review(&rules, text)).collect();
    said.sort_by_key(|one| one.to_lowercase());
    said.dedup_by_key(|one| one.to_lowercase());
    said
}

/// The version of what is shown, as `--if-version` takes it.
pub(super) fn version(state: &State, subject: &Subject) -> String {
    state.version(subject).map_or_else(String::new, |version| format!("{:016x}", version.0))
}

/// A text as it stands below a heading.
pub(super) fn indented(text: &str) -> String {
    text.trim().lines().map(|line| format!("  {line}\n")).collect()
}

/// The name of a component.
pub(super) fn name_of(state: &State, component: ComponentKey) -> &str {
    state.components.get(&component).map_or("?", |one| &one.settings.name)
}

/// The text of an argument; `-` reads it from standard input.
pub(super) fn written(argument: &str) -> anyhow::Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().lock().take(INPUT).read_to_string(&mut text).context("standard input is not text")?;
    Ok(text)
}

/// A duration such as `2h`, ms.
pub(super) fn milliseconds(option: &str, text: &str) -> anyhow::Result<i64> {
    let parsed = parse_duration(text).and_then(|duration| i64::try_from(duration.as_millis()).ok());
    let remedy = "write a whole number and one unit of s, m, h, d, such as 30m or 2h";
    let milliseconds = parsed.with_context(|| format!("{option} {text:?}: {remedy}"))?;
    ensure!(milliseconds > 0, "{option} {text:?}: {remedy}");
    ensure!(milliseconds <= LONGEST, "{option} {text:?} is longer than ten years: write at most 3653d");
    Ok(milliseconds)
}

/// An instant such as `2026-01-31T16:15:00Z`, ms since 1970, or `now`, by the clock of the aggregator.
pub(super) fn time(text: &str) -> anyhow::Result<i64> {
    if text == "now" {
        return Ok(NOW);
    }
    let wrong = || {
        if text.parse::<jiff::civil::DateTime>().is_ok() {
            return format!("{text:?} says no time zone: add Z, or such as +01:00");
        }
        format!("{text:?} is no time: write it such as 2026-01-31T16:15:00Z, or now")
    };
    let parsed = text.parse::<jiff::Timestamp>().ok().with_context(wrong)?;
    Ok(parsed.as_millisecond())
}
