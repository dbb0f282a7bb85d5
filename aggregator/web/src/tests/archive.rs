use super::*;
use skerry_publish::archive::{Archive, Archived, Digest};

/// Has one page that is rendered later, one that cannot be, and one for which there is no room.
#[derive(Debug)]
struct FakeArchive;

impl Archive for FakeArchive {
    fn has(&self, path: &str) -> bool {
        !matches!(self.find(path), Archived::Nothing)
    }

    fn find(&self, path: &str) -> Archived {
        let html = "text/html; charset=utf-8";
        match path {
            "incidents/old" => {
                let body = "<p>It is over.</p>".repeat(200);
                let over = output(html, CacheClass::Closed, &["a", "a-incidents-old"], &body);
                Archived::Soon(Box::pin(async move {
                    tokio::task::yield_now().await;
                    Some(over)
                }))
            }
            "incidents/broken" => Archived::Soon(Box::pin(std::future::ready(None))),
            "incidents/late" => Archived::Busy,
            _ => Archived::Nothing,
        }
    }

    fn versions(&self) -> Vec<(String, Timestamp)> {
        Vec::new()
    }

    fn digest(&self, _path: &str) -> Option<Digest> {
        None
    }

    fn render(&self, _path: &str) -> Option<Arc<Output>> {
        None
    }
}

#[test]
fn what_the_archive_renders_is_answered_like_any_other_output() {
    let mut site = two_pages();
    let page = Publication { archive: Some(Arc::new(FakeArchive)), ..(*site.by_slug["a"]).clone() };
    for slot in [site.by_slug.get_mut("a"), site.by_host.get_mut("a.example")].into_iter().flatten() {
        *slot = Arc::new(page.clone());
    }
    let running = TestServer::start(site, &[PUBLIC]);
    let mut tags = Vec::new();
    for (encoding, accept) in [(None, "identity"), (Some("gzip"), "gzip"), (Some("br"), "gzip, br")] {
        let accept = format!("Accept-Encoding: {accept}");
        let whole = running.get("a.example", "/incidents/old", &[&accept]);
        assert_eq!((whole.code(), whole.header("content-encoding")), ("200", encoding));
        assert_eq!(whole.header("cache-control"), Some("public, max-age=600, stale-if-error=86400"));
        assert_eq!(whole.header("surrogate-key"), Some("a a-incidents-old"));
        assert_eq!(whole.header("last-modified"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        let etag = whole.header("etag").expect("a validator").to_owned();
        assert!(!tags.contains(&etag), "a strong tag names one encoding");
        let condition = format!("If-None-Match: {etag}");
        let fresh = running.get("a.example", "/incidents/old", &[&accept, &condition]);
        assert_eq!((fresh.code(), fresh.body.len()), ("304", 0));
        let dated = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(running.get("a.example", "/incidents/old", &[&accept, dated]).code(), "304");
        let mut head = running.request(0, "HEAD", "a.example", "/incidents/old", &[&accept]);
        assert!(head.body.is_empty());
        head.body.clone_from(&whole.body);
        assert_eq!(head, whole, "HEAD is GET without its body");
        tags.push(etag);
    }
    assert_eq!(running.get("any", "/status/a/incidents/old", &[]).code(), "200");
    let unknown = running.get("a.example", "/incidents/unknown", &[]);
    assert_eq!(unknown, running.get("any", "/never", &[]), "the 404 of every path");
    for path in ["/incidents/broken", "/incidents/late"] {
        let later = running.get("a.example", path, &[]);
        assert_eq!((later.code(), later.header("retry-after")), ("503", Some("5")), "{path}");
        assert_eq!(later.header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(running.request(0, "POST", "a.example", "/incidents/old", &[]).code(), "405");
}
