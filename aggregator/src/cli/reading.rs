//! What lists of incidents, problems, components, maintenance and corrections read: the state of the workspaces as of the last commit.

use super::agents::store_at;
use anyhow::{Context, ensure};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::texts::{review, rules};
use skerry_domain::incident::{Incident, Title};
use skerry_domain::problem::{Problem, ProblemSubject};
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

    /// The states of all workspaces, or of one.
    pub(super) fn states<'s>(&'s self, workspace: Option<&'s str>) -> Vec<&'s State> {
        let wanted = |state: &&State| workspace.is_none_or(|named| state.workspace.name == named);
        self.workspaces.iter().map(|(_, state)| state).filter(wanted).collect()
    }

    /// "3 min ago"
    pub(super) fn ago(&self, at: Timestamp) -> String {
        format!("{} ago", duration(self.now - at))
    }
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

/// What has a problem: the name of a check, or "agent web-1".
pub(super) fn subject(state: &State, problem: &Problem) -> String {
    match problem.subject {
        ProblemSubject::Check(key) => state.checks.get(&key).map_or_else(String::new, |one| one.name.clone()),
        ProblemSubject::Agent(key) => {
            format!("agent {}", state.agents.get(&key).map_or("", |agent| agent.name.as_str()))
        }
    }
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

/// An instant such as `2026-01-31T16:15:00Z`, ms since 1970.
pub(super) fn time(text: &str) -> anyhow::Result<i64> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let parsed =
        parsed.ok().with_context(|| format!("{text:?} is no time: write it such as 2026-01-31T16:15:00Z"))?;
    Ok(parsed.as_millisecond())
}
