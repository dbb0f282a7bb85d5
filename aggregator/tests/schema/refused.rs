//! For every key of every type of check: a value of the wrong type, out of range or outside the choices is rejected with
//! file, line, check, key and remedy. The readers supply the list of keys.

use crate::generate::SOURCES;
use skerry_protocol::strict::{Form, Shape, show_duration};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The smallest check of each type that allows every key of that type.
const MINIMAL: [(&str, &str); 7] = [
    ("http", "url = \"https://example.com/\"\n"),
    ("ping", "host = \"192.0.2.1\"\n"),
    ("dns", "query = \"example.com\"\ntransport = \"https\"\nserver = \"dns.example.com\"\n"),
    ("tcp", "host = \"192.0.2.1\"\nport = 1\ntls = true\n"),
    ("tls", "host = \"192.0.2.1\"\n"),
    ("heartbeat", "period = \"1d\"\n"),
    ("exec", "command = [\"/bin/true\"]\n"),
];

/// A date, which no key of a check accepts.
const DATE: &str = "1979-05-27";
const OF_AN_AGENT: &str = "[agent]\nlocation = \"here\"\n[aggregator]\nurl = \"https://skerry.example.com\"\n\
     [exec]\nenabled = true\n";

/// Invalid values for a key of this shape, with the expected message after the key's name.
fn wrong_values(key: &str, shape: &Shape) -> Vec<(String, String)> {
    let quoted = |text: &str| format!("\"{text}\"");
    let found = format!("; it is the date {DATE}");
    let mut wrong = vec![(DATE.to_owned(), found.clone())];
    match &shape.form {
        Form::Integer { low, high } => {
            let message = format!("must be from {low} to {high}; it is ");
            let below = i128::from(*low) - 1;
            wrong.push((below.to_string(), format!("{message}{below}")));
            wrong.push(((high + 1).to_string(), format!("{message}{}", high + 1)));
            wrong.push((quoted("3"), "; it is the string \"3\"".to_owned()));
        }
        Form::Duration => {
            wrong.push((quoted("5 apples"), "is not a valid duration: \"5 apples\"".to_owned()));
            wrong.push(("5".to_owned(), "must be a duration in quotes such as \"30s\"; it is 5".to_owned()));
        }
        Form::Boolean => {
            let message = "must be true or false, without quotes; it is the string \"true\"";
            wrong.push((quoted("true"), message.to_owned()));
        }
        Form::Choice(names) => {
            let message = format!("{}; it is \"no such word\"", quoted(names.last().expect("a choice")));
            wrong.push((quoted("no such word"), message));
        }
        Form::String => {
            wrong.push((quoted(""), "is empty".to_owned()));
            wrong.push((quoted(" a"), "has blanks at its beginning or end".to_owned()));
        }
        Form::Strings => wrong.push((format!("[{DATE}]"), found)),
        _ => {}
    }
    if let Some((low, high)) = shape.bounds {
        let message = format!("must be from {} to {}; it is ", show_duration(low), show_duration(high));
        for beyond in [low - Duration::from_millis(1), high + Duration::from_millis(1)] {
            let value = format!("{}ms", beyond.as_millis());
            wrong.push((quoted(&value), message.clone()));
        }
    }
    if let Some(longest) = shape.longest {
        let message = format!("is {} characters long; at most {longest} are allowed", longest + 1);
        wrong.push((quoted(&"a".repeat(longest + 1)), message));
    }
    // It depends on the text only.
    wrong.retain(|(_, message)| key != "type" || message.contains("date") || message.contains("empty"));
    wrong
}

/// For each type with `ip_version`: the key of the target, the text around an address (for IPv4 and IPv6), and the
/// target's name in messages.
const TARGETS: [(&str, &str, [&str; 2], &str); 5] = [
    ("http", "url", ["https://{}/", "https://[{}]:8443/"], "the host of url"),
    ("ping", "host", ["{}", "{}"], "host"),
    ("dns", "server", ["{}", "[{}]:53"], "server"),
    ("tcp", "host", ["{}", "{}"], "host"),
    ("tls", "host", ["{}", "{}"], "host"),
];

/// The number of problems and the messages for a file with such a check.
fn message(folder: &Path, kind: &str, key: &str, value: &str) -> (usize, String) {
    let (_, least) = MINIMAL.iter().find(|(known, _)| *known == kind).expect("the least of each type");
    let head = if kind == "exec" { OF_AN_AGENT } else { "" };
    let whole = format!("{head}[[check]]\nname = \"one\"\ntype = \"{kind}\"\n{least}");
    let begin = format!("{key} = ");
    let mut text: String =
        whole.lines().filter(|line| !line.starts_with(&begin)).map(|line| format!("{line}\n")).collect();
    let line = text.lines().count() + 1;
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{begin}{value}");
    let path = folder.join("wrong.toml");
    std::fs::write(&path, text).expect("written");
    let problems = match kind {
        "exec" => skerry_agent::config::load(&path).err(),
        _ => skerry_aggregator::config::load(&[path]).err(),
    };
    (line, problems.map(|problems| problems.to_string()).unwrap_or_default())
}

#[test]
fn every_invalid_value_of_every_key_is_rejected_with_a_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for source in &SOURCES[..2] {
        for (kind, asked) in source.types() {
            let of_kind = asked.iter().filter(|((section, _), _)| section == "check");
            for ((_, key), shape) in of_kind.filter(|_| source.file.contains("aggregator") || kind == "exec")
            {
                for (value, expected) in wrong_values(key, shape) {
                    let (line, message) = message(folder.path(), &kind, key, &value);
                    let place = format!("/wrong.toml:{line}:");
                    let is_reported = |one: &str| {
                        let named = [format!(" {key} "), format!(" of {key} ")];
                        one.contains(&place)
                            && named.iter().any(|name| one.contains(name))
                            && one.contains(&expected)
                    };
                    tried += 1;
                    if !message.lines().any(is_reported) {
                        wrong
                            .push(format!("{kind}: {key} = {value}\n  lacks {expected:?}\n  says {message}"));
                    }
                }
            }
        }
    }
    assert!(tried > 300, "only {tried} values were tried");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_type_rejects_an_ip_version_that_contradicts_its_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tried = 0;
    for (kind, asked) in SOURCES[0].types() {
        if !asked.contains_key(&("check".to_owned(), "ip_version".to_owned())) {
            continue;
        }
        let of_kind = TARGETS.iter().find(|(known, ..)| *known == kind);
        let (_, key, around, named) = of_kind.expect("whom each type with ip_version asks");
        for (index, (address, its, other)) in
            [("192.0.2.1", "4", "6"), ("2001:db8::1", "6", "4")].into_iter().enumerate()
        {
            let target = around[index].replace("{}", address);
            let with = |ip: &str| {
                let (line, message) =
                    message(folder.path(), &kind, key, &format!("\"{target}\"\nip_version = \"{ip}\""));
                (line + 1, message)
            };
            let (line, refused) = with(other);
            let wrong = format!(
                "ip_version can never match: {named} is an IPv{its} address. Remove ip_version, or name another "
            );
            assert!(
                refused.contains(&format!("/wrong.toml:{line}:1: check \"one\": {wrong}")),
                "{kind}: {refused}"
            );
            for right in [its, "any"] {
                let (_, taken) = with(right);
                assert!(!taken.contains("ip_version"), "{kind} {target} {right}: {taken}");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * TARGETS.len());
}
