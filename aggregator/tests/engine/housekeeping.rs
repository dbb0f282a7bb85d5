//! Housekeeping: it does not delay deliveries, and it deletes expired rows.

use crate::reports::{empty, observed};
use crate::script::{component, declared, page_settings};
use crate::workspace::{load, named, state_of};
use rusqlite::Connection;
use skerry_aggregator::engine::{Engine, Running};
use skerry_aggregator::housekeeping::Housekeeping;
use skerry_domain::response::{Percentiles, ResponseWindow};
use skerry_domain::state::{AgentKey, WorkspaceKey};
use skerry_domain::step::{
    Answer, Command, Configure, DesiredComponent, DesiredItem, DesiredLink, DesiredPage, Observed, Record,
    RecordKind, Report, When,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Boot clock of the agent when it sends, in ms.
const BOOT: i64 = 900 * DAY;

struct Fixture {
    engine: Engine,
    running: Running,
    agent: AgentKey,
    database: PathBuf,
    _folder: tempfile::TempDir,
    _changes: crossbeam_channel::Receiver<Vec<(WorkspaceKey, skerry_domain::step::Change)>>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("skerry.db");
        let (changed, changes) = crossbeam_channel::bounded(4_096);
        let store = Store::open(&database).expect("a new database");
        let (engine, running) = Engine::start(store, changed).expect("it starts");
        // Nothing is deleted while the clock is not confirmed.
        engine.note_kernel_sync(true);
        let (name, location) = ("one".to_owned(), "here".to_owned());
        let added = engine.command(named(Command::AddAgent { name, location })).await;
        let Ok(Answer::Agent(agent)) = added else { panic!("{added:?}") };
        Self { engine, running, agent, database, _folder: folder, _changes: changes }
    }

    /// Sends one record of the agent.
    async fn send(&self, sequence: u64, kind: RecordKind) {
        self.send_as(self.agent, sequence, kind).await;
    }

    async fn send_as(&self, agent: AgentKey, sequence: u64, kind: RecordKind) {
        let now = self.engine.now();
        let report = Report {
            records: vec![Record { sequence, through: sequence, kind }],
            inventory: Some(vec![declared("a", 1_000)]),
            ..empty(agent, now, BOOT)
        };
        let answer = self.engine.command(named(Command::Report(Box::new(report)))).await;
        assert!(matches!(answer, Ok(Answer::Acknowledged { .. })), "{answer:?}");
    }

    async fn configure(&self, component: &DesiredComponent) {
        let settings = page_settings();
        let items = vec![DesiredItem::Component(component.clone())];
        let desired = Configure {
            checks: vec![("a".to_owned(), Quorum::Majority)],
            pages: vec![DesiredPage {
                key: "demo".to_owned(),
                settings,
                zone: jiff::tz::TimeZone::UTC,
                items,
            }],
        };
        self.engine.command(named(Command::Configure(Box::new(desired)))).await.expect("configured");
    }

    /// The windows of the chart of the only component.
    fn chart(&self) -> Vec<ResponseWindow> {
        let snapshot = self.engine.snapshot();
        state_of(&snapshot.workspaces).components.values().next().expect("a component").response.to_vec()
    }

    /// A housekeeping with a raw retention of a day.
    fn housekeeping(&self) -> Housekeeping {
        Housekeeping::new(&self.database, self.engine.clone(), DAY).expect("a second handle")
    }

    /// Runs a new housekeeping once.
    async fn keep(&self) {
        turn(self.housekeeping()).await;
    }

    fn rows(&self) -> Connection {
        Connection::open(&self.database).expect("it opens")
    }

    async fn end(self) {
        self.engine.stop();
        tokio::task::spawn_blocking(move || self.running.join()).await.expect("joined").expect("it ends");
    }
}

async fn turn(mut housekeeping: Housekeeping) -> Housekeeping {
    let runtime = tokio::runtime::Handle::current();
    let turned = tokio::task::spawn_blocking(move || {
        housekeeping.turn(&runtime).expect("a whole turn");
        housekeeping
    });
    turned.await.expect("no panic")
}

/// A check that was up and took so long, ms.
fn took(ago: i64, milliseconds: u64) -> RecordKind {
    let mut kind = seen(ago, HardState::Up);
    if let RecordKind::Observed { first, .. } = &mut kind {
        first.total_us = 1_000 * milliseconds;
    }
    kind
}

fn seen(ago: i64, hard: HardState) -> RecordKind {
    let when = When::ThisBoot(BOOT - ago);
    let first = Observed { since: Some(when), ..observed(when, hard) };
    RecordKind::Observed { first, count: 1, spread: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_waits_for_one_deletion_at_most() {
    let fixture = Fixture::new().await;
    fixture.send(1, seen(0, HardState::Up)).await;
    // Expired observations for forty deletions.
    let old = (fixture.engine.now().0 - 30 * DAY) << 21;
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 799999)
         INSERT INTO observation SELECT {old} + i * 2097152, zeroblob(12) FROM n"
    );
    fixture.rows().execute_batch(&fill).expect("filled");
    let left = || -> i64 {
        fixture.rows().query_row("SELECT count(*) FROM observation", [], |row| row.get(0)).expect("a number")
    };
    assert_eq!(left(), 800_001);
    let over = Arc::new(AtomicBool::new(false));
    let (mut waited, mut whole) = (Vec::new(), Duration::ZERO);
    let keep = async {
        let begun = Instant::now();
        fixture.keep().await;
        whole = begun.elapsed();
        over.store(true, Ordering::Relaxed);
    };
    let live = async {
        let mut sequence = 1;
        while !over.load(Ordering::Relaxed) {
            sequence += 1;
            let sent = Instant::now();
            fixture.send(sequence, seen(0, HardState::Up)).await;
            waited.push(sent.elapsed());
        }
    };
    futures_util::future::join(keep, live).await;
    assert!(left() <= 1 + waited.len() as i64, "{} are left", left());
    let longest = waited.iter().max().expect("at least one was sent");
    // One of the forty, and its own commit; both may be slower on a busy machine.
    assert!(*longest < whole / 5, "{longest:?} of {whole:?}, {} reports", waited.len());
    assert!(waited.len() >= 20, "only {} reports were taken in {whole:?}", waited.len());
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn losses_and_transitions_are_kept_for_thirteen_months_and_the_past_stays() {
    let fixture = Fixture::new().await;
    let lost = |count| RecordKind::Lost { count, why: "the disk was full".to_owned(), from: None, to: None };
    fixture.send(1, seen(5 * DAY, HardState::Up)).await;
    fixture.send(2, seen(4 * DAY, HardState::Down)).await;
    fixture.send(3, seen(HOUR, HardState::Up)).await;
    fixture.send(4, lost(7)).await;
    fixture.send(5, lost(5)).await;
    // The first loss and two transitions are dated back, since a test cannot wait so long.
    let noted = fixture.engine.now() - 401 * DAY;
    let old = "UPDATE hard_transition SET at_ms = ?1 WHERE at_ms < ?2";
    let (long_ago, of_late) = (noted.0, (fixture.engine.now() - DAY).0);
    assert_eq!(fixture.rows().execute(old, [long_ago, of_late]).expect("written"), 2);
    let age = "UPDATE loss SET noted_ms = ?1 WHERE count = 7";
    assert_eq!(fixture.rows().execute(age, [noted.0]).expect("written"), 1);
    let told = || {
        let roll = Store::open_unlocked(&fixture.database).expect("opens").agents().expect("reads");
        (roll[0].lost_records, roll[0].losses)
    };
    let transitions = || -> i64 {
        fixture
            .rows()
            .query_row("SELECT count(*) FROM hard_transition", [], |row| row.get(0))
            .expect("a number")
    };
    let spans = || load(&Store::open_unlocked(&fixture.database).expect("opens"), Timestamp(0)).tracks;
    let past = spans();
    assert_eq!((told(), transitions()), ((12, 2), 3));
    fixture.keep().await;
    assert_eq!(told(), (5, 1), "`agent list` counts what was lost in thirteen months");
    assert_eq!(transitions(), 1);
    assert_eq!(spans(), past, "what the uptime of the past is worked out from is never thrown away");
    fixture.keep().await;
    assert_eq!((told(), transitions()), ((5, 1), 1));
    fixture.end().await;
}

/// A component with a chart, fed by the check.
async fn charted() -> Fixture {
    let mut component = component("site", vec![DesiredLink { check: "a".to_owned(), minor: false }]);
    component.settings.response_time = true;
    let fixture = Fixture::new().await;
    fixture.configure(&component).await;
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chart_has_points_from_its_first_minutes() {
    let fixture = charted().await;
    fixture.send(1, took(12 * MINUTE, 200)).await;
    fixture.send(2, took(6 * MINUTE, 100)).await;
    fixture.keep().await;
    for window in fixture.chart() {
        assert_eq!((window.step, window.points.len()), (4 * MINUTE, 2), "{window:?}");
        assert!(window.points.iter().all(|point| point.at.0 % window.step == 0), "{window:?}");
        // What is stored is right to within 0.4 %.
        let all = window.all.expect("measured");
        assert!(all.p50_us.abs_diff(100_000) < 400 && all.p95_us.abs_diff(200_000) < 800, "{all:?}");
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_has_quarters_of_an_hour_of_the_last_day_and_longer_points_of_longer_windows() {
    let fixture = charted().await;
    for (sequence, ago) in (1..).zip([6 * DAY, 5 * DAY, 3 * DAY, 9 * HOUR, 0]) {
        fixture.send(sequence, took(ago, 100)).await;
    }
    fixture.keep().await;
    // Two hours are dated back to 40 and to 8 days ago, since a test cannot wait so long.
    let now = fixture.engine.now();
    for (days, back) in [(6, 34), (5, 3)] {
        let sql = "UPDATE hour SET hour_ms = hour_ms - ?1 WHERE hour_ms BETWEEN ?2 AND ?3";
        let around = [back * DAY, (now - days * DAY - 2 * HOUR).0, (now - days * DAY + HOUR).0];
        assert_eq!(fixture.rows().execute(sql, around).expect("written"), 1);
    }
    fixture.keep().await;
    let drawn: Vec<_> = fixture.chart().iter().map(|window| (window.step, window.points.len())).collect();
    // The present hour is not over yet: only the chart of the last day knows of it.
    assert_eq!(drawn[0], (16 * MINUTE, 2));
    assert_eq!(drawn[1..], [(2 * HOUR, 2), (8 * HOUR, 3), (DAY, 4)]);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_measurements_reach_a_chart_that_is_drawn_already() {
    let fixture = charted().await;
    let (name, location) = ("two".to_owned(), "there".to_owned());
    let added = fixture.engine.command(named(Command::AddAgent { name, location })).await;
    let Ok(Answer::Agent(late)) = added else { panic!("{added:?}") };
    for (sequence, ago) in (1..).zip([3 * DAY, 9 * HOUR, 5 * MINUTE]) {
        fixture.send(sequence, took(ago, 100)).await;
    }
    let housekeeping = turn(fixture.housekeeping()).await;
    let slowest =
        |window: usize| fixture.chart()[window].all.map(|Percentiles { p95_us, .. }| p95_us / 1_000);
    // What is stored is right to within 0.4 %, what is rolled up to within 1 %.
    assert!([0, 1].iter().all(|window| slowest(*window) < Some(102)), "{:?}", fixture.chart());
    fixture.send_as(late, 1, took(9 * HOUR, 9_000)).await;
    fixture.send_as(late, 2, took(8 * HOUR, 9_000)).await;
    let housekeeping = turn(housekeeping).await;
    assert!(slowest(0) > Some(8_900) && slowest(1) > Some(8_900), "{:?}", fixture.chart());
    let known = fixture.chart();
    turn(housekeeping).await;
    assert_eq!(fixture.chart()[1..], known[1..]);
    fixture.end().await;
}
