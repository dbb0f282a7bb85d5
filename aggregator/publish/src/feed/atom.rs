//! Atom (RFC 4287).

use super::Feed;
use crate::times::instant;
use crate::xml::Xml;
use std::io;

pub(super) fn render(feed: &Feed<'_>) -> io::Result<Vec<u8>> {
    let own = feed.address("atom");
    let names = [("xmlns", "http://www.w3.org/2005/Atom"), ("xml:lang", feed.language)];
    Xml::document("feed", &names, |xml| {
        xml.text("id", &[], &feed.id)?;
        link(xml, "alternate", "text/html", &feed.home)?;
        link(xml, "self", "application/atom+xml", &own)?;
        xml.text("title", &[], &feed.title)?;
        xml.text("updated", &[], &instant(feed.updated()))?;
        xml.element("author", &[], |xml| xml.text("name", &[], feed.author))?;
        for entry in &feed.entries {
            xml.element("entry", &[], |xml| {
                xml.text("id", &[], &entry.id)?;
                xml.text("published", &[], &instant(entry.published))?;
                xml.text("updated", &[], &instant(entry.updated))?;
                link(xml, "alternate", "text/html", &entry.link)?;
                xml.text("title", &[], &entry.title)?;
                xml.text("content", &[("type", "html")], &entry.html)
            })?;
        }
        Ok(())
    })
}

fn link(xml: &mut Xml, rel: &str, content_type: &str, href: &str) -> io::Result<()> {
    xml.empty("link", &[("rel", rel), ("type", content_type), ("href", href)])
}
