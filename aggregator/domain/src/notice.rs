//! Notices: what is said to subscribers. What changed is compared with what it was, so that a notice follows from the
//! change alone; texts are no part of it: they are rendered when a delivery is sent, so that later edits are
//! included.

use super::incident::{Impact, Incident, IncidentStatus};
use super::keys::{AnnouncementKey, ComponentKey, IncidentKey, NoticeKey, PageKey, SubscriberKey, WindowKey};
use super::maintenance::PlannedWindow;
use super::named::named;
use super::report::ReportMonth;
use super::state::State;
use super::status::Status;
use super::subscriber::{Channel, Subscriber};
use super::time::{DAY, HOUR, MINUTE, Timestamp};
use std::collections::BTreeSet;

/// How long further news of a subject joins its notice, ms.
pub const GROUP_WAIT: i64 = MINUTE;
/// A component whose status changes this often within [`FLAPPING_WINDOW`] gets digests.
pub const FLAPPING_CHANGES: usize = 4;
/// See [`FLAPPING_CHANGES`], ms. Also how long the first digest collects.
pub const FLAPPING_WINDOW: i64 = 15 * MINUTE;
/// Further digests wait until the status has rested for so long, ms.
pub const STEADY: i64 = 30 * MINUTE;
/// A status that never rests is said again after so long, ms.
pub const LONGEST_DIGEST: i64 = 6 * HOUR;
/// For how long a notice is kept, with its deliveries, ms.
pub const KEPT: i64 = 90 * DAY;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeSubject {
    /// Updates of an incident.
    Incident(IncidentKey),
    /// The postmortem of an incident.
    Postmortem(IncidentKey),
    /// Updates of maintenance.
    Maintenance(WindowKey),
    /// Maintenance that begins within an hour.
    Reminder(WindowKey),
    /// An announcement.
    Announcement(AnnouncementKey),
    /// Changes of a component's status.
    Status(ComponentKey),
    /// What a month was like.
    Report(ReportMonth),
}

named! {
    /// The kind of a [`NoticeSubject`], with its name in rows.
    NoticeKind {
        /// Updates of an incident.
        Incident = "incident",
        /// The postmortem of an incident.
        Postmortem = "postmortem",
        /// Updates of maintenance.
        Maintenance = "maintenance",
        /// Maintenance that begins within an hour.
        Reminder = "reminder",
        /// An announcement.
        Announcement = "announcement",
        /// Changes of a component's status.
        Status = "status",
        /// What a month was like.
        Report = "report",
    }
}

impl NoticeSubject {
    /// Its kind and the row key of what it is about.
    #[must_use]
    pub fn parts(self) -> (NoticeKind, i64) {
        match self {
            Self::Incident(key) => (NoticeKind::Incident, key.0),
            Self::Postmortem(key) => (NoticeKind::Postmortem, key.0),
            Self::Maintenance(key) => (NoticeKind::Maintenance, key.0),
            Self::Reminder(key) => (NoticeKind::Reminder, key.0),
            Self::Announcement(key) => (NoticeKind::Announcement, key.0),
            Self::Status(key) => (NoticeKind::Status, key.0),
            Self::Report(month) => (NoticeKind::Report, month.0),
        }
    }

    /// From its parts.
    #[must_use]
    pub fn of_parts(kind: NoticeKind, key: i64) -> Self {
        match kind {
            NoticeKind::Incident => Self::Incident(IncidentKey(key)),
            NoticeKind::Postmortem => Self::Postmortem(IncidentKey(key)),
            NoticeKind::Maintenance => Self::Maintenance(WindowKey(key)),
            NoticeKind::Reminder => Self::Reminder(WindowKey(key)),
            NoticeKind::Announcement => Self::Announcement(AnnouncementKey(key)),
            NoticeKind::Status => Self::Status(ComponentKey(key)),
            NoticeKind::Report => Self::Report(ReportMonth(key)),
        }
    }

    /// Deliveries of a lower number go first.
    #[must_use]
    pub fn priority(self) -> i64 {
        match self {
            Self::Incident(_) => 0,
            Self::Maintenance(_) | Self::Reminder(_) | Self::Announcement(_) => 1,
            Self::Status(_) => 2,
            Self::Postmortem(_) | Self::Report(_) => 3,
        }
    }
}

named! {
    /// For those who hear of outages only.
    OutageEdge {
        /// An outage begins: the impact of the incident is major for the first time.
        Start = "start",
        /// An outage of which the beginning was said has ended.
        End = "end",
    }
}

/// A change of the status of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusStep {
    /// When it was noticed.
    pub at: Timestamp,
    /// The status before.
    pub from: Status,
    /// The status after.
    pub to: Status,
    /// The notice of an incident or of maintenance that states the same status.
    pub said_by: Option<NoticeKey>,
}

/// One thing to be said. Its deliveries are made when it is due, in portions.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The page.
    pub page: PageKey,
    /// What it is about.
    pub subject: NoticeSubject,
    /// The numbers of the updates of an incident or of maintenance, in order.
    pub updates: Vec<i64>,
    /// The changes of a status, in order.
    pub steps: Vec<StatusStep>,
    /// The components that it concerns.
    pub components: BTreeSet<ComponentKey>,
    /// Of an incident.
    pub edge: Option<OutageEdge>,
    /// When the last of it happened: who had confirmed by then hears it.
    pub at: Timestamp,
    /// When its deliveries are made.
    pub due_at: Timestamp,
    /// Until it is due, more of the same subject joins it. Once somebody was considered for it before its time, what follows
    /// is a notice of its own.
    pub joins: bool,
    /// How far its deliveries are made.
    pub progress: Progress,
}

/// How far the deliveries of a notice are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Subscribers up to this key were considered.
    pub through: SubscriberKey,
    /// Later ones that were considered before their turn, since their choices were about to change.
    pub early: BTreeSet<SubscriberKey>,
    /// The number of deliveries that were made.
    pub deliveries: u64,
    /// When all were made.
    pub done_at: Option<Timestamp>,
}

impl Notice {
    /// Whether it says nothing but that the impact of an incident became major: for those alone who hear of outages.
    #[must_use]
    pub fn only_edge(&self) -> bool {
        matches!(self.subject, NoticeSubject::Incident(_)) && self.updates.is_empty()
    }

    /// Whether it says anything that a subscriber does not hear by other notices: one update is one message. Webhooks are sent
    /// both, as by Statuspage.
    #[must_use]
    pub fn says_more(&self, state: &State, subscriber: &Subscriber) -> bool {
        let is_heard = |step: &StatusStep| {
            let other = step.said_by.and_then(|key| state.notices.get(&key));
            other.is_some_and(|other| subscriber.hears(other))
        };
        self.steps.is_empty() || subscriber.channel == Channel::Webhook || !self.steps.iter().all(is_heard)
    }

    /// Whether a subscriber was considered.
    #[must_use]
    pub fn has_considered(&self, key: SubscriberKey) -> bool {
        self.progress.done_at.is_some() || key <= self.progress.through || self.progress.early.contains(&key)
    }

    /// Whether it collects the changes of a status that does not rest.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.collects_for(FLAPPING_WINDOW)
    }

    /// Whether it is a digest that waits until the status rests.
    fn awaits_rest(&self) -> bool {
        self.collects_for(STEADY)
    }

    /// Whether its status had rested when it was due.
    #[must_use]
    pub fn has_rested(&self) -> bool {
        self.steps.last().is_some_and(|last| self.due_at - last.at >= STEADY)
    }

    fn collects_for(&self, milliseconds: i64) -> bool {
        self.steps.first().is_some_and(|first| self.due_at - first.at >= milliseconds)
    }

    /// When it is due after a change at `now` has joined it.
    pub(super) fn due_after(&self, now: Timestamp) -> Timestamp {
        match self.steps.first() {
            Some(first) if self.awaits_rest() => (now + STEADY).min(first.at + LONGEST_DIGEST),
            _ => self.due_at,
        }
    }

    /// When a tick has something to do for it.
    pub(super) fn next(&self) -> Timestamp {
        self.progress.done_at.map_or(self.due_at, |done| done + KEPT)
    }
}

/// What is new in an incident or in maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The numbers of new updates.
    pub updates: Vec<i64>,
    /// The postmortem was published.
    pub postmortem: bool,
    /// The reminder before maintenance is due.
    pub reminder: bool,
}

/// What is new in an incident. Drafts and what was entered after its end say nothing.
#[must_use]
pub fn news_of_incident(before: Option<&Incident>, after: &Incident) -> News {
    if !after.is_published() || after.backfilled {
        return News::default();
    }
    let before = before.filter(|one| one.is_published());
    let known = before.and_then(|one| one.updates.iter().map(|update| update.number).max()).unwrap_or(0);
    let updates = after.updates.iter().map(|update| update.number).filter(|number| *number > known);
    let published = |one: &Incident| one.postmortem.as_ref().is_some_and(|text| text.published_at.is_some());
    News {
        updates: updates.collect(),
        postmortem: published(after) && !before.is_some_and(published),
        ..News::default()
    }
}

/// What is new in maintenance. What nobody was told of says nothing when it is cancelled.
#[must_use]
pub fn news_of_window(before: Option<&PlannedWindow>, after: &PlannedWindow) -> News {
    if !after.is_published() {
        return News::default();
    }
    let before = before.filter(|one| one.is_published());
    let known = before.and_then(|one| one.updates.iter().map(|update| update.number).max()).unwrap_or(0);
    let updates: Vec<i64> =
        after.updates.iter().map(|update| update.number).filter(|number| *number > known).collect();
    let reminder = after.reminded_at.is_some()
        && before.is_some_and(|one| one.reminded_at.is_none())
        && after.started_at.is_none()
        && updates.is_empty();
    News { updates, reminder, ..News::default() }
}

/// Which edge of an outage a notice of an incident is, if the impact was `told` as major before.
#[must_use]
pub fn edge_of(incident: &Incident, told: bool) -> Option<OutageEdge> {
    let major = incident.shown_impact() >= Impact::Major;
    match (incident.status == IncidentStatus::Resolved, told) {
        (true, true) => Some(OutageEdge::End),
        (false, false) if major => Some(OutageEdge::Start),
        _ => None,
    }
}

impl State {
    /// The notices of a subject, newest first.
    pub fn notices_of(&self, subject: NoticeSubject) -> impl Iterator<Item = (NoticeKey, &Notice)> {
        let all = (subject, NoticeKey(i64::MIN))..=(subject, NoticeKey(i64::MAX));
        let keys = self.subject_notices.range(all).rev().map(|(_, key)| *key);
        keys.filter_map(|key| self.notices.get(&key).map(|notice| (key, notice)))
    }

    /// The notice with this id.
    #[must_use]
    pub fn notice_with_id(&self, id: &str) -> Option<NoticeKey> {
        self.notices.iter().rev().find(|(_, notice)| notice.id == id).map(|(key, _)| *key)
    }

    /// Keeps a notice, new or changed.
    pub(crate) fn insert_notice(&mut self, key: NoticeKey, notice: Notice) {
        self.subject_notices.insert((notice.subject, key));
        if notice.progress.done_at.is_none() {
            self.open_notices.insert(key);
        } else {
            self.open_notices.remove(&key);
        }
        self.notices.insert(key, notice);
    }

    /// Forgets a notice.
    pub(crate) fn remove_notice(&mut self, key: NoticeKey) {
        if let Some(former) = self.notices.remove(&key) {
            self.subject_notices.remove(&(former.subject, key));
            self.open_notices.remove(&key);
        }
    }

    /// When a tick has something to do for a notice.
    pub(super) fn notice_due(&self, key: NoticeKey) -> Option<Timestamp> {
        self.notices.get(&key).map(Notice::next)
    }
}
