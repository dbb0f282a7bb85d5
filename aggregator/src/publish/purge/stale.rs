//! Which keys are stale after a change: those of the outputs whose bytes visitors get anew.

use super::super::output::{Output, Publication};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The key that all outputs of a page have; empty before the first publication.
pub(in super::super) fn page_key(publication: &Publication) -> String {
    publication.outputs.get("").map_or_else(String::new, |index| words(index).next().unwrap_or_default())
}

/// The keys of what differs between two publications of a page. Its own key stands for all: if the archive changed, which
/// may be any of its pages, and if there was nothing before.
pub(in super::super) fn stale_keys(former: &Publication, now: &Publication) -> BTreeSet<String> {
    let page = page_key(now);
    if former.outputs.is_empty() || former.versions != now.versions {
        return BTreeSet::from([page]);
    }
    let changed = now.outputs.iter().filter(|(path, output)| {
        former.outputs.get(*path).is_none_or(|before| !has_same_bytes(before, output))
    });
    let gone = former.outputs.iter().filter(|(path, _)| !now.outputs.contains_key(*path));
    let keys = changed.chain(gone).flat_map(|(_, output)| words(output).filter(|key| *key != page));
    keys.collect()
}

fn has_same_bytes(one: &Arc<Output>, other: &Arc<Output>) -> bool {
    Arc::ptr_eq(one, other) || (one.identity.etag == other.identity.etag && one.cache == other.cache)
}

fn words(output: &Output) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(&output.surrogate_key).into_owned();
    text.split(' ').map(str::to_owned).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::super::output::{CacheClass, Compression, Kind};
    use super::*;
    use skerry_domain::time::Timestamp;

    fn output(name: &str, text: &str, level: Compression) -> (String, Arc<Output>) {
        let own = format!("page-a-{}", if name.is_empty() { "index" } else { name });
        let kind =
            Kind { content_type: "text/plain", cache: CacheClass::Live, keys: &["page-a", &own], policy: "" };
        (name.to_owned(), Output::render(kind, text.as_bytes().to_vec(), Timestamp(0), None, level))
    }

    fn publication(outputs: [(&str, &str); 3], level: Compression) -> Publication {
        Publication::default().with(outputs.map(|(name, text)| output(name, text, level)))
    }

    #[test]
    fn only_what_has_new_bytes_is_purged() {
        let outputs = [("", "one"), ("history", "one"), ("badge.svg", "one")];
        let former = publication(outputs, Compression::Fast);
        assert_eq!(page_key(&former), "page-a");
        let same = publication(outputs, Compression::Best);
        assert_eq!(stale_keys(&former, &same), BTreeSet::new(), "compressed better");
        let now = former.with([output("", "two", Compression::Fast)]);
        assert_eq!(stale_keys(&former, &now), BTreeSet::from(["page-a-index".to_owned()]));
        let gone = now.retaining(|path| path != "history");
        let both = ["page-a-history", "page-a-index"].map(str::to_owned);
        assert_eq!(stale_keys(&former, &gone), BTreeSet::from(both));
        assert_eq!(stale_keys(&Publication::default(), &now), BTreeSet::from(["page-a".to_owned()]));
    }
}
