//! A real PostgreSQL on a loopback port, with or without TLS. Root switches to the user `postgres`, because
//! it refuses to run as root.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::certificates::Certificate;
use super::{free_port, until};

/// A running server; stops when dropped.
pub struct Postgres {
    _directory: TempDir,
    port: u16,
    _child: Child,
}

impl Postgres {
    /// Starts the server on both loopback addresses.
    ///
    /// # Panics
    /// It does not answer within thirty seconds.
    pub async fn start(certificate: Option<&Certificate>) -> Self {
        let directory =
            tempfile::Builder::new().prefix("postgres-").tempdir_in("/var/tmp").expect("a directory");
        let port = free_port();
        let (place, data) = (directory.path().display().to_string(), directory.path().join("data"));
        let mut settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1,::1'\nunix_socket_directories = ''\nfsync = off\n\
             shared_buffers = 8MB\nmax_connections = 20\n"
        );
        if let Some(certificate) = certificate {
            std::fs::copy(&certificate.certificate, directory.path().join("server.pem")).expect("copies");
            std::fs::copy(&certificate.key, directory.path().join("server.key")).expect("copies");
            settings.push_str(&format!(
                "ssl = on\nssl_cert_file = '{place}/server.pem'\nssl_key_file = '{place}/server.key'\n"
            ));
        }
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").args(["-R", "postgres", &place])).await;
        }
        if certificate.is_some() {
            run(Command::new("chmod").arg("0600").arg(directory.path().join("server.key"))).await;
        }
        run(as_postgres("initdb").args(["--auth=trust", "--no-sync", "-D"]).arg(&data)).await;
        std::fs::write(data.join("postgresql.conf"), settings).expect("writes");
        let child = as_postgres("postgres").arg("-D").arg(&data).kill_on_drop(true).spawn();
        let mut child = child.expect("PostgreSQL is installed");
        until("PostgreSQL answers", Duration::from_secs(30), async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("PostgreSQL ended with {status}");
            }
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { _directory: directory, port, _child: child }
    }

    /// Port on `127.0.0.1` and `::1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// One of its programs, in the newest installed version.
fn as_postgres(program: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let newest: Option<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path())).max();
    let program = newest.as_deref().unwrap_or(Path::new("")).join("bin").join(program);
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

async fn run(command: &mut Command) {
    let status = command.status().await.expect("it starts");
    assert!(status.success(), "{command:?}: {status}");
}
