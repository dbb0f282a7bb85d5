//! Messages on the control socket: one line of JSON each.

use super::agents::AgentChange;
use super::announcements::AnnouncementRequest;
use super::components::ComponentRequest;
use super::corrections::CorrectionRequest;
use super::deliveries::DeliveryRequest;
use super::incidents::IncidentRequest;
use super::maintenance::MaintenanceRequest;
use super::pages::PageRequest;
use super::problems::ProblemRequest;
use super::subscribers::SubscriberRequest;
use super::templates::TemplateRequest;
use super::tokens::TokenRequest;
use crate::subscriptions::Intake;
use serde::{Deserialize, Serialize};
use skerry_domain::credentials::TokenHash;
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::rows::{Expected, Subject, Version};
use skerry_domain::state::{
    AnnouncementKey, ComponentKey, CorrectionKey, IncidentKey, SeriesKey, State, SubscriberKey, WindowKey,
};
use skerry_domain::step::Command;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// An instant in requests, ms since 1970, that stands for now by the clock of the aggregator.
pub const NOW: i64 = i64::MIN;

/// The instant that a request names.
pub(super) fn instant(at: i64, now: Timestamp) -> Timestamp {
    if at == NOW { now } else { Timestamp(at) }
}

/// A request of the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// Changes an agent.
    ChangeAgent {
        /// Name of its workspace.
        workspace: String,
        /// Its name.
        agent: String,
        /// The change.
        change: AgentChange,
    },
    /// Gives an address to a heartbeat that has none.
    AddHeartbeatToken {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the new token.
        token: TokenHash,
    },
    /// Sets or removes the token of a heartbeat's address.
    SetHeartbeatToken {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// Hash of the new token.
        token: Option<TokenHash>,
    },
    /// Makes an agent's definition of a check the one that applies.
    ChooseDefinition {
        /// Name of the workspace.
        workspace: String,
        /// The check's name.
        check: String,
        /// The agent's name.
        agent: String,
    },
    /// Opens, changes or deletes an incident.
    Incident {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: IncidentRequest,
        /// What its texts may say, although it would be removed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        released: Vec<String>,
    },
    /// Changes a problem.
    Problem {
        /// Name of the workspace.
        workspace: String,
        /// Its id.
        problem: String,
        /// The change.
        change: ProblemRequest,
    },
    /// Sets or releases the status of a component.
    Component {
        /// Name of the workspace.
        workspace: String,
        /// The page's key, slug, id or name; `None`: any page.
        page: Option<String>,
        /// The component's name, key or id.
        component: String,
        /// The change.
        change: ComponentRequest,
    },
    /// Plans, changes or cancels maintenance.
    Maintenance {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: MaintenanceRequest,
        /// What its texts may say, although it would be removed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        released: Vec<String>,
    },
    /// Makes or ends the link to the preview of a page.
    Page {
        /// Name of the workspace.
        workspace: String,
        /// The page's key, slug, id or name.
        page: String,
        /// The change.
        change: PageRequest,
    },
    /// Makes or removes a token of the REST API.
    Token {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: TokenRequest,
    },
    /// Makes, changes or ends announcements.
    Announcement {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: AnnouncementRequest,
        /// What its texts may say, although it would be removed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        released: Vec<String>,
    },
    /// Makes or removes templates of incidents.
    Template {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: TemplateRequest,
        /// What its texts may say, although it would be removed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        released: Vec<String>,
    },
    /// Corrects the past, or undoes that.
    Correction {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: CorrectionRequest,
    },
    /// Subscribes people, or removes them.
    Subscriber {
        /// Name of the workspace.
        workspace: String,
        /// The page's key, slug, id or name; `None`: the only page, or any.
        page: Option<String>,
        /// The change.
        change: SubscriberRequest,
    },
    /// Sends deliveries again.
    Delivery {
        /// Name of the workspace.
        workspace: String,
        /// The change.
        change: DeliveryRequest,
    },
}

/// A response of the aggregator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Response {
    /// Ready for a request.
    Ready,
    /// The request was carried out and is durable.
    Done(Done),
    /// Nothing was changed.
    Refused {
        /// Why, for an operator.
        reason: String,
    },
}

/// What an operator is told of a request that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The id of the incident, the maintenance, the announcement, the template, the correction or the subscriber.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Lines for the operator: what was removed from texts, what keeps its status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many of each kind, of requests about many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, u64>,
    /// What the next portion comes after; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is beside the state: for addresses of subscribers, and for what only the database has.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// For addresses of subscribers; fails where there is no key for them.
    pub(super) intake: &'a (dyn Fn() -> Result<Intake, String> + Sync),
    /// The database.
    pub(super) database: &'a Path,
}

/// A request as the engine takes it.
pub(super) struct Prepared {
    /// Name of the workspace.
    pub(super) workspace: String,
    /// The command.
    pub(super) command: Command,
    /// The version that the caller read before.
    pub(super) expected: Option<Expected>,
    /// Lines for the operator.
    pub(super) notes: Vec<String>,
    /// What the operator is told of once it is done.
    pub(super) subject: Option<Told>,
    /// See [`Done::numbers`].
    pub(super) numbers: BTreeMap<String, u64>,
    /// See [`Done::next`].
    pub(super) next: Option<String>,
}

/// What a request is about.
pub(super) enum Told {
    /// A new incident: the answer names it.
    NewIncident,
    /// An incident.
    Incident(IncidentKey),
    /// An incident that the request resolves, and the components whose status it sets.
    Resolved(IncidentKey, BTreeSet<ComponentKey>),
    /// A component.
    Component(ComponentKey),
    /// New maintenance: the answer names it.
    NewWindow,
    /// New maintenance that recurs: the answer names it.
    NewSeries,
    /// Maintenance that recurs.
    Series(SeriesKey),
    /// Maintenance, and what it was before.
    Window(WindowKey, Box<PlannedWindow>),
    /// A new correction: the answer names it.
    NewCorrection,
    /// A correction.
    Correction(CorrectionKey),
    /// A new announcement: the answer names it.
    NewAnnouncement,
    /// An announcement, and its id.
    Announcement(AnnouncementKey, String),
    /// A new template: the answer names it.
    NewTemplate,
    /// A template, by its id.
    Template(String),
    /// A new subscriber: the answer names it.
    NewSubscriber,
    /// A subscriber, by its id.
    Subscriber(String),
    /// A subscriber that a link is sent to, and when one was sent before.
    Link(SubscriberKey, Option<Timestamp>),
}

impl Prepared {
    /// A command without anything to tell.
    pub(super) fn plain(workspace: String, command: Command) -> Self {
        let (numbers, next) = (BTreeMap::new(), None);
        Self { workspace, command, expected: None, notes: Vec::new(), subject: None, numbers, next }
    }

    /// A command that the operator is told of: what it is about, and what was removed from its texts.
    pub(super) fn about(state: &State, command: Command, subject: Told, notes: Vec<String>) -> Self {
        Self { notes, subject: Some(subject), ..Self::plain(state.workspace.name.clone(), command) }
    }

    /// Only if the subject still has the version that the operator read, as the command `shown_by` prints it.
    ///
    /// # Errors
    /// It is no version.
    pub(super) fn only_if(
        self,
        subject: Subject,
        version: Option<&str>,
        shown_by: &str,
    ) -> Result<Self, String> {
        let Some(version) = version else { return Ok(self) };
        let version = u64::from_str_radix(version, 16).map(Version);
        let version = Some(version.map_err(|_| format!("this is no version: {shown_by} prints it"))?);
        Ok(Self { expected: Some(Expected { subject, version }), ..self })
    }

    /// Only if nobody changes the subject in between.
    pub(super) fn unless_changed(self, state: &State, subject: Subject) -> Self {
        Self { expected: Some(Expected { version: state.version(&subject), subject }), ..self }
    }
}

impl Request {
    /// Resolves names and ids, sanitises texts, and makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspaces: &Workspaces,
        now: Timestamp,
        beside: Beside<'_>,
    ) -> Result<Prepared, String> {
        match self {
            Self::ChangeAgent { workspace, agent, change } => {
                Ok(Prepared::plain(workspace, Command::ChangeAgent { agent, change: change.into() }))
            }
            Self::AddHeartbeatToken { workspace, check, token } => {
                let subject = Subject::HeartbeatToken(check.clone());
                let command = Command::SetHeartbeatToken { check, token: Some(token) };
                let expected = Some(Expected { subject, version: None });
                Ok(Prepared { expected, ..Prepared::plain(workspace, command) })
            }
            Self::SetHeartbeatToken { workspace, check, token } => {
                Ok(Prepared::plain(workspace, Command::SetHeartbeatToken { check, token }))
            }
            Self::ChooseDefinition { workspace, check, agent } => {
                Ok(Prepared::plain(workspace, Command::ChooseDefinition { check, agent }))
            }
            Self::Incident { workspace, change, released } => {
                change.prepare(&workspace, workspaces, (&released, now))
            }
            Self::Problem { workspace, problem, change } => change.prepare(workspace, workspaces, &problem),
            Self::Component { workspace, page, component, change } => {
                change.prepare(workspace, workspaces, (page.as_deref(), &component), now)
            }
            Self::Maintenance { workspace, change, released } => {
                change.prepare(&workspace, workspaces, (&released, now))
            }
            Self::Page { workspace, page, change } => change.prepare(workspace, workspaces, &page, now),
            Self::Token { workspace, change } => change.prepare(workspace, workspaces, now),
            Self::Announcement { workspace, change, released } => {
                change.prepare(&workspace, workspaces, (&released, now))
            }
            Self::Template { workspace, change, released } => {
                change.prepare(&workspace, workspaces, &released)
            }
            Self::Correction { workspace, change } => change.prepare(workspace, workspaces, now),
            Self::Subscriber { workspace, page, change } => {
                let intake = (beside.intake)()?;
                change.prepare(&workspace, workspaces, page.as_deref(), (&intake, now))
            }
            Self::Delivery { workspace, change } => {
                let intake = (beside.intake)()?;
                change.prepare(&workspace, workspaces, (beside.database, &intake, now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_notes_is_that_of_a_former_version() {
        let former = "{\"outcome\":\"done\"}";
        let done = Response::Done(Done::default());
        assert_eq!(serde_json::from_str::<Response>(former).expect("it is read"), done);
        assert_eq!(serde_json::to_string(&done).expect("JSON"), former);
    }
}
