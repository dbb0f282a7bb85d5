//! Pages and metrics while a page panics, a page is slow or a disk stalls.

#[path = "archive_test.rs"]
mod archive;
#[path = "edge_test.rs"]
mod edge;

use super::super::addresses::Addresses;
use super::*;
use crate::config::{self, Config};
use crate::desired::desired;
use crate::engine::{Engine, Maintenance, Running, Snapshot};
use crate::operations::{MetricsToken, ProgramStatus};
use bytes::Bytes;
use crossbeam_channel::Sender;
use skerry_domain::holds::Source;
use skerry_domain::incident::{IncidentStatus, Title};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::state::State;
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, IncidentChange, NewIncident, NewWindow};
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use skerry_publish::view::Place;
use skerry_sanitiser::{Form, Replacement, Rules, Settings};
use skerry_store::Store;
use skerry_web::{Operations, Traffic};
use std::path::Path;
use std::sync::{Condvar, Mutex};
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(60);

/// Two pages, `one` and `other`, with one component each.
fn config(folder: &Path) -> Config {
    let page = |key: &str| {
        let head = format!("[[page]]\nkey = \"{key}\"\nname = \"{key}\"\npublic = true\nlisted = true\n");
        head + "[[page.component]]\nkey = \"a\"\nname = \"A\"\nmanual = true\n"
    };
    let store =
        "[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\"]\n[store]\npath = \"skerry.db\"\n";
    let path = folder.join("aggregator.toml");
    std::fs::write(&path, format!("{store}{}{}", page("one"), page("other"))).expect("written");
    let loaded = config::load(&[path]).map_err(|problems| problems.to_string()).expect("a good file");
    loaded.configs.into_iter().next().expect("one file")
}

struct Fixture {
    engine: Engine,
    writer: Running,
    site: Arc<ArcSwap<Site>>,
    publisher: Option<Publisher>,
    turned: watch::Receiver<()>,
    failures: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

/// A command for the one workspace of these tests.
fn named(command: Command) -> (Target, Command) {
    (Target::Name("default".to_owned()), command)
}

fn state_of(snapshot: &Snapshot) -> &State {
    snapshot.workspaces.named("default").expect("it was created")
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(folder.path());
        let (changed, changes) = crossbeam_channel::unbounded();
        let store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
        let (engine, writer) = Engine::start(store, changed).expect("it starts");
        let made = engine.command(named(Command::Configure(Box::new(desired(&config))))).await;
        assert_eq!(made, Ok(Answer::Done));
        let site = Arc::new(ArcSwap::from_pointee(Site::default()));
        let addresses = Addresses {
            base_url: "http://x".to_owned(),
            base_domain: None,
            owner: "default".to_owned(),
            options: Default::default(),
            sign_in_key: None,
        };
        let publisher = Publisher::new(engine.clone(), changes, Arc::clone(&site), addresses, HashMap::new());
        let (turned, failures) = (publisher.turned(), publisher.failures());
        Self { engine, writer, site, publisher: Some(publisher), turned, failures, _folder: folder }
    }

    /// Starts the publisher. `before` is called with the slug before each view is built.
    fn start(&mut self, before: impl Fn(&str) + Send + Sync + 'static) {
        let publisher = self.publish(before);
        std::thread::spawn(move || publisher.run());
    }

    /// Publishes everything once. The publisher refreshes it as soon as it runs.
    fn publish(&mut self, before: impl Fn(&str) + Send + Sync + 'static) -> Publisher {
        let mut publisher = self.publisher.take().expect("not started yet");
        publisher.pool.view = Arc::new(move |state: &State, key, place: &Place, now: Timestamp, extent| {
            before(&state.pages[&key].settings.slug);
            build::view(state, key, place, now, extent)
        });
        publisher.publish_all().expect("threads can be had");
        let long_ago = Instant::now().checked_sub(REFRESH_EVERY);
        for page in publisher.pages.values_mut() {
            page.refreshed = long_ago.unwrap_or(page.refreshed);
        }
        publisher
    }

    fn status(&self, slug: &str) -> Bytes {
        self.site.load().by_slug[slug].outputs["api/v2/status.json"].identity.bytes.clone()
    }

    /// Sets the status of all components as a person.
    async fn set(&self, status: Status) {
        let components: Vec<_> = state_of(&self.engine.snapshot()).components.keys().copied().collect();
        for component in components {
            let set = Command::SetHold { component, source: Source::Person, status, until: None };
            assert_eq!(self.engine.command(named(set)).await, Ok(Answer::Done));
        }
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let mut turned = self.turned.clone();
        let waited = async {
            while !holds() {
                turned.changed().await.expect("the publisher runs");
            }
        };
        timeout(BOUND, waited).await.unwrap_or_else(|_| panic!("{what}"));
    }

    async fn end(self) {
        self.engine.stop();
        let writer = self.writer;
        tokio::task::spawn_blocking(move || writer.join()).await.expect("joined").expect("it ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_panics_keeps_its_bytes_and_stops_no_other() {
    let mut fixture = Fixture::new().await;
    let broken = Arc::new(Mutex::new(false));
    let breaks = Arc::clone(&broken);
    let publisher = fixture.publish(move |slug| {
        let broken = *breaks.lock().expect("never poisoned");
        assert!(!(broken && slug == "one"), "this page is broken");
    });
    let before = ["one", "other"].map(|slug| fixture.status(slug));
    *broken.lock().expect("never poisoned") = true;
    std::thread::spawn(move || publisher.run());
    fixture.set(Status::MajorOutage).await;
    fixture.until("the other page is published", || fixture.status("other") != before[1]).await;
    fixture.until("the failure is counted", || fixture.failures.load(Ordering::Relaxed) > 0).await;
    assert_eq!(fixture.status("one"), before[0]);
    *broken.lock().expect("never poisoned") = false;
    fixture.until("it is tried again", || fixture.status("one") != before[0]).await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_until_its_page_shows_what_it_says() {
    let mut fixture = Fixture::new().await;
    let published = fixture.publisher.as_ref().expect("not started yet").published();
    let gate = Arc::new((Mutex::new(true), Condvar::new()));
    let passed = Arc::clone(&gate);
    let publisher = fixture.publish(move |_| {
        let (is_open, opened) = &*passed;
        let is_open = is_open.lock().expect("never poisoned");
        drop(opened.wait_while(is_open, |is_open| !*is_open).expect("never poisoned"));
    });
    let before = fixture.status("one");
    *gate.0.lock().expect("never poisoned") = false;
    std::thread::spawn(move || publisher.run());
    fixture.set(Status::MajorOutage).await;
    let at = fixture.engine.snapshot().at;
    let mut shown = Box::pin(published.wait_until_shown("one", at, at));
    assert!(timeout(Duration::ZERO, &mut shown).await.is_err(), "it is not rendered yet");
    assert_eq!(fixture.status("one"), before);
    *gate.0.lock().expect("never poisoned") = true;
    gate.1.notify_all();
    timeout(BOUND, shown).await.expect("it is published");
    assert_ne!(fixture.status("one"), before);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_pages_follows_the_state_of_each() {
    let mut fixture = Fixture::new().await;
    fixture.start(|_| {});
    let site = Arc::clone(&fixture.site);
    let list = || {
        let site = site.load();
        let list = site.directory.as_ref().expect("both pages are listed");
        String::from_utf8_lossy(&list.identity.bytes).into_owned()
    };
    let before = list();
    assert!(before.contains(">one</bdi>") && before.contains(">other</bdi>"), "{before}");
    assert!(before.contains(" data-until=") && !before.contains("Major outage"), "{before}");
    fixture.set(Status::MajorOutage).await;
    fixture.until("both pages say so", || list().matches("Major outage: A").count() == 2).await;
    fixture.end().await;
}

fn written(text: &str, form: Form) -> Text {
    let rules = Rules::new(&Settings::default()).expect("usable settings");
    let public =
        rules.sanitise(text, form, &Replacement::default(), &[]).text.expect("nothing private remains");
    Text { written: text.to_owned(), public }
}

/// The bytes of an output of the page `one`; empty if there is none.
fn output(site: &ArcSwap<Site>, path: &str) -> String {
    let site = site.load();
    let found = site.by_slug["one"].outputs.get(path);
    found.map_or_else(String::new, |found| String::from_utf8_lossy(&found.identity.bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_on_its_page_at_once_and_vanishes_when_it_is_deleted() {
    let mut fixture = Fixture::new().await;
    fixture.start(|_| {});
    let (page, component) = {
        let snapshot = fixture.engine.snapshot();
        let state = state_of(&snapshot);
        let found = state.pages.iter().find(|(_, page)| page.settings.slug == "one");
        let page = *found.expect("it is configured").0;
        let own = state.components.iter().find(|(_, one)| one.page == page);
        (page, *own.expect("it has one").0)
    };
    let new = NewIncident {
        page,
        title: written("Cards declined", Form::Plain),
        status: IncidentStatus::Investigating,
        body: Some(written("We are *looking*.", Form::Markdown)),
        components: vec![(component, Some(Status::MajorOutage))],
        impact_override: None,
        draft: true,
        backfilled: None,
        problems: Vec::new(),
    };
    let opened = fixture.engine.command(named(Command::OpenIncident(Box::new(new)))).await;
    let Ok(Answer::Incident(incident)) = opened else { panic!("{opened:?}") };
    let path = format!(
        "incidents/{}",
        state_of(&fixture.engine.snapshot()).incidents.get(&incident).expect("opened").id
    );
    let other = fixture.status("other");
    fixture.set(Status::DegradedPerformance).await;
    fixture.until("the other page is published", || fixture.status("other") != other).await;
    let shown = |path: &str| output(&fixture.site, path);
    for path in ["", &path, "history", "api/v2/incidents.json", "api/v2/summary.json"] {
        assert!(!shown(path).contains("Cards declined"), "a draft is nowhere: {path}");
    }
    let publish = Command::PublishIncident { incident };
    assert_eq!(fixture.engine.command(named(publish)).await, Ok(Answer::Done));
    fixture.until("it is published", || shown(&path).contains("We are <em>looking</em>.")).await;
    for path in
        ["", "history", "api/v2/incidents.json", "api/v2/incidents/unresolved.json", "api/v2/summary.json"]
    {
        assert!(shown(path).contains("Cards declined"), "{path}");
    }
    let change = Box::new(IncidentChange {
        status: Some(IncidentStatus::Resolved),
        release: true,
        ..IncidentChange::default()
    });
    let resolve = Command::UpdateIncident { incident, change };
    assert_eq!(fixture.engine.command(named(resolve)).await, Ok(Answer::Done));
    fixture.until("it is resolved", || shown(&path).contains("<b class=st>Resolved.</b>")).await;
    assert!(!shown("api/v2/incidents/unresolved.json").contains("Cards declined"));
    let delete = Command::DeleteIncident { incident };
    assert_eq!(fixture.engine.command(named(delete)).await, Ok(Answer::Done));
    fixture.until("its page vanishes", || shown(&path).is_empty()).await;
    for path in ["", "history", "api/v2/incidents.json"] {
        assert!(!shown(path).contains("Cards declined"), "{path}");
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_is_on_its_page_at_once_and_keeps_it_when_it_is_cancelled() {
    let mut fixture = Fixture::new().await;
    fixture.start(|_| {});
    let component = {
        let snapshot = fixture.engine.snapshot();
        let state = state_of(&snapshot);
        let of_one = |key| state.pages.get(&key).is_some_and(|page| page.settings.slug == "one");
        *state.components.iter().find(|(_, one)| of_one(one.page)).expect("it has one").0
    };
    let from = state_of(&fixture.engine.snapshot()).clock + 3_600_000;
    let mut new = NewWindow::over(vec![component], from, from + 3_600_000);
    new.title = Title::Written(written("Another database", Form::Plain));
    let planned = fixture.engine.command(named(Command::PlanWindow(Box::new(new)))).await;
    let Ok(Answer::Window(window)) = planned else { panic!("{planned:?}") };
    let id = state_of(&fixture.engine.snapshot()).windows.get(&window).expect("planned").id.clone();
    let (path, shown) = (format!("maintenance/{id}"), |path: &str| output(&fixture.site, path));
    fixture.until("it is published", || shown(&path).contains("Another database")).await;
    for path in ["", "api/v2/scheduled-maintenances/upcoming.json", "api/v2/summary.json"] {
        assert!(shown(path).contains("Another database"), "{path}");
    }
    let begin =
        Command::UpdateWindow { window, status: Some(MaintenanceStatus::InProgress), body: None, to: None };
    assert_eq!(fixture.engine.command(named(begin)).await, Ok(Answer::Done));
    fixture.until("it is in progress", || shown(&path).contains("<b class=st>In progress</b>")).await;
    fixture.until("the history lists it", || shown("history").contains("Another database")).await;
    assert!(shown("api/v2/scheduled-maintenances/active.json").contains("Another database"));
    let cancel = Command::CancelWindow { window, body: None };
    assert_eq!(fixture.engine.command(named(cancel)).await, Ok(Answer::Done));
    fixture.until("it is cancelled", || shown(&path).contains("<b class=st>Cancelled</b>")).await;
    assert!(!shown("api/v2/summary.json").contains("Another database"));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_page_delays_no_other() {
    let mut fixture = Fixture::new().await;
    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let held = Arc::new(Mutex::new(false));
    let is_held = Arc::clone(&held);
    fixture.start(move |slug| {
        if slug == "one" && *is_held.lock().expect("never poisoned") {
            // Blocks until the sender is dropped.
            let _ = released.recv();
        }
    });
    let before = ["one", "other"].map(|slug| fixture.status(slug));
    *held.lock().expect("never poisoned") = true;
    fixture.set(Status::MajorOutage).await;
    fixture.until("the other page is published", || fixture.status("other") != before[1]).await;
    assert_eq!(fixture.status("one"), before[0], "it is still being built");
    drop(release);
    fixture.until("the slow one follows", || fixture.status("one") != before[0]).await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_disk_delays_no_page_and_no_metric() {
    let mut fixture = Fixture::new().await;
    let stall = Stall::begin(&fixture.engine);
    let viewed = Arc::new(AtomicU64::new(0));
    let views = Arc::clone(&viewed);
    fixture.start(move |_| {
        views.fetch_add(1, Ordering::Relaxed);
    });
    assert!(fixture.site.load().by_slug.contains_key("other"), "pages are published during the stall");
    if Instant::now().checked_sub(REFRESH_EVERY).is_some() {
        fixture.until("they are refreshed", || viewed.load(Ordering::Relaxed) >= 4).await;
    }
    let (engine, site) = (fixture.engine.clone(), Arc::clone(&fixture.site));
    let program_status =
        ProgramStatus::new(engine, site, Arc::default(), Traffic::default(), MetricsToken::of(None));
    let metrics = tokio::task::spawn_blocking(move || program_status.metrics());
    let metrics =
        timeout(BOUND, metrics).await.expect("metrics do not wait for the writer").expect("no panic");
    assert!(metrics.contains("skerry_page_render_failures_total 0"), "{metrics}");
    let component = *state_of(&fixture.engine.snapshot()).components.keys().next().expect("a component");
    let (source, status) = (Source::Person, Status::MajorOutage);
    let set = Command::SetHold { component, source, status, until: None };
    let engine = fixture.engine.clone();
    let setting = tokio::spawn(async move { engine.command(named(set)).await });
    fixture.until("a turn", || true).await;
    let manual = || state_of(&fixture.engine.snapshot()).components[&component].layers.manual.len();
    assert_eq!(manual(), 0, "a change that is not stored is not visible");
    stall.end();
    assert_eq!(setting.await.expect("no panic"), Ok(Answer::Done));
    assert_eq!(manual(), 1, "the change is visible once it is answered");
    fixture.end().await;
}

struct Stall {
    release: Sender<()>,
    stalled: std::thread::JoinHandle<()>,
}

impl Stall {
    fn begin(engine: &Engine) -> Self {
        let (release, released) = crossbeam_channel::bounded(0);
        let (begin, begun) = crossbeam_channel::bounded(1);
        let engine = engine.clone();
        let stalled = std::thread::spawn(move || {
            engine
                .maintain(Maintenance::Stall { begun: begin, released })
                .expect("it runs")
                .expect("it does not touch the disk");
        });
        begun.recv_timeout(BOUND).expect("the writer is stalled");
        Self { release, stalled }
    }

    fn end(self) {
        drop(self.release);
        self.stalled.join().expect("no panic");
    }
}
