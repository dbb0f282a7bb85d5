//! From a complete mail to its bytes. What would end a header, or the message, is refused at the door.

use super::address::address;
use super::delivery_header;
use super::dkim::DkimKey;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Attached, Mailbox, MultiPart, SinglePart};
use std::fmt::{self, Write as _};
use std::time::SystemTime;

/// Longest line of a header (RFC 5322, 2.1.1), less its name.
const LONGEST_WORD: usize = 900;

/// A mail as it is to be sent.
#[derive(Clone)]
pub struct Mail {
    /// Whom it is from.
    pub from: Sender,
    /// The address that it goes to.
    pub to: String,
    /// Where bounces go: an address that names the delivery ([`super::Verp`]).
    pub return_path: String,
    /// The subject, on one line.
    pub subject: String,
    /// What text clients show.
    pub text: String,
    /// What others show.
    pub html: String,
    /// Its id without angle brackets, the same at every attempt.
    pub message_id: String,
    /// Ids of the mails that it follows, oldest first: clients show all of them as one thread.
    pub follows: Vec<String>,
    /// The address that ends the subscription with one request (RFC 8058).
    pub unsubscribe: Option<String>,
    /// Further headers, whose names begin with `X-`: names and values.
    pub headers: Vec<(String, String)>,
    /// The language of both texts.
    pub language: String,
    /// When what it says was said.
    pub date: SystemTime,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// Whom a mail is from.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The name that is shown.
    pub name: String,
    /// The address.
    pub address: String,
}

/// Something that is attached to a mail.
#[derive(Clone)]
pub struct Attachment {
    /// The name of its file.
    pub name: String,
    /// What it is: `text/calendar; charset=utf-8; method=PUBLISH`.
    pub content_type: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// A mail in the form in which it is handed over.
#[derive(Clone)]
pub struct Message {
    pub(super) return_path: Address,
    pub(super) to: Address,
    message_id: String,
    bytes: Vec<u8>,
}

// Addresses, links and texts are nobody's but the recipient's.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// A mail that cannot be sent as it is. The message names no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {field} of a mail {why}")]
pub struct Unfit {
    /// Which part of the mail.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Mail {
    /// The message that is handed over.
    ///
    /// # Errors
    /// A part of it would not arrive as it is, or would be taken for another.
    pub fn message(&self) -> Result<Message, Unfit> {
        let from = Mailbox::new(
            Some(line("name of the sender", &self.from.name)?.to_owned()).filter(|name| !name.is_empty()),
            address("address of the sender", &self.from.address)?,
        );
        let to = address("recipient", &self.to)?;
        let return_path = address("return path", &self.return_path)?;
        let message_id = id("id", &self.message_id)?;
        let mut builder = lettre::Message::builder()
            .from(from)
            .to(Mailbox::new(None, to.clone()))
            .subject(line("subject", &self.subject)?)
            .date(self.date)
            .raw_header(raw("Message-ID", format!("<{message_id}>")))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(raw("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()))
            .raw_header(raw("Content-Language", language(&self.language)?.to_owned()));
        let follows = self.follows.iter().map(|one| Ok(format!("<{}>", id("thread", one)?)));
        let follows = follows.collect::<Result<Vec<_>, Unfit>>()?;
        if let Some(last) = follows.last() {
            builder = builder
                .raw_header(raw("In-Reply-To", last.clone()))
                .raw_header(raw("References", follows.join("\r\n ")));
        }
        if let Some(url) = &self.unsubscribe {
            builder = builder
                .raw_header(raw("List-Unsubscribe", format!("<{}>", https(url)?)))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        for (name, value) in &self.headers {
            builder = builder.raw_header(further(name, value)?);
        }
        // Without an envelope lettre takes that of the headers.
        let built = builder.multipart(self.parts()?);
        let built = built.map_err(|_| Unfit { field: "envelope", why: "is incomplete" })?;
        Ok(Message { return_path, to, message_id: message_id.to_owned(), bytes: built.formatted() })
    }

    fn parts(&self) -> Result<MultiPart, Unfit> {
        let plain = SinglePart::plain(body("text", &self.text)?);
        let html = SinglePart::html(body("HTML", &self.html)?);
        let texts = MultiPart::alternative().boundary(self.boundary("a")).singlepart(plain).singlepart(html);
        if self.attachments.is_empty() {
            return Ok(texts);
        }
        let mut all = MultiPart::mixed().boundary(self.boundary("m")).multipart(texts);
        for one in &self.attachments {
            let name = line("name of an attachment", &one.name)?.to_owned();
            let kind = ContentType::parse(line("type of an attachment", &one.content_type)?);
            let kind =
                kind.map_err(|_| Unfit { field: "type of an attachment", why: "is not a media type" })?;
            all = all.singlepart(Attached::new(name).body(one.content.clone(), kind));
        }
        Ok(all)
    }

    /// The same for the same mail, so that it is the same at every attempt. A text cannot hold its own digest.
    fn boundary(&self, level: &str) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for part in [level, &self.message_id, &self.text, &self.html] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        hex(&context.finish().as_ref()[..16])
    }
}

impl Message {
    /// Signs it. The newest signature stands first.
    pub fn sign(&mut self, key: &DkimKey, at: SystemTime) {
        let mut bytes = key.signature(&self.bytes, at).into_bytes();
        bytes.append(&mut self.bytes);
        self.bytes = bytes;
    }

    /// The bytes, with lines that end with CR and LF.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The address that it goes to.
    #[must_use]
    pub fn to(&self) -> &str {
        self.to.as_ref()
    }

    /// Where bounces go.
    #[must_use]
    pub fn return_path(&self) -> &str {
        self.return_path.as_ref()
    }

    /// Its id without angle brackets.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

fn further(name: &str, value: &str) -> Result<HeaderValue, Unfit> {
    let field = "further header";
    let name = delivery_header::name(name).map_err(|why| Unfit { field, why })?;
    let name = HeaderName::new_from_ascii(name.to_owned());
    let name = name.map_err(|_| Unfit { field, why: "has a name that is too long" })?;
    let value = delivery_header::value(value).map_err(|why| Unfit { field, why })?.to_owned();
    Ok(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}

pub(super) fn line<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Unfit> {
    if text.contains(char::is_control) {
        return Err(Unfit { field, why: "holds a line break or another control character" });
    }
    Ok(text)
}

/// Visible ASCII characters without those that would end a value in angle brackets.
fn word<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Unfit> {
    let fits = |one: u8| one.is_ascii_graphic() && !b"<>\"\\".contains(&one);
    if text.is_empty() || text.len() > LONGEST_WORD || !text.bytes().all(fits) {
        return Err(Unfit { field, why: "is empty, too long, or holds characters that have no place there" });
    }
    Ok(text)
}

fn id<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Unfit> {
    let parts = word(field, text)?.split_once('@');
    let whole =
        parts.is_some_and(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains('@'));
    if whole { Ok(text) } else { Err(Unfit { field, why: "is not of the form id@domain" }) }
}

fn https(url: &str) -> Result<&str, Unfit> {
    let field = "unsubscribe link";
    let url = word(field, url)?;
    // A comma would begin a second address.
    let fits = url.starts_with("https://") && !url.contains(',');
    if fits { Ok(url) } else { Err(Unfit { field, why: "is not one https address" }) }
}

fn language(tag: &str) -> Result<&str, Unfit> {
    let fits = |one: u8| one.is_ascii_alphanumeric() || one == b'-';
    let tag = word("language", tag)?;
    if tag.bytes().all(fits) {
        Ok(tag)
    } else {
        Err(Unfit { field: "language", why: "is not a language tag" })
    }
}

fn body(field: &'static str, text: &str) -> Result<String, Unfit> {
    if text.contains('\0') {
        return Err(Unfit { field, why: "holds a NUL" });
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
#[path = "message_test.rs"]
pub(super) mod tests;
