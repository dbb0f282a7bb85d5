//! Metrics of each agent: its self report, the fate of its records, and the checks that it does not report; and the
//! locations that a verdict overrules.

use crate::engine::{AgentCounts, Health};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use skerry_domain::credentials::Standing;
use skerry_domain::state::{Agent, AgentKey, SelfReport, State, WorkspaceAgent};
use skerry_domain::time::Timestamp;
use skerry_domain::votes::{self, Lacking};
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;

/// One agent in a [`super::Summary`].
#[derive(Clone, Debug)]
pub(super) struct AgentSummary {
    key: WorkspaceAgent,
    labels: AgentLabels,
    last_seen: Option<Timestamp>,
    skew: i64,
    own_network_gone: bool,
    self_report: SelfReport,
    lacking: Lacking,
}

/// A location that reports a worse state of a check than the verdict.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct Minority {
    workspace: String,
    check: String,
    location: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AgentLabels {
    workspace: String,
    agent: String,
    location: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct VersionLabels {
    workspace: String,
    agent: String,
    version: String,
}

/// All agents of a workspace except the internal one for heartbeats.
pub(super) fn listed(state: &State) -> impl Iterator<Item = (&AgentKey, &Agent)> {
    state
        .agents
        .iter()
        .filter(|(_, agent)| !agent.is_heartbeat_agent() && agent.standing != Standing::Removed)
}

/// The summaries of all agents.
pub(super) fn summary(state: &State) -> Vec<AgentSummary> {
    let mut lacking = votes::lacking(state);
    let agents = listed(state).map(|(key, agent)| AgentSummary {
        key: (state.workspace.key, *key),
        labels: AgentLabels {
            workspace: state.workspace.name.clone(),
            agent: agent.name.clone(),
            location: agent.location.clone(),
        },
        last_seen: agent.last_seen,
        skew: agent.skew,
        own_network_gone: agent.own_network_gone,
        self_report: agent.self_report.clone(),
        lacking: lacking.remove(key).unwrap_or_default(),
    });
    agents.collect()
}

/// The overruled locations of all checks.
pub(super) fn minorities(state: &State, now: Timestamp) -> Vec<Minority> {
    let named = |(key, locations): (_, Vec<String>)| {
        let check = &state.checks[&key];
        let workspace = &state.workspace.name;
        locations.into_iter().map(move |location| Minority {
            workspace: workspace.clone(),
            check: check.name.clone(),
            location,
        })
    };
    votes::minorities(state, now).into_iter().flat_map(named).collect()
}

/// The value of a gauge, or `None` if it is unknown.
type GaugeValue = fn(&AgentSummary, Timestamp) -> Option<f64>;

const SECONDS: [(&str, &str, GaugeValue); 4] = [
    ("agent_last_seen_age", "Since the last batch", |one, at| Some((at - one.last_seen?) as f64 / 1e3)),
    ("agent_clock_skew", "The agent's clock less ours", |one, _| Some(one.skew as f64 / 1e3)),
    (
        "agent_spool_oldest_age",
        "Age of the oldest record in the agent's spool at its last batch",
        |one, _| Some(one.self_report.oldest_ms as f64 / 1e3),
    ),
    ("agent_lateness", "Greatest lateness of a start in the last minute before the last batch", |one, _| {
        Some(one.self_report.lateness_ms as f64 / 1e3)
    }),
];

const NUMBERS: [(&str, &str, GaugeValue); 8] = [
    (
        "agent_own_network_gone",
        "1 while the agent says that its network is down: its checks are inconclusive",
        |one, _| Some(f64::from(u8::from(one.own_network_gone))),
    ),
    ("agent_spool_records", "Records that wait in the agent's spool", |one, _| {
        Some(one.self_report.depth as f64)
    }),
    ("agent_spool_lost_records", "Records dropped from the agent's present spool", |one, _| {
        Some(one.self_report.lost as f64)
    }),
    ("agent_spool_set_aside_records", "Records that we could not read and the agent set aside", |one, _| {
        Some(one.self_report.set_aside as f64)
    }),
    ("agent_silent_checks", "Checks that the agent stopped reporting", |one, _| {
        Some(one.lacking.silent as f64)
    }),
    (
        "agent_left_checks",
        "Checks that the agent has not reported in 24 hours of listening, which no longer count",
        |one, _| Some(one.lacking.excluded as f64),
    ),
    (
        "agent_not_counted_checks",
        "Checks for which the agent is rejected: heartbeats, checks that its token does not allow, that wait to be \
         allowed, or with a conflicting definition",
        |one, _| Some(one.lacking.held as f64),
    ),
    ("agent_definition_conflicts", "Checks that another agent defines otherwise", |one, _| {
        Some(one.lacking.conflicting as f64)
    }),
];

/// The value of a counter.
type CounterValue = fn(&AgentCounts) -> u64;

const COUNTERS: [(&str, &str, CounterValue); 4] = [
    ("agent_missing_records", "Records that never arrived: the sequence jumped", |counts| counts.missing),
    ("agent_lost_records", "Records that the agent told as lost", |counts| counts.lost),
    ("agent_joined_checks", "Checks of others that the agent began to report", |counts| counts.joined),
    ("agent_clone_refusals", "Batches refused because another delivers under the same name", |counts| {
        counts.refused_as_clone
    }),
];

/// Registers all series that have an agent as a label.
pub(super) fn register(registry: &mut Registry, agents: &[AgentSummary], at: Timestamp, health: &Health) {
    let gauges = |value_of: GaugeValue| {
        let family = Family::<AgentLabels, Gauge<f64, AtomicU64>>::default();
        for agent in agents {
            if let Some(value) = value_of(agent, at) {
                family.get_or_create(&agent.labels).set(value);
            }
        }
        family
    };
    for (name, help, value_of) in SECONDS {
        registry.register_with_unit(name, help, Unit::Seconds, gauges(value_of));
    }
    for (name, help, value_of) in NUMBERS {
        registry.register(name, help, gauges(value_of));
    }
    let counted = health.agents.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (name, help, count) in COUNTERS {
        let family = Family::<AgentLabels, Counter>::default();
        for agent in agents {
            let counts = counted.get(&agent.key).copied().unwrap_or_default();
            family.get_or_create(&agent.labels).inc_by(count(&counts));
        }
        registry.register(name, help, family);
    }
    let versions = Family::<VersionLabels, Gauge>::default();
    for agent in agents.iter().filter(|agent| !agent.self_report.version.is_empty()) {
        let AgentLabels { workspace, agent: name, .. } = agent.labels.clone();
        let version = agent.self_report.version.clone();
        versions.get_or_create(&VersionLabels { workspace, agent: name, version }).set(1);
    }
    registry.register("agent_version", "1 for the version of the agent's program", versions);
}

/// Registers a series for each location that is overruled at present.
pub(super) fn register_minorities(registry: &mut Registry, minorities: &[Minority]) {
    let family = Family::<Minority, Gauge>::default();
    for minority in minorities {
        family.get_or_create(minority).set(1);
    }
    let help = "1 while a location reports a worse status of a check than all locations together";
    registry.register("minority_reports", help, family);
}
