//! What must stay as people wrote it.

use crate::sanitised;
use skerry_sanitiser::Form;

pub(crate) const STAYS: &[&str] = &[
    // Times, dates, durations.
    "at 12:30:45",
    "10:15 to 11:45 UTC",
    "2026-11-28T03:14:22Z",
    "28.11.2026",
    "28.11.2026, 10.15 Uhr",
    "2026.11.28",
    "12:30:45.123",
    "03:14:22.000001+01:00",
    "1 h 3 min",
    "00:00:00",
    "T+01:02:03:04",
    // Prices and figures.
    "€ 1.234,56",
    "$1,234.56",
    "1.234.567 requests",
    "99.95 %",
    "3:2:1",
    "16:9",
    "1/2",
    "5.8 ms",
    "+1 (555) 010-9999",
    "CHF 12'000.50",
    "10² m²",
    "½",
    "1e9",
    "100%",
    "50%25",
    "0x80070005",
    "#3232235777",
    // Versions and other numbers with dots.
    "1.2.3",
    "v2.14.0-rc.1",
    "PostgreSQL 18.1",
    "TLS 1.3",
    "HTTP/1.1",
    "Chrome 120.0.6099.109",
    "1.2.3.400",
    "Section 4.1.2",
    "a.b.c.d",
    "Rust 1.95.0 (59807616e)",
    "Debian 12.7.0",
    // Colons of other kinds.
    "std::io::Error",
    "Foo::Bar",
    "std::fed",
    "Utf8::from",
    "Note:: see",
    "Step 1:: wait",
    "a:b",
    "key:value",
    "::",
    "::before",
    "Warning: 3 of 5",
    "localhost:8080",
    "08:00:27:ab:cd:ef",
    "sha256 3a:7b:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11",
    // Names that visitors know.
    "Card payments",
    "Northwind status",
    "status.example.com",
    "https://status.example.com/incidents/abc123",
    "support@example.com",
    "https://www.local.ch/",
    "www.corp.com",
    "internal",
    "the internal network",
    "local",
    "Internal: no",
    "foo.internal-network.com",
    "app.local.example.com",
    "example.com:443",
    "eu-west-1",
    "us-east-1a",
    "api.example.com/v1/users?id=3&x=4",
    "https://bücher.example/",
    "https://xn--bcher-kva.example/",
    "https://example.com/a%20b%2Fc",
    "https://en.wikipedia.org/wiki/Foo_(bar)",
    "/etc/skerry/agent.toml",
    "C:\\Windows\\System32",
    "config.toml",
    "README.md",
    "https://user@example.com/x",
    // Words near secrets.
    "Reset your password",
    "Password: see the mail",
    "the token has expired",
    "token: expired",
    "secret = 3",
    "basic authentication",
    "The bearer of news",
    "passwords are safe",
    "sk-learn",
    "risk_free",
    "ask_me",
    "550e8400-e29b-41d4-a716-446655440000",
    "9f86d081884c7d659a2feaa0c55ad015",
    "commit cbed7ab",
    "-----BEGIN CERTIFICATE-----",
    // Markdown, languages, emoji.
    "**bold** _em_ `code`",
    "1. one\n2. two\n3. three\n4. four",
    "- a\n- b",
    "| a | b |",
    "Grüße aus Zürich",
    "接続が遅い",
    "שלום",
    "Ошибка 5",
    "👩\u{200d}🚀 back",
    "a & b < c > d",
    "[redacted]",
    "x [redacted] y",
    "\\[redacted\\]: x",
    "Line one\nline two",
    "100 % of *nix_hosts*",
    "[docs](https://docs.example.com/a)",
    "",
];

#[test]
fn what_people_write_every_day_stays() {
    let mut wrong = Vec::new();
    for (source, form) in STAYS.iter().flat_map(|source| [(source, Form::Markdown), (source, Form::Plain)]) {
        let outcome = sanitised(source, form);
        let is_same = outcome.text.as_ref().is_ok_and(|text| text.source() == *source);
        if !outcome.findings.is_empty() || !is_same {
            wrong.push(format!("{source:?} as {form:?}: {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
