//! The way of mails: whether a relay would take them, and whether what comes back is received. Nothing is sent: a relay is
//! asked for its greeting alone. `mail-check` sends a mail.

use super::from_here;
use crate::config::{BounceSettings, LmtpAddress, MailSettings, Transport};
use crate::outbox::Mail;
use skerry_host::doctor::Finding;
use skerry_notify::{Answer, Class};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

const MAIL: &str = "mail";
const BOUNCES: &str = "bounces";
/// How a server greets that takes mails.
const READY: [u8; 4] = *b"220 ";
/// For how long our own listener may take to greet.
const GREETING: Duration = Duration::from_secs(5);

/// Examines to whom mails are handed over.
pub(super) async fn examine_transport(settings: &MailSettings) -> Vec<Finding> {
    match &settings.transport {
        Transport::Relays(_) => {}
        Transport::Sendmail(program) => return vec![examine_program(program)],
        Transport::Directory(path) => return vec![examine_directory(path)],
    }
    let mail = match Mail::of(settings) {
        Ok(mail) => mail,
        Err(error) => {
            let remedy = "Put the file in its place, where the service's user may read it";
            return vec![Finding::problem(MAIL, format!("{error:#}"), remedy)];
        }
    };
    mail.mailer.greetings().await.iter().map(|(place, fault)| judge(place, fault.as_ref())).collect()
}

fn judge(place: &str, fault: Option<&Answer>) -> Finding {
    let Some(Answer { class, text }) = fault else {
        return Finding::ok(MAIL, format!("the relay {place} greets; mail-check sends a mail through it"));
    };
    let remedy = match class {
        Class::Tls => {
            "Choose the encryption that the relay offers, and name it in [[mail.relay]] host as its certificate does"
        }
        Class::Unreachable | Class::Timeout => {
            "Check host and port in [[mail.relay]], whether the relay runs, and firewalls between"
        }
        _ => "The relay answered: its log says more; it must take mails from this host",
    };
    Finding::problem(MAIL, format!("the relay {place} takes no mail: {text}"), remedy)
}

fn examine_program(program: &Path) -> Finding {
    let runs = program.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let program = program.display();
    if runs {
        return Finding::ok(MAIL, format!("{program} is there; mail-check sends a mail through it"));
    }
    let says = format!("{program} is no program that can be run: no mail leaves");
    Finding::problem(MAIL, says, "Install a mail server that brings sendmail, or correct [mail] sendmail")
}

fn examine_directory(path: &Path) -> Finding {
    if path.is_dir() {
        return Finding::ok(MAIL, format!("mails are written to {}", path.display()));
    }
    let says = format!("{} is no directory: no mail is written", path.display());
    Finding::problem(MAIL, says, "Make it, writable for the service's user, or correct [mail] directory")
}

/// Examines where bounces come in, while an aggregator serves.
pub(super) async fn examine_bounces(settings: &BounceSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(lmtp) = &settings.lmtp {
        findings.push(judge_lmtp(lmtp, greets(lmtp).await));
    }
    if let Some(path) = &settings.maildir {
        findings.push(examine_maildir(path));
    }
    findings
}

fn judge_lmtp(address: &LmtpAddress, greeted: std::io::Result<bool>) -> Finding {
    let place = match address {
        LmtpAddress::Port(address) => address.to_string(),
        LmtpAddress::Socket(path) => path.display().to_string(),
    };
    match greeted {
        Ok(true) => Finding::ok(BOUNCES, format!("{place} takes bounces by LMTP")),
        Ok(false) => Finding::problem(
            BOUNCES,
            format!("{place} does not greet as our LMTP listener does: bounces are lost"),
            "Stop the other program that listens there, or choose another address in [mail.bounces] lmtp",
        ),
        Err(error) => Finding::problem(
            BOUNCES,
            format!("{place} cannot be reached: {error}; bounces are lost"),
            super::RESTART,
        ),
    }
}

/// Whether our listener answers there as a mail server does.
async fn greets(address: &LmtpAddress) -> std::io::Result<bool> {
    let asked = async {
        match address {
            LmtpAddress::Port(address) => is_ready(TcpStream::connect(from_here(*address)).await?).await,
            LmtpAddress::Socket(path) => is_ready(UnixStream::connect(path).await?).await,
        }
    };
    timeout(GREETING, asked).await.unwrap_or(Ok(false))
}

async fn is_ready(mut stream: impl AsyncRead + Unpin) -> std::io::Result<bool> {
    let mut greeting = [0; READY.len()];
    match stream.read_exact(&mut greeting).await {
        Ok(_) => Ok(greeting == READY),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn examine_maildir(path: &Path) -> Finding {
    match path.join("new").read_dir() {
        Ok(_) => Finding::ok(BOUNCES, format!("bounces are taken from the maildir {}", path.display())),
        Err(error) => Finding::problem(
            BOUNCES,
            format!("the maildir {} cannot be read: {error}", path.display()),
            "Let the mail server deliver bounces there, with files that the service's user may move",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_host::doctor::Level;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    #[test]
    fn a_fault_of_a_relay_has_its_remedy() {
        let told = |class| judge("mx.example.com:587", Some(&Answer::new(class, "why")));
        for (class, remedy) in [
            (Class::Unreachable, "host and port"),
            (Class::Timeout, "host and port"),
            (Class::Tls, "encryption"),
            (Class::Policy, "its log"),
            (Class::Unavailable, "its log"),
        ] {
            let Finding { level, says, remedy: given, .. } = told(class);
            assert_eq!(
                (level, says.as_str()),
                (Level::Problem, "the relay mx.example.com:587 takes no mail: why")
            );
            assert!(given.expect("one").contains(remedy), "{class:?}");
        }
        assert_eq!(judge("mx.example.com:587", None).level, Level::Ok);
    }

    /// The level of what is found where `greeting` is sent.
    async fn level(greeting: &'static [u8]) -> Level {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let lmtp = Some(LmtpAddress::Port(listener.local_addr().expect("bound")));
        let answered = async {
            let (mut stream, _) = listener.accept().await.expect("asked");
            stream.write_all(greeting).await.expect("written");
        };
        let settings = BounceSettings { lmtp, ..BounceSettings::default() };
        let (findings, ()) = tokio::join!(examine_bounces(&settings), answered);
        findings[0].level
    }

    #[tokio::test]
    async fn bounces_are_received_where_something_greets_as_our_listener() {
        assert_eq!(level(b"220 status.example.com LMTP\r\n").await, Level::Ok);
        assert_eq!(level(b"554 no\r\n").await, Level::Problem);
        assert_eq!(level(b"").await, Level::Problem);
        let folder = tempfile::tempdir().expect("a folder");
        let socket = LmtpAddress::Socket(folder.path().join("lmtp"));
        let maildir = Some(folder.path().to_owned());
        let found =
            examine_bounces(&BounceSettings { lmtp: Some(socket), maildir, ..BounceSettings::default() })
                .await;
        assert_eq!(found.iter().map(|one| one.level).collect::<Vec<_>>(), [Level::Problem; 2]);
        assert!(
            found[0].says.contains("cannot be reached") && found[1].says.contains("maildir"),
            "{found:?}"
        );
        std::fs::create_dir(folder.path().join("new")).expect("made");
        assert_eq!(examine_maildir(folder.path()).level, Level::Ok);
    }

    #[test]
    fn a_program_and_a_directory_have_to_be_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("sendmail");
        assert_eq!(examine_program(&program).level, Level::Problem);
        std::fs::write(&program, "").expect("written");
        assert_eq!(examine_program(&program).level, Level::Problem, "nobody may run it");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("set");
        assert_eq!(examine_program(&program).level, Level::Ok);
        assert_eq!(examine_directory(folder.path()).level, Level::Ok);
        assert_eq!(examine_directory(&program).level, Level::Problem);
    }
}
