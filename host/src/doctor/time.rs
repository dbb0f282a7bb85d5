//! Whether a time server keeps this host's clock. The kernel knows; `timedatectl` asks it.

use super::Finding;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

const TOPIC: &str = "time";
/// `timedatectl` may have to start the service that it asks.
const ANSWERED: Duration = Duration::from_secs(5);
/// Files by which container managers mark a container.
const CONTAINERS: [&str; 3] = ["/run/systemd/container", "/run/.containerenv", "/.dockerenv"];

/// Whether a time server keeps the clock. Not a problem if that cannot be determined.
pub async fn kept_clock() -> Finding {
    let container = CONTAINERS.iter().any(|path| Path::new(path).exists());
    match ask().await {
        Ok(answer) => judge(Ok(&answer), container),
        Err(why) => judge(Err(&why), container),
    }
}

/// Whether the kernel says that a time server keeps this host's clock.
pub async fn is_kept() -> bool {
    ask().await.is_ok_and(|answer| answer == "yes")
}

/// `yes` or `no`, or why there is no answer.
async fn ask() -> Result<String, String> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    match timeout(ANSWERED, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(Ok(_)) => Err("timedatectl gets no answer".to_owned()),
        Ok(Err(error)) => Err(format!("timedatectl: {error}")),
        Err(_) => Err(format!("timedatectl: no answer in {ANSWERED:?}")),
    }
}

fn judge(answer: Result<&str, &str>, container: bool) -> Finding {
    match answer {
        Ok("yes") => Finding::ok(TOPIC, "this host's clock is kept right by a time server"),
        Ok("no") if container => {
            Finding::ok(TOPIC, "no time server keeps this container's clock, which is its host's: look there")
        }
        Ok("no") => Finding::warning(
            TOPIC,
            "no time server keeps this host's clock: it drifts, and what is seen is placed wrongly",
            "Run timedatectl set-ntp true (systemd-timesyncd), or install chrony",
        ),
        Ok(_) => unasked("timedatectl does not say it"),
        Err(why) => unasked(why),
    }
}

fn unasked(why: &str) -> Finding {
    Finding::ok(TOPIC, format!("whether a time server keeps this host's clock cannot be asked here ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_clock_that_nobody_keeps_is_told_and_what_cannot_be_asked_is_no_fault() {
        let cases = [
            (Ok("yes"), false, Level::Ok, "is kept right"),
            (Ok("no"), false, Level::Warning, "it drifts"),
            (Ok("no"), true, Level::Ok, "which is its host's"),
            (Ok(""), false, Level::Ok, "cannot be asked"),
            (Err("No such file"), false, Level::Ok, "(No such file)"),
        ];
        for (answer, container, level, says) in cases {
            let finding = judge(answer, container);
            assert_eq!(finding.level, level, "{finding:?}");
            assert!(finding.says.contains(says), "{finding:?}");
            assert_eq!(finding.remedy.is_some(), level != Level::Ok, "{finding:?}");
        }
    }
}
