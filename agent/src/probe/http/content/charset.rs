//! Decodes bytes to text as browsers do: a byte order mark takes precedence, then the charset in the header,
//! then the one that the document declares near its beginning. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use http::{HeaderMap, header};

/// A document declares its charset within this many bytes.
const PRESCANNED: usize = 1024;

/// A body as text.
pub(in crate::probe::http) struct Text<'a> {
    text: Cow<'a, str>,
    /// The body as Windows-1252, if no charset is declared and it is not UTF-8; old pages mean that.
    guessed: Option<Cow<'a, str>>,
}

impl<'a> Text<'a> {
    pub(in crate::probe::http) fn of(headers: &HeaderMap, bytes: &'a [u8]) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let kind = kind.as_deref().unwrap_or_default();
        let said = in_head(kind).or_else(|| in_document(kind, bytes));
        // A byte order mark takes precedence and is not part of the text.
        let (text, encoding, malformed) = said.unwrap_or(UTF_8).decode(bytes);
        let guess = malformed && said.is_none() && encoding == UTF_8 && Encoding::for_bom(bytes).is_none();
        let guessed = guess.then(|| WINDOWS_1252.decode_without_bom_handling(bytes).0);
        Self { text, guessed }
    }

    /// The text.
    pub(in crate::probe::http) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `holds` is true for the text.
    pub(in crate::probe::http) fn is(&self, holds: impl Fn(&str) -> bool) -> bool {
        holds(&self.text) || self.guessed.as_deref().is_some_and(holds)
    }
}

/// The charset in a `Content-Type`.
fn in_head(kind: &str) -> Option<&'static Encoding> {
    kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| Encoding::for_label(value.as_bytes())).flatten()
    })
}

/// The charset that a document of this type declares near its beginning.
fn in_document(kind: &str, bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(PRESCANNED)];
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_markup = essence.is_empty() || essence.ends_with("html") || essence.ends_with("xml");
    if !is_markup {
        return None;
    }
    let said = xml_declaration(start).or_else(|| meta(start))?;
    // A document whose declaration is readable as ASCII is not UTF-16, whatever it declares.
    Some(if said == UTF_16BE || said == UTF_16LE { UTF_8 } else { said })
}

/// `<?xml version="1.0" encoding="…"?>`
fn xml_declaration(start: &[u8]) -> Option<&'static Encoding> {
    let declaration = start.strip_prefix(b"<?xml")?.split(|byte| *byte == b'>').next()?;
    attributes(declaration)
        .find_map(|(name, value)| (name == b"encoding").then(|| Encoding::for_label(&value)).flatten())
}

/// The first `<meta>` that declares a charset, outside of comments.
fn meta(start: &[u8]) -> Option<&'static Encoding> {
    let mut rest = start;
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            let end = comment.windows(3).position(|three| three == b"-->")?;
            rest = &comment[end + 3..];
            continue;
        }
        let is_meta = rest.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"<meta"));
        if is_meta
            && rest.get(5).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
            && let Some(found) = named_by(&rest[5..])
        {
            return Some(found);
        }
        rest = &rest[1..];
    }
    None
}

/// The charset in the attributes of one `<meta>`.
fn named_by(tag: &[u8]) -> Option<&'static Encoding> {
    let (mut charset, mut content, mut is_type) = (None, None, false);
    for (name, value) in attributes(tag) {
        match name.as_slice() {
            b"charset" => charset = charset.or_else(|| Encoding::for_label(&value)),
            b"http-equiv" => is_type |= value.eq_ignore_ascii_case(b"content-type"),
            b"content" => content = content.or_else(|| in_content(&String::from_utf8_lossy(&value))),
            _ => {}
        }
    }
    charset.or(content.filter(|_| is_type))
}

/// `text/html; charset=…`, with optional blanks.
fn in_content(content: &str) -> Option<&'static Encoding> {
    let lower = content.to_ascii_lowercase();
    let (_, after) = lower.split_once("charset")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(['"', '\'', ';', ' ']).unwrap_or(value.len());
    Encoding::for_label(&value.as_bytes()[..end])
}

/// The attributes of a tag up to its end: lower-case names, values without quotes.
fn attributes(tag: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?');
        rest = &rest[rest.iter().position(|byte| !blank(byte))?..];
        if rest.first() == Some(&b'>') {
            return None;
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/');
        let end = rest.iter().skip(1).position(ends).map_or(rest.len(), |end| end + 1);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_ascii_start();
        let Some(after) = rest.strip_prefix(b"=") else { return Some((name, Vec::new())) };
        rest = after.trim_ascii_start();
        let value = match rest {
            [quote @ (b'"' | b'\''), quoted @ ..] => {
                let end = quoted.iter().position(|byte| byte == quote).unwrap_or(quoted.len());
                rest = quoted.get(end + 1..).unwrap_or_default();
                &quoted[..end]
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                let (value, after) = rest.split_at(end);
                rest = after;
                value
            }
        };
        Some((name, value.to_vec()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(kind: Option<&str>, bytes: &[u8], wanted: &str) -> bool {
        let headers =
            kind.iter().map(|kind| (header::CONTENT_TYPE, kind.parse().expect("a value"))).collect();
        Text::of(&headers, bytes).is(|text| text.contains(wanted))
    }

    #[test]
    fn a_charset_is_found_where_it_is_named() {
        let html = Some("text/html");
        for (kind, bytes) in [
            (Some("text/plain"), "état".as_bytes()),
            (Some("text/plain; charset=ISO-8859-1"), b"\xe9tat"),
            (Some("text/plain;Charset=\"latin1\""), b"\xe9tat"),
            (Some("text/html; charset=utf-8"), "état".as_bytes()),
            (Some("text/html; charset=utf8"), "<meta charset=latin1>état".as_bytes()),
            (Some("text/html; charset=iso-8859-1"), "\u{feff}état".as_bytes()),
            (Some("text/plain; charset=nonsense"), "état".as_bytes()),
            (Some("text/plain; charset=utf-16le"), b"\xe9\0t\0a\0t\0"),
            (None, b"\xff\xfe\xe9\0t\0a\0t\0"),
            (html, b"\xfe\xff\0\xe9\0t\0a\0t"),
            (html, b"<html><head><meta charset=\"iso-8859-1\"></head>\xe9tat"),
            (html, b"<META CHARSET = windows-1252 />\xe9tat"),
            (html, b"<meta name=a content='x'><meta http-equiv=\"Content-Type\" content=\"text/html; charset=latin1\">\xe9tat"),
            (html, b"<meta content='text/html;charset=latin1' http-equiv=content-type>\xe9tat"),
            (html, "<!-- <meta charset=latin1> --><meta charset=utf-8>état".as_bytes()),
            (html, "<meta charset=utf-16>état".as_bytes()),
            (None, b"<meta charset=latin1>\xe9tat"),
            (Some("application/xhtml+xml"), b"<?xml version='1.0' encoding='iso-8859-1'?><p>\xe9tat</p>"),
            (Some("application/rss+xml"), b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss>\xe9tat</rss>"),
        ] {
            assert!(says(kind, bytes, "état"), "{kind:?} {}", bytes.escape_ascii());
        }
        assert!(says(Some("text/plain; charset=shift_jis"), b"\x90\xb3\x8f\xed", "正常"));
        assert!(says(Some("text/plain; charset=gb2312"), b"\xd5\xfd\xb3\xa3", "正常"));
        assert!(
            says(Some("text/plain; charset=iso-8859-1"), b"10 \x80", "10 €"),
            "as browsers take that label"
        );
    }

    #[test]
    fn what_nobody_names_is_utf_8_or_what_old_pages_mean() {
        assert!(says(Some("text/plain"), b"\xe9tat", "état"));
        assert!(says(Some("text/plain"), b"\xc3\xa9tat, and one bad byte: \xe9", "état"));
        assert!(!says(Some("text/plain; charset=utf-8"), b"\xe9tat", "état"), "it was said that it is UTF-8");
        assert!(!says(Some("text/plain"), b"<meta charset=utf-7>\xc3tat", "état"));
        assert!(says(Some("text/plain"), b"<meta charset=iso-8859-5> \xc3\xa9tat", "état"), "no markup");
    }

    #[test]
    fn a_mark_is_no_part_of_the_text() {
        for bytes in [&b"\xef\xbb\xbf{}"[..], b"\xff\xfe{\0}\0", b"\xfe\xff\0{\0}", b"{}"] {
            assert_eq!(Text::of(&HeaderMap::new(), bytes).as_str(), "{}");
        }
    }

    #[test]
    fn a_document_names_it_at_its_beginning_only() {
        let far =
            [" ".repeat(PRESCANNED).into_bytes(), b"<meta charset=iso-8859-5>\xe9tat".to_vec()].concat();
        assert!(says(Some("text/html"), &far, "état"));
        for cut in [
            "<meta",
            "<meta charset",
            "<meta charset=",
            "<meta charset='lat",
            "<!-- ",
            "<?xml ",
            "<",
            "<meta a=b",
        ] {
            assert!(says(Some("text/html"), cut.as_bytes(), cut), "{cut}");
        }
    }
}
