//! A real Unbound as a resolver for [`ZONE`], a zone without a server, and a zone with a lame server.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::certificates::Certificate;
use super::dns::{RECORDS, ZONE, large_records};
use super::free_port;
use super::program::{listens, started};

const BOUND: Duration = Duration::from_secs(10);

/// A running Unbound.
pub struct Unbound {
    directory: TempDir,
    _child: Child,
    /// Port for UDP and TCP.
    pub port: u16,
    /// Port for TLS.
    pub tls_port: u16,
    /// Port for HTTPS, at `/dns-query`.
    pub https_port: u16,
}

impl Unbound {
    /// Starts Unbound and waits until it answers. It forwards `gone.test` to a closed port, and `lame.test`
    /// to `lame`, a server that does not serve it.
    ///
    /// # Panics
    /// It does not answer within ten seconds; the message contains its log.
    pub async fn start(certificate: &Certificate, lame: u16) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (port, tls_port, https_port) = (free_port(), free_port(), free_port());
        let ports = [port, tls_port, https_port];
        let text = configuration(directory.path(), certificate, ports, lame);
        std::fs::write(directory.path().join("unbound.conf"), text).expect("writes");
        let log = directory.path().join("log");
        let mut command = Command::new("unbound");
        command.args(["-d", "-p", "-c"]).arg(directory.path().join("unbound.conf"));
        let answers = async || listens(https_port).await && listens(port).await;
        let child = started(command, &log, BOUND, answers).await;
        Self { directory, _child: child, port, tls_port, https_port }
    }

    /// Number of queries for `name` so far.
    #[must_use]
    pub fn asked_for(&self, name: &str) -> usize {
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("info: ") && line.contains(&format!(" {name}. "))).count()
    }
}

fn configuration(directory: &Path, certificate: &Certificate, ports: [u16; 3], lame: u16) -> String {
    let [port, tls_port, https_port] = ports;
    let directory = directory.display();
    let (file, key) = (certificate.certificate.display(), certificate.key.display());
    let gone = free_port();
    let interfaces: String = ports
        .iter()
        .flat_map(|port| ["127.0.0.1", "::1"].map(|address| format!("  interface: {address}@{port}\n")))
        .collect();
    let data: String = (RECORDS.to_owned() + &large_records())
        .lines()
        .map(|line| format!("  local-data: '{line}'\n"))
        .collect();
    format!(
        "server:
  directory: \"{directory}\"
  pidfile: \"\"
  chroot: \"\"
  username: \"\"
  use-syslog: no
  log-queries: yes
  do-not-query-localhost: no
  module-config: \"iterator\"
  port: {port}
  tls-port: {tls_port}
  https-port: {https_port}
  tls-service-pem: \"{file}\"
  tls-service-key: \"{key}\"
{interfaces}  local-zone: \"{ZONE}.\" static
{data}  local-zone: \"test.\" nodefault
forward-zone:
  name: \"gone.test.\"
  forward-addr: 127.0.0.1@{gone}
stub-zone:
  name: \"lame.test.\"
  stub-addr: 127.0.0.1@{lame}
remote-control:
  control-enable: no
"
    )
}
