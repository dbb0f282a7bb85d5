//! Feeds a message as an answer through every step of a run. See [`crate::hostile`].

use skerry_protocol::check::{Dns, Kind, Record};
use skerry_protocol::strict::Document;

use super::question::{Question, Received};
use super::{Rcode, assertion, record};
use crate::probe::hostile::{is_fit_to_show, is_harmless};

/// Reads `bytes` as an answer; the first byte selects the queried record type.
pub(crate) fn answer(bytes: &[u8]) {
    let Some((choice, message)) = bytes.split_first() else { return };
    let (_, record) = Record::NAMED[usize::from(*choice) % Record::NAMED.len()];
    let Some(dns) = check(record) else { return };
    let Ok(question) = Question::new(&dns, true) else { return };
    let mut message = message.to_vec();
    if message.len() >= 2 {
        message[..2].copy_from_slice(&question.wire[..2]);
    }
    match question.read(&message) {
        Err(fault) => is_fit_to_show(&fault),
        Ok(Received::Unrelated | Received::Truncated) => {}
        Ok(Received::Answer(message)) => {
            let rcode = Rcode(message.metadata.response_code.into());
            let (aliases, found) = record::answers(&message, &question.query, record);
            if let Err(fault) = assertion::check(&dns, rcode, &aliases, &found) {
                is_fit_to_show(&fault);
            }
            aliases.iter().chain(&found).for_each(|answer| is_harmless(&answer.to_string()));
        }
    }
}

fn check(record: Record) -> Option<Dns> {
    let text = format!(
        "[[check]]\nname = \"name\"\ntype = \"dns\"\nquery = \"example.com\"\nrecord = \"{}\"\nmin_ttl = \"1m\"\n",
        record.name()
    );
    let document = Document::parse("dns.toml", &text).ok()?;
    let check = document.root().tables("check", &["name"]).iter().find_map(skerry_protocol::check::read)?;
    match check.kind {
        Kind::Dns(dns) => Some(*dns),
        _ => None,
    }
}
