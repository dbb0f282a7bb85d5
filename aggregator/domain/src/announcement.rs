//! Announcements: notices on pages without an outage. They appear and disappear at their times by themselves.

use super::keys::{AnnouncementKey, PageKey};
use super::state::State;
use super::text::Text;
use super::time::{DAY, Timestamp};

/// For how long an announcement is kept after its end, ms. Until then its page answers.
pub const KEPT: i64 = 400 * DAY;

/// How much an announcement asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnnouncementLevel {
    /// `information`
    Information,
    /// `warning`
    Warning,
}

impl AnnouncementLevel {
    /// All.
    pub const ALL: [Self; 2] = [Self::Information, Self::Warning];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// A notice on one or several pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The pages that show it, sorted and without duplicates; at least one.
    pub pages: Vec<PageKey>,
    /// Its title, plain text.
    pub title: Text,
    /// Its text, Markdown.
    pub body: Text,
    /// Its level.
    pub level: AnnouncementLevel,
    /// From when on it is shown, as planned.
    pub from: Timestamp,
    /// The first instant at which it is no longer shown, as planned. `None`: until a person ends it.
    pub to: Option<Timestamp>,
    /// Whether subscribers are told when it appears.
    pub tell_subscribers: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its words last changed while visitors saw them.
    pub edited_at: Option<Timestamp>,
    /// When it appeared.
    pub began_at: Option<Timestamp>,
    /// When it disappeared.
    pub ended_at: Option<Timestamp>,
    /// A person ended it.
    pub withdrawn: bool,
    /// Who created it, as in the audit.
    pub by: Option<String>,
}

/// Something that happens to an announcement by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// It appeared under a clock that was ahead and was set back: it appears again.
    Return,
    Begin,
    End,
    Forget,
}

impl Announcement {
    /// Whether pages show it now.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.is_published() && self.is_open()
    }

    /// Whether it appeared, so that it has a page of its own.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.began_at.is_some()
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// What next happens to it by itself, and when.
    pub(super) fn next(&self) -> Option<(Timestamp, Transition)> {
        if !self.withdrawn && self.began_at.is_some_and(|began| began < self.from) {
            return Some((Timestamp(i64::MIN), Transition::Return));
        }
        if let Some(ended) = self.ended_at {
            return Some((ended + KEPT, Transition::Forget));
        }
        match self.began_at {
            None => Some((self.from, Transition::Begin)),
            Some(_) => self.to.map(|to| (to, Transition::End)),
        }
    }
}

impl State {
    /// The announcement with this id.
    #[must_use]
    pub fn announcement_with_id(&self, id: &str) -> Option<AnnouncementKey> {
        self.announcements.iter().rev().find(|(_, one)| one.id == id).map(|(key, _)| *key)
    }

    /// When a tick has something to do for an announcement.
    pub(super) fn announcement_due(&self, key: AnnouncementKey) -> Option<Timestamp> {
        self.announcements.get(&key)?.next().map(|(at, _)| at)
    }
}
