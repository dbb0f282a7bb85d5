//! What comes back: delivery reports, complaints, and the ways by which they come. Whoever reports, it is about a delivery
//! that its return path, or the form, names.

mod form;
mod lmtp;
mod maildir;
mod mapping;
mod report;
mod shipped;

pub use form::{BadForm, read_form};
pub use lmtp::{Bounds, Listener, serve};
pub use maildir::Maildir;
pub use mapping::{BadWebhook, Mapping, Webhook};
pub use report::read_mail;
pub use shipped::Mappings;

use crate::mail::answer::{Status, Step, class, without_addresses};
use crate::outcome::{Answer, Class};

/// Longest report that is read: what follows quotes our own mail.
pub const MAX_READ: usize = 128 << 10;

/// What somebody reports about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The id of the delivery.
    pub delivery: String,
    /// What became of it.
    pub event: Event,
    /// The status, if it was given.
    pub status: Option<Status>,
    /// What the last server said, on one line without addresses.
    pub diagnostic: String,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was given up.
    Failed,
    /// It is still tried.
    Delayed,
    /// It arrived.
    Delivered,
    /// The recipient calls it unwanted.
    Complaint,
}

/// The more exact one of the status that was given and the one that the first words of a reply quote: some servers say
/// `5.0.0` whatever they were told.
fn exact_status(given: Option<Status>, diagnostic: &str) -> Option<Status> {
    let quoted = Status::quoted_in(diagnostic).filter(|quoted| given.is_none_or(|given| given.0 == quoted.0));
    given.filter(|given| !given.is_general()).or(quoted).or(given)
}

impl Report {
    /// A report whose diagnostic is brought onto one line without addresses.
    #[must_use]
    pub fn new(delivery: &str, event: Event, status: Option<Status>, diagnostic: &str) -> Self {
        let diagnostic = Answer::new(Class::Success, &without_addresses(diagnostic)).text;
        Self { delivery: delivery.to_owned(), event, status, diagnostic }
    }

    /// The answer that it amounts to. A temporary failure that was given up after days keeps its class, since it does not
    /// say that the address does not exist.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let class = match self.event {
            Event::Delivered => Class::Success,
            Event::Complaint => Class::Policy,
            Event::Failed | Event::Delayed => {
                let code = self.code();
                class(Step::Recipient, code, self.status.filter(|status| status.0 == code / 100))
            }
        };
        let status = self.status.map(|status| status.to_string());
        let parts = [status.as_deref().unwrap_or_default(), &self.diagnostic];
        Answer::new(class, &parts.join(" "))
    }

    /// The code that the diagnostic quotes, or one that says no more than the status.
    fn code(&self) -> u16 {
        let quoted = self.diagnostic.split([' ', '-']).next().and_then(|word| word.parse().ok());
        let general = match (self.status, self.event) {
            (Some(Status(4, ..)), _) | (None, Event::Delayed) => 450,
            _ => 550,
        };
        quoted.filter(|code: &u16| code / 100 == general / 100).unwrap_or(general)
    }
}
