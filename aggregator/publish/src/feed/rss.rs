//! RSS 2.0, with the Atom elements that its profile asks for.

use super::Feed;
use crate::times;
use crate::xml::Xml;
use skerry_domain::time::Timestamp;
use std::io;

pub(super) fn render(feed: &Feed<'_>) -> io::Result<Vec<u8>> {
    let date = |at: Timestamp| times::zoned(at, &feed.zone).strftime("%a, %d %b %Y %H:%M:%S %z").to_string();
    let names = [("version", "2.0"), ("xmlns:atom", "http://www.w3.org/2005/Atom")];
    Xml::document("rss", &names, |xml| {
        xml.element("channel", &[], |xml| {
            xml.text("title", &[], &feed.title)?;
            xml.text("link", &[], &feed.home)?;
            xml.text("description", &[], feed.description)?;
            xml.text("language", &[], feed.language)?;
            xml.text("pubDate", &[], &date(feed.updated()))?;
            let own = feed.address("rss");
            xml.empty(
                "atom:link",
                &[("rel", "self"), ("type", "application/rss+xml"), ("href", own.as_str())],
            )?;
            for entry in &feed.entries {
                xml.element("item", &[], |xml| {
                    xml.text("title", &[], &entry.title)?;
                    xml.text("description", &[], &entry.html)?;
                    let (begins, ends) = entry.maintenance.unzip();
                    xml.text("pubDate", &[], &date(begins.unwrap_or(entry.published)))?;
                    if let Some(ends) = ends {
                        xml.text("maintenanceEndDate", &[], &date(ends))?;
                    }
                    xml.text("link", &[], &entry.link)?;
                    xml.text("guid", &[("isPermaLink", "false")], &entry.id)?;
                    xml.text("atom:updated", &[], &times::instant(entry.updated))
                })?;
            }
            Ok(())
        })
    })
}
