//! What is shown of a page outside of it: its description, its card where it is linked to, its icon. A card has no words,
//! and every time is absolute, so that nothing grows false in a chat.

use super::assets::{self, Pictures, pictures};
use super::headline::{Headline, Piece, headline, plain};
use super::words::{Clock, Tone, balanced};
use crate::view::PageView;
use skerry_domain::time::Timestamp;

/// The longest description, bytes.
const LONGEST: usize = 200;

/// What the head of a document says.
pub(crate) struct Head {
    /// Of its card.
    pub(super) title: String,
    pub(super) description: String,
    /// It is about something that happened, not about the present.
    pub(super) article: bool,
    /// The pictures of its state and the word for it; `None`: it shows no state of its own, and its card is plain.
    pub(super) state: Option<(&'static Pictures, &'static str)>,
    /// Path of its card below the page's root, and what the card shows.
    pub(super) card: (&'static str, &'static str),
}

impl Head {
    /// Of a document that says nothing of its own.
    pub(crate) fn plain(view: &PageView, title: &str) -> Self {
        let description = view.texts().head.about(&balanced(&view.name));
        Self { title: title.to_owned(), description, article: false, state: None, card: plain_card(view) }
    }

    /// Of a document about the present that says nothing of its own: the state of the page.
    pub(crate) fn of_page(view: &PageView, title: &str) -> Self {
        Self::plain(view, title).showing(headline(view).tone, view)
    }

    /// Of a page or a component: its banner, with when it was rendered.
    pub(crate) fn of_banner(view: &PageView, headline: &Headline, clock: &Clock<'_>) -> Self {
        let facts =
            headline.facts.iter().filter(|piece| !is_invitation(piece, view)).map(|piece| match piece {
                Piece::Since(at) | Piece::At(at) => clock.moment_of_day(*at),
                piece => plain(std::slice::from_ref(piece), clock),
            });
        let facts: String = facts.collect();
        let as_of = clock.texts.head.as_of(&balanced(&view.name), &clock.full(view.now));
        Self {
            title: plain(&headline.sentence, clock),
            description: format!("{} {as_of}", facts.trim()).trim().to_owned(),
            article: false,
            state: None,
            card: plain_card(view),
        }
        .showing(headline.tone, view)
    }

    /// Of what a month held. One that is over has no state any more; `as_of` is the instant of one that can still change.
    pub(crate) fn of_month(
        view: &PageView,
        title: &str,
        held: String,
        as_of: Option<Timestamp>,
        clock: &Clock<'_>,
    ) -> Self {
        let name = balanced(&view.name);
        match as_of {
            None => Self { description: held, ..Self::plain(view, title) },
            Some(at) => Self {
                description: format!("{held} {}", view.texts().head.as_of(&name, &clock.full(at))),
                ..Self::of_page(view, title)
            },
        }
    }

    /// Of an incident, a maintenance or an announcement: its title, and its newest text.
    pub(crate) fn of_article(view: &PageView, title: String, text: &str) -> Self {
        let description = super::timeline::cut(text, LONGEST);
        Self { title, description, article: true, state: None, card: plain_card(view) }
    }

    /// With the state that the document shows.
    pub(crate) fn showing(self, tone: Tone, view: &PageView) -> Self {
        let (pictures, label) = (pictures(tone), tone.label(view.texts()));
        Self { state: Some((pictures, label)), card: (&pictures.card, label), ..self }
    }
}

fn plain_card(view: &PageView) -> (&'static str, &'static str) {
    (assets::plain_card(), view.texts().head.plain_card())
}

/// A link to somewhere else is no statement.
fn is_invitation(piece: &Piece, view: &PageView) -> bool {
    matches!(piece, Piece::Link { text, .. } if text == view.texts().incident.what_is_done())
}

#[cfg(test)]
#[path = "head_test.rs"]
mod tests;
