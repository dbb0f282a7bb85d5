//! Incidents with their timelines as rows, and back.

use super::Write;
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Misread, Value};
use super::{FormerTextRow, IncidentComponentRow, IncidentProblemRow, IncidentRow, IncidentUpdateRow, Row};
use crate::automatic_text::AutomaticText;
use crate::incident::{Body, FormerText, Incident, IncidentUpdate, Postmortem, StatusChange, Title};
use crate::state::{IncidentKey, ProblemKey, State};
use crate::text::Text;
use skerry_sanitiser::PublicText;
use std::collections::BTreeSet;

/// The row of an incident, without its problems and its timeline; `None`: the state has none with that key.
pub(super) fn incident_row(state: &State, key: IncidentKey) -> Option<IncidentRow> {
    let incident = state.incidents.get(&key)?;
    let title = match &incident.title {
        Title::Written(text) => Some(text),
        Title::Automatic => None,
    };
    let postmortem = incident.postmortem.as_ref();
    Some(IncidentRow {
        workspace: state.workspace.key,
        key,
        id: incident.id.clone(),
        page: incident.page,
        written_title: title.map(|text| text.written.clone()),
        title: title.map(|text| text.public.clone()),
        status: incident.status,
        impact: incident.impact,
        impact_override: incident.impact_override,
        automatic: incident.automatic,
        touched: incident.touched,
        approved: incident.approved,
        spreads: incident.spreads,
        backfilled: incident.backfilled,
        created_ms: incident.created_at,
        published_ms: incident.published_at,
        started_ms: incident.started_at,
        identified_ms: incident.identified_at,
        monitoring_ms: incident.monitoring_at,
        resolved_ms: incident.resolved_at,
        updated_ms: incident.updated_at,
        reminded_ms: incident.reminded_at,
        recovered_ms: incident.recovered_at,
        written_postmortem: postmortem.map(|one| one.text.written.clone()),
        postmortem: postmortem.map(|one| one.text.public.clone()),
        postmortem_created_ms: postmortem.map(|one| one.created_at),
        postmortem_updated_ms: postmortem.map(|one| one.updated_at),
        postmortem_published_ms: postmortem.and_then(|one| one.published_at),
    })
}

/// The row of an update, without its components and former texts.
pub(super) fn update_row(state: &State, key: IncidentKey, number: i64) -> Option<IncidentUpdateRow> {
    let update = update_of(state, key, number)?;
    let (text, automatic) = match &update.body {
        Some(Body::Written(text)) => (Some(text), None),
        Some(Body::Automatic(automatic)) => (None, Some(automatic)),
        None => (None, None),
    };
    Some(IncidentUpdateRow {
        workspace: state.workspace.key,
        incident: key,
        number,
        id: update.id.clone(),
        status: update.status,
        written: text.map(|text| text.written.clone()),
        body: text.map(|text| text.public.clone()),
        event: automatic.map(|one| one.event),
        reason_class: automatic.map(|one| one.class),
        since_ms: automatic.map(|one| one.since),
        created_ms: update.created_at,
        display_ms: update.display_at,
        edited_ms: update.edited_at,
        author: update.by.clone(),
    })
}

fn update_of(state: &State, key: IncidentKey, number: i64) -> Option<&IncidentUpdate> {
    state.incidents.get(&key)?.updates.iter().rfind(|update| update.number == number)
}

/// The row of a problem of an incident, suggested, refused or neither.
pub(super) fn problem_row(
    state: &State,
    key: IncidentKey,
    problem: ProblemKey,
) -> Option<IncidentProblemRow> {
    let incident = state.incidents.get(&key)?;
    let (suggested, refused) = (incident.suggested.contains(&problem), incident.refused.contains(&problem));
    let workspace = state.workspace.key;
    let row = IncidentProblemRow { workspace, incident: key, problem, suggested, refused };
    (suggested || refused || incident.problems.contains(&problem)).then_some(row)
}

/// The rows of all problems of an incident.
pub(super) fn problem_rows(state: &State, key: IncidentKey) -> impl Iterator<Item = IncidentProblemRow> {
    let incident = state.incidents.get(&key);
    let problems = incident.into_iter().flat_map(Incident::all_problems);
    problems.filter_map(move |problem| problem_row(state, key, *problem))
}

/// Writes the incident and its problems, or deletes all of its rows if the state no longer has it.
pub(super) fn write_incident(state: &State, key: IncidentKey, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let of = || [workspace.value(), key.value()].map(Value::into_owned);
    let Some(row) = incident_row(state, key) else {
        let rows = [
            Key::of::<FormerTextRow>(of()),
            Key::of::<IncidentComponentRow>(of()),
            Key::of::<IncidentUpdateRow>(of()),
            Key::of::<IncidentProblemRow>(of()),
            Key::of::<IncidentRow>(of()),
        ];
        writes.extend(rows.map(Write::Delete));
        return;
    };
    writes.push(Write::Put(row.into()));
    let rows = problem_rows(state, key).map(Row::from).collect();
    writes.push(Write::Replace { prefix: Key::of::<IncidentProblemRow>(of()), from: None, rows });
}

/// Writes an update with its components and former texts.
pub(super) fn write_update(state: &State, key: IncidentKey, number: i64, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let Some(row) = update_row(state, key, number) else { return };
    writes.push(Write::Put(row.into()));
    let update = update_of(state, key, number).expect("its row was made above");
    for (place, change) in (1..).zip(&update.components) {
        let StatusChange { component, from: from_status, to: to_status, set } = *change;
        let row = IncidentComponentRow {
            workspace,
            incident: key,
            number,
            place,
            component,
            from_status,
            to_status,
            set,
        };
        writes.push(Write::Put(row.into()));
    }
    for (place, former) in (1..).zip(&update.former) {
        let (replaced_ms, written) = (former.to, former.written.clone());
        let row = FormerTextRow { workspace, incident: key, number, place, replaced_ms, written };
        writes.push(Write::Put(row.into()));
    }
}

/// Both halves of a text, or neither.
pub(super) fn text(
    written: Option<String>,
    public: Option<PublicText>,
    table: &str,
    column: &str,
) -> Result<Option<Text>, Misread> {
    match (written, public) {
        (Some(written), Some(public)) => Ok(Some(Text { written, public })),
        (None, None) => Ok(None),
        (written, _) => Err(Misread::new(written).within(table, column)),
    }
}

impl Restore for IncidentRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let title = text(self.written_title, self.title, "incident", "title")?;
        let postmortem = text(self.written_postmortem, self.postmortem, "incident", "postmortem")?;
        let postmortem = postmortem.map(|text| {
            let created_at = self.postmortem_created_ms.unwrap_or(self.updated_ms);
            let updated_at = self.postmortem_updated_ms.unwrap_or(created_at);
            Postmortem { text, created_at, updated_at, published_at: self.postmortem_published_ms }
        });
        let incident = Incident {
            id: self.id,
            page: self.page,
            title: title.map_or(Title::Automatic, Title::Written),
            status: self.status,
            impact: self.impact,
            impact_override: self.impact_override,
            automatic: self.automatic,
            touched: self.touched,
            approved: self.approved,
            spreads: self.spreads,
            backfilled: self.backfilled,
            created_at: self.created_ms,
            published_at: self.published_ms,
            started_at: self.started_ms,
            identified_at: self.identified_ms,
            monitoring_at: self.monitoring_ms,
            resolved_at: self.resolved_ms,
            updated_at: self.updated_ms,
            reminded_at: self.reminded_ms,
            recovered_at: self.recovered_ms,
            postmortem,
            problems: BTreeSet::new(),
            suggested: BTreeSet::new(),
            refused: BTreeSet::new(),
            updates: Vec::new().into(),
        };
        if incident.is_open() {
            state.open_incidents.insert(self.key);
        }
        state.incidents.insert(self.key, incident);
        Ok(())
    }
}

impl Restore for IncidentProblemRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if !self.suggested && !self.refused {
            state.set_problem(self.incident, self.problem, true);
        } else if let Some(incident) = state.incidents.get_mut(&self.incident) {
            let set = if self.refused { &mut incident.refused } else { &mut incident.suggested };
            set.insert(self.problem);
        }
        Ok(())
    }
}

impl Restore for IncidentUpdateRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let text = text(self.written, self.body, "incident_update", "body")?;
        let body = match (text, self.event, self.reason_class, self.since_ms) {
            (Some(text), None, None, None) => Some(Body::Written(text)),
            (None, Some(event), Some(class), Some(since)) => {
                Some(Body::Automatic(AutomaticText { event, class, since }))
            }
            (None, None, None, None) => None,
            (_, event, ..) => return Err(Misread::new(event).within("incident_update", "event")),
        };
        if let Some(incident) = state.incidents.get_mut(&self.incident) {
            incident.updates.push(IncidentUpdate {
                number: self.number,
                id: self.id,
                status: self.status,
                body,
                created_at: self.created_ms,
                display_at: self.display_ms,
                edited_at: self.edited_ms,
                components: Vec::new(),
                by: self.author,
                former: Vec::new(),
            });
        }
        Ok(())
    }
}

fn with_update(state: &mut State, key: IncidentKey, number: i64, change: impl FnOnce(&mut IncidentUpdate)) {
    let Some(incident) = state.incidents.get_mut(&key) else { return };
    if let Some(update) = incident.updates.edit().iter_mut().find(|update| update.number == number) {
        change(update);
    }
}

impl Restore for IncidentComponentRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let (component, from, to, set) = (self.component, self.from_status, self.to_status, self.set);
        with_update(state, self.incident, self.number, |update| {
            update.components.push(StatusChange { component, from, to, set });
        });
        Ok(())
    }
}

impl Restore for FormerTextRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let (to, written) = (self.replaced_ms, self.written);
        with_update(state, self.incident, self.number, |update| {
            update.former.push(FormerText { to, written });
        });
        Ok(())
    }
}
