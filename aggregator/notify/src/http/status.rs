//! What an answer's status means for a delivery, and `Retry-After`.

use crate::outcome::{Answer, Class, Outcome};
use crate::retry::LONGEST_AFTER;
use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::Response;
use std::time::Duration;

/// What came of a request that was answered.
pub(super) fn outcome(response: &Response) -> Outcome {
    of(response.status(), response.headers())
}

fn of(status: StatusCode, headers: &HeaderMap) -> Outcome {
    let class = match status {
        _ if status.is_success() => Class::Success,
        StatusCode::GONE => Class::Gone,
        StatusCode::TOO_MANY_REQUESTS => Class::RateLimited,
        _ => Class::Unavailable,
    };
    let redirects = if status.is_redirection() { ", and redirects are not followed" } else { "" };
    let answer = Answer { class, text: format!("HTTP {}{redirects}", status.as_u16()) };
    match class {
        Class::Success => Outcome::Accepted(answer),
        Class::Gone => Outcome::Refused(answer),
        _ => Outcome::Later { answer, after: retry_after(headers) },
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3), a day at most. A date counts from the server's own `Date`, whatever our clock
/// says.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        value.parse().map_or(LONGEST_AFTER, Duration::from_secs)
    } else {
        let (until, now) = (date(headers, &RETRY_AFTER)?, date(headers, &DATE)?);
        Duration::try_from(until.duration_since(now)).unwrap_or_default()
    };
    Some(asked.min(LONGEST_AFTER))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<jiff::Timestamp> {
    Some(jiff::fmt::rfc2822::parse(headers.get(name)?.to_str().ok()?.trim()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn each_status_has_its_outcome() {
        let empty = HeaderMap::new();
        for (status, class, shown) in [
            (200, Class::Success, "HTTP 200"),
            (202, Class::Success, "HTTP 202"),
            (204, Class::Success, "HTTP 204"),
            (301, Class::Unavailable, "HTTP 301, and redirects are not followed"),
            (307, Class::Unavailable, "HTTP 307, and redirects are not followed"),
            (400, Class::Unavailable, "HTTP 400"),
            (404, Class::Unavailable, "HTTP 404"),
            (410, Class::Gone, "HTTP 410"),
            (429, Class::RateLimited, "HTTP 429"),
            (500, Class::Unavailable, "HTTP 500"),
            (503, Class::Unavailable, "HTTP 503"),
            (599, Class::Unavailable, "HTTP 599"),
        ] {
            let found = of(StatusCode::from_u16(status).expect("a status"), &empty);
            let answer = Answer { class, text: shown.to_owned() };
            let expected = match class {
                Class::Success => Outcome::Accepted(answer),
                Class::Gone => Outcome::Refused(answer),
                _ => Outcome::Later { answer, after: None },
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let now = (DATE, "Tue, 01 Dec 2026 00:00:00 GMT");
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("999999999", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Tue, 01 Dec 2026 00:02:00 GMT", Some(120)),
            ("Mon, 30 Nov 2026 00:00:00 GMT", Some(0)),
            ("Tue, 01 Dec 2099 00:00:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let found = retry_after(&headers(&[now.clone(), (RETRY_AFTER, value)]));
            assert_eq!(found, expected.map(Duration::from_secs), "{value}");
        }
        let alone = headers(&[(RETRY_AFTER, "Tue, 01 Dec 2026 00:02:00 GMT")]);
        assert_eq!(retry_after(&alone), None, "a date without the server's own says nothing");
    }
}
