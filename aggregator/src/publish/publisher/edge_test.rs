//! What caches outside are told of the publications.

use super::super::super::purge::Queue;
use super::*;

/// All keys that wait, whatever pause they wait for.
fn drained(queue: &Queue) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    while let Some(due) = queue.next_due(Instant::now()) {
        keys.extend(queue.take_due(due).into_values().flatten());
    }
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_purged_once_it_is_visible_and_a_refresh_is_not() {
    let mut fixture = Fixture::new().await;
    let queue: Arc<Queue> = Arc::default();
    let publisher = fixture.publisher.as_mut().expect("not started yet");
    publisher.purge_with(vec![Arc::clone(&queue)]);
    let pages: BTreeSet<String> = {
        let snapshot = fixture.engine.snapshot();
        state_of(&snapshot).pages.values().map(|page| format!("page-{}", page.id)).collect()
    };
    publisher.purge_everything();
    let mut all = drained(&queue);
    assert!(all.remove("directory") && all == pages, "a start purges every page: {all:?}");
    // What the configuration changed has been told by then, and is part of the first publication.
    fixture.engine.turn().await.expect("it runs");
    let publisher = fixture.publish(|_| {});
    drained(&queue);
    let before = ["one", "other"].map(|slug| (slug, fixture.status(slug)));
    std::thread::spawn(move || publisher.run());
    if Instant::now().checked_sub(REFRESH_EVERY).is_some() {
        let refreshed = || before.iter().all(|(slug, before)| fixture.status(slug) != *before);
        fixture.until("they are refreshed", refreshed).await;
        assert_eq!(drained(&queue), BTreeSet::new(), "they only became older");
    }
    // With its first status a component is watched, which every month may say: that purges the pages as a whole.
    fixture.set(Status::Operational).await;
    let first = Mutex::new(BTreeSet::new());
    let told = || {
        let mut first = first.lock().expect("nobody panicked");
        first.extend(drained(&queue));
        pages.iter().all(|page| first.iter().any(|key: &String| key.starts_with(page)))
    };
    fixture.until("the first status is purged", told).await;
    fixture.set(Status::MajorOutage).await;
    let seen = Mutex::new(BTreeSet::new());
    let every = |suffix: &str| {
        let mut seen = seen.lock().expect("nobody panicked");
        seen.extend(drained(&queue));
        pages.iter().all(|page| seen.contains(&format!("{page}-{suffix}")))
    };
    for suffix in ["index", "api-v2-status.json", "badge.svg"] {
        fixture.until("the change is purged", || every(suffix)).await;
    }
    let seen = seen.into_inner().expect("nobody panicked");
    assert!(seen.is_disjoint(&pages), "not the pages as a whole: {seen:?}");
    assert!(!seen.iter().any(|key| key.contains("-history-")), "no month changed: {seen:?}");
    fixture.end().await;
}
