//! Details of a run by kind of check, as text and as JSON.

use std::time::Duration;

use super::json::certificate;
use super::table::{ends, facts};
use crate::probe::{DnsAnswer, Echoes, Findings, HandshakeSeen, Measure};
use jiff::Timestamp;
use skerry_protocol::words;

/// Lines of text.
pub(super) fn lines(findings: &Findings, now: Timestamp) -> Vec<String> {
    match findings {
        Findings::Nothing => Vec::new(),
        Findings::Echoes(echoes) => vec![echoes_line(echoes)],
        Findings::Dns(dns) => {
            std::iter::once(dns.to_string()).chain(dns.answers.iter().map(DnsAnswer::to_string)).collect()
        }
        // Control characters in untrusted text are escaped.
        Findings::Said(said) => vec![format!("it said \"{}\"", said.escape_debug())],
        Findings::Handshake(seen) => {
            let mut lines = vec![format!("{} with {}", seen.version, seen.cipher_suite)];
            for (place, one) in seen.chain.iter().enumerate() {
                lines.push(format!("chain {} {}", place + 1, one.subject));
                lines.push(format!("  by {}", one.issuer));
                lines.push(format!("  {}", facts(one)));
                lines.push(format!("  {}", ends(one, now)));
            }
            lines
        }
        Findings::Plugin(plugin) => {
            plugin.text.iter().cloned().chain(plugin.performance.iter().map(measure_line)).collect()
        }
    }
}

fn measure_line(measure: &Measure) -> String {
    let value = measure.value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    let mut line = format!("{} = {value}{}", measure.label, measure.unit);
    for (words, limit) in [("degraded beyond", &measure.warning), ("down beyond", &measure.critical)] {
        if !limit.is_empty() {
            line.push_str(&format!(", {words} {limit}"));
        }
    }
    line
}

fn echoes_line(echoes: &Echoes) -> String {
    let came = format!("{} of {} packets came back", echoes.received, echoes.sent);
    let Some(trips) = &echoes.round_trips else { return came };
    let jitter = trips.jitter.map_or_else(String::new, |jitter| format!(", jitter {}", milliseconds(jitter)));
    let [min, average, max] = [trips.min, trips.average, trips.max].map(milliseconds);
    format!("{came}: min {min}, mean {average}, max {max}{jitter}")
}

fn milliseconds(duration: Duration) -> String {
    words::milliseconds(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), 2)
}

/// JSON; durations in µs.
pub(super) fn json(findings: &Findings, now: Timestamp) -> serde_json::Value {
    match findings {
        Findings::Nothing => serde_json::Value::Null,
        Findings::Echoes(echoes) => {
            let us = |duration: Duration| duration.as_micros() as u64;
            let trips = echoes.round_trips.as_ref();
            serde_json::json!({
                "sent": echoes.sent, "received": echoes.received,
                "min_us": trips.map(|trips| us(trips.min)), "mean_us": trips.map(|trips| us(trips.average)),
                "max_us": trips.map(|trips| us(trips.max)),
                "jitter_us": trips.and_then(|trips| trips.jitter).map(us),
            })
        }
        Findings::Dns(dns) => {
            let answer = |answer: &DnsAnswer| {
                serde_json::json!({
                    "name": answer.name, "ttl": answer.ttl, "record": answer.record, "text": answer.text,
                })
            };
            let answers: Vec<serde_json::Value> = dns.answers.iter().map(answer).collect();
            serde_json::json!({
                "rcode": dns.rcode.name(), "server": dns.server.to_string(), "transport": dns.transport,
                "truncated": dns.truncated, "without_edns": dns.without_edns, "answers": answers,
            })
        }
        Findings::Said(said) => serde_json::json!({ "said": said }),
        Findings::Handshake(HandshakeSeen { version, cipher_suite, chain }) => {
            let chain: Vec<serde_json::Value> = chain.iter().map(|one| certificate(one, now)).collect();
            serde_json::json!({ "version": version, "cipher_suite": cipher_suite, "chain": chain })
        }
        Findings::Plugin(plugin) => {
            let measures: Vec<serde_json::Value> = plugin.performance.iter().map(measure).collect();
            serde_json::json!({ "exit": plugin.exit, "text": plugin.text, "performance": measures })
        }
    }
}

fn measure(one: &Measure) -> serde_json::Value {
    serde_json::json!({
        "label": one.label, "value": one.value, "unit": one.unit, "warning": one.warning,
        "critical": one.critical, "min": one.min, "max": one.max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{CertificateSeen, RoundTrips};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn packets_are_told_in_a_line_and_in_json() {
        let ms = Duration::from_millis;
        let trips = RoundTrips { min: ms(1), average: ms(2), max: ms(3), jitter: Some(ms(1)) };
        let some = Findings::Echoes(Echoes { sent: 3, received: 2, round_trips: Some(trips) });
        let line = "2 of 3 packets came back: min 1.00 ms, mean 2.00 ms, max 3.00 ms, jitter 1.00 ms";
        assert_eq!(lines(&some, NOW), [line]);
        let told = serde_json::json!({
            "sent": 3, "received": 2, "min_us": 1000, "mean_us": 2000, "max_us": 3000, "jitter_us": 1000,
        });
        assert_eq!(json(&some, NOW), told);
        let none = Findings::Echoes(Echoes { sent: 3, received: 0, round_trips: None });
        assert_eq!(lines(&none, NOW), ["0 of 3 packets came back"]);
        assert_eq!(json(&none, NOW)["mean_us"], serde_json::Value::Null);
    }

    #[test]
    fn words_and_handshakes_are_told() {
        let said = Findings::Said("220 mail.test ESMTP".to_owned());
        assert_eq!(lines(&said, NOW), ["it said \"220 mail.test ESMTP\""]);
        let not_after = Timestamp::UNIX_EPOCH;
        let (subject, issuer) = ("CN=shop.test".to_owned(), "CN=Authority".to_owned());
        let (version, key, signature) = (1, "RSA 1024 bits".to_owned(), "RSA with SHA-1".to_owned());
        let chain = vec![CertificateSeen { subject, issuer, not_after, version, key, signature }];
        let seen = HandshakeSeen { version: "TLSv1_3", cipher_suite: "TLS13_AES_128_GCM_SHA256", chain };
        let shown = lines(&Findings::Handshake(seen.clone()), NOW);
        let expected = [
            "TLSv1_3 with TLS13_AES_128_GCM_SHA256",
            "chain 1 CN=shop.test",
            "  by CN=Authority",
            "  RSA 1024 bits, signed by RSA with SHA-1, X.509 version 1",
            "  expires 1970-01-01T00:00:00Z (less than a day left)",
        ];
        assert_eq!(shown, expected);
        let told = json(&Findings::Handshake(seen), NOW);
        assert_eq!(told["chain"][0]["not_after"], "1970-01-01T00:00:00Z");
        assert_eq!(told["chain"][0]["days_left"], 0);
        assert_eq!(told["chain"][0]["key"], "RSA 1024 bits");
    }

    #[test]
    fn what_a_stranger_says_does_not_speak_to_the_terminal() {
        let said = Findings::Said("220 mail\r\n\u{1b}[2J".to_owned());
        assert_eq!(lines(&said, NOW), ["it said \"220 mail\\r\\n\\u{1b}[2J\""]);
    }
}
