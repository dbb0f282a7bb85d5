//! The aggregator is away for seven days. Everything within the limits arrives, the first included; the present
//! is right within one interval and five seconds of its return, while history still drains.

use crate::centre::Centre;
use crate::dice::{Dice, seed};
use crate::host::{Host, Watched};
use rusqlite::Connection;
use skerry_agent::spool::Limits;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START: i64 = 1_790_000_000_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// What one batch takes on its way.
const ON_THE_WAY: i64 = 10_000;

#[tokio::test]
async fn seven_days_without_an_aggregator() {
    let dice = Dice::new(seed("simulation::seven_days_without_an_aggregator"));
    // 4 checks a minute; one agent's spool is small, so that it folds, and one keeps five days.
    seven_days(dice, 4, 2 << 20).await;
}

#[tokio::test]
#[ignore = "long: two million observations into spools of 64 MiB"]
async fn seven_days_at_the_real_limits() {
    let dice = Dice::new(seed("simulation::seven_days_at_the_real_limits"));
    seven_days(dice, 70, Limits::default().max_bytes).await;
}

async fn seven_days(dice: Dice, checks: usize, small: u64) {
    let mut scene = Scene::new(dice, checks, small).await;
    let began = Instant::now();
    scene.centre_starts().await;
    scene.together(3 * MINUTE).await;
    scene.centre_ends();
    scene.apart(7 * DAY - 11 * MINUTE).await;
    for host in &mut scene.hosts {
        host.turn_over(i64::MAX);
    }
    scene.apart(10 * MINUTE).await;
    let healed = scene.now;
    scene.only_the_small_spool_has_folded();
    scene.centre_starts().await;
    let longest = scene.hosts.iter().map(|host| host.interval).max().expect("hosts");
    scene.together(longest + 5_000).await;
    scene.the_page_is_right();
    let drains = scene.hosts.iter().any(|host| host.waiting_and_lost().0 > 0);
    assert!(drains, "history has drained already: nothing was shown by the snapshot");
    while scene.hosts.iter().any(|host| host.waiting_and_lost().0 > 20) {
        assert!(scene.now < healed + HOUR, "it does not drain");
        scene.together(MINUTE).await;
    }
    scene.together(2 * MINUTE).await;
    scene.the_page_is_right();
    let drained = scene.now;
    scene.settle().await;
    let sums = scene.judge(drained);
    let took = (drained - healed) / 1_000;
    say!("{sums}; drained {took} simulated s after the return; {:?}", began.elapsed());
}

struct Scene {
    centre: Centre,
    hosts: Vec<Host>,
    now: i64,
    dice: Dice,
    up: bool,
    _folder: TempDir,
}

impl Scene {
    async fn new(mut dice: Dice, checks: usize, small: u64) -> Self {
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
            let host =
                Host::new((name, location), (checks, interval), limits, path, dice.fork(), START).await;
            hosts.push(host);
        }
        Self { centre: Centre::new(START), hosts, now: START, dice, up: false, _folder: folder }
    }

    async fn centre_starts(&mut self) {
        self.centre.turn_to(self.now);
        let agents: Vec<(&str, &str)> = self.hosts.iter().map(|host| (host.name, host.location)).collect();
        let checks: Vec<String> =
            self.hosts.iter().flat_map(|host| host.checks.iter().map(|check| check.name.clone())).collect();
        self.centre.start(&agents, &checks).await;
        for host in &self.hosts {
            host.link.lead_to(Some(self.centre.door(host.name)));
        }
        self.up = true;
    }

    fn centre_ends(&mut self) {
        for host in &self.hosts {
            host.link.lead_to(None);
        }
        self.centre.stop();
        self.up = false;
    }

    /// Time with the aggregator, second by second.
    async fn together(&mut self, time: i64) {
        let end = self.now + time;
        while self.now < end {
            self.now += 1_000;
            self.centre.turn_to(self.now);
            for host in &mut self.hosts {
                if host.due() <= self.now {
                    host.look(self.now);
                }
                // More than one turn a second where the pauses are short.
                while host.wakes <= self.now {
                    host.send(self.now, ON_THE_WAY).await;
                }
            }
            self.centre.tick().await;
        }
    }

    /// Time without: the agents look, are started again at random, and knock now and then. In the last minute
    /// they knock as they do.
    async fn apart(&mut self, time: i64) {
        let end = self.now + time;
        for at in 0..self.hosts.len() {
            let (mut now, mut taken) = (self.now, 0);
            let host = &mut self.hosts[at];
            let mut restarts_at = now + HOUR + self.dice.below(30 * HOUR.unsigned_abs()).cast_signed();
            while host.due() < end {
                now = host.due().max(now);
                host.look(now);
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
                    restarts_at = now + HOUR + self.dice.below(30 * HOUR.unsigned_abs()).cast_signed();
                }
            }
            host.flush(end).await;
            host.wakes = host.wakes.max(end);
        }
        self.now = end;
    }

    /// Fewer records wait than observations. Where one spool gives up what is too old, it has nothing else to do.
    fn only_the_small_spool_has_folded(&self) {
        for host in self.hosts.iter().filter(|host| host.name != "short") {
            assert_eq!(host.folded() > 0, host.name == "small", "{} folded {}", host.name, host.folded());
        }
    }

    fn the_page_is_right(&self) {
        let shown = self.centre.shown();
        for check in self.hosts.iter().flat_map(|host| &host.checks) {
            assert_eq!(shown[&check.name], check.word(), "{} at {}", check.name, self.now);
        }
    }

    /// Nobody looks any more; what waits arrives.
    async fn settle(&mut self) {
        let end = self.now + MINUTE;
        while self.now < end {
            self.now += 2_500;
            self.centre.turn_to(self.now);
            for host in &mut self.hosts {
                host.flush(self.now).await;
                host.send(self.now, 0).await;
            }
        }
    }

    /// A record may grow too old for its spool until it is delivered, so the limits are judged at `drained`.
    fn judge(mut self, drained: i64) -> String {
        self.centre_ends();
        let database = self.centre.open();
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
                    assert_eq!(transitions(&database, &check.name), check.turned, "{}", check.name);
                    assert_eq!(layer(&database, &check.name), expected(check), "{}", check.name);
                }
            }
            assert_eq!(issued as u64, stored as u64 + lost, "{}: each is stored or told as lost", host.name);
            assert_eq!(lost > 0, host.name == "short", "{} lost {lost}", host.name);
            // Of equal neighbours that were folded, only the first and the last keep their very time.
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

/// When each stored observation of a check was made, oldest first.
fn observations(database: &Connection, check: &str) -> Vec<i64> {
    let sql = "SELECT observation.key >> 21 FROM observation
         JOIN track ON track.key = observation.key & 2097151 JOIN \"check\" ON \"check\".key = track.\"check\"
         WHERE \"check\".name = ?1 ORDER BY 1";
    let mut statement = database.prepare(sql).expect("the tables are there");
    let rows = statement.query_map([check], |row| row.get(0)).expect("runs");
    rows.collect::<Result<_, _>>().expect("rows")
}

fn transitions(database: &Connection, check: &str) -> Vec<(i64, skerry_protocol::wire::State)> {
    use skerry_protocol::wire::State;
    let sql = "SELECT since_ms, to_state FROM hard_transition
         JOIN track ON track.key = track JOIN \"check\" ON \"check\".key = track.\"check\"
         WHERE \"check\".name = ?1 ORDER BY hard_transition.rowid";
    let mut statement = database.prepare(sql).expect("the tables are there");
    let rows = statement.query_map([check], |row| {
        let state = if row.get::<_, String>(1)? == "up" { State::Up } else { State::Down };
        Ok((row.get(0)?, state))
    });
    rows.expect("runs").collect::<Result<_, _>>().expect("rows")
}

/// The stretches of the automatic layer of a component: since when, and what.
fn layer(database: &Connection, component: &str) -> Vec<(i64, String)> {
    let sql = "SELECT from_ms, status FROM status_interval JOIN component ON component.key = component
         WHERE layer = 'automatic' AND file_key = ?1 ORDER BY from_ms";
    let mut statement = database.prepare(sql).expect("the table is there");
    let rows = statement.query_map([component], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("runs").collect::<Result<_, _>>().expect("rows")
}

/// What the transitions make: no gap, seven days long.
fn expected(check: &Watched) -> Vec<(i64, String)> {
    let word = |state| if state == skerry_protocol::wire::State::Up { "operational" } else { "major_outage" };
    let turned = check.turned.iter().map(|(since, to)| (*since, word(*to).to_owned()));
    std::iter::once((START, "no_data".to_owned())).chain(turned).collect()
}

fn told_as_lost(database: &Connection, agent: &str) -> u64 {
    let sql = "SELECT coalesce(sum(count), 0) FROM loss JOIN agent ON agent.key = agent
         WHERE name = ?1 AND why NOT LIKE 'the sequence jumps%'";
    database.query_row(sql, [agent], |row| row.get::<_, i64>(0)).expect("a number").unsigned_abs()
}
