//! What follows a form by which visitors subscribe: the same whatever became of it.

use super::document::{Document, Sheet};
use super::frame::Frame;
use super::subscribe::link_form;
use super::words::balanced;
use crate::texts::{self, Texts};
use crate::view::PageView;
use sailfish::TemplateSimple;

/// What was sent after a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A mail with a link to confirm.
    Mail,
    /// A test message with a link to confirm.
    Test,
    /// A mail with a link to change the subscription.
    Link,
}

impl Sent {
    /// All.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Test, Self::Link];

    /// The path of the document below the page's root.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Mail => "subscribe/sent",
            Self::Test => "subscribe/test-sent",
            Self::Link => "subscribe/link-sent",
        }
    }
}

#[derive(TemplateSimple)]
#[template(path = "sent.stpl")]
struct SentPage<'a> {
    texts: &'static Texts,
    root: &'a str,
    name: String,
    title: &'static str,
    text: &'static str,
    /// As markup.
    note: Option<String>,
}

/// Renders what follows a form, the same whatever became of it.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn sent(view: &PageView, sent: Sent) -> anyhow::Result<Document> {
    let (texts, root, path) = (view.texts(), "../", sent.path());
    let words = texts.subscribe;
    let (again, link) = ("../subscribe", link_form(view, root));
    let (title, text, note) = match sent {
        Sent::Mail => (words.check_inbox(), words.sent(), Some(words.sent_note(again))),
        Sent::Link => (words.check_inbox(), words.link_sent(), Some(words.link_note(&link))),
        Sent::Test => (words.check_channel(), words.test_sent(), None),
    };
    let name = balanced(&view.name);
    let document = texts::title(title, &name);
    let body = SentPage { texts, root, name, title, text, note };
    Frame::new(view, Sheet::Subscribe, root, path, document).render(body.render_once()?)
}
