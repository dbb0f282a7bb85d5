//! STUB until the texts are there.
use crate::texts::Language;
use crate::view::Place;
use skerry_domain::notice::Notice;
use skerry_domain::state::{PageKey, State};
use skerry_domain::status::Status;
use skerry_domain::subscriber::Scope;
use skerry_domain::time::Timestamp;
#[derive(Clone, Copy, Debug)]
pub struct MessagePage<'a> {
    pub state: &'a State,
    pub page: PageKey,
    pub place: &'a Place,
    pub now: Timestamp,
}
#[derive(Debug)]
pub struct Content {
    name: String,
    text: String,
    at: Timestamp,
    thread: Option<String>,
    url: String,
}
pub struct Links {
    pub manage: Option<String>,
    pub stop: Option<String>,
    pub confirm: Option<String>,
}
pub struct Attachment {
    pub name: String,
    pub content_type: String,
    pub content: Vec<u8>,
}
pub struct MailParts {
    pub subject: String,
    pub text: String,
    pub html: String,
    pub attachments: Vec<Attachment>,
}
pub struct ChatParts {
    pub page: String,
    pub title: String,
    pub state: String,
    pub text: String,
    pub facts: Vec<(String, String)>,
    pub link: (String, String),
    pub subscription: Option<(String, String)>,
    pub status: Option<Status>,
    pub at: Timestamp,
}
fn of(page: MessagePage<'_>, text: &str, thread: Option<String>) -> Option<Content> {
    let name = page.state.pages.get(&page.page)?.settings.name.clone();
    Some(Content { name, text: text.to_owned(), at: page.now, thread, url: page.place.url.clone() })
}
pub fn of_notice(page: MessagePage<'_>, notice: &Notice) -> Option<Content> {
    of(page, &format!("notice {:?} {:?}", notice.subject, notice.updates), Some(notice.id.clone()))
}
pub fn confirmation(page: MessagePage<'_>, _scope: &Scope) -> Option<Content> {
    of(page, "confirm", None)
}
pub fn management(page: MessagePage<'_>) -> Option<Content> {
    of(page, "manage", None)
}
pub fn described(_page: MessagePage<'_>, _scope: &Scope) -> String {
    "all".to_owned()
}
impl Content {
    pub fn page_name(&self) -> &str {
        &self.name
    }
    pub fn language(&self) -> Language {
        Language::English
    }
    pub fn at(&self) -> Timestamp {
        self.at
    }
    pub fn thread(&self) -> Option<&str> {
        self.thread.as_deref()
    }
    pub fn mail(&self, links: &Links, _followed: Option<&str>) -> MailParts {
        let text = format!("{}\n{:?} {:?} {:?}\n", self.text, links.manage, links.stop, links.confirm);
        MailParts { subject: self.text.clone(), html: text.clone(), text, attachments: Vec::new() }
    }
    pub fn chat(&self, links: &Links) -> ChatParts {
        ChatParts {
            page: self.name.clone(),
            title: self.text.clone(),
            state: String::new(),
            text: self.text.clone(),
            facts: Vec::new(),
            link: ("See".to_owned(), self.url.clone()),
            subscription: links.manage.clone().map(|url| ("Manage".to_owned(), url)),
            status: None,
            at: self.at,
        }
    }
}
