//! The assertions on a response. Pure: takes a response, returns the first failed assertion.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use skerry_protocol::check::{Http, JsonAssertion, JsonExpectation, Scalar};
use skerry_protocol::wire::Reason;

use super::content::charset::Text;
use crate::probe::fault::Fault;

/// Maximum length of the target's text quoted in a detail, characters.
const QUOTED: usize = 60;

/// Whether an assertion needs the complete body.
pub(super) fn asks_for_body(check: &Http) -> bool {
    !(check.body_contains.is_empty() && check.body_matches.is_empty() && check.json.is_empty())
}

/// Checks status and headers.
pub(super) fn check_head(check: &Http, status: StatusCode, headers: &HeaderMap) -> Result<(), Fault> {
    let code = status.as_u16();
    if !check.status.iter().any(|range| (range.from..=range.to).contains(&code)) {
        let expected: Vec<String> = check
            .status
            .iter()
            .map(|range| match range.from == range.to {
                true => range.from.to_string(),
                false => format!("{}-{}", range.from, range.to),
            })
            .collect();
        let words = status.canonical_reason().map(|words| format!(" {words}")).unwrap_or_default();
        let detail = format!("{code}{words}, expected {}", expected.join(", "));
        return Err(Fault::down(Reason::StatusMismatch, detail));
    }
    for (name, pattern) in &check.response_headers {
        let mut values = headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return Err(Fault::down(Reason::HeaderMismatch, format!("header {name} is missing")));
        }
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        if !values.any(|value| pattern.0.is_match(&String::from_utf8_lossy(value.as_bytes()))) {
            let found = headers.get(name).map(text).unwrap_or_default();
            let detail = format!("header {name} is {:?}, expected to match {}", quoted(&found), pattern.0);
            return Err(Fault::down(Reason::HeaderMismatch, detail));
        }
    }
    Ok(())
}

/// Checks the complete body. `unknown` is a coding that was not removed.
pub(super) fn check_body(check: &Http, text: &Text<'_>, unknown: Option<&str>) -> Result<(), Fault> {
    let encoded = unknown
        .map(|coding| format!(" (its Content-Encoding is not one we can decode: {})", quoted(coding)))
        .unwrap_or_default();
    for wanted in &check.body_contains {
        if !text.is(|text| text.contains(wanted.as_str())) {
            let detail = format!("the body does not contain {:?}{encoded}", quoted(wanted));
            return Err(Fault::down(Reason::BodyMismatch, detail));
        }
    }
    for pattern in &check.body_matches {
        if !text.is(|text| pattern.0.is_match(text)) {
            let detail = format!("the body does not match {:?}{encoded}", quoted(pattern.0.as_str()));
            return Err(Fault::down(Reason::BodyMismatch, detail));
        }
    }
    if check.json.is_empty() {
        return Ok(());
    }
    let json: Value = serde_json::from_str(text.as_str())
        .map_err(|error| Fault::down(Reason::BodyNotJson, format!("{error}{encoded}")))?;
    check.json.iter().try_for_each(|assertion| check_json(assertion, &json))
}

fn check_json(assertion: &JsonAssertion, json: &Value) -> Result<(), Fault> {
    let nodes = assertion.query.query(json);
    let path = &assertion.path;
    let mismatch = |detail: String| Err(Fault::down(Reason::BodyMismatch, detail));
    match &assertion.expect {
        JsonExpectation::Exists if nodes.is_empty() => mismatch(format!("{path} yields nothing")),
        JsonExpectation::Exists => Ok(()),
        JsonExpectation::Equals(wanted) => match nodes.exactly_one() {
            Ok(value) if equals(value, wanted) => Ok(()),
            Ok(value) => {
                mismatch(format!("{path} is {}, expected {}", quoted(&value.to_string()), written(wanted)))
            }
            Err(_) => mismatch(format!("{path} yields {} nodes, expected one", nodes.len())),
        },
        JsonExpectation::Matches(pattern) => {
            if nodes.iter().any(|value| match value {
                Value::String(text) => pattern.0.is_match(text),
                other => pattern.0.is_match(&other.to_string()),
            }) {
                return Ok(());
            }
            mismatch(format!("{path} yields nothing that matches {:?}", quoted(pattern.0.as_str())))
        }
    }
}

fn equals(value: &Value, wanted: &Scalar) -> bool {
    match (value, wanted) {
        (Value::String(text), Scalar::String(wanted)) => text == wanted,
        (Value::Bool(value), Scalar::Boolean(wanted)) => value == wanted,
        (Value::Number(number), Scalar::Integer(wanted)) => match number.as_i64() {
            Some(integer) => integer == *wanted,
            None => number.is_f64() && number.as_f64() == Some(*wanted as f64),
        },
        (Value::Number(number), Scalar::Float(wanted)) => number.as_f64() == Some(*wanted),
        _ => false,
    }
}

fn written(scalar: &Scalar) -> String {
    match scalar {
        Scalar::String(text) => format!("{:?}", quoted(text)),
        Scalar::Integer(integer) => integer.to_string(),
        Scalar::Float(float) => float.to_string(),
        Scalar::Boolean(boolean) => boolean.to_string(),
    }
}

fn quoted(text: &str) -> &str {
    text.char_indices().nth(QUOTED).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::example;
    use http::header;
    use skerry_protocol::check::{Pattern, StatusRange};

    fn pattern(text: &str) -> Pattern {
        Pattern(regex::Regex::new(text).expect("a regular expression"))
    }

    fn json(path: &str, expect: JsonExpectation) -> JsonAssertion {
        let query = serde_json_path::JsonPath::parse(path).expect("a JSON path");
        JsonAssertion { path: path.to_owned(), query, expect }
    }

    fn body(check: &Http, body: &str) -> Option<Reason> {
        let text = Text::of(&HeaderMap::new(), body.as_bytes());
        check_body(check, &text, None).err().map(|fault| fault.reason)
    }

    #[test]
    fn status_codes() {
        let check = Http {
            status: vec![StatusRange { from: 200, to: 204 }, StatusRange { from: 301, to: 301 }],
            ..example()
        };
        for (code, holds) in [(200, true), (204, true), (205, false), (301, true), (302, false), (503, false)]
        {
            let status = StatusCode::from_u16(code).expect("a status");
            let said = check_head(&check, status, &HeaderMap::new()).err();
            assert_eq!(said.is_none(), holds, "{code}");
            assert!(said.iter().all(|fault| fault.reason == Reason::StatusMismatch));
        }
        let said = check_head(&check, StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new()).expect_err("503");
        assert_eq!(said.detail, "503 Service Unavailable, expected 200-204, 301");
    }

    #[test]
    fn response_headers() {
        let name = header::CONTENT_TYPE;
        let check = Http { response_headers: vec![(name.clone(), pattern("^text/html"))], ..example() };
        let said = |values: &[&'static str]| {
            let headers: HeaderMap =
                values.iter().map(|value| (name.clone(), http::HeaderValue::from_static(value))).collect();
            check_head(&check, StatusCode::OK, &headers).err().map(|fault| (fault.reason, fault.detail))
        };
        assert_eq!(said(&["text/html; charset=utf-8"]), None);
        assert_eq!(said(&["text/plain", "text/html"]), None, "one of several is enough");
        assert_eq!(
            said(&["text/plain"]),
            Some((
                Reason::HeaderMismatch,
                "header content-type is \"text/plain\", expected to match ^text/html".into()
            ))
        );
        assert_eq!(said(&[]), Some((Reason::HeaderMismatch, "header content-type is missing".into())));
    }

    #[test]
    fn body_text() {
        let contains = Http { body_contains: vec!["all".into(), "well".into()], ..example() };
        assert_eq!(body(&contains, "all is well"), None);
        assert_eq!(body(&contains, "all is lost"), Some(Reason::BodyMismatch));
        let matches = Http { body_matches: vec![pattern(r"queue: \d+$")], ..example() };
        assert_eq!(body(&matches, "queue: 12"), None);
        assert_eq!(body(&matches, "queue: many"), Some(Reason::BodyMismatch));
        assert_eq!(body(&example(), "anything"), None);
    }

    #[test]
    fn a_coding_that_stays_is_said() {
        let check = Http { body_contains: vec!["ok".into()], ..example() };
        let text = Text::of(&HeaderMap::new(), &[0x1f, 0x8b, 8]);
        let fault = check_body(&check, &text, Some("aes")).expect_err("not readable");
        assert_eq!(
            fault.detail,
            "the body does not contain \"ok\" (its Content-Encoding is not one we can decode: aes)"
        );
    }

    #[test]
    fn json_paths() {
        use JsonExpectation::{Equals, Exists, Matches};
        let document = r#"{"status":"ok","queue":3,"load":1.0,"big":9007199254740993,"up":true,"none":null,
            "nodes":[{"name":"a-1"},{"name":"b-2"}]}"#;
        let text = |text: &str| Scalar::String(text.to_owned());
        for (path, expect, reason) in [
            ("$.status", Exists, None),
            ("$.none", Exists, None),
            ("$.missing", Exists, Some(Reason::BodyMismatch)),
            ("$.status", Equals(text("ok")), None),
            ("$.status", Equals(text("OK")), Some(Reason::BodyMismatch)),
            ("$.queue", Equals(Scalar::Integer(3)), None),
            ("$.queue", Equals(Scalar::Float(3.0)), None),
            ("$.queue", Equals(text("3")), Some(Reason::BodyMismatch)),
            ("$.load", Equals(Scalar::Integer(1)), None),
            ("$.load", Equals(Scalar::Float(1.5)), Some(Reason::BodyMismatch)),
            ("$.big", Equals(Scalar::Integer(9_007_199_254_740_993)), None),
            ("$.big", Equals(Scalar::Integer(9_007_199_254_740_992)), Some(Reason::BodyMismatch)),
            ("$.up", Equals(Scalar::Boolean(true)), None),
            ("$.up", Equals(Scalar::Boolean(false)), Some(Reason::BodyMismatch)),
            ("$.nodes[*].name", Equals(text("a-1")), Some(Reason::BodyMismatch)),
            ("$.nodes[*].name", Matches(pattern("^b-")), None),
            ("$.nodes[*].name", Matches(pattern("^c-")), Some(Reason::BodyMismatch)),
            ("$.queue", Matches(pattern("^3$")), None),
            ("$.nodes[?@.name == 'b-2']", Exists, None),
        ] {
            let check = Http { json: vec![json(path, expect.clone())], ..example() };
            assert_eq!(body(&check, document), reason, "{path} {expect:?}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_named() {
        let check = Http { json: vec![json("$.a", JsonExpectation::Exists)], ..example() };
        let deep = "[".repeat(100_000);
        for text in ["<html>", "", "{\"a\":1", deep.as_str()] {
            assert_eq!(body(&check, text), Some(Reason::BodyNotJson));
        }
    }
}
