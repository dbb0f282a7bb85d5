//! What messages say: from the state of a workspace to the texts of mails and chats. Pure. They are built from what visitors see,
//! so that nothing private can be said; they are written when they are sent, so that later edits are included.
//!
//! A [`Content`] is made once for a notice. What differs from recipient to recipient, its links and what it follows, is filled
//! in by [`Content::mail`], [`Content::chat`] and [`Content::short`].

mod announcement;
mod content;
mod incident;
mod maintenance;
mod monthly;
mod plain;
mod said;
mod status;
mod subscription;

pub use content::Content;

use crate::view::{Month, Place};
use bytes::Bytes;
use said::OnPage;
use skerry_domain::notice::{Notice, NoticeSubject};
use skerry_domain::state::{PageKey, State};
use skerry_domain::subscriber::Scope;
use skerry_domain::time::Timestamp;
use std::fmt;

/// The page that a message is about.
#[derive(Clone, Copy, Debug)]
pub struct MessagePage<'a> {
    /// The state of its workspace.
    pub state: &'a State,
    /// The page.
    pub page: PageKey,
    /// Where it answers.
    pub place: &'a Place,
    /// The present time.
    pub now: Timestamp,
}

/// What a notice says. `None`: that is no longer published, or no longer true.
#[must_use]
pub fn of_notice(page: MessagePage<'_>, notice: &Notice) -> Option<Content> {
    let on = OnPage::of(page).filter(|on| on.page.settings.public && notice.page == page.page)?;
    let said = match notice.subject {
        NoticeSubject::Incident(key) => incident::updates(&on, key, notice),
        NoticeSubject::Postmortem(key) => incident::postmortem(&on, key),
        NoticeSubject::Maintenance(key) => maintenance::updates(&on, key, notice),
        NoticeSubject::Reminder(key) => maintenance::reminder(&on, key, notice),
        NoticeSubject::Announcement(key) => announcement::announcement(&on, key),
        NoticeSubject::Status(key) => status::changes(&on, key, notice),
        NoticeSubject::Report(month) => monthly::report(&on, month.year_and_month()),
    };
    Some(Content::of(&on, said?))
}

/// Asks whoever reads it to confirm a subscription with this scope. `None`: nobody sees the page.
#[must_use]
pub fn confirmation(page: MessagePage<'_>, scope: &Scope) -> Option<Content> {
    let on = OnPage::of(page).filter(|on| on.page.settings.public)?;
    Some(Content::of(&on, subscription::confirmation(&on, scope)))
}

/// Brings the link to manage a subscription, which its owner asked for. `None`: nobody sees the page.
#[must_use]
pub fn management(page: MessagePage<'_>) -> Option<Content> {
    let on = OnPage::of(page).filter(|on| on.page.settings.public)?;
    Some(Content::of(&on, subscription::management(&on)))
}

/// Tells the owner of a subscription that its endpoint failed for too long. `None`: nobody sees the page.
#[must_use]
pub fn quarantine(page: MessagePage<'_>) -> Option<Content> {
    let on = OnPage::of(page).filter(|on| on.page.settings.public)?;
    Some(Content::of(&on, subscription::quarantine(&on)))
}

/// Shows the owner of an endpoint that messages arrive. `None`: nobody sees the page.
#[must_use]
pub fn test(page: MessagePage<'_>) -> Option<Content> {
    let on = OnPage::of(page).filter(|on| on.page.settings.public)?;
    Some(Content::of(&on, subscription::test(&on)))
}

/// The report of a month, with its figures attached. `None`: the page is archived, or has no such month that is over.
#[must_use]
pub fn monthly_report(page: MessagePage<'_>, month: Month) -> Option<Content> {
    let on = OnPage::of(page)?;
    Some(Content::of(&on, monthly::report(&on, month)?))
}

/// What a scope chooses, in the language of the page: "all components, all updates", "Payments, Refunds, only outages". Of
/// components those that visitors see. Empty if the page is archived.
#[must_use]
pub fn described(page: MessagePage<'_>, scope: &Scope) -> String {
    OnPage::of(page).map(|on| subscription::described(&on, scope)).unwrap_or_default()
}

/// What a scope is about, for [`Content::mail`]: "Payments, Refunds". `None`: everything.
#[must_use]
pub fn followed(page: MessagePage<'_>, scope: &Scope) -> Option<String> {
    subscription::followed(&OnPage::of(page)?, scope)
}

/// The absolute links of a recipient. Whoever has one can use it: all are secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Where it changes what it chose.
    pub manage: Option<String>,
    /// Where it ends the subscription.
    pub stop: Option<String>,
    /// Where it confirms the subscription.
    pub confirm: Option<String>,
}

/// Says nothing of the links.
impl fmt::Debug for Links {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Links").finish_non_exhaustive()
    }
}

/// Something that is attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name of its file.
    pub name: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its content.
    pub content: Bytes,
}

/// A mail to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct MailParts {
    /// On one line.
    pub subject: String,
    /// The text part: lines of at most 72 characters, except for words that are longer, ending with LF.
    pub text: String,
    /// The HTML part. Empty if it could not be written, which would be a fault of the program: then the text part is the mail.
    pub html: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// Says nothing of the texts, which hold links.
impl fmt::Debug for MailParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MailParts").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A message to a channel of a chat, as plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatParts {
    /// The name of the page.
    pub page: String,
    /// Of the incident, the maintenance or the component.
    pub title: String,
    /// "Major outage · Identified"
    pub state: String,
    /// The text, with blank lines between paragraphs; empty if there is none.
    pub text: String,
    /// Names and values: "Affects", "Card payments, Refunds".
    pub facts: Vec<(String, String)>,
    /// The label and the address of what it is about, on the page.
    pub link: (String, String),
    /// The same of where the subscription is confirmed or managed.
    pub subscription: Option<(String, String)>,
    /// The colour beside it.
    pub colour: MessageColour,
    /// When it was said.
    pub at: Timestamp,
}

/// Says nothing of the links.
impl fmt::Debug for ChatParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = formatter.debug_struct("ChatParts");
        parts.field("title", &self.title).field("state", &self.state).finish_non_exhaustive()
    }
}

/// The colour of a message: that of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageColour {
    /// All is well again.
    Operational,
    /// Degraded performance, or minor impact.
    Degraded,
    /// A partial outage, or major impact.
    PartialOutage,
    /// A major outage, or critical impact.
    MajorOutage,
    /// Maintenance.
    Maintenance,
    /// None of them.
    Neutral,
}
