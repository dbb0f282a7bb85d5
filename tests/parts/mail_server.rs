//! A mail server that takes mails, or refuses them in the way that the recipient's name asks for.

use super::certificates::Certificate;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// How a server behaves.
#[derive(Clone, Default)]
pub struct Manner {
    /// The first line, if it is not `220`.
    pub greeting: Option<&'static str>,
    /// Its certificate: it offers `STARTTLS`.
    pub certificate: Option<Certificate>,
    /// Whether TLS begins at once.
    pub tls_from_start: bool,
    /// User and password, without which it takes nothing.
    pub user: Option<(&'static str, &'static str)>,
    /// Mails after which it ends a session without a word.
    pub mails_of_a_session: Option<usize>,
    /// The answer to `MAIL FROM`, if it is not `250`.
    pub sender: Option<&'static str>,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The return path.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The content, without the dots that were put before dots.
    pub content: Vec<u8>,
}

#[derive(Default)]
struct Seen {
    taken: Mutex<Vec<Taken>>,
    recipients: Mutex<Vec<String>>,
    takes_all: AtomicBool,
    sessions: AtomicUsize,
    passwords: Mutex<Vec<String>>,
}

/// A running server; stops when dropped.
pub struct MailServer {
    port: u16,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl MailServer {
    /// Starts it on `127.0.0.1`.
    ///
    /// # Panics
    /// No port is free, or the certificate is none.
    pub async fn start(manner: Manner) -> Self {
        Self::start_at(0, manner).await
    }

    /// Like [`Self::start`], on this port.
    ///
    /// # Panics
    /// Like [`Self::start`].
    pub async fn start_at(port: u16, manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(Seen::default());
        let acceptor = manner.certificate.as_ref().map(acceptor);
        let ours = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, acceptor, seen) = (manner.clone(), acceptor.clone(), Arc::clone(&ours));
                seen.sessions.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // The client hangs up when it likes.
                    let _left = serve(stream, &manner, acceptor, &seen).await;
                });
            }
        });
        Self { port, seen, task }
    }

    /// Its port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has taken.
    ///
    /// # Panics
    /// A session has panicked.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.seen.taken.lock().expect("unpoisoned").clone()
    }

    /// To whom mails were to go, in the order in which it was asked, whatever it answered.
    ///
    /// # Panics
    /// A session has panicked.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        self.seen.recipients.lock().expect("unpoisoned").clone()
    }

    /// From now on every mail is taken, whatever the recipient's name asks for.
    pub fn take_all(&self) {
        self.seen.takes_all.store(true, Ordering::SeqCst);
    }

    /// Sessions so far.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.seen.sessions.load(Ordering::SeqCst)
    }

    /// What it was told as a password, in base64.
    ///
    /// # Panics
    /// A session has panicked.
    #[must_use]
    pub fn passwords(&self) -> Vec<String> {
        self.seen.passwords.lock().expect("unpoisoned").clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor(certificate: &Certificate) -> TlsAcceptor {
    use rustls_pki_types::pem::PemObject as _;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(&certificate.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.map(|one| one.expect("a certificate")).collect(), key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    stream: TcpStream,
    manner: &Manner,
    acceptor: Option<TlsAcceptor>,
    seen: &Seen,
) -> std::io::Result<()> {
    match acceptor {
        Some(acceptor) if manner.tls_from_start => {
            let stream = BufReader::new(acceptor.accept(stream).await?);
            Session::new(stream, manner, seen, false).run(true).await.map(drop)
        }
        Some(acceptor) => {
            let before = Session::new(BufReader::new(stream), manner, seen, true).run(true).await?;
            let Some(stream) = before else { return Ok(()) };
            let stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
            Session::new(stream, manner, seen, false).run(false).await.map(drop)
        }
        None => Session::new(BufReader::new(stream), manner, seen, false).run(true).await.map(drop),
    }
}

struct Session<'a, S> {
    stream: BufReader<S>,
    manner: &'a Manner,
    seen: &'a Seen,
    offers_tls: bool,
    signed_in: bool,
    from: String,
    to: String,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(stream: BufReader<S>, manner: &'a Manner, seen: &'a Seen, offers_tls: bool) -> Self {
        let signed_in = manner.user.is_none();
        Self { stream, manner, seen, offers_tls, signed_in, from: String::new(), to: String::new() }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    /// Gives back the stream where TLS is to begin.
    async fn run(mut self, greets: bool) -> std::io::Result<Option<BufReader<S>>> {
        if greets {
            self.say(self.manner.greeting.unwrap_or("220 mx.test ESMTP")).await?;
        }
        let mut mails = 0;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            let line = line.trim_end();
            match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => self.hello().await?,
                "STAR" if self.offers_tls => {
                    self.say("220 2.0.0 go on").await?;
                    return Ok(Some(self.stream));
                }
                "AUTH" => self.sign_in(line).await?,
                "MAIL" => {
                    self.from = between(line);
                    let said = if self.signed_in { "250 2.1.0 ok" } else { "530 5.7.0 sign in first" };
                    self.say(self.manner.sender.unwrap_or(said)).await?;
                }
                "RCPT" => {
                    self.to = between(line);
                    self.seen.recipients.lock().expect("unpoisoned").push(self.to.clone());
                    let asked_for = self.asked_for().to_owned();
                    if asked_for == "hang-up" {
                        return Ok(None);
                    }
                    self.say(answer_to(&asked_for)).await?;
                }
                "DATA" => {
                    if !self.data().await? {
                        return Ok(None);
                    }
                    mails += 1;
                    if self.manner.mails_of_a_session == Some(mails) {
                        return Ok(None);
                    }
                }
                "RSET" | "NOOP" => self.say("250 2.0.0 ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Ok(None);
                }
                _ => self.say("500 5.5.2 unknown").await?,
            }
        }
    }

    /// The name of the recipient, which asks for an answer; none once everything is taken.
    fn asked_for(&self) -> &str {
        let name = self.to.split('@').next().unwrap_or_default();
        if self.seen.takes_all.load(Ordering::SeqCst) { "" } else { name }
    }

    async fn hello(&mut self) -> std::io::Result<()> {
        let tls = if self.offers_tls { "250-STARTTLS\r\n" } else { "" };
        let auth = if self.manner.user.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
        self.say(&format!("250-mx.test\r\n{tls}{auth}250 ENHANCEDSTATUSCODES")).await
    }

    async fn sign_in(&mut self, line: &str) -> std::io::Result<()> {
        let told = line.split(' ').nth(2).unwrap_or_default().to_owned();
        self.seen.passwords.lock().expect("unpoisoned").push(told.clone());
        self.signed_in = self.manner.user.is_some_and(|(user, password)| told == plain(user, password));
        let said = if self.signed_in { "235 2.7.0 ok" } else { "535 5.7.8 wrong" };
        self.say(said).await
    }

    /// Takes the content; whether the session goes on.
    async fn data(&mut self) -> std::io::Result<bool> {
        self.say("354 go on").await?;
        let mut content = Vec::new();
        loop {
            let start = content.len();
            if self.stream.read_until(b'\n', &mut content).await? == 0 {
                return Ok(false);
            }
            if self.asked_for() == "break" {
                return Ok(false);
            }
            if content[start..] == *b".\r\n" {
                content.truncate(start);
                break;
            }
            if content[start] == b'.' {
                content.remove(start);
            }
        }
        match self.asked_for() {
            "spam" => self.say("554 5.7.1 Rejected as spam").await?,
            "slow" => std::future::pending::<()>().await,
            _ => {
                let taken = Taken { from: self.from.clone(), to: self.to.clone(), content };
                self.seen.taken.lock().expect("unpoisoned").push(taken);
                self.say("250 2.0.0 taken").await?;
            }
        }
        Ok(true)
    }
}

/// What is said to a recipient of this name; what `spam`, `break` and `slow` meet comes later.
fn answer_to(local: &str) -> &'static str {
    match local {
        "gone" => "550 5.1.1 User unknown",
        "full" => "552 5.2.2 Mailbox full",
        "policy" => "554 5.7.1 Blocked by a list",
        "bare550" => "550 No",
        "421" => "421 4.3.2 Shutting down",
        "450" => "450 4.2.0 Mailbox busy",
        "451" => "451 4.7.1 Greylisted, try again",
        "452" => "452 4.2.2 Mailbox full",
        _ => "250 2.1.5 ok",
    }
}

fn between(line: &str) -> String {
    let rest = line.split_once('<').map_or("", |(_, rest)| rest);
    rest.split_once('>').map_or("", |(address, _)| address).to_owned()
}

/// What `AUTH PLAIN` says for a user and a password.
#[must_use]
pub fn plain(user: &str, password: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"))
}
