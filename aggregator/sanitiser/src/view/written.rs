//! What a sequence of characters in a source stands for.

use super::Decoding;

/// The longest character reference, label or tag that is looked at, bytes: the time for each is bounded.
const LONGEST_REFERENCE: usize = 33;
const LONGEST_LABEL: usize = 63;
const LONGEST_TAG: usize = 256;
/// How often an encoded percent sign is decoded again.
const ENCODED_AGAIN: usize = 3;

/// What stands for a sequence.
pub(super) enum Written {
    Nothing,
    One(char),
    Many(String),
}

/// What is written at `at`, and in how many bytes. `None`: the character itself.
pub(super) fn written(source: &str, at: usize, decoding: Decoding) -> Option<(Written, usize)> {
    let bytes = &source.as_bytes()[at..];
    let addresses = decoding != Decoding::Defanged;
    let markup = decoding == Decoding::Markup;
    match bytes.first()? {
        b'[' | b'(' | b'{' => defanged(bytes).map(|(one, length)| (Written::One(one), length)),
        b'%' if addresses => percent(bytes).map(|(one, length)| (Written::One(one), length)),
        b'x' | b'X'
            if addresses && !at.checked_sub(1).is_some_and(|before| is_label(source.as_bytes()[before])) =>
        {
            label(bytes).map(|(many, length)| (Written::Many(many), length))
        }
        b'&' if markup => reference(&source[at..]),
        b'\\' if markup && bytes.get(1).is_some_and(u8::is_ascii_punctuation) => Some((Written::Nothing, 1)),
        b'*' | b'`' | b'~' if markup => Some((Written::Nothing, 1)),
        b'<' if markup => tag(bytes).map(|length| (Written::Nothing, length)),
        b'-' if markup && bytes.starts_with(b"-->") => Some((Written::Nothing, 3)),
        _ => None,
    }
}

/// `[.]`, `(.)`, `{.}`, `[dot]`, `(dot)`, `[:]`
fn defanged(bytes: &[u8]) -> Option<(char, usize)> {
    let close = match bytes.first()? {
        b'[' => b']',
        b'(' => b')',
        _ => b'}',
    };
    let inner = bytes.iter().take(5).position(|one| *one == close).map(|end| &bytes[1..end])?;
    match inner {
        b"." => Some(('.', 3)),
        b":" => Some((':', 3)),
        word if word.eq_ignore_ascii_case(b"dot") => Some(('.', 5)),
        _ => None,
    }
}

/// One character in percent-encoded UTF-8, which may be encoded again.
fn percent(bytes: &[u8]) -> Option<(char, usize)> {
    (0..=ENCODED_AGAIN).rev().find_map(|again| percent_encoded(bytes, again))
}

/// The same where each percent sign was encoded `again` so often.
fn percent_encoded(bytes: &[u8], again: usize) -> Option<(char, usize)> {
    let size = 3 + 2 * again;
    let byte = |index: usize| {
        let sign = bytes.get(size * index..size * index + size - 2)?;
        let [b'%', twenty_fives @ ..] = sign else { return None };
        if !twenty_fives.chunks(2).all(|one| one == b"25") {
            return None;
        }
        let digit = |at: usize| char::from(*bytes.get(size * index + at)?).to_digit(16);
        u8::try_from(digit(size - 2)? * 16 + digit(size - 1)?).ok()
    };
    let first = byte(0)?;
    let length = match first {
        ..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let encoded: Option<Vec<u8>> = (0..length).map(byte).collect();
    let one = std::str::from_utf8(&encoded?).ok()?.chars().next()?;
    Some((if one.is_ascii_control() { ' ' } else { one }, size * length))
}

const fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// A label in Punycode.
fn label(bytes: &[u8]) -> Option<(String, usize)> {
    if !bytes.get(..4)?.eq_ignore_ascii_case(b"xn--") {
        return None;
    }
    let length = bytes.iter().take(LONGEST_LABEL + 1).take_while(|one| is_label(**one)).count();
    if length > LONGEST_LABEL {
        return None;
    }
    let encoded = std::str::from_utf8(&bytes[4..length]).ok()?;
    Some((idna::punycode::decode_to_string(&encoded.to_ascii_lowercase())?, length))
}

/// A character reference: by number, or one of the names that addresses and names can be hidden with.
fn reference(text: &str) -> Option<(Written, usize)> {
    let end = text.bytes().take(LONGEST_REFERENCE).position(|one| one == b';')?;
    let name = text.get(1..end)?;
    let one = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        char::from_u32(code.ok()?)?
    } else {
        named(name)?
    };
    Some((Written::One(one), end + 1))
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "period" => '.',
        "colon" => ':',
        "hyphen" | "dash" => '-',
        "lowbar" | "UnderBar" => '_',
        "sol" => '/',
        "bsol" => '\\',
        "percnt" => '%',
        "commat" => '@',
        "equals" => '=',
        "plus" => '+',
        "num" => '#',
        "quest" => '?',
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "lsqb" | "lbrack" => '[',
        "rsqb" | "rbrack" => ']',
        "centerdot" | "middot" | "CenterDot" => '\u{b7}',
        "nbsp" | "NonBreakingSpace" | "Tab" | "NewLine" => ' ',
        "shy" | "zwj" | "zwnj" | "ZeroWidthSpace" | "NoBreak" | "lrm" | "rlm" | "ApplyFunction"
        | "InvisibleTimes" | "InvisibleComma" => '\u{ad}',
        _ => return None,
    })
}

/// The length of a tag, or of the mark that opens a comment.
fn tag(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"<!--") {
        // An empty comment parts nothing; what another says is scanned.
        let blank = bytes[4..].iter().take(LONGEST_TAG).take_while(|one| one.is_ascii_whitespace()).count();
        return Some(if bytes[4 + blank..].starts_with(b"-->") { 7 + blank } else { 4 });
    }
    if !bytes.get(1).is_some_and(|one| one.is_ascii_alphabetic() || *one == b'/') {
        return None;
    }
    let tag = bytes.iter().take(LONGEST_TAG).skip(1).position(|one| matches!(one, b'>' | b'<'))?;
    (bytes[tag + 1] == b'>').then_some(tag + 2)
}
