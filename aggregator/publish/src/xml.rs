//! XML 1.0 documents in memory, and the only importer of quick-xml. Every document is well-formed, whatever its texts are.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::borrow::Cow;
use std::io;

/// Attributes of an element: names and values.
pub(crate) type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A document that is being written.
pub(crate) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// Writes a document: its root element with what `content` writes.
    pub(crate) fn document(
        root: &str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<Vec<u8>> {
        let mut xml = Self { writer: Writer::new(Vec::new()) };
        xml.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.element(root, attributes, content)?;
        Ok(xml.writer.into_inner())
    }

    /// Writes an element with what `content` writes.
    pub(crate) fn element(
        &mut self,
        name: &str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.writer.write_event(Event::Start(start(name, attributes)))?;
        content(self)?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// Writes an element with a text.
    pub(crate) fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) -> io::Result<()> {
        self.element(name, attributes, |xml| {
            xml.writer.write_event(Event::Text(BytesText::new(&legal(text))))
        })
    }

    /// Writes an element without content.
    pub(crate) fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.writer.write_event(Event::Empty(start(name, attributes)))
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, &*legal(value)));
    }
    start
}

/// The text without the characters that XML forbids even as references (XML 1.0 §2.2). A carriage return would be read
/// as a line feed (§2.11), so it is one.
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    let is_legal = |one: char| matches!(one, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{1_0000}'..='\u{10_ffff}');
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(lines.chars().filter(|one| is_legal(*one)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_left_out_and_the_rest_stays() {
        for (text, kept) in [
            ("plain", "plain"),
            ("a\u{0}b\u{8}c\u{b}d\u{1f}e", "abcde"),
            ("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
            ("\u{fffe}\u{ffff}\u{fffd}\u{7f}\u{85}", "\u{fffd}\u{7f}\u{85}"),
            ("\u{1f6a8}<&>\"'", "\u{1f6a8}<&>\"'"),
        ] {
            assert_eq!(legal(text), kept);
        }
    }

    #[test]
    fn texts_and_attributes_are_escaped() {
        let document = Xml::document("a", &[("b", "\"<&\u{1}")], |xml| {
            xml.text("c", &[], "<script>&amp;]]>")?;
            xml.empty("d", &[])
        });
        let document = String::from_utf8(document.expect("written")).expect("UTF-8");
        assert_eq!(
            document,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a b=\"&quot;&lt;&amp;\">\
             <c>&lt;script&gt;&amp;amp;]]&gt;</c><d/></a>"
        );
    }
}
