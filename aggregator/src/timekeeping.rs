//! Asks the kernel whether a time server keeps this host's clock, while that is not known.

use crate::engine::Engine;
use skerry_host::doctor::is_kept;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(10);

/// Asks until the task is ended.
#[must_use]
pub fn follow(engine: Engine) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            if engine.asks_for_time() {
                let kept = is_kept().await;
                engine.note_kernel_sync(kept);
            }
        }
    })
}
