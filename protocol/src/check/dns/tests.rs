use std::collections::HashSet;
use std::time::Duration;

use url::Host;

use super::*;
use crate::check::{Check, Kind};
use crate::strict::Document;

const TLS: &str = "transport = \"tls\"\nserver = \"dns.example.com\"\n";
const HTTPS: &str = "transport = \"https\"\nserver = \"dns.example.com\"\n";

fn said(keys: &str) -> Result<Check, String> {
    let text = format!("[[check]]\nname = \"names\"\ntype = \"dns\"\n{keys}");
    let document = Document::parse("test.toml", &text).map_err(|problems| problems.to_string())?;
    let check = document.root().tables("check", &["name"]).iter().find_map(crate::check::read);
    let (problems, _) = document.finish();
    match check {
        Some(check) if problems.is_empty() => Ok(check),
        _ => Err(crate::strict::Problems(problems).to_string()),
    }
}

fn right(keys: &str) -> Check {
    said(&format!("query = \"example.com\"\n{keys}")).expect("a right check")
}

fn dns(keys: &str) -> Dns {
    let Kind::Dns(dns) = right(keys).kind else { panic!("a dns check") };
    *dns
}

fn query(keys: &str) -> String {
    let Kind::Dns(dns) = said(keys).expect("a right check").kind else { panic!("a dns check") };
    dns.query
}

fn server(text: &str) -> String {
    dns(&format!("server = \"{text}\"")).server.expect("a server").to_string()
}

#[test]
fn defaults_are_those_of_the_reference() {
    let dns = dns("");
    assert_eq!((dns.query.as_str(), dns.record, dns.server), ("example.com", Record::A, None));
    assert_eq!((dns.transport, dns.rcode, dns.answers), (DnsTransport::Udp, Rcode::NOERROR, None));
    assert_eq!((dns.min_ttl, dns.recursion, dns.ip), (None, true, IpVersion::Any));
    assert_eq!(right("").kind.target(), None);
}

#[test]
fn every_key_has_its_effect() {
    assert_eq!(query("query = \"WWW.Example.COM.\""), "www.example.com");
    assert_eq!(query("query = \".\"\nrecord = \"NS\""), ".");
    assert_eq!(query("query = \"192.0.2.7\"\nrecord = \"PTR\""), "7.2.0.192.in-addr.arpa");
    for (name, record) in Record::NAMED {
        assert_eq!(dns(&format!("record = \"{name}\"")).record, *record);
    }
    for (name, rcode) in Rcode::NAMED {
        assert_eq!(dns(&format!("rcode = \"{name}\"")).rcode, rcode);
        assert_eq!(rcode.name(), name);
    }
    assert_eq!(Rcode(3841).name(), "RCODE3841");
    assert_eq!(dns("min_ttl = \"5m\"").min_ttl, Some(Duration::from_secs(300)));
    assert!(!dns("recursion = false").recursion);
    assert_eq!(dns("ip_version = \"6\"").ip, IpVersion::V6);
    assert_eq!(dns("ip_version = \"4\"").ip, IpVersion::V4);
    let keys = "server_name = \"other.example\"\nca_file = \"/ca.pem\"\ncertificate_days = 14";
    let transport = dns(&format!("{TLS}{keys}")).transport;
    let tls = transport.tls().expect("TLS");
    assert_eq!(tls.server_name, Host::Domain("other.example".to_owned()));
    assert_eq!(
        (tls.verify, tls.ca_file.clone(), tls.certificate_days),
        (true, Some("/ca.pem".into()), Some(14))
    );
    let check = right(&format!("{TLS}ca_file = \"/ca.pem\""));
    assert_eq!(check.kind.plain_files(), [("ca_file", Path::new("/ca.pem"))]);
    assert_eq!(check.kind.target(), Some(Host::Domain("dns.example.com".to_owned())));
    let transport = dns(&format!("{TLS}verify = false")).transport;
    assert!(
        transport.tls().is_some_and(|tls| !tls.verify && tls.server_name.to_string() == "dns.example.com")
    );
    let path = |keys: &str| match dns(&format!("{HTTPS}{keys}")).transport {
        DnsTransport::Https { path, .. } => path,
        other => panic!("{other:?}"),
    };
    assert_eq!((path("").as_str(), path("path = \"/dns\"").as_str()), ("/dns-query", "/dns"));
}

#[test]
fn a_server_is_a_host_with_or_without_a_port() {
    assert_eq!(server("192.0.2.53"), "192.0.2.53:53");
    assert_eq!(server("192.0.2.53:5353"), "192.0.2.53:5353");
    assert_eq!(server("2001:db8::53"), "[2001:db8::53]:53");
    assert_eq!(server("[2001:db8::53]:5353"), "[2001:db8::53]:5353");
    assert_eq!(server("ns1.example.com"), "ns1.example.com:53");
    assert_eq!(server("ns1.example.com:5353"), "ns1.example.com:5353");
    let port = |keys: &str| dns(keys).server.expect("a server").port;
    assert_eq!((port(TLS), port(HTTPS)), (853, 443));
    assert_eq!(dns("transport = \"tcp\"").transport, DnsTransport::Tcp);
    for wrong in [
        "ns1:0",
        "ns1:99999",
        "ns1:",
        ":53",
        "https://a/",
        "[::1",
        "[::1]",
        "[a]:53",
        "a b",
        "1.2.3",
        ".",
        "a;b",
    ] {
        let said = said(&format!("query = \"a\"\nserver = \"{wrong}\"")).expect_err("a wrong server");
        assert!(said.contains("server is not a valid host or host:port"), "{wrong}: {said}");
    }
}

#[test]
fn answers_are_kept_in_one_form() {
    let answers = |keys: &str| dns(keys).answers.expect("answers");
    let two = "answers = [\"192.0.2.2\", \"192.0.2.1\", \"192.0.2.2\"]";
    let kept = vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()];
    assert_eq!(answers(two), Answers::All(kept.clone()));
    assert_eq!(answers(&format!("{two}\nmatch = \"all\"")), Answers::All(kept.clone()));
    assert_eq!(answers(&format!("{two}\nmatch = \"any\"")), Answers::Any(kept.clone()));
    assert_eq!(answers(&format!("{two}\nmatch = \"exactly\"")), Answers::Exactly(kept));
    assert_eq!(answers("answers = []"), Answers::Exactly(Vec::new()));
    assert_eq!(answers("answers = []\nmatch = \"exactly\""), Answers::Exactly(Vec::new()));
    let mail = answers("record = \"MX\"\nanswers = [\"10 Mail.Example.COM.\"]");
    assert_eq!(mail, Answers::All(vec!["10 mail.example.com".to_owned()]));
}

/// Aggregators store the hash across releases: a change needs a new version of the canonical form.
#[test]
fn the_definition_hash_is_what_it_was() {
    let hex = |check: &Check| check.definition_hash().map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(hex(&right("")), "ffe7ad16202663f86637306bdde7541b");
    let full = right(&format!(
        "{HTTPS}record = \"MX\"\nanswers = [\"10 mail.example.com\"]\nmatch = \"exactly\"\nmin_ttl = \"5m\"\n\
         certificate_days = 14\nrecursion = false"
    ));
    assert_eq!(hex(&full), "0f77b40efac8ed2927592819d833720d");
}

#[test]
fn the_definition_hash_covers_every_key() {
    let one = "answers = [\"192.0.2.1\"]";
    let mut seen = HashSet::from([right("").definition_hash()]);
    for keys in [
        "record = \"AAAA\"".to_owned(),
        "server = \"192.0.2.53\"".to_owned(),
        "server = \"192.0.2.53:5353\"".to_owned(),
        "transport = \"tcp\"".to_owned(),
        TLS.to_owned(),
        HTTPS.to_owned(),
        format!("{HTTPS}path = \"/q\""),
        format!("{TLS}server_name = \"other.example\""),
        format!("{TLS}verify = false"),
        format!("{TLS}ca_file = \"/ca.pem\""),
        format!("{TLS}certificate_days = 7"),
        "rcode = \"NXDOMAIN\"".to_owned(),
        one.to_owned(),
        format!("{one}\nmatch = \"any\""),
        format!("{one}\nmatch = \"exactly\""),
        "answers = []".to_owned(),
        "answers = [\"192.0.2.1\", \"192.0.2.2\"]".to_owned(),
        "min_ttl = \"1m\"".to_owned(),
        "recursion = false".to_owned(),
        "ip_version = \"4\"".to_owned(),
        "ip_version = \"6\"".to_owned(),
    ] {
        assert!(seen.insert(right(&keys).definition_hash()), "no effect: {keys}");
    }
    assert!(seen.insert(said("query = \"example.net\"").expect("right").definition_hash()));
    let order = "answers = [\"192.0.2.2\", \"192.0.2.1\"]";
    assert!(!seen.insert(right(order).definition_hash()), "the order of answers means nothing");
}
