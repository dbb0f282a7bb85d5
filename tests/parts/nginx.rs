//! A real nginx as a target: plain or TLS, over IPv4 and IPv6. It can be switched to errors, killed and
//! restarted on its port.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::certificates::Certificate;
use super::program::{listens, started};
use super::{Environment, free_port};

const BOUND: Duration = Duration::from_secs(10);
/// The codes that [`Nginx::answer_with`] supports.
const SWITCHABLE: [u16; 5] = [302, 404, 500, 502, 503];

/// The configuration of a server.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Text for the `http` block, such as zones.
    pub http: String,
    /// Text for the `server` block: locations. `DIR` stands for its directory. `/` answers `ok` by default.
    pub server: String,
    /// Uses TLS with this certificate.
    pub certificate: Option<Certificate>,
    /// Supports HTTP/2: on TLS beside 1.1; on plain TCP only HTTP/2, by prior knowledge.
    pub http2: bool,
    /// Environment variables.
    pub environment: Environment,
}

/// A running nginx.
pub struct Nginx {
    directory: TempDir,
    port: u16,
    tls: bool,
    environment: Environment,
    child: Option<Child>,
}

impl Nginx {
    /// Starts nginx and waits until it answers.
    ///
    /// # Panics
    /// It does not answer within ten seconds; the message contains its log.
    pub async fn start(site: &Site) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let configuration = configuration(site, directory.path(), port);
        std::fs::write(directory.path().join("nginx.conf"), configuration).expect("writes");
        std::fs::create_dir(directory.path().join("switch")).expect("a directory");
        std::fs::create_dir(directory.path().join("files")).expect("a directory");
        let (tls, environment) = (site.certificate.is_some(), site.environment.clone());
        let mut nginx = Self { directory, port, tls, environment, child: None };
        nginx.restart().await;
        nginx
    }

    /// Port on `127.0.0.1` and `::1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL on this server with the host `localhost`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.url_at("localhost", path)
    }

    /// A URL on this server with another of its names or addresses.
    #[must_use]
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", if self.tls { "https" } else { "http" }, self.port)
    }

    /// The folder `files` in its directory, which a location may serve.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    /// Answers every request with `status` from now on; `None`: as configured.
    ///
    /// # Panics
    /// The configuration does not support `status`.
    pub fn answer_with(&self, status: Option<u16>) {
        let folder = self.directory.path().join("switch");
        for code in SWITCHABLE {
            let file = folder.join(code.to_string());
            if file.exists() {
                std::fs::remove_file(file).expect("removes the switch");
            }
        }
        if let Some(status) = status {
            assert!(SWITCHABLE.contains(&status), "{status} is not among {SWITCHABLE:?}");
            std::fs::write(folder.join(status.to_string()), "").expect("writes the switch");
        }
    }

    /// Kills nginx. Its port then refuses connections.
    ///
    /// # Panics
    /// It cannot be killed.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("ends");
        }
    }

    /// Starts nginx again on the same port; stops it before if necessary.
    ///
    /// # Panics
    /// It does not answer within ten seconds; the message contains its log.
    pub async fn restart(&mut self) {
        self.kill().await;
        let directory = self.directory.path();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(directory).arg("-c").arg(directory.join("nginx.conf")).args(["-e", "stderr"]);
        command.envs(self.environment.iter().cloned());
        let (log, port) = (directory.join("error.log"), self.port);
        self.child = Some(started(command, &log, BOUND, async || listens(port).await).await);
    }

    /// Its access log: connection serial, method, path, protocol, host, user agent and authorization,
    /// separated by `|`.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.directory.path().join("access.log")).unwrap_or_default();
        text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }
}

fn configuration(site: &Site, directory: &Path, port: u16) -> String {
    let directory = directory.display().to_string();
    let tls = site.certificate.as_ref().map_or_else(String::new, |certificate| {
        format!(
            "ssl_certificate {};\n    ssl_certificate_key {};",
            certificate.certificate.display(),
            certificate.key.display()
        )
    });
    let ssl = if site.certificate.is_some() { " ssl" } else { "" };
    let http2 = if site.http2 { " http2" } else { "" };
    let switches: String = SWITCHABLE
        .iter()
        .map(|code| format!("    if (-f {directory}/switch/{code}) {{ return {code}; }}\n"))
        .collect();
    let root = if site.server.contains("location = / ") || site.server.contains("location / ") {
        String::new()
    } else {
        "location / { return 200 ok; }".to_owned()
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("  {kind}_temp_path {directory}/{kind};\n"))
        .collect();
    format!(
        "daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr;
{environment}events {{ worker_connections 512; }}
http {{
{temporary}
  log_format seen '$connection|$request_method|$uri|$server_protocol|$http_host|$http_user_agent|$http_authorization';
  access_log {directory}/access.log seen;
  default_type text/plain;
  {http}
  server {{
    listen 127.0.0.1:{port}{ssl}{http2};
    listen [::1]:{port}{ssl}{http2};
    {tls}
{switches}
    {server}
    {root}
  }}
}}
",
        environment = site.environment.iter().map(|(name, _)| format!("env {name};\n")).collect::<String>(),
        http = site.http.replace("DIR", &directory),
        server = site.server.replace("DIR", &directory),
    )
}
