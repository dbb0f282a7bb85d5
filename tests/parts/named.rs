//! A real BIND as the authority for [`ZONE`] over UDP, TCP, TLS and HTTPS, IPv4 and IPv6. It refuses every
//! other name.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::certificates::Certificate;
use super::dns::{RECORDS, ZONE, large_records};
use super::free_port;
use super::program::{listens, started};

const BOUND: Duration = Duration::from_secs(10);

/// A running BIND.
pub struct Named {
    _directory: TempDir,
    _child: Child,
    /// Port for UDP and TCP.
    pub port: u16,
    /// Port for TLS.
    pub tls_port: u16,
    /// Port for HTTPS, at `/dns-query`.
    pub https_port: u16,
}

impl Named {
    /// Starts BIND and waits until it answers.
    ///
    /// # Panics
    /// It does not answer within ten seconds; the message contains its log.
    pub async fn start(certificate: &Certificate) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (port, tls_port, https_port) = (free_port(), free_port(), free_port());
        let text = configuration(directory.path(), certificate, port, tls_port, https_port);
        std::fs::write(directory.path().join("named.conf"), text).expect("writes");
        std::fs::write(directory.path().join("zone"), RECORDS.to_owned() + &large_records()).expect("writes");
        let log = directory.path().join("log");
        let mut command = Command::new("named");
        command.args(["-g", "-n", "1", "-c"]).arg(directory.path().join("named.conf"));
        let answers = async || {
            std::fs::read_to_string(&log).unwrap_or_default().contains(" running")
                && listens(port).await
                && listens(tls_port).await
                && listens(https_port).await
        };
        let child = started(command, &log, BOUND, answers).await;
        Self { _directory: directory, _child: child, port, tls_port, https_port }
    }
}

fn configuration(
    directory: &Path,
    certificate: &Certificate,
    port: u16,
    tls_port: u16,
    https_port: u16,
) -> String {
    let directory = directory.display();
    let (file, key) = (certificate.certificate.display(), certificate.key.display());
    format!(
        "tls own {{ cert-file \"{file}\"; key-file \"{key}\"; }};
http own {{ endpoints {{ \"/dns-query\"; }}; }};
options {{
  directory \"{directory}\"; pid-file \"{directory}/named.pid\"; session-keyfile \"{directory}/session.key\";
  managed-keys-directory \"{directory}\";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 port {port} {{ ::1; }};
  listen-on port {tls_port} tls own {{ 127.0.0.1; }};
  listen-on-v6 port {tls_port} tls own {{ ::1; }};
  listen-on port {https_port} tls own http own {{ 127.0.0.1; }};
  listen-on-v6 port {https_port} tls own http own {{ ::1; }};
  recursion no; allow-query {{ any; }}; dnssec-validation no; notify no; minimal-responses yes;
}};
controls {{ }};
zone \"{ZONE}\" {{ type primary; file \"zone\"; check-names ignore; }};
"
    )
}
