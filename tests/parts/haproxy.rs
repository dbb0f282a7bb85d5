//! A real HAProxy in front of an origin on the loopback.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{free_port, until};

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
        let log = directory.path().join("log");
        let output = std::fs::File::create(&log).expect("a log");
        let mut child = Command::new("haproxy")
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .expect("haproxy is installed");
        until("haproxy listens", BOUND, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("haproxy ended with {status}: {}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { _directory: directory, _child: child, port }
    }
}
