//! The channels as the configuration describes them.

use crate::config::{DkimSettings, MailSettings, RelaySettings, SubscriberSettings, Transport};
use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use skerry_host::secret_files;
use skerry_notify::destination::Reach;
use skerry_notify::http::{Deadlines, HostResolver, HttpClient, HttpSettings};
use skerry_notify::mail::{
    DeliveryHeader, DkimKey, Folder, Limits, Mailer, Relay, Roots, Sendmail, Smtp, Verp,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// For how long the host's `sendmail` may take a mail.
const SENDMAIL_TIMEOUT: Duration = Duration::from_secs(60);
/// The greatest size of a key or of authorities that are read.
const MAX_PEM_BYTES: u64 = 1 << 20;

/// Everything that sends messages to subscribers.
#[derive(Debug)]
pub struct Channels {
    /// For mails. `None`: there is no mail.
    pub(super) mail: Option<Mail>,
    /// For webhooks and chats, to public addresses only.
    pub(super) http: HttpClient,
    /// Where webhooks of subscribers may lead.
    pub(super) reach: Reach,
    /// Webhooks may use plain HTTP.
    pub(super) plain_http: bool,
}

/// What sends mails.
#[derive(Debug)]
pub struct Mail {
    /// To whom they are handed over.
    pub mailer: Mailer,
    /// What signs them.
    pub dkim: Option<DkimKey>,
    /// Their return paths.
    pub verp: Verp,
    /// The address that they are from.
    pub address: String,
    /// Headers that name the delivery to the provider.
    pub delivery_headers: Vec<DeliveryHeader>,
    /// Mails that are handed over at a time.
    pub connections: usize,
}

impl Channels {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// A file cannot be used: which one, and why.
    pub fn of(mail: Option<&MailSettings>, subscribers: &SubscriberSettings) -> anyhow::Result<Self> {
        let reach = Reach::Public { also: subscribers.allow_networks.clone() };
        let authorities = subscribers.ca_file.as_deref().map(authorities).transpose()?.unwrap_or_default();
        let resolver = Arc::new(HostResolver);
        let http = HttpClient::new(HttpSettings {
            reach: reach.clone(),
            authorities,
            resolver,
            deadlines: Deadlines::default(),
        })?;
        let mail = mail.map(Mail::of).transpose()?;
        Ok(Self { mail, http, reach, plain_http: subscribers.allow_http })
    }

    /// What sends mails. `None`: there is no mail.
    #[must_use]
    pub fn mail(&self) -> Option<&Mail> {
        self.mail.as_ref()
    }
}

impl Mail {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// A file cannot be used: which one, and why.
    pub fn of(settings: &MailSettings) -> anyhow::Result<Self> {
        let mailer = match &settings.transport {
            Transport::Relays(relays) => {
                let relays = relays.iter().map(|one| relay(one, &settings.hello));
                let limits = Limits { idle_sessions: settings.connections, ..Limits::default() };
                Mailer::Smtp(Smtp::new(&relays.collect::<anyhow::Result<Vec<_>>>()?, limits)?)
            }
            Transport::Sendmail(program) => Mailer::Sendmail(Sendmail::new(program, SENDMAIL_TIMEOUT)),
            Transport::Directory(path) => Mailer::Folder(Folder::new(path)),
        };
        Ok(Self {
            mailer,
            dkim: settings.dkim.as_ref().map(dkim_key).transpose()?,
            verp: Verp::new(&settings.bounce_domain),
            address: settings.address.clone(),
            delivery_headers: settings.delivery_headers.clone(),
            connections: settings.connections,
        })
    }
}

fn relay(settings: &RelaySettings, hello: &str) -> anyhow::Result<Relay> {
    let roots = match &settings.ca_file {
        Some(file) => Roots::Pem(pem(file)?),
        None => Roots::System,
    };
    let credentials = settings.credentials.as_ref().map(|(user, file)| {
        let password = secret_files::password(file).with_context(|| cannot_read(file))?;
        let password =
            String::from_utf8(password).ok().with_context(|| format!("{} holds no text", file.display()))?;
        anyhow::Ok((user.clone(), password))
    });
    Ok(Relay {
        host: settings.host.clone(),
        port: settings.port,
        encryption: settings.encryption,
        plain_allowed: settings.allow_plaintext,
        roots,
        credentials: credentials.transpose()?,
        hello: hello.to_owned(),
    })
}

/// The key that signs mails.
///
/// # Errors
/// Its file cannot be read, or holds no key that can sign.
pub fn dkim_key(settings: &DkimSettings) -> anyhow::Result<DkimKey> {
    let pem = pem(&settings.key_file)?;
    DkimKey::from_pem(&settings.domain, &settings.selector, &pem)
        .with_context(|| settings.key_file.display().to_string())
}

fn authorities(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = pem(file)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let read = read.ok().filter(|read| !read.is_empty());
    read.with_context(|| format!("{} holds no certificate in PEM", file.display()))
}

fn pem(file: &Path) -> anyhow::Result<Vec<u8>> {
    secret_files::whole(file, MAX_PEM_BYTES).with_context(|| cannot_read(file))
}

fn cannot_read(file: &Path) -> String {
    format!("cannot read {}", file.display())
}
