//! Every reader of untrusted bytes, by name. Shared by the replay of the corpus in `tests/run` and by the
//! fuzzer.

use skerry_agent::hostile;
use skerry_notify::bounce::{Mappings, Webhook, read_form, read_mail};
use skerry_notify::mail::Verp;
use skerry_protocol::words::is_unfit_to_show;
use skerry_protocol::{check, strict, wire};
use skerry_sanitiser::{Form, Replacement, Rules, Settings};
use std::sync::LazyLock;

/// A reader: must not panic for any bytes.
pub(crate) type Reader = fn(&[u8]);

/// Name, which is also the corpus folder, and reader.
pub(crate) const READERS: &[(&str, Reader)] = &[
    ("http_answer", hostile::http_answer),
    ("dns_answer", hostile::dns_answer),
    ("starttls", hostile::starttls),
    ("certificate", hostile::certificate),
    ("plugin_output", hostile::plugin_output),
    ("spool", hostile::corrupt_rows),
    ("batch", batch),
    ("enrolment", enrolment),
    ("configuration", configuration),
    ("sanitiser", sanitiser),
    ("bounce", bounce),
];

/// Reads `bytes` with the named reader.
pub(crate) fn read(name: &str, bytes: &[u8]) {
    let (_, reader) = READERS.iter().find(|(known, _)| *known == name).expect("a reader of the table");
    reader(bytes);
}

/// A batch from an agent; the corpus contains it uncompressed.
fn batch(bytes: &[u8]) {
    let _ = wire::decode(bytes);
    let Ok(body) = zstd::encode_all(bytes, 1) else { return };
    if let Ok(batch) = wire::decode(&body) {
        let again = wire::encode(&batch).expect("what was read can be written");
        assert_eq!(wire::decode(&again).expect("what was written can be read"), batch);
    }
}

/// A pasted join token, and both messages of an enrolment.
fn enrolment(bytes: &[u8]) {
    if let Some(token) = wire::JoinToken::from_text(&String::from_utf8_lossy(bytes)) {
        assert!(wire::JoinToken::from_text(&token.to_text()).is_some());
    }
    let _ = (wire::EnrolRequest::from_bytes(bytes), wire::EnrolReply::from_bytes(bytes));
}

/// A file with checks: every message about it is one line.
fn configuration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let problems = match strict::Document::parse("fuzz.toml", &text) {
        Err(problems) => problems.0,
        Ok(document) => {
            document.root().tables("check", &["name"]).iter().for_each(|table| drop(check::read(table)));
            document.finish().0
        }
    };
    for problem in problems {
        assert!(!problem.wrong.is_empty() && !problem.to_string().contains(is_unfit_to_show), "{problem:?}");
    }
}

/// A text for the public: what passes is found clean again, and its HTML has no tag that Markdown does not make.
fn sanitiser(bytes: &[u8]) {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::new(&Settings::default()).expect("the defaults are usable"));
    let text = String::from_utf8_lossy(bytes);
    for form in [Form::Markdown, Form::Plain] {
        let outcome = RULES.sanitise(&text, form, &Replacement::default(), &[]);
        assert!(
            outcome.findings.iter().all(|one| text.get(one.at.clone()).is_some()),
            "{:?}",
            outcome.findings
        );
        let Ok(public) = outcome.text else { continue };
        let again = RULES.sanitise(public.source(), form, &Replacement::default(), &[]);
        assert!(again.findings.is_empty() && again.text.as_ref() == Ok(&public), "{public:?}: {again:?}");
        for tag in public.html().split('<').skip(1) {
            let name = tag.trim_start_matches('/').split(|one: char| !one.is_alphanumeric()).next();
            let known =
                ["p", "br", "strong", "em", "del", "code", "pre", "ul", "ol", "li", "blockquote", "a"];
            let is_known = |name: &str| known.contains(&name) || ["h3", "h4", "h5", "h6"].contains(&name);
            assert!(name.is_some_and(is_known), "<{tag}");
        }
    }
}

/// A mail that may be a delivery report, and the form and the webhooks of providers.
fn bounce(bytes: &[u8]) {
    static MAPPINGS: LazyLock<Mappings> = LazyLock::new(|| Mappings::with(&[]));
    let verp = Verp::new("status.example.com");
    let mut reports = read_mail(bytes, &verp, Some("bounces+d1@status.example.com"));
    reports.extend(read_mail(bytes, &verp, None));
    reports.extend(read_form(bytes).unwrap_or_default());
    for mapping in MAPPINGS.names().filter_map(|name| MAPPINGS.of(name)) {
        if let Ok(Webhook::Reports(all)) = mapping.webhook(bytes) {
            reports.extend(all);
        }
    }
    for report in reports {
        let answer = report.answer();
        assert!(answer.text.chars().count() <= 500 && !answer.text.contains(is_unfit_to_show), "{report:?}");
    }
}
