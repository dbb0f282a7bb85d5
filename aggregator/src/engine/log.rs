//! Reports durable changes to the log, the counters and the publisher.

use super::losses::Kind;
use super::writer::Writer;
use skerry_domain::clone_detection::Refusal;
use skerry_domain::labels::MAX_CHOSEN;
use skerry_domain::state::{AgentKey, CheckKey, State, WorkspaceAgent, WorkspaceKey};
use skerry_domain::step::Change;
use skerry_domain::track::HardState;
use skerry_notify::mail::answer::Status;
use skerry_protocol::wire::Reason;
use skerry_protocol::words::duration;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tracing::field::display;

/// The greatest number of checks named in a log line.
const NAMED: usize = 3;

impl Writer {
    /// Describes an agent, its location and the first few checks.
    fn describe(
        &self,
        workspace: WorkspaceKey,
        agent: AgentKey,
        checks: &[CheckKey],
    ) -> (&str, &str, String) {
        let agent = &self.state(workspace).agents[&agent];
        (&agent.name, &agent.location, self.name_checks(workspace, checks))
    }

    /// The first few checks by name.
    fn name_checks(&self, workspace: WorkspaceKey, checks: &[CheckKey]) -> String {
        let state = self.state(workspace);
        let names = checks.iter().take(NAMED).map(|check| state.checks[check].name.as_str());
        let mut named = names.collect::<Vec<_>>().join(", ");
        if checks.len() > NAMED {
            named += &format!(" and {} more", checks.len() - NAMED);
        }
        named
    }

    /// The state in which a change was committed.
    fn state(&self, workspace: WorkspaceKey) -> &State {
        self.workspaces.get(workspace).expect("workspaces are never removed")
    }

    fn agent_name(&self, (workspace, agent): WorkspaceAgent) -> &str {
        &self.state(workspace).agents[&agent].name
    }

    /// Reports committed changes to the log, the counters and the publisher.
    pub(super) fn report(&self, changes: Vec<(WorkspaceKey, Change)>) {
        let mut seen = Vec::new();
        for (workspace, change) in changes {
            self.log_problem(workspace, &change);
            match &change {
                Change::Raw(_) => {
                    self.health.observations.fetch_add(1, Ordering::Relaxed);
                }
                Change::Transition { track, since, from, to, reason, detail, .. } => {
                    self.health.transitions.fetch_add(1, Ordering::Relaxed);
                    let state = self.state(workspace);
                    let agent_check = &state.tracks[track];
                    let check = &state.checks[&agent_check.check].name;
                    let agent = &state.agents[&agent_check.agent].name;
                    let (check, agent, since) = (display(check), display(agent), display(since));
                    let reason = Some(reason.name()).filter(|_| *reason != Reason::None);
                    let detail = Some(detail.as_str()).filter(|detail| !detail.is_empty());
                    let (down, from, to) = (*to == HardState::Down, from.name(), to.name());
                    if down {
                        tracing::warn!(check, agent, from, to, reason, detail, since, "hard transition");
                    } else {
                        tracing::info!(check, agent, from, to, reason, detail, since, "hard transition");
                    }
                }
                Change::FellSilent { agent, checks } => {
                    let (agent, location, named) = self.describe(workspace, *agent, checks);
                    tracing::warn!(%agent, %location, checks = checks.len(), "an agent stopped reporting {named}: until it reports again, only other locations count");
                }
                Change::ReportsAgain { agent, checks, silent_ms } => {
                    let (agent, location, named) = self.describe(workspace, *agent, checks);
                    tracing::info!(%agent, %location, checks = checks.len(), silent_ms, "an agent that stopped reporting {named} reports again, after {}", duration(*silent_ms));
                }
                Change::Excluded { agent, checks } => {
                    let (agent, location, named) = self.describe(workspace, *agent, checks);
                    tracing::warn!(%agent, %location, checks = checks.len(), "an agent has not reported {named} in 24 hours of listening and no longer counts: repair it, or remove the checks from it");
                }
                Change::ComponentChanged(_)
                | Change::IncidentChanged(_)
                | Change::IncidentDeleted { .. }
                | Change::PageSaved(_)
                | Change::GroupSaved(_)
                | Change::ComponentSaved(_)
                | Change::PastCorrected(_)
                | Change::MaintenanceChanged(_)
                | Change::AnnouncementChanged(..) => seen.push((workspace, change)),
                change => self.log_token_use(workspace, change),
            }
        }
        if !seen.is_empty() {
            let _ = self.changed.send(seen);
        }
    }

    /// Logs uses of an agent's token: which spool delivers, and which checks it reports.
    fn log_token_use(&self, workspace: WorkspaceKey, change: &Change) {
        match change {
            Change::CloneRefused { agent, why, tell } => {
                self.health.count((workspace, *agent), |counts| counts.refused_as_clone += 1);
                if *tell {
                    let refused = self.health.refused_as_clone((workspace, *agent));
                    let agent = self.agent_name((workspace, *agent));
                    tracing::warn!(%agent, refused, "{}", words_of_refusal(why));
                }
            }
            Change::SpoolReplaced { agent, through } => {
                let agent = self.agent_name((workspace, *agent));
                tracing::warn!(%agent, through, "an agent began a new spool: the former one was damaged, removed or put back from a copy; what it delivered stays");
            }
            Change::Joined { agent, checks } => {
                self.health.count((workspace, *agent), |counts| counts.joined += checks.len() as u64);
                let (agent, location, named) = self.describe(workspace, *agent, checks);
                tracing::warn!(%agent, %location, checks = checks.len(), "an agent began to report checks that others report: {named}");
            }
            Change::NotCounted { agent, why, checks } => {
                let (agent, location, named) = self.describe(workspace, *agent, checks);
                let why = why.words();
                tracing::warn!(%agent, %location, checks = checks.len(), "an agent is rejected for {named}: {why}. skerry-aggregator check list shows who counts");
            }
            Change::CountsAgain { agent, checks } => {
                let (agent, location, named) = self.describe(workspace, *agent, checks);
                tracing::info!(%agent, %location, checks = checks.len(), "an agent now counts for {named}");
            }
            change => self.log_labels(workspace, change),
        }
    }

    /// Logs what the labels of checks bring to components: what agents bring may be an attack.
    fn log_labels(&self, workspace: WorkspaceKey, change: &Change) {
        let state = self.state(workspace);
        match change {
            Change::ChecksChosen { component, joined, left, actor } => {
                let component = &state.components[component].settings.name;
                let (by, names) = (actor.as_deref(), |checks| self.name_checks(workspace, checks));
                for (checks, what) in [(joined, "feed"), (left, "no longer feed")] {
                    if checks.is_empty() {
                        continue;
                    }
                    let (count, names) = (checks.len(), names(checks));
                    let text = format!("checks {what} a component that chooses them by labels: {names}");
                    match by {
                        Some(by) => tracing::warn!(%component, checks = count, by, "{text}"),
                        None => tracing::info!(%component, checks = count, "{text}"),
                    }
                }
            }
            Change::LabelsDiffer(check) => {
                let check = &state.checks[check].name;
                tracing::warn!(%check, "agents give a check different labels: it feeds every component that the labels of any of them choose. skerry-aggregator check list shows them");
            }
            Change::LabelsWait { agent, checks } => {
                let (agent, location, named) = self.describe(workspace, *agent, checks);
                tracing::warn!(%agent, %location, checks = checks.len(), "the labels of an agent would bring {named} to a component, and wait for skerry-aggregator agent allow");
            }
            Change::LabelsBeyondLimit { agent, component } => {
                let component = &state.components[component].settings.name;
                let agent = self.agent_name((workspace, *agent));
                tracing::warn!(%agent, %component, most = MAX_CHOSEN, "the labels of an agent bring more checks to a component than are taken within a day: the others do not feed it");
            }
            change => self.log_loss(workspace, change),
        }
    }

    /// Logs what an agent delivered twice or never.
    fn log_loss(&self, workspace: WorkspaceKey, change: &Change) {
        match change {
            Change::Lost { agent, count, why, .. } => {
                self.health
                    .count((workspace, *agent), |counts| counts.lost = counts.lost.saturating_add(*count));
                let told = self.losses.count((workspace, *agent), Kind::Lost, *count, Instant::now());
                let Some((records, count)) = told else { return };
                let agent = self.agent_name((workspace, *agent));
                tracing::warn!(%agent, records, count, %why, "an agent lost observations; logged at most once a minute");
            }
            Change::OldCopy { agent, newest, through } => {
                if self.losses.count((workspace, *agent), Kind::OldCopy, 0, Instant::now()).is_none() {
                    return;
                }
                let agent = self.agent_name((workspace, *agent));
                tracing::warn!(%agent, newest, through, "an agent sends records again that it delivered before, and no newer ones: its spool was put back from an old copy, or copied to another host; it is told to begin a new one");
            }
            Change::Gap { agent, from, to, acknowledged, .. } => {
                self.health.count((workspace, *agent), |counts| {
                    counts.missing = counts.missing.saturating_add(to - from);
                });
                let kind = if *acknowledged { Kind::Forgotten } else { Kind::Missing };
                let Some((_, count)) =
                    self.losses.count((workspace, *agent), kind, to - from, Instant::now())
                else {
                    return;
                };
                let agent = self.agent_name((workspace, *agent));
                if *acknowledged {
                    tracing::error!(%agent, from, to, count, "observations that were acknowledged to an agent are not in this database: it was restored from a backup, its disk lost commits, or another aggregator took them. What nobody else saw is shown as no data; what people changed in that time is missing too: check it, and the disk");
                } else {
                    tracing::warn!(%agent, from, to, count, "observations of an agent never arrived; logged at most once a minute");
                }
            }
            change => log_removal(change),
        }
    }
}

/// Logs which subscriber was removed and why: by its id and a status, since no address reaches a log.
fn log_removal(change: &Change) {
    match change {
        Change::MailboxStayedFull { subscriber, days } => {
            tracing::info!(%subscriber, days, "a subscriber is removed, since its mailbox stays full");
        }
        Change::SubscriberSuppressed { subscriber, refusal, answer } => {
            let status = answer.as_deref().and_then(Status::quoted_in).map(|status| status.to_string());
            let (refusal, status) = (refusal.name(), status.as_deref());
            tracing::info!(%subscriber, refusal, status, "a subscriber is removed, and its address is not written to for 12 months");
        }
        _ => {}
    }
}

fn words_of_refusal(why: &Refusal) -> &'static str {
    match why {
        Refusal::TwoTakeTurns => {
            "two agents deliver under one name, as a cloned machine does, and both are rejected: stop one of them, give it an empty spool and a name of its own"
        }
        Refusal::AnotherLives => {
            "another spool delivers in the name of a live agent, without proof that it belongs to it, and is rejected. If it is not yours, the token was stolen: replace it with skerry-aggregator agent rotate"
        }
        Refusal::TooEarly => "a spool that nobody knows is asked to come again in some seconds",
        Refusal::Dismissed => "it was disabled, revoked or removed, and is refused",
        Refusal::Replaced => {
            "somebody delivers with the agent's former credential, which was replaced a moment ago, and is refused"
        }
    }
}
