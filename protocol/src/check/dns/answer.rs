//! The canonical text of a record, used for comparison: as in a zone file, with numbers without leading
//! zeros, lower-case names without the final dot, lower-case digits, and the strings of a TXT record joined
//! and unescaped.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::record::{Record, Shape};
use super::{name, text};

/// The records that an answer must contain, each in the form of [`Record::canonical_text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// `match = "any"`: at least one of these.
    Any(Vec<String>),
    /// `match = "all"`: each of these; others are allowed.
    All(Vec<String>),
    /// `match = "exactly"`: these and no others; empty means no record at all.
    Exactly(Vec<String>),
}

impl Answers {
    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Any(_) => "any",
            Self::All(_) => "all",
            Self::Exactly(_) => "exactly",
        }
    }

    /// The expected records.
    #[must_use]
    pub fn records(&self) -> &[String] {
        match self {
            Self::Any(records) | Self::All(records) | Self::Exactly(records) => records,
        }
    }
}

impl Record {
    /// The canonical form of a record of this type; `None` if `text` is not one.
    #[must_use]
    pub fn canonical_text(self, text: &str) -> Option<String> {
        if self.shape() == Shape::Text {
            return Some(text::joined(text).unwrap_or_else(|| text.to_owned()));
        }
        let mut words = Words { rest: text };
        let canonical = match self.shape() {
            Shape::Text => text.to_owned(),
            Shape::V4 => words.parsed::<Ipv4Addr>()?.to_string(),
            Shape::V6 => words.parsed::<Ipv6Addr>()?.to_string(),
            Shape::Name => words.name()?,
            Shape::Mx => format!("{} {}", words.parsed::<u16>()?, words.name()?),
            Shape::Srv => format!("{} {}", words.numbers::<u16, 3>()?, words.name()?),
            Shape::Soa => format!("{} {} {}", words.name()?, words.name()?, words.numbers::<u32, 5>()?),
            Shape::Caa => {
                let (flags, tag) = (words.parsed::<u8>()?, words.next()?.to_ascii_lowercase());
                format!("{flags} {tag} \"{}\"", words.next()?)
            }
            Shape::Digest => {
                let (first, rest) = (words.parsed::<u16>()?, words.numbers::<u8, 2>()?);
                format!("{first} {rest} {}", words.hexadecimal()?)
            }
            Shape::Fingerprint => format!("{} {}", words.numbers::<u8, 2>()?, words.hexadecimal()?),
            Shape::Dnskey => {
                let (flags, rest) = (words.parsed::<u16>()?, words.numbers::<u8, 2>()?);
                format!("{flags} {rest} {}", words.base64()?)
            }
            Shape::Naptr => {
                let (numbers, flags) = (words.numbers::<u16, 2>()?, words.next()?.to_ascii_uppercase());
                let (services, expression) = (words.next()?, words.next()?);
                format!("{numbers} \"{flags}\" \"{services}\" \"{expression}\" {}", words.name()?)
            }
            Shape::Service => {
                let (priority, target) = (words.parsed::<u16>()?, words.name()?);
                format!("{priority} {target}{}", words.parameters()?)
            }
        };
        words.rest.trim().is_empty().then_some(canonical)
    }

    /// An example of a record of this type.
    pub(super) fn example(self) -> &'static str {
        match self.shape() {
            Shape::V4 => "192.0.2.1",
            Shape::V6 => "2001:db8::1",
            Shape::Name => "www.example.com",
            Shape::Mx => "10 mail.example.com",
            Shape::Srv => "0 5 5060 sip.example.com",
            Shape::Soa => "ns1.example.com admin.example.com 2026010101 7200 3600 1209600 300",
            Shape::Text => "v=spf1 -all",
            Shape::Caa => "0 issue letsencrypt.org",
            Shape::Digest if self == Self::Tlsa => "3 1 1 0123…cdef",
            Shape::Digest => "60485 13 2 0123…cdef",
            Shape::Fingerprint => "4 2 0123…cdef",
            Shape::Dnskey => "257 3 13 mdss…ULqQ==",
            Shape::Naptr => "100 10 U E2U+sip !^.*$!sip:info@example.com! .",
            Shape::Service => "1 . alpn=h2,h3 port=443",
        }
    }
}

/// The words of a line, some of them in double quotes.
struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<Cow<'t, str>> {
        let rest = self.rest.trim_start();
        if rest.starts_with('"') {
            let mut bytes = Vec::new();
            self.rest = text::unquoted(rest, &mut bytes)?;
            return Some(text::printable(&bytes).into());
        }
        let (word, rest) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        self.rest = rest;
        Some(word).filter(|word| !word.is_empty()).map(Cow::Borrowed)
    }

    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.next()?.parse().ok()
    }

    fn numbers<T: FromStr + ToString, const N: usize>(&mut self) -> Option<String> {
        let numbers: Option<Vec<String>> = (0..N).map(|_| Some(self.parsed::<T>()?.to_string())).collect();
        Some(numbers?.join(" "))
    }

    fn name(&mut self) -> Option<String> {
        name::canonical(&self.next()?).ok()
    }

    /// The rest of the line, without blanks.
    fn digits(&mut self, known: impl Fn(u8) -> bool) -> Option<String> {
        let digits: String = std::mem::take(&mut self.rest).split_whitespace().collect();
        (!digits.is_empty() && digits.bytes().all(known)).then_some(digits)
    }

    fn hexadecimal(&mut self) -> Option<String> {
        let digits = self.digits(|byte| byte.is_ascii_hexdigit())?;
        digits.len().is_multiple_of(2).then(|| digits.to_ascii_lowercase())
    }

    fn base64(&mut self) -> Option<String> {
        self.digits(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    }

    /// The parameters of a service (RFC 9460), sorted: `key=value`, `key="value"` or `key`.
    fn parameters(&mut self) -> Option<String> {
        let mut parameters = Vec::new();
        loop {
            let rest = self.rest.trim_start();
            if rest.is_empty() {
                break;
            }
            let end = rest.find(|one: char| one == '=' || one.is_whitespace()).unwrap_or(rest.len());
            let (key, rest) = rest.split_at(end);
            self.rest = rest;
            let value = match rest.strip_prefix('=') {
                None => String::new(),
                Some(value) => {
                    self.rest = value;
                    format!("={}", addresses_in_one_form(key, self.next()?))
                }
            };
            if key.is_empty() {
                return None;
            }
            parameters.push(format!(" {}{value}", key.to_ascii_lowercase()));
        }
        parameters.sort_unstable();
        Some(parameters.concat())
    }
}

/// Formats the addresses in `ipv4hint` and `ipv6hint`; returns other values unchanged.
fn addresses_in_one_form<'v>(key: &str, value: Cow<'v, str>) -> Cow<'v, str> {
    if !["ipv4hint", "ipv6hint"].iter().any(|hint| key.eq_ignore_ascii_case(hint)) {
        return value;
    }
    let addresses: Result<Vec<String>, _> =
        value.split(',').map(|one| one.trim().parse::<IpAddr>().map(|address| address.to_string())).collect();
    addresses.map_or(value, |addresses| addresses.join(",").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_one_form() {
        for (record, written, form) in [
            (Record::A, "192.0.2.1", "192.0.2.1"),
            (Record::Aaaa, "2001:DB8:0::1", "2001:db8::1"),
            (Record::Cname, "WWW.example.com.", "www.example.com"),
            (Record::Mx, "010  Mail.Example.com.", "10 mail.example.com"),
            (Record::Srv, "0 5 5060 sip.example.com.", "0 5 5060 sip.example.com"),
            (Record::Soa, "NS. Admin.x. 1 2 3 4 5", "ns admin.x 1 2 3 4 5"),
            (Record::Txt, "V=spf1  \"-all\"", "V=spf1  \"-all\""),
            (Record::Txt, r#""V=spf1  -all""#, "V=spf1  -all"),
            (Record::Txt, r#""v=DKIM1; p=AAAA" "BBBB""#, "v=DKIM1; p=AAAABBBB"),
            (Record::Cname, "münchen.example.", "xn--mnchen-3ya.example"),
            (Record::Aaaa, "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            (
                Record::Https,
                "1 . ipv6hint=2001:DB8:0::1 ipv4hint=\"192.0.2.1,192.0.2.2\"",
                "1 . ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1",
            ),
            (Record::Caa, "0 Issue letsencrypt.org", "0 issue \"letsencrypt.org\""),
            (Record::Caa, "0 iodef \"mailto:A@x\"", "0 iodef \"mailto:A@x\""),
            (Record::Tlsa, "3 1 1 AB cd", "3 1 1 abcd"),
            (Record::Ds, "60485 5 1 2BB1", "60485 5 1 2bb1"),
            (Record::Sshfp, "4 2 00FF", "4 2 00ff"),
            (Record::Dnskey, "257 3 13 mds sUA==", "257 3 13 mdssUA=="),
            (Record::Naptr, "1 2 u E2U+sip !^.*$!x! .", "1 2 \"U\" \"E2U+sip\" \"!^.*$!x!\" ."),
            (Record::Naptr, "1 2 \"s\" \"\" \"\" A.b.", "1 2 \"S\" \"\" \"\" a.b"),
            (Record::Https, "1 . port=443 alpn=\"h2,h3\"", "1 . alpn=h2,h3 port=443"),
            (Record::Svcb, "0 Foo.example.", "0 foo.example"),
            (Record::Https, "1 . no-default-alpn alpn=h3", "1 . alpn=h3 no-default-alpn"),
        ] {
            assert_eq!(record.canonical_text(written).as_deref(), Some(form), "{written}");
            assert_eq!(record.canonical_text(form).as_deref(), Some(form), "{form}");
        }
    }

    /// As dig prints a regular expression, and as people write it.
    #[test]
    fn escapes_in_quotes_are_read_and_a_lone_backslash_is_one() {
        let naptr = |expression: &str| {
            Record::Naptr.canonical_text(&format!("100 10 \"u\" \"E2U+sip\" \"{expression}\" ."))
        };
        let form = naptr(r"!^\+49(.*)$!sip:\1@x!");
        assert_eq!(form.as_deref(), Some(r#"100 10 "U" "E2U+sip" "!^\+49(.*)$!sip:\1@x!" ."#));
        assert_eq!(naptr(r"!^\\+49(.*)$!sip:\\1@x!"), form);
        let issue = r#"0 issue "ca.example; account=\"7\"""#;
        assert_eq!(
            Record::Caa.canonical_text(issue).as_deref(),
            Some(r#"0 issue "ca.example; account="7"""#)
        );
    }

    #[test]
    fn what_is_no_record_of_the_type_is_told() {
        for (record, written) in [
            (Record::A, "::1"),
            (Record::A, "192.0.2.1 192.0.2.2"),
            (Record::Aaaa, "192.0.2.1"),
            (Record::Cname, "a b"),
            (Record::Mx, "mail.example.com"),
            (Record::Mx, "70000 mail.example.com"),
            (Record::Srv, "1 2 host"),
            (Record::Soa, "ns admin 1 2 3 4"),
            (Record::Soa, "ns admin@x 1 2 3 4 5"),
            (Record::Caa, "0 issue"),
            (Record::Caa, "0 issue \"open"),
            (Record::Tlsa, "3 1 1 abc"),
            (Record::Ds, "1 2 3 xy"),
            (Record::Dnskey, "257 3 13 !"),
            (Record::Naptr, "1 2 U"),
            (Record::Https, "1 . =h2"),
        ] {
            assert_eq!(record.canonical_text(written), None, "{written}");
        }
    }

    #[test]
    fn an_example_is_a_record() {
        for (name, record) in Record::NAMED {
            let example = record.example().replace('…', "00");
            assert!(record.canonical_text(&example).is_some(), "{name}: {example}");
        }
    }
}
