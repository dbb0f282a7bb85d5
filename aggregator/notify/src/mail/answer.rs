//! What a reply of a mail server means: its code, its enhanced status (RFC 3463 and the registry of RFC 5248) and the step
//! that it answers. Only an answer to the recipient or to the content can be the address's fault.

use crate::outcome::{Answer, Class, Outcome};

/// The step of a session that a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The greeting, `EHLO`, `STARTTLS` or `AUTH`: it has seen neither sender nor recipient.
    Session,
    /// `MAIL FROM`: it has not seen the recipient.
    Sender,
    /// `RCPT TO`, or what a delivery report says.
    Recipient,
    /// `DATA` and its end.
    Content,
}

/// An enhanced status: class, subject and detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16, pub u16, pub u16);

impl Status {
    /// The status that a text begins with: `5.1.1`, `5.1.1 no such user`, `#5.1.1`.
    #[must_use]
    pub fn at_start_of(text: &str) -> Option<Self> {
        let text = text.trim_start().trim_start_matches('#');
        let mut parts = text.splitn(3, '.');
        let (class, subject, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let end = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
        let apart = !rest[end..].starts_with(|one: char| one.is_alphanumeric() || one == '.');
        let number = |digits: &str| {
            let digits = (1..=3).contains(&digits.len()) && digits.bytes().all(|one| one.is_ascii_digit());
            digits.then_some(())
        };
        (apart && number(class).and(number(subject)).and(number(&rest[..end])).is_some()).then_some(())?;
        let status = Self(class.parse().ok()?, subject.parse().ok()?, rest[..end].parse().ok()?);
        matches!(status.0, 2 | 4 | 5).then_some(status)
    }

    /// The status in the first words of a reply: `550 5.1.1 no such user`, `550-5.1.1 …`.
    #[must_use]
    pub fn quoted_in(text: &str) -> Option<Self> {
        text.split([' ', '-', '<', '(']).take(8).find_map(Self::at_start_of)
    }

    /// Whether it says no more than its class.
    #[must_use]
    pub fn is_general(self) -> bool {
        matches!(self, Self(_, 0, _))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What comes of a negative reply: `text` is what follows the code, on one line or several.
#[must_use]
pub fn outcome(step: Step, code: u16, text: &str) -> Outcome {
    let status = Status::at_start_of(text).filter(|status| status.0 == code / 100);
    let class = class(step, code, status);
    let answer = Answer::new(class, &format!("{code} {}", without_addresses(text)));
    // What was refused before the recipient was named is no refusal of this mail: it waits for the operator.
    let waits = code / 100 != 5 || step == Step::Session || class == Class::Own;
    if waits { Outcome::Later { answer, after: None } } else { Outcome::Refused(answer) }
}

/// The class of a negative reply.
#[must_use]
pub fn class(step: Step, code: u16, status: Option<Status>) -> Class {
    let seen = matches!(step, Step::Recipient | Step::Content);
    let class = status.filter(|status| !status.is_general()).map(|status| class_of_status(status, step));
    match class.unwrap_or_else(|| class_of_code(code, step)) {
        // Nobody is removed for what was said before his address was.
        Class::NoSuchAddress | Class::MailboxFull | Class::Rejected if !seen => Class::Policy,
        class => class,
    }
}

fn class_of_status(status: Status, step: Step) -> Class {
    let permanent = status.0 == 5;
    let before = matches!(step, Step::Session | Step::Sender);
    match (status.1, status.2) {
        (1, 1 | 2 | 10) if permanent => Class::NoSuchAddress,
        // Our own address, and what only a client that is not signed in hears.
        (1, 7 | 8) => Class::Own,
        (5 | 7, _) if before && permanent && is_credentials(status) => Class::Own,
        (5, 1 | 2 | 4) if before && permanent => Class::Own,
        (2, 2) => Class::MailboxFull,
        // Congestion, too many recipients, a flood.
        (4, 5) | (5, 3) | (7, 28) => Class::RateLimited,
        (7, _) => Class::Policy,
        _ if permanent => Class::Rejected,
        _ => Class::Unavailable,
    }
}

/// Sign-in is needed, failed, or must be encrypted (RFC 4954).
fn is_credentials(status: Status) -> bool {
    matches!(status, Status(5, 7, 0 | 8 | 9 | 11 | 13 | 14) | Status(5, 5, 6))
}

fn class_of_code(code: u16, step: Step) -> Class {
    match code {
        500..=504 if step != Step::Recipient => Class::Own,
        530 | 534 | 535 | 538 => Class::Own,
        552 => Class::MailboxFull,
        554 => Class::Policy,
        // The domain takes no mail at all (RFC 7504): 5.1.10.
        556 => Class::NoSuchAddress,
        500..=599 => Class::Rejected,
        _ => Class::Unavailable,
    }
}

/// `text` without mail addresses, which servers repeat and which are kept nowhere but in the list of subscribers.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    let apart = |one: char| one.is_whitespace() || "<>()[]{},;:\"'`".contains(one);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(apart) {
        let word = piece.trim_end_matches(apart);
        let is_address =
            word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        out.push_str(if is_address { "[address]" } else { word });
        out.push_str(&piece[word.len()..]);
    }
    out
}

#[cfg(test)]
#[path = "answer_test.rs"]
mod tests;
