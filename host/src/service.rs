//! Notifications to the service manager (sd_notify(3)): ready, reloading, stopping, a status line, and
//! liveness. Silent without a service manager. A watchdog is fed by an answer of the work itself, never by
//! the passing of time alone.

use sd_notify::NotifyState;
use skerry_protocol::words::one_line;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Time between two checks of the work if no watchdog sets the pace.
const UNHURRIED: Duration = Duration::from_secs(5);
/// A slow start extends its time limit by a minute, three times a minute.
const STARTING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(60));

/// Reports the end of the start; `status` is one line.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
}

/// Reports that the program stops.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
}

/// Reports that the program could not start; the unit's status shows the reason.
pub fn failed(why: &str) {
    tell(&[NotifyState::Status(&line(why))]);
}

/// Runs `work`, which returns a status line, and reports its beginning and end.
pub async fn reloading(work: impl Future<Output = String>) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => {
            tracing::warn!(%error, "no monotonic clock: the service manager is not told of the reload");
        }
    }
    ready(&work.await);
}

/// Waits for a slow part of the start, such as a migration, and extends the time limit meanwhile, at most for
/// `most`.
pub async fn starting<T>(status: &str, most: Duration, work: impl Future<Output = T>) -> T {
    let status = line(status);
    let mut often = interval(STARTING.0);
    let asking = async {
        loop {
            often.tick().await;
            let more = u32::try_from(STARTING.1.as_micros()).unwrap_or(u32::MAX);
            tell(&[NotifyState::ExtendTimeoutUsec(more), NotifyState::Status(&status)]);
        }
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        _ = timeout(most, asking) => {}
    }
    work.await
}

/// Checks the work again and again and feeds the watchdog after each answer. `turn` returns a status line
/// when the work has answered, `None` when it has ended; while it waits nothing is fed.
pub async fn watch(turn: impl AsyncFn() -> Option<String>) -> Infallible {
    // sd_watchdog_enabled(3) recommends half of the time; a third tolerates one late answer.
    let pace = sd_notify::watchdog_enabled().map_or(UNHURRIED, |limit| limit / 3);
    let mut often = interval(pace.max(Duration::from_millis(10)));
    often.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = String::new();
    loop {
        often.tick().await;
        let Some(status) = turn().await else { continue };
        tell(&[NotifyState::Watchdog]);
        let status = line(&status);
        if status != told {
            tell(&[NotifyState::Status(&status)]);
            told = status;
        }
    }
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!(%error, "the service manager was not told");
    }
}

/// A line break would start another variable.
fn line(text: &str) -> String {
    one_line(text).chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_stays_on_its_line() {
        assert_eq!(line("a\nWATCHDOG=1\u{1b}"), "a WATCHDOG=1 ");
        assert_eq!(line(&"x".repeat(1_000)).len(), 400);
    }
}
