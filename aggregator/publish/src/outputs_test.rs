//! The outputs that each scope renders.

use super::super::sample::{NOW, component, incident, maintenance, page, resolved};
use super::super::view::{AnnouncementView, IncidentText, Item};
use super::*;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};

/// Renders `view` after `former`. Returns the paths whose bytes changed first.
fn rerender(
    view: &PageView,
    scope: &Scope,
    former: &Publication,
    figures: &Figures,
) -> (Vec<String>, Publication, Figures) {
    let rendered = render(view, scope, former, figures, Compression::Fast).expect("a page renders");
    let changed = |(path, output): &(String, Arc<Output>)| {
        let same = former.outputs.get(path).is_some_and(|known| Arc::ptr_eq(known, output));
        (!same).then(|| path.clone())
    };
    let mut changed: Vec<_> = rendered.outputs.iter().filter_map(changed).collect();
    changed.sort();
    let mut next = former.with(rendered.outputs);
    if scope.is_whole() {
        next = next.retaining(|path| rendered.paths.contains(path));
    }
    next.versions = rendered.versions;
    (changed, next, rendered.figures)
}

fn two_components() -> PageView {
    let one = |id| Item::Component(component(id, Status::Operational));
    page(vec![one("aaaa"), one("bbbb")])
}

#[test]
fn a_refresh_renders_every_page_that_can_become_stale() {
    let mut view = two_components();
    let (all, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    assert!(!all.contains(&"history/2026-10".to_owned()), "it is in the archive: {all:?}");
    view.now = NOW + MINUTE;
    view.verified_at = Some(view.now);
    view.believe_until = view.now + 3 * MINUTE;
    let (changed, ..) = rerender(&view, &Scope::Refresh, &former, &figures);
    let pages: Vec<_> = changed.iter().filter(|path| !path.starts_with("api/")).map(String::as_str).collect();
    assert_eq!(
        pages,
        [
            "",
            "components/aaaa",
            "components/bbbb",
            "history",
            "history/2026-11",
            "uptime",
            "uptime/2026-11",
            "widget.html"
        ]
    );
}

#[test]
fn a_changed_figure_is_rendered_on_every_page_that_shows_it() {
    let mut view = two_components();
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.now = NOW + SECOND;
    let scope =
        Scope::Changed(Changed { components: BTreeSet::from(["aaaa".to_owned()]), ..Changed::default() });
    let (changed, ..) = rerender(&view, &scope, &former, &figures);
    assert!(!changed.contains(&"components/bbbb".to_owned()), "{changed:?}");
    if let Item::Component(other) = &mut view.items[1] {
        other.windows[0].hundredths = Some(9_392);
    }
    let (changed, _, figures) = rerender(&view, &scope, &former, &figures);
    assert!(changed.contains(&"components/bbbb".to_owned()), "{changed:?}");
    assert_eq!(figures["bbbb"][0].hundredths, Some(9_392));
}

fn of_incidents(ids: &[&str]) -> Scope {
    let incidents = ids.iter().map(|id| (*id).to_owned()).collect();
    Scope::Changed(Changed { announced: incidents, ..Changed::default() })
}

#[test]
fn a_changed_incident_is_rendered_wherever_it_is_shown() {
    let mut view = two_components();
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.now = NOW + SECOND;
    view.incidents = vec![incident()];
    let scope = of_incidents(&["incident0001"]);
    let (changed, former, figures) = rerender(&view, &scope, &former, &figures);
    for path in
        ["", "api/v2/incidents.json", "api/v2/incidents/unresolved.json", "history", "history/2026-11"]
    {
        assert!(changed.contains(&path.to_owned()), "{path}: {changed:?}");
    }
    assert_eq!(former.outputs["incidents/incident0001"].cache, CacheClass::Live);
    assert!(!changed.contains(&"history/2026-10".to_owned()), "{changed:?}");
    view.incidents = vec![resolved(0)];
    let (_, former, figures) = rerender(&view, &scope, &former, &figures);
    let closed = &former.outputs["incidents/incident0001"];
    assert_eq!(closed.cache, CacheClass::Closed);
    view.now = NOW + MINUTE;
    for scope in [Scope::Refresh, Scope::Quarter] {
        let (changed, later, _) = rerender(&view, &scope, &former, &figures);
        assert!(!changed.contains(&"incidents/incident0001".to_owned()), "{changed:?}");
        assert!(Arc::ptr_eq(&later.outputs["incidents/incident0001"], closed), "it is not rendered again");
    }
}

#[test]
fn what_has_been_over_for_some_days_goes_to_the_archive_with_the_date_of_its_last_change() {
    let mut view = two_components();
    view.incidents = vec![resolved(0)];
    let own = "incidents/incident0001";
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    let since = former.versions.date("history/2026-10");
    view.now = NOW + HOUR;
    view.incidents[0].title = IncidentText::Automatic("Another title".to_owned());
    let (_, former, figures) = rerender(&view, &of_incidents(&["incident0001"]), &former, &figures);
    let changed = former.outputs[own].last_modified;
    assert!(changed > since);
    // Nothing changes it any more, so its last date stays.
    view.now = NOW + 9 * DAY;
    let (_, former, figures) = rerender(&view, &Scope::Quarter, &former, &figures);
    assert!(!former.outputs.contains_key(own));
    assert_eq!(former.versions.date(own), changed);
    // November is over for eight days, and nothing of it lasts.
    view.now = NOW + 19 * DAY;
    let (_, former, figures) = rerender(&view, &Scope::Quarter, &former, &figures);
    assert!(
        !former.outputs.contains_key("history/2026-11") && former.outputs.contains_key("history/2026-12")
    );
    assert!(former.versions.date("history/2026-11") > since);
    assert_eq!(former.versions.date("history/2026-09"), since, "it never changed");
    // A change beyond what is rendered ahead: every page of the archive is a new version.
    let before = former.versions.clone();
    let (_, former, figures) = rerender(&view, &Scope::All, &former, &figures);
    for path in [own, "history/2026-09", "history/2026-11"] {
        assert!(former.versions.date(path) > before.date(path), "{path}");
    }
    // It is open again: it is rendered ahead, as a version of its own.
    view.incidents[0].resolved_at = None;
    let (_, former, _) = rerender(&view, &of_incidents(&["incident0001"]), &former, &figures);
    for path in [own, "history/2026-11"] {
        assert!(former.outputs[path].last_modified > former.versions.date(path), "{path}");
    }
}

#[test]
fn a_page_that_search_engines_should_not_list_says_so_to_those_who_read_it() {
    let mut view = two_components();
    view.incidents = vec![incident()];
    let text = |output: &Arc<Output>| String::from_utf8(output.identity.bytes.to_vec()).expect("text");
    let asks = |output: &Arc<Output>| text(output).contains("<meta name=robots content=noindex>");
    let (_, listed, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    assert!(listed.outputs.contains_key("sitemap.xml"));
    assert!(text(&listed.outputs["robots.txt"]).contains("Sitemap: https://status.example.com/sitemap.xml"));
    view.noindex = true;
    let (_, asking, _) = rerender(&view, &Scope::All, &listed, &figures);
    assert!(!asking.outputs.contains_key("sitemap.xml"), "it names nothing for search engines");
    let robots = text(&asking.outputs["robots.txt"]);
    assert!(!robots.contains("Sitemap"), "{robots}");
    // What a crawler may not read cannot ask it anything.
    let disallowed: Vec<_> = robots.lines().filter(|line| line.starts_with("Disallow")).collect();
    assert_eq!(disallowed, ["Disallow: /api/", "Disallow: /status/*/api/"]);
    for (publication, expected) in [(&listed, false), (&asking, true)] {
        let pages = publication
            .outputs
            .iter()
            .filter(|(path, output)| output.content_type == HTML && *path != "widget.html");
        for (path, output) in pages {
            assert_eq!(asks(output), expected, "{path}");
        }
    }
}

#[test]
fn a_change_of_what_is_announced_is_in_the_feeds_of_all_it_concerned() {
    let mut view = two_components();
    view.incidents = vec![incident()];
    view.incidents[0].components[0].id = "aaaa".to_owned();
    view.maintenance = vec![maintenance(MaintenanceStatus::Scheduled, 60)];
    view.maintenance[0].components[0].id = "bbbb".to_owned();
    let (all, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    for path in [
        "history.rss",
        "history.atom",
        "feed.xml",
        "calendar.ics",
        "maintenance/maintenance1/calendar.ics",
        "components/aaaa/feed.json",
        "robots.txt",
    ] {
        assert!(all.contains(&path.to_owned()), "{path}: {all:?}");
    }
    view.now = NOW + MINUTE;
    for scope in [Scope::Refresh, Scope::Quarter, Scope::All] {
        let (changed, ..) = rerender(&view, &scope, &former, &figures);
        let stable = |path: &&String| {
            [".rss", ".atom", "feed.json", ".ics", ".xml", ".txt"].iter().any(|end| path.ends_with(end))
        };
        assert_eq!(changed.iter().find(stable), None, "nothing was announced");
    }
    // The window concerns another component from now on: nobody else is told to render this one.
    view.maintenance[0].components[0].id = "aaaa".to_owned();
    let (changed, ..) = rerender(&view, &of_incidents(&["maintenance1"]), &former, &figures);
    for path in ["components/bbbb/calendar.ics", "components/aaaa/calendar.ics", "components/bbbb/feed.atom"]
    {
        assert!(changed.contains(&path.to_owned()), "{path}: {changed:?}");
    }
    assert!(!changed.contains(&"components/aaaa".to_owned()), "{changed:?}");
}

#[test]
fn an_open_incident_is_refreshed_and_a_deleted_one_is_not_kept() {
    let mut view = two_components();
    view.incidents = vec![incident()];
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.now = NOW + MINUTE;
    view.verified_at = Some(view.now);
    let (changed, ..) = rerender(&view, &Scope::Refresh, &former, &figures);
    assert!(changed.contains(&"incidents/incident0001".to_owned()), "{changed:?}");
    view.incidents.clear();
    let rendered = render(&view, &Scope::All, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(!rendered.paths.contains("incidents/incident0001"));
}

#[test]
fn changed_maintenance_is_rendered_wherever_it_is_shown_and_rests_once_it_is_over() {
    let mut view = two_components();
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.now = NOW + SECOND;
    view.maintenance = vec![maintenance(MaintenanceStatus::InProgress, -15)];
    let scope = of_incidents(&["maintenance1"]);
    let (changed, former, figures) = rerender(&view, &scope, &former, &figures);
    for path in [
        "",
        "api/v2/scheduled-maintenances.json",
        "api/v2/scheduled-maintenances/active.json",
        "api/v2/summary.json",
        "history",
        "history/2026-11",
    ] {
        assert!(changed.contains(&path.to_owned()), "{path}: {changed:?}");
    }
    assert!(!changed.contains(&"history/2026-10".to_owned()), "{changed:?}");
    let own = "maintenance/maintenance1".to_owned();
    assert_eq!(former.outputs[&own].cache, CacheClass::Live);
    (view.now, view.verified_at) = (NOW + MINUTE, Some(NOW + MINUTE));
    let (changed, former, figures) = rerender(&view, &Scope::Refresh, &former, &figures);
    assert!(changed.contains(&own), "{changed:?}");
    view.maintenance = vec![maintenance(MaintenanceStatus::Completed, -15)];
    let (_, former, figures) = rerender(&view, &scope, &former, &figures);
    assert_eq!(former.outputs[&own].cache, CacheClass::Closed);
    view.now = NOW + 2 * MINUTE;
    let rendered =
        render(&view, &Scope::Refresh, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(rendered.outputs.iter().all(|(path, _)| *path != own), "it is not rendered again");
    // Late data may change what it says for some days.
    view.now = NOW + 9 * DAY;
    let rendered =
        render(&view, &Scope::Quarter, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(!rendered.paths.contains(&own), "it is in the archive");
    assert_eq!(rendered.versions.date(&own), former.outputs[&own].last_modified);
}

#[test]
fn an_announcement_is_on_the_index_in_the_feeds_and_on_its_page_and_nowhere_else() {
    let mut view = two_components();
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    let public = |text| crate::sample::public_text(text, skerry_sanitiser::Form::Plain);
    view.announcements = vec![AnnouncementView {
        id: "notice000001".to_owned(),
        title: public("New addresses"),
        body: public("Both answer."),
        level: skerry_domain::announcement::AnnouncementLevel::Information,
        from: NOW,
        to: None,
        ended_at: None,
        edited_at: None,
    }];
    let scope = of_incidents(&["notice000001"]);
    let (changed, former, figures) = rerender(&view, &scope, &former, &figures);
    let own = "announcements/notice000001".to_owned();
    let feeds = ["feed.atom", "feed.json", "feed.rss", "feed.xml", "sitemap.xml"];
    let mut shown = vec![String::new(), own.clone()];
    shown.extend(feeds.map(str::to_owned));
    assert_eq!(changed, shown);
    assert_eq!(former.outputs[&own].cache, CacheClass::Live);
    view.announcements[0].ended_at = Some(NOW);
    let (changed, former, figures) = rerender(&view, &scope, &former, &figures);
    assert_eq!(changed, [String::new(), own.clone(), "sitemap.xml".to_owned()]);
    assert_eq!(former.outputs[&own].cache, CacheClass::Closed);
    let rendered =
        render(&view, &Scope::Quarter, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(rendered.paths.contains(&own), "it stays");
    view.announcements.clear();
    let rendered = render(&view, &Scope::All, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(!rendered.paths.contains(&own), "it is no longer kept");
}
