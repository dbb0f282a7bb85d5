//! A message in the form of each channel.

use super::decide::{Message, Said};
use crate::outbox::Mail;
use serde_json::{Value, json};
use skerry_domain::problem::Severity;
use skerry_domain::time::{MINUTE, Timestamp};
use skerry_notify::alertmanager::Alert;
use skerry_notify::chat::{ChatMessage, Colour, Link};
use skerry_notify::mail::{Mail as Letter, Message as Signed, Sender, Unfit};
use skerry_notify::template::{NoticeState, TeamNotice};
use skerry_protocol::words::one_line;
use std::time::{Duration, SystemTime};
use url::Url;

/// For how long Alertmanager believes an alert of which it hears nothing, ms: four times as long as it usually has to.
const BELIEVED_FOR: i64 = 4 * MINUTE;

/// Who says it, and when.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The name of the page or of the workspace.
    pub(super) name: String,
    /// Where to look.
    pub(super) link: Url,
    /// The present time.
    pub(super) now: Timestamp,
}

impl Message {
    fn state(&self) -> NoticeState {
        self.said.first().map_or(NoticeState::Firing, |one| one.state)
    }

    fn severity(&self) -> Severity {
        self.said.iter().map(|one| one.severity).max().unwrap_or(Severity::Low)
    }

    /// `web is down`, or `3 conditions: web is down; …`
    fn title(&self) -> String {
        let titles: Vec<String> = self.said.iter().map(|one| one_line(&one.title)).collect();
        match titles.as_slice() {
            [one] => one.clone(),
            all => format!("{} conditions: {}", all.len(), all.join("; ")),
        }
    }

    fn text(&self) -> String {
        match self.said.as_slice() {
            [one] => one.text.clone(),
            all => {
                all.iter().map(|one| format!("{}\n{}", one.title, one.text)).collect::<Vec<_>>().join("\n\n")
            }
        }
    }

    /// That of the only condition, or of the first one.
    fn id(&self) -> &str {
        self.said.first().map_or("", |one| one.id.as_str())
    }

    /// When the first of them began.
    fn since(&self) -> Timestamp {
        self.said.iter().map(|one| one.since).min().unwrap_or(Timestamp(0))
    }

    pub(super) fn notice(&self, context: &Context) -> TeamNotice {
        let title = match self.state() {
            NoticeState::Firing => self.title(),
            NoticeState::Resolved => format!("Resolved: {}", self.title()),
        };
        TeamNotice {
            id: self.id().to_owned(),
            state: self.state(),
            severity: self.severity(),
            title,
            text: self.text(),
            page: context.name.clone(),
            url: context.link.clone(),
            at: time(match self.state() {
                NoticeState::Firing => self.since(),
                NoticeState::Resolved => context.now,
            }),
        }
    }

    pub(super) fn chat(&self, context: &Context) -> ChatMessage {
        let colour = match (self.state(), self.severity()) {
            (NoticeState::Resolved, _) => Colour::Operational,
            (NoticeState::Firing, Severity::Critical) => Colour::MajorOutage,
            (NoticeState::Firing, Severity::High) => Colour::PartialOutage,
            (NoticeState::Firing, Severity::Medium) => Colour::Degraded,
            (NoticeState::Firing, Severity::Low) => Colour::Neutral,
        };
        ChatMessage {
            page: context.name.clone(),
            title: self.title(),
            state: format!("{} · {}", capitals(self.state()), self.severity().name()),
            text: self.text(),
            facts: Vec::new(),
            link: Link { label: "Open Skerry".to_owned(), url: context.link.clone() },
            subscription: None,
            colour,
            at: time(context.now),
        }
    }

    /// For webhooks.
    pub(super) fn json(&self, context: &Context) -> Value {
        let conditions = self.said.iter().map(|one| {
            json!({
                "id": one.id,
                "state": one.state.name(),
                "severity": one.severity.name(),
                "title": one.title,
                "text": one.text,
                "since": time(one.since).to_string(),
                "labels": one.alert,
            })
        });
        json!({
            "version": 1,
            "state": self.state().name(),
            "severity": self.severity().name(),
            "title": self.title(),
            "from": context.name,
            "url": context.link.as_str(),
            "conditions": conditions.collect::<Vec<_>>(),
        })
    }

    pub(super) fn alerts(&self, context: &Context) -> Vec<Alert> {
        let alert = |one: &Said| Alert {
            labels: one.alert.clone(),
            annotations: [("summary", &one.title), ("description", &one.text)]
                .map(|(name, text)| (name.to_owned(), text.clone()))
                .into(),
            starts_at: time(one.since),
            ends_at: time(match one.state {
                NoticeState::Firing => context.now + BELIEVED_FOR,
                NoticeState::Resolved => context.now,
            }),
            generator_url: context.link.clone(),
        };
        self.said.iter().map(alert).collect()
    }

    /// A mail to `address`, signed if mails are.
    pub(super) fn letter(&self, context: &Context, mail: &Mail, address: &str) -> Result<Signed, Unfit> {
        let domain = mail.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let random = u128::from_ne_bytes(skerry_host::random::bytes());
        let now = Duration::from_millis(u64::try_from(context.now.0).unwrap_or(0));
        let letter = Letter {
            from: Sender { name: one_line(&context.name), address: mail.address.clone() },
            to: address.to_owned(),
            // It names no delivery, so that a bounce of it is matched with none.
            return_path: mail.address.clone(),
            subject: format!("[{}] {}: {}", one_line(&context.name), capitals(self.state()), self.title()),
            text: self.plain(context),
            html: self.html(context),
            message_id: format!("{random:032x}@{domain}"),
            // Nobody sent the root of a thread: clients join what names it.
            follows: match self.said.as_slice() {
                [one] => vec![format!("{}@{domain}", one.id)],
                _ => Vec::new(),
            },
            unsubscribe: None,
            headers: Vec::new(),
            language: "en".to_owned(),
            date: SystemTime::UNIX_EPOCH + now,
            attachments: Vec::new(),
        };
        let mut message = letter.message()?;
        if let Some(dkim) = &mail.dkim {
            message.sign(dkim, letter.date);
        }
        Ok(message)
    }

    fn plain(&self, context: &Context) -> String {
        let said =
            self.said.iter().map(|one| format!("{} ({})\n{}\n", one.title, one.severity.name(), one.text));
        let said: Vec<String> = said.collect();
        format!("{}: {}\n\n{}\n{}\n", capitals(self.state()), self.title(), said.join("\n"), context.link)
    }

    fn html(&self, context: &Context) -> String {
        let said = self.said.iter().map(|one| {
            let (title, severity) = (escaped(&one.title), one.severity.name());
            let text = escaped(&one.text).replace('\n', "<br>");
            format!("<h2>{title} ({severity})</h2><p>{text}</p>")
        });
        let (title, said) = (escaped(&self.title()), said.collect::<String>());
        let (state, link) = (capitals(self.state()), escaped(context.link.as_str()));
        format!(
            "<!doctype html><html lang=en><title>{title}</title><p><strong>{state}</strong></p>{said}\
             <p><a href=\"{link}\">{link}</a></p></html>"
        )
    }
}

fn capitals(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Firing => "FIRING",
        NoticeState::Resolved => "RESOLVED",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn time(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default()
}

#[cfg(test)]
#[path = "message_test.rs"]
mod tests;
