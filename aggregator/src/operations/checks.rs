//! Metrics of each check: its verdict, and of each agent that runs it how long the last run took and when the
//! certificate ends that it saw.

use crate::domain::opinions::of_check;
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Verdict, Voice};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// One check as the last look found it.
#[derive(Clone, Debug)]
pub(super) struct CheckSight {
    workspace: String,
    check: String,
    verdict: Verdict,
    agents: Vec<RunSight>,
}

/// What an agent measured of it.
#[derive(Clone, Debug)]
struct RunSight {
    agent: String,
    location: String,
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

/// Every check of every workspace. What an agent measured that has fallen silent is left out.
pub(super) fn sight(state: &State, now: Timestamp) -> Vec<CheckSight> {
    let of = |(key, check): (&_, &crate::domain::state::Check)| {
        let opinions = of_check(state, *key, now);
        let speaking = opinions.agents.iter().filter(|one| matches!(one.voice, Voice::Says { .. }));
        let agents = speaking.map(|one| RunSight {
            agent: one.agent.to_owned(),
            location: one.location.to_owned(),
            latency_us: one.last_run.and_then(|run| run.total_us),
            certificate_ends: one.certificate_ends,
        });
        CheckSight {
            workspace: state.workspaces[&check.workspace].name.clone(),
            check: check.name.clone(),
            verdict: opinions.verdict,
            agents: agents.collect(),
        }
    };
    state.checks.iter().map(of).collect()
}

/// Every series that has a check for a label.
pub(super) fn register(registry: &mut Registry, checks: &[CheckSight]) {
    let states = Family::<StateLabels, Gauge>::default();
    let latencies = Family::<RunLabels, Gauge<f64, AtomicU64>>::default();
    let certificates = Family::<RunLabels, Gauge<f64, AtomicU64>>::default();
    for one in checks {
        for state in [Verdict::Up, Verdict::Degraded, Verdict::Down, Verdict::Unknown] {
            let (workspace, check) = (one.workspace.clone(), one.check.clone());
            let labels = StateLabels { workspace, check, state: state.name() };
            states.get_or_create(&labels).set(i64::from(state == one.verdict));
        }
        for run in &one.agents {
            let labels = RunLabels {
                workspace: one.workspace.clone(),
                check: one.check.clone(),
                agent: run.agent.clone(),
                location: run.location.clone(),
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
