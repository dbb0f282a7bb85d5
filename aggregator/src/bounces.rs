//! Takes in mails that come back: a mail server of this host delivers them by LMTP or into a maildir.

use crate::config::{BounceSettings, LmtpAddress, MailSettings};
use crate::outbox::BounceReports;
use anyhow::Context as _;
use skerry_notify::bounce::{Bounds, Listener, Maildir, serve};
use skerry_notify::mail::Verp;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

/// How often the maildir is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// Who may deliver to the socket: its owner and its group.
const SOCKET_MODE: u32 = 0o660;

/// Begins to take them in.
///
/// # Errors
/// A listener cannot be bound.
pub async fn take_in(
    settings: &MailSettings,
    reports: &BounceReports,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let BounceSettings { lmtp, maildir, .. } = &settings.bounces;
    let verp = Verp::new(&settings.bounce_domain);
    let mut tasks = Vec::new();
    if let Some(address) = lmtp {
        let listener = listener(address).await.context("[mail.bounces] lmtp cannot be bound")?;
        tasks.push(listen(listener, (settings.hello.clone(), verp.clone()), reports.clone()));
    }
    if let Some(path) = maildir {
        tasks.push(look(Maildir::new(path, verp), reports.clone()));
    }
    Ok(tasks)
}

async fn listener(address: &LmtpAddress) -> std::io::Result<Listener> {
    match address {
        LmtpAddress::Port(address) => TcpListener::bind(address).await.map(Listener::Tcp),
        LmtpAddress::Socket(path) => socket(path).map(Listener::Unix),
    }
}

/// A socket that a former process left is replaced.
fn socket(path: &Path) -> std::io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(path).is_err() {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

fn listen(listener: Listener, (name, verp): (String, Verp), reports: BounceReports) -> JoinHandle<()> {
    tokio::spawn(async move {
        let handle = move |all| {
            let reports = reports.clone();
            async move { reports.take(all).await }
        };
        serve(&listener, &name, &verp, Bounds::default(), handle).await;
    })
}

fn look(maildir: Maildir, reports: BounceReports) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut fails = false;
        loop {
            match maildir.read_new(|all| reports.take(all)).await {
                Ok(true) => continue,
                Ok(false) => fails = false,
                Err(error) => {
                    if !fails {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "bounces cannot be taken from the maildir"
                        );
                    }
                    fails = true;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    })
}
