//! The outputs that each scope renders.

use super::super::sample::{NOW, component, incident, maintenance, page, resolved};
use super::super::view::{IncidentText, Item};
use super::*;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE, SECOND};

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
    (changed, former.with(rendered.outputs), rendered.figures)
}

fn two_components() -> PageView {
    let one = |id| Item::Component(component(id, Status::Operational));
    page(vec![one("aaaa"), one("bbbb")])
}

#[test]
fn a_refresh_renders_every_page_that_can_become_stale() {
    let mut view = two_components();
    let (all, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    assert!(all.contains(&"history/2026-10".to_owned()), "{all:?}");
    view.now = NOW + MINUTE;
    view.verified_at = Some(view.now);
    view.believe_until = view.now + 3 * MINUTE;
    let (changed, ..) = rerender(&view, &Scope::Refresh, &former, &figures);
    let pages: Vec<_> = changed.iter().filter(|path| !path.starts_with("api/")).map(String::as_str).collect();
    assert_eq!(pages, ["", "components/aaaa", "components/bbbb", "history", "history/2026-11", "uptime"]);
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
    for scope in [Scope::Refresh, Scope::Quarter(BTreeSet::new())] {
        let (changed, later, _) = rerender(&view, &scope, &former, &figures);
        assert!(!changed.contains(&"incidents/incident0001".to_owned()), "{changed:?}");
        assert!(Arc::ptr_eq(&later.outputs["incidents/incident0001"], closed), "it is not rendered again");
    }
}

#[test]
fn a_change_of_an_old_incident_is_rendered_without_the_pages_of_others() {
    let mut view = two_components();
    let mut old = [resolved(0), resolved(0)];
    for (one, id) in old.iter_mut().zip(["incident0001", "incident0002"]) {
        (one.id, one.started_at) = (id.to_owned(), NOW - 80 * DAY);
        one.resolved_at = Some(NOW - 79 * DAY);
    }
    view.incidents = old.to_vec();
    let (_, former, figures) = rerender(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.incidents[0].title = IncidentText::Automatic("Another title".to_owned());
    let scope = Scope::Quarter(BTreeSet::from(["incident0001".to_owned()]));
    let rendered = render(&view, &scope, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(rendered.paths.contains("incidents/incident0002"), "it stays");
    let incidents = rendered.outputs.iter().filter(|(path, _)| path.starts_with("incidents/"));
    assert_eq!(incidents.map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["incidents/incident0001"]);
    let (changed, ..) = rerender(&view, &scope, &former, &figures);
    for path in ["incidents/incident0001", "history/2026-09", "api/v2/incidents.json"] {
        assert!(changed.contains(&path.to_owned()), "{path}: {changed:?}");
    }
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
    // Late data may change what it says for some days.
    for (after, scope) in [(2 * MINUTE, Scope::Refresh), (9 * DAY, Scope::Quarter(BTreeSet::new()))] {
        view.now = NOW + after;
        let rendered = render(&view, &scope, &former, &figures, Compression::Fast).expect("a page renders");
        assert!(rendered.outputs.iter().all(|(path, _)| *path != own), "it is not rendered again");
        assert!(rendered.paths.contains(&own), "it stays");
    }
}

#[test]
fn an_announcement_is_on_the_index_and_its_page_and_nowhere_else() {
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
    assert_eq!(changed, [String::new(), own.clone()]);
    assert_eq!(former.outputs[&own].cache, CacheClass::Live);
    view.announcements[0].ended_at = Some(NOW);
    let (changed, former, figures) = rerender(&view, &scope, &former, &figures);
    assert_eq!(changed, [String::new(), own.clone()]);
    assert_eq!(former.outputs[&own].cache, CacheClass::Closed);
    let rendered =
        render(&view, &Scope::Refresh, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(rendered.paths.contains(&own), "it stays");
    view.announcements.clear();
    let rendered = render(&view, &Scope::All, &former, &figures, Compression::Fast).expect("a page renders");
    assert!(!rendered.paths.contains(&own), "it is no longer kept");
}
