//! Mails as other libraries read them: Python's, and the signatures by dkimpy.

use super::{DOMAIN, mail};
use skerry_notify::mail::{Attachment, DkimKey};
use skerry_tests::parts::openssl;
use skerry_tests::parts::python::Python;
use skerry_tests::parts::skipped;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

const DKIMPY: [&str; 2] = ["dkimpy==1.1.8", "pynacl==1.6.2"];

const READ: &str = r#"
import sys, json, email, email.policy
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
texts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
defects = [str(defect) for part in mail.walk() for defect in part.defects]
sender = mail["From"].addresses[0]
print(json.dumps({
    "headers": {name: str(value) for name, value in mail.items()},
    "sender": [sender.display_name, sender.addr_spec],
    "date": mail["Date"].datetime.isoformat(),
    "types": [part.get_content_type() for part in mail.walk()],
    "texts": {kind: text if isinstance(text, str) else text.decode() for kind, text in texts.items()},
    "names": [part.get_filename() for part in mail.iter_attachments()],
    "defects": defects,
}))
"#;

const VERIFY: &str = r"
import sys, dkim
records = dict(argument.split('=', 1) for argument in sys.argv[1:])
mail = sys.stdin.buffer.read()
def published(name, timeout=5):
    return records[name.decode().rstrip('.')].encode()
signer = dkim.DKIM(mail)
def verified(at):
    try:
        return signer.verify(idx=at, dnsfunc=published)
    except dkim.ValidationError:
        return False
print([verified(at) for at in range(len(records))])
print(sorted(set(name.decode().lower() for name, _ in signer.signed_headers)))
";

fn tools() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools")
}

#[test]
fn another_library_reads_what_was_said() {
    let calendar = Attachment {
        name: "wartung.ics".to_owned(),
        content_type: "text/calendar; charset=utf-8; method=PUBLISH".to_owned(),
        content: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_vec(),
    };
    let mut said = mail("ann@cust.test", "d1");
    said.attachments.push(calendar);
    let message = said.message().expect("fit");
    let python = Python::plain();
    let read: serde_json::Value =
        serde_json::from_str(&python.run(READ, &[], message.bytes())).expect("JSON");
    let headers = |name: &str| read["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(read["defects"], serde_json::json!([]));
    assert_eq!(read["sender"], serde_json::json!([said.from.name, said.from.address]));
    assert_eq!(headers("Subject"), said.subject);
    assert_eq!(headers("To"), "ann@cust.test");
    assert_eq!(headers("Message-ID"), "<d1@status.test>");
    assert_eq!(headers("References"), "<incident-1@status.test>");
    assert_eq!(headers("In-Reply-To"), "<incident-1@status.test>");
    assert_eq!(headers("List-Unsubscribe"), format!("<{}>", said.unsubscribe.expect("one")));
    assert_eq!(headers("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(headers("Auto-Submitted"), "auto-generated");
    assert_eq!(headers("Content-Language"), "de");
    assert_eq!(read["date"], "2026-11-20T16:10:44+00:00");
    let types = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"];
    assert_eq!(read["types"], serde_json::json!(types));
    assert_eq!(read["names"], serde_json::json!(["wartung.ics"]));
    let text = |kind: &str| read["texts"][kind].as_str().unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(text("text/plain").trim_end(), said.text.trim_end());
    assert_eq!(text("text/html").trim_end(), said.html.trim_end());
}

#[test]
fn another_library_finds_both_signatures_valid_and_no_header_can_be_added() {
    std::fs::create_dir_all(tools()).expect("a folder");
    let python = match Python::with(&tools(), "dkimpy", &DKIMPY) {
        Ok(python) => python,
        Err(why) => return skipped(&why),
    };
    let keys = [("rsa1", ["rsa", "rsa_keygen_bits:2048"].as_slice()), ("ed1", &["ed25519"])].map(
        |(selector, kind)| DkimKey::from_pem(DOMAIN, selector, &openssl::private_key(kind)).expect("a key"),
    );
    let mut message = mail("ann@cust.test", "d1").message().expect("fit");
    for key in &keys {
        message.sign(key, UNIX_EPOCH + Duration::from_secs(1_795_191_044));
    }
    let records = keys.each_ref().map(|key| format!("{}={}", key.record_name(), key.record()));
    let records = records.each_ref().map(String::as_str);
    let verified = |mail: &[u8]| python.run(VERIFY, &records, mail);
    let said = verified(message.bytes());
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("[True, True]"));
    assert_eq!(
        lines.next(),
        Some(
            "['auto-submitted', 'content-language', 'content-type', 'date', 'from', 'in-reply-to', \
             'list-unsubscribe', 'list-unsubscribe-post', 'message-id', 'mime-version', 'references', 'subject', 'to']"
        )
    );
    let text = String::from_utf8(message.bytes().to_vec()).expect("ASCII");
    // What servers do on the way does no harm.
    let folded = text.replace("Auto-Submitted: auto-generated", "auto-submitted:  auto-generated ");
    assert!(
        verified(format!("Received: by mx.test\r\n{folded}\r\n\r\n").as_bytes()).starts_with("[True, True]")
    );
    for (what, changed) in [
        ("a second subject", format!("Subject: Free money\r\n{text}")),
        ("a second sender", text.replacen("\r\nFrom: ", "\r\nFrom: evil@evil.test\r\nFrom: ", 1)),
        ("another link", text.replace("status.test/unsubscribe", "evil.test/unsubscribe")),
        ("another text", text.replace("Kartenzahlungen</h1>", "Geschenke</h1>")),
    ] {
        assert!(verified(changed.as_bytes()).starts_with("[False, False]"), "{what}");
    }
}
