//! Housekeeping: it does not delay deliveries, and it deletes expired rows.

use crate::reports::{empty, observed};
use crate::script::{component, declared, page_settings};
use crate::workspace::{load, named, state_of};
use rusqlite::Connection;
use skerry_aggregator::engine::{Engine, Running};
use skerry_aggregator::housekeeping::Housekeeping;
use skerry_domain::state::{AgentKey, ResponseHour, WorkspaceKey};
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
        let now = self.engine.now();
        let report = Report {
            records: vec![Record { sequence, through: sequence, kind }],
            inventory: Some(vec![declared("a", 1_000)]),
            ..empty(self.agent, now, BOOT)
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

    /// The response times of the only component.
    fn points(&self) -> Vec<ResponseHour> {
        let snapshot = self.engine.snapshot();
        state_of(&snapshot.workspaces).components.values().next().expect("a component").response.to_vec()
    }

    /// Runs the housekeeping once, with a raw retention of a day.
    async fn keep(&self) {
        let mut housekeeping =
            Housekeeping::new(&self.database, self.engine.clone(), DAY).expect("a second handle");
        let runtime = tokio::runtime::Handle::current();
        let turned = tokio::task::spawn_blocking(move || housekeeping.turn(&runtime));
        turned.await.expect("no panic").expect("a whole turn");
    }

    fn rows(&self) -> Connection {
        Connection::open(&self.database).expect("it opens")
    }

    async fn end(self) {
        self.engine.stop();
        tokio::task::spawn_blocking(move || self.running.join()).await.expect("joined").expect("it ends");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chart_has_points_from_its_first_minutes() {
    let link = DesiredLink { check: "a".to_owned(), minor: false };
    let mut component = component("site", vec![link]);
    component.settings.response_time = true;
    let fixture = Fixture::new().await;
    fixture.configure(&component).await;
    fixture.send(1, seen(12 * MINUTE, HardState::Up)).await;
    fixture.send(2, seen(6 * MINUTE, HardState::Up)).await;
    fixture.keep().await;
    let points = fixture.points();
    assert_eq!(points.len(), 2, "{points:?}");
    assert!(points.iter().all(|point| point.length == 5 * MINUTE && point.hour.0 % (5 * MINUTE) == 0));
    fixture.end().await;
    // With older hours than the fine steps cover, the chart shows hours.
    let fixture = Fixture::new().await;
    fixture.configure(&component).await;
    fixture.send(1, seen(9 * HOUR, HardState::Up)).await;
    fixture.send(2, seen(6 * MINUTE, HardState::Up)).await;
    fixture.keep().await;
    let points = fixture.points();
    assert!(!points.is_empty() && points.iter().all(|point| point.length == HOUR), "{points:?}");
    fixture.end().await;
}
