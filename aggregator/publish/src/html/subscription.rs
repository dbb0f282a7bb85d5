//! The pages behind the links in messages: confirming, choosing, stopping. They show an address masked, are kept by nobody, and
//! are not listed.

use super::boxes::{Boxes, Chosen};
use super::document::{Document, Sheet};
use super::frame::Frame;
use super::markup;
use super::subscribe::{FormFault, SUBSCRIBE_PATH, Topic, link_form, privacy, said};
use super::words::{Clock, balanced};
use crate::texts::{self, Texts};
use crate::view::PageView;
use sailfish::TemplateSimple;
use skerry_domain::subscriber::Channel;
use skerry_domain::time::Timestamp;
use std::collections::BTreeSet;

/// A subscription as its owner sees it.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its address, masked.
    pub address: String,
    /// When it was confirmed.
    pub since: Option<Timestamp>,
    /// What it hears of on the page; `None`: only what it follows.
    pub chosen: Option<Chosen>,
    /// Incidents and maintenance that it follows.
    pub followed: Vec<Topic>,
    /// The paths of those that a form gave up which was not taken.
    pub given_up: BTreeSet<String>,
    /// By what it is told: mails can bring the monthly report, and all but webhooks, which hear of each, changes of a status.
    pub channel: Channel,
    /// The secret of a webhook, and until when the former one signs beside it.
    pub secret: Option<(String, Option<Timestamp>)>,
    /// Its endpoint failed for too long: it hears nothing.
    pub is_quarantined: bool,
    /// Its endpoint can be sent a test message.
    pub can_be_tested: bool,
}

/// How a test of an endpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestResult {
    /// It took the message.
    Taken,
    /// It answered something else.
    Refused,
    /// It wants fewer messages.
    TooMany,
    /// It could not be reached.
    Unreachable,
    /// It did not answer in time.
    Timeout,
    /// Its certificate is not acceptable.
    Certificate,
    /// Nothing was sent: its URL leads where nothing may go.
    Forbidden,
    /// Nothing was sent now.
    NotSent,
}

impl TestResult {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Taken,
        Self::Refused,
        Self::TooMany,
        Self::Unreachable,
        Self::Timeout,
        Self::Certificate,
        Self::Forbidden,
        Self::NotSent,
    ];
}

/// What the page of a subscription says of a form that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManageNote {
    /// It was saved then.
    Saved(Timestamp),
    /// A test message is on its way, if one can be sent.
    TestSent,
    /// The page has a new link.
    Renewed,
    /// A test of its endpoint ended then.
    Tested(TestResult, Timestamp),
    /// It was not taken.
    Fault(FormFault),
}

/// More components than this are counted.
const NAMED: usize = 5;

#[derive(TemplateSimple)]
#[template(path = "manage.stpl")]
struct Manage<'a> {
    texts: &'static Texts,
    root: &'a str,
    name: String,
    /// As markup.
    owner: String,
    note: Option<String>,
    error: Option<String>,
    boxes: Option<Boxes>,
    /// Path of its page below the root as the value of a box, title, whether it is chosen.
    followed: Vec<(String, String, bool)>,
    secret: Option<(&'a str, Option<String>)>,
    is_quarantined: bool,
    can_be_tested: bool,
    link_about: &'static str,
    /// Where the operator says what is kept.
    privacy: Option<&'a str>,
    token: &'a str,
}

/// A document with a question or a statement.
#[derive(TemplateSimple)]
#[template(path = "question.stpl")]
struct Question<'a> {
    texts: &'static Texts,
    root: &'a str,
    name: String,
    title: &'static str,
    /// As markup.
    text: String,
    button: Option<&'static str>,
    /// An outlined link beside the button.
    instead: Option<(String, &'static str)>,
    note: Option<&'static str>,
    links: Vec<(String, String)>,
}

/// Renders the page of a subscription, at `subscriptions/<token>`.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn manage(
    view: &PageView,
    subscription: &Subscription,
    token: &str,
    note: Option<&ManageNote>,
) -> anyhow::Result<Document> {
    let (clock, root) = (Clock::of(view), "../");
    let (texts, words) = (clock.texts, clock.texts.subscribe);
    let Subscription { chosen, secret, .. } = subscription;
    let by_mail = subscription.channel == Channel::Email;
    let followed = |one: &Topic| {
        let path = one.path();
        let is_chosen = !subscription.given_up.contains(&path);
        (path, balanced(&one.title), is_chosen)
    };
    let fault = note.and_then(|note| match note {
        ManageNote::Fault(fault) => Some(fault),
        ManageNote::Saved(_) | ManageNote::TestSent | ManageNote::Renewed | ManageNote::Tested(..) => None,
    });
    let body = Manage {
        texts,
        root,
        name: balanced(&view.name),
        owner: owner(subscription, &clock),
        note: note.and_then(|note| match note {
            ManageNote::Saved(at) => Some(words.saved(&clock.time_in_zone(*at))),
            ManageNote::TestSent => Some(words.test_sent().to_owned()),
            ManageNote::Renewed => Some(words.link_renewed(by_mail).to_owned()),
            ManageNote::Tested(result, at) => Some(words.tested(*result, &clock.time_in_zone(*at))),
            ManageNote::Fault(_) => None,
        }),
        error: fault.filter(|fault| **fault != FormFault::NoComponent).map(|fault| said(fault, texts)),
        boxes: chosen.as_ref().map(|chosen| {
            let boxes = Boxes::of(view, chosen, subscription.channel != Channel::Webhook, by_mail);
            let fault = fault.filter(|fault| **fault == FormFault::NoComponent);
            Boxes { error: fault.map(|fault| said(fault, texts)), ..boxes }
        }),
        followed: subscription.followed.iter().map(followed).collect(),
        secret: secret.as_ref().map(|(secret, former)| {
            let former = former.map(|until| words.former_secret(&clock.moment_of_day(until)));
            (secret.as_str(), former)
        }),
        is_quarantined: subscription.is_quarantined,
        can_be_tested: subscription.can_be_tested,
        link_about: words.link_about(by_mail),
        privacy: privacy(view),
        token,
    };
    private(view, words.yours(), root).render(body.render_once()?)
}

/// "For an…@example.com, since 3 October 2026.", as markup.
fn owner(subscription: &Subscription, clock: &Clock<'_>) -> String {
    let since = subscription.since.unwrap_or(clock.now());
    let day = markup::escaped(&clock.isolated(clock.full_date(clock.date(since))));
    clock.texts.subscribe.yours_since(&markup::isolated(&subscription.address), &day)
}

/// What a subscription hears of, as markup: "all components, all updates", or the titles of what it follows.
fn heard(view: &PageView, subscription: &Subscription) -> String {
    let mut all = Vec::new();
    if let Some(chosen) = &subscription.chosen {
        let words = view.texts().message;
        all.push(components(view, chosen));
        all.push(if chosen.only_outages { words.only_outages() } else { words.all_updates() }.to_owned());
        all.extend(chosen.status_changes.then(|| words.status_changes().to_owned()));
        all.extend(chosen.monthly.then(|| words.monthly_within().to_owned()));
    }
    all.extend(subscription.followed.iter().map(|one| markup::isolated(&one.title)));
    all.join(", ")
}

/// The names of the components, as markup, or how many there are.
fn components(view: &PageView, chosen: &Chosen) -> String {
    let texts = view.texts();
    let Some(ids) = &chosen.components else { return texts.message.all_components().to_owned() };
    let shown = view.components().filter(|one| ids.contains(&one.id));
    let names: Vec<String> = shown.map(|one| markup::isolated(&one.name)).collect();
    match names.len() {
        0 => texts.message.no_component().to_owned(),
        1..=NAMED => names.join(", "),
        number => texts.status.components(number),
    }
}

/// The frame of a document behind a link. Its own address, which holds a secret, stands nowhere in it.
fn private<'a>(view: &'a PageView, title: &str, root: &'a str) -> Frame<'a> {
    let document = texts::title(title, &balanced(&view.name));
    Frame::new(view, Sheet::Subscribe, root, SUBSCRIBE_PATH, document).unlisted().with_form(false)
}

fn question<'a>(view: &PageView, root: &'a str, title: &'static str, text: String) -> Question<'a> {
    Question {
        texts: view.texts(),
        root,
        name: balanced(&view.name),
        title,
        text,
        button: None,
        instead: None,
        note: None,
        links: Vec::new(),
    }
}

/// The link to the page's root.
fn back(view: &PageView, root: &str) -> (String, String) {
    (root.to_owned(), view.texts().subscribe.back_to(&markup::isolated(&view.name)))
}

/// Renders the question whether a subscription is wanted, at `subscriptions/<token>/confirm`. `subscription` is as it will be.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn confirm(view: &PageView, subscription: &Subscription) -> anyhow::Result<Document> {
    let (words, root) = (view.texts().subscribe, "../../");
    let (page, address) = (markup::isolated(&view.name), markup::isolated(&subscription.address));
    let text = words.will_go(&page, &address, &heard(view, subscription));
    let privacy = privacy(view).map(|url| (url.to_owned(), markup::escaped(words.privacy())));
    let body = Question {
        button: Some(words.confirm()),
        note: Some(words.not_you()),
        links: privacy.into_iter().collect(),
        ..question(view, root, words.confirm_title(), text)
    };
    private(view, words.confirm_title(), root).render(body.render_once()?)
}

/// Renders what follows the confirmation, at the same path. `token` is that of the page of the subscription.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn confirmed(view: &PageView, subscription: &Subscription, token: &str) -> anyhow::Result<Document> {
    let (words, root) = (view.texts().subscribe, "../../");
    let (page, address) = (markup::isolated(&view.name), markup::isolated(&subscription.address));
    let text = words.will_go(&page, &address, &heard(view, subscription));
    let manage = (format!("{root}subscriptions/{token}"), markup::escaped(words.choose()));
    let body = Question {
        note: (subscription.channel != Channel::Email).then(|| words.bookmark()),
        links: vec![manage, back(view, root)],
        ..question(view, root, words.confirmed(), text)
    };
    private(view, words.confirmed(), root).render(body.render_once()?)
}

/// Renders the question whether to stop, at `unsubscribe/<token>`; with `manage`, the token of the page of the subscription, at
/// `subscriptions/<token>/stop`.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn stop(view: &PageView, address: &str, manage: Option<&str>) -> anyhow::Result<Document> {
    let root = if manage.is_some() { "../../" } else { "../" };
    let words = view.texts().subscribe;
    let text = words.stop(&markup::isolated(address), &markup::isolated(&view.name));
    let body = Question {
        button: Some(words.stop_all()),
        instead: manage.map(|token| (format!("{root}subscriptions/{token}"), words.fewer())),
        ..question(view, root, words.stop_title(), text)
    };
    private(view, words.stop_title(), root).render(body.render_once()?)
}

/// Renders what follows the stop, at a path with so many slashes.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn stopped(view: &PageView, slashes: usize) -> anyhow::Result<Document> {
    let root = "../".repeat(slashes);
    let words = view.texts().subscribe;
    let body = Question {
        links: vec![back(view, &root)],
        ..question(view, &root, words.stopped_title(), markup::escaped(words.stopped()))
    };
    private(view, words.stopped_title(), &root).render(body.render_once()?)
}

/// Renders that a link no longer works, at a path with so many slashes: the same for every token.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn spent(view: &PageView, slashes: usize) -> anyhow::Result<Document> {
    let root = "../".repeat(slashes);
    let words = view.texts().subscribe;
    let text = words.spent(&link_form(view, &root));
    let body = question(view, &root, words.spent_title(), text);
    private(view, words.spent_title(), &root).render(body.render_once()?)
}

/// Renders that a form was not taken, since its own page seems not to have sent it, at a path with so many slashes. `again` leads
/// to the form.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn foreign(view: &PageView, slashes: usize, again: &str) -> anyhow::Result<Document> {
    let root = "../".repeat(slashes);
    let words = view.texts().subscribe;
    let body = question(view, &root, words.foreign_title(), words.foreign(again));
    private(view, words.foreign_title(), &root).render(body.render_once()?)
}

#[cfg(test)]
#[path = "subscription_test.rs"]
mod tests;
