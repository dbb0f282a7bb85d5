use super::*;
use crate::outcome::Class;
use proptest::prelude::*;

macro_rules! capture {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../tests/fixtures/bounces/", $name, ".eml")).as_slice())
    };
}

/// Of another site: its return paths are not ours, so that the recipient of the report says which delivery it is.
const POSTFIX: &str = "bounces+d1@status.example.com";

fn verp() -> Verp {
    Verp::new("status.example.com")
}

/// What each server says, and what it amounts to.
#[test]
fn reports_of_real_servers_are_read() {
    let table = [
        (capture!("dsn-postfix-gone"), Event::Failed, "5.1.1 550 5.1.1 User unknown", Class::NoSuchAddress),
        (capture!("dsn-postfix-spam"), Event::Failed, "5.7.1 554 5.7.1 Rejected as spam", Class::Policy),
        (
            capture!("dsn-postfix-greylist"),
            Event::Failed,
            "4.7.1 451 4.7.1 Greylisted, try again",
            Class::Policy,
        ),
        (capture!("dsn-postfix-full"), Event::Failed, "4.2.2 452 4.2.2 Mailbox full", Class::MailboxFull),
        (
            capture!("exim"),
            Event::Failed,
            "5.1.1 550 5.1.1 <[address]>: Recipient address rejected: User unknown",
            Class::NoSuchAddress,
        ),
        (
            capture!("exchange"),
            Event::Failed,
            "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
            Class::NoSuchAddress,
        ),
        (
            capture!("gmail"),
            Event::Failed,
            "5.1.1 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking \
             the recipient's email address for typos or 550-5.1.1 unnecessary spaces. For more information, go to 550 5.1.1 \
             https://support.google.example/mail/?p=NoSuchUser",
            Class::NoSuchAddress,
        ),
        (capture!("sendmail-delayed"), Event::Delayed, "4.4.1", Class::Unavailable),
        (capture!("complaint"), Event::Complaint, "abuse", Class::Policy),
    ];
    for ((name, mail), event, text, class) in table {
        let recipient = name.starts_with("dsn-postfix").then_some(POSTFIX);
        let reports = read_mail(mail, &verp(), recipient);
        let [report] = reports.as_slice() else { panic!("{name}: {reports:?}") };
        assert_eq!((report.delivery.as_str(), report.event), ("d1", event), "{name}");
        let answer = report.answer();
        assert_eq!((answer.text.trim(), answer.class), (text, class), "{name}");
    }
}

#[test]
fn what_is_no_report_says_nothing() {
    let (_, away) = capture!("away");
    let (_, gone) = capture!("dsn-postfix-gone");
    let not_spam = String::from_utf8_lossy(capture!("complaint").1).replace(": abuse", ": not-spam");
    assert_eq!(read_mail(away, &verp(), Some(POSTFIX)), []);
    assert_eq!(read_mail(gone, &verp(), None), [], "it is not about a delivery of ours");
    assert_eq!(read_mail(not_spam.as_bytes(), &verp(), Some(POSTFIX)), []);
    assert_eq!(read_mail(b"", &verp(), Some(POSTFIX)), []);
}

#[test]
fn the_delivery_is_that_of_the_recipient_before_that_of_what_is_quoted() {
    let (_, exim) = capture!("exim");
    let named = |recipient| read_mail(exim, &verp(), recipient).first().map(|one| one.delivery.clone());
    assert_eq!(named(Some("bounces+other@status.example.com")).as_deref(), Some("other"));
    assert_eq!(named(Some("postmaster@status.example.com")).as_deref(), Some("d1"));
    let passed_on =
        String::from_utf8_lossy(exim).replace("To: bounces+d1@status.example.com", "To: ops@cust.example");
    let of_quoted = read_mail(passed_on.as_bytes(), &verp(), None);
    assert_eq!(of_quoted[0].delivery, "d1", "by the Return-path of our mail in it");
}

#[test]
fn a_general_status_gives_way_to_what_the_server_said() {
    let report = |fields: &str| {
        let mail =
            format!("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{fields}");
        let reports = read_mail(mail.as_bytes(), &verp(), Some(POSTFIX));
        reports
            .first()
            .map(|one| (one.event, one.status.map(|status| status.to_string()), one.answer().class))
    };
    let failed = |status: &str| Some((Event::Failed, Some(status.to_owned())));
    for (fields, expected, class) in [
        (
            "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550 5.1.1 no",
            failed("5.1.1"),
            Class::NoSuchAddress,
        ),
        (
            "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.7.1 no",
            failed("5.1.1"),
            Class::NoSuchAddress,
        ),
        (
            "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 451 4.7.1 no",
            failed("5.0.0"),
            Class::Rejected,
        ),
        ("Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 554 no", failed("5.0.0"), Class::Policy),
        ("action : FAILED (expired)\r\nSTATUS:4.4.1 (no answer)", failed("4.4.1"), Class::Unavailable),
        ("Action: failed", Some((Event::Failed, None)), Class::Rejected),
        ("Action: delayed", Some((Event::Delayed, None)), Class::Unavailable),
        (
            "Action: relayed\r\nStatus: 2.1.9",
            Some((Event::Delivered, Some("2.1.9".to_owned()))),
            Class::Success,
        ),
    ] {
        let (event, status) = expected.expect("a report");
        assert_eq!(report(fields), Some((event, status, class)), "{fields}");
    }
    for none in ["Action: lost", "Status: 5.1.1", "Action failed"] {
        assert_eq!(report(none), None, "{none}");
    }
}

/// Messages in messages, as deep as their first bytes can hold, on a stack as small as that of a worker.
#[test]
fn a_mail_is_read_however_deep_it_is() {
    let deep = [
        "Content-Type:message/rfc822\n\n".repeat(20_000),
        "Content-Type:message/global\n\n".repeat(20_000),
        "Content-Type:multipart/digest;boundary=a\n\n--a\n".repeat(10_000),
        "Content-Type:multipart/mixed;boundary=a\n\n--a\nContent-Type:message/rfc822\n\n".repeat(10_000),
        "Content-Type:message/rfc822\nContent-Transfer-Encoding:quoted-printable\n\n".repeat(10_000),
        (0..20_000).map(|at| format!("Content-Type:multipart/a;boundary={at}\n\n--{at}\n")).collect(),
    ];
    for mail in deep {
        let reader = std::thread::Builder::new().stack_size(1 << 20);
        let read = reader.spawn(move || read_mail(mail.as_bytes(), &verp(), Some(POSTFIX)).len());
        assert_eq!(read.expect("a thread").join().expect("no panic"), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_mutation_of_a_report_fells_the_reader(which in 0_usize..5, cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..12)) {
        let captures =
            [capture!("exim"), capture!("exchange"), capture!("gmail"), capture!("complaint"), capture!("dsn-postfix-full")];
        let mut mail = captures[which].1.to_vec();
        for (at, byte, how) in cuts {
            if mail.is_empty() {
                break;
            }
            let at = at.index(mail.len());
            match how {
                0 => mail[at] = byte,
                1 => drop(mail.drain(at..(at + usize::from(byte)).min(mail.len()))),
                2 => mail.insert(at, byte),
                _ => mail.truncate(at),
            }
        }
        for report in read_mail(&mail, &verp(), Some(POSTFIX)) {
            prop_assert_eq!(&report.delivery, "d1");
            prop_assert!(report.answer().text.chars().count() <= 500);
        }
    }
}
