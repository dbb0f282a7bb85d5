//! A program that runs for a test, with its output in a file.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::until;

/// Starts the command and waits until it `answers`. Its output goes to `log`; it is killed when dropped.
///
/// # Panics
/// It cannot be started, ends, or does not answer within `bound`; the message contains its output.
pub(super) async fn started(
    mut command: Command,
    log: &Path,
    bound: Duration,
    answers: impl AsyncFn() -> bool,
) -> Child {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let output = std::fs::File::create(log).expect("a log");
    command.stdin(Stdio::null()).stdout(output.try_clone().expect("a second handle")).stderr(output);
    let child = command.kill_on_drop(true).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
    until(&format!("{name} answers"), bound, async || {
        if let Ok(Some(status)) = child.try_wait() {
            panic!("{name} ended with {status}: {}", std::fs::read_to_string(log).unwrap_or_default());
        }
        answers().await
    })
    .await;
    child
}

/// Whether something listens on this port of the loopback.
pub(super) async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}
