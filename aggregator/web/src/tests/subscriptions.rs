//! Subscribing: which requests reach it, and how its answers look to caches and browsers.

use super::*;
use crate::{SubscriptionAnswer, SubscriptionRequest, SubscriptionTarget, Subscriptions};
use skerry_publish::view::Place;

/// Notes what it is asked. Tokens name the answer that they get.
#[derive(Debug, Default)]
pub(super) struct FakeSubscriptions;

#[async_trait]
impl Subscriptions for FakeSubscriptions {
    async fn answer(&self, request: SubscriptionRequest) -> Option<SubscriptionAnswer> {
        let SubscriptionRequest { page, target, form, .. } = request;
        let sent = form.map(|form| form.value("address").to_owned());
        let Some(page) = page else {
            let document = Document { html: format!("left by {target:?}"), policy: POLICY.to_owned() };
            let is_known = target == SubscriptionTarget::Unsubscribe("known".to_owned());
            return is_known.then_some(SubscriptionAnswer::Document(200, document));
        };
        let text = format!("{} {target:?} {sent:?}", page.id);
        let document = Document { html: text, policy: POLICY.to_owned() };
        match target {
            SubscriptionTarget::Subscribe => Some(SubscriptionAnswer::SeeOther("subscribe/sent".to_owned())),
            SubscriptionTarget::Manage(token) if token == "none" => None,
            SubscriptionTarget::Manage(token) if token == "spent" => {
                Some(SubscriptionAnswer::Document(404, document))
            }
            SubscriptionTarget::Manage(token) if token == "busy" => Some(SubscriptionAnswer::Unavailable),
            SubscriptionTarget::Data(_) => Some(SubscriptionAnswer::Data("{}".to_owned())),
            _ => Some(SubscriptionAnswer::Document(200, document)),
        }
    }

    async fn refuse(
        &self,
        page: Option<Arc<Publication>>,
        target: SubscriptionTarget,
    ) -> Option<SubscriptionAnswer> {
        let id = page.map_or_else(|| "hidden".to_owned(), |page| page.id.clone());
        let document = Document { html: format!("{id} {target:?}"), policy: POLICY.to_owned() };
        Some(SubscriptionAnswer::Document(403, document))
    }
}

/// The page `open` takes subscribers, at a host of its own too; `closed` does not.
fn server() -> TestServer {
    let of = |name: &str, takes_subscribers| {
        let place = Place { takes_subscribers, ..Place::at("http://open.example") };
        let form =
            output("text/html; charset=utf-8", CacheClass::Live, &[name], "<title>Get updates</title>");
        let outputs = [("subscribe".to_owned(), form)];
        let known = page(name).with(outputs);
        Arc::new(Publication { id: name.to_owned(), place, ..known })
    };
    let open = of("open", true);
    let site = Site {
        by_slug: [("open", Arc::clone(&open)), ("closed", of("closed", false))]
            .map(|(slug, page)| (slug.to_owned(), page))
            .into_iter()
            .collect(),
        by_host: [("open.example".to_owned(), open)].into_iter().collect(),
        ..two_pages()
    };
    TestServer::start(site, &[PUBLIC])
}

fn post(running: &TestServer, (host, path): (&str, &str), lines: &str, form: &str) -> Answer {
    let length = form.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n{lines}Content-Length: {length}\r\n\r\n{form}"
    );
    running.send(0, head.as_bytes())
}

const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

#[test]
fn nobody_keeps_or_lists_what_is_answered_and_no_link_gives_its_address_away() {
    let running = server();
    let answers = [
        post(&running, ("h", "/status/open/subscribe"), OWN, "address=a%40b.example"),
        running.get("open.example", "/subscriptions/abc", &[]),
        running.get("h", "/status/open/subscriptions/spent", &[]),
        running.get("h", "/status/open/subscriptions/abc/data", &[]),
        running.get("h", "/status/open/unsubscribe/abc", &[]),
        post(&running, ("h", "/status/open/unsubscribe/abc"), "", ONE_CLICK),
        post(&running, ("h", "/status/open/subscribe"), "", "address=a%40b.example"),
    ];
    for answer in &answers {
        for name in ["cache-control", "cdn-cache-control", "surrogate-control"] {
            assert_eq!(answer.header(name), Some("no-store"), "{answer:?}");
        }
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
        assert_eq!(answer.header("x-robots-tag"), Some("noindex"), "{answer:?}");
        for name in ["set-cookie", "etag", "surrogate-key", "access-control-allow-origin"] {
            assert_eq!(answer.header(name), None, "{answer:?}");
        }
    }
    let codes: Vec<_> = answers.iter().map(Answer::code).collect();
    assert_eq!(codes, ["303", "200", "404", "200", "200", "200", "403"]);
    assert_eq!(answers[0].header("location"), Some("subscribe/sent"));
    assert_eq!(answers[1].text(), "open Manage(\"abc\") None");
    assert_eq!(answers[3].header("content-disposition"), Some("attachment; filename=\"subscription.json\""));
    assert_eq!(answers[5].text(), "open Unsubscribe(\"abc\") Some(\"\")");
    assert_eq!(answers[6].text(), "open Subscribe");
    assert_eq!(running.get("h", "/status/open/subscriptions/busy", &[]).code(), "503");
}

#[test]
fn the_forms_are_outputs_that_caches_keep() {
    let running = server();
    let form = running.get("h", "/status/open/subscribe", &[]);
    assert_eq!((form.code(), form.text().as_str()), ("200", "<title>Get updates</title>"));
    assert!(form.header("cache-control").is_some_and(|value| value.starts_with("public")), "{form:?}");
    assert_eq!(running.get("open.example", "/subscribe", &[]).body, form.body);
}

#[test]
fn a_page_that_takes_no_subscribers_answers_as_if_nothing_were_there() {
    let running = server();
    let nothing = running.get("h", "/status/none/nothing", &[]);
    assert_eq!(nothing.code(), "404");
    for below in
        ["subscriptions/abc", "subscriptions/abc/confirm", "subscriptions/abc/data", "unsubscribe/abc"]
    {
        for path in
            [format!("/status/closed/{below}"), format!("/status/hidden/{below}"), format!("/{below}")]
        {
            assert_eq!(running.get("h", &path, &[]), nothing, "{path}");
        }
        let unknown = post(&running, ("h", &format!("/status/none/{below}")), OWN, "a=b");
        for page in ["closed", "hidden"] {
            assert_eq!(post(&running, ("h", &format!("/status/{page}/{below}")), OWN, "a=b"), unknown);
        }
    }
    // What exists for nobody is that 404, too.
    assert_eq!(running.get("h", "/status/open/subscriptions/none", &[]), nothing);
    assert_eq!(running.get("h", "/status/open/subscriptions/a/b/c", &[]), nothing);
    assert_eq!(running.get("base.base.example", "/subscriptions/abc", &[]), nothing);
}

#[test]
fn a_page_that_is_no_longer_public_can_be_left() {
    let running = server();
    for page in ["closed", "hidden"] {
        let path = format!("/status/{page}/unsubscribe/known");
        let shown = running.get("h", &path, &[]);
        assert!(shown.code() == "200" && shown.text().contains("left by"), "{}", shown.text());
        let sent = post(&running, ("h", &path), "", ONE_CLICK);
        assert_eq!((sent.code(), sent.header("cache-control")), ("200", Some("no-store")));
    }
    let foreign =
        post(&running, ("h", "/status/hidden/unsubscribe/known"), "Sec-Fetch-Site: cross-site\r\n", "a=b");
    assert_eq!(foreign.code(), "403");
}

#[test]
fn a_form_of_another_site_is_refused_and_one_click_of_a_provider_is_taken() {
    let running = server();
    let foreign = "Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n";
    let named = "Origin: https://evil.example\r\n";
    /// Path, headers, body, code.
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str);
    let table: [Row<'_>; 10] = [
        ("subscribe", OWN, "a=b", "303"),
        ("subscribe", "Origin: http://open.example\r\n", "a=b", "303"),
        ("subscribe", foreign, "a=b", "403"),
        ("subscribe", "Origin: null\r\n", "a=b", "403"),
        ("subscriptions/abc", "Origin: null\r\n", "a=b", "200"),
        ("subscriptions/abc", named, "a=b", "403"),
        ("subscriptions/abc/confirm", foreign, ONE_CLICK, "403"),
        ("unsubscribe/abc", "", ONE_CLICK, "200"),
        ("unsubscribe/abc", named, ONE_CLICK, "200"),
        ("unsubscribe/abc", named, "a=b", "403"),
    ];
    for (path, lines, form, code) in table {
        let answer = post(&running, ("h", &format!("/status/open/{path}")), lines, form);
        assert_eq!(answer.code(), code, "{path} {lines} {form}");
    }
    let long = format!("a={}", "b".repeat(16 << 10));
    assert_eq!(post(&running, ("h", "/status/open/subscribe"), OWN, &long).code(), "413");
    assert_eq!(running.request(0, "DELETE", "h", "/status/open/subscriptions/abc", &[]).code(), "405");
}
