//! Measures the time from a commit to the bytes that visitors get, with many pages, before and after midnight of their
//! common zone, when every page has a new day to draw; and what a change costs, by pages and components.

use crate::cpu;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use skerry_aggregator::clock::TimeSource;
use skerry_aggregator::engine::{Engine, Snapshot};
use skerry_aggregator::publish::{Addresses, Publisher};
use skerry_domain::holds::Source;
use skerry_domain::state::{ComponentKey, ComponentSettings, PageKey, PageSettings, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Command, Configure, DesiredComponent, DesiredItem, DesiredLink, DesiredPage};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::uptime::Rule;
use skerry_domain::verdict::Quorum;
use skerry_domain::workspaces::Target;
use skerry_publish::output::Site;
use skerry_store::Store;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Midnight of 30 November 2026 in Berlin.
const MIDNIGHT: Timestamp = Timestamp(1_795_993_200_000);
/// Phases of the measurement.
const PHASES: [(&str, i64); 2] = [("before midnight", 60), ("the minute after midnight", 60)];
/// Changes per second.
const RATE: u32 = 5;
/// Changes whose cost is measured.
const CHANGES: usize = 40;
/// A change that takes longer counts as lost.
const BOUND: Duration = Duration::from_secs(60);
/// Days ago on which every component was down for half an hour.
const OUTAGES: [i64; 5] = [80, 61, 44, 23, 9];

/// How many pages there are, and how many components each has.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) pages: usize,
    pub(crate) components: usize,
}

/// Prints how long a change takes from its commit into the bytes of its page.
pub(crate) fn latency() -> anyhow::Result<()> {
    let shape = Shape { pages: 200, components: 50 };
    let (fleet, took) = Fleet::start(shape, MIDNIGHT.0 - 75 * SECOND)?;
    let mut out = std::io::stdout();
    writeln!(out, "{} pages first published in {took:.1?}\n", shape.pages)?;
    writeln!(
        out,
        "| changes | number | median ms | p99 ms | worst ms | goal worst < 250 ms |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    let mut number = 0;
    for (what, seconds) in PHASES {
        let until = if number == 0 { MIDNIGHT } else { MIDNIGHT + seconds * SECOND };
        let mut waited = Vec::new();
        while fleet.engine.now() < until {
            let due = fleet.begun + Duration::from_secs(1) / RATE * number;
            while Instant::now() < due {
                std::thread::yield_now();
            }
            fleet.turn_clock();
            waited.push(fleet.change(number as usize, std::thread::yield_now)?);
            number += 1;
        }
        waited.sort_unstable();
        let last = waited.len().checked_sub(1).context("no change was made")?;
        let at = |hundredths: usize| waited[last * hundredths / 100].as_secs_f64() * 1e3;
        let verdict = if at(100) < 250.0 { "reached" } else { "MISSED" };
        let (median, p99, worst) = (at(50), at(99), at(100));
        writeln!(out, "| {what} | {} | {median:.1} | {p99:.1} | {worst:.1} | {verdict} |", waited.len())?;
    }
    fleet.stop()
}

/// Prints what a change costs, with everything that this process does for it, and how long it takes.
pub(crate) fn cost(shape: Shape) -> anyhow::Result<()> {
    // Nothing is due in the minutes from here.
    let (fleet, _) = Fleet::start(shape, MIDNIGHT.0 - 11 * HOUR + 5 * MINUTE)?;
    let wait = || std::thread::park_timeout(Duration::from_micros(500));
    let first = fleet.change(0, wait)?;
    let before = cpu();
    let changes = (1..=CHANGES).map(|number| fleet.change(number, wait));
    let mut waited = changes.collect::<anyhow::Result<Vec<_>>>()?;
    let spent = (cpu() - before).as_secs_f64() * 1e3 / CHANGES as f64;
    waited.push(first);
    waited.sort_unstable();
    let at = |place: usize| waited[place].as_secs_f64() * 1e3;
    let (median, worst) = (at(CHANGES / 2), at(CHANGES));
    let Shape { pages, components } = shape;
    writeln!(std::io::stdout(), "| {pages} | {components} | {spent:.2} | {median:.1} | {worst:.1} |")?;
    fleet.stop()
}

/// An engine and its publisher, on a clock that this program turns.
struct Fleet {
    shape: Shape,
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    writer: JoinHandle<()>,
    publisher: JoinHandle<()>,
    site: Arc<ArcSwap<Site>>,
    clock: Arc<AtomicI64>,
    /// The time of the clock when it began to run.
    start: i64,
    begun: Instant,
    _folder: tempfile::TempDir,
}

impl Fleet {
    /// Configures all pages with ninety days of history and publishes them at `start`; how long the publication took.
    fn start(shape: Shape, start: i64) -> anyhow::Result<(Self, Duration)> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let folder = tempfile::tempdir_in(".")?;
        let clock = Arc::new(AtomicI64::new(MIDNIGHT.0 - 90 * DAY));
        let (changed, changes) = crossbeam_channel::unbounded();
        let store = Store::open(&folder.path().join("ours.db"))?;
        let (engine, writer) = Engine::start_by(store, changed, TimeSource::Simulated(Arc::clone(&clock)))?;
        runtime.block_on(past(&engine, &clock, shape))?;
        let begun = Instant::now();
        clock.store(start, Ordering::Relaxed);
        let site = Arc::new(ArcSwap::from_pointee(Site::default()));
        let addresses = Addresses {
            base_url: "http://x".to_owned(),
            base_domain: None,
            owner: "default".to_owned(),
            options: Default::default(),
            sign_in_key: None,
        };
        let publisher =
            Publisher::new(engine.clone(), changes, Arc::clone(&site), addresses, Default::default())
                .start()?;
        let (took, begun) = (begun.elapsed(), Instant::now());
        let fleet =
            Self { shape, runtime, engine, writer, publisher, site, clock, start, begun, _folder: folder };
        Ok((fleet, took))
    }

    /// The clock goes on with that of this host.
    fn turn_clock(&self) {
        self.clock.store(self.start + self.begun.elapsed().as_millis() as i64, Ordering::Relaxed);
    }

    /// Changes the status of a component and returns the time from the commit until its page shows it; calls `wait` meanwhile.
    fn change(&self, number: usize, wait: impl Fn()) -> anyhow::Result<Duration> {
        let Shape { pages, components } = self.shape;
        let snapshot = self.engine.snapshot();
        let state = state_of(&snapshot);
        let page = number * 37 % pages;
        let keys: Vec<PageKey> = state.pages.keys().copied().collect();
        let (key, slug) = (keys[page], state.pages[&keys[page]].settings.slug.clone());
        let of_page = state.components.iter().filter(|(_, one)| one.page == key);
        let component = of_page.map(|(key, _)| key).nth(number / pages % components);
        let is_first = (number / pages / components).is_multiple_of(2);
        let command = set(*component.context("a component")?, is_first.then_some(Status::MajorOutage));
        let index = || self.site.load().by_slug[&slug].outputs[""].clone();
        let former = index();
        self.runtime.block_on(self.engine.command((workspace(), command)))?;
        let committed = Instant::now();
        while Arc::ptr_eq(&index(), &former) {
            anyhow::ensure!(committed.elapsed() < BOUND, "the change of {slug} is not in its bytes");
            self.turn_clock();
            wait();
        }
        Ok(committed.elapsed())
    }

    fn stop(self) -> anyhow::Result<()> {
        self.engine.stop();
        self.writer.join().ok().context("the engine panicked")?;
        self.publisher.join().ok().context("the publisher panicked")
    }
}

/// Configures all pages, each component with a check of its own, and reports ninety days of history.
async fn past(engine: &Engine, clock: &AtomicI64, shape: Shape) -> anyhow::Result<()> {
    let checks =
        (0..shape.pages * shape.components).map(|number| (format!("check-{number}"), Quorum::default()));
    let pages = (0..shape.pages).map(|number| page(number, shape.components)).collect();
    let checks = checks.collect();
    let configure = Configure { checks, pages };
    engine.command((workspace(), Command::Configure(Box::new(configure)))).await?;
    let components: Vec<ComponentKey> = state_of(&engine.snapshot()).components.keys().copied().collect();
    for ago in OUTAGES {
        clock.store(MIDNIGHT.0 - ago * DAY - 600 * MINUTE, Ordering::Relaxed);
        let down = |key: &ComponentKey| set(*key, Some(Status::MajorOutage));
        engine.command((workspace(), Command::Together(components.iter().map(down).collect()))).await?;
        clock.fetch_add(30 * MINUTE, Ordering::Relaxed);
        let up = components.iter().map(|key| set(*key, None)).collect();
        engine.command((workspace(), Command::Together(up))).await?;
    }
    Ok(())
}

fn workspace() -> Target {
    Target::Name("default".to_owned())
}

fn state_of(snapshot: &Snapshot) -> &State {
    snapshot.workspaces.named("default").expect("it was created")
}

fn set(component: ComponentKey, status: Option<Status>) -> Command {
    match status {
        Some(status) => Command::SetHold { component, source: Source::Person, status, until: None },
        None => Command::ReleaseHold { component, source: Source::Person },
    }
}

fn page(number: usize, components: usize) -> DesiredPage {
    let component = |one: usize| {
        DesiredItem::Component(DesiredComponent {
            key: format!("component-{one}"),
            settings: ComponentSettings::named(&format!("Component {one} of {number}")),
            starts_at: None,
            links: vec![DesiredLink { check: format!("check-{}", number * components + one), minor: false }],
        })
    };
    DesiredPage {
        key: format!("page-{number}"),
        settings: PageSettings {
            name: format!("Page {number}"),
            root: number == 0,
            time_zone: "Europe/Berlin".to_owned(),
            rule: Rule::Statuspage,
            ..PageSettings::named(&format!("page-{number}"))
        },
        zone: jiff::tz::TimeZone::UTC,
        items: (0..components).map(component).collect(),
    }
}
