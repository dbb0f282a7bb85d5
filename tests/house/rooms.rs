//! Which module may use which crate, and what it must not name.

use crate::sources::{assert_none, contains_word, names_crate, programs};

/// A crate, and the paths below which it may be used.
const IMPORTERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["aggregator/store/src/", "agent/src/spool/"]),
    ("actix_http", &["aggregator/web/src/"]),
    ("actix_service", &["aggregator/web/src/"]),
    ("actix_tls", &["aggregator/web/src/"]),
    ("actix_web", &["aggregator/web/src/"]),
    ("sailfish", &["aggregator/publish/src/html/"]),
    ("pulldown_cmark", &["aggregator/sanitiser/src/markdown"]),
    ("ammonia", &["aggregator/sanitiser/src/markdown.rs"]),
    ("unicode_normalization", &["aggregator/sanitiser/src/view/"]),
    (
        "reqwest",
        &[
            "agent/src/delivery",
            "agent/src/uplink",
            "aggregator/notify/src/http.rs",
            "aggregator/notify/src/http/",
            "aggregator/src/dead_man_switch.rs",
            "aggregator/src/publish/purge/",
            "aggregator/src/publish/export/s3.rs",
        ],
    ),
    ("object_store", &["aggregator/src/publish/export/s3.rs"]),
    ("hyper", &["agent/src/probe/", "agent/src/metrics/"]),
    ("hyper_util", &["agent/src/probe/", "agent/src/metrics/"]),
    ("h2", &["agent/src/probe/", "aggregator/web/src/"]),
    ("hickory_resolver", &["agent/src/probe/", "aggregator/notify/src/mail/records.rs"]),
    ("x509_parser", &["agent/src/probe/", "agent/src/delivery/", "agent/src/tls_verifier.rs"]),
    ("socket2", &["agent/src/probe/", "host/src/doctor/", "agent/src/self_test/", "aggregator/web/src/"]),
    ("surge_ping", &["agent/src/probe/ping/"]),
    ("serde_json_path", &["agent/src/probe/", "protocol/src/check/", "aggregator/notify/src/bounce/mapping"]),
    ("tokio_rustls", &["agent/src/probe/", "aggregator/web/src/tests/", "aggregator/notify/src/mail/smtp/"]),
    ("lettre", &["aggregator/notify/src/mail/"]),
    (
        "mail_parser",
        &["aggregator/notify/src/bounce/report.rs", "aggregator/notify/src/mail/message_test.rs"],
    ),
    ("proxy_header", &["aggregator/web/src/client_stream.rs"]),
    (
        "prometheus_client",
        &["aggregator/src/operations", "aggregator/web/src/public.rs", "agent/src/metrics"],
    ),
    ("governor", &["aggregator/notify/src/rate.rs", "aggregator/web/src/limit.rs"]),
    ("hdrhistogram", &["aggregator/store/src/sqlite/latency.rs"]),
    ("brotli", &["aggregator/publish/src/", "agent/src/probe/http/content/"]),
    ("brotli_decompressor", &["agent/src/probe/http/content/"]),
    ("encoding_rs", &["agent/src/probe/http/content/"]),
    ("flate2", &["aggregator/publish/src/", "agent/src/probe/http/content/"]),
    ("csv", &["aggregator/publish/src/", "aggregator/src/subscriptions/table.rs"]),
    ("quick_xml", &["aggregator/publish/src/xml.rs"]),
    ("uuid", &["aggregator/publish/src/stable_id.rs"]),
    ("croner", &["protocol/src/schedule.rs"]),
    ("rrule", &["aggregator/domain/src/recurrence.rs"]),
    ("zstd", &["protocol/src/wire/", "agent/src/probe/http/content/"]),
    ("prost", &["protocol/src/wire/", "agent/src/spool/", "agent/src/delivery.rs"]),
    ("toml", &["protocol/src/strict/"]),
    (
        "clap",
        &[
            "agent/src/cli/",
            "agent/src/main.rs",
            "host/src/manual.rs",
            "aggregator/src/cli/",
            "aggregator/src/main.rs",
        ],
    ),
    ("clap_mangen", &["host/src/manual.rs"]),
    ("clap_complete", &["host/src/manual.rs"]),
    ("sd_notify", &["host/src/service.rs"]),
    ("listenfd", &["aggregator/web/src/inherited.rs"]),
    ("tracing_subscriber", &["host/src/log.rs", "host/src/log/"]),
    (
        "serde",
        &[
            "aggregator/notify/src/webhook/",
            "aggregator/publish/src/",
            "aggregator/web/src/",
            "aggregator/store/src/",
            "aggregator/src/api/",
            "aggregator/src/control/",
        ],
    ),
];

/// A path, the words that its code must not contain, and the rule.
const NEVER_NAMED: &[(&str, &[&str], &str)] = &[
    (
        "aggregator/web/src/public.rs",
        &["Mutex", "RwLock", "std::fs", "tokio", "async", "skerry_domain", "Instant", "SystemTime"],
        "a public request takes no lock, opens no file, waits for nothing and computes nothing",
    ),
    (
        "aggregator/web/src/archive.rs",
        &["Mutex", "RwLock", "std::fs", "skerry_domain", "Instant", "SystemTime"],
        "a request for what is over waits for its rendering and nothing else",
    ),
    (
        "aggregator/src/engine",
        &["skerry_web", "skerry_publish", "crate::publish"],
        "data flows in one direction",
    ),
    (
        "agent/src/probe/",
        &["crate::spool", "crate::uplink", "crate::hysteresis"],
        "data flows in one direction",
    ),
    ("agent/src/hysteresis.rs", &["async", "Instant", "std::fs", "tokio", "rand"], "the step is pure"),
    (
        "aggregator/sanitiser/src/",
        &["std::fs", "std::net", "std::time", "std::thread", "tokio", "async", "tracing"],
        "the sanitiser is pure, and logs nothing of what it removes",
    ),
    ("protocol/src/", &["std::net::Tcp", "tokio", "std::thread"], "the protocol does no I/O"),
];

#[test]
fn one_technology_has_one_importer() {
    let mut wrong = Vec::new();
    for source in programs() {
        for (name, paths) in IMPORTERS {
            if paths.iter().any(|module| source.path.starts_with(module)) {
                continue;
            }
            let lines = source.code().filter(|(_, line)| names_crate(line, name));
            wrong.extend(lines.map(|(number, line)| format!("{}:{number}: {line}", source.path)));
        }
    }
    assert_none(&wrong, "one technology, one importer (IMPORTERS)");
}

#[test]
fn no_module_names_what_it_must_not_use() {
    let mut wrong = Vec::new();
    for source in programs() {
        for (module, words, why) in NEVER_NAMED.iter().filter(|(module, ..)| source.path.starts_with(module))
        {
            for (number, line) in source.code() {
                for word in words.iter().filter(|word| contains_word(line, word)) {
                    wrong.push(format!("{}:{number}: {word} in {module}, but {why}", source.path));
                }
            }
        }
    }
    let programs = programs();
    let about_nothing =
        NEVER_NAMED.iter().filter(|(module, ..)| !programs.iter().any(|one| one.path.starts_with(module)));
    wrong
        .extend(about_nothing.map(|(module, ..)| format!("{module}: no such module: move the rule with it")));
    assert_none(&wrong, "data walks one way (NEVER_NAMED)");
}

#[test]
fn sql_is_written_only_in_the_stores() {
    let mut wrong = Vec::new();
    for source in programs() {
        if ["aggregator/store/src/", "agent/src/spool/"].iter().any(|module| source.path.starts_with(module))
        {
            continue;
        }
        for (number, line) in source.code() {
            let statements =
                ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE FROM", "\"PRAGMA ", "\"CREATE TABLE"];
            if statements.iter().any(|statement| line.contains(statement)) {
                wrong.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    assert_none(&wrong, "SQL lives in the stores, behind functions named after what the domain does");
}

#[test]
fn the_reader_of_sources_finds_names() {
    for line in [
        "use csv::Writer;",
        "let writer = csv::Writer::from(x);",
        "use csv;",
        "(csv::Writer)",
        "use csv as table;",
    ] {
        assert!(names_crate(line, "csv"), "{line}");
    }
    for line in
        ["mod csv;", "use super::csv;", "crate::csv::write()", "\"csv::x\"", "mycsv::x()", "let csv = 1;"]
    {
        assert!(!names_crate(line, "csv"), "{line}");
    }
    assert!(contains_word("let x: Mutex<()> = y;", "Mutex") && !contains_word("MutexGuard", "Mutex"));
}
