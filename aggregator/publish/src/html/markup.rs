//! The markup of sentences. Every text passes through [`escaped`].

use super::headline::Piece;
use super::words::{Clock, balanced};
use skerry_domain::time::Timestamp;

/// Escapes text for an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    sailfish::runtime::escape::escape_to_string(text, &mut out);
    out
}

/// A name that cannot change the direction of the text around it.
pub(crate) fn isolated(name: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(&balanced(name)))
}

/// An instant with its machine-readable form (HTML §4.5.14).
pub(crate) fn time(at: Timestamp, text: &str, clock: &Clock<'_>) -> String {
    format!("<time datetime={}>{}</time>", clock.instant(at), escaped(text))
}

/// The same; the script adds how long ago it was.
pub(crate) fn aging(at: Timestamp, text: &str, clock: &Clock<'_>) -> String {
    format!("<time class=ag datetime={}>{}</time>", clock.instant(at), escaped(text))
}

/// A sentence with names isolated for direction and instants in `<time>`.
pub(crate) fn sentence(pieces: &[Piece], clock: &Clock<'_>) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => escaped(text),
            Piece::Name(name) => format!("<bdi>{}</bdi>", escaped(name)),
            Piece::Link { href, text } => {
                format!("<a href=\"{}\"><bdi>{}</bdi></a>", escaped(href), escaped(text))
            }
            // The script finds these by their class and adds the duration.
            Piece::Since(at) => {
                format!(
                    "<time class=r datetime={}>{}</time>",
                    clock.instant(*at),
                    escaped(&clock.moment(*at))
                )
            }
            Piece::At(at) => time(*at, &clock.moment(*at), clock),
        })
        .collect()
}
