//! A small LMTP server (RFC 2033) to which a mail server delivers what comes back. It takes mails for return paths of ours
//! only, and says that it has one after it was handled. Every size, number and time has a bound.

mod lines;

use super::{MAX_READ, Report, read_mail};
use crate::mail::Verp;
use lines::{Lines, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Recipients of one mail.
const MAX_RECIPIENTS: usize = 100;
/// How long nothing is accepted after a failure to accept, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Where it listens.
#[derive(Debug)]
pub enum Listener {
    /// A port.
    Tcp(TcpListener),
    /// A socket in the file system.
    Unix(UnixListener),
}

/// The bounds of the server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Sessions at once; another one is told to come back.
    pub sessions: usize,
    /// How long one line, or one reply, may take.
    pub line: Duration,
    /// How long a session may take.
    pub session: Duration,
    /// The longest mail, in bytes.
    pub mail: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let (line, session) = (Duration::from_secs(60), Duration::from_secs(600));
        Self { sessions: 16, line, session, mail: 25 << 20 }
    }
}

/// Answers as `name` until it is dropped, which also ends its sessions: a mail that `handle` has not taken by then is
/// delivered again.
pub async fn serve<H, F>(listener: &Listener, name: &str, verp: &Verp, bounds: Bounds, handle: H)
where
    H: Fn(Vec<Report>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let places = Arc::new(Semaphore::new(bounds.sessions));
    let mut sessions = JoinSet::new();
    loop {
        let stream: Result<Box<dyn Stream>, _> = match listener {
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
            Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
        };
        while sessions.try_join_next().is_some() {}
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "the listener for bounces cannot accept a connection");
                sleep(PAUSE).await;
                continue;
            }
        };
        let place = Arc::clone(&places).try_acquire_owned();
        let handle = handle.clone();
        let (name, verp) = (name.to_owned(), verp.clone());
        sessions.spawn(async move {
            let mut lines = Lines::new(stream, bounds.line);
            let Ok(_place) = place else {
                // It hears it, or it does not.
                let _ = lines.say("421 4.3.2 too many connections").await;
                return;
            };
            let mut session =
                Session { lines, name, verp, bounds, handle, greeted: false, sender: false, to: Vec::new() };
            if let Ok(Err(error)) = timeout(bounds.session, session.run()).await {
                tracing::debug!(%error, "a session for bounces ended");
            }
        });
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Session<H> {
    lines: Lines<Box<dyn Stream>>,
    name: String,
    verp: Verp,
    bounds: Bounds,
    handle: H,
    greeted: bool,
    sender: bool,
    to: Vec<String>,
}

impl<H, F> Session<H>
where
    H: Fn(Vec<Report>) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    async fn run(&mut self) -> std::io::Result<()> {
        let greeting = format!("220 {} LMTP", self.name);
        self.lines.say(&greeting).await?;
        loop {
            let line = match self.lines.command().await? {
                Read::Line(line) => line,
                Read::TooLong => return self.lines.say("500 5.5.2 the line is too long").await,
                Read::End => return Ok(()),
            };
            let (verb, rest) = line.split_at(line.find([' ', '\t']).unwrap_or(line.len()));
            match verb.to_ascii_uppercase().as_str() {
                "LHLO" => self.hello().await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.forget();
                    self.lines.say("250 2.0.0 ok").await?;
                }
                "NOOP" => self.lines.say("250 2.0.0 ok").await?,
                "VRFY" => self.lines.say("252 2.5.2 send it").await?,
                "QUIT" => return self.lines.say("221 2.0.0 bye").await,
                "HELO" | "EHLO" => self.lines.say("500 5.5.1 this is LMTP: say LHLO").await?,
                _ => self.lines.say("500 5.5.2 unknown command").await?,
            }
        }
    }

    fn forget(&mut self) {
        self.sender = false;
        self.to.clear();
    }

    async fn hello(&mut self) -> std::io::Result<()> {
        self.forget();
        self.greeted = true;
        let offer = format!(
            "250-{}\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {}",
            self.name, self.bounds.mail
        );
        self.lines.say(&offer).await
    }

    async fn mail(&mut self, rest: &str) -> std::io::Result<()> {
        let reply = if !self.greeted {
            "503 5.5.1 say LHLO first"
        } else if path(rest, "FROM:").is_none() {
            "501 5.5.4 expected MAIL FROM:<address>"
        } else {
            self.forget();
            self.sender = true;
            "250 2.1.0 ok"
        };
        self.lines.say(reply).await
    }

    async fn recipient(&mut self, rest: &str) -> std::io::Result<()> {
        let reply = match path(rest, "TO:") {
            _ if !self.sender => "503 5.5.1 say MAIL first",
            None => "501 5.5.4 expected RCPT TO:<address>",
            Some(_) if self.to.len() >= MAX_RECIPIENTS => "452 4.5.3 too many recipients",
            Some(address) if self.verp.delivery(address).is_none() => "550 5.1.1 no such address here",
            Some(address) => {
                self.to.push(address.to_owned());
                "250 2.1.5 ok"
            }
        };
        self.lines.say(reply).await
    }

    /// Takes the content; whether the session goes on.
    async fn data(&mut self) -> std::io::Result<bool> {
        if self.to.is_empty() {
            self.lines.say("503 5.5.1 no recipient").await?;
            return Ok(true);
        }
        self.lines.say("354 go on").await?;
        let Some(mail) = self.lines.content(self.bounds.mail, MAX_READ).await? else {
            self.lines.say("552 5.3.4 the mail is too long").await?;
            return Ok(false);
        };
        // A reply for each recipient.
        for address in std::mem::take(&mut self.to) {
            let reports = read_mail(&mail, &self.verp, Some(&address));
            let reply = if reports.is_empty() {
                "250 2.0.0 taken, but it reports nothing"
            } else if let Err(error) = (self.handle)(reports).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "a bounce could not be noted: it is delivered again"
                );
                "451 4.3.0 try again later"
            } else {
                "250 2.0.0 taken"
            };
            self.lines.say(reply).await?;
        }
        self.forget();
        Ok(true)
    }
}

/// The address of `FROM:<address> PARAMETERS`.
fn path<'a>(rest: &'a str, word: &str) -> Option<&'a str> {
    let rest = rest.trim();
    let begins = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let rest = begins.then(|| rest[word.len()..].trim_start())?.strip_prefix('<')?;
    rest.split_once('>').map(|(address, _)| address)
}

#[cfg(test)]
#[path = "lmtp_test.rs"]
mod tests;
