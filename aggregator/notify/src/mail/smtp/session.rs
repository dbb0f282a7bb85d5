//! One session with a relay: how it begins, and how a mail is handed over in it.

use super::answers::{Answers, Encrypted};
use super::{Encryption, Limits, Relay, Roots};
use crate::mail::answer::{self, Step};
use crate::mail::later;
use crate::mail::message::Message;
use crate::outcome::{Class, Outcome};
use anyhow::{Context as _, ensure};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use rustix::io::Errno;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use skerry_protocol::words::error_chain;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Addresses of one name that are tried.
const ADDRESSES: usize = 4;

/// Why a session did not take a mail.
#[derive(Debug)]
pub(super) enum Fault {
    /// The relay refused.
    Reply { step: Step, code: u16, text: String },
    /// The session did not come about, or is lost.
    Lost { step: Step, class: Class, text: String },
}

impl Fault {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Reply { step, code, text } => answer::outcome(*step, *code, text),
            Self::Lost { class, text, .. } => later(*class, text),
        }
    }

    /// Whether the relay has seen nothing of the mail but its sender, and takes none at present.
    pub(super) fn is_of_relay(&self) -> bool {
        match self {
            Self::Reply { step, code, .. } => *step == Step::Session || *step == Step::Sender && *code == 421,
            Self::Lost { step, .. } => matches!(step, Step::Session | Step::Sender),
        }
    }

    /// Whether no session came about, so that nothing of the mail was said.
    pub(super) fn is_of_session(&self) -> bool {
        matches!(self, Self::Reply { step: Step::Session, .. } | Self::Lost { step: Step::Session, .. })
    }

    /// Whether the session can go on after [`reset`].
    pub(super) fn leaves_session(&self) -> bool {
        matches!(self, Self::Reply { code, .. } if *code != 421)
    }

    fn of(step: Step, error: &Error) -> Self {
        let chain = error_chain(error);
        if let Some(code) = error.status() {
            let text = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
            return Self::Reply { step, code: code.into(), text };
        }
        let class = if error.is_timeout() {
            Class::Timeout
        } else if error.is_tls() || is_tls(error) {
            Class::Tls
        } else if error.is_client() {
            Class::Own
        } else {
            Class::Unreachable
        };
        Self::Lost { step, class, text: chain }
    }
}

/// Whether a TLS handshake is among the causes.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        || error.source().is_some_and(is_tls)
}

/// How sessions with one relay begin.
pub(super) struct Opener {
    pub(super) host: String,
    port: u16,
    encryption: Encryption,
    hello: ClientId,
    credentials: Option<Credentials>,
    name: ServerName<'static>,
    from_start: TlsConnector,
    upgrade: TlsParameters,
}

impl Opener {
    pub(super) fn new(relay: &Relay) -> anyhow::Result<Self> {
        let host = &relay.host;
        ensure!(
            relay.encryption != Encryption::None || relay.plain_allowed || is_loopback(host),
            "mail and password would go to {host} unencrypted: use STARTTLS or TLS"
        );
        let fits = |one: u8| one.is_ascii_alphanumeric() || b"-._:[]".contains(&one);
        ensure!(
            relay.hello.bytes().all(fits) && !relay.hello.is_empty(),
            "the name in EHLO is not a name in DNS"
        );
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare.clone())
            .with_context(|| format!("{host} is not the name of a host"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_root_certificates(roots(&relay.roots)?)
            .with_no_client_auth();
        let mut upgrade = TlsParameters::builder(bare.clone());
        if let Roots::Pem(pem) = &relay.roots {
            upgrade = upgrade
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem).context("no certificates")?);
        }
        let hello = relay.hello.clone();
        Ok(Self {
            host: bare,
            port: relay.port,
            encryption: relay.encryption,
            hello: ClientId::Domain(hello),
            credentials: relay.credentials.clone().map(|(user, password)| Credentials::new(user, password)),
            name,
            from_start: TlsConnector::from(Arc::new(config)),
            upgrade: upgrade.build().context("TLS cannot be set up")?,
        })
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects, encrypts and signs in.
    pub(super) async fn open(&self, limits: &Limits) -> Result<AsyncSmtpConnection, Fault> {
        let mut session = self.greet(limits).await?;
        if self.encryption == Encryption::StartTls {
            self.within(limits.command, session.starttls(self.upgrade.clone(), &self.hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            self.within(limits.command, session.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(session)
    }

    /// Connects and introduces us to a relay that offers what we need.
    pub(super) async fn greet(&self, limits: &Limits) -> Result<AsyncSmtpConnection, Fault> {
        let stream = Answers::new(self.connect(limits).await?);
        let stream: Box<dyn AsyncTokioStream> = if self.encryption == Encryption::Tls {
            let handshake = self.from_start.connect(self.name.clone(), stream);
            let stream = self.within(limits.command, async { Ok(handshake.await) }).await?;
            Box::new(Encrypted(Box::new(stream.map_err(|error| self.lost(&error))?)))
        } else {
            Box::new(stream)
        };
        let hello = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
        let session = self.within(limits.command, hello).await?;
        if self.encryption == Encryption::StartTls && !session.can_starttls() {
            return Err(self.fault(Class::Tls, "the relay offers no STARTTLS"));
        }
        Ok(session)
    }

    async fn connect(&self, limits: &Limits) -> Result<TcpStream, Fault> {
        let found = timeout(limits.connect, tokio::net::lookup_host((self.host.as_str(), self.port))).await;
        let addresses = match found {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(self.fault(Class::Unreachable, &error.to_string())),
            Err(_) => return Err(self.fault(Class::Timeout, "the name was not resolved in time")),
        };
        let mut failed = self.fault(Class::Unreachable, "the name has no address");
        for address in addresses.take(ADDRESSES) {
            match timeout(limits.connect, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Commands are short, and each waits for an answer.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => failed = self.lost(&error),
                Err(_) => failed = self.fault(Class::Timeout, "no connection in time"),
            }
        }
        Err(failed)
    }

    async fn within<T>(
        &self,
        bound: Duration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Fault> {
        match timeout(bound, work).await {
            Ok(done) => done.map_err(|error| match Fault::of(Step::Session, &error) {
                Fault::Lost { class, text, .. } => self.fault(class, &text),
                reply @ Fault::Reply { .. } => reply,
            }),
            Err(_) => Err(self.fault(Class::Timeout, "no answer in time")),
        }
    }

    fn lost(&self, error: &std::io::Error) -> Fault {
        let class = match error.kind() {
            // Of this host: addresses, files, memory, rights.
            _ if is_tls(error) => Class::Tls,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::AddrNotAvailable => Class::Own,
            _ if matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE)) => Class::Own,
            _ => Class::Unreachable,
        };
        self.fault(class, &error.to_string())
    }

    fn fault(&self, class: Class, text: &str) -> Fault {
        Fault::Lost { step: Step::Session, class, text: format!("{}: {text}", self.place()) }
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("place", &self.place()).field("encryption", &self.encryption).finish()
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn roots(of: &Roots) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match of {
        Roots::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Roots::Pem(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate.context("not a PEM of certificates")?).context("a bad certificate")?;
            }
            ensure!(!roots.is_empty(), "no certificate in it");
        }
    }
    Ok(roots)
}

/// Hands a mail over; the relay's words, if it took it.
pub(super) async fn hand_over(
    session: &mut AsyncSmtpConnection,
    message: &Message,
    limits: &Limits,
) -> Result<String, Fault> {
    let mut parameters = Vec::new();
    if !message.to().is_ascii() {
        if !session.server_info().supports_feature(Extension::SmtpUtfEight) {
            let text = "5.6.7 the relay takes no address with such letters (SMTPUTF8)".to_owned();
            return Err(Fault::Reply { step: Step::Recipient, code: 553, text });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let mail = Mail::new(Some(message.return_path.clone()), parameters);
    step(Step::Sender, limits.command, session.command(mail)).await?;
    step(Step::Recipient, limits.command, session.command(Rcpt::new(message.to.clone(), Vec::new()))).await?;
    step(Step::Content, limits.command, session.command(Data)).await?;
    let response = step(Step::Content, limits.content, session.message(message.bytes())).await?;
    let words: Vec<_> = response.message().collect();
    Ok(format!("{} {}", response.code(), words.join(" ")))
}

/// Makes a session ready for the next mail after a refusal; whether it is.
pub(super) async fn reset(session: &mut AsyncSmtpConnection, limits: &Limits) -> bool {
    matches!(timeout(limits.command, session.command(Rset)).await, Ok(Ok(_)))
}

async fn step<T>(
    step: Step,
    bound: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Fault> {
    match timeout(bound, work).await {
        Ok(done) => done.map_err(|error| Fault::of(step, &error)),
        Err(_) => Err(Fault::Lost { step, class: Class::Timeout, text: "no answer in time".to_owned() }),
    }
}
