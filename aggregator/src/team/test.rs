//! A test of one receiver: a message that says what it is, and what came of it.

use super::channels::TeamChannels;
use super::decide::{Message, Said, Taking};
use super::message::Context;
use crate::config::Config;
use crate::outbox::Channels;
use anyhow::Context as _;
use skerry_domain::problem::Severity;
use skerry_domain::time::Timestamp;
use skerry_notify::template::NoticeState;
use skerry_notify::{Class, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// The name of the class of the answer.
    pub class: &'static str,
    /// What the other side, or the way to it, said; never the body of an answer.
    pub answer: String,
    /// It was taken.
    pub taken: bool,
}

/// Sends a test to the receiver with this name of the workspace of `config`. `first` speaks for the process. What joins
/// notices of one condition is told at once that the test is over.
///
/// # Errors
/// There is no such receiver, or a file that the settings name cannot be used.
pub async fn test(first: &Config, config: &Config, name: &str) -> anyhow::Result<Tested> {
    let receiver = config.receivers.iter().find(|one| one.name == name);
    let receiver =
        receiver.with_context(|| format!("workspace {} has no receiver {name:?}", config.workspace))?;
    let channels = TeamChannels::new(Arc::new(Channels::of(first.mail.as_ref(), &first.subscribers)?))?;
    let now = Timestamp(skerry_host::clock::wall_ms());
    let id = format!("test-{:016x}", u64::from_ne_bytes(skerry_host::random::bytes()));
    let name = config.pages.first().filter(|_| config.pages.len() == 1).map(|page| page.name.clone());
    let context = Context {
        name: name.unwrap_or_else(|| config.workspace.clone()),
        link: first.public.base_url.clone(),
        now,
    };
    let states = match receiver.kind.taking() {
        Taking::Gathered => vec![NoticeState::Firing],
        Taking::Each | Taking::Refreshed => vec![NoticeState::Firing, NoticeState::Resolved],
    };
    let mut tested = None;
    for state in states {
        let message = message(&receiver.name, (&id, &config.workspace), state, context.now);
        let outcome = channels.send(&receiver.kind, &message, &context).await;
        let is_taken = matches!(outcome, Outcome::Accepted(_));
        tested = Some(of(&outcome));
        if !is_taken {
            break;
        }
    }
    if let Some(mail) = channels.mail() {
        mail.mailer.close().await;
    }
    tested.context("nothing was sent")
}

fn of(outcome: &Outcome) -> Tested {
    let answer = outcome.answer();
    Tested { class: answer.class.name(), answer: answer.text.clone(), taken: answer.class == Class::Success }
}

fn message(receiver: &str, (id, workspace): (&str, &str), state: NoticeState, now: Timestamp) -> Message {
    let alert = [("alertname", "SkerryTest"), ("severity", "low"), ("workspace", workspace), ("id", id)];
    let alert: BTreeMap<String, String> =
        alert.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let said = Said {
        id: id.to_owned(),
        state,
        severity: Severity::Low,
        title: format!("Test of the receiver {receiver}"),
        text: "Nothing is wrong: somebody ran skerry-aggregator receiver test.".to_owned(),
        since: now,
        alert,
    };
    Message { said: vec![said], told: Vec::new() }
}
