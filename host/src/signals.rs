//! The signals of a running program.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Catches the signals from now on: an uncaught one would end the process.
#[derive(Debug)]
pub struct Signals {
    /// SIGHUP: reload the configuration.
    pub hangup: Signal,
    /// Stop requests.
    pub stop: Stop,
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Installs the handlers; must be called within a runtime.
    ///
    /// # Errors
    /// The system refuses a handler.
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
    /// Waits for a stop request. Cancel-safe.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
