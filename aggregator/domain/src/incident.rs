//! Incidents: public announcements of outages.

use super::automatic_text::AutomaticText;
use super::keys::{ComponentKey, IncidentKey, PageKey, ProblemKey};
use super::problem::Severity;
use super::shared_vec::SharedVec;
use super::state::State;
use super::status::Status;
use super::text::Text;
use super::time::{MINUTE, Timestamp};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Problems that begin within this time of each other, ms, belong to one automatic incident of a page.
pub const CORRELATED: i64 = 5 * MINUTE;

/// The state of an incident, in the usual order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentStatus {
    /// `investigating`
    Investigating,
    /// `identified`
    Identified,
    /// `monitoring`
    Monitoring,
    /// `resolved`
    Resolved,
}

impl IncidentStatus {
    /// All, in the usual order.
    pub const ALL: [Self; 4] = [Self::Investigating, Self::Identified, Self::Monitoring, Self::Resolved];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The impact of an incident, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// `none`
    #[default]
    None,
    /// `minor`
    Minor,
    /// `major`
    Major,
    /// `critical`
    Critical,
}

impl Impact {
    /// All, least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Minor, Self::Major, Self::Critical];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|impact| impact.name() == name)
    }

    /// The impact of a component's status.
    #[must_use]
    pub fn of(status: Status) -> Self {
        match status {
            Status::Operational | Status::UnderMaintenance => Self::None,
            Status::DegradedPerformance => Self::Minor,
            Status::PartialOutage => Self::Major,
            Status::MajorOutage => Self::Critical,
        }
    }
}

/// The title of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Title {
    /// Written by a person, plain text.
    Written(Text),
    /// Made from the public names of the affected components, in the language of the page.
    Automatic,
}

/// An incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The page that shows it.
    pub page: PageKey,
    /// Its title.
    pub title: Title,
    /// Its state.
    pub status: IncidentStatus,
    /// The worst status that its public components had so far, as an impact. It never falls.
    pub impact: Impact,
    /// The impact that a person chose.
    pub impact_override: Option<Impact>,
    /// A problem caused it. Otherwise a person opened it.
    pub automatic: bool,
    /// A person opened or changed it, or one of its problems was withdrawn: nothing more happens to it by itself.
    pub touched: bool,
    /// Components are affected that no update names yet.
    pub spreads: bool,
    /// It was entered after it had ended.
    pub backfilled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was published. `None`: it is a draft.
    pub published_at: Option<Timestamp>,
    /// A person published its draft.
    pub approved: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it first became `identified`.
    pub identified_at: Option<Timestamp>,
    /// When it last became `monitoring`.
    pub monitoring_at: Option<Timestamp>,
    /// When it was last resolved.
    pub resolved_at: Option<Timestamp>,
    /// When it or its timeline last changed.
    pub updated_at: Timestamp,
    /// When its owner was last reminded of a missing update.
    pub reminded_at: Option<Timestamp>,
    /// Since when all of its problems have ended. `None`: one lasts, or it has none.
    pub recovered_at: Option<Timestamp>,
    /// Its postmortem.
    pub postmortem: Option<Postmortem>,
    /// Problems that it announces.
    pub problems: BTreeSet<ProblemKey>,
    /// Problems that may belong to it: a person decides.
    pub suggested: BTreeSet<ProblemKey>,
    /// Problems of which a person said that they do not belong to it: none of them is suggested again, or joins it.
    pub refused: BTreeSet<ProblemKey>,
    /// Its timeline, oldest first.
    pub updates: SharedVec<IncidentUpdate>,
}

impl Incident {
    /// The problems that it announces, those that may belong to it and those that do not.
    pub(crate) fn all_problems(&self) -> impl Iterator<Item = &ProblemKey> {
        self.problems.iter().chain(&self.suggested).chain(&self.refused)
    }

    /// The impact that is shown.
    #[must_use]
    pub fn shown_impact(&self) -> Impact {
        self.impact_override.unwrap_or(self.impact)
    }

    /// Whether visitors may see it.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.published_at.is_some()
    }

    /// Whether it lasts, as a draft too.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != IncidentStatus::Resolved
    }

    /// Whether it still follows its problems by itself.
    #[must_use]
    pub fn follows_problems(&self) -> bool {
        self.automatic && !self.touched && self.is_open()
    }

    /// The components that its updates name, each with the last status named for it, in the order of their first
    /// appearance.
    #[must_use]
    pub fn components(&self) -> Vec<(ComponentKey, Status)> {
        let (mut all, mut places) = (Vec::new(), BTreeMap::new());
        for change in self.updates.iter().flat_map(|update| &update.components) {
            match places.entry(change.component) {
                Entry::Occupied(place) => all[*place.get()] = (change.component, change.to),
                Entry::Vacant(place) => {
                    place.insert(all.len());
                    all.push((change.component, change.to));
                }
            }
        }
        all
    }
}

/// An entry of an incident's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentUpdate {
    /// Its place in the timeline, from 1; never reused.
    pub number: i64,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The state of the incident from here on.
    pub status: IncidentStatus,
    /// Its text. `None`: only states changed.
    pub body: Option<Body>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time that is shown.
    pub display_at: Timestamp,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// Components that it names.
    pub components: Vec<StatusChange>,
    /// Who wrote it, as in the audit. `None`: it is automatic.
    pub by: Option<String>,
    /// Former texts, oldest first; for operators only.
    pub former: Vec<FormerText>,
}

/// The text of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Written by a person, Markdown.
    Written(Text),
    /// Made from a template of the page's language, public names, times and the class of reason.
    Automatic(AutomaticText),
}

/// A component that an update names, with its status before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The component.
    pub component: ComponentKey,
    /// Its status before.
    pub from: Status,
    /// Its status after.
    pub to: Status,
    /// A person set it.
    pub set: bool,
}

/// A text that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerText {
    /// When it was replaced.
    pub to: Timestamp,
    /// As it was written, or empty if it was automatic.
    pub written: String,
}

/// The postmortem of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postmortem {
    /// Its text, Markdown.
    pub text: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub updated_at: Timestamp,
    /// When it was published. `None`: it is a draft.
    pub published_at: Option<Timestamp>,
}

/// What happens by itself in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentRules {
    /// The least severity of a problem for which a draft is made. `None`: never.
    pub draft_from: Option<Severity>,
    /// The least severity of a problem whose incident is published without approval. `None`: never.
    pub publish_from: Option<Severity>,
    /// How long an untouched incident stays in `monitoring`, ms.
    pub resolve_after: i64,
    /// After how long without an update a published incident's owner is reminded, ms.
    pub remind_after: i64,
}

impl Default for IncidentRules {
    fn default() -> Self {
        Self {
            draft_from: Some(Severity::High),
            publish_from: None,
            resolve_after: 2 * MINUTE,
            remind_after: 30 * MINUTE,
        }
    }
}

impl State {
    /// The incidents that announce a problem, oldest first.
    pub fn incidents_of(&self, problem: ProblemKey) -> impl DoubleEndedIterator<Item = IncidentKey> {
        let all = (problem, IncidentKey(i64::MIN))..=(problem, IncidentKey(i64::MAX));
        self.announced_in.range(all).map(|(_, incident)| *incident)
    }

    /// Adds a problem to an incident, or takes it out. Returns whether that changed anything.
    pub(crate) fn set_problem(&mut self, key: IncidentKey, problem: ProblemKey, linked: bool) -> bool {
        let Some(incident) = self.incidents.get_mut(&key) else { return false };
        if linked {
            self.announced_in.insert((problem, key));
            incident.problems.insert(problem)
        } else {
            self.announced_in.remove(&(problem, key));
            incident.problems.remove(&problem)
        }
    }

    /// The incident with this id.
    #[must_use]
    pub fn incident_with_id(&self, id: &str) -> Option<IncidentKey> {
        self.incidents.iter().rev().find(|(_, incident)| incident.id == id).map(|(key, _)| *key)
    }
}
