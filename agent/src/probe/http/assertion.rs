//! What a check asks of an answer. Pure: an answer in, the first broken assertion out.

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use skerry_protocol::check::{Http, JsonAssertion, JsonExpectation, Scalar};
use skerry_protocol::wire::Reason;

use crate::probe::fault::Fault;

/// Longest piece of the target's text quoted in a detail, characters.
const QUOTED: usize = 60;

/// Whether the body must be read whole because something is asked of it.
pub(super) fn asks_for_body(check: &Http) -> bool {
    !(check.body_contains.is_empty() && check.body_matches.is_empty() && check.json.is_empty())
}

/// Status and headers.
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
        let detail = format!("{status}, expected {}", expected.join(", "));
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

/// The body, complete.
pub(super) fn check_body(check: &Http, headers: &HeaderMap, body: &[u8]) -> Result<(), Fault> {
    if !asks_for_body(check) {
        return Ok(());
    }
    // A body we did not ask to be compressed is still what the target sent.
    let encoded = match headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            format!(" (the body is encoded: {})", quoted(encoding))
        }
        _ => String::new(),
    };
    let text = String::from_utf8_lossy(body);
    for wanted in &check.body_contains {
        if !text.contains(wanted.as_str()) {
            let detail = format!("the body does not contain {:?}{encoded}", quoted(wanted));
            return Err(Fault::down(Reason::BodyMismatch, detail));
        }
    }
    for pattern in &check.body_matches {
        if !pattern.0.is_match(&text) {
            let detail = format!("the body does not match {:?}{encoded}", quoted(pattern.0.as_str()));
            return Err(Fault::down(Reason::BodyMismatch, detail));
        }
    }
    if check.json.is_empty() {
        return Ok(());
    }
    let json: Value = serde_json::from_slice(body)
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
