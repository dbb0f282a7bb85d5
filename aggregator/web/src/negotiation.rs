//! Content encoding and conditional requests (RFC 9110 §12.5.3 and §13). Headers are read in place, so that a public
//! request allocates nothing.

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap, HttpDate, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use skerry_publish::output::{Encoded, Output};
use std::time::{Duration, SystemTime};

/// Chooses the encoded form to send, and its `Content-Encoding` if it has one: the acceptable form of highest weight,
/// and the smallest of equal weight. Identity is sent even if forbidden where there is no other form.
pub(super) fn choose<'a>(output: &'a Output, headers: &HeaderMap) -> (&'a Encoded, Option<&'static str>) {
    let weights = Weights::read(headers);
    let brotli = output.brotli.as_ref().map(|form| (weights.brotli, form, Some("br")));
    let gzip = output.gzip.as_ref().map(|form| (weights.gzip, form, Some("gzip")));
    let mut best = (weights.identity, &output.identity, None);
    for candidate in [gzip, brotli].into_iter().flatten() {
        if candidate.0 > 0 && candidate.0 >= best.0 {
            best = candidate;
        }
    }
    (best.1, best.2)
}

/// The client's weights of the available forms, in thousandths; 0 is "not acceptable".
struct Weights {
    brotli: u16,
    gzip: u16,
    identity: u16,
}

impl Weights {
    fn read(headers: &HeaderMap) -> Self {
        let (mut brotli, mut gzip, mut identity, mut any) = (None, None, None, None);
        for value in headers.get_all(ACCEPT_ENCODING) {
            for item in value.as_bytes().split(|byte| *byte == b',') {
                let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                let coding = parts.next().unwrap_or_default();
                let Some(weight) = parts.try_fold(1000, |weight, parameter| read_weight(parameter, weight))
                else {
                    continue;
                };
                let slot = match coding {
                    b"*" => &mut any,
                    _ if coding.eq_ignore_ascii_case(b"br") => &mut brotli,
                    _ if coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip") => {
                        &mut gzip
                    }
                    _ if coding.eq_ignore_ascii_case(b"identity") => &mut identity,
                    _ => continue,
                };
                *slot = Some(weight);
            }
        }
        // An identity that is not mentioned is acceptable, but comes after every encoding that is mentioned.
        let identity = identity.or(any.filter(|weight| *weight == 0)).unwrap_or(1);
        Self { brotli: brotli.or(any).unwrap_or(0), gzip: gzip.or(any).unwrap_or(0), identity }
    }
}

/// Reads `q=0.5` as 500 and ignores other parameters. Returns `None` for a malformed weight.
fn read_weight(parameter: &[u8], weight: u16) -> Option<u16> {
    let Some((name, value)) = parameter.split_at_checked(2) else { return Some(weight) };
    if !name.eq_ignore_ascii_case(b"q=") {
        return Some(weight);
    }
    let (whole, fraction) = value.split_first()?;
    let fraction = match fraction.split_first() {
        None => &[][..],
        Some((b'.', digits)) if digits.len() <= 3 => digits,
        Some(_) => return None,
    };
    let mut thousandths = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    for (digit, unit) in fraction.iter().zip([100, 10, 1]) {
        thousandths += u16::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?) * unit;
    }
    (thousandths <= 1000).then_some(thousandths)
}

/// Whether the client already has this form. `If-None-Match` compares weakly and takes precedence over
/// `If-Modified-Since` (RFC 9110 §13.2.2).
pub(super) fn is_fresh(output: &Output, form: &Encoded, headers: &HeaderMap) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        return headers.get_all(IF_NONE_MATCH).any(|value| contains_tag(value.as_bytes(), &form.etag));
    }
    let Some(since) = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Ok(since) = since.parse::<HttpDate>() else { return false };
    let modified = SystemTime::UNIX_EPOCH
        + Duration::from_millis(u64::try_from(output.last_modified.0).unwrap_or_default());
    modified <= SystemTime::from(since)
}

/// Whether the list contains the tag. `*` matches every tag; a malformed list counts up to its fault.
fn contains_tag(mut list: &[u8], etag: &[u8]) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    loop {
        let start = list.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','));
        let Some(rest) = start.and_then(|start| list.get(start..)) else { return false };
        let rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        if rest.first() != Some(&b'"') {
            return false;
        }
        let Some(end) = rest.iter().skip(1).position(|byte| *byte == b'"') else { return false };
        let (tag, tail) = rest.split_at(end + 2);
        if tag == etag {
            return true;
        }
        list = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};
    use skerry_domain::time::Timestamp;
    use skerry_publish::output::{CacheClass, Compression, Kind};
    use std::sync::Arc;

    fn output() -> Arc<Output> {
        let kind = Kind { content_type: "text/plain", cache: CacheClass::Live, keys: &[], policy: "" };
        Output::render(kind, vec![b'a'; 4096], Timestamp(784_111_777_000), None, Compression::Fast)
    }

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_encoding_follows_the_weights() {
        let output = output();
        let table: &[(&[&'static str], Option<&str>)] = &[
            (&[], None),
            (&[""], None),
            (&["gzip, deflate, br, zstd"], Some("br")),
            (&["GZIP"], Some("gzip")),
            (&["x-gzip"], Some("gzip")),
            (&["gzip", "br"], Some("br")),
            (&["br;q=0.5, gzip;q=0.8"], Some("gzip")),
            (&["br;q=0, gzip;q=0"], None),
            (&["*"], Some("br")),
            (&["*, br;q=0"], Some("gzip")),
            (&["*;q=0"], None),
            (&["identity"], None),
            (&["identity, br;q=0.9"], None),
            (&["identity;q=0.5, br;q=0.5"], Some("br")),
            (&["identity;q=0"], None),
            (&["identity;q=0, gzip;q=0.001"], Some("gzip")),
            (&["gzip;q=0.001"], Some("gzip")),
            (&["gzip;q=2, deflate"], None),
            (&["gzip;q=0.1234"], None),
            (&["gzip;q=x"], None),
            (&["br ; q=1.000 "], Some("br")),
            (&["deflate, zstd"], None),
        ];
        for (header, expected) in table {
            let (_, encoding) = choose(&output, &headers(&ACCEPT_ENCODING, header));
            assert_eq!(encoding, *expected, "Accept-Encoding: {header:?}");
        }
    }

    #[test]
    fn if_none_match_reads_lists_and_compares_weakly() {
        let table: &[(&str, bool)] = &[
            (r#""tag""#, true),
            (r#"W/"tag""#, true),
            ("*", true),
            (r#""other", "tag""#, true),
            (r#""a,b" ,, W/"tag" "#, true),
            (r#""other""#, false),
            ("tag", false),
            (r#""tag"#, false),
            ("", false),
            (r#"w/"tag""#, false),
        ];
        for (list, expected) in table {
            assert_eq!(contains_tag(list.as_bytes(), br#""tag""#), *expected, "{list}");
        }
    }

    #[test]
    fn if_modified_since_counts_only_without_if_none_match() {
        let output = output();
        let fresh = |headers: &HeaderMap| is_fresh(&output, &output.identity, headers);
        let since = |text| headers(&IF_MODIFIED_SINCE, &[text]);
        assert!(fresh(&since("Sun, 06 Nov 1994 08:49:37 GMT")));
        assert!(fresh(&since("Sunday, 06-Nov-94 08:49:37 GMT")));
        assert!(!fresh(&since("Sun, 06 Nov 1994 08:49:36 GMT")));
        assert!(!fresh(&since("yesterday")));
        let mut both = since("Sun, 06 Nov 1994 08:49:37 GMT");
        both.insert(IF_NONE_MATCH, HeaderValue::from_static(r#""other""#));
        assert!(!fresh(&both));
    }
}
