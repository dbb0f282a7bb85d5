//! A message as it is sent to many: what all of them share is laid out once.

use super::plain::{cut, tidy, tidy_line, unbroken, wrapped};
use super::said::{Foot, OnPage, Said, Target};
use super::{Attachment, ChatParts, Links, MailParts, MessageColour, monthly};
use crate::html::{MailBody, MailPieces, Tone, balanced, escaped, zone};
use crate::texts::{Language, Texts};
use crate::view::IncidentText;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use std::fmt;

/// Between the parts of a state.
const DOT: &str = " · ";
/// The longest preview text, characters: lists of mails show less.
const PREVIEW: usize = 140;
/// The longest message for channels of short texts, characters.
const SHORT: usize = 300;

/// What a message says, laid out for mails and chats.
#[derive(Clone)]
pub struct Content {
    language: Language,
    page: String,
    at: Timestamp,
    thread: Option<String>,
    subject: String,
    /// The text part above its link.
    text: String,
    /// What the text part says with the link behind it, in the place of a label.
    invitation: Option<String>,
    html: MailPieces,
    button: String,
    target: Target,
    attachments: Vec<Attachment>,
    foot: Foot,
    /// "All times in UTC."
    times: String,
    /// Without what [`Self::chat`] fills in.
    chat: ChatParts,
    /// "Major outage, Identified"
    brief: String,
}

/// Says nothing of the texts.
impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Content").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Content {
    pub(super) fn of(on: &OnPage<'_>, said: Said) -> Self {
        let texts = on.texts;
        let page = tidy_line(&balanced(&on.view.name), texts);
        let html = MailPieces::of(body(on, &said, &page)).unwrap_or_default();
        let chat = chat(on, &said, &page);
        let [in_mail, _] = said.invitation.clone().map_or([None, None], |words| words.map(Some));
        Self {
            language: on.view.language,
            text: text(&said, in_mail.is_none(), texts),
            invitation: in_mail,
            subject: tidy_line(&said.subject, texts),
            brief: tidy_line(&said.state.join(", "), texts),
            times: texts.message.times(zone(&on.view)),
            page,
            at: said.at,
            thread: said.thread,
            html,
            button: said.button,
            target: said.target,
            attachments: said.attachments,
            foot: said.foot,
            chat,
        }
    }

    /// The name of the page, on one line.
    #[must_use]
    pub fn page_name(&self) -> &str {
        &self.page
    }

    /// The language that it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// When what it says was said.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The same for all messages of one incident, maintenance or announcement: letters, digits and hyphens. `None`: a message of
    /// its own.
    #[must_use]
    pub fn thread(&self) -> Option<&str> {
        self.thread.as_deref()
    }

    /// The mail to one recipient; `followed` is what it follows, `None` everything.
    #[must_use]
    pub fn mail(&self, links: &Links, followed: Option<&str>) -> MailParts {
        let texts = self.language.texts();
        let (sentences, labels) = self.foot(links, followed, texts);
        let target = self.target(links);
        MailParts {
            subject: self.subject.clone(),
            text: self.text_part(target, &sentences, &labels, texts),
            html: if self.html.is_empty() {
                String::new()
            } else {
                let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
                self.html.filled(target, &sentences, &labels)
            },
            attachments: self.attachments.clone(),
        }
    }

    /// The message to a channel of a chat.
    #[must_use]
    pub fn chat(&self, links: &Links) -> ChatParts {
        let words = self.language.texts().message;
        let label = |label: &str, url: &Option<String>| Some((label.to_owned(), url.clone()?));
        let subscription = match self.target {
            Target::Confirm => label(words.confirm(), &links.confirm),
            Target::Manage => label(&self.button, &links.manage),
            // Everybody in the channel reads it: nobody else is to end or change the subscription.
            _ => None,
        };
        ChatParts { subscription, ..self.chat.clone() }
    }

    /// One plain line of at most 300 characters, with a link to the page.
    #[must_use]
    pub fn short(&self) -> String {
        let (_, url) = &self.chat.link;
        let room = SHORT.saturating_sub(url.chars().count() + 1);
        let said = format!("{}: {}: {}", self.page, self.brief, self.chat.title);
        cut(&format!("{} {url}", cut(&said, room)), SHORT)
    }

    /// The sentences of the foot, and its links as labels and addresses.
    fn foot<'a>(
        &self,
        links: &'a Links,
        followed: Option<&str>,
        texts: &Texts,
    ) -> (Vec<String>, Vec<(&'static str, &'a str)>) {
        let words = texts.message;
        let labels = [(words.change(), &links.manage), (words.stop(), &links.stop)];
        let labels = || labels.into_iter().filter_map(|(label, url)| Some((label, url.as_deref()?)));
        let followed = followed.map(|followed| tidy_line(&balanced(followed), texts));
        match self.foot {
            Foot::Unasked(sentence) => (vec![sentence.to_owned()], Vec::new()),
            Foot::Monthly => {
                (vec![words.subscribed_monthly(&self.page), self.times.clone()], labels().collect())
            }
            Foot::Updates => {
                let why = words.subscribed(&self.page, followed.as_deref());
                (vec![why, self.times.clone()], labels().collect())
            }
        }
    }

    fn target<'a>(&'a self, links: &'a Links) -> &'a str {
        let link = match &self.target {
            Target::Page(url) => return url,
            Target::Confirm => &links.confirm,
            Target::Manage => &links.manage,
        };
        link.as_deref().unwrap_or(&self.chat.link.1)
    }

    fn text_part(&self, target: &str, sentences: &[String], links: &[(&str, &str)], texts: &Texts) -> String {
        let mut out = self.text.clone();
        out.push_str("\n\n");
        let label = self.invitation.clone().unwrap_or_else(|| format!("{}:", self.button));
        out.push_str(&tidy(&wrapped(&format!("{label} {target}")), texts));
        let asks = matches!(self.foot, Foot::Unasked(_));
        out.push_str(if asks { "\n\n" } else { "\n\n--\n" });
        for (place, sentence) in sentences.iter().enumerate() {
            out.push_str(&tidy(&wrapped(sentence), texts));
            out.push('\n');
            if place == 0 {
                for (label, url) in links {
                    out.push_str(&wrapped(&format!("{label}: {url}")));
                    out.push('\n');
                }
            }
        }
        out
    }
}

/// The text part above its link: blocks with blank lines between them.
fn text(said: &Said, with_body: bool, texts: &Texts) -> String {
    let mut head = vec![said.state.join(", ").to_uppercase()];
    match &said.head {
        Some(words) => head.push(words.clone()),
        None => head.extend([said.title.clone(), facts(said)]),
    }
    head.retain(|line| !line.is_empty());
    let head: Vec<_> = head.iter().map(|line| wrapped(&unbroken(line))).collect();
    let mut blocks = vec![head.join("\n")];
    blocks.extend(said.body.as_ref().filter(|_| with_body).map(|body| wrapped(&body.plain())));
    if !said.earlier.is_empty() {
        let lines = said.earlier.iter().map(|(time, text)| wrapped(&format!("{time} {text}")));
        let heading = std::iter::once(texts.message.earlier().to_owned());
        blocks.push(heading.chain(lines).collect::<Vec<_>>().join("\n"));
    }
    blocks.extend(said.report.as_ref().map(monthly::plain_rows));
    blocks.extend(said.notes.iter().map(|note| wrapped(note)));
    blocks.extend(said.report.as_ref().map(monthly::plain_events));
    blocks.retain(|block| !block.is_empty());
    tidy(&blocks.join("\n\n"), texts)
}

fn facts(said: &Said) -> String {
    said.facts.iter().map(|fact| fact.sentence.as_str()).collect::<Vec<_>>().join(" ")
}

fn body<'a>(on: &'a OnPage<'_>, said: &'a Said, page: &'a str) -> MailBody<'a> {
    let text = match &said.body {
        Some(IncidentText::Written(text)) => text.html(),
        Some(IncidentText::Automatic(text)) => format!("<p>{}</p>", escaped(text)),
        None => String::new(),
    };
    let (rows, events) = match &said.report {
        Some(report) => (&report.rows[..], &report.events[..]),
        None => (&[][..], &[][..]),
    };
    let line = said.body.as_ref().map(IncidentText::one_line).unwrap_or_default();
    MailBody {
        language: on.view.language,
        look: &on.view.branding,
        tone: said.tone,
        subject: &said.subject,
        preview: cut(&tidy_line(&format!("{} {line}", said.preview), on.texts), PREVIEW),
        page,
        state: said.state.join(DOT),
        title: &said.title,
        facts: facts(said),
        text,
        earlier: &said.earlier,
        rows,
        events,
        notes: &said.notes,
        button: &said.button,
    }
}

fn chat(on: &OnPage<'_>, said: &Said, page: &str) -> ChatParts {
    let line = |text: &str| tidy_line(text, on.texts);
    let body = match &said.invitation {
        Some([_, channel]) => channel.clone(),
        None => said.body.as_ref().map(IncidentText::plain).unwrap_or_default(),
    };
    let rows = said.report.iter().flat_map(|report| &report.rows);
    let rows = rows.map(|row| format!("{}: {} {}", line(&row.name), row.figure, row.outage));
    let paragraphs = std::iter::once(body).chain([rows.collect::<Vec<_>>().join("\n")]);
    let paragraphs = paragraphs.chain(said.notes.iter().filter(|_| said.attachments.is_empty()).cloned());
    let unasked = match said.foot {
        Foot::Unasked(sentence) => Some(sentence.to_owned()),
        Foot::Updates | Foot::Monthly => None,
    };
    let paragraphs = paragraphs.chain(unasked);
    let paragraphs: Vec<_> = paragraphs.filter(|text| !text.is_empty()).collect();
    let link = match &said.target {
        Target::Page(url) => (said.button.clone(), url.clone()),
        Target::Confirm | Target::Manage => (on.texts.message.see(page), on.view.url.clone()),
    };
    ChatParts {
        page: page.to_owned(),
        title: line(&said.title),
        state: line(&said.state.join(DOT)),
        text: tidy(&paragraphs.join("\n\n"), on.texts),
        facts: said.facts.iter().map(|fact| (fact.name.to_owned(), line(&fact.value))).collect(),
        link,
        subscription: None,
        colour: colour(said.tone),
        at: said.at,
    }
}

fn colour(tone: Tone) -> MessageColour {
    match tone {
        Tone::Of(Status::Operational) => MessageColour::Operational,
        Tone::Of(Status::DegradedPerformance) => MessageColour::Degraded,
        Tone::Of(Status::PartialOutage) => MessageColour::PartialOutage,
        Tone::Of(Status::MajorOutage) => MessageColour::MajorOutage,
        Tone::Of(Status::UnderMaintenance) => MessageColour::Maintenance,
        Tone::NoData => MessageColour::Neutral,
    }
}
