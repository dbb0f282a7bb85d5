//! `mail-check`: what receivers will think of our mails, and a test mail that shows it.

use crate::config::{Config, MailSettings, Transport};
use crate::outbox::Mail;
use anyhow::Context as _;
use skerry_host::clock::wall_ms;
use skerry_host::doctor::Finding;
use skerry_host::random;
use skerry_notify::mail::{self, Records, Sender};
use skerry_notify::{Class, Outcome};
use std::time::{Duration, SystemTime};

/// The longest string of a TXT record, bytes.
const LONGEST_STRING: usize = 255;

/// What DNS says of the domains of our mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The texts at the domain of the return path.
    pub spf: Vec<String>,
    /// The texts at the name of the key that signs. `None`: nothing signs.
    pub dkim: Option<Vec<String>>,
    /// The texts that say what receivers do with mails that prove nothing.
    pub dmarc: Vec<String>,
    /// Somebody takes mails for the domain of the return path.
    pub takes_bounces: bool,
}

/// What signs, and what has to be in DNS for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The domain that signs.
    pub domain: String,
    /// The name in DNS.
    pub name: String,
    /// The text that has to stand there.
    pub record: String,
}

/// Sends a test mail to `recipient`, asks DNS, and explains both.
///
/// # Errors
/// There is no `[mail]`, one of its files cannot be used, or the address is none.
pub async fn check(config: &Config, recipient: &str) -> anyhow::Result<Vec<Finding>> {
    let settings = config.mail.as_ref().context("the configuration has no [mail]")?;
    let recipient =
        mail::mail_address(recipient).context("the address to send to must look like name@example.com")?;
    let mail = Mail::of(settings)?;
    let key = mail.dkim.as_ref().zip(settings.dkim.as_ref()).map(|(key, settings)| Key {
        domain: settings.domain.clone(),
        name: key.record_name(),
        record: key.record(),
    });
    let mut findings = vec![sent(&mail, settings, &recipient).await?];
    match published(settings, key.as_ref()).await {
        Ok(published) => findings.extend(judged(settings, key.as_ref(), &published)),
        Err(error) => findings.push(Finding::problem(
            "DNS",
            format!("{error:#}"),
            "Run this command on a host whose name servers answer, such as the one that sends.",
        )),
    }
    findings.push(unsubscribing(config.public.base_url.scheme() == "https"));
    Ok(findings)
}

async fn sent(mail: &Mail, settings: &MailSettings, recipient: &str) -> anyhow::Result<Finding> {
    let domain = domain_of(&settings.address);
    let id = hex(random::bytes::<12>());
    let text = "This is the test mail of skerry-aggregator mail-check.\n\nIf it arrived among spam, look at its headers: \
                Authentication-Results says what the receiver thinks of SPF, DKIM and DMARC.\n";
    let letter = mail::Mail {
        from: Sender { name: "Skerry mail-check".to_owned(), address: settings.address.clone() },
        to: recipient.to_owned(),
        // It names no delivery, so that a bounce of it is matched with none.
        return_path: format!("bounces@{}", settings.bounce_domain),
        subject: "Test of the mails of a status page".to_owned(),
        text: text.to_owned(),
        html: format!("<!doctype html><html lang=en><p>{}</p></html>", text.replace("\n\n", "</p><p>")),
        message_id: format!("{id}@{domain}"),
        follows: Vec::new(),
        unsubscribe: None,
        headers: Vec::new(),
        language: "en".to_owned(),
        date: wall(),
        attachments: Vec::new(),
    };
    let mut message = letter.message()?;
    if let Some(key) = &mail.dkim {
        message.sign(key, wall());
    }
    let outcome = mail.mailer.send(&message).await;
    mail.mailer.close().await;
    Ok(explained(&outcome, settings))
}

fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(wall_ms().unsigned_abs())
}

fn explained(outcome: &Outcome, settings: &MailSettings) -> Finding {
    let answer = outcome.answer();
    let said = format!("{} ({})", answer.text, answer.class.name());
    match (outcome, answer.class) {
        (Outcome::Accepted(_), _) => Finding::ok("test mail", format!("handed over: {}", answer.text)),
        (_, Class::Tls) => Finding::problem(
            "test mail",
            said,
            "Name the relay in [mail.relay] host as its certificate does, or its authority in ca_file.",
        ),
        (_, Class::Unreachable | Class::Timeout) => {
            Finding::problem("test mail", said, "Check host and port of the relay, and firewalls between.")
        }
        (_, Class::Own) => {
            let remedy = match settings.transport {
                Transport::Relays(_) => {
                    "Check user and password_file of the relay, and that it relays for this host."
                }
                Transport::Sendmail(_) => {
                    "Check the path of sendmail, and what it says in the log of the host."
                }
                Transport::Directory(_) => {
                    "Check that the directory exists and that the service's user may write to it."
                }
            };
            Finding::problem("test mail", said, remedy)
        }
        (_, Class::NoSuchAddress | Class::MailboxFull) => {
            Finding::problem("test mail", said, "The relay works: use an address that takes mails.")
        }
        _ => Finding::problem("test mail", said, "The relay answered: its log says more."),
    }
}

async fn published(settings: &MailSettings, key: Option<&Key>) -> anyhow::Result<Published> {
    let records = Records::of_host()?;
    let from = domain_of(&settings.address);
    let dkim = match key {
        Some(key) => Some(records.texts(&key.name).await?),
        None => None,
    };
    let mut dmarc = Vec::new();
    // A domain without a text of its own is judged by that of the domains above it, as DMARC has it.
    for domain in domains_from(from) {
        dmarc = records.texts(&format!("_dmarc.{domain}")).await?;
        dmarc.retain(|text| text.starts_with("v=DMARC1"));
        if !dmarc.is_empty() {
            break;
        }
    }
    Ok(Published {
        spf: records.texts(&settings.bounce_domain).await?,
        dkim,
        dmarc,
        takes_bounces: records.takes_mail(&settings.bounce_domain).await?,
    })
}

/// What receivers find in DNS, explained.
#[must_use]
pub fn judged(settings: &MailSettings, key: Option<&Key>, published: &Published) -> Vec<Finding> {
    let from = domain_of(&settings.address);
    let signs = key.is_some_and(|key| aligned(&key.domain, from));
    vec![
        spf(settings, published),
        dkim(key, published, from),
        dmarc(published, from, signs || aligned(&settings.bounce_domain, from)),
        bounces(settings, published),
    ]
}

fn spf(settings: &MailSettings, published: &Published) -> Finding {
    let domain = &settings.bounce_domain;
    let is_spf = |text: &&String| text.as_str() == "v=spf1" || text.starts_with("v=spf1 ");
    let texts: Vec<&String> = published.spf.iter().filter(is_spf).collect();
    match texts.as_slice() {
        [] => Finding::problem(
            "SPF",
            format!("{domain}, the domain of the return paths, has no SPF record"),
            format!(
                "Add the TXT record \"v=spf1 include:_spf.your-relay.example -all\" to {domain}, with what your relay's provider names."
            ),
        ),
        [one] if one.contains("+all") => Finding::problem(
            "SPF",
            format!("{domain} lets everybody send: \"{one}\""),
            "Replace +all by -all after naming your relay.",
        ),
        [one] => {
            Finding::ok("SPF", format!("{domain}: \"{one}\"; it must cover the addresses of your relay"))
        }
        _ => Finding::problem(
            "SPF",
            format!("{domain} has {} SPF records, which receivers take as an error", texts.len()),
            "Join them into one.",
        ),
    }
}

fn dkim(key: Option<&Key>, published: &Published, from: &str) -> Finding {
    let Some(key) = key else {
        return Finding::warning(
            "DKIM",
            "mails are not signed here",
            "Add [mail.dkim] with selector and key_file, unless your relay signs. One-click unsubscribing needs it.",
        );
    };
    let wanted = squeezed(&key.record);
    let texts = published.dkim.as_deref().unwrap_or_default();
    let add = || format!("Add the TXT record \"{}\" at {}.{}", key.record, key.name, hint(&key.record));
    if texts.is_empty() {
        return Finding::problem(
            "DKIM",
            format!("{} has no record, so that no signature is valid", key.name),
            add(),
        );
    }
    let value =
        |text: &str| squeezed(text).split(';').find_map(|part| part.strip_prefix("p=").map(str::to_owned));
    if !texts.iter().any(|text| value(text) == value(&wanted)) {
        return Finding::problem(
            "DKIM",
            format!("{} holds another key than the one that signs", key.name),
            add(),
        );
    }
    if !aligned(&key.domain, from) {
        return Finding::warning(
            "DKIM",
            format!(
                "{} signs, which is not the domain of the sender {from}: DMARC does not count it",
                key.domain
            ),
            "Sign with the domain of [mail] address.",
        );
    }
    Finding::ok("DKIM", format!("{} holds the key that signs", key.name))
}

/// What has to be done about a record that is longer than one string of a TXT record (RFC 1035, 3.3).
fn hint(record: &str) -> String {
    if record.len() <= LONGEST_STRING {
        return String::new();
    }
    format!(
        " It has {} bytes, and one string of a TXT record at most {LONGEST_STRING}: split it in a zone file into several \
         strings, \"…\" \"…\", which count as one text. Most forms of DNS providers do that themselves.",
        record.len()
    )
}

fn dmarc(published: &Published, from: &str, is_aligned: bool) -> Finding {
    let Some(text) = published.dmarc.first() else {
        return Finding::problem(
            "DMARC",
            format!("{from} has no DMARC record, which large mail providers ask for"),
            format!(
                "Add the TXT record \"v=DMARC1; p=none; rua=mailto:postmaster@{from}\" at _dmarc.{from}."
            ),
        );
    };
    if !is_aligned {
        return Finding::problem(
            "DMARC",
            format!(
                "neither the return path nor a signature has the domain of the sender {from}, so that DMARC fails"
            ),
            "Choose bounce_domain or [mail.dkim] domain below the domain of [mail] address.",
        );
    }
    Finding::ok("DMARC", format!("\"{text}\""))
}

fn bounces(settings: &MailSettings, published: &Published) -> Finding {
    let domain = &settings.bounce_domain;
    let takes_in = settings.bounces.lmtp.is_some() || settings.bounces.maildir.is_some();
    // They come back to the provider, whatever the records of our domain.
    let by_webhook = !settings.delivery_headers.is_empty() || !settings.bounces.providers.is_empty();
    match (published.takes_bounces, takes_in) {
        _ if by_webhook && !takes_in => Finding::warning(
            "bounces",
            "bounces are heard of only if the provider's webhook posts to /api/v1/bounces/{provider}",
            "Try it with the provider's test event: docs/mail.md.",
        ),
        (true, true) => {
            Finding::ok("bounces", format!("{domain} has a mail server, and bounces are received here"))
        }
        (false, _) => Finding::problem(
            "bounces",
            format!("{domain} has no mail server: bounces are lost"),
            format!("Add an MX record to {domain} that leads to a mail server which delivers here."),
        ),
        (true, false) => Finding::warning(
            "bounces",
            "this host does not receive bounces",
            "Add [mail.bounces] with lmtp or maildir, or let the provider's webhook post to /api/v1/bounces/{provider}: docs/mail.md.",
        ),
    }
}

fn unsubscribing(is_https: bool) -> Finding {
    if is_https {
        return Finding::ok("unsubscribe", "mails offer one-click unsubscribing (RFC 8058)");
    }
    Finding::problem(
        "unsubscribe",
        "[public] base_url is not https, so that mails offer no one-click unsubscribing",
        "Serve pages over HTTPS: large mail providers ask for one-click unsubscribing.",
    )
}

/// Whether two domains count as one for DMARC, strictly enough: the same, or one below the other.
fn aligned(one: &str, other: &str) -> bool {
    let below = |one: &str, other: &str| one.strip_suffix(other).is_some_and(|rest| rest.ends_with('.'));
    one == other || below(one, other) || below(other, one)
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// A domain and those above it, but no top-level domain.
fn domains_from(domain: &str) -> impl Iterator<Item = &str> {
    let above = std::iter::successors(Some(domain), |one| one.split_once('.').map(|(_, rest)| rest));
    above.filter(|one| one.contains('.'))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn hex(bytes: [u8; 12]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "mail_check_test.rs"]
mod tests;
