//! A visitor subscribes to a page by a form, confirms, chooses and leaves.

use crate::enrolment::run_ok;
use crate::http::{Answer, request};
use crate::world::World;
use skerry_aggregator::subscriptions::{LinkKey, LinkPurpose};
use skerry_domain::subscriber::{Subscriber, SubscriberState};
use skerry_store::Store;
use skerry_tests::parts::until;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(20);

const PAGES: &str = "[[page]]\nkey = \"open\"\nname = \"Open\"\npublic = true\n\
    [[page.component]]\nkey = \"web\"\nname = \"Website\"\nmanual = true\n\n\
    [[page]]\nkey = \"intern\"\nname = \"Intern\"\npublic = false\n";

const HOOK: &str = "channel=webhook&address=https%3A%2F%2Fhooks.example.org%2Fstatus";

pub(crate) fn post(world: &World, path: &str, lines: &str, form: &str) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\n{lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}",
        form.len()
    );
    request(world.public, &head, form.as_bytes()).expect("answered")
}

pub(crate) const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";

/// The only subscriber in the database.
fn subscriber(world: &World) -> Option<Subscriber> {
    let store = Store::open_unlocked(&world.database()).expect("a second handle");
    let workspaces = store.load(Default::default()).expect("it is loaded");
    let all: Vec<_> = workspaces.iter().flat_map(|(_, state)| state.subscribers.values().cloned()).collect();
    assert!(all.len() <= 1, "{all:?}");
    all.into_iter().next()
}

pub(crate) fn token(world: &World, purpose: LinkPurpose) -> String {
    let key = LinkKey::of(&world.database()).expect("the aggregator made it");
    key.token(purpose, &subscriber(world).expect("there is one"))
}

#[tokio::test]
async fn a_visitor_subscribes_confirms_chooses_and_leaves() {
    let mut world = World::new(PAGES);
    world.start().await;
    until("the form is published", BOUND, async || world.page("/status/open/subscribe").status == 200).await;
    let form = world.page("/status/open/subscribe");
    assert!(form.text().contains("Get updates") && form.text().contains("Webhook"), "{}", form.head);
    assert!(!form.text().contains("type=email"), "no mail can be sent");
    assert!(world.page("/status/open/").text().contains("href=\"subscribe\""));
    let refused = post(&world, "/status/open/subscribe", "", HOOK);
    assert!(
        refused.status == 403 && refused.text().contains("This form was not taken"),
        "a form of another site"
    );
    assert_eq!(subscriber(&world), None);
    let sent = post(&world, "/status/open/subscribe", OWN, HOOK);
    assert!(sent.status == 303 && sent.header("location") == Some("subscribe/test-sent"), "{}", sent.head);
    assert_eq!(world.page("/status/open/subscribe/test-sent").status, 200);
    let again = post(&world, "/status/open/subscribe", OWN, HOOK);
    assert_eq!((again.status, again.header("location")), (303, sent.header("location")), "known or not");
    assert_eq!(subscriber(&world).map(|one| one.state), Some(SubscriberState::Unconfirmed));

    let confirm = format!("/status/open/subscriptions/{}/confirm", token(&world, LinkPurpose::Confirm));
    assert_eq!(world.page(&confirm).status, 200);
    assert_eq!(
        subscriber(&world).map(|one| one.state),
        Some(SubscriberState::Unconfirmed),
        "it was looked at"
    );
    assert!(post(&world, &confirm, "", "").text().contains("You will hear from us"));
    assert_eq!(world.page(&confirm).status, 404, "a link is used once");

    let manage = format!("/status/open/subscriptions/{}", token(&world, LinkPurpose::Manage));
    assert!(world.page(&manage).text().contains("whsec_"));
    let saved = post(&world, &manage, OWN, "action=save&updates=outages&which=all");
    let location = saved.header("location").expect("loading it again sends nothing");
    assert_eq!(saved.status, 303);
    let shown = world.page(&format!("/status/open/subscriptions/{location}"));
    assert!(shown.text().contains("Saved at "), "{}", shown.head);
    assert!(world.page(&format!("{manage}/data")).text().contains("\"outages\""));
    let unknown = world.page("/status/never/subscriptions/a");
    let elsewhere = manage.replace("/open/", "/intern/");
    assert_eq!((unknown.status, world.page(&elsewhere)), (404, unknown), "the uniform 404");

    let leave = format!("/status/open/unsubscribe/{}", token(&world, LinkPurpose::Unsubscribe));
    assert_eq!(world.page(&leave).status, 200);
    for _ in 0..2 {
        assert_eq!(post(&world, &leave, "", "List-Unsubscribe=One-Click").status, 200);
        assert_eq!(subscriber(&world), None);
    }
    let copy = world.path("copy");
    run_ok(&world, &["export", copy.to_str().expect("text")]);
    let copied = std::fs::read_to_string(copy.join("subscribe.html")).expect("it is exported");
    assert!(copied.contains("feed.atom") && !copied.contains("<form"), "nobody would take a form");
}
