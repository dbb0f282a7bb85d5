//! Announcements as visitors see them.

use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::time::Timestamp;
use skerry_sanitiser::PublicText;

/// An announcement as visitors see it.
#[derive(Clone, Debug)]
pub struct AnnouncementView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Plain text.
    pub title: PublicText,
    /// Markdown.
    pub body: PublicText,
    /// Its level.
    pub level: AnnouncementLevel,
    /// When it appeared.
    pub from: Timestamp,
    /// When it is to disappear. `None`: that is not known.
    pub to: Option<Timestamp>,
    /// When it disappeared. `None`: it is shown.
    pub ended_at: Option<Timestamp>,
    /// When its words last changed.
    pub edited_at: Option<Timestamp>,
}

impl AnnouncementView {
    /// Whether the page shows it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.ended_at.is_none()
    }
}
