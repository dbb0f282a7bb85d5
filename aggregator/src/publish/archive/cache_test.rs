//! Single flight, versions, and the limits of the cache.

use super::*;
use bytes::Bytes;
use skerry_publish::output::{CacheClass, Compression, Kind};
use std::sync::atomic::AtomicUsize;

fn output(body: &str) -> Arc<Output> {
    let kind = Kind { content_type: "text/html", cache: CacheClass::Closed, keys: &[], policy: "" };
    Output::render(kind, body.into(), Timestamp(0), None, Compression::Fast)
}

fn started() -> (ArchiveCache, Arc<AtomicU64>) {
    let (cache, failures) = (ArchiveCache::new(), Arc::new(AtomicU64::new(0)));
    cache.start(&failures).expect("threads can be had");
    (cache, failures)
}

/// The body of an answer; empty if there is none.
async fn body(answer: Archived) -> Bytes {
    match answer {
        Archived::Ready(output) => output.identity.bytes.clone(),
        Archived::Soon(rendering) => {
            rendering.await.map_or_else(Bytes::new, |output| output.identity.bytes.clone())
        }
        Archived::Nothing | Archived::Busy => Bytes::new(),
    }
}

#[tokio::test]
async fn a_version_is_rendered_once_for_all_who_ask_for_it() {
    let (cache, _) = started();
    let rendered = Arc::new(AtomicUsize::new(0));
    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let ask = |version: i64, text: &'static str| {
        let (rendered, released) = (Arc::clone(&rendered), released.clone());
        cache.get(1, "incidents/a", Timestamp(version), move || {
            rendered.fetch_add(1, Ordering::Relaxed);
            // Until the sender is dropped.
            let _ = released.recv();
            Ok(Some(output(text)))
        })
    };
    let former: Vec<_> = (0..50).map(|_| ask(1, "with a secret")).collect();
    let edited: Vec<_> = (0..50).map(|_| ask(2, "edited")).collect();
    drop(release);
    for answer in former {
        assert_eq!(body(answer).await, "with a secret", "who asked before the edit");
    }
    for answer in edited {
        assert_eq!(body(answer).await, "edited");
    }
    assert_eq!(rendered.load(Ordering::Relaxed), 2);
    assert!(matches!(ask(2, "edited"), Archived::Ready(_)));
    cache.retain(1, |_, version| version == Timestamp(2));
    assert!(cache.bytes() > 0, "the present version stays");
    cache.retain(2, |_, _| false);
    assert!(cache.bytes() > 0, "another page's versions do not matter");
    cache.retain(1, |_, _| false);
    assert_eq!(cache.bytes(), 0);
}

#[tokio::test]
async fn ten_thousand_requests_keep_no_more_than_the_limit() {
    let (cache, _) = started();
    let mut seed = 7_u64;
    let mut hits = 0;
    for _ in 0..10_000 / 200 {
        // At once, as a crawler with many connections asks.
        let asked: Vec<_> = (0..200)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let path = format!("incidents/{}", (seed >> 33) % 2_600);
                let expected = format!("{path}{}", "x".repeat(8_000));
                let text = expected.clone();
                let answer = cache.get(1, &path, Timestamp(1), move || Ok(Some(output(&text))));
                hits += usize::from(matches!(answer, Archived::Ready(_)));
                (answer, expected)
            })
            .collect();
        for (answer, expected) in asked {
            assert_eq!(body(answer).await, expected);
            assert!(cache.bytes() <= KEPT_BYTES, "{}", cache.bytes());
        }
    }
    assert!(hits > 500 && cache.bytes() > KEPT_BYTES / 2, "{hits} {}", cache.bytes());
    let entries = |shared: &Shared| (shared.kept.len(), shared.used.len(), shared.waiting.len());
    let (kept, used, waiting) = entries(&lock(&cache.shared));
    assert_eq!((kept, waiting), (used, 0));
}

#[tokio::test]
async fn too_many_who_wait_are_refused_and_nothing_is_rendered_for_those_who_left() {
    let (cache, failures) = (ArchiveCache::new(), Arc::new(AtomicU64::new(0)));
    let rendered = Arc::new(AtomicUsize::new(0));
    let ask = |number: usize| {
        let rendered = Arc::clone(&rendered);
        cache.get(1, &format!("incidents/{number}"), Timestamp(1), move || {
            rendered.fetch_add(1, Ordering::Relaxed);
            Ok(Some(output("over")))
        })
    };
    let mut waiting: Vec<_> = (0..WAITING).map(ask).collect();
    assert!(matches!(ask(WAITING), Archived::Busy));
    assert!(matches!(ask(0), Archived::Soon(_)), "who asks for one of them waits too");
    let stays = waiting.pop().expect("it was asked for");
    drop(waiting);
    cache.start(&failures).expect("threads can be had");
    assert_eq!(body(stays).await, "over");
    assert_eq!(rendered.load(Ordering::Relaxed), 1, "the others left");
    assert_eq!(body(ask(WAITING)).await, "over");
}

#[tokio::test]
async fn a_page_that_panics_ends_nothing_and_is_tried_again() {
    let (cache, failures) = started();
    let broken = cache.get(1, "incidents/a", Timestamp(1), || panic!("a fault of the program"));
    assert!(body(broken).await.is_empty());
    let failed = cache.get(1, "incidents/b", Timestamp(1), || anyhow::bail!("it cannot be rendered"));
    assert!(body(failed).await.is_empty());
    assert_eq!(failures.load(Ordering::Relaxed), 2);
    let repaired = cache.get(1, "incidents/a", Timestamp(1), || Ok(Some(output("repaired"))));
    assert_eq!(body(repaired).await, "repaired");
}
