//! What each scope renders again.

use super::super::sample::{NOW, component, page};
use super::super::view::Item;
use super::*;
use skerry_domain::status::Status;
use skerry_domain::time::{MINUTE, SECOND};

/// Renders `view` after `former` and tells which paths are new bytes.
fn again(
    view: &PageView,
    scope: &Scope,
    former: &Publication,
    figures: &Figures,
) -> (Vec<String>, Publication, Figures) {
    let rendered = render(view, scope, former, figures, Compression::Fast).expect("a page renders");
    let fresh = |(path, output): &(String, Arc<Output>)| {
        let same = former.outputs.get(path).is_some_and(|known| Arc::ptr_eq(known, output));
        (!same).then(|| path.clone())
    };
    let mut fresh: Vec<_> = rendered.outputs.iter().filter_map(fresh).collect();
    fresh.sort();
    (fresh, former.with(rendered.outputs), rendered.figures)
}

fn two() -> PageView {
    let one = |id| Item::Component(component(id, Status::Operational));
    page(vec![one("aaaa"), one("bbbb")])
}

#[test]
fn a_heartbeat_verifies_every_page_that_can_grow_old() {
    let mut view = two();
    let (all, former, figures) = again(&view, &Scope::All, &Publication::default(), &Figures::new());
    assert!(all.contains(&"history/2026-10".to_owned()), "{all:?}");
    view.now = NOW + MINUTE;
    view.verified_at = Some(view.now);
    view.believe_until = view.now + 3 * MINUTE;
    let (fresh, ..) = again(&view, &Scope::Refresh, &former, &figures);
    let pages: Vec<_> = fresh.iter().filter(|path| !path.starts_with("api/")).map(String::as_str).collect();
    assert_eq!(pages, ["", "components/aaaa", "components/bbbb", "history", "history/2026-11", "uptime"]);
}

#[test]
fn a_figure_that_moved_moves_on_every_page_at_once() {
    let mut view = two();
    let (_, former, figures) = again(&view, &Scope::All, &Publication::default(), &Figures::new());
    view.now = NOW + SECOND;
    let scope = Scope::Components(BTreeSet::from(["aaaa".to_owned()]));
    let (fresh, ..) = again(&view, &scope, &former, &figures);
    assert!(!fresh.contains(&"components/bbbb".to_owned()), "{fresh:?}");
    if let Item::Component(other) = &mut view.items[1] {
        other.windows[0].hundredths = Some(9_392);
    }
    let (fresh, _, figures) = again(&view, &scope, &former, &figures);
    assert!(fresh.contains(&"components/bbbb".to_owned()), "{fresh:?}");
    assert_eq!(figures["bbbb"][0].hundredths, Some(9_392));
}
