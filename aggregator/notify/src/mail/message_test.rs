use super::*;
use proptest::prelude::*;
use std::time::Duration;

pub(in crate::mail) fn mail() -> Mail {
    Mail {
        from: Sender {
            name: "Northwind status".to_owned(),
            address: "updates@status.example.com".to_owned(),
        },
        to: "ann@cust.example".to_owned(),
        return_path: "bounces+d1@status.example.com".to_owned(),
        subject: "Card payments declined".to_owned(),
        text: "MAJOR OUTAGE\n\nCard payments declined\n".to_owned(),
        html: "<h1>Card payments declined</h1>\n".to_owned(),
        message_id: "u2.i1@status.example.com".to_owned(),
        follows: vec!["i1@status.example.com".to_owned(), "u1.i1@status.example.com".to_owned()],
        unsubscribe: Some("https://status.example.com/unsubscribe/t0k3n".to_owned()),
        headers: vec![("X-PM-Metadata-delivery".to_owned(), "d1".to_owned())],
        language: "en".to_owned(),
        date: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_191_044),
        attachments: Vec::new(),
    }
}

fn text(mail: &Mail) -> String {
    String::from_utf8(mail.message().expect("fit").bytes().to_vec()).expect("ASCII")
}

#[test]
fn a_mail_has_the_headers_that_receivers_look_for() {
    let text = text(&mail());
    let (head, _) = text.split_once("\r\n\r\n").expect("a head");
    for line in [
        "From: \"Northwind status\" <updates@status.example.com>",
        "To: ann@cust.example",
        "Subject: Card payments declined",
        "Date: Fri, 20 Nov 2026 16:10:44 +0000",
        "Message-ID: <u2.i1@status.example.com>",
        "In-Reply-To: <u1.i1@status.example.com>",
        "References: <i1@status.example.com>\r\n <u1.i1@status.example.com>",
        "List-Unsubscribe: <https://status.example.com/unsubscribe/t0k3n>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "Content-Language: en",
        "X-PM-Metadata-delivery: d1",
        "MIME-Version: 1.0",
    ] {
        assert!(format!("\r\n{head}\r\n").contains(&format!("\r\n{line}\r\n")), "{line} in\n{head}");
    }
    assert!(head.contains("Content-Type: multipart/alternative;"), "{head}");
    let plain = text.find("text/plain; charset=utf-8").expect("a text part");
    assert!(plain < text.find("text/html; charset=utf-8").expect("an HTML part"), "the best comes last");
}

#[test]
fn the_same_mail_is_the_same_bytes() {
    assert_eq!(text(&mail()), text(&mail()));
}

#[test]
fn a_first_mail_without_a_subscription_has_neither_thread_nor_list_headers() {
    let text = text(&Mail { follows: Vec::new(), unsubscribe: None, ..mail() });
    for absent in ["In-Reply-To", "References", "List-Unsubscribe"] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn what_is_attached_stands_beside_the_texts() {
    let calendar = Attachment {
        name: "maintenance.ics".to_owned(),
        content_type: "text/calendar; charset=utf-8; method=PUBLISH".to_owned(),
        content: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_vec(),
    };
    let mail = Mail { attachments: vec![calendar], ..mail() };
    let bytes = mail.message().expect("fit").bytes().to_vec();
    let read = mail_parser::MessageParser::new().parse(&bytes).expect("a mail");
    assert_eq!(read.attachment_count(), 1);
    let attached = read.attachment(0).expect("one");
    assert_eq!(attached.contents(), b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    assert_eq!(mail_parser::MimeHeaders::attachment_name(attached), Some("maintenance.ics"));
    let text = read.body_text(0).expect("a text").replace("\r\n", "\n");
    assert_eq!(text.trim_end(), mail.text.trim_end());
}

/// What would begin another header, or end the message, in each text of a mail that becomes a header or an address.
const INJECTIONS: &[&str] = &[
    "\r\nBcc: evil@evil.example",
    "\nBcc: evil@evil.example",
    "\rBcc: evil@evil.example",
    "\r\n\r\n<script>",
    "\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "\0",
    "\u{85}Bcc: evil@evil.example",
    "\u{0b}",
    "\u{1b}[2J",
    "%0d%0a\r\n",
];

#[test]
fn what_would_end_a_header_is_refused_at_the_door() {
    type Change = fn(&mut Mail, &str);
    let fields: &[(&str, Change)] = &[
        ("name of the sender", |mail, text| mail.from.name.push_str(text)),
        ("address of the sender", |mail, text| mail.from.address.insert_str(3, text)),
        ("recipient", |mail, text| mail.to.insert_str(2, text)),
        ("recipient", |mail, text| mail.to.push_str(text)),
        ("return path", |mail, text| mail.return_path.push_str(text)),
        ("subject", |mail, text| mail.subject.push_str(text)),
        ("id", |mail, text| mail.message_id.push_str(text)),
        ("thread", |mail, text| mail.follows[0].push_str(text)),
        ("unsubscribe link", |mail, text| mail.unsubscribe.as_mut().expect("one").push_str(text)),
        ("language", |mail, text| mail.language.push_str(text)),
        ("name of an attachment", |mail, text| mail.attachments[0].name.push_str(text)),
        ("type of an attachment", |mail, text| mail.attachments[0].content_type.push_str(text)),
    ];
    for (field, change) in fields {
        for injection in INJECTIONS {
            let attachments = vec![Attachment {
                name: "a.csv".to_owned(),
                content_type: "text/csv".to_owned(),
                content: Vec::new(),
            }];
            let mut mail = Mail { attachments, ..mail() };
            change(&mut mail, injection);
            let unfit = mail.message().expect_err(injection);
            assert_eq!(unfit.field, *field, "{injection:?}");
            assert!(!unfit.to_string().contains("evil"), "{unfit}");
        }
    }
}

#[test]
fn an_address_is_one_address() {
    for wrong in [
        "",
        "ann",
        "@cust.example",
        "ann@",
        "ann@cust.example, evil@evil.example",
        "ann@cust.example evil@evil.example",
        "<ann@cust.example>",
        "Ann <ann@cust.example>",
        "ann@cust@evil.example",
        "ann@cust.example>\u{a0}",
        "\"a b\"@cust.example",
        "ann@cust..example",
        "ann@-.example",
        &format!("{}@cust.example", "a".repeat(65)),
        &format!("ann@{}.example", "a.".repeat(126)),
    ] {
        let refused = Mail { to: wrong.to_owned(), ..mail() }.message().expect_err(wrong);
        assert_eq!(refused.to_string(), "the recipient of a mail is not a mail address", "{wrong}");
    }
    for (given, used) in [
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("Ann.B+x@Cust.Example", "Ann.B+x@cust.example"),
        ("o'neill@cust.example", "o'neill@cust.example"),
        ("-f@cust.example", "-f@cust.example"),
    ] {
        let message = Mail { to: given.to_owned(), ..mail() }.message().expect(given);
        assert_eq!(message.to(), used);
    }
}

#[test]
fn the_link_to_leave_is_one_https_address() {
    for wrong in [
        "http://status.example.com/u",
        "mailto:leave@status.example.com",
        "https://status.example.com/a,<https://evil.example>",
        "https://status.example.com/a b",
        "",
    ] {
        let refused = Mail { unsubscribe: Some(wrong.to_owned()), ..mail() }.message().expect_err(wrong);
        assert_eq!(refused.field, "unsubscribe link", "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is said arrives as it was said, in lines that every server takes.
    #[test]
    fn what_is_said_arrives(
        name in "\\PC{0,80}",
        subject in "\\PC{0,300}",
        text in "[\\PC\r\n\t]{0,2000}",
        html in "[\\PC\n]{0,2000}",
        long in "[a-z]{0,3000}",
    ) {
        let (name, subject) = (name.trim().to_owned(), subject.trim().to_owned());
        prop_assume!(!name.contains(char::is_control) && !subject.contains(char::is_control));
        let from = Sender { name: name.clone(), ..mail().from };
        let said = Mail { from, subject: subject.clone(), text: format!("{text}\n{long}"), html, ..mail() };
        let message = said.message().expect("fit");
        prop_assert!(message.bytes().is_ascii());
        for line in message.bytes().split(|byte| *byte == b'\n') {
            prop_assert!(line.len() <= 999 && !line[..line.len().saturating_sub(1)].contains(&b'\r'));
        }
        let read = mail_parser::MessageParser::new().parse(message.bytes()).expect("a mail");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(read.subject().unwrap_or_default()), words(&subject));
        let from = read.from().and_then(|from| from.first()).expect("a sender");
        prop_assert_eq!(words(from.name().unwrap_or_default()), words(&name));
        let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
        prop_assert_eq!(lines(&read.body_text(0).unwrap_or_default()), lines(&said.text));
        prop_assert_eq!(lines(&read.body_html(0).unwrap_or_default()), lines(&said.html));
    }
}

#[test]
fn neither_addresses_nor_links_nor_texts_are_shown() {
    let mail = Mail {
        attachments: vec![Attachment {
            name: "maintenance.ics".to_owned(),
            content_type: "text/calendar".to_owned(),
            content: b"secret".to_vec(),
        }],
        ..mail()
    };
    assert_eq!(format!("{mail:?}"), "Mail { message_id: \"u2.i1@status.example.com\", .. }");
    assert_eq!(format!("{:?}", mail.attachments), "[Attachment { name: \"maintenance.ics\", .. }]");
    let message = mail.message().expect("fit");
    assert_eq!(format!("{message:?}"), "Message { message_id: \"u2.i1@status.example.com\", .. }");
}
