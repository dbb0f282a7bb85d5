//! The host's `sendmail`, which every mail server for Unix brings. Its exit status is one of `sysexits.h`.

use super::answer::without_addresses;
use super::message::Message;
use super::{later, own_fault};
use crate::outcome::{Answer, Class, Outcome};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// What is read of its complaints.
const MAX_COMPLAINT: u64 = 4 << 10;

/// The host's `sendmail`.
#[derive(Debug)]
pub struct Sendmail {
    program: PathBuf,
    timeout: Duration,
}

impl Sendmail {
    /// Mails go to this program, which has so much time for each.
    #[must_use]
    pub fn new(program: &Path, timeout: Duration) -> Self {
        Self { program: program.to_owned(), timeout }
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let child = Command::new(&self.program)
            .args(["-i", "-f", message.return_path(), "--", message.to()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let name = self.program.display();
        let child = match child {
            Ok(child) => child,
            Err(error) => return own_fault(&format!("{name}: {error}")),
        };
        match tokio::time::timeout(self.timeout, hand_over(child, message)).await {
            Err(_) => later(Class::Timeout, &format!("{name} did not end in time")),
            Ok(Err(error)) => own_fault(&format!("{name}: {error}")),
            Ok(Ok((status, complaint))) => outcome(&name.to_string(), status, &complaint),
        }
    }
}

async fn hand_over(mut child: Child, message: &Message) -> std::io::Result<(ExitStatus, String)> {
    let (mut input, errors) = (child.stdin.take(), child.stderr.take());
    // Programs of the host end lines their own way.
    let bytes = lines_of_the_host(message.bytes());
    let write = async {
        if let Some(input) = input.as_mut() {
            // One that ends early says why by its status.
            let _ = input.write_all(&bytes).await;
        }
        drop(input.take());
    };
    let read = async {
        let mut complaint = Vec::new();
        if let Some(mut errors) = errors {
            (&mut errors).take(MAX_COMPLAINT).read_to_end(&mut complaint).await?;
            tokio::io::copy(&mut errors, &mut tokio::io::sink()).await?;
        }
        Ok::<_, std::io::Error>(complaint)
    };
    let ((), complaint) = tokio::join!(write, read);
    let status = child.wait().await?;
    Ok((status, String::from_utf8_lossy(&complaint?).into_owned()))
}

fn lines_of_the_host(bytes: &[u8]) -> Vec<u8> {
    let ends = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
    (0..bytes.len()).filter(|at| !ends(*at)).map(|at| bytes[at]).collect()
}

fn outcome(name: &str, status: ExitStatus, complaint: &str) -> Outcome {
    let said = without_addresses(complaint.trim());
    let text = format!("{name} ended with {status}{}{said}", if said.is_empty() { "" } else { ": " });
    match status.code() {
        Some(0) => Outcome::Accepted(Answer::new(Class::Success, &format!("{name} took it"))),
        // EX_DATAERR, EX_NOUSER, EX_NOHOST. A local program's word does not remove an address.
        Some(65 | 67 | 68) => Outcome::Refused(Answer::new(Class::Rejected, &text)),
        // EX_UNAVAILABLE, EX_TEMPFAIL.
        Some(69 | 75) => later(Class::Unavailable, &text),
        _ => own_fault(&text),
    }
}

#[cfg(test)]
#[path = "sendmail_test.rs"]
mod tests;
