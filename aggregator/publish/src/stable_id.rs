//! Ids for readers of feeds and for calendars: they depend on nothing that can change, such as a host, a title or a place
//! in a list.

use crate::view::PageView;
use uuid::Uuid;

/// The id of something of a page: a UUID of version 8 (RFC 9562 §5.8), from a hash.
pub(crate) fn uuid(view: &PageView, kind: &str, id: &str) -> Uuid {
    let hash = blake3::hash(format!("{}/{kind}/{id}", view.id).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    Uuid::new_v8(bytes)
}

/// The same as a URN (RFC 9562 §4).
pub(crate) fn urn(view: &PageView, kind: &str, id: &str) -> String {
    uuid(view, kind, id).urn().to_string()
}
