//! Planned windows: maintenance of components, which is announced to visitors, or private windows over checks alone,
//! which hold problems back and tell nobody.

use super::incident::{FormerText, Title};
use super::keys::{CheckKey, ComponentKey, PageKey, WindowKey};
use super::series::Occurrence;
use super::shared_vec::SharedVec;
use super::state::State;
use super::text::Text;
use super::time::{DAY, HOUR, Timestamp};

/// How long before its beginning a window is announced unless it says otherwise, ms.
pub const LEAD: i64 = DAY;
/// How long before its beginning an announced window is announced again, ms.
pub const REMINDER: i64 = HOUR;

/// The state of a window, in the usual order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MaintenanceStatus {
    /// `scheduled`
    Scheduled,
    /// `in_progress`
    InProgress,
    /// `verifying`: in progress, and almost over.
    Verifying,
    /// `completed`
    Completed,
    /// `cancelled`: before it began, or while it ran.
    Cancelled,
}

impl MaintenanceStatus {
    /// All, in the usual order.
    pub const ALL: [Self; 5] =
        [Self::Scheduled, Self::InProgress, Self::Verifying, Self::Completed, Self::Cancelled];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// A planned window: its components are under maintenance while it runs, and problems of its components and checks
/// lead to no incident.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedWindow {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The page that shows it: that of its components. `None`: it has none and is private.
    pub page: Option<PageKey>,
    /// The series that it belongs to.
    pub occurrence: Option<Occurrence>,
    /// Its title.
    pub title: Title,
    /// Its state.
    pub status: MaintenanceStatus,
    /// Its components, sorted and without duplicates; all of one page.
    pub components: Vec<ComponentKey>,
    /// Names of checks whose problems it holds back, sorted and without duplicates.
    pub checks: Vec<String>,
    /// Its planned first instant.
    pub from: Timestamp,
    /// The planned first instant after it.
    pub to: Timestamp,
    /// How long before its beginning it is announced, ms.
    pub lead: i64,
    /// Whether it is announced again [`REMINDER`] before its beginning.
    pub reminds: bool,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its times were last set.
    pub timed_at: Timestamp,
    /// When it was announced.
    pub announced_at: Option<Timestamp>,
    /// When it was announced again, under its present times.
    pub reminded_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it last became `verifying`.
    pub verifying_at: Option<Timestamp>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When it or its timeline last changed.
    pub updated_at: Timestamp,
    /// How often what calendars show of it changed.
    pub revision: i64,
    /// Its timeline, oldest first. The first entry is its announcement, from the beginning.
    pub updates: SharedVec<WindowUpdate>,
}

/// An entry of a window's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowUpdate {
    /// Its place in the timeline; never reused.
    pub number: i64,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The state of the window from here on.
    pub status: MaintenanceStatus,
    /// Its text.
    pub body: WindowText,
    /// Of a written text: the planned beginning and end at that time. `None`: a former version wrote it.
    pub planned: Option<(Timestamp, Timestamp)>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time that is shown.
    pub display_at: Timestamp,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// Who wrote it, as in the audit. `None`: it is automatic.
    pub by: Option<String>,
    /// Former texts, oldest first; for operators only.
    pub former: Vec<FormerText>,
}

impl WindowUpdate {
    /// The planned beginning and end at that time, if they are known.
    #[must_use]
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        match self.body {
            WindowText::Written(_) => self.planned,
            WindowText::Automatic { from, to, .. } => Some((from, to)),
        }
    }
}

/// The text of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowText {
    /// Written by a person, Markdown.
    Written(Text),
    /// Made from a template of the page's language, public names and times.
    Automatic {
        /// What happened.
        event: WindowEvent,
        /// The planned beginning at that time.
        from: Timestamp,
        /// The planned end at that time.
        to: Timestamp,
    },
}

/// What an automatic entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowEvent {
    /// It is planned.
    Announced,
    /// Its times changed before it began.
    Rescheduled,
    /// Its end changed while it runs.
    Extended,
    /// It began.
    Started,
    /// What was done is being verified.
    Verifying,
    /// It is over.
    Completed,
    /// It was cancelled.
    Cancelled,
}

impl WindowEvent {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Announced,
        Self::Rescheduled,
        Self::Extended,
        Self::Started,
        Self::Verifying,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The name in JSON and in stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Rescheduled => "rescheduled",
            Self::Extended => "extended",
            Self::Started => "started",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// Something that happens to a window by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Transition {
    /// It began under a clock that was ahead and was set back: it begins again.
    Return,
    Announce,
    Remind,
    Start,
    Complete,
}

impl PlannedWindow {
    /// Whether visitors may see it.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.announced_at.is_some()
    }

    /// Whether it is neither completed nor cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at().is_none()
    }

    /// When it was completed or cancelled.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.completed_at.or(self.cancelled_at)
    }

    /// When it runs or ran: empty if it was cancelled before it began.
    #[must_use]
    pub fn runs(&self) -> (Timestamp, Timestamp) {
        (self.from, self.ended_at().map_or(self.to, |ended| ended.min(self.to)))
    }

    /// The text of its announcement; `None`: it is automatic.
    #[must_use]
    pub fn body(&self) -> Option<&Text> {
        match &self.updates.first()?.body {
            WindowText::Written(text) => Some(text),
            WindowText::Automatic { .. } => None,
        }
    }

    /// Whether it began before its time: its clock was set back since, and planned times do not move.
    #[must_use]
    pub(super) fn began_ahead(&self) -> bool {
        self.cancelled_at.is_none() && self.started_at.is_some_and(|started| started < self.from)
    }

    /// What next happens to it by itself, and when. A reminder is due only under times and an announcement that are
    /// older than it, and not once the window has begun.
    pub(super) fn next(&self, now: Timestamp) -> Option<(Timestamp, Transition)> {
        if self.began_ahead() {
            return Some((Timestamp(i64::MIN), Transition::Return));
        }
        if !self.is_open() {
            return None;
        }
        if self.started_at.is_some() {
            return Some((self.to, Transition::Complete));
        }
        let announces = self.page.is_some() && self.announced_at.is_none();
        let announce = announces.then(|| (self.from - self.lead, Transition::Announce));
        let at = self.from - REMINDER;
        let told = self.announced_at.is_some_and(|announced| announced.max(self.timed_at) < at);
        let reminds = self.reminds && told && self.reminded_at.is_none() && now < self.from;
        let remind = reminds.then_some((at, Transition::Remind));
        let start = Some((self.from, Transition::Start));
        [announce, remind, start].into_iter().flatten().min()
    }
}

impl State {
    /// The window with this id.
    #[must_use]
    pub fn window_with_id(&self, id: &str) -> Option<WindowKey> {
        self.windows.iter().rev().find(|(_, window)| window.id == id).map(|(key, _)| *key)
    }

    /// When a tick has something to do for a window.
    pub(super) fn window_due(&self, key: WindowKey) -> Option<Timestamp> {
        // As before it begins: what is scheduled does not depend on the present time.
        self.windows.get(&key)?.next(Timestamp(i64::MIN)).map(|(at, _)| at)
    }

    /// The end of the window over a check that runs at `at`, as it is planned; of several the last.
    pub(super) fn window_over_check(&self, check: CheckKey, at: Timestamp) -> Option<Timestamp> {
        let name = &self.checks.get(&check)?.name;
        let windows = self.open_windows.iter().filter_map(|key| self.windows.get(key));
        let over = windows.filter(|window| window.checks.contains(name)).map(PlannedWindow::runs);
        over.filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| to).max()
    }
}
