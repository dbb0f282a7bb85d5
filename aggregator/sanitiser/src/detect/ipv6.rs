//! IPv6 addresses. Times, ratios and paths of programs have colons too, so that what stands around the groups counts.

use super::{after_port, after_prefix, is_word};
use crate::finding::{Hit, Rule};
use std::ops::Range;

/// Groups of a whole address.
const GROUPS: usize = 8;
/// The longest zone that is looked at, bytes.
const LONGEST_ZONE: usize = 64;

pub(super) fn find(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|one| is_part(**one)).count();
        for found in compressed(bytes, at, end).into_iter().chain(full(bytes, at, end)) {
            hits.push(Hit::new(whole(text, found), Rule::Ipv6Address));
        }
        at = end;
    }
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b':'
}

/// The single colon before `at`, not before `start`.
fn colon_before(bytes: &[u8], start: usize, at: usize) -> Option<usize> {
    (at > start && bytes[at - 1] == b':').then(|| at - 1)
}

/// The start of the group of 1 to 4 digits that ends at `end`, not before `start`.
fn group_before(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let length = bytes[start..end].iter().rev().take(5).take_while(|one| one.is_ascii_hexdigit()).count();
    (1..=4).contains(&length).then(|| end - length)
}

/// A group of 1 to 4 digits that begins at `start`.
fn group_after(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().take(5).take_while(|one| one.is_ascii_hexdigit()).count();
    (1..=4).contains(&length).then(|| start + length)
}

/// Addresses with `::` between `start` and `end`.
fn compressed(bytes: &[u8], start: usize, end: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = start;
    while at + 1 < end {
        if &bytes[at..at + 2] != b"::" {
            at += 1;
            continue;
        }
        let (mut first, mut left) = (at, 0);
        while left < GROUPS - 1 {
            let before = if left == 0 { Some(first) } else { colon_before(bytes, start, first) };
            let Some(group) = before.and_then(|before| group_before(bytes, start, before)) else { break };
            (first, left) = (group, left + 1);
        }
        let (mut last, mut right) = (at + 2, 0);
        while right < GROUPS - 1 {
            if right > 0 && (last >= end || bytes[last] != b':') {
                break;
            }
            let Some(group) = group_after(bytes, if right == 0 { last } else { last + 1 }) else { break };
            (last, right) = (group, right + 1);
        }
        if is_address(bytes, Compressed { first, left, right, last, colons: at }) {
            found.push(first..last);
            at = last.max(at + 2);
        } else {
            at += 1;
        }
    }
    found
}

/// Groups around `::`.
struct Compressed {
    first: usize,
    left: usize,
    colons: usize,
    right: usize,
    last: usize,
}

fn is_address(bytes: &[u8], Compressed { first, left, colons, right, last }: Compressed) -> bool {
    let joined_left = first.checked_sub(1).is_some_and(|before| is_word(bytes[before]));
    let joined_right = bytes.get(last).copied().is_some_and(is_word);
    match (joined_left, joined_right) {
        (true, true) => false,
        // A word of a program or a label is joined to it: `std::fed`, `host2001:db8::1`.
        (true, false) | (false, true) => {
            left > 0 && right > 0 && bytes[first..last].iter().any(u8::is_ascii_digit)
        }
        (false, false) if right == 0 => {
            // "Step 1::" is no address, `fe80::` and `a::/16` are.
            left > 1 || (left == 1 && (colons - first >= 3 || bytes.get(last) == Some(&b'/')))
        }
        (false, false) => true,
    }
}

/// Addresses whose groups are all written between `start` and `end`; the last two may be an IPv4 address.
fn full(bytes: &[u8], start: usize, end: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = start;
    while at < end {
        let Some(mut last) = group_after(bytes, at) else {
            at += bytes[at..end].iter().take_while(|one| **one != b':').count().max(1);
            continue;
        };
        let (mut groups, mut longest) = (1, last - at);
        while last < end && bytes[last] == b':' {
            let Some(group) = group_after(bytes, last + 1) else { break };
            longest = longest.max(group - last - 1);
            (last, groups) = (group, groups + 1);
        }
        let has_ipv4 = groups == GROUPS - 1 && bytes.get(last) == Some(&b'.');
        // More groups are a fingerprint, if all are as short as its bytes.
        if groups == GROUPS || has_ipv4 || (groups > GROUPS && longest > 2) {
            found.push(at..last);
        }
        at = last.max(at + 1);
    }
    found
}

/// The address with what belongs to it: the IPv4 address at its end, the zone, the prefix, brackets and port.
fn whole(text: &str, at: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let (mut start, mut end) = (at.start, at.end);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        let dotted = bytes[end..].iter().take_while(|one| one.is_ascii_digit() || **one == b'.').count();
        let points = bytes[..end + dotted].iter().rev().take_while(|one| **one == b'.').count();
        end += dotted - points;
    }
    if bytes.get(end) == Some(&b'%') {
        let zone = bytes[end + 1..].iter().take(LONGEST_ZONE);
        end += 1 + zone.take_while(|one| is_word(**one) || **one == b'-').count();
    }
    end = after_prefix(text, start, end);
    let bracketed = start > 0 && bytes[start - 1] == b'[' && bytes.get(end) == Some(&b']');
    if bracketed {
        let after = after_port(bytes, end + 1);
        if after > end + 1 {
            (start, end) = (start - 1, after);
        }
    }
    start..end
}
