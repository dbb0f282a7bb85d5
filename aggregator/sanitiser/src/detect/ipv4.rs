//! Four dotted octets. Whatever stands around them, they are taken for an address; three numbers never are.

use super::{after_port, after_prefix, is_host};
use crate::finding::{Hit, Rule};

/// Names that hold an address with hyphens for dots: `ip-10-0-0-1`.
const HYPHENATED: [&[u8]; 2] = [b"ip-", b"ec2-"];

pub(super) fn find(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let dotted = run(bytes, at, b'.');
        if dotted.holds_address {
            let end = after_port(bytes, after_prefix(text, at, dotted.end));
            hits.push(Hit::new(at..end, Rule::Ipv4Address));
            at = end;
            continue;
        }
        if let Some(start) = HYPHENATED.iter().find_map(|before| prefixed(bytes, at, before)) {
            let hyphenated = run(bytes, at, b'-');
            if hyphenated.holds_address {
                let rest = bytes[hyphenated.end..].iter().take_while(|one| is_host(**one)).count();
                hits.push(Hit::new(start..hyphenated.end + rest, Rule::Ipv4Address));
                at = hyphenated.end + rest;
                continue;
            }
        }
        at = dotted.end;
    }
}

fn prefixed(bytes: &[u8], at: usize, before: &[u8]) -> Option<usize> {
    let start = at.checked_sub(before.len())?;
    bytes[start..at].eq_ignore_ascii_case(before).then_some(start)
}

struct Run {
    end: usize,
    /// Four octets follow one another in it.
    holds_address: bool,
}

/// The numbers from `at` on, separated by single `separator`s.
fn run(bytes: &[u8], at: usize, separator: u8) -> Run {
    let (mut start, mut octets, mut holds_address) = (at, 0, false);
    loop {
        let end = number(bytes, start);
        octets = if is_octet(&bytes[start..end]) { octets + 1 } else { 0 };
        holds_address |= octets >= 4;
        let goes_on =
            bytes.get(end) == Some(&separator) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on {
            return Run { end, holds_address };
        }
        start = end + 1;
    }
}

/// Where the number at `at` ends, decimal or hexadecimal.
fn number(bytes: &[u8], at: usize) -> usize {
    let hexadecimal = bytes[at] == b'0' && matches!(bytes.get(at + 1), Some(b'x' | b'X'));
    if hexadecimal {
        let digits = bytes[at + 2..].iter().take_while(|one| one.is_ascii_hexdigit()).count();
        if digits > 0 {
            return at + 2 + digits;
        }
    }
    at + bytes[at..].iter().take_while(|one| one.is_ascii_digit()).count()
}

/// Whether a number is 255 at most as some reader of addresses takes it: decimal, octal or hexadecimal.
fn is_octet(number: &[u8]) -> bool {
    let (digits, radixes): (&[u8], &[u32]) = match number {
        [b'0', b'x' | b'X', digits @ ..] => (digits, &[16]),
        [b'0', digits @ ..] => (digits, &[10, 8]),
        digits => (digits, &[10]),
    };
    let leading = digits.iter().take_while(|one| **one == b'0').count();
    let digits = std::str::from_utf8(&digits[leading..]).unwrap_or_default();
    let fits = |radix: &u32| u32::from_str_radix(digits, *radix).is_ok_and(|value| value <= 255);
    digits.is_empty() || (digits.len() <= 3 && radixes.iter().any(fits))
}
