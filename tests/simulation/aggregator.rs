//! The aggregator: the real engine on a real database; the test sets its clock.

use rusqlite::Connection;
use skerry_aggregator::clock::TimeSource;
use skerry_aggregator::engine::{Engine, Running};
use skerry_aggregator::ingest::authenticate::LocalDelivery;
use skerry_domain::state::{AgentKey, ComponentSettings, PageKey, PageSettings, WorkspaceKey};
use skerry_domain::step::{
    Answer, Command, Configure, DesiredComponent, DesiredItem, DesiredLink, DesiredPage,
};
use skerry_domain::workspaces::Target;
use skerry_publish::build::page_view;
use skerry_publish::view::Item;
use skerry_store::Store;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

pub(crate) struct Aggregator {
    folder: TempDir,
    now: Arc<AtomicI64>,
    running: Option<(Engine, Running)>,
    agents: BTreeMap<String, AgentKey>,
}

impl Aggregator {
    /// An aggregator that is not running yet.
    pub(crate) fn new(now: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, now: Arc::new(AtomicI64::new(now)), running: None, agents: BTreeMap::new() }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("skerry.db")
    }

    pub(crate) fn set_time(&self, now: i64) {
        self.now.store(now, Ordering::Relaxed);
    }

    fn engine(&self) -> &Engine {
        &self.running.as_ref().expect("it runs").0
    }

    async fn command(&self, command: Command) -> Answer {
        self.engine().command((Target::Name("default".to_owned()), command)).await.expect("it is carried out")
    }

    /// Starts the engine: it knows every agent, and every check feeds a component of its name.
    pub(crate) async fn start(&mut self, agents: &[(&str, &str)], checks: &[String]) {
        // There is no publisher, so nobody reads the changes.
        let (changed, _) = crossbeam_channel::bounded(1);
        let store = Store::open(&self.database()).expect("the database opens");
        let started = Engine::start_by(store, changed, TimeSource::Simulated(Arc::clone(&self.now)));
        self.running = Some(started.expect("the state is read"));
        self.command(Command::Configure(Box::new(page_of(checks)))).await;
        for (name, location) in agents {
            let (name, location) = ((*name).to_owned(), (*location).to_owned());
            let add = Command::AddAgent { name: name.clone(), location };
            let Answer::Agent(key) = self.command(add).await else { panic!("{name} is an agent") };
            self.agents.insert(name, key);
        }
    }

    pub(crate) fn stop(&mut self) {
        let (engine, running) = self.running.take().expect("it runs");
        engine.stop();
        running.join().expect("it ends");
    }

    /// Runs the tick of a second.
    pub(crate) async fn tick(&self) {
        self.command(Command::Tick).await;
    }

    /// The intake of the agent with this name.
    pub(crate) fn intake(&self, name: &str) -> LocalDelivery {
        let (engine, aggregator_id) = (self.engine().clone(), "simulated".to_owned());
        LocalDelivery {
            engine,
            aggregator_id,
            agent: (WorkspaceKey(1), self.agents[name]),
            name: name.to_owned(),
        }
    }

    /// The status of every component as visitors see it; `no_data` if it is stale.
    pub(crate) fn shown(&self) -> BTreeMap<String, &'static str> {
        let (snapshot, now) = self.engine().present();
        let state = snapshot.workspaces.named("default").expect("it was created");
        let key: PageKey = *state.pages.keys().next().expect("a page");
        let view = page_view(state, key, "http://127.0.0.1", now).expect("a page");
        let shown = view.items.into_iter().filter_map(|item| match item {
            Item::Component(one) => Some(one),
            Item::Group(_) => None,
        });
        let word = |grey: bool, status: &'static str| if grey { "no_data" } else { status };
        shown
            .map(|one| (one.name, word(one.stale_since.is_some() || one.waiting, one.status.name())))
            .collect()
    }

    pub(crate) fn open(&self) -> Connection {
        Connection::open(self.database()).expect("the database opens")
    }
}

fn page_of(checks: &[String]) -> Configure {
    let settings =
        PageSettings { name: "Page".to_owned(), listed: false, root: true, ..PageSettings::named("page") };
    let items = checks.iter().map(|check| DesiredItem::Component(component(check))).collect();
    let page = DesiredPage { key: "page".to_owned(), settings, zone: jiff::tz::TimeZone::UTC, items };
    Configure { checks: Vec::new(), pages: vec![page] }
}

fn component(check: &str) -> DesiredComponent {
    DesiredComponent {
        key: check.to_owned(),
        settings: ComponentSettings::named(check),
        links: vec![DesiredLink { check: check.to_owned(), minor: false }],
        starts_at: None,
    }
}
