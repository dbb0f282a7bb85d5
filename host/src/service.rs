//! What the service manager is told (sd_notify(3)): ready, reloading, stopping, a line of status, and that the
//! work turns. Silent where no service manager listens. A watchdog is fed by an answer of the work itself,
//! never by the passing of time alone.

use sd_notify::NotifyState;
use skerry_protocol::words::one_line;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Between two looks at the work where no watchdog sets the pace.
const UNHURRIED: Duration = Duration::from_secs(5);
/// While a start takes its time, it is given another minute three times a minute.
const STARTING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(60));

/// The start is over; `status` is one line.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
}

/// The program is on its way out.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
}

/// The program could not start, and ends: why stands in the unit's status beside its result.
pub fn failed(why: &str) {
    tell(&[NotifyState::Status(&line(why))]);
}

/// Does `work`, which gives a line of status, between the words that it began and that it ended.
pub async fn reloading(work: impl Future<Output = String>) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => {
            tracing::warn!(%error, "no monotonic clock: the service manager is not told of the reload");
        }
    }
    ready(&work.await);
}

/// Waits for a part of the start that may take long, such as a migration, and asks for more time meanwhile:
/// at most for `most`.
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

/// Asks the work for a fresh turn, again and again, and feeds the watchdog after each that was made. `turn`
/// gives a line of status when the work has turned, `None` when it has ended; while it waits nothing is fed.
pub async fn watch(turn: impl AsyncFn() -> Option<String>) -> Infallible {
    // Half the time is what sd_watchdog_enabled(3) advises; a third bears one late turn.
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

/// A line break would begin another variable.
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
