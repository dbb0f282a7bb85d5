//! Reads `[mail]`, by which mails leave and bounces come back, and `[subscribers]`, which limits where webhooks may lead.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use skerry_notify::bounce::Mapping;
use skerry_notify::mail::{DeliveryHeader, Encryption, mail_address};
use skerry_protocol::strict::{Entry, Item, Refusal, Table, refuse, socket_address};

use super::page;
use super::proxies::networks;
use super::server::{warn_file, warn_secret};

const ENCRYPTIONS: [(&str, Encryption); 3] =
    [("starttls", Encryption::StartTls), ("tls", Encryption::Tls), ("none", Encryption::None)];
/// Mails that are handed over at a time.
const CONNECTIONS: u64 = 10;

/// How mails leave and how bounces come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The address that mails are from; their name is that of the page.
    pub address: String,
    /// The domain of the return paths, `bounces+<delivery>@<domain>`.
    pub bounce_domain: String,
    /// The name by which relays know us.
    pub hello: String,
    /// Mails that are handed over at a time.
    pub connections: usize,
    /// To whom.
    pub transport: Transport,
    /// Headers that name the delivery to the provider.
    pub delivery_headers: Vec<DeliveryHeader>,
    /// What signs them.
    pub dkim: Option<DkimSettings>,
    /// Where bounces come in.
    pub bounces: BounceSettings,
}

/// To whom mails are handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Relays over SMTP, in order.
    Relays(Vec<RelaySettings>),
    /// The host's `sendmail`.
    Sendmail(PathBuf),
    /// A directory, with a file for each mail.
    Directory(PathBuf),
}

/// A relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelaySettings {
    /// Its name, which its certificate bears, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Mails may go to another host without encryption.
    pub allow_plaintext: bool,
    /// The authorities that vouch for it, in PEM. `None`: those of the host.
    pub ca_file: Option<PathBuf>,
    /// The user, and a file whose first line is the password.
    pub credentials: Option<(String, PathBuf)>,
}

/// What signs mails (RFC 6376).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimSettings {
    /// The domain that signs.
    pub domain: String,
    /// The name of the key below it.
    pub selector: String,
    /// The private key in PEM.
    pub key_file: PathBuf,
}

/// Where bounces come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BounceSettings {
    /// A mail server delivers them there by LMTP.
    pub lmtp: Option<LmtpAddress>,
    /// A mail server delivers them into this maildir.
    pub maildir: Option<PathBuf>,
    /// How webhooks of providers are read, by their names, beside those that come with the program.
    pub providers: Vec<(String, Mapping)>,
}

/// Where the LMTP server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LmtpAddress {
    /// A port.
    Port(SocketAddr),
    /// A socket in the file system.
    Socket(PathBuf),
}

/// Where webhooks of subscribers may lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberSettings {
    /// Plain HTTP too.
    pub allow_http: bool,
    /// These networks beside the public ones.
    pub allow_networks: Vec<IpNet>,
    /// Authorities beside those of the host, in PEM.
    pub ca_file: Option<PathBuf>,
}

pub(super) fn subscribers(root: &Table<'_>) -> SubscriberSettings {
    let Some(table) = root.table("subscribers") else { return SubscriberSettings::default() };
    let ca_file = table.path("ca_file").optional();
    warn_file(&table, "ca_file", ca_file.as_deref());
    SubscriberSettings {
        allow_http: table.boolean("allow_http").or(false),
        allow_networks: networks(&table, "allow_networks"),
        ca_file,
    }
}

pub(super) fn mail(root: &Table<'_>) -> Option<MailSettings> {
    let table = root.table("mail")?;
    let address = address(table.string("address")).required("address = \"updates@status.example.com\"");
    let domain = address.as_deref().and_then(|one| one.rsplit_once('@')).map(|(_, domain)| domain.to_owned());
    let bounce_domain = page::host(table.string("bounce_domain"), "bounces.example.com").optional();
    let hello = page::host(table.string("hello"), "status.example.com").optional();
    let connections = table.integer("connections", 1, 100).or(CONNECTIONS);
    let transport = transport(&table);
    let delivery_headers = delivery_headers(&table);
    let dkim = table.table("dkim").map(|table| dkim(&table, domain.clone()));
    let bounces = table.table("bounces").map(|table| bounces(&table)).unwrap_or_default();
    Some(MailSettings {
        address: address?,
        bounce_domain: bounce_domain.or_else(|| domain.clone())?,
        hello: hello.or(domain)?,
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
        transport: transport?,
        delivery_headers,
        dkim: dkim.map_or(Some(None), |dkim| dkim.map(Some))?,
        bounces,
    })
}

fn address(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| match mail_address(&text) {
        Ok(address) => Ok(address),
        Err(_) => refuse(
            format!("is no mail address: \"{text}\""),
            "Write the address alone, such as \"updates@status.example.com\": the name of the page stands before it.",
        ),
    })
}

fn delivery_headers(table: &Table<'_>) -> Vec<DeliveryHeader> {
    let example = "{ \"X-PM-Metadata-delivery\" = \"{{delivery}}\" }";
    let entries = table.item("delivery_headers").and_then(|item| item.inline_table(example));
    let entries = entries.map(|inner| inner.entries()).unwrap_or_default();
    let read = |(name, item): &(String, Item<'_>)| match DeliveryHeader::new(name, &item.string()?) {
        Ok(header) => Some(header),
        Err(wrong) => item.refuse(wrong, &format!("Write it such as {example}.")),
    };
    entries.iter().filter_map(read).collect()
}

fn transport(table: &Table<'_>) -> Option<Transport> {
    let relays = table.tables("relay", &["host"]);
    let read: Vec<Option<RelaySettings>> = relays.iter().map(relay).collect();
    let sendmail = table.path("sendmail").optional();
    let directory = table.path("directory").optional();
    let named = [!read.is_empty(), table.has("sendmail"), table.has("directory")];
    match named.iter().filter(|named| **named).count() {
        1 => {}
        0 => {
            let remedy = "Add [[mail.relay]] with a host, or sendmail = \"/usr/sbin/sendmail\", or directory = \"/path\".";
            table.refuse("relay", "it names no relay, sendmail or directory", remedy);
            return None;
        }
        _ => {
            let wrong = "[[mail.relay]], sendmail and directory exclude each other";
            table.refuse("relay", wrong, "Keep one of them.");
            return None;
        }
    }
    if !read.is_empty() {
        return read.into_iter().collect::<Option<Vec<_>>>().map(Transport::Relays);
    }
    sendmail.map(Transport::Sendmail).or(directory.map(Transport::Directory))
}

fn relay(table: &Table<'_>) -> Option<RelaySettings> {
    let host = table
        .string("host")
        .at_most(253)
        .convert(|text| relay_host(&text))
        .required("host = \"smtp.example.com\"");
    let encryption = table.choice("encryption", &ENCRYPTIONS).or(Encryption::StartTls);
    let usual = match encryption {
        Encryption::StartTls => 587,
        Encryption::Tls => 465,
        Encryption::None => 25,
    };
    let port = table.integer("port", 1, 65_535).or(usual);
    let allow_plaintext = table.boolean("allow_plaintext").or(false);
    let ca_file = table.path("ca_file").optional();
    warn_file(table, "ca_file", ca_file.as_deref());
    let user = table.string("user").at_most(256).optional();
    let password = table.path("password_file").optional();
    warn_secret(table, "password_file", password.as_deref());
    if table.has("user") != table.has("password_file") {
        let remedy = "Name both, or neither for a relay that wants no sign-in.";
        table.refuse("user", "user and password_file belong together", remedy);
        return None;
    }
    let host = host?;
    let is_local = ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
    if encryption == Encryption::None && !is_local && !allow_plaintext {
        let wrong = format!("mails with the links of subscribers would go to {host} without encryption");
        table.refuse("encryption", wrong, "Use \"starttls\" or \"tls\", or say allow_plaintext = true.");
        return None;
    }
    if encryption == Encryption::None && user.is_some() && !is_local {
        let wrong = "the password of the relay would go over the network without encryption";
        table.refuse("encryption", wrong, "Use \"starttls\" or \"tls\".");
        return None;
    }
    let port = u16::try_from(port).ok()?;
    Some(RelaySettings { host, port, encryption, allow_plaintext, ca_file, credentials: user.zip(password) })
}

fn relay_host(text: &str) -> Result<String, Refusal> {
    let fits = |one: char| one.is_ascii_alphanumeric() || ".-:".contains(one);
    if !text.is_empty() && text.chars().all(fits) {
        return Ok(text.to_ascii_lowercase());
    }
    refuse(format!("is no host: \"{text}\""), "Write a name or an address, such as \"smtp.example.com\".")
}

fn dkim(table: &Table<'_>, domain: Option<String>) -> Option<DkimSettings> {
    let own = page::host(table.string("domain"), "example.com").optional();
    let selector = table.string("selector").convert(|text| selector(&text)).required("selector = \"status\"");
    let key_file = table.path("key_file").required("key_file = \"/etc/skerry/dkim.pem\"");
    warn_secret(table, "key_file", key_file.as_deref());
    Some(DkimSettings { domain: own.or(domain)?, selector: selector?, key_file: key_file? })
}

fn selector(text: &str) -> Result<String, Refusal> {
    let fits = |label: &str| {
        let inner = |one: u8| one.is_ascii_alphanumeric() || one == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(inner)
    };
    if text.len() <= 200 && text.split('.').all(fits) {
        return Ok(text.to_ascii_lowercase());
    }
    refuse(format!("is no selector: \"{text}\""), "Write letters, digits and hyphens, such as \"status\".")
}

fn bounces(table: &Table<'_>) -> BounceSettings {
    let lmtp = table.item("lmtp").and_then(|item| lmtp_address(&item));
    let maildir = table.path("maildir").optional();
    let providers = providers(table);
    if !["lmtp", "maildir", "provider"].iter().any(|key| table.has(key)) {
        let remedy =
            "Add lmtp = \"127.0.0.1:2424\", maildir = \"/path\" or [[mail.bounces.provider]], or remove it.";
        table.refuse("", "it has neither lmtp, maildir nor provider", remedy);
    }
    BounceSettings { lmtp, maildir, providers }
}

fn providers(table: &Table<'_>) -> Vec<(String, Mapping)> {
    let mut read: Vec<(String, Mapping)> = Vec::new();
    for table in table.tables("provider", &["name"]) {
        let name = page::name(table.string("name"), 63).required("name = \"acme\"");
        let mapping = Mapping::read(&table);
        if let Some(name) = name.as_ref().filter(|name| read.iter().any(|(other, _)| other == *name)) {
            let wrong = format!("name \"{name}\" is already declared");
            table.refuse("name", wrong, "Names of providers are unique: rename one.");
        }
        read.extend(name.zip(mapping));
    }
    read
}

fn lmtp_address(item: &Item<'_>) -> Option<LmtpAddress> {
    let text = item.string()?;
    if text.starts_with('/') {
        return Some(LmtpAddress::Socket(PathBuf::from(text)));
    }
    let example = "Write an address such as \"127.0.0.1:2424\", or the path of a socket.";
    match socket_address(&text, example) {
        Ok(address) if address.ip().is_loopback() => Some(LmtpAddress::Port(address)),
        Ok(address) => item.refuse(
            &format!("{address} is not on this host: anybody who reaches it could say that mails bounced"),
            "Listen at 127.0.0.1 or at a socket, and let a mail server of this host deliver there.",
        ),
        Err(refusal) => item.refuse(&refusal.wrong, &refusal.remedy),
    }
}
