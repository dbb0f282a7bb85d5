use super::Step::{Content, Recipient, Sender, Session};
use super::*;
use proptest::prelude::*;

/// Step, reply, and what becomes of it: `later` or `refused`, and the class.
const TABLE: &[(Step, &str, &str, Class)] = &[
    // The address does not exist.
    (Recipient, "550 5.1.1 User unknown", "refused", Class::NoSuchAddress),
    (Recipient, "550 5.1.2 Bad destination host", "refused", Class::NoSuchAddress),
    (Recipient, "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "refused", Class::NoSuchAddress),
    (Recipient, "556 5.1.10 Domain has a null MX", "refused", Class::NoSuchAddress),
    (Recipient, "556 Domain does not accept mail", "refused", Class::NoSuchAddress),
    (Content, "550 5.1.1 User unknown", "refused", Class::NoSuchAddress),
    (Recipient, "550 #5.1.1 User unknown", "refused", Class::NoSuchAddress),
    // As long as it is temporary, it exists for all we know.
    (Recipient, "450 4.1.1 Unverified address", "later", Class::Unavailable),
    (Recipient, "450 4.1.2 Domain not found", "later", Class::Unavailable),
    // A code and a status that contradict each other: the code counts.
    (Recipient, "450 5.1.1 User unknown", "later", Class::Unavailable),
    (Recipient, "550 4.1.1 User unknown", "refused", Class::Rejected),
    // The mailbox is full.
    (Recipient, "452 4.2.2 Mailbox full", "later", Class::MailboxFull),
    (Recipient, "552 5.2.2 Mailbox full", "refused", Class::MailboxFull),
    (Content, "552 5.2.2 Over quota", "refused", Class::MailboxFull),
    (Recipient, "552 Exceeded storage allocation", "refused", Class::MailboxFull),
    (Content, "552 5.3.4 Message too big", "refused", Class::Rejected),
    // Policy: no fault of the address.
    (Recipient, "550 5.7.1 Blocked by a list", "refused", Class::Policy),
    (Content, "554 5.7.1 Rejected as spam", "refused", Class::Policy),
    (Content, "550 5.7.26 DMARC", "refused", Class::Policy),
    (Recipient, "554 Transaction failed", "refused", Class::Policy),
    (Content, "554 5.0.0 Service unavailable", "refused", Class::Policy),
    (Recipient, "451 4.7.1 Greylisted", "later", Class::Policy),
    (Sender, "550 5.7.1 Sender rejected", "refused", Class::Policy),
    (Sender, "550 Sender rejected", "refused", Class::Policy),
    (Sender, "550 5.1.1 No such sender", "refused", Class::Policy),
    (Session, "554 5.7.1 Your address is listed", "later", Class::Policy),
    (Session, "554 No SMTP service here", "later", Class::Policy),
    // Other refusals.
    (Recipient, "550 Mailbox unavailable", "refused", Class::Rejected),
    (Recipient, "550 5.0.0 Mailbox unavailable", "refused", Class::Rejected),
    (Recipient, "550 5.2.1 Mailbox disabled", "refused", Class::Rejected),
    (Recipient, "550 5.4.1 Access denied", "refused", Class::Rejected),
    (Recipient, "550 5.5.0 Mailbox unavailable", "refused", Class::Rejected),
    (Recipient, "551 User not local", "refused", Class::Rejected),
    (Recipient, "553 Mailbox name not allowed", "refused", Class::Rejected),
    (Recipient, "553 5.1.3 Bad address syntax", "refused", Class::Rejected),
    // Later.
    (Recipient, "421 Shutting down", "later", Class::Unavailable),
    (Recipient, "421 4.3.2 Shutting down", "later", Class::Unavailable),
    (Recipient, "450 Mailbox busy", "later", Class::Unavailable),
    (Recipient, "450 4.2.0 Mailbox busy", "later", Class::Unavailable),
    (Content, "451 Local error", "later", Class::Unavailable),
    (Content, "452 4.3.1 Insufficient storage", "later", Class::Unavailable),
    (Recipient, "452 Insufficient storage", "later", Class::Unavailable),
    (Recipient, "451 4.4.1 No answer from host", "later", Class::Unavailable),
    // Too many.
    (Recipient, "452 4.5.3 Too many recipients", "later", Class::RateLimited),
    (Recipient, "450 4.7.28 Unusual rate of mail", "later", Class::RateLimited),
    (Recipient, "451 4.4.5 Congestion", "later", Class::RateLimited),
    // Our own fault: the mail waits for the operator.
    (Session, "535 5.7.8 Authentication failed", "later", Class::Own),
    (Session, "530 5.7.0 Must issue a STARTTLS command first", "later", Class::Own),
    (Sender, "530 5.7.0 Authentication required", "later", Class::Own),
    (Sender, "530 Authentication required", "later", Class::Own),
    (Recipient, "530 Authentication required", "later", Class::Own),
    (Sender, "553 5.1.8 Domain of sender does not exist", "later", Class::Own),
    (Sender, "550 5.1.7 Bad sender", "later", Class::Own),
    (Sender, "501 5.5.4 Syntax", "later", Class::Own),
    (Content, "503 Bad sequence of commands", "later", Class::Own),
];

#[test]
fn a_reply_means_what_its_code_status_and_step_say() {
    for (step, reply, fate, class) in TABLE {
        let (code, text) = reply.split_once(' ').expect("a reply");
        let outcome = outcome(*step, code.parse().expect("a code"), text);
        let got = match &outcome {
            Outcome::Later { .. } => "later",
            Outcome::Refused(_) => "refused",
            Outcome::Accepted(_) | Outcome::NoRelay(_) => "neither",
        };
        assert_eq!((got, outcome.answer().class), (*fate, *class), "{step:?} {reply}");
        assert_eq!(outcome.answer().text, *reply);
    }
}

#[test]
fn what_was_said_before_the_address_removes_nobody() {
    for step in [Session, Sender] {
        for code in 400..600 {
            for subject in 0..8 {
                for detail in 0..30 {
                    let class = class(step, code, Some(Status(code / 100, subject, detail)));
                    let blames = matches!(class, Class::NoSuchAddress | Class::MailboxFull | Class::Rejected);
                    assert!(!blames, "{step:?} {code} {subject}.{detail}: {class:?}");
                }
            }
        }
    }
}

#[test]
fn a_status_stands_at_the_start() {
    for (text, status) in [
        ("5.1.1", Some(Status(5, 1, 1))),
        ("  4.2.2 full", Some(Status(4, 2, 2))),
        ("#5.1.0 Address rejected.", Some(Status(5, 1, 0))),
        ("5.7.509: Access denied", Some(Status(5, 7, 509))),
        ("2.1.5 Ok", Some(Status(2, 1, 5))),
        ("3.1.1", None),
        ("5.1", None),
        ("5.1.1.1", None),
        ("5.1.1x", None),
        ("5.1.1234", None),
        ("5..1", None),
        ("+5.1.1", None),
        ("192.168.1.1 is blocked", None),
        ("", None),
    ] {
        assert_eq!(Status::at_start_of(text), status, "{text}");
    }
}

#[test]
fn an_answer_holds_no_address_and_is_one_short_line() {
    let said = "5.1.1 <Ann.B+x@cust.example>: Recipient address\r\n rejected (ann@cust.example); to:ann@cust.example \"a@b\"";
    let outcome = outcome(Recipient, 550, said);
    assert_eq!(
        outcome.answer().text,
        "550 5.1.1 <[address]>: Recipient address rejected ([address]); to:[address] \"[address]\""
    );
    assert_eq!(
        without_addresses("at 12:00 @ noon, see https://example.com/a"),
        "at 12:00 @ noon, see https://example.com/a"
    );
    let long = super::outcome(Recipient, 550, &"x\u{1b}[2J ".repeat(1000));
    assert_eq!(long.answer().text.chars().count(), 500);
    assert!(!long.answer().text.contains('\u{1b}'));
}

proptest! {
    #[test]
    fn any_text_has_a_class(code in 400_u16..600, text in "\\PC{0,200}") {
        for step in [Session, Sender, Recipient, Content] {
            let outcome = outcome(step, code, &text);
            prop_assert!(outcome.answer().text.chars().count() <= 500);
            let waits = matches!(outcome, Outcome::Later { .. });
            prop_assert!(!matches!(outcome, Outcome::Accepted(_)));
            prop_assert!(code >= 500 || waits);
        }
    }
}
