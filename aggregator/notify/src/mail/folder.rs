//! Mails as files: one `.eml` for each, which appears in whole or not at all. The same mail twice is one file.

use super::message::{Message, hex};
use super::own_fault;
use crate::outcome::{Answer, Class, Outcome};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;

/// A folder in which each mail is a file.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Mails are written into this folder, which is made if it is missing.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let name = name_of(message);
        match self.write(&name, message).await {
            Ok(()) => Outcome::Accepted(Answer::new(Class::Success, &format!("written to {name}"))),
            Err(error) => own_fault(&format!("{}: {error}", self.path.display())),
        }
    }

    async fn write(&self, name: &str, message: &Message) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.path).await?;
        let draft = self.path.join(format!(".{name}.draft"));
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft).await?;
        // As the last server would write it.
        let head = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", message.return_path(), message.to());
        file.write_all(head.as_bytes()).await?;
        file.write_all(message.bytes()).await?;
        file.sync_all().await?;
        tokio::fs::rename(&draft, self.path.join(name)).await
    }
}

/// A name that shows the message's id, and differs for each recipient.
fn name_of(message: &Message) -> String {
    let safe = |one: char| if one.is_ascii_alphanumeric() || "-_.@+".contains(one) { one } else { '_' };
    let id: String = message.message_id().chars().take(100).map(safe).collect();
    let whole = format!("{}\0{}\0{}", message.message_id(), message.return_path(), message.to());
    let digest = ring::digest::digest(&ring::digest::SHA256, whole.as_bytes());
    format!("{}.{}.eml", id.trim_start_matches('.'), hex(&digest.as_ref()[..8]))
}
