//! How far pages are published, for messages that link to them.

use super::output::Site;
use arc_swap::ArcSwap;
use skerry_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long after a change a message waits for its page at most. A page that cannot be rendered must not keep messages back.
const LONGEST: Duration = Duration::from_secs(10);

/// What is published now.
#[derive(Clone, Debug)]
pub struct Published {
    site: Arc<ArcSwap<Site>>,
    turned: watch::Receiver<()>,
}

impl Published {
    /// Reads the site of a publisher that notifies of its turns.
    pub(super) fn new(site: Arc<ArcSwap<Site>>, turned: watch::Receiver<()>) -> Self {
        Self { site, turned }
    }

    /// Waits until the page with this slug shows what changed at `at`, or ten seconds have passed since then; `now` is the
    /// present time. Does not wait for a page that is not public.
    pub async fn wait_until_shown(&self, slug: &str, at: Timestamp, now: Timestamp) {
        let mut turned = self.turned.clone();
        let shown = async {
            while self.site.load().by_slug.get(slug).is_some_and(|page| page.as_of < at) {
                if turned.changed().await.is_err() {
                    return;
                }
            }
        };
        // What is left over is sent all the same.
        let _ = tokio::time::timeout(left(at, now), shown).await;
    }
}

/// How long a message may still wait at `now` for what changed at `at`.
fn left(at: Timestamp, now: Timestamp) -> Duration {
    LONGEST.saturating_sub(Duration::from_millis(u64::try_from(now - at).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::output::Publication;
    use super::*;

    fn published(as_of: i64) -> (Published, Arc<ArcSwap<Site>>, watch::Sender<()>) {
        let (turns, turned) = watch::channel(());
        let site = Arc::new(ArcSwap::from_pointee(site(as_of)));
        (Published::new(Arc::clone(&site), turned), site, turns)
    }

    fn site(as_of: i64) -> Site {
        let page = Arc::new(Publication { as_of: Timestamp(as_of), ..Publication::default() });
        Site { by_slug: [("shop".to_owned(), page)].into_iter().collect(), ..Site::default() }
    }

    #[test]
    fn a_message_waits_ten_seconds_from_the_change_at_most() {
        for (at, now, seconds) in
            [(5_000, 5_000, 10), (5_001, 5_000, 10), (6_000, 9_000, 7), (6_000, 99_000, 0)]
        {
            assert_eq!(left(Timestamp(at), Timestamp(now)), Duration::from_secs(seconds), "{at} {now}");
        }
    }

    #[tokio::test]
    async fn a_message_leaves_as_soon_as_its_page_shows_the_change() {
        let (published, stored, turns) = published(5_000);
        let waits = async |slug: &str, at: i64, now: i64| {
            let shown = published.wait_until_shown(slug, Timestamp(at), Timestamp(now));
            tokio::time::timeout(Duration::ZERO, shown).await.is_err()
        };
        assert!(!waits("shop", 5_000, 5_000).await, "it is shown");
        assert!(!waits("elsewhere", 6_000, 6_000).await, "no such page is public");
        assert!(!waits("shop", 6_000, 16_000).await, "it has waited long enough");
        let mut shown = Box::pin(published.wait_until_shown("shop", Timestamp(6_000), Timestamp(6_000)));
        for as_of in [5_000, 5_999] {
            assert!(tokio::time::timeout(Duration::ZERO, &mut shown).await.is_err(), "{as_of}");
            stored.store(Arc::new(site(as_of)));
            turns.send_replace(());
        }
        assert!(tokio::time::timeout(Duration::ZERO, &mut shown).await.is_err());
        stored.store(Arc::new(site(6_000)));
        turns.send_replace(());
        shown.await;
    }
}
