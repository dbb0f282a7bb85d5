//! Mail: a complete mail becomes bytes that are signed and handed to a relay, and the relay's reply becomes an outcome.

mod address;
pub mod answer;
mod delivery_header;
mod dkim;
mod folder;
mod message;
mod records;
mod sendmail;
mod smtp;
pub(crate) mod verp;

pub use address::mail_address;
pub use delivery_header::DeliveryHeader;
pub use dkim::{DkimKey, UnusableKey};
pub use folder::Folder;
pub use message::{Attachment, Mail, Message, Sender, Unfit};
pub use records::{NoAnswer, Records};
pub use sendmail::Sendmail;
pub use smtp::{Encryption, Limits, Relay, Roots, Smtp};
pub use verp::Verp;

use crate::outcome::{Answer, Class, Outcome};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Where mails are handed over.
#[derive(Debug)]
pub enum Mailer {
    /// Relays over SMTP, in order.
    Smtp(Smtp),
    /// The host's `sendmail`.
    Sendmail(Sendmail),
    /// A folder with a file for each mail.
    Folder(Folder),
    /// The memory of this process.
    Memory(Memory),
}

impl Mailer {
    /// Hands one mail over, once.
    pub async fn send(&self, message: &Message) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Sendmail(sendmail) => sendmail.send(message).await,
            Self::Folder(folder) => folder.send(message).await,
            Self::Memory(memory) => memory.send(message),
        }
    }

    /// Asks each relay for its greeting, and sends it nothing but `EHLO`: its place, and why it takes no mail. There is none
    /// where mails go elsewhere.
    pub async fn greetings(&self) -> Vec<(String, Option<Answer>)> {
        match self {
            Self::Smtp(smtp) => smtp.greetings().await,
            Self::Sendmail(_) | Self::Folder(_) | Self::Memory(_) => Vec::new(),
        }
    }

    /// Closes the sessions with the relays.
    pub async fn close(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}

/// Mails that are kept in memory.
#[derive(Default)]
pub struct Memory(Mutex<Vec<Message>>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    fn send(&self, message: &Message) -> Outcome {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Outcome::Accepted(Answer::new(Class::Success, "kept in memory"))
    }

    /// Takes what was sent since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Our own fault, which says nothing about the address: the mail waits.
fn own_fault(text: &str) -> Outcome {
    later(Class::Own, text)
}

fn later(class: Class, text: &str) -> Outcome {
    Outcome::Later { answer: Answer::new(class, &answer::without_addresses(text)), after: None }
}
