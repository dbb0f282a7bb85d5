//! The forms by which visitors subscribe, and what follows them. None of these documents depends on who subscribed: the answer
//! to a form is the same whether an address is known or not.

use super::boxes::{Boxes, Chosen};
use super::document::{Document, Sheet};
use super::frame::{self, Frame};
use super::markup;
use super::words::balanced;
use crate::texts::{self, Texts};
use crate::view::{IncidentView, MaintenanceView, PageView};
use sailfish::TemplateSimple;

/// The path of the forms below the page's root.
pub const SUBSCRIBE_PATH: &str = "subscribe";

/// The path of the form that sends a link, which the fragment opens, or of all forms where the page has none for mails.
pub(super) fn link_form(view: &PageView, root: &str) -> String {
    let fragment = if view.takes_subscribers && view.takes_mail { "#link" } else { "" };
    format!("{root}{SUBSCRIBE_PATH}{fragment}")
}

/// Where the operator says what is kept.
pub(super) fn privacy(view: &PageView) -> Option<&str> {
    view.privacy_url.as_deref().filter(|url| frame::is_link(url))
}

/// Why a form is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormFault {
    /// It is not a mail address.
    NoMailAddress,
    /// The URL does not begin with `https://`.
    NotHttps,
    /// It is no URL.
    NoUrl,
    /// The URL is too long.
    TooLong,
    /// The URL holds spaces, control characters or backslashes.
    OddCharacters,
    /// The URL holds a user name or a password.
    Credentials,
    /// The URL names a port of another protocol.
    Port(u16),
    /// The URL names a host that is not public.
    NotPublic,
    /// The URL is not one of the service's own for incoming messages.
    NotOfService,
    /// The URL is of Microsoft's connectors, which were retired.
    RetiredConnector,
    /// Neither all components nor one.
    NoComponent,
    /// Nothing of what was followed.
    NothingFollowed,
    /// Too many tries; the time is that of the next one in UTC, such as "16:30".
    TooManyTries(String),
    /// It cannot be saved at the moment.
    Unavailable,
}

/// One incident or one maintenance, to which somebody subscribes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// It is maintenance.
    pub is_maintenance: bool,
    /// Its public id.
    pub id: String,
    /// Its title, one line.
    pub title: String,
}

impl Topic {
    /// An incident.
    #[must_use]
    pub fn of_incident(incident: &IncidentView) -> Self {
        Self { is_maintenance: false, id: incident.id.clone(), title: incident.title.one_line() }
    }

    /// A maintenance.
    #[must_use]
    pub fn of_maintenance(maintenance: &MaintenanceView) -> Self {
        Self { is_maintenance: true, id: maintenance.id.clone(), title: maintenance.title.one_line() }
    }

    /// The path of its own page below the page's root.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", if self.is_maintenance { "maintenance" } else { "incidents" }, self.id)
    }

    /// The path of its form below the page's root.
    #[must_use]
    pub fn form_path(&self) -> String {
        format!("{SUBSCRIBE_PATH}/{}", self.path())
    }
}

/// A form of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeForm {
    /// By mail.
    Email,
    /// In a channel of Slack.
    Slack,
    /// In a channel of Microsoft Teams.
    Teams,
    /// In a channel of Discord.
    Discord,
    /// To a server.
    Webhook,
    /// Sends the link by which a subscription is changed.
    Link,
}

impl SubscribeForm {
    /// All but that of links, in the order of the page.
    pub const CHANNELS: [Self; 5] = [Self::Email, Self::Slack, Self::Teams, Self::Discord, Self::Webhook];

    /// The value of the field `channel`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Discord => "discord",
            Self::Webhook => "webhook",
            Self::Link => "link",
        }
    }
}

/// A form that was not taken: it is shown again with what was typed.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The form.
    pub form: SubscribeForm,
    /// What was typed in its field.
    pub typed: String,
    /// Why it was not taken.
    pub fault: FormFault,
    /// What was chosen beside it.
    pub chosen: Chosen,
}

/// A field with its button.
struct Field {
    name: &'static str,
    label: &'static str,
    /// The type of the input and its `autocomplete`.
    kind: (&'static str, &'static str),
    placeholder: &'static str,
    button: &'static str,
    filled: bool,
    action: String,
    typed: String,
    error: Option<String>,
}

/// A disclosure with a field.
struct Way {
    name: &'static str,
    about: &'static str,
    note: &'static str,
    field: Field,
}

#[derive(TemplateSimple)]
#[template(path = "subscribe.stpl")]
struct Page<'a> {
    texts: &'static Texts,
    root: &'a str,
    name: String,
    title: &'static str,
    /// As markup.
    about: String,
    /// The path below the root and the title of the one incident or maintenance.
    topic: Option<(String, String)>,
    /// The form for mails, and what can be chosen in it.
    email: Option<(Field, Option<Boxes>)>,
    /// Whether the choices were made before.
    are_boxes_open: bool,
    ways: Vec<Way>,
    link: Option<Way>,
    feed_query: String,
    /// Where the operator says what is kept.
    privacy: Option<&'a str>,
}

/// Renders the forms, at `subscribe`, or for one incident or maintenance below it. `refused`: one that was not taken, at the
/// same path or, for [`SubscribeForm::Link`], at `subscribe/link`. Where nobody can subscribe it names the feeds and the
/// calendar alone.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn subscribe(
    view: &PageView,
    topic: Option<&Topic>,
    refused: Option<&Refused>,
) -> anyhow::Result<Document> {
    render(view, topic, refused, view.takes_subscribers)
}

/// Renders what stands in a copy of the page at the same path: no form, since nobody would take it.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn subscribe_copy(view: &PageView, topic: Option<&Topic>) -> anyhow::Result<Document> {
    render(view, topic, None, false)
}

fn render(
    view: &PageView,
    topic: Option<&Topic>,
    refused: Option<&Refused>,
    takes_subscribers: bool,
) -> anyhow::Result<Document> {
    let path = topic.map_or_else(|| SUBSCRIBE_PATH.to_owned(), Topic::form_path);
    let is_link = refused.is_some_and(|refused| refused.form == SubscribeForm::Link);
    let root = "../".repeat(path.matches('/').count() + usize::from(is_link && topic.is_none()));
    let texts = view.texts();
    let words = texts.subscribe;
    let fields = Fields { texts, action: format!("{root}{path}"), root: &root, refused };
    let takes_mail = takes_subscribers && view.takes_mail;
    let email = takes_mail.then(|| {
        let chosen = refused.map_or_else(Chosen::default, |refused| refused.chosen.clone());
        let mut field = fields.field(SubscribeForm::Email);
        let is_of_boxes = refused.is_some_and(|refused| refused.fault == FormFault::NoComponent);
        let boxes = topic.is_none().then(|| {
            let error = if is_of_boxes { field.error.take() } else { None };
            Boxes { error, ..Boxes::of(view, &chosen, true, true) }
        });
        (field, boxes)
    });
    let title = match topic {
        None => words.title(),
        Some(topic) if topic.is_maintenance => words.on_maintenance(),
        Some(_) => words.on_incident(),
    };
    let about = match topic {
        _ if !takes_subscribers => markup::escaped(words.without_subscription()),
        None => markup::escaped(words.about()),
        Some(topic) => words.about_one(&markup::isolated(&topic.title)),
    };
    let body = Page {
        texts,
        root: &root,
        name: balanced(&view.name),
        title,
        about,
        topic: topic.map(|topic| (topic.path(), balanced(&topic.title))),
        email,
        are_boxes_open: refused.is_some_and(|refused| {
            refused.form == SubscribeForm::Email && refused.chosen != Chosen::default()
        }),
        ways: if takes_subscribers { fields.ways() } else { Vec::new() },
        link: (takes_mail && topic.is_none()).then(|| fields.link()),
        feed_query: view.feed_query(),
        privacy: privacy(view).filter(|_| takes_subscribers),
    };
    let document = texts::title(title, &balanced(&view.name));
    let frame = Frame::new(view, Sheet::Subscribe, &root, &path, document);
    if takes_subscribers {
        frame.with_form(true).render(body.render_once()?)
    } else {
        frame.render(body.render_once()?)
    }
}

/// Why a form is not taken, in words.
pub(super) fn said(fault: &FormFault, texts: &Texts) -> String {
    let in_zone = match fault {
        FormFault::TooManyTries(until) => {
            Some(FormFault::TooManyTries(texts.dates.time_in_zone(until, "UTC")))
        }
        _ => None,
    };
    texts.subscribe.fault(in_zone.as_ref().unwrap_or(fault))
}

/// Makes the fields of the forms.
struct Fields<'a> {
    texts: &'static Texts,
    root: &'a str,
    action: String,
    refused: Option<&'a Refused>,
}

impl Fields<'_> {
    fn field(&self, form: SubscribeForm) -> Field {
        let words = self.texts.subscribe;
        let refused = self.refused.filter(|refused| refused.form == form);
        let is_mail = matches!(form, SubscribeForm::Email | SubscribeForm::Link);
        Field {
            name: form.name(),
            label: match form {
                SubscribeForm::Email | SubscribeForm::Link => words.email(),
                SubscribeForm::Webhook => words.endpoint_url(),
                _ => words.incoming_url(),
            },
            kind: if is_mail { ("email", "email") } else { ("url", "off") },
            placeholder: match form {
                SubscribeForm::Slack => "https://hooks.slack.com/services/…",
                SubscribeForm::Discord => "https://discord.com/api/webhooks/…",
                SubscribeForm::Teams | SubscribeForm::Webhook => "https://…",
                SubscribeForm::Email | SubscribeForm::Link => "",
            },
            button: match form {
                SubscribeForm::Email => words.by_email(),
                SubscribeForm::Link => words.send_link(),
                _ => words.test(),
            },
            filled: form == SubscribeForm::Email,
            action: match form {
                SubscribeForm::Link => format!("{}{SUBSCRIBE_PATH}/link", self.root),
                _ => self.action.clone(),
            },
            typed: refused.map_or_else(String::new, |refused| refused.typed.clone()),
            error: refused.map(|refused| said(&refused.fault, self.texts)),
        }
    }

    fn ways(&self) -> Vec<Way> {
        let words = self.texts.subscribe;
        let chat = |form, name| {
            let (about, note) = (words.in_channel(), words.test_about());
            Way { name, about, note, field: self.field(form) }
        };
        vec![
            chat(SubscribeForm::Slack, "Slack"),
            chat(SubscribeForm::Teams, "Microsoft Teams"),
            chat(SubscribeForm::Discord, "Discord"),
            Way {
                name: words.webhook(),
                about: words.signed_json(),
                note: words.test_about(),
                field: self.field(SubscribeForm::Webhook),
            },
        ]
    }

    fn link(&self) -> Way {
        let words = self.texts.subscribe;
        Way {
            name: words.already(),
            about: words.already_about(),
            note: "",
            field: self.field(SubscribeForm::Link),
        }
    }
}

#[cfg(test)]
#[path = "subscribe_test.rs"]
mod tests;
