//! The records of an answer as text, each in the canonical form used for comparison.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::rdata::svcb::{SVCB, SvcParamKey, SvcParamValue};
use hickory_resolver::proto::rr::{Name, RData, Record as Wire};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};
use skerry_protocol::check::{Record, printable, quoted};

/// Maximum length of an alias chain.
const MAX_CHAIN: usize = 16;

/// One record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// Owner name, without the final dot.
    pub name: String,
    /// Type: `A`, `CNAME`, …
    pub record: String,
    /// TTL, seconds.
    pub ttl: u32,
    /// Data as in a zone file, without control characters.
    pub text: String,
}

impl std::fmt::Display for DnsAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} {}", self.name, self.ttl, self.record, self.text)
    }
}

/// Returns the aliases on the way (RFC 1034, section 3.6.2), then the queried records. Skips unrelated
/// records.
pub(super) fn answers(message: &Message, asked: &Query, record: Record) -> (Vec<DnsAnswer>, Vec<DnsAnswer>) {
    let mut owner = asked.name.clone();
    let mut aliases = Vec::new();
    while record != Record::Cname && aliases.len() < MAX_CHAIN {
        let alias = message.answers.iter().find_map(|wire| match &wire.data {
            RData::CNAME(target) if wire.name == owner => Some((wire, &target.0)),
            _ => None,
        });
        let Some((wire, target)) = alias else { break };
        aliases.push(answer(wire, Record::Cname));
        owner = target.clone();
    }
    let of_type = |wire: &&Wire| wire.name == owner && wire.record_type() == asked.query_type;
    let found = message.answers.iter().filter(of_type).map(|wire| answer(wire, record)).collect();
    (aliases, found)
}

fn answer(wire: &Wire, record: Record) -> DnsAnswer {
    let text = text(record, &wire.data);
    // The quotes in a TXT record's text are part of it.
    let canonical = if record == Record::Txt { None } else { record.canonical_text(&text) };
    DnsAnswer {
        name: name(&wire.name),
        record: record.name().to_owned(),
        ttl: wire.ttl,
        text: canonical.unwrap_or(text),
    }
}

fn text(record: Record, data: &RData) -> String {
    match data {
        RData::CNAME(target) => name(&target.0),
        RData::NS(target) => name(&target.0),
        RData::PTR(target) => name(&target.0),
        RData::MX(mx) => format!("{} {}", mx.preference, name(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, name(&srv.target)),
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            name(&soa.mname),
            name(&soa.rname),
            soa.serial,
            // Unsigned on the wire.
            soa.refresh as u32,
            soa.retry as u32,
            soa.expire as u32,
            soa.minimum
        ),
        RData::TXT(txt) => printable(&txt.txt_data.concat()),
        RData::CAA(caa) => {
            format!("{} {} {}", caa.flags(), printable(caa.tag.as_bytes()), quoted(&caa.value))
        }
        RData::NAPTR(naptr) => format!(
            "{} {} {} {} {} {}",
            naptr.order,
            naptr.preference,
            quoted(&naptr.flags),
            quoted(&naptr.services),
            quoted(&naptr.regexp),
            name(&naptr.replacement)
        ),
        RData::SVCB(service) => service_text(service),
        RData::HTTPS(service) => service_text(&service.0),
        RData::Unknown { rdata, .. } => unread(record, &rdata.anything),
        other => printable(other.to_string().as_bytes()),
    }
}

/// Types that hickory only decodes with DNSSEC validation, which no check does.
fn unread(record: Record, bytes: &[u8]) -> String {
    let known = match (record, bytes) {
        (Record::Ds, [a, b, algorithm, digest_type, digest @ ..]) => Some(format!(
            "{} {algorithm} {digest_type} {}",
            u16::from_be_bytes([*a, *b]),
            hexadecimal(digest)
        )),
        (Record::Dnskey, [a, b, protocol, algorithm, key @ ..]) => {
            Some(format!("{} {protocol} {algorithm} {}", u16::from_be_bytes([*a, *b]), BASE64.encode(key)))
        }
        (Record::Dname, bytes) => Name::read(&mut BinDecoder::new(bytes)).ok().map(|target| name(&target)),
        _ => None,
    };
    // Generic encoding, RFC 3597, section 5.
    known.unwrap_or_else(|| format!("\\# {} {}", bytes.len(), hexadecimal(bytes)))
}

fn service_text(service: &SVCB) -> String {
    let mut text = format!("{} {}", service.svc_priority, name(&service.target_name));
    for (key, value) in &service.svc_params {
        let value = match value {
            SvcParamValue::Mandatory(keys) => keys.0.iter().map(parameter).collect::<Vec<_>>().join(","),
            SvcParamValue::Alpn(alpn) => {
                alpn.0.iter().map(|one| printable(one.as_bytes())).collect::<Vec<_>>().join(",")
            }
            SvcParamValue::NoDefaultAlpn => String::new(),
            SvcParamValue::Port(port) => port.to_string(),
            SvcParamValue::Ipv4Hint(hints) => {
                hints.0.iter().map(|hint| hint.0.to_string()).collect::<Vec<_>>().join(",")
            }
            SvcParamValue::Ipv6Hint(hints) => {
                hints.0.iter().map(|hint| hint.0.to_string()).collect::<Vec<_>>().join(",")
            }
            SvcParamValue::EchConfigList(list) => BASE64.encode(&list.0),
            SvcParamValue::Unknown(unknown) => printable(&unknown.0),
        };
        text.push(' ');
        text.push_str(&parameter(key));
        if value.contains(char::is_whitespace) {
            text.push_str(&format!("=\"{value}\""));
        } else if !value.is_empty() {
            text.push_str(&format!("={value}"));
        }
    }
    text
}

fn parameter(key: &SvcParamKey) -> String {
    match key {
        SvcParamKey::Unknown(number) => format!("key{number}"),
        named => named.to_string(),
    }
}

fn name(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    match text.strip_suffix('.') {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => text,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_hickory_leaves_unread_are_read() {
        assert_eq!(unread(Record::Ds, &[0xec, 0x45, 13, 2, 0xab]), "60485 13 2 ab");
        assert_eq!(unread(Record::Dnskey, &[1, 1, 3, 13, 0, 0, 0]), "257 3 13 AAAA");
        assert_eq!(unread(Record::Dname, b"\x01A\x02bc\0"), "a.bc");
        assert_eq!(unread(Record::Ds, &[1]), "\\# 1 01");
    }
}
