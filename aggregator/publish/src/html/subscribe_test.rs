//! The forms of subscribers.

use super::*;
use crate::html::{Sent, sent};
use crate::sample::{component, group, incident, page};
use crate::texts::Language;
use crate::view::Item;
use skerry_domain::status::Status;
use std::collections::BTreeSet;

fn view() -> PageView {
    let one = |id| component(id, Status::Operational);
    PageView {
        name: "Northwind <status>".to_owned(),
        incidents: vec![incident()],
        ..page(vec![Item::Component(one("aaaa")), Item::Group(group("pay", vec![one("bbbb"), one("cccc")]))])
    }
}

fn forms(view: &PageView) -> String {
    subscribe(view, None, None).expect("rendered").html
}

#[test]
fn the_forms_say_what_is_sent_and_what_is_kept() {
    let document = subscribe(&view(), None, None).expect("rendered");
    for text in [
        "<title>Get updates – Northwind &lt;status&gt;</title>",
        "<h1>Get updates</h1>",
        "One message for each update of an incident or a maintenance. You can stop them at any time.",
        "<label for=email>Email address</label>",
        "type=email autocomplete=email required",
        "Get updates by email",
        "We keep the address, your choices and when you confirmed, and delete them when you stop all updates.",
        "Choose what you hear about",
        "All components, all updates",
        "Microsoft Teams",
        "signed JSON to your server",
        "The test message holds a link. Updates start once somebody has opened it and confirmed.",
        "name=component value=aaaa",
        "name=group value=pay",
        "Both components",
        "href=\"feed.rss\"",
        "href=\"calendar.ics\"",
        "Send me a link",
    ] {
        assert!(document.html.contains(text), "{text}: {}", document.html);
    }
    assert!(
        document.policy.contains("form-action 'self'") && document.policy.contains("frame-ancestors 'none'")
    );
    assert!(!document.policy.contains("script-src") && !document.html.contains("<script"));
    assert!(!document.html.contains("class=gu"), "it does not lead to itself");
}

#[test]
fn without_mail_there_is_no_field_for_an_address_and_a_copy_has_no_form() {
    let html = forms(&PageView { takes_mail: false, ..view() });
    assert!(!html.contains("type=email") && html.contains("type=url"), "{html}");
    let copy = subscribe_copy(&view(), None).expect("rendered");
    assert!(!copy.html.contains("<form") && copy.policy.contains("form-action 'none'"));
    assert!(copy.html.contains("href=\"feed.atom\"") && copy.html.contains("need no subscription"));
    let html = forms(&PageView { takes_subscribers: false, ..view() });
    assert_eq!(html, copy.html, "as where nobody can subscribe");
}

#[test]
fn an_error_keeps_what_was_typed_and_has_the_focus() {
    for (form, fault, typed, text) in [
        (SubscribeForm::Email, FormFault::NoMailAddress, "ann\"", "Enter an address like name@example.com."),
        (SubscribeForm::Webhook, FormFault::NotHttps, "http://x", "This must be an https address."),
        (
            SubscribeForm::Link,
            FormFault::TooManyTries("16:30".to_owned()),
            "a@b.example",
            "Try again after 16:30 UTC.",
        ),
    ] {
        let chosen = Chosen { only_outages: true, ..Chosen::default() };
        let refused = Refused { form, typed: typed.to_owned(), fault, chosen };
        let html = subscribe(&view(), None, Some(&refused)).expect("rendered").html;
        assert!(html.contains(text), "{text}: {html}");
        let value =
            format!("value=\"{}\" aria-invalid=true aria-describedby=e autofocus", markup::escaped(typed));
        assert_eq!(html.matches(&value).count(), 1, "{value}: {html}");
        assert_eq!(html.matches("id=e ").count(), 1);
        assert!(html.contains("name=updates value=outages checked"), "what was chosen stays");
    }
}

#[test]
fn who_chose_no_component_is_told_beside_the_components() {
    let chosen = Chosen { components: Some(BTreeSet::new()), ..Chosen::default() };
    let (form, fault) = (SubscribeForm::Email, FormFault::NoComponent);
    let refused = Refused { form, typed: "ann@example.com".to_owned(), fault, chosen };
    let html = subscribe(&view(), None, Some(&refused)).expect("rendered").html;
    let beside = "value=some checked aria-describedby=e autofocus><span>Only these</span></label>\
                  <p id=e class=x>Choose at least one component, or all.</p>";
    assert!(html.contains(beside) && html.matches("id=e ").count() == 1, "{html}");
    assert!(html.contains("<details class=ch open>") && !html.contains("aria-invalid=true"), "{html}");
    assert!(html.contains("value=\"ann@example.com\""), "what was typed stays: {html}");
}

#[test]
fn one_incident_has_a_form_of_its_own() {
    let view = view();
    let topic = Topic::of_incident(&view.incidents[0]);
    let html = subscribe(&view, Some(&topic), None).expect("rendered").html;
    assert!(html.contains("<h1>Get updates on this incident</h1>"), "{html}");
    assert!(html.contains(&format!("action=\"../../subscribe/incidents/{}\"", topic.id)), "{html}");
    assert!(html.contains(&format!("href=\"../../incidents/{}\"", topic.id)));
    assert!(!html.contains("name=component"), "there is nothing to choose");
    let page = crate::html::incident(&view, &view.incidents[0]).expect("rendered").html;
    assert!(page.contains(&format!("href=\"../{}\"", topic.form_path())), "{page}");
    let index = crate::html::index(&view).expect("rendered").html;
    assert!(index.contains("<a class=gu href=\"subscribe\">Get updates</a>"));
}

#[test]
fn what_follows_a_form_tells_nobody_anything() {
    for (kind, text) in [
        (
            Sent::Mail,
            "If this address can receive our updates, a message with a link to confirm is on its way.",
        ),
        (Sent::Link, "If this address receives our updates"),
        (Sent::Test, "If this URL can receive our updates"),
    ] {
        let document = sent(&view(), kind).expect("rendered");
        assert!(document.html.contains(text) && !document.html.contains("<form"), "{}", document.html);
    }
    let html = sent(&view(), Sent::Link).expect("rendered").html;
    assert!(html.contains("<a href=\"../subscribe#link\">try again</a>."), "{html}");
    assert!(forms(&view()).contains("<input id=link "), "the fragment opens its form");
    let html = sent(&view(), Sent::Mail).expect("rendered").html;
    assert!(html.contains("Check your spam folder, then <a href=\"../subscribe\">try again</a>."));
}

#[test]
fn the_forms_speak_the_language_of_the_page() {
    let html = forms(&PageView { language: Language::German, ..view() });
    for text in ["Meldungen erhalten", "E-Mail-Adresse", "Andere Wege", "Alle Komponenten, alle Meldungen"] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("Get updates"), "{html}");
}

#[test]
fn what_the_operator_keeps_can_be_read_where_ours_is_said() {
    let view = PageView { privacy_url: Some("https://northwind.example/privacy".to_owned()), ..view() };
    let link = "<a href=\"https://northwind.example/privacy\">Privacy policy</a></p>";
    let html = forms(&view);
    assert!(html.contains(&format!("when you stop all updates. {link}")), "{html}");
    assert_eq!(html.matches("Privacy policy").count(), 1, "{html}");
    let html = forms(&PageView { takes_mail: false, ..view.clone() });
    assert!(html.contains(&format!("</section><p class=q>{link}</main>")), "{html}");
    let html = forms(&PageView { takes_subscribers: false, ..view });
    assert!(!html.contains("Privacy policy"), "nothing is kept: {html}");
}
