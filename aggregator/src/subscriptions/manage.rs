//! The page of a subscription, and what is sent with its forms. A form that was taken leads back to the page, so that loading
//! it again sends nothing.

use super::endpoint::{Done, SubscriptionEndpoint, document, new_secret, spent, status_of};
use super::entered::{self, choices};
use super::links::LinkPurpose;
use super::page_now::PageNow;
use super::shown::{followed, subscription};
use crate::outbox::Tested;
use skerry_domain::state::SubscriberKey;
use skerry_domain::step::{RejectedKind, SubscriberCommand};
use skerry_domain::subscriber::{Scope, Subscriber, SubscriberState};
use skerry_domain::time::{DAY, Timestamp};
use skerry_notify::Class;
use skerry_publish::html::{self, Chosen, FormFault, ManageNote, TestResult, Topic};
use skerry_web::{Form, SubscriptionAnswer};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is said of a form that was taken, in the query of the page: with the time, ms since 1970.
const SAVED: &str = "saved";
const TEST_SENT: &str = "test-sent";
const RENEWED: &str = "renewed";
/// It is said for so long, ms.
const SAID_FOR: i64 = DAY;

impl SubscriptionEndpoint {
    fn manageable<'a>(&self, page: &'a PageNow, token: &str) -> Option<(SubscriberKey, &'a Subscriber)> {
        let found = page.found(&self.key, LinkPurpose::Manage, token);
        found.filter(|(_, one)| one.state != SubscriberState::Unconfirmed)
    }

    /// The page of a subscription.
    pub(super) fn managed(&self, page: &PageNow, token: &str, query: &str) -> Option<SubscriptionAnswer> {
        let Some((_, subscriber)) = self.manageable(page, token) else { return Some(spent(page, 1)) };
        let shown = subscription(page.state()?, subscriber, &subscriber.scope, page.now);
        let note = note_of(query, page.now);
        Some(document(200, html::manage(&page.view, &shown, token, note.as_ref())))
    }

    /// Sends a test message to the endpoint of a subscriber.
    async fn tried(&self, page: &PageNow, key: SubscriberKey) -> TestResult {
        let Some(tester) = &self.tester else { return TestResult::NotSent };
        tester.test(page.workspace, key).await.map_or(TestResult::NotSent, result_of)
    }

    /// A form of it.
    pub(super) async fn change(
        &self,
        page: &PageNow,
        token: &str,
        form: &Form,
        client: Option<IpAddr>,
    ) -> Option<SubscriptionAnswer> {
        let Some((key, subscriber)) = self.manageable(page, token) else { return Some(spent(page, 1)) };
        let shown = subscription(page.state()?, subscriber, &subscriber.scope, page.now);
        let refuse = |shown: &html::Subscription, fault: FormFault| {
            let (status, note) = (status_of(&fault), ManageNote::Fault(fault));
            Some(document(status, html::manage(&page.view, shown, token, Some(&note))))
        };
        if let Err(fault) = self.limit(client) {
            return refuse(&shown, fault);
        }
        let mut note = SAVED;
        let command = match form.value("action") {
            "rotate" if subscriber.secret.is_some() => SubscriberCommand::RotateSecret(key, new_secret()),
            "test" if subscriber.state == SubscriberState::Quarantined => {
                note = TEST_SENT;
                let (address, scope) = (subscriber.address.clone(), subscriber.scope.clone());
                SubscriberCommand::Ask(self.asked(page, subscriber.channel, address, scope))
            }
            "renew" => {
                note = RENEWED;
                SubscriberCommand::RenewLinks(key)
            }
            "try" if shown.can_be_tested => {
                let note = note_of_test(self.tried(page, key).await);
                return Some(SubscriptionAnswer::SeeOther(noted(token, note, self.engine.now())));
            }
            "rotate" | "test" | "try" => return Some(SubscriptionAnswer::SeeOther(token.to_owned())),
            _ => match wanted(page, subscriber, form) {
                Ok(scope) => SubscriberCommand::Choose(key, scope),
                Err((fault, chosen)) => {
                    let given_up = given_up(&shown.followed, form).map(Topic::path).collect();
                    return refuse(&html::Subscription { chosen, given_up, ..shown }, fault);
                }
            },
        };
        match self.command(page, command).await {
            Done::Accepted => {
                let (snapshot, now) = self.engine.present();
                let state = snapshot.workspaces.get(page.workspace)?;
                // It may be another one now.
                let token = self.key.token(LinkPurpose::Manage, state.subscribers.get(&key)?);
                Some(SubscriptionAnswer::SeeOther(noted(&token, note, now)))
            }
            Done::Rejected(RejectedKind::NotFound, "subscriber") => Some(spent(page, 1)),
            Done::Rejected(_, "components") => refuse(&shown, FormFault::NoComponent),
            Done::Rejected(..) | Done::Unavailable => refuse(&shown, FormFault::Unavailable),
        }
    }
}

/// The page of a subscription, with what it says of a form that was taken.
fn noted(token: &str, note: &str, now: Timestamp) -> String {
    format!("{token}?{note}={}", now.0)
}

/// What the query of the page says of it.
fn note_of_test(result: TestResult) -> &'static str {
    match result {
        TestResult::Taken => "test-taken",
        TestResult::Refused => "test-refused",
        TestResult::TooMany => "test-too-many",
        TestResult::Unreachable => "test-unreachable",
        TestResult::Timeout => "test-timeout",
        TestResult::Certificate => "test-certificate",
        TestResult::Forbidden => "test-forbidden",
        TestResult::NotSent => "test-not-sent",
    }
}

fn result_of(tested: Tested) -> TestResult {
    match tested {
        Tested::TooSoon => TestResult::NotSent,
        Tested::Answered(class) => match class {
            Class::Success => TestResult::Taken,
            Class::RateLimited => TestResult::TooMany,
            Class::Unreachable => TestResult::Unreachable,
            Class::Timeout => TestResult::Timeout,
            Class::Tls => TestResult::Certificate,
            Class::Forbidden => TestResult::Forbidden,
            Class::Own => TestResult::NotSent,
            Class::NoSuchAddress
            | Class::MailboxFull
            | Class::Policy
            | Class::Rejected
            | Class::Gone
            | Class::Unavailable => TestResult::Refused,
        },
    }
}

/// Those of what is followed whose boxes are empty.
fn given_up<'a>(followed: &'a [Topic], form: &Form) -> impl Iterator<Item = &'a Topic> {
    let kept: BTreeSet<&str> = form.values("followed").collect();
    followed.iter().filter(move |one| !kept.contains(one.path().as_str()))
}

fn note_of(query: &str, now: Timestamp) -> Option<ManageNote> {
    let (name, at) = query.split_once('=')?;
    let at = Timestamp(at.parse().ok()?);
    let is_recent = at <= now && now < at + SAID_FOR;
    match name {
        SAVED if is_recent => Some(ManageNote::Saved(at)),
        TEST_SENT if is_recent => Some(ManageNote::TestSent),
        RENEWED if is_recent => Some(ManageNote::Renewed),
        _ if is_recent => {
            let tested = TestResult::ALL.into_iter().find(|one| note_of_test(*one) == name);
            tested.map(|result| ManageNote::Tested(result, at))
        }
        _ => None,
    }
}

/// What the form of a subscription asks for, or why it is not taken, with what was chosen.
fn wanted(
    page: &PageNow,
    subscriber: &Subscriber,
    form: &Form,
) -> Result<Scope, (FormFault, Option<Chosen>)> {
    let Some(state) = page.state() else { return Err((FormFault::Unavailable, None)) };
    let former = &subscriber.scope;
    let chosen = former.page.as_ref().map(|_| entered::chosen(form, &page.view));
    let mut scope = former.clone();
    // Only what is shown can be given up.
    for one in given_up(&followed(state, page.key, former), form) {
        scope.incidents.retain(|key| one.is_maintenance || state.incident_with_id(&one.id) != Some(*key));
        scope.windows.retain(|key| !one.is_maintenance || state.window_with_id(&one.id) != Some(*key));
    }
    scope.page = chosen.as_ref().map(|chosen| choices(chosen, state, page.key));
    let is_none = |chosen: &Chosen| chosen.components.as_ref().is_some_and(BTreeSet::is_empty);
    if chosen.as_ref().is_some_and(is_none) {
        return Err((FormFault::NoComponent, chosen));
    }
    if scope == Scope::default() {
        return Err((FormFault::NothingFollowed, None));
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_said_for_a_day_with_its_time() {
        let (saved, now) = (Timestamp(1_000), Timestamp(1_000 + DAY - 1));
        for (query, now, expected) in [
            ("saved=1000", saved, Some(ManageNote::Saved(saved))),
            ("saved=1000", now, Some(ManageNote::Saved(saved))),
            ("test-sent=1000", now, Some(ManageNote::TestSent)),
            ("test-timeout=1000", now, Some(ManageNote::Tested(TestResult::Timeout, saved))),
            ("test-timeout=1000", now + 1, None),
            ("renewed=1000", now, Some(ManageNote::Renewed)),
            ("saved=1000", now + 1, None),
            ("saved=1001", saved, None),
            ("saved=-9223372036854775808", now, None),
            ("saved=9223372036854775807", now, None),
            ("saved=16:15", now, None),
            ("saved", now, None),
            ("utm_source=1000", now, None),
            ("", now, None),
        ] {
            assert_eq!(note_of(query, now), expected, "{query}");
        }
    }
}
