//! A real Postfix with its own configuration, queue and log, which offers STARTTLS. Needs root or a
//! passwordless `sudo`.

use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::certificates::Certificate;
use super::{free_port, until};

/// A running Postfix; stops when dropped.
pub struct Postfix {
    directory: TempDir,
    port: u16,
}

impl Postfix {
    /// Starts Postfix on both loopback addresses; without a certificate it offers no TLS.
    ///
    /// # Panics
    /// It does not answer within twenty seconds.
    pub async fn start(certificate: Option<&Certificate>) -> Self {
        Self::start_with(certificate, "").await
    }

    /// Like [`Self::start`], with additional lines in `main.cf`.
    ///
    /// # Panics
    /// Like [`Self::start`].
    pub async fn start_with(certificate: Option<&Certificate>, further: &str) -> Self {
        // Its daemons need access to their queue as their own user.
        let directory =
            tempfile::Builder::new().prefix("postfix-").tempdir_in("/var/tmp").expect("a directory");
        let port = free_port();
        let place = directory.path().display().to_string();
        run(as_root("chmod").args(["0755", &place]));
        for folder in ["etc", "queue", "data"] {
            std::fs::create_dir(directory.path().join(folder)).expect("a directory");
        }
        run(as_root("chown").args(["postfix", &format!("{place}/data")]));
        let tls = certificate.map_or_else(
            || "smtpd_tls_security_level = none\n".to_owned(),
            |certificate| {
                let (certificate, key) = (certificate.certificate.display(), certificate.key.display());
                format!(
                    "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {certificate}\nsmtpd_tls_key_file = {key}\n"
                )
            },
        );
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {place}/queue\ndata_directory = {place}/data\n\
             maillog_file = /var/log/skerry-test-{port}.log\nmyhostname = mail.test\nmydestination =\n\
             inet_interfaces = 127.0.0.1, [::1]\ninet_protocols = all\n\
             smtpd_peername_lookup = no\n{tls}{further}"
        );
        let service = |name: &str, kind: &str, program: &str| format!("{name} {kind} {program}\n");
        let master = [
            service(&port.to_string(), "inet n - n - -", "smtpd"),
            service("rewrite", "unix - - n - -", "trivial-rewrite"),
            service("anvil", "unix - - n - 1", "anvil"),
            service("tlsmgr", "unix - - n 1000? 1", "tlsmgr"),
            service("proxymap", "unix - - n - -", "proxymap"),
            service("cleanup", "unix n - n - 0", "cleanup"),
            service("qmgr", "unix n - n 300 1", "qmgr"),
            service("smtp", "unix - - n - -", "smtp"),
            service("lmtp", "unix - - n - -", "lmtp"),
            service("bounce", "unix - - n - 0", "bounce"),
            service("defer", "unix - - n - 0", "bounce"),
            service("trace", "unix - - n - 0", "bounce"),
            service("error", "unix - - n - -", "error"),
            service("retry", "unix - - n - -", "error"),
            service("scache", "unix - - n - 1", "scache"),
            service("postlog", "unix-dgram n - n - 1", "postlogd"),
        ]
        .concat();
        std::fs::write(directory.path().join("etc/main.cf"), main).expect("writes");
        std::fs::write(directory.path().join("etc/master.cf"), master).expect("writes");
        let postfix = Self { directory, port };
        let started = postfix.command("start");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        until("Postfix answers", Duration::from_secs(20), async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        postfix
    }

    /// Port on `127.0.0.1` and `::1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> String {
        format!("/var/log/skerry-test-{}.log", self.port)
    }

    fn command(&self, word: &str) -> Output {
        let etc = self.directory.path().join("etc");
        as_root("postfix").arg("-c").arg(etc).arg(word).output().expect("Postfix is installed")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = self.command("abort");
        let _ = std::fs::remove_file(self.log_file());
    }
}

/// Runs as root, with `sudo` if necessary.
fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
