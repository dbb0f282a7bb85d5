//! The outputs that each scope renders.

use super::super::sample::{NOW, component, page};
use super::super::view::Item;
use super::*;
use skerry_domain::status::Status;
use skerry_domain::time::{MINUTE, SECOND};

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
    let scope = Scope::Components(BTreeSet::from(["aaaa".to_owned()]));
    let (changed, ..) = rerender(&view, &scope, &former, &figures);
    assert!(!changed.contains(&"components/bbbb".to_owned()), "{changed:?}");
    if let Item::Component(other) = &mut view.items[1] {
        other.windows[0].hundredths = Some(9_392);
    }
    let (changed, _, figures) = rerender(&view, &scope, &former, &figures);
    assert!(changed.contains(&"components/bbbb".to_owned()), "{changed:?}");
    assert_eq!(figures["bbbb"][0].hundredths, Some(9_392));
}
