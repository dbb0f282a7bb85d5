//! The pages behind the links in messages.

use super::*;
use crate::sample::{NOW, component, group, page};
use crate::view::Item;
use skerry_domain::status::Status;
use skerry_domain::time::DAY;
use std::collections::BTreeSet;

fn view() -> PageView {
    let one = |id| component(id, Status::Operational);
    PageView {
        name: "Northwind status".to_owned(),
        ..page(vec![Item::Component(one("aaaa")), Item::Group(group("pay", vec![one("bbbb"), one("cccc")]))])
    }
}

fn ann() -> Subscription {
    Subscription {
        address: "an…@example.com".to_owned(),
        since: Some(NOW - 48 * DAY),
        chosen: Some(Chosen::default()),
        followed: Vec::new(),
        given_up: BTreeSet::new(),
        channel: Channel::Email,
        secret: None,
        is_quarantined: false,
        can_be_tested: false,
    }
}

fn of(components: &[&str]) -> Chosen {
    let components: BTreeSet<String> = components.iter().map(|id| (*id).to_owned()).collect();
    Chosen { components: Some(components), ..Chosen::default() }
}

#[test]
fn the_questions_have_a_button_and_no_more_than_a_masked_address() {
    let (view, ann) = (view(), ann());
    let address = "<b><bdi>an…@example.com</bdi></b>";
    let confirm = confirm(&view, &ann).expect("rendered");
    let updates = format!(
        "Updates from <bdi>Northwind status</bdi> will go to {address}: all components, all updates."
    );
    assert!(confirm.html.contains(&updates), "{}", confirm.html);
    assert!(confirm.html.contains("You did not ask for this? Close this page."));
    let stop = stop(&view, &ann.address, Some("tok")).expect("rendered");
    let nothing = format!(
        "{address} will hear nothing more from <bdi>Northwind status</bdi>, and we delete the address."
    );
    assert!(stop.html.contains(&nothing), "{}", stop.html);
    assert!(stop.html.contains("href=\"../../subscriptions/tok\">Choose fewer instead</a>"));
    for document in [&confirm, &stop] {
        assert!(document.html.contains("<form method=post") && document.html.contains("content=noindex"));
        assert!(
            document.policy.contains("form-action 'self'")
                && document.policy.contains("frame-ancestors 'none'")
        );
        assert!(!document.html.contains("name=referrer"), "its address is a secret");
    }
    let unsubscribe = super::stop(&view, &ann.address, None).expect("rendered").html;
    assert!(
        !unsubscribe.contains("Choose fewer") && !unsubscribe.contains("subscriptions/"),
        "{unsubscribe}"
    );
}

#[test]
fn what_follows_needs_no_form() {
    let view = view();
    let stopped = stopped(&view, 1).expect("rendered").html;
    assert!(
        stopped.contains("The address is deleted. A message that was already on its way may still arrive.")
    );
    assert!(stopped.contains("<a href=\"../\">Back to <bdi>Northwind status</bdi></a>"), "{stopped}");
    let spent = spent(&view, 2).expect("rendered").html;
    let again = "It was used or replaced, has expired, or its subscription has ended. \
                 <a href=\"../../subscribe#link\">Get a new one</a>.";
    assert!(spent.contains(again), "{spent}");
    let without_mail = PageView { takes_mail: false, ..view.clone() };
    let spent = super::spent(&without_mail, 1).expect("rendered").html;
    assert!(spent.contains("<a href=\"../subscribe\">Get a new one</a>"), "{spent}");
    let foreign = foreign(&view, 1, "../subscribe").expect("rendered").html;
    assert!(foreign.contains("<a href=\"../subscribe\">Open the form</a> and send it again."), "{foreign}");
    let confirmed = confirmed(&view, &ann(), "tok").expect("rendered").html;
    assert!(confirmed.contains("You will hear from us") && confirmed.contains("../../subscriptions/tok"));
    assert!(!confirmed.contains("Bookmark"), "later mails link to its page: {confirmed}");
    assert!([&stopped, &spent, &foreign, &confirmed].iter().all(|html| !html.contains("<form")));
}

#[test]
fn the_page_of_a_subscription_shows_what_was_chosen() {
    let shown = |chosen: Chosen| {
        let ann = Subscription { chosen: Some(chosen), ..ann() };
        manage(&view(), &ann, "tok", None).expect("rendered").html
    };
    let html = shown(Chosen { monthly: true, ..Chosen::default() });
    assert!(html.contains("For <b><bdi>an…@example.com</bdi></b>, since 3 October 2026."), "{html}");
    for text in
        ["name=which value=all checked", "name=updates value=all checked", "name=monthly value=1 checked"]
    {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("value=aaaa checked") && !html.contains("Signing secret"));
    let html = shown(of(&["bbbb", "cccc"]));
    assert!(
        html.contains("value=pay checked") && html.contains("value=some checked"),
        "a whole group: {html}"
    );
    assert!(!html.contains("value=bbbb checked") && html.contains("<details class=sg>"));
    let html = shown(of(&["aaaa", "cccc"]));
    assert!(html.contains("value=aaaa checked") && html.contains("value=cccc checked"), "{html}");
    assert!(!html.contains("value=pay checked") && html.contains("<details class=sg open>"));
}

#[test]
fn what_was_asked_for_is_said_in_whole_before_it_is_confirmed() {
    let everything = Chosen { only_outages: true, status_changes: true, monthly: true, ..of(&["aaaa"]) };
    let ann = Subscription { chosen: Some(everything), ..ann() };
    let html = confirm(&view(), &ann).expect("rendered").html;
    assert!(
        html.contains(
            ": <bdi>Component aaaa</bdi>, only outages, every status change, a monthly report.</p>"
        ),
        "{html}"
    );
}

#[test]
fn what_became_of_a_form_is_said_above_it_and_what_is_wrong_where_it_is_wrong() {
    let told = |note: &ManageNote| manage(&view(), &ann(), "tok", Some(note)).expect("rendered").html;
    assert!(told(&ManageNote::Saved(NOW)).contains("<p class=sv role=status>Saved at 16:15 UTC.</p>"));
    let html = told(&ManageNote::Fault(FormFault::NothingFollowed));
    let above = "<p id=e class=x role=alert tabindex=-1 autofocus>Choose at least one, or stop all updates.</p><fieldset>";
    assert!(html.contains(above), "{html}");
    let none = Subscription { chosen: Some(of(&[])), ..ann() };
    let note = ManageNote::Fault(FormFault::NoComponent);
    let html = manage(&view(), &none, "tok", Some(&note)).expect("rendered").html;
    let beside = "value=some checked aria-describedby=e autofocus><span>Only these</span></label>\
                  <p id=e class=x>Choose at least one component, or all.</p>";
    assert!(html.contains(beside) && html.matches("id=e ").count() == 1, "{html}");
}

#[test]
fn a_webhook_has_its_secret_and_one_that_failed_can_be_tested() {
    let hook = Subscription {
        address: "hooks.example.com/a…".to_owned(),
        channel: Channel::Webhook,
        secret: Some(("whsec_abc=".to_owned(), Some(NOW + DAY))),
        is_quarantined: true,
        can_be_tested: false,
        ..ann()
    };
    let html = manage(&view(), &hook, "tok", None).expect("rendered").html;
    for text in [
        "<code>whsec_abc=</code>",
        "value=rotate",
        "The previous secret still signs requests until ",
        "value=test",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("name=monthly") && !html.contains("name=status_changes"));
    let topic = Topic { is_maintenance: false, id: "i1".to_owned(), title: "Slow <b>".to_owned() };
    let follower = Subscription { chosen: None, followed: vec![topic], ..ann() };
    let html = manage(&view(), &follower, "tok", None).expect("rendered").html;
    assert!(
        html.contains("name=followed value=\"incidents/i1\" checked") && html.contains("Slow &lt;b&gt;"),
        "{html}"
    );
    assert!(!html.contains("name=which"), "it has chosen nothing of the page");
}

#[test]
fn only_later_mails_bring_the_link_to_the_page() {
    let texts = |channel| {
        let one = Subscription { channel, ..ann() };
        let confirmed = confirmed(&view(), &one, "tok").expect("rendered").html;
        let manage = manage(&view(), &one, "tok", Some(&ManageNote::Renewed)).expect("rendered").html;
        [
            confirmed.contains("<p class=q>Bookmark your page: later messages do not link to it.</p>"),
            manage.contains("Bookmark it: the old one no longer works.")
                && manage.contains("A new link replaces it."),
            manage.contains("Later messages carry the new one.")
                && manage.contains("the one in earlier messages"),
        ]
    };
    assert_eq!(texts(Channel::Email), [false, false, true]);
    for channel in [Channel::Slack, Channel::Teams, Channel::Discord, Channel::Webhook] {
        assert_eq!(texts(channel), [true, true, false], "{channel:?}");
    }
}

#[test]
fn who_confirms_or_chooses_can_read_what_the_operator_keeps() {
    let url = Some("https://northwind.example/privacy".to_owned());
    let with = |privacy_url| {
        let view = PageView { privacy_url, ..view() };
        [confirm(&view, &ann()), manage(&view, &ann(), "tok", None)].map(|one| one.expect("rendered").html)
    };
    let link = "<li><a href=\"https://northwind.example/privacy\">Privacy policy</a>";
    assert!(with(url).iter().all(|html| html.matches(link).count() == 1));
    assert!(with(None).iter().all(|html| !html.contains("Privacy policy")));
}
