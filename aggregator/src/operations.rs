//! What operators and their tools are told: readiness proved from end to end, and metrics.

use crate::domain::state::{State, Witnessed};
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::publish::output::Site;
use crate::web::{Operations, Readiness, Traffic};
use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A publication older than this is not a living one, ms: one missed heartbeat and a half.
const OLD_PUBLICATION: i64 = 90_000;

/// What the process knows about itself.
pub struct Overseer {
    engine: Engine,
    site: Arc<ArcSwap<Site>>,
    traffic: Traffic,
    seen: Arc<Mutex<Sight>>,
}

/// What the last look at the state said.
#[derive(Clone, Debug, Default)]
struct Sight {
    at: Timestamp,
    agents: Vec<AgentSight>,
    checks: usize,
    newest: Option<Timestamp>,
    /// Somebody runs a check, or a page waits for one.
    watching: bool,
    /// The newest evidence of some check is within its silence limit until then.
    fresh_until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct AgentSight {
    workspace: String,
    name: String,
    location: String,
    last_seen: Option<Timestamp>,
    skew: i64,
    own_network_gone: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AgentLabels {
    workspace: String,
    agent: String,
    location: String,
}

impl Overseer {
    /// An overseer that has seen nothing yet: have it look before it is asked.
    #[must_use]
    pub fn new(engine: Engine, site: Arc<ArcSwap<Site>>, traffic: Traffic) -> Self {
        Self { engine, site, traffic, seen: Arc::default() }
    }

    /// Looks at the state; called every second from a thread that may wait for the engine.
    pub fn look(&self) {
        if let Ok(sight) = self.engine.look(sight) {
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = sight;
        }
    }

    fn sight(&self) -> Sight {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn oldest_index(&self) -> Option<Timestamp> {
        let site = self.site.load();
        site.by_slug.values().filter_map(|page| page.outputs.get("")).map(|index| index.last_modified).min()
    }
}

fn sight(state: &State, now: Timestamp) -> Sight {
    let agents = state.agents.values().map(|agent| AgentSight {
        workspace: state.workspaces[&agent.workspace].name.clone(),
        name: agent.name.clone(),
        location: agent.location.clone(),
        last_seen: agent.last_seen,
        skew: agent.skew,
        own_network_gone: agent.own_network_gone,
    });
    let declared = || {
        state.tracks.values().filter(|one| one.declared.last().is_some_and(|span| span.to == Timestamp::FAR))
    };
    let linked = || state.components.values().any(|one| !one.archived && one.is_linked());
    Sight {
        at: now,
        agents: agents.collect(),
        checks: state.checks.len(),
        newest: declared().filter_map(Witnessed::evidence).max(),
        watching: declared().next().is_some() || linked(),
        fresh_until: declared().filter_map(|one| Some(one.evidence()? + one.silence())).max(),
    }
}

impl Operations for Overseer {
    fn ready(&self) -> Readiness {
        let now = self.engine.now();
        let sight = self.sight();
        let mut reasons = Vec::new();
        if self.engine.health().unwritable.load(Ordering::Relaxed) {
            reasons
                .push("The database cannot be written: see the log for the file and the cause.".to_owned());
        }
        if now - Timestamp(self.engine.health().turned_at.load(Ordering::Relaxed)) > 5_000 {
            reasons.push("The engine has not turned for 5 s.".to_owned());
        }
        let fresh = sight.fresh_until.is_some_and(|until| now <= until);
        if sight.watching && !fresh {
            reasons
                .push("No fresh observation has arrived: look at the agents and the way to them.".to_owned());
        }
        if self.oldest_index().is_some_and(|oldest| now - oldest > OLD_PUBLICATION) {
            reasons.push("A page has not been published for 90 s.".to_owned());
        }
        Readiness { reasons }
    }

    fn metrics(&self) -> String {
        let mut registry = Registry::with_prefix("skerry");
        self.traffic.register(&mut registry);
        self.register_engine(&mut registry);
        self.register_sight(&mut registry);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }
}

impl Overseer {
    fn register_engine(&self, registry: &mut Registry) {
        let health = self.engine.health();
        let counters: [(&str, &str, &AtomicU64); 5] = [
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
    }

    fn register_sight(&self, registry: &mut Registry) {
        let sight = self.sight();
        let checks = i64::try_from(sight.checks).unwrap_or(i64::MAX);
        registry.register("checks", "Checks known", ConstGauge::new(checks));
        if let Some(newest) = sight.newest {
            let age = (sight.at - newest) as f64 / 1e3;
            registry.register_with_unit(
                "newest_evidence_age",
                "Age of the newest conclusive observation",
                Unit::Seconds,
                ConstGauge::new(age),
            );
        }
        let seen = Family::<AgentLabels, Gauge<f64, AtomicU64>>::default();
        let skew = Family::<AgentLabels, Gauge<f64, AtomicU64>>::default();
        let gone = Family::<AgentLabels, Gauge>::default();
        for agent in &sight.agents {
            let labels = AgentLabels {
                workspace: agent.workspace.clone(),
                agent: agent.name.clone(),
                location: agent.location.clone(),
            };
            if let Some(last) = agent.last_seen {
                seen.get_or_create(&labels).set((sight.at - last) as f64 / 1e3);
            }
            skew.get_or_create(&labels).set(agent.skew as f64 / 1e3);
            gone.get_or_create(&labels).set(i64::from(agent.own_network_gone));
        }
        registry.register_with_unit("agent_last_seen_age", "Since the last batch", Unit::Seconds, seen);
        registry.register_with_unit("agent_clock_skew", "The agent's clock less ours", Unit::Seconds, skew);
        registry.register(
            "agent_own_network_gone",
            "1 while the agent says that its own network is gone: its checks are inconclusive",
            gone,
        );
    }
}
