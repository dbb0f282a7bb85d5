//! The aggregator's own wall clock is wrong, from the start or while it runs: the real engine on a real database, with
//! both clocks set by the test. There is no outage, no page is valid for too long, nothing is deleted, and the clock is
//! right again within minutes.

use crate::reports::{empty, observed, record};
use crate::script::{Script, configure, declared};
use crate::workspace::{WORKSPACE, named, state_of};
use rusqlite::Connection;
use skerry_aggregator::clock::{ManualClocks, TimeSource};
use skerry_aggregator::engine::{Engine, Running};
use skerry_aggregator::housekeeping::Housekeeping;
use skerry_domain::state::{AgentKey, PageKey, WorkspaceKey};
use skerry_domain::step::{Answer, Command, Observed, Report, SnapshotState, When};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_publish::build::page_view;
use skerry_publish::view::PageView;
use skerry_store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// 1 December 2026, 10:00.
const TRUE: i64 = 20_788 * DAY + 10 * HOUR;
/// Between two reports, in ms.
const OFTEN: i64 = 30 * SECOND;
/// 1970, 2038, 2100, an hour, a day, a month.
const LIES: [i64; 8] = [-TRUE, 11 * 366 * DAY, 73 * 366 * DAY, HOUR, -HOUR, DAY, -DAY, 30 * DAY];

pub(crate) struct Host {
    pub(crate) apart: Arc<ManualClocks>,
    pub(crate) now: i64,
    sequence: u64,
    pub(crate) agent: AgentKey,
    folder: tempfile::TempDir,
    running: Option<(Engine, Running)>,
    changes: crossbeam_channel::Receiver<Vec<(WorkspaceKey, skerry_domain::step::Change)>>,
}

impl Host {
    pub(crate) async fn new(off: i64) -> Self {
        let apart = Arc::new(ManualClocks { boot_id: "this".to_owned(), ..ManualClocks::default() });
        apart.boot.store(HOUR, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("a folder");
        let changes = crossbeam_channel::never();
        let mut host =
            Self { apart, now: TRUE, sequence: 0, agent: AgentKey(0), folder, running: None, changes };
        host.set(off);
        host.start().await;
        host
    }

    fn set(&self, off: i64) {
        self.apart.wall.store(self.now + off, Ordering::Relaxed);
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("skerry.db")
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.running.as_ref().expect("it runs").0
    }

    async fn start(&mut self) {
        let store = Store::open(&self.database()).expect("the database opens");
        let (changed, changes) = crossbeam_channel::unbounded();
        let hands = TimeSource::Manual(Arc::clone(&self.apart));
        self.running = Some(Engine::start_by(store, changed, hands).expect("it starts"));
        self.changes = changes;
        let (name, location) = ("one".to_owned(), "here".to_owned());
        let added = self.engine().command(named(Command::AddAgent { name, location })).await;
        let Ok(Answer::Agent(agent)) = added else { panic!("{added:?}") };
        self.agent = agent;
        let desired = configure(&mut Script(&[]));
        self.engine().command(named(Command::Configure(Box::new(desired)))).await.expect("configured");
    }

    pub(crate) async fn stop(&mut self) {
        let (engine, running) = self.running.take().expect("it runs");
        engine.stop();
        tokio::task::spawn_blocking(move || running.join()).await.expect("joined").expect("it ends");
    }

    /// Sends `times` reports with state "up" and calls `look` after each.
    async fn report(&mut self, times: usize, mut look: impl FnMut(&Self, &PageView)) {
        for _ in 0..times {
            self.apart.pass(OFTEN);
            self.now += OFTEN;
            self.sequence += 1;
            let report = Box::new(self.well());
            let answer = self.engine().command(named(Command::Report(report))).await;
            assert!(matches!(answer, Ok(Answer::Acknowledged { .. })), "{answer:?}");
            // Due work is done between two commands.
            for _ in 0..2 {
                self.engine().command(named(Command::Tick)).await.expect("a turn");
            }
            look(self, &self.view());
        }
    }

    fn well(&self) -> Report {
        let boot = self.apart.boot.load(Ordering::Relaxed);
        let names = ["a", "b", "c"];
        let one = |check: usize| {
            let first = Observed { check, ..observed(When::ThisBoot(boot), HardState::Up) };
            record(self.sequence * 3 + check as u64, first)
        };
        let snapshot = |check| SnapshotState {
            check,
            state: HardState::Up,
            since_ago: 0,
            evidence_ago: Some(0),
            flapping: false,
            certificate_ends: None,
        };
        Report {
            wall_now: Timestamp(self.now),
            checks: names.map(str::to_owned).to_vec(),
            records: (0..3).map(one).collect(),
            snapshot: (0..3).map(snapshot).collect(),
            inventory: Some(names.map(|name| declared(name, OFTEN)).to_vec()),
            ..empty(self.agent, self.engine().now(), boot)
        }
    }

    fn view(&self) -> PageView {
        let (snapshot, now) = self.engine().present();
        let key: PageKey = *state_of(&snapshot.workspaces).pages.keys().next().expect("a page");
        page_view(state_of(&snapshot.workspaces), key, "http://127.0.0.1", now).expect("a page")
    }

    /// Runs the housekeeping once, with a raw retention of an hour.
    async fn keep_house(&self) {
        let mut housekeeping =
            Housekeeping::new(&self.database(), self.engine().clone(), HOUR).expect("a second handle");
        let runtime = tokio::runtime::Handle::current();
        let turned = tokio::task::spawn_blocking(move || housekeeping.turn(&runtime));
        turned.await.expect("no panic").expect("a whole turn");
    }

    pub(crate) fn rows(&self) -> Connection {
        Connection::open(self.database()).expect("it opens")
    }

    fn observations(&self) -> i64 {
        self.rows().query_row("SELECT count(*) FROM observation", [], |row| row.get(0)).expect("a count")
    }

    /// The engine's time minus the true time.
    fn off(&self) -> i64 {
        self.engine().now().0 - self.now
    }

    /// Asserts that no stored instant is later than the true time.
    fn nothing_lies_ahead(&self) {
        let rows = self.rows();
        let sql = "SELECT tables.name, columns.name FROM sqlite_schema AS tables
             JOIN pragma_table_info(tables.name) AS columns
             WHERE tables.type = 'table' AND columns.name LIKE '%\\_ms' ESCAPE '\\'";
        let mut statement = rows.prepare(sql).expect("SQL");
        let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
        let columns: Vec<(String, String)> = columns.collect::<Result<_, _>>().expect("read");
        assert!(columns.len() > 20, "{columns:?}");
        for (table, column) in columns {
            let sql =
                format!("SELECT count(*) FROM \"{table}\" WHERE \"{column}\" > ?1 AND \"{column}\" < ?2");
            let ahead: i64 =
                rows.query_row(&sql, [self.now + SECOND, i64::MAX], |row| row.get(0)).expect("a count");
            assert_eq!(ahead, 0, "{table}.{column}");
        }
        let sql = "SELECT count(*) FROM observation WHERE key >> 21 > ?1";
        let ahead: i64 = rows.query_row(sql, [self.now + SECOND], |row| row.get(0)).expect("a count");
        assert_eq!(ahead, 0, "observations");
    }
}

/// Asserts that the page is green with current data, and valid for at most three minutes of true time.
fn is_true(host: &Host, view: &PageView) {
    for one in view.components().filter(|one| one.name != "by hand") {
        let shown = (one.status.name(), one.stale_since, one.waiting);
        assert_eq!(shown, ("operational", None, false), "{}", one.name);
    }
    let valid_for = view.believe_until.0 - host.now;
    assert!(valid_for <= 3 * MINUTE + SECOND, "valid for {valid_for} ms");
    assert!(view.verified_at.is_some_and(|at| at.0 <= host.now + SECOND), "{:?}", view.verified_at);
}

#[tokio::test]
async fn a_wrong_clock_at_run_time_or_from_the_start_changes_no_page_and_deletes_nothing() {
    for lie in LIES {
        for at_start in [false, true] {
            let mut host = Host::new(0).await;
            host.engine().note_kernel_sync(true);
            host.engine().note_kernel_sync(false);
            host.report(6, is_true).await;
            for off in [lie, 0] {
                if at_start {
                    host.stop().await;
                }
                host.set(off);
                if at_start {
                    host.start().await;
                }
                host.report(6, is_true).await;
                assert!(host.off().abs() <= SECOND, "{lie}, then {off}: {}", host.off());
                let apart = host.engine().clock_standing().apart;
                assert_eq!(apart.is_some(), off != 0, "operators are told: {apart:?}");
                host.keep_house().await;
                assert_eq!(host.observations(), 3 * host.sequence as i64, "{lie}, then {off}");
            }
            host.nothing_lies_ahead();
            host.stop().await;
        }
    }
}

/// A database that was created in 2100, when nothing could correct the clock.
#[tokio::test]
async fn a_first_start_in_2100_is_corrected_within_minutes() {
    let lie = 73 * 366 * DAY;
    for restarts in [false, true] {
        let mut host = Host::new(lie).await;
        host.report(6, |_, _| ()).await;
        host.keep_house().await;
        assert_eq!((host.observations(), host.off()), (18, lie));
        host.set(0);
        if restarts {
            host.stop().await;
            host.start().await;
        }
        host.report(8, is_true).await;
        assert!(host.off().abs() <= SECOND, "{}", host.off());
        host.nothing_lies_ahead();
        host.keep_house().await;
        assert_eq!(host.observations(), 14 * 3);
        // Observations of that time are placed correctly.
        let from = TRUE - SECOND;
        let sql = "SELECT count(*) FROM status_interval WHERE from_ms < ?1 OR (status <> 'operational' AND from_ms > ?1 + ?2)";
        let wrong: i64 = host.rows().query_row(sql, [from, OFTEN], |row| row.get(0)).expect("a count");
        assert_eq!(wrong, 0);
        host.stop().await;
        host.start().await;
        host.report(2, is_true).await;
        host.stop().await;
    }
}

/// As soon as other clocks disagree, a wrong clock is corrected, even one that was believed for long.
#[tokio::test]
async fn a_clock_that_was_ahead_for_long_is_set_back_when_agents_disagree() {
    let mut host = Host::new(DAY).await;
    host.engine().note_kernel_sync(true);
    host.report(6, |_, _| ()).await;
    host.set(0);
    host.report(6, |_, _| ()).await;
    assert_eq!(host.off(), DAY, "nobody says so");
    host.engine().note_time((WORKSPACE, host.agent), Timestamp(host.now), "another boot");
    host.report(3, |_, _| ()).await;
    assert!(host.off().abs() <= SECOND, "{}", host.off());
    host.nothing_lies_ahead();
    host.report(2, is_true).await;
    assert_eq!(host.observations(), 3 * host.sequence as i64);
    host.stop().await;
}
