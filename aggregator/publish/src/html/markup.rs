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

/// When something began that still lasts. The script adds for how long; until it does, the style sheet keeps the room that this
/// duration takes, so that nothing below moves.
fn lasting(since: Timestamp, clock: &Clock<'_>) -> String {
    let moment = escaped(&clock.moment(since));
    let room = escaped(&clock.duration_until_now(since));
    format!("<time class=r datetime={} data-for=\"{room}\">{moment}</time>", clock.instant(since))
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
            Piece::Since(at) => lasting(*at, clock),
            Piece::At(at) => time(*at, &clock.moment(*at), clock),
        })
        .collect()
}
