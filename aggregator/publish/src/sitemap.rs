//! `sitemap.xml`: the pages that search engines should know, by their addresses (<https://www.sitemaps.org/protocol.html>).
//! What is over is found through the months.

use crate::html;
use crate::overall_status::components;
use crate::view::PageView;
use crate::xml::Xml;
use std::io;

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

/// Renders the file.
pub(crate) fn render(view: &PageView) -> io::Result<Vec<u8>> {
    let fixed = ["", "uptime", "history"].map(str::to_owned);
    let months = html::months(view).into_iter().rev().map(html::path_of);
    let components = components(view).map(|one| format!("components/{}", one.id));
    let incidents = view.incidents.iter().filter(|one| one.is_open());
    let incidents = incidents.map(|one| format!("incidents/{}", one.id));
    let maintenance = view.maintenance.iter().filter(|one| one.is_open());
    let maintenance = maintenance.map(|one| format!("maintenance/{}", one.id));
    let announcements = view.announcements.iter().filter(|one| one.is_shown());
    let announcements = announcements.map(|one| format!("announcements/{}", one.id));
    let open = incidents.chain(maintenance).chain(announcements);
    let mut paths = fixed.into_iter().chain(open).chain(components).chain(months);
    Xml::document("urlset", &[("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")], |xml| {
        paths.try_for_each(|path| {
            xml.element("url", &[], |xml| xml.text("loc", &[], &format!("{}/{path}", view.url)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{component, incident, maintenance, page, resolved};
    use crate::view::Item;
    use skerry_domain::maintenance::MaintenanceStatus;
    use skerry_domain::status::Status;

    #[test]
    fn it_lists_what_is_open_and_every_month_by_its_full_address() {
        let mut view = page(vec![Item::Component(component("aaa", Status::Operational))]);
        view.incidents = vec![incident(), resolved(5)];
        view.incidents[1].id = "over00000001".to_owned();
        view.maintenance = vec![maintenance(MaintenanceStatus::Scheduled, 30)];
        let file = String::from_utf8(render(&view).expect("written")).expect("UTF-8");
        let found: Vec<_> = file
            .split("<loc>https://status.example.com/")
            .skip(1)
            .filter_map(|rest| rest.split("</loc>").next())
            .collect();
        let expected = [
            "",
            "uptime",
            "history",
            "incidents/incident0001",
            "maintenance/maintenance1",
            "components/aaa",
            "history/2026-11",
            "history/2026-10",
            "history/2026-09",
            "history/2026-08",
        ];
        assert_eq!(found, expected, "{file}");
    }
}
