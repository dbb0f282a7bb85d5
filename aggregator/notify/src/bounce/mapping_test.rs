use super::*;
use crate::bounce::Mappings;
use crate::outcome::Class;
use std::fs;
use std::path::Path;

/// The webhook of a fixture, `<provider>-<event>.json`, read by the mapping of its provider.
fn webhook(name: &str) -> Webhook {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/webhooks/{name}.json"));
    let json = fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let provider = name.split('-').next().expect("a provider");
    let mappings = Mappings::with(&[]);
    let mapping = mappings.of(provider).unwrap_or_else(|| panic!("no mapping for {provider}"));
    mapping.webhook(&json).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn reports(name: &str) -> Vec<Report> {
    match webhook(name) {
        Webhook::Reports(reports) => reports,
        confirmation => panic!("{name}: {confirmation:?}"),
    }
}

/// The reports of a mapping that is written in a test.
fn read(mapping: &str, json: &str) -> Vec<Report> {
    let mapping = mapping_of(mapping).unwrap_or_else(|problems| panic!("{problems}"));
    match mapping.webhook(json.as_bytes()) {
        Ok(Webhook::Reports(reports)) => reports,
        other => panic!("{other:?}"),
    }
}

fn mapping_of(text: &str) -> Result<Mapping, String> {
    let document = skerry_protocol::strict::Document::parse("acme.toml", text).expect("TOML");
    let mapping = Mapping::read(&document.root());
    let problems: Vec<String> = document.finish().0.iter().map(ToString::to_string).collect();
    mapping.filter(|_| problems.is_empty()).ok_or_else(|| problems.join("\n"))
}

#[test]
fn the_events_of_each_provider_are_reports() {
    use Class::{MailboxFull, NoSuchAddress, Policy, Success, Unavailable};
    use Event::{Complaint, Delayed, Delivered, Failed};
    for (name, event, status, diagnostic, class) in [
        (
            "ses-bounce-permanent",
            Failed,
            "5.1.1",
            "550 5.1.1 <[address]>: Recipient address rejected: User unknown",
            NoSuchAddress,
        ),
        ("ses-bounce-suppressed", Failed, "5.1.1", "", NoSuchAddress),
        ("ses-bounce-transient", Failed, "4.2.2", "", MailboxFull),
        ("ses-event-raw", Failed, "4.7.1", "550 5.7.1 Message rejected, try again later", Policy),
        ("ses-complaint", Complaint, "", "abuse", Policy),
        ("ses-delivery", Delivered, "", "", Success),
        ("ses-delay", Delayed, "4.4.1", "421 4.4.1 Unable to connect to remote host", Unavailable),
        ("ses-reject", Failed, "5.7.0", "Bad content", Policy),
        (
            "mailgun-failed-permanent",
            Failed,
            "5.1.1",
            "550 5.1.1 The email account that you tried to reach does not exist: <[address]>",
            NoSuchAddress,
        ),
        (
            "mailgun-failed-suppressed",
            Failed,
            "5.1.1",
            "605 Not delivering to previously bounced address",
            NoSuchAddress,
        ),
        ("mailgun-failed-old", Failed, "4.0.0", "602 Too old", Unavailable),
        (
            "mailgun-failed-temporary",
            Delayed,
            "4.2.2",
            "452 4.2.2 The email account that you tried to reach is over quota",
            MailboxFull,
        ),
        ("mailgun-complained", Complaint, "", "", Policy),
        ("mailgun-delivered", Delivered, "", "250 OK", Success),
        (
            "postmark-hard-bounce",
            Failed,
            "5.1.1",
            "550 5.1.1 The email account that you tried to reach does not exist. [address]",
            NoSuchAddress,
        ),
        ("postmark-hard-bounce-plain", Failed, "5.1.1", "Test bounce details", NoSuchAddress),
        ("postmark-soft-bounce", Failed, "4.2.2", "552 5.2.2 Mailbox full", MailboxFull),
        ("postmark-blocked", Failed, "5.7.1", "550 Blocked", Policy),
        ("postmark-spam-complaint", Complaint, "", "Test spam complaint details", Policy),
        ("postmark-delivery", Delivered, "2.0.0", "250 2.0.0 OK", Success),
        (
            "brevo-hard-bounce",
            Failed,
            "5.1.1",
            "550-5.1.1 The email account that you tried to reach does not exist <[address]>",
            NoSuchAddress,
        ),
        ("brevo-soft-bounce", Failed, "4.2.2", "552 5.2.2 mailbox full", MailboxFull),
        ("brevo-blocked", Failed, "5.7.1", "blocked : due to blacklist user", Policy),
        ("brevo-deferred", Delayed, "4.7.1", "451 4.7.1 Greylisted, try again", Policy),
    ] {
        let all = reports(name);
        assert_eq!(all, [Report::new("d1", event, Status::at_start_of(status), diagnostic)], "{name}");
        assert_eq!(all[0].answer().class, class, "{name}");
    }
}

#[test]
fn several_events_come_in_one_webhook() {
    let named = |name| {
        let all = reports(name).into_iter();
        all.map(|one| {
            let status = one.status.map(|status| status.to_string()).unwrap_or_default();
            format!("{} {:?} {status}: {}", one.delivery, one.event, one.diagnostic)
        })
        .collect::<Vec<_>>()
    };
    let expected = [
        "d1 Delivered : 250 OK",
        "d1 Delayed 4.2.1: 450 4.2.1 try again later",
        "d2 Failed 5.0.0: 500 unknown recipient",
        "d3 Failed 5.1.10: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient [address] not found by SMTP address lookup",
        "d4 Failed 4.0.0: unable to get mx info: failed to get IPs from PTR record",
        "d5 Failed 4.7.1: 550 5.7.1 Service unavailable, client host blocked",
        "d6 Failed 5.1.1: Bounced Address",
        "d7 Failed 5.7.0: Spam Content",
        "d8 Complaint : ",
    ];
    assert_eq!(named("sendgrid-events"), expected);
    assert_eq!(named("brevo-batch"), ["d1 Delivered : ", "d2 Complaint : "]);
}

#[test]
fn what_says_nothing_of_a_delivery_is_ignored() {
    for name in [
        "ses-not-spam",
        "ses-open",
        "ses-validated",
        "mailgun-opened",
        "postmark-auto-responder",
        "postmark-without-metadata",
    ] {
        assert_eq!(reports(name), [], "{name}");
    }
    let mappings = Mappings::with(&[]);
    for provider in mappings.names() {
        let mapping = mappings.of(provider).expect("it is there");
        for json in [
            "null",
            "{}",
            "[]",
            "[[]]",
            "7",
            r#""text""#,
            r#"{"Message": "{", "event": [], "event-data": 1}"#,
        ] {
            assert_eq!(
                mapping.webhook(json.as_bytes()),
                Ok(Webhook::Reports(Vec::new())),
                "{provider}: {json}"
            );
        }
        for (json, why) in [
            ("", "not JSON: EOF while parsing a value at line 1 column 0".to_owned()),
            (
                r#"{"event": "ann@cust.example"#,
                "not JSON: EOF while parsing a string at line 1 column 27".to_owned(),
            ),
            (&format!("[{}{{}}]", "{},".repeat(5_000)), "more than 5000 events in one webhook".to_owned()),
        ] {
            // What has no list has one event.
            let refused = mapping.webhook(json.as_bytes()).map_err(|why| why.to_string());
            let is_list = provider != "mailgun" || !json.starts_with('[');
            assert!(!is_list || refused == Err(why), "{provider}: {refused:?}");
        }
    }
}

#[test]
fn a_provider_that_waits_for_its_confirmation_is_told_of_with_its_own_address_alone() {
    let Webhook::Confirmation(Some(url)) = webhook("ses-confirmation") else { panic!("no confirmation") };
    assert!(url.as_str().starts_with("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&"));
    let mappings = Mappings::with(&[]);
    let ses = mappings.of("ses").expect("it is there");
    for foreign in [
        "https://evil.example/",
        "https://amazonaws.com.evil.example/",
        "https://evilamazonaws.com/",
        "http://sns.eu-central-1.amazonaws.com/",
        "https://ann@sns.eu-central-1.amazonaws.com/",
        "javascript:alert(1)",
        "",
    ] {
        let json = format!(r#"{{"Type": "SubscriptionConfirmation", "SubscribeURL": "{foreign}"}}"#);
        assert_eq!(ses.webhook(json.as_bytes()), Ok(Webhook::Confirmation(None)), "{foreign}");
    }
}

const ACME: &str = r#"
    records = "$.events"
    kind = ["$.type", "$.code"]
    return_path = ["$.from"]
    message_id = ["$.message"]
    id = ["$.meta.delivery"]
    status = ["$.status"]
    diagnostic = ["$.code", "$.text"]
    [[event]]
    kinds = ["Bounced"]
    action = "failed"
    [[event]]
    kinds = ["bounced/452"]
    action = "failed"
    soft = true
    [[event]]
    kinds = ["bounced/7"]
    action = "ignored"
"#;

#[test]
fn an_operators_mapping_finds_the_delivery_in_any_form() {
    for (record, delivery) in [
        (r#"{"type": "bounced", "from": "<bounces+d1@x.example>", "message": "<d2@x.example>"}"#, Some("d1")),
        (r#"{"type": "bounced", "from": "updates@x.example", "message": "d2@x.example"}"#, Some("d2")),
        (r#"{"type": "bounced", "message": "d.2@x.example", "meta": {"delivery": " d3 "}}"#, Some("d3")),
        (r#"{"type": "BOUNCED", "meta": {"delivery": "a b"}}"#, None),
        (r#"{"type": "bounced", "meta": {"delivery": 3}}"#, None),
        (r#"{"type": "bounced", "meta": []}"#, None),
    ] {
        let found = read(ACME, &format!(r#"{{"events": [{record}]}}"#));
        assert_eq!(found.first().map(|one| one.delivery.as_str()), delivery, "{record}");
        // One is read like a list of one.
        assert_eq!(read(ACME, &format!(r#"{{"events": {record}}}"#)), found);
    }
}

#[test]
fn the_longest_kind_decides_and_a_soft_failure_says_nothing_of_the_address() {
    let read = |code: &str, status: &str| {
        let record = format!(
            r#"{{"type": "bounced", "code": {code}, "status": "{status}", "text": "x", "message": "d1@x"}}"#
        );
        let status = |one: Report| one.status.map(|status| status.to_string()).unwrap_or_default();
        read(ACME, &format!(r#"{{"events": [{record}]}}"#)).into_iter().map(status).collect::<Vec<_>>()
    };
    assert_eq!(read("550", "5.1.1 unknown"), ["5.1.1"]);
    assert_eq!(read("550", ""), [""]);
    assert_eq!(read("452", "5.1.1"), ["4.1.1"]);
    assert_eq!(read("452", ""), ["4.0.0"]);
    assert_eq!(read("7", "5.1.1"), [""; 0]);
    assert_eq!(read("null", "5.1.1"), ["5.1.1"]);
}

#[test]
fn what_is_wrong_with_a_mapping_is_said_with_its_place() {
    for (from, to, why) in [
        (
            "\"$.type\"",
            "\"type\"",
            "acme.toml:3:13: entry 1 of kind is not a valid JSON path (RFC 9535): \"type\". A path begins with $",
        ),
        ("records = \"$.events\"", "records = \"$[\"", "acme.toml:2:5: records is not a valid JSON path"),
        ("kind = [\"$.type\", \"$.code\"]", "", "kind is missing. Add kind"),
        (
            "action = \"ignored\"",
            "action = \"dropped\"",
            "action must be \"failed\", \"delayed\", \"delivered\", \"complaint\" or \"ignored\"",
        ),
        (
            "action = \"ignored\"",
            "action = \"ignored\"\nsoft = true",
            "soft has no effect without action = \"failed\"",
        ),
        (
            "action = \"ignored\"",
            "action = \"failed\"\nstatus = \"550\"",
            "status is no status of a failure (RFC 3463): \"550\"",
        ),
        (
            "\"bounced/7\"",
            "\"BOUNCED / 452\"",
            "entry 1 of kinds is \"BOUNCED / 452\", which an event has already",
        ),
        ("kinds = [\"Bounced\"]", "", "kinds is missing"),
        ("status = [", "stauts = [", "unknown key stauts. Did you mean status?"),
        (
            "records",
            "[confirmation]\npath = \"$.a\"\nequals = \"b\"\nurl = \"$.c\"\n[x]\nrecords",
            "hosts is missing",
        ),
    ] {
        assert!(ACME.contains(from), "{from}");
        let problems = mapping_of(&ACME.replacen(from, to, 1)).expect_err(to);
        assert!(problems.contains(why), "{to}: {problems}");
    }
    let without = ACME.replace("return_path", "#").replace("message_id", "#").replace("id = ", "# ");
    assert!(
        mapping_of(&without).expect_err("no delivery").contains("does not say where the delivery stands")
    );
    let without = ACME.split("[[event]]").next().expect("a beginning");
    assert!(mapping_of(without).expect_err("no event").contains("[[event]] is missing"));
}
