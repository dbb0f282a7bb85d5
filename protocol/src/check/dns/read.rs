//! Reads a [`Dns`] check from a `[[check]]` table.

use std::net::IpAddr;
use std::time::Duration;

use url::Host;

use super::{Answers, Dns, DnsTransport, NameServer, Rcode, Record, name};
use crate::check::target::{self, Handshake, read_host};
use crate::strict::{Refusal, Table, refuse};

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Maximum number of expected answers; far more than fit into UDP.
const MAX_ANSWERS: usize = 100;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Udp,
    Tcp,
    Tls,
    Https,
}

impl Way {
    const ALL: [Self; 4] = [Self::Udp, Self::Tcp, Self::Tls, Self::Https];

    fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 53,
            Self::Tls => 853,
            Self::Https => 443,
        }
    }
}

pub(super) fn read(table: &Table<'_>) -> Option<Dns> {
    let record = table.choice("record", Record::NAMED).or(Record::A);
    let query =
        table.string("query").convert(|text| query(&text, record)).required("query = \"example.com\"");
    let told = table.choice("transport", &Way::ALL.map(|way| (way.name(), way))).optional();
    // The refused value is reported; keys that depend on it are not.
    let way = told.unwrap_or(Way::Udp);
    let speaks_tls = told.map_or(table.has("transport"), |way| matches!(way, Way::Tls | Way::Https));
    let server = table.string("server").convert(|text| server(&text, way.port()));
    let server = match way {
        Way::Udp | Way::Tcp => server.optional(),
        Way::Tls | Way::Https => server.required("server = \"dns.example.com\""),
    };
    let why = format!("for transport = \"{}\"", way.name());
    let cure = "Use transport = \"tls\" or \"https\"";
    let host = server.as_ref().map(|server| &server.host);
    let tls = Handshake::read_where(speaks_tls, table, host, &why, cure);
    let transport = transport(table, way, tls);
    let rcode = table.choice("rcode", &Rcode::NAMED).or(Rcode::NOERROR);
    let answers = answers(table, record);
    let min_ttl = table.duration("min_ttl").between(SECOND, YEAR).optional();
    let recursion = table.boolean("recursion").or(true);
    let ip = target::ip_version(table, "server", host);
    let (query, transport) = (query?, transport?);
    let dns = Dns { query, record, server, transport, rcode, answers, min_ttl, recursion, ip };
    refuse_contradictions(table, &dns);
    Some(dns)
}

fn query(text: &str, record: Record) -> Result<String, Refusal> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return match record {
            Record::Ptr => Ok(name::reverse(address)),
            _ => refuse(
                format!("must be a domain name; it is the address {address}"),
                "Write a name, or ask for the name of an address with record = \"PTR\".",
            ),
        };
    }
    match name::canonical(text) {
        Ok(name) if !name.contains('\\') => Ok(name),
        Ok(_) => refuse(format!("is not a valid domain name: \"{text}\""), "Write it without backslashes."),
        Err(wrong) if text.is_ascii() => refuse(wrong, "Write a name such as \"example.com\"."),
        Err(wrong) => {
            refuse(wrong, "Write a name such as \"münchen.example\" or \"xn--mnchen-3ya.example\".")
        }
    }
}

/// A host with an optional port: `192.0.2.1`, `[2001:db8::1]:53`, `ns1.example.com:5353`.
fn server(text: &str, default_port: u16) -> Result<NameServer, Refusal> {
    let wrong = || {
        refuse(
            format!("is not a valid host or host:port: \"{text}\""),
            "Write it such as \"192.0.2.53\", \"[2001:db8::53]:5353\" or \"ns1.example.com\".",
        )
    };
    if let Some(host) = read_host(text) {
        return Ok(NameServer { host, port: default_port });
    }
    let Some((before, port)) = text.rsplit_once(':') else { return wrong() };
    let unbracketed = before.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host = match unbracketed {
        Some(address) => address.parse().ok().map(Host::Ipv6),
        None => read_host(before).filter(|host| !matches!(host, Host::Ipv6(_))),
    };
    match (host, port.parse::<u16>()) {
        (Some(host), Ok(port)) if port > 0 => Ok(NameServer { host, port }),
        _ => wrong(),
    }
}

fn transport(table: &Table<'_>, way: Way, tls: Option<Handshake>) -> Option<DnsTransport> {
    let path = table.string("path").convert(|path| {
        if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Ok(path);
        }
        refuse(format!("is not a valid URL path: \"{path}\""), "Write it such as \"/dns-query\".")
    });
    let path = path.or("/dns-query".to_owned());
    Some(match way {
        Way::Udp => DnsTransport::Udp,
        Way::Tcp => DnsTransport::Tcp,
        Way::Tls => DnsTransport::Tls(tls?),
        Way::Https => DnsTransport::Https { tls: tls?, path },
    })
}

fn answers(table: &Table<'_>, record: Record) -> Option<Answers> {
    let make = table
        .choice(
            "match",
            &[
                ("any", Answers::Any as fn(Vec<String>) -> Answers),
                ("all", Answers::All),
                ("exactly", Answers::Exactly),
            ],
        )
        .optional();
    let Some(items) = table.list("answers") else {
        if table.has("match") && !table.has("answers") {
            table.refuse("match", "match has no effect without answers", "Add answers, or remove match.");
        }
        return None;
    };
    if items.len() > MAX_ANSWERS {
        let wrong = format!("answers has {} entries; at most {MAX_ANSWERS} are allowed", items.len());
        table.refuse("answers", wrong, "Name fewer.");
    }
    let canonical = |item: &crate::strict::Item<'_>| {
        let text = item.string()?;
        match record.canonical_text(&text) {
            Some(text) => Some(text),
            None => item.refuse(
                &format!("is not a valid {} record: \"{text}\"", record.name()),
                &format!("Write it such as \"{}\".", record.example()),
            ),
        }
    };
    let mut records: Vec<String> = items.iter().filter_map(canonical).collect();
    // Order and repetition do not matter.
    records.sort_unstable();
    records.dedup();
    if items.is_empty() {
        if table.has("match") && !matches!(make.map(|make| make(Vec::new())), Some(Answers::Exactly(_))) {
            table.refuse(
                "match",
                "match has no effect with answers = [], which says that there must be none",
                "Remove match, or name answers.",
            );
        }
        return Some(Answers::Exactly(records));
    }
    Some(make.unwrap_or(Answers::All)(records))
}

fn refuse_contradictions(table: &Table<'_>, dns: &Dns) {
    if dns.rcode != Rcode::NOERROR {
        for key in ["answers", "min_ttl"].into_iter().filter(|key| table.has(key)) {
            let wrong = format!("{key} can never match: an answer with {} holds no record", dns.rcode.name());
            table.refuse(key, wrong, format!("Remove {key} or rcode."));
        }
    } else if dns.min_ttl.is_some() && dns.answers.as_ref().is_some_and(|all| all.records().is_empty()) {
        table.refuse(
            "min_ttl",
            "min_ttl has no effect with answers = []: there is nothing to be kept",
            "Remove one of the two.",
        );
    }
    if table.has("path") && !matches!(dns.transport, DnsTransport::Https { .. }) {
        let wrong = format!("path has no effect for transport = \"{}\"", dns.transport.name());
        table.refuse("path", wrong, "Use transport = \"https\", or remove path.");
    }
    // RFC 1034, RFC 6672: a name has at most one of these.
    let single = matches!(dns.record, Record::Cname | Record::Dname | Record::Soa);
    if let Some(Answers::All(several) | Answers::Exactly(several)) = &dns.answers
        && single
        && several.len() > 1
    {
        let wrong = format!("answers can never match: a name has one {} record at most", dns.record.name());
        table.refuse("answers", wrong, "Name one, or add match = \"any\".");
    }
}
