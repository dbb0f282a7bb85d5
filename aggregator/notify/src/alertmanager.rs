//! Alertmanager's API v2: for teams that route, escalate and keep quiet hours there. It forgets an alert some minutes after
//! it was last sent, so alerts that go on are sent again.

use crate::http::HttpClient;
use crate::outcome::Outcome;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;

/// An alert. Those with the same labels are the same alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// With `alertname`.
    pub labels: BTreeMap<String, String>,
    /// What is said of it: `summary`, `description`.
    pub annotations: BTreeMap<String, String>,
    /// When it began.
    pub starts_at: jiff::Timestamp,
    /// When it ended; in the future: until when it goes on if nothing is heard of it.
    pub ends_at: jiff::Timestamp,
    /// Where to look.
    pub generator_url: Url,
}

/// Sends alerts once. `base` is Alertmanager's address, perhaps with a path before its API; `authorization` the value of that
/// header.
pub async fn send(client: &HttpClient, base: &Url, authorization: Option<&str>, alerts: &[Alert]) -> Outcome {
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    match authorization.map(HeaderValue::from_str) {
        None => {}
        Some(Ok(mut value)) => {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Some(Err(_)) => return Outcome::own_for_now("its authorization cannot stand in a header".to_owned()),
    }
    client.post(&endpoint(base), headers, body(alerts).to_string()).await
}

fn endpoint(base: &Url) -> Url {
    let mut endpoint = base.clone();
    endpoint.set_path(&format!("{}/api/v2/alerts", base.path().trim_end_matches('/')));
    endpoint
}

fn body(alerts: &[Alert]) -> Value {
    let alerts = alerts.iter().map(|alert| {
        json!({
            "labels": labels(&alert.labels),
            "annotations": alert.annotations,
            "startsAt": alert.starts_at.to_string(),
            "endsAt": alert.ends_at.to_string(),
            "generatorURL": alert.generator_url.as_str(),
        })
    });
    alerts.collect()
}

/// Labels without values are no labels, and names of the older rules are taken by every version: others are written with `_`.
fn labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, &str> {
    let present = labels.iter().filter(|(_, value)| !value.is_empty());
    present.map(|(name, value)| (plain_name(name), value.as_str())).collect()
}

fn plain_name(name: &str) -> String {
    let plain = name.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' });
    let plain: String = plain.collect();
    if plain.starts_with(|first: char| first.is_ascii_digit()) { format!("_{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn alerts_have_the_form_of_the_api() {
        let alert = Alert {
            labels: map(&[
                ("alertname", "SkerryProblem"),
                ("severity", "high"),
                ("k8s.io/zone", "eu"),
                ("2nd", "x"),
                ("empty", ""),
            ]),
            annotations: map(&[("summary", "API \"eu\" is down")]),
            starts_at: "2026-12-01T00:00:00.5Z".parse().expect("a time"),
            ends_at: "2026-12-01T00:05:00Z".parse().expect("a time"),
            generator_url: Url::parse("https://status.acme.com/admin/problems/7").expect("a URL"),
        };
        let expected = json!([{
            "labels": { "alertname": "SkerryProblem", "severity": "high", "k8s_io_zone": "eu", "_2nd": "x" },
            "annotations": { "summary": "API \"eu\" is down" },
            "startsAt": "2026-12-01T00:00:00.5Z",
            "endsAt": "2026-12-01T00:05:00Z",
            "generatorURL": "https://status.acme.com/admin/problems/7",
        }]);
        assert_eq!(body(&[alert]), expected);
        assert_eq!(body(&[]), json!([]));
    }

    #[test]
    fn a_path_before_the_api_is_kept() {
        for (base, expected) in [
            ("http://127.0.0.1:9093", "http://127.0.0.1:9093/api/v2/alerts"),
            ("https://acme.com/alertmanager/", "https://acme.com/alertmanager/api/v2/alerts"),
        ] {
            assert_eq!(endpoint(&Url::parse(base).expect("a URL")).as_str(), expected);
        }
    }
}
