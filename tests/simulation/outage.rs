//! The aggregator is down for seven days. Everything within the limits arrives, including the first record;
//! the present is correct within one interval and five seconds of its return, while history still drains.

use crate::aggregator::Aggregator;
use crate::host::{Host, SimulatedCheck};
use crate::rng::{Rng, seed};
use rusqlite::Connection;
use skerry_agent::spool::Limits;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START: i64 = 1_790_000_000_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Duration of one batch.
const ON_THE_WAY: i64 = 10_000;

#[tokio::test]
async fn seven_days_without_an_aggregator() {
    let rng = Rng::new(seed("simulation::seven_days_without_an_aggregator"));
    // 4 checks a minute; one agent's spool is so small that it folds, and one keeps five days.
    seven_days(rng, 4, 2 << 20).await;
}

#[tokio::test]
#[ignore = "long: two million observations into spools of 64 MiB"]
async fn seven_days_at_the_real_limits() {
    let rng = Rng::new(seed("simulation::seven_days_at_the_real_limits"));
    seven_days(rng, 70, Limits::default().max_bytes).await;
}

async fn seven_days(rng: Rng, checks: usize, small: u64) {
    let mut scene = Scene::new(rng, checks, small).await;
    let began = Instant::now();
    scene.start_aggregator().await;
    scene.run_with_aggregator(3 * MINUTE).await;
    scene.stop_aggregator();
    scene.run_without_aggregator(7 * DAY - 11 * MINUTE).await;
    for host in &mut scene.hosts {
        host.invert_checks(i64::MAX);
    }
    scene.run_without_aggregator(10 * MINUTE).await;
    let healed = scene.now;
    scene.only_the_small_spool_has_folded();
    scene.start_aggregator().await;
    let longest = scene.hosts.iter().map(|host| host.interval).max().expect("hosts");
    scene.run_with_aggregator(longest + 5_000).await;
    scene.the_page_is_right();
    let drains = scene.hosts.iter().any(|host| host.waiting_and_lost().0 > 0);
    assert!(drains, "history has drained already: nothing was shown by the snapshot");
    while scene.hosts.iter().any(|host| host.waiting_and_lost().0 > 20) {
        assert!(scene.now < healed + HOUR, "it does not drain");
        scene.run_with_aggregator(MINUTE).await;
    }
    scene.run_with_aggregator(2 * MINUTE).await;
    scene.the_page_is_right();
    let drained = scene.now;
    scene.settle().await;
    let sums = scene.judge(drained);
    let took = (drained - healed) / 1_000;
    say!("{sums}; drained {took} simulated s after the return; {:?}", began.elapsed());
}

struct Scene {
    aggregator: Aggregator,
    hosts: Vec<Host>,
    now: i64,
    rng: Rng,
    up: bool,
    _folder: TempDir,
}

impl Scene {
    async fn new(mut rng: Rng, checks: usize, small: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kinds = [
            ("plain", "north", MINUTE, Limits::default()),
            ("small", "south", MINUTE / 2, Limits { max_bytes: small, ..Limits::default() }),
            (
                "short",
                "west",
                MINUTE,
                Limits { max_age: Duration::from_secs(5 * 86_400), ..Limits::default() },
            ),
        ];
        let mut hosts = Vec::new();
        for (name, location, interval, limits) in kinds {
            let path = folder.path().join(format!("{name}.db"));
            let host = Host::new((name, location), (checks, interval), limits, path, rng.fork(), START).await;
            hosts.push(host);
        }
        Self { aggregator: Aggregator::new(START), hosts, now: START, rng, up: false, _folder: folder }
    }

    async fn start_aggregator(&mut self) {
        self.aggregator.set_time(self.now);
        let agents: Vec<(&str, &str)> = self.hosts.iter().map(|host| (host.name, host.location)).collect();
        let checks: Vec<String> =
            self.hosts.iter().flat_map(|host| host.checks.iter().map(|check| check.name.clone())).collect();
        self.aggregator.start(&agents, &checks).await;
        for host in &self.hosts {
            host.link.connect(Some(self.aggregator.intake(host.name)));
        }
        self.up = true;
    }

    fn stop_aggregator(&mut self) {
        for host in &self.hosts {
            host.link.connect(None);
        }
        self.aggregator.stop();
        self.up = false;
    }

    /// Runs with the aggregator, second by second.
    async fn run_with_aggregator(&mut self, time: i64) {
        let end = self.now + time;
        while self.now < end {
            self.now += 1_000;
            self.aggregator.set_time(self.now);
            for host in &mut self.hosts {
                if host.due() <= self.now {
                    host.run_due_checks(self.now);
                }
                // More than one step per second if the pauses are short.
                while host.wakes <= self.now {
                    host.send(self.now, ON_THE_WAY).await;
                }
            }
            self.aggregator.tick().await;
        }
    }

    /// Runs without the aggregator: agents run checks, restart at random and retry now and then. In the last
    /// minute they retry as usual.
    async fn run_without_aggregator(&mut self, time: i64) {
        let end = self.now + time;
        for at in 0..self.hosts.len() {
            let (mut now, mut taken) = (self.now, 0);
            let host = &mut self.hosts[at];
            let mut restarts_at = now + HOUR + self.rng.below(30 * HOUR.unsigned_abs()).cast_signed();
            while host.due() < end {
                now = host.due().max(now);
                host.run_due_checks(now);
                taken += 1;
                if taken % 2_000 == 0 {
                    host.flush(now).await;
                }
                let knocks = host.wakes <= now && (taken % 1_000 < 3 || end - now < MINUTE);
                if knocks {
                    host.send(now, ON_THE_WAY).await;
                }
                if now > restarts_at && end - now > HOUR {
                    host.restart(now).await;
                    restarts_at = now + HOUR + self.rng.below(30 * HOUR.unsigned_abs()).cast_signed();
                }
            }
            host.flush(end).await;
            host.wakes = host.wakes.max(end);
        }
        self.now = end;
    }

    /// Only the small spool has fewer waiting records than observations. A spool that drops old records does
    /// not fold.
    fn only_the_small_spool_has_folded(&self) {
        for host in self.hosts.iter().filter(|host| host.name != "short") {
            assert_eq!(host.folded() > 0, host.name == "small", "{} folded {}", host.name, host.folded());
        }
    }

    fn the_page_is_right(&self) {
        let shown = self.aggregator.shown();
        for check in self.hosts.iter().flat_map(|host| &host.checks) {
            assert_eq!(shown[&check.name], check.expected_status(), "{} at {}", check.name, self.now);
        }
    }

    /// No more checks run; everything waiting arrives.
    async fn settle(&mut self) {
        let end = self.now + MINUTE;
        while self.now < end {
            self.now += 2_500;
            self.aggregator.set_time(self.now);
            for host in &mut self.hosts {
                host.flush(self.now).await;
                host.send(self.now, 0).await;
            }
        }
    }

    /// A record may expire in its spool before it is delivered, so the limits apply at the time `drained`.
    fn judge(mut self, drained: i64) -> String {
        self.stop_aggregator();
        let database = self.aggregator.open();
        let mut words = Vec::new();
        for host in &self.hosts {
            let (waiting, lost) = host.waiting_and_lost();
            assert_eq!(waiting, 0, "{} has more to tell", host.name);
            let horizon = drained - i64::try_from(host.limits.max_age.as_millis()).expect("days");
            let (mut issued, mut stored, mut exact) = (0, 0, 0);
            for check in &host.checks {
                let there = observations(&database, &check.name);
                let first = check.issued.first().expect("it looked");
                let within = |all: &[i64]| all.iter().filter(|at| **at >= horizon).count();
                assert_eq!(
                    within(&there),
                    within(&check.issued),
                    "{}: within the limits some are gone or doubled",
                    check.name
                );
                assert_eq!(there[0], *first, "{}: the first is not there", check.name);
                exact += there.iter().filter(|at| check.issued.binary_search(at).is_ok()).count();
                (issued, stored) = (issued + check.issued.len(), stored + there.len());
                if lost == 0 {
                    assert_eq!(transitions(&database, &check.name), check.flips, "{}", check.name);
                    assert_eq!(layer(&database, &check.name), expected(check), "{}", check.name);
                }
            }
            assert_eq!(
                issued as u64,
                stored as u64 + lost,
                "{}: each is stored or reported as lost",
                host.name
            );
            assert_eq!(lost > 0, host.name == "short", "{} lost {lost}", host.name);
            // Of folded neighbours only the first and the last keep their exact time.
            if host.name != "small" {
                assert_eq!(exact, stored, "{}: placed where it was seen", host.name);
            }
            assert_eq!(told_as_lost(&database, host.name), lost, "{}", host.name);
            assert!(host.restarts > 2, "{} was started again {} times", host.name, host.restarts);
            words.push(format!(
                "{}: {stored} of {issued}, {lost} lost, {} restarts, {} of them reboots",
                host.name, host.restarts, host.reboots
            ));
        }
        words.join("; ")
    }
}

/// The times of a check's stored observations, oldest first.
fn observations(database: &Connection, check: &str) -> Vec<i64> {
    let sql = "SELECT observation.key >> 21 FROM observation
         JOIN slot ON slot = observation.key & 2097151
             JOIN track ON track.key = slot.track JOIN \"check\" ON \"check\".key = track.\"check\"
         WHERE \"check\".name = ?1 ORDER BY 1";
    let mut statement = database.prepare(sql).expect("the tables are there");
    let rows = statement.query_map([check], |row| row.get(0)).expect("runs");
    rows.collect::<Result<_, _>>().expect("rows")
}

fn transitions(database: &Connection, check: &str) -> Vec<(i64, skerry_protocol::wire::State)> {
    use skerry_protocol::wire::State;
    let sql = "SELECT since_ms, to_state FROM hard_transition
         JOIN track ON track.key = track JOIN \"check\" ON \"check\".key = track.\"check\"
         WHERE \"check\".name = ?1 ORDER BY hard_transition.number";
    let mut statement = database.prepare(sql).expect("the tables are there");
    let rows = statement.query_map([check], |row| {
        let state = if row.get::<_, String>(1)? == "up" { State::Up } else { State::Down };
        Ok((row.get(0)?, state))
    });
    rows.expect("runs").collect::<Result<_, _>>().expect("rows")
}

/// The intervals of a component's automatic layer: start and status.
fn layer(database: &Connection, component: &str) -> Vec<(i64, String)> {
    let sql = "SELECT from_ms, status FROM status_interval JOIN component ON component.key = component
         WHERE layer = 'automatic' AND file_key = ?1 ORDER BY from_ms";
    let mut statement = database.prepare(sql).expect("the table is there");
    let rows = statement.query_map([component], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("runs").collect::<Result<_, _>>().expect("rows")
}

/// The intervals that the transitions result in: seven days without a gap.
fn expected(check: &SimulatedCheck) -> Vec<(i64, String)> {
    let word = |state| if state == skerry_protocol::wire::State::Up { "operational" } else { "major_outage" };
    let flips = check.flips.iter().map(|(since, to)| (*since, word(*to).to_owned()));
    std::iter::once((START, "no_data".to_owned())).chain(flips).collect()
}

fn told_as_lost(database: &Connection, agent: &str) -> u64 {
    let sql = "SELECT coalesce(sum(count), 0) FROM loss JOIN agent ON agent.key = agent
         WHERE name = ?1 AND why NOT LIKE 'the sequence jumps%'";
    database.query_row(sql, [agent], |row| row.get::<_, i64>(0)).expect("a number").unsigned_abs()
}
