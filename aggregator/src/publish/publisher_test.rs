//! When a page is rendered, and what of it.

use super::super::addresses::Wanted;
use super::super::outputs::Scope;
use super::super::view::Place;
use super::*;
use skerry_domain::state::PageKey;
use skerry_domain::time::{DAY, HOUR, Timestamp};

const PAGE: WorkspacePage = (WorkspaceKey(1), PageKey(1));
const NOW: Timestamp = Timestamp(1_795_191_301_000);

/// A page that was last refreshed `refreshed` ago.
fn page(refreshed: Duration) -> Option<Page> {
    let now = Instant::now();
    let mut page = Page::unpublished(PAGE.into(), 1);
    page.quarter = NOW.0.div_euclid(HOUR / 4);
    page.refreshed = now.checked_sub(refreshed)?;
    Some(page)
}

#[test]
fn a_page_that_moves_is_rendered_before_it_is_served_there() {
    let set_address = |page: &mut Page, root: bool, url: &str| {
        let (key, slug, domain, listed) = (PAGE.into(), "shop".to_owned(), None, None);
        page.set_address(
            Wanted { key, slug, root, domain, listed, restricted: None, noindex: false, preview: None },
            Vec::new(),
            Place::at(url),
        );
    };
    let mut page = Page::unpublished(PAGE.into(), 1);
    page.quarter = NOW.0.div_euclid(HOUR / 4);
    for (root, url) in [(true, "https://x"), (false, "https://x/status/shop"), (true, "https://x")] {
        set_address(&mut page, root, url);
        assert!(matches!(page.due(NOW, 1), Some(Scope::All)), "{url}");
        // It has just been rendered.
        page.not_before = Some(Instant::now() + MIN_INTERVAL);
        set_address(&mut page, root, url);
        assert!(page.due(NOW, 1).is_none(), "it did not move");
    }
}

#[test]
fn continuous_changes_do_not_prevent_a_refresh() {
    // A machine that has just booted has no instants so far back.
    let (Some(mut fresh), Some(mut due)) = (page(Duration::from_secs(2)), page(REFRESH_EVERY)) else {
        return;
    };
    for page in [&mut fresh, &mut due] {
        page.mark_component("aaaa".to_owned());
    }
    assert!(matches!(fresh.due(NOW, 1), Some(Scope::Changed(_))));
    assert!(matches!(due.due(NOW, 1), Some(Scope::Refresh)), "unchanged outputs are refreshed, too");
    let Some(mut midnight) = page(REFRESH_EVERY) else { return };
    midnight.quarter -= 1;
    midnight.mark_component("aaaa".to_owned());
    assert!(
        matches!(midnight.due(NOW, 1), Some(Scope::Quarter)),
        "a month that ended does not wait for a pause in the changes"
    );
    let Some(mut quiet) = page(REFRESH_EVERY) else { return };
    assert!(matches!(quiet.due(NOW, 1), Some(Scope::Refresh)));
}

#[test]
fn a_changed_incident_is_rendered_with_as_much_of_the_past_as_shows_it() {
    let (Some(mut recent), Some(mut old)) = (page(Duration::from_secs(2)), page(Duration::from_secs(2)))
    else {
        return;
    };
    recent.mark_announced("aaaa".to_owned(), (NOW - 30 * DAY, None), NOW);
    let scope = recent.due(NOW, 1);
    assert!(matches!(&scope, Some(Scope::Changed(these)) if these.announced.contains("aaaa")), "{scope:?}");
    // Its page, or a month in which it is listed, is in the archive.
    for times in [(NOW - 200 * DAY, None), (NOW - 30 * DAY, Some(NOW - 20 * DAY))] {
        old.mark_announced("aaaa".to_owned(), times, NOW);
        let scope = old.due(NOW, 1);
        assert!(matches!(&scope, Some(Scope::All)), "{scope:?}");
    }
    let Some(mut late) = page(REFRESH_EVERY) else { return };
    late.mark_announced("aaaa".to_owned(), (NOW - 30 * DAY, None), NOW);
    let scope = late.due(NOW, 1);
    let whole = matches!(&scope, Some(Scope::Quarter));
    assert!(whole, "a refresh would leave out one that was just resolved: {scope:?}");
}

#[test]
fn work_that_is_due_for_all_pages_at_once_is_spread_over_the_following_minute() {
    let midnight = Timestamp(NOW.0.div_euclid(HOUR / 4) * (HOUR / 4));
    let pages = (1..=200).map(|key| {
        let mut page = Page::unpublished((WorkspaceKey(1), PageKey(key)).into(), 1);
        page.quarter = midnight.0.div_euclid(HOUR / 4) - 1;
        page
    });
    let pages: Vec<Page> = pages.collect();
    let due = |after: i64| pages.iter().filter(|page| page.is_old(midnight + after, 200)).count();
    let at_once = (0..60).map(|second| due(second * 1_000 + 1_000) - due(second * 1_000)).max();
    assert!(at_once.is_some_and(|most| most <= 12), "{at_once:?} in one second");
    assert_eq!((due(-1), due(60_000)), (0, 200));
    let mut alone = Page::unpublished((WorkspaceKey(1), PageKey(7)).into(), 1);
    alone.quarter = midnight.0.div_euclid(HOUR / 4) - 1;
    assert!(alone.is_old(midnight + 250, 1), "a single page is not delayed");
}
