//! Subscribing from the form to the last link, on a running engine.

use super::*;
use crate::config::{Config, load};
use crate::desired::desired;
use crate::engine::Snapshot;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::state::State;
use skerry_domain::step::{Answer, NewIncident};
use skerry_domain::subscriber::{Choices, Subscriber, Updates};
use skerry_domain::text::Text;
use skerry_domain::workspaces::Target;
use skerry_publish::view::Place;
use skerry_sanitiser::Form::Plain;
use skerry_sanitiser::{Replacement, Rules, Settings};
use skerry_store::Store;
use std::sync::Arc;

const FILE: &str = "[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\"]\n[store]\npath = \"skerry.db\"\n\
    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
    [[page.component]]\nkey = \"web\"\nname = \"Website\"\nmanual = true\n\
    [[page.group]]\nkey = \"pay\"\nname = \"Payments\"\n\
    [[page.group.component]]\nkey = \"cards\"\nname = \"Cards\"\nmanual = true\n\
    [[page.group.component]]\nkey = \"refunds\"\nname = \"Refunds\"\nmanual = true\n\
    [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\n\
    [[page]]\nkey = \"intern\"\nname = \"Intern\"\npublic = false\n";

struct Fixture {
    engine: Engine,
    key: LinkKey,
    endpoint: SubscriptionEndpoint,
    folder: tempfile::TempDir,
}

fn config(folder: &std::path::Path, file: &str) -> Config {
    let path = folder.join("aggregator.toml");
    std::fs::write(&path, file).expect("written");
    let loaded = load(&[path]).map_err(|problems| problems.to_string()).expect("a good file");
    loaded.configs.into_iter().next().expect("one file")
}

fn state_of(snapshot: &Snapshot) -> &State {
    snapshot.workspaces.named("default").expect("it was created")
}

fn plain(text: &str) -> Text {
    let rules = Rules::new(&Settings::default()).expect("usable settings");
    let public =
        rules.sanitise(text, Plain, &Replacement::default(), &[]).text.expect("nothing private remains");
    Text { written: text.to_owned(), public }
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let (changed, _changes) = crossbeam_channel::unbounded();
        let (engine, _running) = Engine::start(store, changed).expect("it starts");
        let key = LinkKey::fixed([7; 32]);
        let endpoint = SubscriptionEndpoint::new(engine.clone(), key.clone());
        let fixture = Self { engine, key, endpoint, folder };
        fixture.configure(FILE).await;
        fixture
    }

    async fn configure(&self, file: &str) {
        let config = config(self.folder.path(), file);
        let configure = Command::Configure(Box::new(desired(&config)));
        let made = self.engine.command((Target::Name("default".to_owned()), configure)).await;
        assert_eq!(made, Ok(Answer::Done));
    }

    fn page(&self, slug: &str) -> Arc<Publication> {
        let snapshot = self.engine.snapshot();
        let mut pages = state_of(&snapshot).pages.values();
        let id = pages.find(|page| page.settings.slug == slug).expect("declared").id.clone();
        let place = Place { takes_subscribers: true, takes_mail: true, ..Place::at("http://x") };
        Arc::new(Publication { id, place, ..Publication::default() })
    }

    /// The id of a component.
    fn component(&self, name: &str) -> String {
        let snapshot = self.engine.snapshot();
        let mut all = state_of(&snapshot).components.values();
        all.find(|one| one.settings.name == name).expect("declared").id.clone()
    }

    async fn on(
        &self,
        slug: &str,
        target: SubscriptionTarget,
        form: Option<&str>,
    ) -> Option<SubscriptionAnswer> {
        let form = form.map(|text| Form::read(text.as_bytes()));
        let (page, client, query) = (Some(self.page(slug)), None, String::new());
        self.endpoint.answer(SubscriptionRequest { page, target, form, client, query }).await
    }

    async fn ask(&self, target: SubscriptionTarget, form: Option<&str>) -> SubscriptionAnswer {
        self.on("main", target, form).await.expect("there is such a thing")
    }

    async fn shown(&self, target: SubscriptionTarget, form: Option<&str>) -> (u16, String) {
        match self.ask(target, form).await {
            SubscriptionAnswer::Document(status, document) => (status, document.html),
            other => panic!("no document: {other:?}"),
        }
    }

    /// The page that a form of the page of a subscription leads to.
    async fn changed(&self, token: &str, form: &str) -> String {
        let target = SubscriptionTarget::Manage(token.to_owned());
        let answer = self.ask(target.clone(), Some(form)).await;
        let SubscriptionAnswer::SeeOther(path) = answer else { panic!("not taken: {answer:?}") };
        let query = path.strip_prefix(&format!("{token}?")).expect("the same page").to_owned();
        let (page, form, client) = (Some(self.page("main")), None, None);
        match self.endpoint.answer(SubscriptionRequest { page, target, form, client, query }).await {
            Some(SubscriptionAnswer::Document(200, document)) => document.html,
            other => panic!("no page: {other:?}"),
        }
    }

    /// The only subscriber, if there is one.
    fn subscriber(&self) -> Option<Subscriber> {
        let snapshot = self.engine.snapshot();
        let all: Vec<Subscriber> = state_of(&snapshot).subscribers.values().cloned().collect();
        assert!(all.len() <= 1, "{all:?}");
        all.into_iter().next()
    }

    fn token(&self, purpose: LinkPurpose) -> String {
        self.key.token(purpose, &self.subscriber().expect("there is one"))
    }

    /// Subscribes and confirms.
    async fn subscribed(&self, form: &str) {
        self.ask(SubscriptionTarget::Subscribe, Some(form)).await;
        let token = self.token(LinkPurpose::Confirm);
        assert_eq!(self.shown(SubscriptionTarget::Confirm(token), Some("")).await.0, 200);
    }
}

const ANN: &str = "channel=email&address=ann.lee%40example.com";

#[tokio::test]
async fn somebody_subscribes_confirms_chooses_and_leaves() {
    let fixture = Fixture::new().await;
    let sent = fixture
        .ask(SubscriptionTarget::Subscribe, Some("channel=email&address=+Ann.Lee%40Example.com+"))
        .await;
    assert_eq!(sent, SubscriptionAnswer::SeeOther("subscribe/sent".to_owned()));
    let ann = fixture.subscriber().expect("it waits");
    assert_eq!((ann.state, ann.address.reveal()), (SubscriberState::Unconfirmed, "Ann.Lee@example.com"));

    let confirm = SubscriptionTarget::Confirm(fixture.token(LinkPurpose::Confirm));
    let (status, html) = fixture.shown(confirm.clone(), None).await;
    assert!(status == 200 && html.contains("An…@example.com") && !html.contains("Lee"), "{html}");
    let (status, html) = fixture.shown(confirm.clone(), Some("")).await;
    assert!(status == 200 && html.contains("You will hear from us"), "{html}");
    assert_eq!(fixture.shown(confirm.clone(), Some("")).await, (200, html), "a form that is sent twice");
    let (status, html) = fixture.shown(confirm, None).await;
    assert!(status == 404 && html.contains("This link no longer works"), "once: {html}");

    let token = fixture.token(LinkPurpose::Manage);
    assert!(fixture.shown(SubscriptionTarget::Manage(token.clone()), None).await.1.contains("Your updates"));
    let snapshot = fixture.engine.snapshot();
    let groups = &state_of(&snapshot).groups;
    let group = groups.values().next().expect("declared").id.clone();
    let form = format!(
        "action=save&updates=outages&which=some&group={group}&component={}&monthly=1",
        fixture.component("Website")
    );
    let html = fixture.changed(&token, &form).await;
    assert!(html.contains("Saved at ") && html.contains(&format!("value={group} checked")), "{html}");
    let choices = fixture.subscriber().and_then(|ann| ann.scope.page).expect("it chose");
    assert_eq!((choices.updates, choices.components.map(|these| these.len())), (Updates::Outages, Some(3)));
    assert!(choices.monthly && !choices.status_changes);

    let none = "action=save&updates=all&which=some";
    let (status, html) = fixture.shown(SubscriptionTarget::Manage(token.clone()), Some(none)).await;
    assert!(status == 422 && html.contains("Choose at least one component, or all."), "{html}");

    let SubscriptionAnswer::Data(json) = fixture.ask(SubscriptionTarget::Data(token.clone()), None).await
    else {
        panic!("no file");
    };
    for text in ["\"Ann.Lee@example.com\"", "\"outages\"", "\"Refunds\"", "\"confirmed_at\": \"20"] {
        assert!(json.contains(text), "{text}: {json}");
    }
    let stop = SubscriptionTarget::Stop(token);
    assert!(fixture.shown(stop.clone(), None).await.1.contains("Choose fewer instead"));
    assert!(fixture.subscriber().is_some(), "it was only asked");
    assert!(fixture.shown(stop.clone(), Some("")).await.1.contains("You will hear nothing more"));
    assert_eq!(fixture.subscriber(), None);
    let (status, html) = fixture.shown(stop.clone(), Some("")).await;
    assert!(
        status == 200 && html.contains("You will hear nothing more"),
        "a form that is sent twice: {html}"
    );
    assert_eq!(fixture.shown(stop, None).await.0, 404);
}

#[tokio::test]
async fn a_provider_of_mail_ends_a_subscription_with_one_request_however_often() {
    let fixture = Fixture::new().await;
    fixture.subscribed(ANN).await;
    let leave = SubscriptionTarget::Unsubscribe(fixture.token(LinkPurpose::Unsubscribe));
    let (status, html) = fixture.shown(leave.clone(), None).await;
    assert!(status == 200 && html.contains("Stop all updates?") && !html.contains("Choose fewer"), "{html}");
    let first = fixture.ask(leave.clone(), Some("List-Unsubscribe=One-Click")).await;
    assert_eq!(fixture.subscriber(), None);
    let second = fixture.ask(leave.clone(), Some("List-Unsubscribe=One-Click")).await;
    assert_eq!(first, second);
    assert!(matches!(first, SubscriptionAnswer::Document(200, _)));
    assert_eq!(fixture.shown(leave, None).await.0, 404, "there is nothing to stop");
}

/// Subscribes to the page, takes it from visitors with this configuration file, and leaves by the link in messages.
async fn leaves_with(file: &str) {
    let fixture = Fixture::new().await;
    fixture.subscribed(ANN).await;
    let manage = SubscriptionTarget::Manage(fixture.token(LinkPurpose::Manage));
    let leave = SubscriptionTarget::Unsubscribe(fixture.token(LinkPurpose::Unsubscribe));
    fixture.configure(file).await;
    let ask = async |target: &SubscriptionTarget, form: Option<&str>| {
        let form = form.map(|text| Form::read(text.as_bytes()));
        let (page, target, client, query) = (None, target.clone(), None, String::new());
        let request = SubscriptionRequest { page, target, form, client, query };
        fixture.endpoint.answer(request).await
    };
    assert_eq!(ask(&manage, None).await, None);
    let unknown = SubscriptionTarget::Unsubscribe("0".repeat(44));
    assert_eq!(ask(&unknown, None).await, None);
    let Some(SubscriptionAnswer::Document(200, question)) = ask(&leave, None).await else {
        panic!("no question")
    };
    assert!(question.html.contains("Stop all updates?"), "{}", question.html);
    let Some(SubscriptionAnswer::Document(200, left)) = ask(&leave, Some("List-Unsubscribe=One-Click")).await
    else {
        panic!("it was not left")
    };
    assert!(left.html.contains("You will hear nothing more"), "{}", left.html);
    assert_eq!(fixture.subscriber(), None);
}

#[tokio::test]
async fn a_page_that_became_private_can_be_left() {
    leaves_with(&FILE.replacen("public = true", "public = false", 1)).await;
}

#[tokio::test]
async fn an_archived_page_can_be_left() {
    leaves_with(&FILE.replacen("key = \"main\"", "key = \"next\"", 1)).await;
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_an_address_is_known() {
    let fixture = Fixture::new().await;
    let answers = async |form: &str| {
        let begun = Instant::now();
        let asked = fixture.ask(SubscriptionTarget::Subscribe, Some(form)).await;
        let link = fixture.ask(SubscriptionTarget::SendLink, Some(form)).await;
        assert!(begun.elapsed() >= 2 * SOONEST, "both take their time");
        (asked, link)
    };
    let unknown = answers(ANN).await;
    let unconfirmed = answers(ANN).await;
    let token = fixture.token(LinkPurpose::Confirm);
    fixture.ask(SubscriptionTarget::Confirm(token), Some("")).await;
    let before = fixture.subscriber();
    assert_eq!(unknown, unconfirmed);
    assert_eq!(unknown, answers(ANN).await, "confirmed");
    assert_eq!(unknown.1, SubscriptionAnswer::SeeOther("../subscribe/link-sent".to_owned()));
    let after = fixture.subscriber().map(|one| Subscriber { managed_at: None, ..one });
    assert_eq!(after, before, "a stranger changes nothing of it");
}

#[tokio::test]
async fn looking_changes_nothing_and_tokens_hold_for_one_purpose_and_one_page() {
    let fixture = Fixture::new().await;
    fixture.subscribed(ANN).await;
    let before = fixture.subscriber();
    let purposes = [LinkPurpose::Manage, LinkPurpose::Unsubscribe, LinkPurpose::Confirm];
    let targets = |token: &str| {
        [
            SubscriptionTarget::Manage(token.to_owned()),
            SubscriptionTarget::Stop(token.to_owned()),
            SubscriptionTarget::Data(token.to_owned()),
            SubscriptionTarget::Confirm(token.to_owned()),
            SubscriptionTarget::Unsubscribe(token.to_owned()),
        ]
    };
    let (mut spent, mut opened) = (Vec::new(), 0);
    for purpose in purposes {
        let token = fixture.token(purpose);
        for target in targets(&token) {
            for page in ["main", "other"] {
                match fixture.on(page, target.clone(), None).await {
                    Some(SubscriptionAnswer::Document(404, document)) => spent.push(document.html),
                    answer => {
                        assert!(answer.is_some() && page == "main", "{page} {target:?}: {answer:?}");
                        opened += 1;
                    }
                }
            }
            assert_eq!(fixture.on("intern", target, None).await, None, "the uniform 404");
        }
    }
    // Manage, stop, data by one token; unsubscribe by another.
    assert_eq!((opened, spent.len()), (4, 26));
    assert!(spent.iter().all(|html| html.contains("This link no longer works")));
    let guessed = "0".repeat(44);
    for target in targets(&guessed) {
        assert!(matches!(fixture.ask(target, None).await, SubscriptionAnswer::Document(404, _)));
    }
    assert_eq!(fixture.subscriber(), before);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_kept_and_nothing_is_stored() {
    let fixture = Fixture::new().await;
    for (form, status, text) in [
        ("channel=email&address=ann", 422, "Enter an address like name@example.com."),
        ("channel=webhook&address=http%3A%2F%2Fhooks.example.com%2F", 422, "This must be an https address."),
        ("channel=slack&address=https%3A%2F%2Fexample.com%2F", 422, "not a URL of that service"),
        ("channel=email&address=ann%40example.com&which=some", 422, "Choose at least one component, or all."),
        ("channel=fax&address=1", 400, "Get updates"),
        ("", 400, "Get updates"),
    ] {
        let (got, html) = fixture.shown(SubscriptionTarget::Subscribe, Some(form)).await;
        assert!(got == status && html.contains(text), "{form}: {got} {html}");
    }
    let (_, html) = fixture.shown(SubscriptionTarget::Subscribe, Some("channel=email&address=ann%22x")).await;
    assert!(html.contains("value=\"ann&quot;x\""), "{html}");
    let refused = fixture.endpoint.refuse(Some(fixture.page("main")), SubscriptionTarget::SendLink).await;
    let Some(SubscriptionAnswer::Document(403, document)) = refused else { panic!("no page: {refused:?}") };
    assert!(document.html.contains("<a href=\"../subscribe\">Open the form</a>"), "{}", document.html);
    let refused = fixture.endpoint.refuse(Some(fixture.page("intern")), SubscriptionTarget::Subscribe).await;
    assert_eq!(refused, None, "the uniform 404");
    assert_eq!(fixture.subscriber(), None);
}

#[tokio::test]
async fn a_client_is_limited_and_others_are_not() {
    let fixture = Fixture::new().await;
    let ask = async |client: [u8; 4], number: usize| {
        let form = Form::read(format!("channel=email&address=a{number}%40example.com").as_bytes());
        let request = SubscriptionRequest {
            page: Some(fixture.page("main")),
            target: SubscriptionTarget::Subscribe,
            form: Some(form),
            client: Some(client.into()),
            query: String::new(),
        };
        fixture.endpoint.answer(request).await.expect("answered")
    };
    let first = futures_util::future::join_all((0..11).map(|number| ask([192, 0, 2, 1], number))).await;
    let refused: Vec<_> =
        first.iter().filter(|one| matches!(one, SubscriptionAnswer::Document(429, _))).collect();
    assert_eq!(refused.len(), 1);
    assert!(format!("{refused:?}").contains("Too many tries. Try again after"));
    assert!(matches!(ask([198, 51, 100, 1], 99).await, SubscriptionAnswer::SeeOther(_)));
}

#[path = "manage_test.rs"]
mod manage;
