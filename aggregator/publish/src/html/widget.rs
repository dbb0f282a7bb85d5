//! The widget: the state of a page on one strip, as a document for frames and as the texts of the script that other sites
//! embed. It says what the banner says.

use super::assets::script_path;
use super::document::{Document, Sheet, Style};
use super::headline::{Headline, Piece, headline, plain};
use super::words::{Clock, Tone, balanced, isolated_text};
use super::{Live, verified};
use crate::texts::Texts;
use crate::view::PageView;
use sailfish::TemplateSimple;
use std::borrow::Cow;

/// What a strip says, as plain text.
pub(crate) struct Strip {
    pub(crate) tone: Tone,
    pub(crate) headline: String,
    /// The banner's second line, and what is published about it.
    pub(crate) details: Vec<String>,
    /// "16:15 UTC, 20 November 2026".
    pub(crate) verified: Option<String>,
}

impl Strip {
    pub(crate) fn of(view: &PageView) -> Self {
        let (clock, words) = (Clock::of(view), view.texts().incident);
        let Headline { tone, sentence, mut facts } = headline(view);
        let mut announced = None;
        // The strip is one link, to the page. What this link leads to is named instead.
        facts.retain(|piece| match piece {
            Piece::Link { href, text } if text == words.what_is_done() => {
                announced = href.strip_prefix("incidents/").map(str::to_owned);
                false
            }
            _ => true,
        });
        let incident = view.incidents.iter().find(|one| Some(&one.id) == announced.as_ref());
        let incident = incident
            .map(|one| words.in_brief(&isolated_text(&one.title.one_line(), clock.texts), one.status));
        let facts = plain(&facts, &clock).trim().to_owned();
        Self {
            tone,
            headline: plain(&sentence, &clock),
            details: [facts].into_iter().filter(|facts| !facts.is_empty()).chain(incident).collect(),
            verified: view.verified_at.map(|at| clock.full(at)),
        }
    }
}

#[derive(TemplateSimple)]
#[template(path = "widget.stpl")]
struct Widget {
    texts: &'static Texts,
    language: &'static str,
    direction: &'static str,
    name: String,
    style: Cow<'static, Style>,
    script: &'static str,
    strip: Strip,
    live: Live,
    /// "Verified 16:15 UTC, 20 November 2026.", as markup.
    verified: String,
}

/// Renders the strip as a document that may stand in any frame.
///
/// # Errors
/// A template that cannot be written, which would be a fault of the program.
pub fn widget(view: &PageView) -> anyhow::Result<Document> {
    let style = Sheet::Widget.branded(&view.branding);
    let policy = style.policy(&["*".to_owned()], false);
    let html = Widget {
        texts: view.texts(),
        language: view.language.tag(),
        direction: view.language.direction(),
        name: balanced(&view.name),
        style,
        script: script_path(view.language, Sheet::Widget),
        strip: Strip::of(view),
        live: Live::of(view, &Clock::of(view)),
        verified: verified(view, &Clock::of(view)),
    }
    .render_once()?;
    Ok(Document { html, policy })
}
