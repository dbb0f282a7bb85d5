//! The HTML part of mails: one column of tables for the programs that need them, styles inline in one scheme and the dark one by a
//! media query, no images and nothing remote. All text is escaped, or markup of the sanitiser.

mod palette;

use super::markup::escaped;
use super::words::Tone;
use crate::texts::Language;
use palette::{Palette, Scheme};
use sailfish::TemplateSimple;
use skerry_domain::branding::Branding;

/// Stands for the link of the button. No text has it: all of them are escaped, or cleaned of comments.
const LINK: &str = "<!--link-->";
/// The same for the foot.
const FOOT: &str = "<!--foot-->";

/// What a mail shows above its foot.
pub(crate) struct MailBody<'a> {
    pub(crate) language: Language,
    pub(crate) look: &'a Branding,
    pub(crate) tone: Tone,
    /// Of the document.
    pub(crate) subject: &'a str,
    /// What lists of mails show behind the subject.
    pub(crate) preview: String,
    pub(crate) page: &'a str,
    /// "Major outage · Identified"
    pub(crate) state: String,
    pub(crate) title: &'a str,
    pub(crate) facts: String,
    /// As markup of the sanitiser, or escaped.
    pub(crate) text: String,
    /// Times and texts of earlier updates.
    pub(crate) earlier: &'a [(String, String)],
    pub(crate) rows: &'a [FigureRow],
    pub(crate) events: &'a [EventLine],
    /// What stands below, a paragraph each.
    pub(crate) notes: &'a [String],
    /// The label of the button.
    pub(crate) button: &'a str,
}

/// The uptime of a group or a component.
pub(crate) struct FigureRow {
    pub(crate) name: String,
    /// "2 h 25 min of outage"
    pub(crate) outage: String,
    pub(crate) figure: String,
    /// As in [`super::figures::Cell`].
    pub(crate) class: &'static str,
}

/// Something that was announced.
pub(crate) struct EventLine {
    pub(crate) title: String,
    /// Its address; `None`: it has none.
    pub(crate) url: Option<String>,
    /// ", 42 min"
    pub(crate) length: String,
}

#[derive(TemplateSimple)]
#[template(path = "mail.stpl")]
struct Mail<'a> {
    body: &'a MailBody<'a>,
    scheme: Scheme,
    /// The colours that stand inline.
    colors: Palette,
    /// What cannot stand inline.
    styles: String,
    /// Where text begins.
    start: &'static str,
    end: &'static str,
    link: &'static str,
    foot: &'static str,
}

/// The markup of a mail without what differs from recipient to recipient.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailPieces {
    /// What stands before the link of the button, between that and the foot, and after it.
    pieces: [String; 3],
    /// The styles of the foot's links.
    link_style: String,
}

impl MailPieces {
    /// Prepares a mail. `None`: its template could not be written, which would be a fault of the program.
    pub(crate) fn of(mut body: MailBody<'_>) -> Option<Self> {
        let scheme = Scheme::of(body.look.theme);
        let colors = Palette::of(body.tone, scheme == Scheme::Dark, body.look);
        let styles = palette::styles(scheme, &Palette::of(body.tone, true, body.look));
        body.text = inlined(&body.text, &colors);
        let link_style = format!("color:{}", colors.link);
        let right = body.language.direction() == "rtl";
        let (start, end) = if right { ("right", "left") } else { ("left", "right") };
        let mail = Mail { body: &body, scheme, colors, styles, start, end, link: LINK, foot: FOOT };
        let html = mail.render_once().ok()?;
        let (before, rest) = html.split_once(LINK)?;
        let (middle, after) = rest.split_once(FOOT)?;
        Some(Self { pieces: [before, middle, after].map(str::to_owned), link_style })
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces[0].is_empty()
    }

    /// The mail of one recipient: the address of the button, the sentences of the foot, with its links as label and address between
    /// the first and the others.
    pub(crate) fn filled(&self, button: &str, sentences: &[&str], links: &[(&str, &str)]) -> String {
        let [before, middle, after] = &self.pieces;
        let length: usize = self.pieces.iter().map(String::len).sum();
        let mut html = String::with_capacity(length + 2_048);
        html.push_str(before);
        html.push_str(&escaped(button));
        html.push_str(middle);
        for (place, sentence) in sentences.iter().enumerate() {
            html.push_str(if place == 0 { "" } else { "<br>" });
            html.push_str(&escaped(sentence));
            if place == 0 && !links.is_empty() {
                html.push_str("<br>");
                html.push_str(&self.links(links));
            }
        }
        html.push_str(after);
        html
    }

    fn links(&self, links: &[(&str, &str)]) -> String {
        let link = |(label, url): &(&str, &str)| {
            let (url, label, style) = (escaped(url), escaped(label), &self.link_style);
            format!("<a class=\"l\" style=\"{style}\" href=\"{url}\">{label}</a>")
        };
        links.iter().map(link).collect::<Vec<_>>().join("&nbsp;&nbsp; ")
    }
}

/// Elements of people's texts with their styles: many programs know no style sheet. The texts have no such tags, since in them
/// `<` is escaped.
fn inlined(markup: &str, colors: &Palette) -> String {
    let quiet = colors.muted;
    let styles = [
        ("<p>", "<p style=\"margin:0 0 16px\">".to_owned()),
        ("<a ", format!("<a class=\"l\" style=\"color:{}\" ", colors.link)),
        ("<ul>", "<ul style=\"margin:0 0 16px;padding:0 24px\">".to_owned()),
        ("<ol", "<ol style=\"margin:0 0 16px;padding:0 24px\"".to_owned()),
        ("<h3>", "<h3 style=\"margin:24px 0 8px;font-size:18px;font-weight:600\">".to_owned()),
        ("<h4>", "<h4 style=\"margin:24px 0 8px;font-size:16px;font-weight:600\">".to_owned()),
        ("<h5>", "<h5 style=\"margin:24px 0 8px;font-size:16px;font-weight:600\">".to_owned()),
        ("<h6>", "<h6 style=\"margin:24px 0 8px;font-size:16px;font-weight:600\">".to_owned()),
        (
            "<blockquote>",
            format!("<blockquote class=\"q\" style=\"margin:0 0 16px;padding:0 16px;color:{quiet}\">"),
        ),
        (
            "<pre>",
            "<pre style=\"margin:0 0 16px;font-size:14px;white-space:pre-wrap;overflow-wrap:anywhere\">"
                .to_owned(),
        ),
    ];
    styles.iter().fold(markup.to_owned(), |markup, (tag, styled)| markup.replace(tag, styled))
}

#[cfg(test)]
#[path = "mail_test.rs"]
mod tests;
