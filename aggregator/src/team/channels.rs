//! Hands a message to a receiver, once.

use super::decide::{Message, Taking};
use super::message::Context;
use crate::config::{ReceiverKind, SecretUrl};
use crate::outbox::{Channels, Mail};
use skerry_host::secret_files;
use skerry_notify::chat;
use skerry_notify::destination::{Reach, chat_url};
use skerry_notify::http::{Deadlines, HostResolver, HttpClient, HttpSettings};
use skerry_notify::webhook::{Secret, Webhook};
use skerry_notify::{Answer, Class, Outcome, alertmanager};
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// By which receivers are reached.
#[derive(Debug)]
pub struct TeamChannels {
    outbox: Arc<Channels>,
    /// Operators name the addresses, which may be private.
    http: HttpClient,
}

impl TeamChannels {
    /// Mails go by the relays of the outbox.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(outbox: Arc<Channels>) -> anyhow::Result<Self> {
        let http = HttpClient::new(HttpSettings {
            reach: Reach::Any,
            authorities: Vec::new(),
            resolver: Arc::new(HostResolver),
            deadlines: Deadlines::default(),
        })?;
        Ok(Self { outbox, http })
    }

    /// What sends mails. `None`: there is no mail.
    pub(super) fn mail(&self) -> Option<&Mail> {
        self.outbox.mail()
    }

    pub(super) async fn send(&self, to: &ReceiverKind, message: &Message, context: &Context) -> Outcome {
        let sent = match to {
            ReceiverKind::Email { address } => self.by_mail(address, message, context).await,
            ReceiverKind::Chat { service, url } => {
                match read_url(url, |text| chat_url(*service, text).ok()) {
                    Ok(url) => {
                        let said = message.chat(context);
                        Ok(chat::post(&self.http, *service, &url, &said, None).await.outcome)
                    }
                    Err(why) => Err(why),
                }
            }
            ReceiverKind::Webhook { url, secret_file } => {
                self.webhook(url, secret_file.as_deref(), message, context).await
            }
            ReceiverKind::Alertmanager { url, authorization_file } => {
                self.alertmanager(url, authorization_file.as_deref(), message, context).await
            }
            ReceiverKind::Described(channel) => Ok(channel.send(&self.http, &message.notice(context)).await),
        };
        // A file that is mended is read by the next attempt.
        sent.unwrap_or_else(|why| Outcome::Later { answer: Answer::new(Class::Own, &why), after: None })
    }

    async fn by_mail(&self, address: &str, message: &Message, context: &Context) -> Result<Outcome, String> {
        let mail = self.mail().ok_or("there is no [mail] in the configuration")?;
        let signed = message.letter(context, mail, address).map_err(|unfit| unfit.to_string())?;
        Ok(mail.mailer.send(&signed).await)
    }

    async fn webhook(
        &self,
        url: &SecretUrl,
        secret: Option<&Path>,
        message: &Message,
        context: &Context,
    ) -> Result<Outcome, String> {
        let url = read_url(url, |text| {
            Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        })?;
        let body = message.json(context).to_string().into();
        let secret = secret.map(|file| {
            let secret = first_line(file)?;
            Secret::read(&secret).map_err(|fault| format!("{}: {fault}", file.display()))
        });
        let id = format!("{:032x}", u128::from_ne_bytes(skerry_host::random::bytes()));
        let webhook = Webhook { id, body, secrets: secret.transpose()?.into_iter().collect() };
        Ok(webhook.send(&self.http, &url, context.now.0 / 1_000).await)
    }

    async fn alertmanager(
        &self,
        url: &Url,
        authorization: Option<&Path>,
        message: &Message,
        context: &Context,
    ) -> Result<Outcome, String> {
        let authorization = authorization.map(first_line).transpose()?;
        Ok(alertmanager::send(&self.http, url, authorization.as_deref(), &message.alerts(context)).await)
    }
}

impl ReceiverKind {
    /// How it takes conditions.
    pub(super) fn taking(&self) -> Taking {
        match self {
            Self::Alertmanager { .. } => Taking::Refreshed,
            Self::Described(channel) if channel.names_id() => Taking::Each,
            _ => Taking::Gathered,
        }
    }
}

fn read_url(url: &SecretUrl, read: impl FnOnce(&str) -> Option<Url>) -> Result<Url, String> {
    match url {
        SecretUrl::Written(url) => Ok(url.clone()),
        SecretUrl::File(file) => {
            read(&first_line(file)?).ok_or_else(|| format!("{} holds no URL of that service", file.display()))
        }
    }
}

fn first_line(file: &Path) -> Result<String, String> {
    let line = secret_files::token(file).map_err(|error| format!("{}: {error}", file.display()))?;
    String::from_utf8(line).map_err(|_| format!("{} is not UTF-8", file.display()))
}
