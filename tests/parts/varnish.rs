//! A real Varnish in front of an origin on the loopback.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::program::{listens, started};
use super::{Environment, free_port};

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
        Self::start_in(text, Environment::default()).await
    }

    /// Like [`Self::start_with`], with these environment variables.
    ///
    /// # Panics
    /// It does not answer within thirty seconds; the message contains its log.
    pub async fn start_in(text: &str, environment: Environment) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let file = directory.path().join("cache.vcl");
        std::fs::write(&file, text).expect("writes");
        let mut command = Command::new("varnishd");
        command
            .args(["-F", "-j", "none", "-T", "none", "-s", "malloc,16m", "-p", "thread_pools=1"])
            .args(["-a", &format!("127.0.0.1:{port}")])
            .arg("-n")
            .arg(directory.path().join("work"))
            .arg("-f")
            .arg(&file)
            .envs(environment);
        let child =
            started(command, &directory.path().join("log"), BOUND, async || listens(port).await).await;
        Self { _directory: directory, _child: child, port }
    }
}
