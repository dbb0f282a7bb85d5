//! A real Varnish in front of an origin on the loopback.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{free_port, until};

/// The compiler of its configuration runs first.
const BOUND: Duration = Duration::from_secs(30);

/// A running Varnish.
pub struct Varnish {
    _directory: TempDir,
    _child: Child,
    /// Port on `127.0.0.1`.
    pub port: u16,
}

impl Varnish {
    /// Starts Varnish in front of port `origin` and waits until it answers. `rules` are additional VCL
    /// subroutines.
    ///
    /// # Panics
    /// It does not answer within thirty seconds; the message contains its log.
    pub async fn start(origin: u16, rules: &str) -> Self {
        let backend = format!("backend default {{ .host = \"127.0.0.1\"; .port = \"{origin}\"; }}");
        Self::start_with(&format!("vcl 4.1;\n{backend}\n{rules}\n")).await
    }

    /// Starts Varnish with a whole configuration and waits until it answers.
    ///
    /// # Panics
    /// It does not answer within thirty seconds; the message contains its log.
    pub async fn start_with(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let file = directory.path().join("cache.vcl");
        std::fs::write(&file, text).expect("writes");
        let log = directory.path().join("log");
        let output = std::fs::File::create(&log).expect("a log");
        let mut child = Command::new("varnishd")
            .args(["-F", "-j", "none", "-T", "none", "-s", "malloc,16m", "-p", "thread_pools=1"])
            .args(["-a", &format!("127.0.0.1:{port}")])
            .arg("-n")
            .arg(directory.path().join("work"))
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .expect("varnishd is installed");
        until("varnish answers", BOUND, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("varnish ended with {status}: {}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { _directory: directory, _child: child, port }
    }
}
