//! What holds after the faults, judged from the database and the page alone: acknowledged ⊆ stored ⊆ issued;
//! nothing twice; intervals equal a slow recomputation; the page equals the state.

use crate::harness::Harness;
use crate::sender::{Ledger, Spool};
use rusqlite::{Connection, OpenFlags};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

/// `to_ms` of an interval that has not ended.
const FAR: i64 = i64::MAX;
/// Number of an agent's newest spools whose marks are kept.
const REMEMBERED: usize = 8;

/// A snapshot of a database beside the program that writes it.
pub(crate) struct DatabaseView {
    database: Connection,
}

/// An interval of a layer: from, to, status.
type Interval = (i64, i64, String);

impl DatabaseView {
    pub(crate) fn at(harness: &Harness) -> Self {
        Self::into(&harness.database())
    }

    /// A snapshot of any database.
    pub(crate) fn into(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(path, flags).expect("the database opens");
        database.busy_timeout(Duration::from_secs(10)).expect("a pragma");
        database.execute_batch("BEGIN").expect("a moment to look at");
        Self { database }
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.database.query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    /// The committed sequence of each epoch of an agent.
    pub(crate) fn through(&self, agent: &str) -> HashMap<Vec<u8>, u64> {
        let sql = "SELECT epoch, through FROM agent_epoch JOIN agent ON agent.key = agent WHERE name = ?1";
        let mut statement = self.database.prepare(sql).expect("the table is there");
        let rows =
            statement.query_map([agent], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())));
        rows.expect("runs").collect::<Result<_, _>>().expect("rows")
    }

    /// The quick part: marks only. `begun` tells how many spools the sender has begun by now: each that began since the
    /// ledger was read may have ended the mark of an older one.
    pub(crate) fn marks(&self, ledger: &Ledger, begun: impl FnOnce() -> usize) {
        assert_eq!(ledger.wrong, None, "{}", ledger.name);
        let through = self.through(&ledger.name);
        for spool in ledger.spools.iter().skip(begun().saturating_sub(REMEMBERED)) {
            let mark = through.get(spool.epoch.as_slice()).copied().unwrap_or(0);
            assert!(
                spool.acknowledged <= mark,
                "{}: {} was acknowledged, {mark} is stored",
                ledger.name,
                spool.acknowledged
            );
        }
    }

    /// The committed sequence of each spool: its mark, or its newest stored record if the mark is no longer
    /// kept.
    fn committed(&self, ledger: &Ledger) -> Vec<u64> {
        let through = self.through(&ledger.name);
        let mut newest = vec![0; ledger.spools.len()];
        self.each_record(&ledger.name, |_, _, (spool, sequence)| {
            newest[spool] = newest[spool].max(sequence as u64);
        });
        let spools = ledger.spools.iter().zip(newest).enumerate();
        let of = |(number, (spool, newest)): (usize, (&Spool, u64))| {
            let mark = through.get(spool.epoch.as_slice()).copied();
            let forgotten = number + REMEMBERED < ledger.spools.len();
            if mark.is_some() || !forgotten {
                return mark.unwrap_or(0);
            }
            // Dropped long ago: none of its records are in flight.
            let (name, acknowledged) = (&ledger.name, spool.acknowledged);
            assert!(acknowledged <= newest, "{name}: {acknowledged} was acknowledged, {newest} is stored");
            newest
        };
        spools.map(of).collect()
    }

    /// Calls `seen` with the check, the result, and the spool and sequence of each stored record of an agent.
    fn each_record(&self, agent: &str, mut seen: impl FnMut(&str, &[u8], (usize, usize))) {
        let sql =
            "SELECT result, \"check\".name FROM observation JOIN slot ON slot = observation.key & 2097151
             JOIN track ON track.key = slot.track
             JOIN agent ON agent.key = track.agent JOIN \"check\" ON \"check\".key = track.\"check\"
             WHERE agent.name = ?1";
        let mut statement = self.database.prepare(sql).expect("the tables are there");
        let mut rows = statement.query([agent]).expect("runs");
        while let Some(row) = rows.next().expect("a row") {
            let result: Vec<u8> = row.get(0).expect("a result");
            let check: String = row.get(1).expect("a name");
            seen(&check, &result, identity(&result));
        }
    }

    /// Every record up to the mark of its epoch is stored once, unchanged, and nothing else is. `ledger` was
    /// taken after the snapshot. Returns the number of records.
    pub(crate) fn once(&self, ledger: &Ledger) -> u64 {
        let name = &ledger.name;
        let through = self.through(name);
        assert!(through.len() <= ledger.spools.len(), "{name}: epochs that nobody issued");
        let marks = self.committed(ledger);
        for (spool, mark) in ledger.spools.iter().zip(&marks) {
            assert!(*mark <= spool.sent, "{name}: {mark} is stored, only {} was sent", spool.sent);
        }
        let mut seen: Vec<Vec<u8>> = marks.iter().map(|mark| vec![0; *mark as usize]).collect();
        self.each_record(name, |check, result, (spool, sequence)| {
            let place = seen.get_mut(spool).and_then(|spool| spool.get_mut(sequence.wrapping_sub(1)));
            let Some(place) = place else {
                panic!("{name}: record {sequence} of spool {spool} is stored beyond its mark");
            };
            *place += 1;
            assert_eq!(*place, 1, "{name}: record {sequence} of spool {spool} is stored twice");
            let issued = ledger.spools[spool].issued[sequence - 1];
            let outcome = if issued.well { 1 } else { 3 };
            assert_eq!(result[0] >> 6, outcome, "{name}: record {sequence} of spool {spool} is another");
            assert!(check.ends_with(&format!("-{}", issued.check)), "{name}: a record of another check");
        });
        for (spool, seen) in seen.iter().enumerate() {
            if let Some(missing) = seen.iter().position(|count| *count == 0) {
                panic!("{name}: record {} of spool {spool} is gone below the mark", missing + 1);
            }
        }
        seen.iter().map(|spool| spool.len() as u64).sum()
    }

    /// Every issued and stored hard transition exists once, in order.
    pub(crate) fn transitions(&self, ledger: &Ledger) {
        let mut issued: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for (spool, mark) in ledger.spools.iter().zip(self.committed(ledger)) {
            for record in spool.issued[..mark as usize].iter().filter(|record| record.since.is_some()) {
                let word = if record.well { "up" } else { "down" };
                issued.entry(record.check).or_default().push(word);
            }
        }
        for (check, words) in issued {
            let name = format!("{}-{check}", ledger.name);
            let stored: Vec<String> = self.states(&name).into_iter().map(|(_, to)| to).collect();
            assert!(
                stored == words,
                "{name}: {} transitions were issued, {} stand",
                words.len(),
                stored.len()
            );
        }
    }

    /// Hard transitions of a check that one agent runs: time and state.
    fn states(&self, check: &str) -> Vec<(i64, String)> {
        let sql = "SELECT since_ms, to_state, from_state FROM hard_transition
             JOIN track ON track.key = track JOIN \"check\" ON \"check\".key = track.\"check\"
             WHERE \"check\".name = ?1 ORDER BY hard_transition.number";
        let mut statement = self.database.prepare(sql).expect("the tables are there");
        let rows =
            statement.query_map([check], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)));
        let rows: Vec<(i64, String, String)> = rows.expect("runs").collect::<Result<_, _>>().expect("rows");
        for pair in rows.windows(2) {
            assert_eq!(pair[0].1, pair[1].2, "{check}: a transition from what it was not in");
            assert!(pair[0].0 <= pair[1].0, "{check}: a transition before the last");
        }
        rows.into_iter().map(|(since, to, _)| (since, to)).collect()
    }

    /// The automatic layer of the component of that name.
    fn layer(&self, component: &str) -> Vec<Interval> {
        let sql =
            "SELECT from_ms, to_ms, status FROM status_interval JOIN component ON component.key = component
             WHERE layer = 'automatic' AND file_key = ?1 ORDER BY from_ms";
        let mut statement = self.database.prepare(sql).expect("the table is there");
        let rows = statement.query_map([component], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.expect("runs").collect::<Result<_, _>>().expect("rows")
    }

    /// The longest time between two observations of a check, ms.
    fn widest_gap(&self, check: &str) -> i64 {
        let sql = "SELECT max(gap) FROM (SELECT (observation.key >> 21) - lag(observation.key >> 21)
                 OVER (ORDER BY observation.key) AS gap FROM observation
             JOIN slot ON slot = observation.key & 2097151
             JOIN track ON track.key = slot.track JOIN \"check\" ON \"check\".key = track.\"check\"
             WHERE \"check\".name = ?1)";
        let gap: Option<i64> = self.database.query_row(sql, [check], |row| row.get(0)).expect("a number");
        gap.unwrap_or(0)
    }

    /// The intervals of a component equal those that its check's transitions result in; returns its time in
    /// outage, ms. `None` if the observations have a gap longer than `silence`: then the gap is shown.
    pub(crate) fn intervals(&self, component: &str, silence: i64) -> Option<i64> {
        let layer = self.layer(component);
        for pair in layer.windows(2) {
            assert_eq!(pair[0].1, pair[1].0, "{component}: a gap or an overlap at {pair:?}");
            assert_ne!(pair[0].2, pair[1].2, "{component}: neighbours are alike: {pair:?}");
        }
        assert!(layer.iter().all(|one| one.0 < one.1), "{component}: an empty or a negative interval");
        assert_eq!(layer.last().map(|last| last.1), Some(FAR), "{component}: it ends");
        let outage =
            layer.iter().filter(|one| one.2 == "major_outage" && one.1 < FAR).map(|one| one.1 - one.0).sum();
        if self.widest_gap(component) > silence || layer.last().is_some_and(|last| last.2 == "no_data") {
            return None;
        }
        let begin = layer.first().map_or(0, |first| first.0);
        let mut expected: Vec<Interval> = Vec::new();
        let states = self.states(component);
        let edges = states.iter().map(|(since, to)| ((*since).max(begin), word(to)));
        for (from, status) in std::iter::once((begin, "no_data")).chain(edges) {
            if let Some(last) = expected.last_mut() {
                last.1 = from;
                if last.0 >= last.1 {
                    expected.pop();
                }
            }
            if expected.last().is_none_or(|last| last.2 != status) {
                expected.push((from, FAR, status.to_owned()));
            } else if let Some(last) = expected.last_mut() {
                last.1 = FAR;
            }
        }
        if layer != expected {
            let differ = layer.iter().zip(&expected).find(|(one, other)| one != other);
            panic!(
                "{component}: {} intervals are stored, its transitions make {}; the first that differs: {differ:?}",
                layer.len(),
                expected.len()
            );
        }
        Some(outage)
    }

    /// Visitors see what is stored.
    pub(crate) fn page(&self, shown: &[(String, String)]) {
        for (name, status) in shown {
            let layer = self.layer(name);
            let held =
                layer.iter().rev().find(|one| one.2 != "no_data").map_or("operational", |one| one.2.as_str());
            assert_eq!(status, held, "{name}: the page says one thing, the database another");
        }
    }

    /// Of a real agent: every sequence up to its marks is an observation, a reported loss, or a recorded gap.
    /// Returns (observations, losses and gaps).
    pub(crate) fn accounted(&self, agent: &str) -> (i64, i64) {
        let marks: u64 = self.through(agent).values().sum();
        let stored = self.number(&format!(
            "SELECT count(*) FROM observation JOIN slot ON slot = observation.key & 2097151
             JOIN track ON track.key = slot.track
             JOIN agent ON agent.key = track.agent WHERE agent.name = '{agent}'"
        ));
        let skipped = self.number(&format!(
            "SELECT coalesce(sum(count), 0) FROM loss JOIN agent ON agent.key = agent
             WHERE agent.name = '{agent}' AND why LIKE 'the sequence jumps%'"
        ));
        let reported = self.number(&format!(
            "SELECT count(*) FROM loss JOIN agent ON agent.key = agent
             WHERE agent.name = '{agent}' AND why NOT LIKE 'the sequence jumps%'"
        ));
        assert_eq!(
            marks as i64,
            stored + skipped + reported,
            "{agent}: its marks say {marks}; {stored} observations, {skipped} skipped, {reported} losses reported"
        );
        (stored, skipped + reported)
    }

    /// SQLite's own integrity checks.
    pub(crate) fn sound(&self) {
        let result: String =
            self.database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
        assert_eq!(result, "ok");
        let strays =
            self.database.prepare("PRAGMA foreign_key_check").expect("runs").exists([]).expect("runs");
        assert!(!strays, "a foreign key has no row");
    }
}

fn word(state: &str) -> &'static str {
    match state {
        "up" => "operational",
        "degraded" => "degraded_performance",
        "down" => "major_outage",
        _ => "no_data",
    }
}

/// The record that a stored result belongs to: (spool, sequence).
fn identity(result: &[u8]) -> (usize, usize) {
    assert_eq!(result[0] & 0b11_1111, 0b1_1111, "five phases were sent, which make the total");
    // After the flags, and the reason if it is not up, come floats of three nibbles; below 256 they are the
    // value.
    let first = if result[0] >> 6 == 1 { 2 } else { 4 };
    let nibble = |place: usize| usize::from(result[place / 2] >> (4 * (1 - place % 2)) & 0xF);
    let phase = |place: usize| {
        let at = first + 3 * place;
        nibble(at) << 8 | nibble(at + 1) << 4 | nibble(at + 2)
    };
    (phase(2) | phase(4) << 8, phase(0) | phase(1) << 8 | phase(3) << 16)
}
