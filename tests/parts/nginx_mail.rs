//! The mail proxy of a real nginx: IMAP, POP3 and SMTP with STARTTLS.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::certificates::Certificate;
use super::free_port;
use super::program::{listens, started};

const BOUND: Duration = Duration::from_secs(10);
/// Path of Debian's `libnginx-mod-mail`.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_mail_module.so";

/// A running proxy; stops when dropped.
pub struct NginxMail {
    _directory: TempDir,
    port: u16,
    _child: Child,
}

impl NginxMail {
    /// Starts a proxy for `protocol` (`imap`, `pop3`, `smtp`) on both loopback addresses; without a
    /// certificate it offers no TLS.
    ///
    /// # Panics
    /// It does not answer within ten seconds; the message contains its log.
    pub async fn start(protocol: &str, certificate: Option<&Certificate>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let place = directory.path().display().to_string();
        let tls = certificate.map_or_else(String::new, |certificate| {
            let (certificate, key) = (certificate.certificate.display(), certificate.key.display());
            format!("starttls on; ssl_certificate {certificate}; ssl_certificate_key {key};")
        });
        let text = format!(
            "load_module {MODULE};\ndaemon off;\nmaster_process off;\npid {place}/nginx.pid;\n\
             error_log stderr;\nevents {{ worker_connections 64; }}\n\
             mail {{\n  auth_http 127.0.0.1:9/;\n  server_name mail.test;\n  server {{\n    \
             listen 127.0.0.1:{port};\n    listen [::1]:{port};\n    protocol {protocol};\n    {tls}\n  }}\n}}\n"
        );
        let config = directory.path().join("nginx.conf");
        std::fs::write(&config, text).expect("writes");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(directory.path()).arg("-c").arg(&config).args(["-e", "stderr"]);
        let child =
            started(command, &directory.path().join("log"), BOUND, async || listens(port).await).await;
        Self { _directory: directory, port, _child: child }
    }

    /// Port on `127.0.0.1` and `::1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}
