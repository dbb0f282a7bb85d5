//! Versions of what callers read and change. A change that names the version it was based on is rejected if that
//! version is out of date, so that nobody overwrites what they have not seen.

use super::holds::hold_row;
use super::settings::{agent_row, component_row, group_row, page_row, workspace_row};
use super::value::Value;
use super::windows::{entry_rows, window_row};
use super::{AgentAllowRow, HeartbeatTokenRow, Items, PageRow, Row};
use super::{announcements, corrections, incidents, pages, problems, series, templates};
use crate::holds::Source;
use crate::state::{
    AgentKey, AnnouncementKey, ComponentKey, CorrectionKey, GroupKey, IncidentKey, PageKey, ProblemKey,
    SeriesKey, State, TemplateKey, WindowKey,
};
use blake3::Hasher;
use std::fmt;

/// Something that has a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The operator's settings of an agent, with the checks that it may join.
    Agent(AgentKey),
    /// The address of a heartbeat, by check name.
    HeartbeatToken(String),
    /// The settings of a page, with its order.
    Page(PageKey),
    /// The settings of a group, with its rows.
    Group(GroupKey),
    /// The settings of a component, with its links and the status that REST set.
    Component(ComponentKey),
    /// The hold of a source on a component.
    Hold(ComponentKey, Source),
    /// A planned window with its components, its checks and its timeline.
    Window(WindowKey),
    /// A series of planned windows.
    Series(SeriesKey),
    /// A problem.
    Problem(ProblemKey),
    /// An incident with its timeline.
    Incident(IncidentKey),
    /// A correction.
    Correction(CorrectionKey),
    /// An announcement with its pages.
    Announcement(AnnouncementKey),
    /// A template of incidents with its components.
    Template(TemplateKey),
    /// The settings of the workspace.
    Workspace,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(_) => f.write_str("this agent"),
            Self::HeartbeatToken(check) => write!(f, "the address of heartbeat {check:?}"),
            Self::Page(_) => f.write_str("this page"),
            Self::Group(_) => f.write_str("this group"),
            Self::Component(_) => f.write_str("this component"),
            Self::Hold(..) => f.write_str("the status of this component"),
            Self::Window(_) => f.write_str("this maintenance window"),
            Self::Series(_) => f.write_str("this series"),
            Self::Problem(_) => f.write_str("this problem"),
            Self::Incident(_) => f.write_str("this incident"),
            Self::Correction(_) => f.write_str("this correction"),
            Self::Announcement(_) => f.write_str("this announcement"),
            Self::Template(_) => f.write_str("this template"),
            Self::Workspace => f.write_str("this workspace"),
        }
    }
}

/// A digest of the settings of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// The version that a caller read before its command; `None`: the subject did not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The subject.
    pub subject: Subject,
    /// Its version.
    pub version: Option<Version>,
}

impl State {
    fn allowed_rows(&self, agent: AgentKey) -> Vec<Row> {
        let workspace = self.workspace.key;
        let allowed = self.agents.get(&agent).into_iter().flat_map(|of| &of.permit.allowed);
        allowed.map(|name| AgentAllowRow { workspace, agent, check_name: name.clone() }.into()).collect()
    }

    fn link_rows(&self, component: ComponentKey) -> Vec<Row> {
        let links = self.components.get(&component).into_iter().flat_map(|of| &of.links);
        links.map(|link| pages::link(self.workspace.key, component, link).into()).collect()
    }

    fn update_rows(&self, key: IncidentKey) -> Vec<Row> {
        let updates = self.incidents.get(&key).into_iter().flat_map(|incident| &incident.updates);
        let updates = updates.filter_map(|update| incidents::update_row(self, key, update.number));
        updates.map(Row::from).chain(incidents::problem_rows(self, key).map(Row::from)).collect()
    }

    fn present_hold(&self, component: ComponentKey, source: Source) -> Option<Row> {
        let holds = &self.components.get(&component)?.holds;
        let hold = holds.iter().rfind(|hold| hold.source == source).filter(|hold| hold.to > self.clock)?;
        hold_row(self, component, hold.key).map(Row::from)
    }

    fn rest_hold(&self, component: ComponentKey) -> Option<Row> {
        self.present_hold(component, Source::Rest)
    }

    /// The row of the page of a group with nothing but the group in its order.
    fn children_row(&self, key: GroupKey) -> Option<Row> {
        let page = self.groups.get(&key)?.page;
        let own = self.pages.get(&page)?.place_of_group(key).map(|row| row.item.clone());
        let items = Items(own.into_iter().collect());
        Some(PageRow { items, ..page_row(self, page)? }.into())
    }

    /// The version of a subject; `None`: it does not exist.
    #[must_use]
    pub fn version(&self, subject: &Subject) -> Option<Version> {
        let row = match subject {
            Subject::Agent(key) => agent_row(self, *key).map(Row::from),
            Subject::HeartbeatToken(check) => self.heartbeat_tokens.get(check).map(|token_hash| {
                let (workspace, check_name) = (self.workspace.key, check.clone());
                HeartbeatTokenRow { workspace, check_name, token_hash: *token_hash }.into()
            }),
            Subject::Page(key) => page_row(self, *key).map(Row::from),
            Subject::Group(key) => group_row(self, *key).map(Row::from),
            Subject::Component(key) => component_row(self, *key).map(Row::from),
            Subject::Hold(key, source) => self.present_hold(*key, *source),
            Subject::Window(key) => window_row(self, *key).map(Row::from),
            Subject::Series(key) => series::series_row(self, *key).map(Row::from),
            Subject::Problem(key) => problems::problem_row(self, *key).map(Row::from),
            Subject::Incident(key) => incidents::incident_row(self, *key).map(Row::from),
            Subject::Workspace => workspace_row(self).map(Row::from),
            Subject::Correction(key) => corrections::correction_row(self, *key).map(Row::from),
            Subject::Announcement(key) => announcements::announcement_row(self, *key).map(Row::from),
            Subject::Template(key) => templates::template_row(self, *key).map(Row::from),
        };
        let details = match subject {
            Subject::Agent(key) => self.allowed_rows(*key),
            Subject::Component(key) => self.link_rows(*key).into_iter().chain(self.rest_hold(*key)).collect(),
            Subject::Group(key) => self.children_row(*key).into_iter().collect(),
            Subject::Incident(key) => self.update_rows(*key),
            Subject::Window(key) => entry_rows(self, *key),
            Subject::Announcement(key) => announcements::page_rows(self, *key),
            Subject::Template(key) => templates::component_rows(self, *key),
            _ => Vec::new(),
        };
        row.map(|row| digest(std::iter::once(&row).chain(&details)))
    }
}

fn digest<'a>(rows: impl Iterator<Item = &'a Row>) -> Version {
    let mut hasher = Hasher::new();
    for row in rows {
        add(&mut hasher, row);
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    Version(u64::from_le_bytes(first))
}

fn add(hasher: &mut Hasher, row: &Row) {
    row.bind(|values| {
        for value in values {
            let (kind, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Integer(number) => (1, &number.to_le_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
            };
            hasher.update(&[kind]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
    });
}
