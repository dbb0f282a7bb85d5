//! `check …`: the status of each check and the reports of agents, read from the database.

use super::agents::{of_workspace, store_at};
use super::reading::states;
use super::table::aligned;
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{Request, carry_out};
use skerry_domain::reporters::Held;
use skerry_domain::state::{Check, CheckKey, LastRun, Link, State};
use skerry_domain::time::Timestamp;
use skerry_domain::track::HardState;
use skerry_domain::verdict::{LocationVote, Verdict, Vote};
use skerry_domain::votes::{AgentVote, CheckVotes, of_check, verdict_since};
use skerry_protocol::wire::Outcome;
use skerry_protocol::words::{duration, milliseconds};

const HEADS: [&str; 7] = ["CHECK", "STATUS", "SINCE", "LATENCY", "LABELS", "DISSENTING", "REPORTED"];

#[derive(Args)]
pub(crate) struct Checks {
    /// Only this workspace
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: CheckDo,
}

#[derive(Subcommand)]
pub(crate) enum CheckDo {
    /// Show the status of every check, since when, its latency, its labels, the locations that report worse, what each
    /// agent reported and why, and which agents are rejected
    List,
    /// Choose whose definition of a check applies where agents have conflicting ones
    Define {
        /// The check's name
        check: String,
        /// The agent whose definition applies
        #[arg(long, value_name = "AGENT")]
        r#as: String,
    },
}

/// Carries out the command and returns its output.
pub(crate) fn checks(loaded: &Loaded, arguments: &Checks, json: bool) -> anyhow::Result<String> {
    let path = &loaded.configs.first().context("no configuration")?.store.path;
    if let CheckDo::Define { check, r#as: agent } = &arguments.what {
        let config = of_workspace(loaded, arguments.workspace.as_deref())?;
        ensure!(
            config.checks.iter().all(|declared| declared.check.name != *check),
            "the configuration defines {check:?} and takes precedence: change it there, or remove it first"
        );
        let (workspace, check, agent) = (config.workspace.clone(), check.clone(), agent.clone());
        let output = format!(
            "{check} is what {agent} defines. Agents with a conflicting \
             definition are rejected until they define it alike."
        );
        carry_out(path, Request::ChooseDefinition { workspace, check, agent })?;
        return Ok(output);
    }
    let store = store_at(path)?;
    let now = store.time()?;
    let workspaces = store.load(now)?;
    let states = states(&workspaces, arguments.workspace.as_deref())?;
    let mut states: Vec<State> = states.into_iter().cloned().collect();
    states.iter_mut().for_each(|state| state.derive_verdicts(now));
    let row = |(state, key, check): (_, &CheckKey, _)| Row {
        state,
        key: *key,
        check,
        since: verdict_since(state, *key, now),
        votes: of_check(state, *key, now),
    };
    let checks =
        states.iter().flat_map(|state| state.checks.iter().map(move |(key, check)| (state, key, check)));
    let mut rows: Vec<Row<'_>> = checks.map(row).collect();
    rows.sort_unstable_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    Ok(if json { all(&rows) } else { table(&rows, now) })
}

struct Row<'s> {
    state: &'s State,
    key: CheckKey,
    check: &'s Check,
    since: Option<Timestamp>,
    votes: CheckVotes<'s>,
}

impl Row<'_> {
    /// The sort key.
    fn sort_key(&self) -> (&str, &str) {
        (self.workspace(), &self.check.name)
    }

    fn workspace(&self) -> &str {
        &self.state.workspace.name
    }

    /// The check whose outage explains that it fails.
    fn explained_by(&self) -> Option<&str> {
        let fails = matches!(self.votes.verdict, Verdict::Degraded | Verdict::Down);
        let parent = self.state.explained_by(self.key).filter(|_| fails)?;
        Some(&self.state.checks.get(&parent)?.name)
    }

    /// "team=web, tier=1".
    fn labels(&self) -> Option<String> {
        let labels = self.state.labels_of(self.key);
        let pairs = labels
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}")));
        Some(pairs.collect::<Vec<_>>().join(", ")).filter(|labels| !labels.is_empty())
    }

    /// The components that it feeds.
    fn components(&self) -> Vec<serde_json::Value> {
        let components = self.check.components.iter().filter_map(|key| self.state.components.get(key));
        let fed = components.filter(|one| {
            let feeds = |link: &Link| link.check == self.key && link.to == Timestamp::FAR;
            !one.archived && one.links.iter().any(feeds)
        });
        fed.map(|one| {
            let page = self.state.pages.get(&one.page).map(|page| &page.settings.name);
            let by_labels = one.settings.selector.is_some();
            serde_json::json!({ "page": page, "name": one.settings.name, "by_labels": by_labels })
        })
        .collect()
    }

    /// "down", or "down (behind router)".
    fn status(&self) -> String {
        let verdict = self.votes.verdict.name();
        match self.explained_by() {
            Some(parent) => format!("{verdict} (behind {parent})"),
            None => verdict.to_owned(),
        }
    }
}

fn state_name(one: &AgentVote<'_>) -> &'static str {
    match one.vote {
        Vote::Absent => "left",
        Vote::Silent if one.evidence.is_none() => match one.last_run {
            Some(run) if run.outcome == Outcome::Inconclusive => "inconclusive",
            // It fails, but not yet as often as `fall` requires.
            Some(_) => "unconfirmed",
            None => "silent",
        },
        Vote::Silent => "silent",
        Vote::Known { hard, .. } => hard.name(),
    }
}

fn table(rows: &[Row<'_>], now: Timestamp) -> String {
    if rows.is_empty() {
        return "No checks yet: no configuration file declares one, and no agent has reported one."
            .to_owned();
    }
    let many = rows.iter().any(|row| row.workspace() != rows[0].workspace());
    let dash = || "-".to_owned();
    let line = |row: &Row<'_>| {
        let name = &row.check.name;
        let minority = row.votes.minority().join(", ");
        let differ = row.state.labels_differ(row.key);
        let told = |one: &AgentVote<'_>| vote(one, now) + &of_labels(one, differ);
        let votes: Vec<String> = row.votes.agents.iter().map(told).collect();
        [
            if many { format!("{}/{name}", row.workspace()) } else { name.clone() },
            row.status(),
            row.since.map_or_else(dash, |since| format!("{} ago", duration(now - since))),
            row.votes.latency_us().map_or_else(dash, latency),
            row.labels().unwrap_or_else(dash),
            if minority.is_empty() { dash() } else { minority },
            if votes.is_empty() { "no agent".to_owned() } else { votes.join("; ") },
        ]
    };
    let lines: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(line)).collect();
    aligned(&lines)
}

/// `41 ms`, `0.4 ms`
fn latency(us: u64) -> String {
    milliseconds(us, usize::from(us < 10_000))
}

/// "alpha/one down: connect_refused, connection refused", "beta/two stopped reporting 4 min ago".
fn vote(one: &AgentVote<'_>, now: Timestamp) -> String {
    let word = match (one.vote, one.evidence.is_some() || one.last_run.is_some()) {
        (Vote::Absent | Vote::Silent, false) => "never reported",
        (Vote::Absent, true) => "stopped reporting",
        (Vote::Silent, true) if one.evidence.is_some() => "stopped reporting",
        _ => state_name(one),
    };
    let who = format!("{}/{} {word}", one.location, one.agent);
    if let Some(held) = one.held {
        return format!("{who}, is rejected: {}", held.words());
    }
    let why = one.why().map(|run| format!(": {}", reason(run))).unwrap_or_default();
    match (one.vote, one.evidence) {
        (Vote::Known { hard: HardState::Up, .. }, _) => match one.why() {
            Some(run) => format!("{who}, but its last run is {}{why}", run.outcome.name()),
            None => who,
        },
        (Vote::Absent | Vote::Silent, Some(at)) => format!("{who} {} ago{why}", duration(now - at)),
        _ => format!("{who}{why}"),
    }
}

/// What is to be said of an agent's labels: that they wait, or which they are if those of others differ.
fn of_labels(one: &AgentVote<'_>, differ: bool) -> String {
    if one.labels_wait {
        return ", its labels wait for skerry-aggregator agent allow".to_owned();
    }
    if !differ || one.held.is_some() {
        return String::new();
    }
    let pairs: Vec<String> = one.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { ", without labels".to_owned() } else { format!(", labels {}", pairs.join(", ")) }
}

fn reason(run: &LastRun) -> String {
    let name = run.reason.name();
    if run.detail.is_empty() { name.to_owned() } else { format!("{name}, {}", run.detail) }
}

fn all(rows: &[Row<'_>]) -> String {
    let agent = |one: &AgentVote<'_>| {
        serde_json::json!({
            "agent": one.agent,
            "location": one.location,
            "says": state_name(one),
            "since": one.since.map(|at| at.to_string()),
            "evidence_at": one.evidence.map(|at| at.to_string()),
            "counts": one.held.is_none(),
            "why_not": one.held.map(Held::name),
            "last_run": one.last_run.map(last_run),
            "labels": one.labels,
            "labels_wait": one.labels_wait,
            "certificate_expires": one.certificate_ends.map(|at| at.to_string()),
        })
    };
    let location = |(location, state): (&str, LocationVote)| serde_json::json!({ "location": location, "says": state.name() });
    let check = |row: &Row<'_>| {
        let why = row.votes.why();
        serde_json::json!({
            "workspace": row.workspace(),
            "name": row.check.name,
            "verdict": row.votes.verdict.name(),
            "depends_on": row.state.parents_of(row.key),
            "labels": row.state.labels_of(row.key),
            "labels_differ": row.state.labels_differ(row.key),
            "components": row.components(),
            "explained_by": row.explained_by(),
            "since": row.since.map(|at| at.to_string()),
            "reason": why.map(|run| run.reason.name()),
            "detail": why.map(|run| &run.detail).filter(|detail| !detail.is_empty()),
            "latency_us": row.votes.latency_us(),
            "minority": row.votes.minority(),
            "locations": row.votes.locations().into_iter().map(location).collect::<Vec<_>>(),
            "agents": row.votes.agents.iter().map(agent).collect::<Vec<_>>(),
        })
    };
    serde_json::json!({ "checks": rows.iter().map(check).collect::<Vec<_>>() }).to_string()
}

fn last_run(run: &LastRun) -> serde_json::Value {
    serde_json::json!({
        "at": run.at.to_string(),
        "outcome": run.outcome.name(),
        "reason": run.reason.name(),
        "detail": run.detail,
        "latency_us": run.total_us,
    })
}
