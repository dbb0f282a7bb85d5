//! Requests about incidents. Names become keys here, and texts are sanitised: the command line sends them as they were
//! written.

use super::left_behind::{consequences, deleted, must_hold_nothing, postmortem_seen};
use super::request::{Prepared, Told, instant};
use super::{lookup, templates};
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::incident::{Impact, Incident, IncidentStatus};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, IncidentKey, PageKey, ProblemKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Command, IncidentChange, NewIncident, PostmortemChange};
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::collections::BTreeSet;

/// A component as an operator names it, with the status that it is to have.
pub type NamedComponent = (String, Option<String>);

/// A change of an incident by a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentRequest {
    /// Opens one.
    Open(Box<OpenIncident>),
    /// Changes the incident with this id.
    Change {
        /// Its id.
        incident: String,
        /// The version that the operator read, as `incident show` prints it; `None`: whatever it is now.
        version: Option<String>,
        /// The change.
        how: IncidentEdit,
    },
}

/// An incident to open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OpenIncident {
    /// Key, slug, id or name of its page; `None`: that of its components, or else the only page.
    pub page: Option<String>,
    /// Id or name of a template, which says what is not said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its title; empty: that of the template.
    pub title: String,
    /// The text of its first update.
    pub message: Option<String>,
    /// Its state; `None`: `investigating`.
    pub status: Option<String>,
    /// The impact that is shown; `None`: that of its components.
    pub impact: Option<String>,
    /// Its components.
    pub components: Vec<NamedComponent>,
    /// Ids of problems that it announces.
    pub problems: Vec<String>,
    /// It waits for approval.
    pub draft: bool,
    /// When it began and ended, ms since 1970, if it is entered afterwards.
    pub ended: Option<(i64, i64)>,
}

/// What to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentEdit {
    /// Adds an update, or changes title or impact.
    Update(Box<UpdateIncident>),
    /// Publishes a draft.
    Approve,
    /// Deletes it.
    Delete,
    /// Changes the text of an update, or the time that is shown.
    Edit {
        /// The id of the update; `None`: the newest.
        update: Option<String>,
        /// Its new text; `None`: it stays.
        message: Option<String>,
        /// The new time, ms since 1970; `None`: it stays.
        at: Option<i64>,
    },
    /// Adds a problem, or takes it out.
    Link {
        /// The id of the problem.
        problem: String,
        /// Whether it belongs to the incident.
        linked: bool,
    },
    /// Changes its postmortem.
    Postmortem {
        /// Its text; `None`: it stays.
        message: Option<String>,
        /// Whether visitors see it; `None`: as before.
        published: Option<bool>,
    },
    /// Deletes its postmortem.
    DeletePostmortem,
}

/// An update of an incident. What is `None` stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateIncident {
    /// As for a new incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Another title.
    pub title: Option<String>,
    /// The text of the update.
    pub message: Option<String>,
    /// Another state.
    pub status: Option<String>,
    /// Another impact; `auto`: that of its components.
    pub impact: Option<String>,
    /// Statuses that it sets.
    pub components: Vec<NamedComponent>,
    /// It resolves the incident.
    pub resolve: bool,
    /// Whether statuses that it holds are released. It must be said if there are any.
    pub release: Option<bool>,
}

impl IncidentRequest {
    /// The id of the incident; `None`: it is new.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Open(_) => None,
            Self::Change { incident, .. } => Some(incident),
        }
    }

    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        (released, now): (&[String], Timestamp),
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        let sanitiser = TextSanitiser::releasing(state, released)?;
        match self {
            Self::Open(new) => open(state, sanitiser, &templates::opened(state, *new, (released, now))?, now),
            Self::Change { incident, version, how } => {
                let key = lookup::incident(state, &incident)?;
                let how = templates::updated(state, key, how, now)?;
                let prepared = how.prepare(state, key, sanitiser, now)?;
                prepared.only_if(Subject::Incident(key), version.as_deref(), "incident show")
            }
        }
    }
}

fn open(
    state: &State,
    mut sanitiser: TextSanitiser,
    new: &OpenIncident,
    now: Timestamp,
) -> Result<Prepared, String> {
    let page = page_of(state, new)?;
    let status = new.status.as_deref().map(lookup::incident_status).transpose()?;
    if status == Some(IncidentStatus::Resolved) && new.ended.is_none() {
        return Err("say --began and --ended of an incident that is over".to_owned());
    }
    let incident = NewIncident {
        page,
        title: sanitiser.title(&new.title)?,
        status: status.unwrap_or(IncidentStatus::Investigating),
        body: body(&mut sanitiser, new.message.as_deref())?,
        components: components(state, page, &new.components)?,
        impact_override: new.impact.as_deref().map(lookup::impact).transpose()?,
        draft: new.draft,
        backfilled: new.ended.map(|(from, to)| (instant(from, now), instant(to, now))),
        problems: problems(state, &new.problems)?,
    };
    Ok(Prepared::about(
        state,
        Command::OpenIncident(Box::new(incident)),
        Told::NewIncident,
        sanitiser.removed(),
    ))
}

/// The page that is named, or else that of the first component.
pub(super) fn page_of(state: &State, new: &OpenIncident) -> Result<PageKey, String> {
    match (&new.page, new.components.first()) {
        (None, Some((name, _))) => {
            let component = lookup::component(state, None, name)?;
            Ok(state.components[&component].page)
        }
        (named, _) => lookup::page(state, named.as_deref()),
    }
}

/// The problems with these ids.
pub(super) fn problems(state: &State, ids: &[String]) -> Result<Vec<ProblemKey>, String> {
    ids.iter().map(|id| lookup::problem(state, id)).collect()
}

fn body(sanitiser: &mut TextSanitiser, message: Option<&str>) -> Result<Option<Text>, String> {
    message.map(|message| sanitiser.markdown(message)).transpose()
}

fn components(
    state: &State,
    page: PageKey,
    named: &[NamedComponent],
) -> Result<Vec<(ComponentKey, Option<Status>)>, String> {
    let one = |(name, status): &NamedComponent| {
        let status = status.as_deref().map(lookup::status).transpose()?;
        Ok((lookup::component(state, Some(page), name)?, status))
    };
    named.iter().map(one).collect()
}

impl IncidentEdit {
    fn prepare(
        self,
        state: &State,
        key: IncidentKey,
        sanitiser: TextSanitiser,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let incident = &state.incidents[&key];
        let plain = |command| Prepared::about(state, command, Told::Incident(key), Vec::new());
        match self {
            Self::Update(update) => update.prepare(state, key, sanitiser, now),
            Self::Approve if incident.is_published() => {
                Err(format!("incident {} is published already", incident.id))
            }
            Self::Approve => Ok(plain(Command::PublishIncident { incident: key })),
            Self::Delete => {
                let notes = deleted(state, incident);
                Ok(Prepared::about(
                    state,
                    Command::DeleteIncident { incident: key },
                    Told::Incident(key),
                    notes,
                ))
            }
            Self::Edit { update, message, at } => {
                edit(state, key, sanitiser, (update, message.as_deref(), at.map(|at| instant(at, now))))
            }
            Self::Link { problem, linked } => {
                let problem = linked_problem(state, incident, &problem, linked)?;
                Ok(plain(Command::LinkProblem { incident: key, problem, linked }))
            }
            Self::Postmortem { message, published } => {
                postmortem(state, key, sanitiser, (message.as_deref(), published))
            }
            Self::DeletePostmortem => {
                let change = Box::new(PostmortemChange::Delete);
                Ok(plain(Command::ChangePostmortem { incident: key, change }))
            }
        }
    }
}

fn linked_problem(state: &State, incident: &Incident, id: &str, linked: bool) -> Result<ProblemKey, String> {
    let key = lookup::problem(state, id)?;
    let belongs = incident.problems.contains(&key);
    if linked && belongs {
        return Err(format!("problem {id} belongs to incident {} already", incident.id));
    }
    if !linked && !belongs && !incident.suggested.contains(&key) {
        return Err(format!("problem {id} does not belong to incident {}", incident.id));
    }
    Ok(key)
}

/// The text that is replaced is what was read a moment ago: a change by somebody else in between is a conflict.
fn edit(
    state: &State,
    key: IncidentKey,
    mut sanitiser: TextSanitiser,
    (update, message, at): (Option<String>, Option<&str>, Option<Timestamp>),
) -> Result<Prepared, String> {
    let incident = &state.incidents[&key];
    if message.is_none() && at.is_none() {
        return Err("there is nothing to change: say --message or --at".to_owned());
    }
    let newest = || incident.updates.last().map(|update| update.id.clone());
    let update =
        update.or_else(newest).ok_or_else(|| format!("incident {} has no update yet", incident.id))?;
    if incident.updates.iter().all(|one| one.id != update) {
        return Err(format!(
            "incident {0} has no update {update:?}: skerry-aggregator incident show {0} lists them",
            incident.id
        ));
    }
    if let Some((at, first)) = at.zip(incident.updates.first())
        && first.id != update
        && at < first.display_at
    {
        let (id, first) = (&incident.id, first.display_at);
        return Err(format!(
            "the first update of incident {id} is shown as of {first}: no other one precedes it"
        ));
    }
    let body = body(&mut sanitiser, message)?.map(Box::new);
    let command = Command::EditUpdate { incident: key, update, body, display_at: at };
    let prepared = Prepared::about(state, command, Told::Incident(key), sanitiser.removed());
    Ok(prepared.unless_changed(state, Subject::Incident(key)))
}

fn postmortem(
    state: &State,
    key: IncidentKey,
    mut sanitiser: TextSanitiser,
    (message, published): (Option<&str>, Option<bool>),
) -> Result<Prepared, String> {
    let write = body(&mut sanitiser, message)?.map(PostmortemChange::Write);
    let show = published.map(|show| if show { PostmortemChange::Publish } else { PostmortemChange::Revert });
    let change = |change| Command::ChangePostmortem { incident: key, change: Box::new(change) };
    let mut commands: Vec<Command> = write.into_iter().chain(show).map(change).collect();
    let command = match commands.len() {
        0 => {
            return Err("there is nothing to change: say --message, --publish, --hide or --delete".to_owned());
        }
        1 => commands.remove(0),
        _ => Command::Together(commands),
    };
    let mut notes = sanitiser.removed();
    notes.push(postmortem_seen(&state.incidents[&key], published).to_owned());
    Ok(Prepared::about(state, command, Told::Incident(key), notes))
}

impl UpdateIncident {
    fn prepare(
        self,
        state: &State,
        key: IncidentKey,
        mut sanitiser: TextSanitiser,
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let incident = &state.incidents[&key];
        let change = IncidentChange {
            title: self.title.as_deref().map(|title| sanitiser.title(title)).transpose()?,
            status: self.status(incident)?,
            body: body(&mut sanitiser, self.message.as_deref())?,
            components: components(state, incident.page, &self.components)?,
            impact_override: self.impact()?,
            display_at: None,
            release: self.release.unwrap_or(false),
        };
        if change == IncidentChange::default() {
            return Err(
                "there is nothing to change: say --message, --title, --status, --impact or --component"
                    .to_owned(),
            );
        }
        let set: BTreeSet<ComponentKey> =
            change.components.iter().filter(|(_, status)| status.is_some()).map(|(key, _)| *key).collect();
        if self.resolve && self.release.is_none() {
            must_hold_nothing(state, key, &set, now)?;
        }
        let mut notes = sanitiser.removed();
        notes.extend(consequences(incident, &change));
        let told = if self.resolve { Told::Resolved(key, set) } else { Told::Incident(key) };
        let command = Command::UpdateIncident { incident: key, change: Box::new(change) };
        Ok(Prepared::about(state, command, told, notes))
    }

    fn status(&self, incident: &Incident) -> Result<Option<IncidentStatus>, String> {
        let id = &incident.id;
        if self.resolve {
            if !incident.is_open() {
                return Err(format!("incident {id} is resolved already"));
            }
            return Ok(Some(IncidentStatus::Resolved));
        }
        let status = self.status.as_deref().map(lookup::incident_status).transpose()?;
        if status == Some(IncidentStatus::Resolved) && incident.is_open() {
            return Err(format!("say skerry-aggregator incident resolve {id}"));
        }
        Ok(status)
    }

    fn impact(&self) -> Result<Option<Option<Impact>>, String> {
        match self.impact.as_deref() {
            None => Ok(None),
            Some("auto") => Ok(Some(None)),
            Some(word) => lookup::impact(word).map(|impact| Some(Some(impact))),
        }
    }
}
