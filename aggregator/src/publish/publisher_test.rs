//! When a page is rendered, and how much of it.

use super::*;

const NOW: Timestamp = Timestamp(1_795_191_300_000);

/// A page that was rendered a second ago and last verified `beaten` ago.
fn page(beaten: Duration) -> Option<Page> {
    let now = Instant::now();
    let mut page = Page::unpublished();
    page.hour = NOW.0.div_euclid(HOUR / 4);
    page.rendered = Some(now.checked_sub(Duration::from_secs(1))?);
    page.beaten = now.checked_sub(beaten)?;
    Some(page)
}

#[test]
fn a_page_that_moves_is_rendered_before_it_answers_there() {
    let place = |page: &mut Page, root: bool, url: &str| {
        let (key, slug, domain, listed) = (PageKey(1), "shop".to_owned(), None, None);
        page.place(Wanted { key, slug, root, domain, listed }, Vec::new(), url.to_owned());
    };
    let mut page = Page::unpublished();
    page.hour = NOW.0.div_euclid(HOUR / 4);
    for (root, url) in [(true, "https://x"), (false, "https://x/status/shop"), (true, "https://x")] {
        place(&mut page, root, url);
        assert!(matches!(page.due(NOW), Some(Scope::All)), "{url}");
        // It was rendered this very moment.
        page.rendered = Some(Instant::now());
        place(&mut page, root, url);
        assert!(page.due(NOW).is_none(), "it stays where it was");
    }
}

#[test]
fn changes_without_end_do_not_keep_the_heartbeat_away() {
    // A machine that has only just booted has no instants so far back.
    let (Some(mut fresh), Some(mut due)) = (page(Duration::from_secs(2)), page(HEARTBEAT)) else { return };
    for page in [&mut fresh, &mut due] {
        page.dirty.get_or_insert_default().components.insert("aaaa".to_owned());
    }
    assert!(matches!(fresh.due(NOW), Some(Scope::Components(_))));
    assert!(matches!(due.due(NOW), Some(Scope::All)), "the other pages are verified too");
    let Some(mut quiet) = page(HEARTBEAT) else { return };
    assert!(matches!(quiet.due(NOW), Some(Scope::Heartbeat)));
}
