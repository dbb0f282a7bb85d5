//! Logs problems, drafts that wait for approval, and incidents that wait for a person: operators learn of them here.

use super::writer::Writer;
use skerry_domain::incident::Incident;
use skerry_domain::problem::{Problem, ProblemEventKind, ProblemSubject};
use skerry_domain::state::{State, WorkspaceKey};
use skerry_domain::step::Change;
use skerry_protocol::words::duration;

impl Writer {
    /// Logs a change that an operator of problems and incidents is to know of.
    pub(super) fn log_problem(&self, workspace: WorkspaceKey, change: &Change) {
        let Some(state) = self.workspaces.get(workspace) else { return };
        match change {
            Change::ProblemChanged(key) => {
                if let Some(problem) = state.problems.get(key) {
                    log_change(state, problem);
                }
            }
            Change::IncidentChanged(key) => {
                let incident = state.incidents.get(key).filter(|incident| is_new_draft(state, incident));
                if let Some(Incident { id, .. }) = incident {
                    tracing::warn!(incident = %id, "a draft of an incident waits for approval: skerry-aggregator incident approve {id} publishes it");
                }
            }
            Change::IncidentAsks(key) => {
                if let Some(Incident { id, .. }) = state.incidents.get(key) {
                    tracing::warn!(incident = %id, "all problems of an incident have ended: skerry-aggregator incident resolve {id}");
                }
            }
            Change::IncidentReminder(key) => {
                if let Some(Incident { id, updated_at, .. }) = state.incidents.get(key) {
                    let ago = duration(state.clock - *updated_at);
                    tracing::warn!(incident = %id, "visitors wait for an update of an incident since {ago}: skerry-aggregator incident update {id}");
                }
            }
            _ => {}
        }
    }
}

/// Whether a problem made this incident just now, and it is not published.
fn is_new_draft(state: &State, incident: &Incident) -> bool {
    incident.follows_problems()
        && !incident.is_published()
        && incident.updates.len() == 1
        && incident.created_at >= state.clock
}

fn log_change(state: &State, problem: &Problem) {
    let Some(event) = problem.events.last() else { return };
    let of = match problem.subject {
        ProblemSubject::Check(key) => state.checks.get(&key).map_or("", |check| &check.name),
        ProblemSubject::Agent(key) => state.agents.get(&key).map_or("", |agent| &agent.name),
    };
    let (id, level, severity) = (&problem.id, event.level.name(), problem.severity().name());
    let since = problem.began;
    match event.kind {
        ProblemEventKind::Opened if problem.late => {
            tracing::info!(problem = %id, of, level, severity, %since, "a problem of the past was found in what an agent delivered");
        }
        ProblemEventKind::Opened => {
            tracing::warn!(problem = %id, of, level, severity, %since, "a problem began");
        }
        ProblemEventKind::Grew => {
            tracing::warn!(problem = %id, of, level, severity, %since, "a problem became graver");
        }
        ProblemEventKind::Ended => {
            tracing::info!(problem = %id, of, lasted = duration(event.at - since), "a problem ended");
        }
        _ => {}
    }
}
