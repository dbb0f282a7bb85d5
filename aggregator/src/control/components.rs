//! Requests about components: statuses that people set.

use super::lookup;
use super::request::{Prepared, Told};
use serde::{Deserialize, Serialize};
use skerry_domain::holds::Source;
use skerry_domain::state::{ComponentKey, IncidentKey, State};
use skerry_domain::step::Command;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;

/// A change of a component's status by a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentRequest {
    /// Sets a status.
    Set {
        /// The status.
        status: String,
        /// How long it holds, ms; `None`: until it is released.
        for_ms: Option<i64>,
    },
    /// Releases a status: what checks and others say shows again.
    Release {
        /// The id of the incident that set it; `None`: a person did.
        incident: Option<String>,
    },
}

impl ComponentRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: String,
        workspaces: &Workspaces,
        (page, named): (Option<&str>, &str),
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, &workspace)?;
        let page = page.map(|page| lookup::page(state, Some(page))).transpose()?;
        let component = lookup::component(state, page, named)?;
        let command = match self {
            Self::Set { status, for_ms } => {
                let (status, until) = (lookup::status(&status)?, for_ms.map(|ms| now + ms));
                Command::SetHold { component, source: Source::Person, status, until }
            }
            Self::Release { incident } => {
                let source = source(state, component, incident.as_deref(), now)?;
                Command::ReleaseHold { component, source }
            }
        };
        Ok(Prepared { subject: Some(Told::Component(component)), ..Prepared::plain(workspace, command) })
    }
}

/// The source of the hold that is to be released; it must have one.
fn source(
    state: &State,
    key: ComponentKey,
    incident: Option<&str>,
    now: Timestamp,
) -> Result<Source, String> {
    let source = match incident {
        Some(id) => Source::Incident(lookup::incident(state, id)?.0),
        None => Source::Person,
    };
    let component = &state.components[&key];
    let active = || component.holds.iter().filter(|hold| hold.to > now);
    if active().any(|hold| hold.source == source) {
        return Ok(source);
    }
    let name = &component.settings.name;
    let incidents = active().filter_map(|hold| match hold.source {
        Source::Incident(key) => state.incidents.get(&IncidentKey(key)),
        Source::Person | Source::Rest => None,
    });
    let remedies: Vec<String> = incidents.map(|incident| format!("--incident {}", incident.id)).collect();
    let who = match incident {
        Some(id) => format!("incident {id} holds no status of {name}"),
        None => format!("nobody set the status of {name} by hand"),
    };
    if remedies.is_empty() {
        Err(who)
    } else {
        Err(format!("{who}; an incident did: say {}", remedies.join(" or ")))
    }
}
