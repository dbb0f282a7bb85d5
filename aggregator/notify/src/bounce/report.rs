//! Reports as mails: of deliveries (RFC 3464) and of complaints (RFC 5965). What servers send differs from both in many
//! ways; whatever is no report says nothing.

use super::{Event, MAX_READ, Report, exact_status};
use crate::mail::Verp;
use crate::mail::answer::Status;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// Reports of one mail that are read: it went to one address, which may have been passed on.
const MAX_REPORTS: usize = 20;
/// Kinds of feedback that say that a mail was unwanted.
const COMPLAINTS: [&str; 5] = ["abuse", "fraud", "virus", "other", "opt-out"];
/// Headers that name the address to which the report went, and the one that our mail came from.
const ADDRESSED: [&str; 4] = ["Delivered-To", "X-Original-To", "Envelope-To", "To"];
const QUOTED: [&str; 4] = ["Return-Path", "X-Postfix-Sender", "Original-Mail-From", "X-Envelope-From"];

/// What a mail reports about deliveries; nothing if it is no report. `recipient` is the address to which it was handed
/// over, where that is known.
#[must_use]
pub fn read_mail(mail: &[u8], verp: &Verp, recipient: Option<&str>) -> Vec<Report> {
    let mail = &mail[..mail.len().min(MAX_READ)];
    let Some(message) = MessageParser::new().parse(mail) else { return Vec::new() };
    let parts = reports_of(&message);
    let Some(delivery) = delivery(&message, &parts, verp, recipient) else { return Vec::new() };
    let reports = parts.iter().flat_map(|part| part.reports(&delivery));
    reports.take(MAX_REPORTS).collect()
}

/// A part that a program reads.
struct Part {
    is_feedback: bool,
    blocks: Vec<Vec<(String, String)>>,
}

fn reports_of(message: &Message<'_>) -> Vec<Part> {
    let parts = message.parts.iter().filter_map(|part| {
        let kind = part.content_type()?;
        let is = |subtype: &str| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
        };
        let is_feedback = is("feedback-report");
        let is_report = is_feedback || is("delivery-status") || is("global-delivery-status");
        is_report.then(|| Part { is_feedback, blocks: blocks(&text_of(part)) })
    });
    parts.collect()
}

fn text_of(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Message(message) => String::from_utf8_lossy(&message.raw_message).into_owned(),
        _ => String::from_utf8_lossy(part.contents()).into_owned(),
    }
}

/// Blocks of headers between empty lines, each with names in lower case and values on one line.
fn blocks(text: &str) -> Vec<Vec<(String, String)>> {
    let mut all = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            all.push(Vec::new());
        } else if let Some(block) = all.last_mut() {
            push_line(block, line);
        }
    }
    all.retain(|block| !block.is_empty());
    all
}

fn push_line(block: &mut Vec<(String, String)>, line: &str) {
    if line.starts_with([' ', '\t']) {
        if let Some((_, value)) = block.last_mut() {
            value.push(' ');
            value.push_str(line.trim());
        }
    } else if let Some((name, value)) = line.split_once(':') {
        block.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn field<'a>(block: &'a [(String, String)], name: &str) -> Option<&'a str> {
    block.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

impl Part {
    fn reports(&self, delivery: &str) -> Vec<Report> {
        let read = if self.is_feedback { complaint } else { delivery_report };
        self.blocks.iter().filter_map(|block| read(block, delivery)).collect()
    }
}

fn complaint(block: &[(String, String)], delivery: &str) -> Option<Report> {
    let kind = field(block, "feedback-type")?.to_ascii_lowercase();
    COMPLAINTS.contains(&kind.as_str()).then(|| Report::new(delivery, Event::Complaint, None, &kind))
}

fn delivery_report(block: &[(String, String)], delivery: &str) -> Option<Report> {
    let action = field(block, "action")?;
    // A comment may follow the word.
    let action = action.split([' ', '(', ';']).next().unwrap_or_default().to_ascii_lowercase();
    let event = match action.as_str() {
        "failed" => Event::Failed,
        "delayed" => Event::Delayed,
        "delivered" | "relayed" | "expanded" => Event::Delivered,
        _ => return None,
    };
    let diagnostic = field(block, "diagnostic-code").unwrap_or_default();
    let diagnostic = diagnostic.split_once(';').map_or(diagnostic, |(_, text)| text).trim();
    let given = field(block, "status").and_then(Status::at_start_of);
    Some(Report::new(delivery, event, exact_status(given, diagnostic), diagnostic))
}

/// The delivery by the address to which the report went, else by what it quotes of our mail.
fn delivery(message: &Message<'_>, parts: &[Part], verp: &Verp, recipient: Option<&str>) -> Option<String> {
    if let Some(delivery) = recipient.and_then(|recipient| verp.delivery(recipient)) {
        return Some(delivery.to_owned());
    }
    let quoted = message.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(quoted) => Some(quoted),
        _ => None,
    });
    let addressed = ADDRESSED.iter().filter_map(|name| named_in(message, name, verp));
    let of_parts = parts.iter().flat_map(|part| &part.blocks).flatten();
    let of_parts = of_parts
        .filter(|(name, _)| QUOTED.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .filter_map(|(_, value)| address_in(value, verp));
    let of_quoted = quoted.flat_map(|quoted| QUOTED.iter().filter_map(|name| named_in(quoted, name, verp)));
    addressed.chain(of_parts).chain(of_quoted).next()
}

fn named_in(message: &Message<'_>, name: &str, verp: &Verp) -> Option<String> {
    let headers = message.headers_raw().filter(|(one, _)| one.eq_ignore_ascii_case(name));
    headers.into_iter().find_map(|(_, value)| address_in(value, verp))
}

/// The first address of ours in a header.
fn address_in(value: &str, verp: &Verp) -> Option<String> {
    let apart = |one: char| one.is_whitespace() || "<>,;\"".contains(one);
    value.split(apart).find_map(|word| verp.delivery(word)).map(str::to_owned)
}

#[cfg(test)]
#[path = "report_test.rs"]
mod tests;
