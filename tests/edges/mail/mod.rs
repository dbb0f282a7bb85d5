//! Mails to real servers, and what comes back from them.

mod postfix;
mod readers;
mod relays;

use skerry_notify::mail::{Encryption, Limits, Mail, Message, Relay, Roots, Sender};
use std::time::{Duration, UNIX_EPOCH};

/// The domain of the return paths.
const DOMAIN: &str = "status.test";

/// A mail to this address, whose delivery is `id`.
fn mail(to: &str, id: &str) -> Mail {
    Mail {
        from: Sender {
            name: "Northwind Störungen, \"live\"".to_owned(),
            address: format!("updates@{DOMAIN}"),
        },
        to: to.to_owned(),
        return_path: format!("bounces+{id}@{DOMAIN}"),
        subject: "Kartenzahlungen — gestört: 支払い".to_owned(),
        text: format!("GROßE STÖRUNG\n\n.ein Punkt\n..zwei\nFrom hier\n{}\n", "lang ".repeat(300)),
        html: "<h1>Kartenzahlungen</h1>\n<p>Seit 14:02 gestört.</p>\n".to_owned(),
        message_id: format!("{id}@{DOMAIN}"),
        follows: vec![format!("incident-1@{DOMAIN}")],
        unsubscribe: Some(format!("https://{DOMAIN}/unsubscribe/{}", "t0k3n".repeat(20))),
        headers: Vec::new(),
        language: "de".to_owned(),
        date: UNIX_EPOCH + Duration::from_secs(1_795_191_044),
        attachments: Vec::new(),
    }
}

fn message(to: &str, id: &str) -> Message {
    mail(to, id).message().expect("fit")
}

/// A relay on this host, without encryption.
fn relay(port: u16) -> Relay {
    Relay {
        host: "localhost".to_owned(),
        port,
        encryption: Encryption::None,
        plain_allowed: false,
        roots: Roots::System,
        credentials: None,
        hello: DOMAIN.to_owned(),
    }
}

/// Bounds that a test can wait for, and that a busy machine does not meet.
fn patient() -> Limits {
    let seconds = Duration::from_secs(60);
    Limits { connect: seconds, command: seconds, content: seconds, ..Limits::default() }
}
