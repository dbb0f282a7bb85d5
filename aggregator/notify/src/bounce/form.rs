//! Reports as JSON, in one form to which the webhooks of mail providers are mapped.

use super::{Event, Report};
use crate::mail::answer::Status;
use serde_json::{Map, Value};

const KEYS: [&str; 4] = ["delivery", "action", "status", "diagnostic"];
/// Reports in one request.
const MAX_REPORTS: usize = 1000;
const LONGEST_DELIVERY: usize = 100;

/// Why a form is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// It is neither a report nor a list of reports.
    #[error("expected one report, or a list of at most {MAX_REPORTS}")]
    Shape,
    /// A key that a report needs is missing, or not a text.
    #[error("{0} must be a text")]
    NoText(&'static str),
    /// The delivery is not an id.
    #[error("delivery must be the id of a delivery: letters, digits, - and _")]
    Delivery,
    /// The action is none that is known.
    #[error("action must be failed, delayed, delivered or complaint")]
    Action,
    /// The status is none.
    #[error("status must be like 5.1.1, or be left out")]
    Status,
    /// A key that nothing reads.
    #[error("unknown key: a report has delivery, action, status and diagnostic")]
    UnknownKey,
}

/// Reads one report, a list of reports, or an object with such a list as `reports`:
/// `{"delivery": "…", "action": "failed", "status": "5.1.1", "diagnostic": "550 5.1.1 no such user"}`. `action` is
/// `failed`, `delayed`, `delivered` or `complaint`; `status` and `diagnostic` may be left out.
///
/// # Errors
/// A part of it is not in this form. Then nothing of it is used.
pub fn read_form(json: &[u8]) -> Result<Vec<Report>, BadForm> {
    let value: Value = serde_json::from_slice(json).map_err(|error| BadForm::Json(error.to_string()))?;
    match value {
        Value::Object(one) if one.len() == 1 && one.contains_key("reports") => reports(&one["reports"]),
        Value::Object(one) => Ok(vec![report(&one)?]),
        all => reports(&all),
    }
}

fn reports(all: &Value) -> Result<Vec<Report>, BadForm> {
    let all = all.as_array().filter(|all| (1..=MAX_REPORTS).contains(&all.len())).ok_or(BadForm::Shape)?;
    all.iter().map(|one| report(one.as_object().ok_or(BadForm::Shape)?)).collect()
}

fn report(form: &Map<String, Value>) -> Result<Report, BadForm> {
    if form.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(BadForm::UnknownKey);
    }
    let delivery = text(form, "delivery")?.ok_or(BadForm::NoText("delivery"))?;
    let fits = |one: u8| one.is_ascii_alphanumeric() || one == b'-' || one == b'_';
    if !(1..=LONGEST_DELIVERY).contains(&delivery.len()) || !delivery.bytes().all(fits) {
        return Err(BadForm::Delivery);
    }
    let event = match text(form, "action")?.ok_or(BadForm::NoText("action"))? {
        "failed" => Event::Failed,
        "delayed" => Event::Delayed,
        "delivered" => Event::Delivered,
        "complaint" => Event::Complaint,
        _ => return Err(BadForm::Action),
    };
    let status = match text(form, "status")?.filter(|status| !status.is_empty()) {
        None => None,
        Some(given) => {
            let status = Status::at_start_of(given).filter(|status| status.to_string() == given);
            Some(status.ok_or(BadForm::Status)?)
        }
    };
    Ok(Report::new(delivery, event, status, text(form, "diagnostic")?.unwrap_or_default()))
}

fn text<'a>(form: &'a Map<String, Value>, key: &'static str) -> Result<Option<&'a str>, BadForm> {
    match form.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(BadForm::NoText(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Class;

    #[test]
    fn one_report_or_several_are_read() {
        let one = br#"{"delivery":"d1","action":"failed","status":"5.1.1","diagnostic":"550 5.1.1 <a@b.example> unknown"}"#;
        let reports = read_form(one).expect("a report");
        assert_eq!(
            reports,
            [Report::new("d1", Event::Failed, Some(Status(5, 1, 1)), "550 5.1.1 <[address]> unknown")]
        );
        assert_eq!(reports[0].answer().class, Class::NoSuchAddress);
        let both =
            br#"[{"delivery":"d1","action":"complaint"},{"delivery":"d2","action":"delayed","status":null}]"#;
        let named = format!("{{\"reports\":{}}}", String::from_utf8_lossy(both));
        assert_eq!(read_form(named.as_bytes()), read_form(both));
        let both: Vec<_> =
            read_form(both).expect("reports").into_iter().map(|one| (one.delivery, one.event)).collect();
        assert_eq!(both, [("d1".to_owned(), Event::Complaint), ("d2".to_owned(), Event::Delayed)]);
    }

    #[test]
    fn what_is_not_in_the_form_is_refused_in_words() {
        for (json, why) in [
            ("", "not JSON: EOF while parsing a value at line 1 column 0"),
            ("1", "expected one report, or a list of at most 1000"),
            ("[]", "expected one report, or a list of at most 1000"),
            ("[[]]", "expected one report, or a list of at most 1000"),
            ("{}", "delivery must be a text"),
            (r#"{"delivery":7,"action":"failed"}"#, "delivery must be a text"),
            (
                r#"{"delivery":"a b","action":"failed"}"#,
                "delivery must be the id of a delivery: letters, digits, - and _",
            ),
            (r#"{"delivery":"d1"}"#, "action must be a text"),
            (
                r#"{"delivery":"d1","action":"bounced"}"#,
                "action must be failed, delayed, delivered or complaint",
            ),
            (
                r#"{"delivery":"d1","action":"failed","status":"550"}"#,
                "status must be like 5.1.1, or be left out",
            ),
            (
                r#"{"delivery":"d1","action":"failed","status":"5.1.1 x"}"#,
                "status must be like 5.1.1, or be left out",
            ),
            (
                r#"{"delivery":"d1","action":"failed","email":"a@b.example"}"#,
                "unknown key: a report has delivery, action, status and diagnostic",
            ),
        ] {
            assert_eq!(read_form(json.as_bytes()).expect_err(json).to_string(), why, "{json}");
        }
    }
}
