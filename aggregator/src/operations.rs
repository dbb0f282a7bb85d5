//! Readiness and metrics for operators. They are computed from a snapshot on request, without waiting for the writer.

mod agents;
mod checks;
mod edge;
mod metrics_token;
mod outbox;
mod team;

pub use metrics_token::MetricsToken;

use agents::{AgentSummary, Minority};
use checks::CheckSummary;

use crate::dead_man_switch::Calls;
use crate::engine::Engine;
use crate::outbox::OutboxFigures;
use crate::publish::EdgeStatus;
use crate::team::TeamFigures;
use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use skerry_domain::state::{CheckKey, Link, State};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_protocol::words::count;
use skerry_publish::output::Site;
use skerry_web::{MetricsAccess, Operations, Readiness, Traffic};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a summary of the state is cached.
const CACHE_TIME: Duration = Duration::from_secs(1);
/// The age in ms at which a publication counts as stale: one and a half intervals of the refresh.
const OLD_PUBLICATION: i64 = 90_000;

/// Readiness and metrics of this process.
pub struct ProgramStatus {
    engine: Engine,
    site: Arc<ArcSwap<Site>>,
    traffic: Traffic,
    render_failures: Arc<AtomicU64>,
    refused_sign_ins: Arc<AtomicU64>,
    edge: EdgeStatus,
    dead_man_switch: Option<Arc<Calls>>,
    outbox: Arc<OutboxFigures>,
    team: Arc<TeamFigures>,
    token: MetricsToken,
    summary: Mutex<Option<Cached<Summary>>>,
    evidence: Mutex<Option<Cached<Evidence>>>,
}

/// A value computed from the state, and when.
struct Cached<T> {
    at: Instant,
    value: Arc<T>,
}

/// The part of the state that metrics show.
#[derive(Debug)]
struct Summary {
    at: Timestamp,
    agents: Vec<AgentSummary>,
    minorities: Vec<Minority>,
    checks: Vec<CheckSummary>,
    /// Workspace and name of the checks whose verdict depends on agents that report flapping.
    flapping: Vec<(String, String)>,
}

/// How fresh the evidence is.
#[derive(Debug)]
struct Evidence {
    newest: Option<Timestamp>,
    /// An agent runs a check, or a page shows one.
    expected: bool,
    /// Until then, the evidence of at least one check is within its silence limit.
    fresh_until: Option<Timestamp>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CheckLabels {
    workspace: String,
    check: String,
}

impl ProgramStatus {
    /// `render_failures` counts the pages that could not be rendered.
    #[must_use]
    pub fn new(
        engine: Engine,
        site: Arc<ArcSwap<Site>>,
        render_failures: Arc<AtomicU64>,
        traffic: Traffic,
        token: MetricsToken,
    ) -> Self {
        let (summary, evidence) = (Mutex::default(), Mutex::default());
        let refused_sign_ins = Arc::default();
        let (edge, dead_man_switch) = (EdgeStatus::default(), None);
        Self {
            engine,
            site,
            traffic,
            render_failures,
            refused_sign_ins,
            edge,
            dead_man_switch,
            outbox: Arc::default(),
            team: Arc::default(),
            token,
            summary,
            evidence,
        }
    }

    /// The same with the count of requests to the API that had no valid token.
    #[must_use]
    pub fn counting(self, refused_sign_ins: Arc<AtomicU64>) -> Self {
        Self { refused_sign_ins, ..self }
    }

    /// The same with the caches and copies that follow the publications.
    #[must_use]
    pub fn following(self, edge: EdgeStatus) -> Self {
        Self { edge, ..self }
    }

    /// The same with the counts of the dead man's switch, if there is one.
    #[must_use]
    pub fn calling(self, dead_man_switch: Option<Arc<Calls>>) -> Self {
        Self { dead_man_switch, ..self }
    }

    /// The same with what the outbox counts.
    #[must_use]
    pub fn sending(self, outbox: Arc<OutboxFigures>) -> Self {
        Self { outbox, ..self }
    }

    /// The same with what is counted of notices to the team.
    #[must_use]
    pub fn telling(self, team: Arc<TeamFigures>) -> Self {
        Self { team, ..self }
    }

    /// The status in one line: the first reason why it is not ready, or else a summary.
    #[must_use]
    pub fn line(&self) -> String {
        let Readiness { reasons } = self.ready();
        if let Some(reason) = reasons.first() {
            return reason.clone();
        }
        let (pages, snapshot) = (self.site.load().by_slug.len(), self.engine.snapshot());
        let agents: usize = snapshot.workspaces.iter().map(|(_, state)| agents::listed(state).count()).sum();
        let checks: usize = snapshot.workspaces.iter().map(|(_, state)| state.checks.len()).sum();
        let (checks, agents) = (count(checks, "check"), count(agents, "agent"));
        format!("{} published, {checks}, {agents}", count(pages, "page"))
    }

    fn summary(&self) -> Arc<Summary> {
        recent(&self.summary, |before| {
            let (snapshot, now) = self.engine.present();
            summary(&snapshot.workspaces, now, before.map_or(&[], |before| &before.checks))
        })
    }

    fn evidence(&self) -> Arc<Evidence> {
        recent(&self.evidence, |_| evidence(&self.engine.snapshot().workspaces))
    }

    fn oldest_index(&self) -> Option<Timestamp> {
        let site = self.site.load();
        site.by_slug.values().filter_map(|page| page.outputs.get("")).map(|index| index.last_modified).min()
    }
}

/// Returns the cached value if it is recent, or computes it, given the former value. Concurrent callers wait for the
/// same computation.
fn recent<T>(cache: &Mutex<Option<Cached<T>>>, compute: impl FnOnce(Option<&T>) -> T) -> Arc<T> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recent) = cache.as_ref().filter(|one| one.at.elapsed() < CACHE_TIME) {
        return Arc::clone(&recent.value);
    }
    let value = Arc::new(compute(cache.as_ref().map(|one| &*one.value)));
    *cache = Some(Cached { at: Instant::now(), value: Arc::clone(&value) });
    value
}

fn summary(workspaces: &Workspaces, now: Timestamp, before: &[CheckSummary]) -> Summary {
    let states = || workspaces.iter().map(|(_, state)| state);
    Summary {
        at: now,
        agents: states().flat_map(agents::summary).collect(),
        minorities: states().flat_map(|state| agents::minorities(state, now)).collect(),
        checks: states().flat_map(|state| checks::summary(state, now, before)).collect(),
        flapping: states().flat_map(flapping).collect(),
    }
}

fn evidence(workspaces: &Workspaces) -> Evidence {
    let all: Vec<Evidence> = workspaces.iter().map(|(_, state)| evidence_in(state)).collect();
    Evidence {
        newest: all.iter().filter_map(|one| one.newest).max(),
        expected: all.iter().any(|one| one.expected),
        fresh_until: all.iter().filter_map(|one| one.fresh_until).max(),
    }
}

fn evidence_in(state: &State) -> Evidence {
    // Heartbeats are no evidence that agents deliver.
    let is_run = |check: &CheckKey| !state.heartbeats.contains_key(check);
    let declared = || state.tracks.values().filter(|one| one.is_declared() && is_run(&one.check));
    let feeds = |link: &Link| link.to == Timestamp::FAR && is_run(&link.check);
    let linked = || state.components.values().any(|one| !one.archived && one.links.iter().any(feeds));
    Evidence {
        newest: declared().filter_map(|one| state.evidence(one)).max(),
        expected: declared().next().is_some() || linked(),
        fresh_until: declared().filter_map(|one| Some(state.evidence(one)? + one.silence())).max(),
    }
}

fn flapping(state: &State) -> Vec<(String, String)> {
    let flaps = state.verdicts.iter().filter(|(_, kept)| kept.evaluation.flapping);
    flaps
        .filter_map(|(key, _)| state.checks.get(key))
        .map(|check| (state.workspace.name.clone(), check.name.clone()))
        .collect()
}

impl Operations for ProgramStatus {
    fn ready(&self) -> Readiness {
        let now = self.engine.now();
        let evidence = self.evidence();
        let mut reasons = Vec::new();
        if self.engine.health().unwritable.load(Ordering::Relaxed) {
            reasons
                .push("The database cannot be written: see the log for the file and the cause.".to_owned());
        }
        if now - Timestamp(self.engine.health().turned_at.load(Ordering::Relaxed)) > 5_000 {
            reasons.push("The engine has not responded for 5 s.".to_owned());
        }
        reasons.extend(self.engine.clock_standing().words());
        let fresh = evidence.fresh_until.is_some_and(|until| now <= until);
        if evidence.expected && !fresh {
            reasons.push(
                "No fresh observation has arrived: check the agents and the network between.".to_owned(),
            );
        }
        if self.oldest_index().is_some_and(|oldest| now - oldest > OLD_PUBLICATION) {
            reasons.push("A page has not been published for 90 s.".to_owned());
        }
        Readiness { reasons }
    }

    fn metrics_access(&self, token: Option<&str>) -> MetricsAccess {
        self.token.access(token)
    }

    fn metrics(&self) -> String {
        let mut registry = Registry::with_prefix("skerry");
        self.traffic.register(&mut registry);
        self.register_engine(&mut registry);
        edge::register(&mut registry, &self.edge);
        outbox::register(&mut registry, &self.outbox, self.engine.now());
        team::register(&mut registry, &self.team);
        self.register_summary(&mut registry);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }
}

impl ProgramStatus {
    fn register_engine(&self, registry: &mut Registry) {
        let health = self.engine.health();
        let counters: [(&str, &str, &AtomicU64); 6] = [
            ("api_refused_sign_ins", "Requests to the API without a valid token", &self.refused_sign_ins),
            ("observations", "Raw observations committed", &health.observations),
            ("hard_transitions", "Hard transitions committed", &health.transitions),
            ("commands", "Commands committed", &health.commands),
            ("commits", "Groups of commands committed", &health.commits),
            ("failed_commits", "Groups of commands that could not be written", &health.failed_commits),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, ConstCounter::new(counter.load(Ordering::Relaxed)));
        }
        let seconds = health.commit_us.load(Ordering::Relaxed) as f64 / 1e6;
        registry.register_with_unit(
            "commit",
            "Time spent committing",
            Unit::Seconds,
            ConstCounter::new(seconds),
        );
        let waiting = i64::try_from(self.engine.waiting()).unwrap_or(i64::MAX);
        registry.register("queue_commands", "Commands waiting for the writer", ConstGauge::new(waiting));
        let unwritable = i64::from(health.unwritable.load(Ordering::Relaxed));
        registry.register("database_unwritable", "1 while writing fails", ConstGauge::new(unwritable));
        let failures = ConstCounter::new(self.render_failures.load(Ordering::Relaxed));
        let help = "Times that a page could not be rendered: its former bytes stay, see the log";
        registry.register("page_render_failures", help, failures);
        if let Some(calls) = &self.dead_man_switch {
            let counters = [
                ("dead_man_switch_calls", "Calls that were answered", &calls.answered),
                ("dead_man_switch_failures", "Calls that were not answered, or refused", &calls.failed),
            ];
            for (name, help, counter) in counters {
                registry.register(name, help, ConstCounter::new(counter.load(Ordering::Relaxed)));
            }
        }
    }

    fn register_summary(&self, registry: &mut Registry) {
        let summary = self.summary();
        let checks = i64::try_from(summary.checks.len()).unwrap_or(i64::MAX);
        registry.register("checks", "Checks known", ConstGauge::new(checks));
        let flapping = Family::<CheckLabels, Gauge>::default();
        for (workspace, check) in &summary.flapping {
            let labels = CheckLabels { workspace: workspace.clone(), check: check.clone() };
            flapping.get_or_create(&labels).set(1);
        }
        let help = "1 while a check is flapping; other checks are left out";
        registry.register("check_flapping", help, flapping);
        if let Some(newest) = self.evidence().newest {
            let age = (summary.at - newest) as f64 / 1e3;
            registry.register_with_unit(
                "newest_evidence_age",
                "Age of the newest conclusive observation",
                Unit::Seconds,
                ConstGauge::new(age),
            );
        }
        checks::register(registry, &summary.checks);
        agents::register(registry, &summary.agents, summary.at, self.engine.health());
        agents::register_minorities(registry, &summary.minorities);
    }
}
