//! What a text must not say: the detectors, each over one view of the text, in time linear in it.

mod ipv4;
mod ipv6;
pub(crate) mod names;
pub(crate) mod secrets;
mod urls;

use crate::finding::{Hit, merged};
use crate::rules::Rules;
use crate::view::View;
use ipnet::IpNet;

/// Hits in a view, as stretches of its text: sorted, none overlapping another.
pub(crate) fn hits(view: &View<'_>, rules: &Rules) -> Vec<Hit> {
    let text = &*view.text;
    let mut hits = Vec::new();
    ipv4::find(text, &mut hits);
    ipv6::find(text, &mut hits);
    rules.names.find(text, &mut hits);
    rules.secrets.find(text, &mut hits);
    urls::find(text, rules, &mut hits);
    urls::at_numbers(text, &mut hits);
    // Joined before, so that a URL meets each stretch once.
    let mut hits = merged(hits);
    urls::widen(text, &mut hits);
    merged(hits)
}

/// The length of decimal digits at `at`, if there are one to `most`.
fn digits(bytes: &[u8], at: usize, most: usize) -> Option<usize> {
    let length = bytes[at..].iter().take(most + 1).take_while(|one| one.is_ascii_digit()).count();
    (1..=most).contains(&length).then_some(length)
}

/// Where a port that follows an address or a host name ends.
fn after_port(bytes: &[u8], end: usize) -> usize {
    match bytes.get(end) {
        Some(b':') => digits(bytes, end + 1, 5).map_or(end, |length| end + 1 + length),
        _ => end,
    }
}

/// Where the network ends whose address stands at `start..end`, as in `10.0.0.0/8`.
fn after_prefix(text: &str, start: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes.get(end) != Some(&b'/') {
        return end;
    }
    let Some(length) = digits(bytes, end + 1, 3) else { return end };
    let whole = end + 1 + length;
    if text[start..whole].parse::<IpNet>().is_ok() { whole } else { end }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
