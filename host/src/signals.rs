//! The signals that a program hears while it runs.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// From here on each of them is heard: one that nobody hears would end the process.
#[derive(Debug)]
pub struct Signals {
    /// SIGHUP: the configuration is to be read again.
    pub hangup: Signal,
    /// The end is asked for.
    pub stop: Stop,
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Hears them, inside a runtime.
    ///
    /// # Errors
    /// The system gives no handler.
    pub fn hear() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            stop: Stop {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            },
        })
    }
}

impl Stop {
    /// Waits until the end is asked for. Loses nothing when it is dropped.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
