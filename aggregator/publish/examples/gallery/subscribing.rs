//! What those see who subscribe: the forms, what follows them, and the pages behind the links in messages.

use crate::sample::{NOW, page, sixty};
use crate::{incidents, states};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::DAY;
use skerry_publish::Language;
use skerry_publish::html::{
    self, Chosen, Document, FormFault, ManageNote, Refused, Sent, SubscribeForm, Subscription, TestResult,
    Topic,
};
use skerry_publish::view::{Item, PageView};
use std::collections::BTreeSet;

/// A page in English, in German, and from right to left.
pub(crate) fn sites() -> Vec<(&'static str, PageView)> {
    let northwind = |language| {
        let view = page("Northwind status", sixty(2));
        let incidents = incidents::of_fire(&page("Northwind status", states::on_fire(1)));
        PageView { language, incidents, ..view }
    };
    let privacy_url = Some("https://northwind.example/privacy".to_owned());
    vec![
        ("en", PageView { privacy_url, ..northwind(Language::English) }),
        ("de", northwind(Language::German)),
        ("pseudo", northwind(Language::Pseudo)),
    ]
}

/// The documents by path. The tokens are none.
pub(crate) fn pages(view: &PageView) -> anyhow::Result<Vec<(&'static str, Document)>> {
    let refused = |form, typed: &str, fault| Refused {
        form,
        typed: typed.to_owned(),
        fault,
        chosen: Chosen { only_outages: true, ..Chosen::default() },
    };
    let mail = refused(SubscribeForm::Email, "ann.example.com", FormFault::NoMailAddress);
    let many = FormFault::TooManyTries("16:30".to_owned());
    let many = refused(SubscribeForm::Email, "ann.lee@example.com", many);
    let slack = refused(SubscribeForm::Slack, "http://hooks.slack.com/services/T0", FormFault::NotHttps);
    let topic = Topic::of_incident(&view.incidents[0]);
    let (ann, some, hook, channel) = (ann(None), ann(Some(first_group(view))), hook(), channel());
    let none = self::ann(Some(BTreeSet::new()));
    let follower = Subscription { chosen: None, followed: vec![topic.clone()], ..ann.clone() };
    let forgetful = Subscription { given_up: BTreeSet::from([topic.path()]), ..follower.clone() };
    let nothing = ManageNote::Fault(FormFault::NothingFollowed);
    let works = Subscription { is_quarantined: false, can_be_tested: true, ..hook.clone() };
    let tested = ManageNote::Tested(TestResult::Refused, view.now);
    Ok(vec![
        ("subscribe", html::subscribe(view, None, None)?),
        ("subscribe-mail-error", html::subscribe(view, None, Some(&mail))?),
        ("subscribe-too-many-tries", html::subscribe(view, None, Some(&many))?),
        ("subscribe-slack-error", html::subscribe(view, None, Some(&slack))?),
        (
            "subscribe-without-mail",
            html::subscribe(&PageView { takes_mail: false, ..view.clone() }, None, None)?,
        ),
        ("subscribe-copy", html::subscribe_copy(view, None)?),
        ("subscribe-incident", html::subscribe(view, Some(&topic), None)?),
        ("sent", html::sent(view, Sent::Mail)?),
        ("test-sent", html::sent(view, Sent::Test)?),
        ("link-sent", html::sent(view, Sent::Link)?),
        ("confirm", html::confirm(view, &ann)?),
        ("confirm-incident", html::confirm(view, &follower)?),
        ("confirmed", html::confirmed(view, &ann, "token")?),
        ("confirmed-channel", html::confirmed(view, &channel, "token")?),
        ("manage", html::manage(view, &some, "token", Some(&ManageNote::Saved(view.now)))?),
        (
            "manage-error",
            html::manage(view, &none, "token", Some(&ManageNote::Fault(FormFault::NoComponent)))?,
        ),
        ("manage-renewed", html::manage(view, &ann, "token", Some(&ManageNote::Renewed))?),
        ("manage-channel", html::manage(view, &channel, "token", None)?),
        ("manage-test-sent", html::manage(view, &channel, "token", Some(&ManageNote::TestSent))?),
        ("manage-channel-renewed", html::manage(view, &channel, "token", Some(&ManageNote::Renewed))?),
        ("manage-nothing-followed", html::manage(view, &forgetful, "token", Some(&nothing))?),
        ("manage-webhook", html::manage(view, &hook, "token", None)?),
        ("manage-webhook-tested", html::manage(view, &works, "token", Some(&tested))?),
        ("manage-incident", html::manage(view, &follower, "token", None)?),
        ("stop", html::stop(view, &ann.address, Some("token"))?),
        ("unsubscribe", html::stop(view, &ann.address, None)?),
        ("stopped", html::stopped(view, 1)?),
        ("spent", html::spent(view, 1)?),
        ("foreign", html::foreign(view, 1, "../subscribe")?),
    ])
}

fn first_group(view: &PageView) -> BTreeSet<String> {
    let group = view.items.iter().find_map(|item| match item {
        Item::Group(group) => Some(group.components()),
        Item::Component(_) => None,
    });
    group.into_iter().flatten().map(|one| one.id.clone()).collect()
}

fn ann(components: Option<BTreeSet<String>>) -> Subscription {
    Subscription {
        address: "an…@example.com".to_owned(),
        since: Some(NOW - 48 * DAY),
        chosen: Some(Chosen { components, monthly: true, ..Chosen::default() }),
        followed: Vec::new(),
        given_up: BTreeSet::new(),
        channel: Channel::Email,
        secret: None,
        is_quarantined: false,
        can_be_tested: false,
    }
}

/// A channel that failed.
fn channel() -> Subscription {
    Subscription {
        address: "hooks.slack.com/serv…".to_owned(),
        chosen: Some(Chosen::default()),
        channel: Channel::Slack,
        is_quarantined: true,
        ..ann(None)
    }
}

fn hook() -> Subscription {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=".to_owned();
    Subscription {
        address: "hooks.example.com/stat…".to_owned(),
        channel: Channel::Webhook,
        secret: Some((secret, Some(NOW + DAY))),
        is_quarantined: true,
        can_be_tested: false,
        ..ann(None)
    }
}
