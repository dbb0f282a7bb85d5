//! A real server that speaks the protocol of S3 (moto, from PyPI), on the loopback.

use super::{free_port, until};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const VERSION: &str = "moto[server]==5.2.1";
/// It is installed first where it is missing.
const INSTALLED: Duration = Duration::from_secs(150);
/// It imports half of AWS.
const BOUND: Duration = Duration::from_secs(60);

/// A running server.
pub struct Moto {
    _child: Child,
    /// Port on `127.0.0.1`.
    pub port: u16,
}

impl Moto {
    /// Starts it and waits until it answers; `tools` is a folder in which it may be installed.
    ///
    /// # Errors
    /// It cannot be had here; why.
    ///
    /// # Panics
    /// It does not answer within a minute.
    pub async fn start(tools: &Path) -> Result<Self, String> {
        let port = free_port();
        let child = match started(Command::new("moto_server"), port) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folder = tools.join("moto");
                install(&folder).await?;
                let mut command = Command::new("python3");
                command.args(["-m", "moto.server"]).env("PYTHONPATH", folder);
                started(command, port)
            }
            started => started,
        };
        let child = child.map_err(|error| format!("moto cannot be started: {error}"))?;
        until("moto answers", BOUND, async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Ok(Self { _child: child, port })
    }
}

fn started(mut command: Command, port: u16) -> std::io::Result<Child> {
    command
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

async fn install(folder: &Path) -> Result<(), String> {
    if folder.join("moto").exists() {
        return Ok(());
    }
    let mut pip = Command::new("pip3");
    pip.args(["install", "-q", "--disable-pip-version-check", "--target"]).arg(folder).arg(VERSION);
    let output = tokio::time::timeout(INSTALLED, pip.kill_on_drop(true).output()).await;
    match output {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("{VERSION} cannot be installed: {}", said.lines().last().unwrap_or_default()))
        }
        Ok(Err(error)) => Err(format!("there is no pip3: {error}")),
        Err(_) => Err(format!("{VERSION} was not installed in time")),
    }
}
