//! Metrics of each check: its verdict, and for each agent that runs it the duration of the last run and the expiry of
//! the certificate.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use skerry_domain::state::{Check, CheckKey, State, WorkspaceKey};
use skerry_domain::time::Timestamp;
use skerry_domain::verdict::{Verdict, Vote};
use skerry_domain::votes::of_check;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// One check in a [`super::Summary`].
#[derive(Clone, Debug)]
pub(super) struct CheckSummary {
    key: (WorkspaceKey, CheckKey),
    workspace: Arc<str>,
    check: Arc<str>,
    verdict: Verdict,
    agents: Vec<RunSummary>,
}

/// The last run at one agent.
#[derive(Clone, Debug)]
struct RunSummary {
    agent: Arc<str>,
    location: Arc<str>,
    latency_us: Option<u64>,
    certificate_ends: Option<Timestamp>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    workspace: String,
    check: String,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunLabels {
    workspace: String,
    check: String,
    agent: String,
    location: String,
}

/// Shares equal strings between checks.
#[derive(Default)]
struct Interner<'a>(BTreeMap<&'a str, Arc<str>>);

impl<'a> Interner<'a> {
    fn intern(&mut self, text: &'a str) -> Arc<str> {
        Arc::clone(self.0.entry(text).or_insert_with(|| Arc::from(text)))
    }
}

/// The summaries of all checks of a workspace, by key. Names are shared with the summary `before` if they are unchanged. Agents that
/// are silent are left out.
pub(super) fn summary(state: &State, now: Timestamp, before: &[CheckSummary]) -> Vec<CheckSummary> {
    let known = |key: CheckKey, name: &str| {
        let at = before.binary_search_by_key(&(state.workspace.key, key), |one| one.key).ok()?;
        Some(Arc::clone(&before[at].check)).filter(|known| **known == *name)
    };
    let mut strings = Interner::default();
    let of = |(key, check): (&CheckKey, &Check)| {
        let votes = of_check(state, *key, now);
        let reporting = votes.agents.iter().filter(|one| matches!(one.vote, Vote::Known { .. }));
        let agents = reporting.map(|one| RunSummary {
            agent: strings.intern(one.agent),
            location: strings.intern(one.location),
            latency_us: one.last_run.and_then(|run| run.total_us),
            certificate_ends: one.certificate_ends,
        });
        let agents = agents.collect();
        CheckSummary {
            key: (state.workspace.key, *key),
            workspace: strings.intern(&state.workspace.name),
            check: known(*key, &check.name).unwrap_or_else(|| Arc::from(check.name.as_str())),
            verdict: state.verdict_of(*key),
            agents,
        }
    };
    state.checks.iter().map(of).collect()
}

/// Registers all series that have a check as a label.
pub(super) fn register(registry: &mut Registry, checks: &[CheckSummary]) {
    let states = Family::<StateLabels, Gauge>::default();
    let latencies = Family::<RunLabels, Gauge<f64, AtomicU64>>::default();
    let certificates = Family::<RunLabels, Gauge<f64, AtomicU64>>::default();
    for one in checks {
        for state in [Verdict::Up, Verdict::Degraded, Verdict::Down, Verdict::Unknown] {
            let (workspace, check) = (one.workspace.to_string(), one.check.to_string());
            let labels = StateLabels { workspace, check, state: state.name() };
            states.get_or_create(&labels).set(i64::from(state == one.verdict));
        }
        for run in &one.agents {
            let labels = RunLabels {
                workspace: one.workspace.to_string(),
                check: one.check.to_string(),
                agent: run.agent.to_string(),
                location: run.location.to_string(),
            };
            if let Some(us) = run.latency_us {
                latencies.get_or_create(&labels).set(us as f64 / 1e6);
            }
            if let Some(ends) = run.certificate_ends {
                certificates.get_or_create(&labels).set(ends.0 as f64 / 1e3);
            }
        }
    }
    registry.register("check_state", "1 for the state that the check is in, over all locations", states);
    let help = "How long the last run of the check took at an agent";
    registry.register_with_unit("check_latency", help, Unit::Seconds, latencies);
    let help = "When the certificate that the check saw last at an agent expires, in Unix time";
    registry.register_with_unit("check_certificate_expiry_timestamp", help, Unit::Seconds, certificates);
}
