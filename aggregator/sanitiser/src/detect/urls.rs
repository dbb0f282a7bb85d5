//! URLs: their hosts in every form that a browser takes, and how far they reach, since a URL with a forbidden part is
//! removed whole.

use super::{after_port, is_host};
use crate::finding::{Hit, Rule};
use crate::rules::Rules;
use std::ops::Range;
use url::Host;

/// The longest scheme and authority that are looked at, bytes.
const LONGEST_SCHEME: usize = 32;
const LONGEST_AUTHORITY: usize = 2 << 10;
/// The longest number that is a host, and the longest user before it, bytes.
const LONGEST_NUMBER: usize = 16;
const LONGEST_USER: usize = 253;

/// URLs whose host or password is forbidden.
pub(super) fn find(text: &str, rules: &Rules, hits: &mut Vec<Hit>) {
    for (at, _) in text.match_indices("://") {
        if let Some(start) = scheme(text, at) {
            let authority = authority(text, at + 3);
            if let Some(rule) = forbidden(&text[authority.clone()], rules) {
                hits.push(Hit::new(start..authority.end, rule));
            }
        }
    }
}

/// Addresses of users at a host that is written as one number, as in `root@0x0a000001`. Smaller numbers are dates and
/// versions.
pub(super) fn at_numbers(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('@') {
        let length =
            bytes[at + 1..].iter().take(LONGEST_NUMBER).take_while(|one| one.is_ascii_alphanumeric()).count();
        let end = at + 1 + length;
        let number = &text[at + 1..end];
        let digits = number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"));
        let is_large = digits.map_or(length >= 9, |digits| digits.len() >= 7);
        let host_at = |place: usize| bytes.get(place).is_some_and(|one| is_host(*one));
        let goes_on = host_at(end) && (bytes[end] != b'.' || host_at(end + 1));
        if is_large && !goes_on && matches!(Host::parse(number), Ok(Host::Ipv4(_))) {
            let user = bytes[..at].iter().rev().take(LONGEST_USER);
            let start = at - user.take_while(|one| is_host(**one) || matches!(one, b'+' | b'%')).count();
            hits.push(Hit::new(start..after_port(bytes, end), Rule::Ipv4Address));
        }
    }
}

/// Widens each hit in a URL to the URL. `hits` are sorted, and none overlaps another.
pub(super) fn widen(text: &str, hits: &mut [Hit]) {
    let mut next = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|found| from + found) {
        from = at + 3;
        let Some(start) = scheme(text, at) else { continue };
        let url = start..end(text, at + 3);
        while hits.get(next).is_some_and(|hit| hit.at.end <= url.start) {
            next += 1;
        }
        let within = hits[next..].iter_mut().take_while(|hit| hit.at.start < url.end);
        for hit in within.filter(|hit| hit.at.end > url.start) {
            hit.at = hit.at.start.min(url.start)..hit.at.end.max(url.end);
        }
        from = url.end.max(from);
    }
}

/// Where the scheme before `://` begins.
fn scheme(text: &str, colon: usize) -> Option<usize> {
    let before = text.as_bytes()[..colon].iter().rev().take(LONGEST_SCHEME);
    let is_scheme = |one: &&u8| one.is_ascii_alphanumeric() || matches!(one, b'+' | b'-' | b'.');
    let length = before.take_while(is_scheme).count();
    (length > 0).then(|| colon - length)
}

fn ends_url(one: char) -> bool {
    one.is_whitespace() || one.is_control() || matches!(one, '<' | '>' | '"' | '`' | '|' | ')' | ']')
}

/// User, host and port from `start` on.
fn authority(text: &str, start: usize) -> Range<usize> {
    let slashes = text.as_bytes()[start..].iter().take(4).take_while(|one| matches!(one, b'/' | b'\\'));
    let start = start + slashes.count();
    let mut bracketed = false;
    let mut end = start;
    for one in text[start..].chars() {
        if end - start > LONGEST_AUTHORITY {
            break;
        }
        match one {
            '[' => bracketed = true,
            ']' if bracketed => bracketed = false,
            '/' | '?' | '#' | '\\' => break,
            one if ends_url(one) => break,
            _ => {}
        }
        end += one.len_utf8();
    }
    start..end
}

/// Where the URL ends whose authority begins at `start`.
fn end(text: &str, start: usize) -> usize {
    let authority = authority(text, start).end;
    let rest = &text[authority..];
    let whole = authority + rest.find(ends_url).unwrap_or(rest.len());
    let points = |one: char| matches!(one, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*');
    start + text[start..whole].trim_end_matches(points).len()
}

fn forbidden(authority: &str, rules: &Rules) -> Option<Rule> {
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    if user.split_once(':').is_some_and(|(_, password)| !password.is_empty()) {
        return Some(Rule::UrlPassword);
    }
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|one| one.is_ascii_digit()) => host,
        _ => host,
    };
    let trimmed = host.trim_end_matches(['.', ',', ';', ':', '!', '\'', '*', '_']);
    match Host::parse(trimmed).ok()? {
        Host::Ipv4(_) => Some(Rule::Ipv4Address),
        Host::Ipv6(_) => Some(Rule::Ipv6Address),
        Host::Domain(domain) => rules.names.rule_of_host(&domain),
    }
}
