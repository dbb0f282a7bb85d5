//! Reads `[[receiver]]`: by what and where the team hears of conditions.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use skerry_notify::destination::{ChatService, chat_url};
use skerry_notify::mail::mail_address;
use skerry_notify::template::{TemplateChannel, TemplateSettings, shipped};
use skerry_protocol::strict::{Item, Table, http_url, refuse};
use url::Url;

use super::edge::{bare_url, guarded};
use super::page;
use super::server::warn_secret;

/// Reads what a type of receivers needs.
type ReadKind = fn(&Table<'_>, bool) -> Option<ReceiverKind>;

const KINDS: [(&str, ReadKind); 10] = [
    ("email", email),
    ("slack", |table, _| chat(table, ChatService::Slack)),
    ("teams", |table, _| chat(table, ChatService::Teams)),
    ("discord", |table, _| chat(table, ChatService::Discord)),
    ("webhook", |table, _| webhook(table)),
    ("http", |table, _| http(table)),
    ("alertmanager", |table, _| alertmanager(table)),
    ("pagerduty", |table, _| pagerduty(table)),
    ("ntfy", |table, _| ntfy(table)),
    ("telegram", |table, _| telegram(table)),
];
/// Values for a header or a placeholder.
const VALUES: &str = "{ Name = \"value\" }";
const FILES: &str = "{ Name = \"/path/to/file\" }";

/// A receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Unique in the workspace.
    pub name: String,
    /// By what it hears.
    pub kind: ReceiverKind,
}

/// By what a receiver hears, and where.
#[derive(Clone)]
pub enum ReceiverKind {
    /// Mail.
    Email {
        /// The address.
        address: String,
    },
    /// An incoming webhook of a chat.
    Chat {
        /// Of which.
        service: ChatService,
        /// Its URL.
        url: SecretUrl,
    },
    /// A webhook with JSON.
    Webhook {
        /// Its URL.
        url: SecretUrl,
        /// The file with the secret that signs.
        secret_file: Option<PathBuf>,
    },
    /// Alertmanager.
    Alertmanager {
        /// Its address, perhaps with a path before its API.
        url: Url,
        /// The file with the value of `Authorization`.
        authorization_file: Option<PathBuf>,
    },
    /// A request that the file, or a description that comes with the program, describes.
    Described(Box<TemplateChannel>),
}

/// A URL that is a secret, or the file that holds it.
#[derive(Clone)]
pub enum SecretUrl {
    /// As written.
    Written(Url),
    /// The first line of a file, read for each message.
    File(PathBuf),
}

// Addresses and URLs are secrets.
impl fmt::Debug for ReceiverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email { .. } => "Email",
            Self::Chat { .. } => "Chat",
            Self::Webhook { .. } => "Webhook",
            Self::Alertmanager { .. } => "Alertmanager",
            Self::Described(_) => "Described",
        })
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The names of all receivers, those with problems included, and where they are declared.
pub(super) type Named<'d> = Vec<(String, Table<'d>)>;

/// The receivers. `has_mail`: mails can be sent.
pub(super) fn receivers<'d>(root: &Table<'d>, has_mail: bool) -> (Vec<Receiver>, Named<'d>) {
    let (mut read, mut named): (Vec<Receiver>, Named<'d>) = (Vec::new(), Vec::new());
    for table in root.tables("receiver", &["name"]) {
        let name = page::name(table.string("name"), 63).required("name = \"on-call\"");
        let kind = table.choice("type", &KINDS).required("type = \"slack\"");
        if kind.is_none() {
            table.leave_the_rest();
        }
        let kind = kind.and_then(|read| read(&table, has_mail));
        let Some(name) = name else { continue };
        if let Some((_, first)) = named.iter().find(|(other, _)| *other == name) {
            let at = first.position();
            let wrong = format!("name \"{name}\" is already declared at {}:{}", at.file, at.line);
            table.refuse("name", wrong, "Names of receivers are unique: rename one.");
            continue;
        }
        read.extend(kind.map(|kind| Receiver { name: name.clone(), kind }));
        named.push((name, table));
    }
    (read, named)
}

/// The value of a key that this type needs.
fn needed<T>(table: &Table<'_>, key: &str, value: Option<T>, example: &str) -> Option<T> {
    if !table.has(key) {
        table.refuse(key, format!("{key} is missing"), format!("Add {example}."));
    }
    value
}

fn email(table: &Table<'_>, has_mail: bool) -> Option<ReceiverKind> {
    let address = table.string("address").convert(|text| match mail_address(&text) {
        Ok(address) => Ok(address),
        Err(_) => refuse(
            format!("is no mail address: \"{text}\""),
            "Write the address alone, such as \"on-call@example.com\".",
        ),
    });
    if !has_mail {
        let remedy = "Add [mail], by which mails leave, to the first file, or choose another type.";
        table.refuse("type", "there is no [mail], so that no mail can be sent", remedy);
    }
    let address = needed(table, "address", address.optional(), "address = \"on-call@example.com\"");
    Some(ReceiverKind::Email { address: address? })
}

/// `url`, or `url_file` with it.
fn secret_url(table: &Table<'_>, read: impl FnOnce(&str) -> Result<Url, String>) -> Option<SecretUrl> {
    let url = table.string("url").convert(|text| {
        read(&text).or_else(|wrong| {
            refuse(wrong, "Copy it as the service shows it, or name a file with it: url_file.")
        })
    });
    let (url, file) = (url.optional(), table.path("url_file").optional());
    warn_secret(table, "url_file", file.as_deref());
    match (table.has("url"), table.has("url_file")) {
        (true, true) => table.refuse("url_file", "url and url_file exclude each other", "Keep one of them."),
        (false, false) => {
            let remedy = "Add url_file = \"/etc/skerry/on-call-url\", whose first line is the URL, or url.";
            table.refuse("url_file", "url_file is missing", remedy);
        }
        _ => {}
    }
    url.map(SecretUrl::Written).or(file.map(SecretUrl::File))
}

fn chat(table: &Table<'_>, service: ChatService) -> Option<ReceiverKind> {
    let url = secret_url(table, |text| chat_url(service, text).map_err(|fault| fault.to_string()));
    Some(ReceiverKind::Chat { service, url: url? })
}

fn webhook(table: &Table<'_>) -> Option<ReceiverKind> {
    let url =
        secret_url(table, |text| http_url(text, "").map_err(|_| "is not an http or https URL".to_owned()));
    let secret_file = table.path("secret_file").optional();
    warn_secret(table, "secret_file", secret_file.as_deref());
    Some(ReceiverKind::Webhook { url: url?, secret_file })
}

fn alertmanager(table: &Table<'_>) -> Option<ReceiverKind> {
    let authorization_file = table.path("authorization_file").optional();
    warn_secret(table, "authorization_file", authorization_file.as_deref());
    let example = "url = \"http://127.0.0.1:9093\"";
    let url = table.string("url").convert(|text| {
        let url = bare_url(&text, "Write it such as \"http://127.0.0.1:9093\".")?;
        if authorization_file.is_some() {
            guarded(&url)?;
        }
        Ok(url)
    });
    let url = needed(table, "url", url.optional(), example);
    Some(ReceiverKind::Alertmanager { url: url?, authorization_file })
}

/// Whatever takes a request over HTTP.
fn http(table: &Table<'_>) -> Option<ReceiverKind> {
    let method = table.string("method").optional().unwrap_or_else(|| "POST".to_owned());
    let url = needed(table, "url", table.string("url").optional(), "url = \"https://sms.example.com/send\"");
    let body = table.text("body").optional().unwrap_or_default();
    let mut headers = entries(table, "headers", VALUES, Item::string);
    let mut secrets: BTreeMap<String, PathBuf> =
        entries(table, "secret_files", FILES, Item::path).into_iter().collect();
    for (number, (header, file)) in (1..).zip(entries(table, "header_files", FILES, Item::path)) {
        let name = format!("header_{number}");
        headers.push((header, format!("{{{{{name}}}}}")));
        secrets.insert(name, file);
    }
    let settings = entries(table, "settings", VALUES, Item::string).into_iter().collect();
    described(table, &TemplateSettings { method, url: url?, headers, body, settings, secrets })
}

/// The entries of a table with names of the file's own.
fn entries<'d, T>(
    table: &Table<'d>,
    key: &'static str,
    example: &str,
    read: impl Fn(&Item<'d>) -> Option<T>,
) -> Vec<(String, T)> {
    let inner = table.item(key).and_then(|item| item.inline_table(example));
    let entries = inner.map(|inner| inner.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|(name, item)| Some((name, read(&item)?))).collect()
}

fn pagerduty(table: &Table<'_>) -> Option<ReceiverKind> {
    let key = table.path("routing_key_file").optional();
    warn_secret(table, "routing_key_file", key.as_deref());
    let example = "routing_key_file = \"/etc/skerry/pagerduty\", whose first line is the integration key";
    let key = needed(table, "routing_key_file", key, example);
    of_service(table, "pagerduty", [], [("routing_key", key)])
}

fn ntfy(table: &Table<'_>) -> Option<ReceiverKind> {
    let topic = needed(table, "topic", table.string("topic").optional(), "topic = \"acme-on-call\"");
    let token = table.path("token_file").optional();
    warn_secret(table, "token_file", token.as_deref());
    let secrets = token.map(|token| ("token", Some(token)));
    of_service(table, "ntfy", [("topic", topic)], secrets)
}

fn telegram(table: &Table<'_>) -> Option<ReceiverKind> {
    let chat = needed(table, "chat_id", table.string("chat_id").optional(), "chat_id = \"-1001234567890\"");
    let token = table.path("token_file").optional();
    warn_secret(table, "token_file", token.as_deref());
    let token = needed(
        table,
        "token_file",
        token,
        "token_file = \"/etc/skerry/telegram\", whose first line is the bot's token",
    );
    of_service(table, "telegram", [("chat_id", chat)], [("token", token)])
}

/// By a description that comes with the program. `url` takes the place of its own.
fn of_service(
    table: &Table<'_>,
    name: &str,
    settings: impl IntoIterator<Item = (&'static str, Option<String>)>,
    secrets: impl IntoIterator<Item = (&'static str, Option<PathBuf>)>,
) -> Option<ReceiverKind> {
    let mut settings_of = shipped(name)?.described();
    if let Some(url) = table.string("url").optional() {
        settings_of.url = url;
    }
    for (name, value) in settings {
        settings_of.settings.insert(name.to_owned(), value?);
    }
    for (name, file) in secrets {
        settings_of.secrets.insert(name.to_owned(), file?);
    }
    // Only a server that asks for a token gets one.
    if name == "ntfy" && settings_of.secrets.contains_key("token") {
        settings_of.headers.push(("Authorization".to_owned(), "Bearer {{token}}".to_owned()));
    }
    described(table, &settings_of)
}

fn described(table: &Table<'_>, settings: &TemplateSettings) -> Option<ReceiverKind> {
    // Placeholders stand in paths and queries; where one stands for the host, nothing can be said of it.
    let plain =
        Url::parse(&settings.url.replace(['{', '}'], "x")).ok().filter(|_| !settings.secrets.is_empty());
    if let Some(Err(refusal)) = plain.map(|url| guarded(&url)) {
        table.refuse("url", format!("url {}", refusal.wrong), refusal.remedy);
        return None;
    }
    match TemplateChannel::new(settings) {
        Ok(channel) => Some(ReceiverKind::Described(Box::new(channel))),
        Err(faults) => {
            for fault in faults {
                let section = fault.key.split('.').next().unwrap_or_default();
                let remedy = "docs/team-notices.md shows complete examples.";
                table.refuse(section, fault.to_string(), remedy);
            }
            None
        }
    }
}
