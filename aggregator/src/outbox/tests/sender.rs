//! The aggregator without its network: the real engine and store on a clock that the test sets, and attempts as the outbox makes
//! them, handed to the test.

use super::super::attempt::{Attempt, Ready};
use super::super::contents::Contents;
use super::super::queue::{ChannelQueue, Concurrency, PORTION};
use crate::clock::TimeSource;
use crate::engine::{Engine, Running};
use crate::publish::{Addresses, PageOptions};
use crate::subscriptions::LinkKey;
use skerry_domain::state::{ComponentKey, ComponentSettings, PageKey, PageSettings, State, WorkspaceKey};
use skerry_domain::step::{
    Answer, Command, Configure, DesiredComponent, DesiredItem, DesiredPage, SubscriberCommand,
};
use skerry_domain::subscriber::Channel;
use skerry_domain::text::Text;
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use skerry_notify::Outcome;
use skerry_sanitiser::{Form, Replacement, Rules, Settings};
use skerry_store::{Reader, Store, WorkspaceDelivery};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

pub(super) const WORKSPACE: WorkspaceKey = WorkspaceKey(1);

/// Takes what is handed over, and answers.
pub(super) trait Recipients {
    fn take(&mut self, ready: &Ready<'_>, one: &WorkspaceDelivery, now: Timestamp) -> Outcome;

    /// Whether the aggregator stops now, between two portions of deliveries.
    fn stops_in_portions(&mut self) -> bool {
        false
    }

    /// Whether the aggregator crashes now, before it stores what came of these.
    fn crashes(&mut self, _attempts: &[Attempt]) -> bool {
        false
    }
}

struct Parts {
    engine: Engine,
    running: Running,
    reader: Reader,
    contents: Contents,
    queues: Vec<ChannelQueue>,
}

pub(super) struct Aggregator {
    folder: tempfile::TempDir,
    time: Arc<AtomicI64>,
    running: Option<Parts>,
    pub(super) links: LinkKey,
    rules: Rules,
}

impl Aggregator {
    /// Starts one with pages that have so many components each, set by hand.
    pub(super) async fn new(now: i64, pages: usize, components: usize) -> Self {
        let rules = Rules::new(&Settings::default()).expect("usable");
        let (folder, time) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(now)));
        let mut new = Self { folder, time, running: None, links: LinkKey::fixed([7; 32]), rules };
        new.start();
        let pages = (0..pages).map(|page| desired(page, components)).collect();
        let configure = Command::Configure(Box::new(Configure { checks: Vec::new(), pages }));
        let target = Target::Name("default".to_owned());
        new.running().engine.command((target, configure)).await.expect("it is carried out");
        new
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("skerry.db")
    }

    fn running(&self) -> &Parts {
        self.running.as_ref().expect("it runs")
    }

    pub(super) fn start(&mut self) {
        // There is no publisher, so nobody reads the changes.
        let (changed, _) = crossbeam_channel::bounded(1);
        let store = Store::open(&self.database()).expect("the database opens");
        let source = TimeSource::Simulated(Arc::clone(&self.time));
        let (engine, running) = Engine::start_by(store, changed, source).expect("the state is read");
        let addresses = Addresses {
            base_url: "https://status.example.com".to_owned(),
            base_domain: None,
            owner: "default".to_owned(),
            options: PageOptions::default(),
            sign_in_key: None,
        };
        let queues = Channel::ALL
            .iter()
            .map(|channel| ChannelQueue::new(*channel, Concurrency::of(PORTION)))
            .collect();
        let reader = Reader::open(&self.database()).expect("it opens");
        self.running = Some(Parts { engine, running, reader, contents: Contents::new(addresses), queues });
    }

    pub(super) fn stop(&mut self) {
        let Parts { engine, running, .. } = self.running.take().expect("it runs");
        engine.stop();
        running.join().expect("it ends");
    }

    pub(super) fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    pub(super) fn set_time(&self, now: i64) {
        assert!(self.now() <= now, "time goes on");
        self.time.store(now, Ordering::Relaxed);
    }

    pub(super) async fn command(&self, command: Command) -> Answer {
        self.running().engine.command((WORKSPACE, command)).await.expect("it is carried out")
    }

    pub(super) async fn subscriber(&self, command: SubscriberCommand) -> Answer {
        self.command(Command::Subscriber(Box::new(command))).await
    }

    /// A text of a person.
    pub(super) fn text(&self, written: &str) -> Text {
        let (form, replacement) = (Form::Markdown, Replacement::default());
        let public = self.rules.sanitise(written, form, &replacement, &[]).text.expect("clean");
        Text { written: written.to_owned(), public }
    }

    /// The present state.
    pub(super) fn state(&self) -> State {
        self.running().engine.snapshot().workspaces.get(WORKSPACE).expect("it exists").clone()
    }

    pub(super) fn pages(&self) -> Vec<PageKey> {
        self.state().pages.keys().copied().collect()
    }

    /// In the order in which the pages show them.
    pub(super) fn components(&self) -> Vec<ComponentKey> {
        self.state().components.keys().copied().collect()
    }

    pub(super) fn delivery_with_id(&self, id: &str) -> WorkspaceDelivery {
        self.running().reader.delivery_with_id(id).expect("it reads").expect("it is there")
    }

    /// When something is due that is not due yet: by time alone, or another attempt.
    pub(super) fn next(&self) -> (Option<i64>, Option<i64>) {
        let Parts { engine, reader, .. } = self.running();
        let due = engine.snapshot().workspaces.next_due().map(|due| due.0);
        let attempt = reader.next_delivery(Timestamp(self.now())).expect("it reads");
        (due, attempt.map(|at| at.0))
    }

    /// Runs ticks until nothing is due, and all attempts that are due. Returns whether the aggregator stops meanwhile.
    pub(super) async fn settle(&mut self, recipients: &mut impl Recipients) -> bool {
        loop {
            loop {
                self.command(Command::Tick).await;
                if self.next().0.is_none_or(|due| due > self.now()) {
                    break;
                }
                if recipients.stops_in_portions() {
                    return true;
                }
            }
            let mut many = 0;
            for number in 0..Channel::ALL.len() {
                match self.send(number, recipients).await {
                    Some(sent) => many += sent,
                    None => return true,
                }
            }
            if many == 0 {
                return false;
            }
        }
    }

    /// Makes the attempts of a channel that are due; returns how many, or `None` after a crash.
    async fn send(&mut self, number: usize, recipients: &mut impl Recipients) -> Option<usize> {
        let now = Timestamp(self.now());
        let Parts { engine, reader, contents, queues, .. } = self.running.as_mut().expect("it runs");
        let (queue, mut many) = (&mut queues[number], 0);
        queue.begin_again(Instant::now());
        while let Some(after) = queue.to_read(Instant::now()) {
            let read = reader.due_deliveries(queue.channel, now, after, PORTION).expect("it reads");
            queue.take(read);
            let mut attempts = Vec::new();
            let snapshot = engine.snapshot();
            while let Some(one) = queue.next(Instant::now()) {
                queue.begin(&one, Instant::now());
                let attempt = match Ready::of(&snapshot, (contents, &self.links), &one, now).await {
                    Ok(ready) => {
                        let outcome = recipients.take(&ready, &one, now);
                        ready.ended(one, &outcome, (now, 0.5))
                    }
                    Err(unsent) => *unsent,
                };
                attempts.push(attempt);
            }
            if !attempts.is_empty() && recipients.crashes(&attempts) {
                return None;
            }
            many += attempts.len();
            let stored = attempts.iter().map(|attempt| super::super::store(engine, attempt));
            assert!(futures_util::future::join_all(stored).await.into_iter().all(|stored| stored));
            attempts.iter().for_each(|one| queue.end((one.workspace, one.attempted.delivery.key)));
        }
        Some(many)
    }
}

fn desired(page: usize, components: usize) -> DesiredPage {
    let component = |number: usize| {
        let name = format!("component-{page}-{number}");
        DesiredItem::Component(DesiredComponent {
            settings: ComponentSettings::named(&name),
            key: name,
            starts_at: None,
            links: Vec::new(),
        })
    };
    let slug = format!("page-{page}");
    let settings = PageSettings { root: page == 0, public: true, ..PageSettings::named(&slug) };
    let items = (0..components).map(component).collect();
    DesiredPage { key: slug, settings, zone: jiff::tz::TimeZone::UTC, items }
}
