//! A real HAProxy in front of an origin on the loopback.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::free_port;
use super::program::{listens, started};

const BOUND: Duration = Duration::from_secs(10);

/// A running HAProxy.
pub struct Haproxy {
    _directory: TempDir,
    _child: Child,
    /// Port on `127.0.0.1`.
    pub port: u16,
}

impl Haproxy {
    /// Starts HAProxy in front of port `origin` and waits until it listens. `mode` is `tcp` or `http`, `server` what stands
    /// behind the server's address, such as `send-proxy-v2`.
    ///
    /// # Panics
    /// It does not listen within ten seconds; the message contains its log.
    pub async fn start(origin: u16, mode: &str, server: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let text = format!(
            "defaults\n  mode {mode}\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n\
             listen status\n  bind 127.0.0.1:{port}\n  server skerry 127.0.0.1:{origin} {server}\n"
        );
        let file = directory.path().join("haproxy.cfg");
        std::fs::write(&file, text).expect("writes");
        let mut command = Command::new("haproxy");
        command.args(["-db", "-f"]).arg(&file);
        let child =
            started(command, &directory.path().join("log"), BOUND, async || listens(port).await).await;
        Self { _directory: directory, _child: child, port }
    }
}
