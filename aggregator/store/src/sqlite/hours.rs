//! Hourly roll-ups: counts and a mergeable latency histogram per track, computed from the raw observations of an hour
//! once it is complete, and again when late ones arrive.

use super::latency::{Latencies, Packer, latency_of};
use super::{Sqlite, StoreError};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use std::collections::BTreeMap;

/// What a track observed on a day.
struct Tally {
    counts: [u64; 4],
    latency: Latencies,
}

/// What a track observed in an hour. A histogram for each of many tracks would take far more memory than its values.
#[derive(Default)]
struct Observed {
    counts: [u64; 4],
    /// µs.
    latencies: Vec<u32>,
}

/// Slot, hour, up, degraded, down, inconclusive, latency.
type Row = (i64, i64, i64, i64, i64, i64, Vec<u8>);

/// The roll-up of an hour, not stored yet.
#[derive(Debug)]
pub struct RollUp {
    hour: Timestamp,
    /// How many times the hour had received observations when this was computed.
    times: i64,
    rows: Vec<Row>,
}

impl RollUp {
    /// The hour.
    #[must_use]
    pub fn hour(&self) -> Timestamp {
        self.hour
    }
}

fn row(packer: &mut Packer, slot: i64, hour: Timestamp, observed: &Observed) -> Result<Row, StoreError> {
    let latency = packer.pack(&observed.latencies)?;
    let [inconclusive, up, degraded, down] = observed.counts.map(|count| count as i64);
    Ok((slot, hour.0, up, degraded, down, inconclusive, latency))
}

impl Sqlite {
    /// Computes the roll-up of the oldest complete hour that needs one. This is the slow part, and it writes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roll_up(&self, now: Timestamp) -> Result<Option<RollUp>, StoreError> {
        let over = now.0.div_euclid(HOUR) * HOUR;
        let sql = "SELECT hour_ms, times FROM dirty_hour WHERE hour_ms < ?1 ORDER BY hour_ms LIMIT 1";
        let oldest: Option<(i64, i64)> =
            self.connection.query_row(sql, [over], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((hour, times)) = oldest.map(|(hour, times)| (Timestamp(hour), times)) else {
            return Ok(None);
        };
        let mut packer = Packer::new();
        let observed = self.observed_in(hour)?;
        let rows = observed.into_iter().map(|(slot, observed)| row(&mut packer, slot, hour, &observed));
        Ok(Some(RollUp { hour, times, rows: rows.collect::<Result<_, _>>()? }))
    }

    /// Stores a roll-up. An hour that received observations since the roll-up was computed stays due. For an hour
    /// before `kept_from` the raw observations are gone, so existing roll-ups are not replaced.
    ///
    /// # Errors
    /// [`StoreError`]; the hour stays due.
    pub fn store_roll_up(&mut self, roll_up: RollUp, kept_from: Timestamp) -> Result<(), StoreError> {
        self.is_in_place()?;
        let verb = if roll_up.hour < kept_from { "INSERT OR IGNORE" } else { "INSERT OR REPLACE" };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = format!(
            "{verb} INTO hour (workspace, slot, hour_ms, up, degraded, down, inconclusive, latency)
             SELECT workspace, slot, ?2, ?3, ?4, ?5, ?6, ?7 FROM slot WHERE slot = ?1"
        );
        for row in roll_up.rows {
            transaction.prepare_cached(&sql)?.execute(row)?;
        }
        let done = "DELETE FROM dirty_hour WHERE hour_ms = ?1 AND times = ?2";
        transaction.execute(done, [roll_up.hour.0, roll_up.times])?;
        Ok(transaction.commit()?)
    }

    fn observed_in(&self, hour: Timestamp) -> Result<BTreeMap<i64, Observed>, StoreError> {
        let mut slots: BTreeMap<i64, Observed> = BTreeMap::new();
        self.each_observation(hour, hour + HOUR, |raw| {
            let observed = slots.entry(raw.slot).or_default();
            observed.counts[raw.outcome as usize] += 1;
            observed.latencies.extend(latency_of(&raw));
        })?;
        Ok(slots)
    }
}

/// Replaces the hours of a slot before `before`, the start of a day, by one row for each day. An hour that cannot be read
/// stays and counts in no day. Returns how many hours there were.
pub(super) fn compact(
    transaction: &Transaction<'_>,
    slot: i64,
    before: Timestamp,
) -> Result<usize, StoreError> {
    let sql = "SELECT hour_ms, inconclusive, up, degraded, down, latency FROM hour WHERE slot = ?1 AND hour_ms < ?2";
    let mut days: BTreeMap<i64, Tally> = BTreeMap::new();
    let (mut read, mut unreadable) = (0, Vec::new());
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query((slot, before.0))?;
    while let Some(row) = rows.next()? {
        read += 1;
        let hour: i64 = row.get(0)?;
        let day = hour.div_euclid(DAY) * DAY;
        let tally = days.entry(day).or_insert_with(|| Tally { counts: [0; 4], latency: Latencies::new() });
        let latency = row.get_ref(5)?.as_blob().map_err(|error| StoreError::Unexpected(error.to_string()));
        match latency.and_then(|latency| tally.latency.add(latency)) {
            Ok(()) => {
                for (column, count) in (1..).zip(&mut tally.counts) {
                    *count += row.get::<_, i64>(column)?.unsigned_abs();
                }
            }
            Err(StoreError::Unexpected(what)) => {
                tracing::warn!(slot, hour, %what, "an hour of a check cannot be read: it is not compacted");
                unreadable.push(hour);
            }
            Err(error) => return Err(error),
        }
    }
    for (day, Tally { counts, latency }) in days {
        let [inconclusive, up, degraded, down] = counts.map(|count| count as i64);
        let of = latency.percentiles();
        let (p50_us, p95_us) = (of.map(|of| of.p50_us as i64), of.map(|of| of.p95_us as i64));
        let sql =
            "INSERT INTO day (workspace, slot, day_ms, up, degraded, down, inconclusive, p50_us, p95_us)
             SELECT workspace, slot, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM slot WHERE slot = ?1
             ON CONFLICT (slot, day_ms) DO NOTHING";
        let row = (slot, day, up, degraded, down, inconclusive, p50_us, p95_us);
        transaction.prepare_cached(sql)?.execute(row)?;
    }
    let done = "DELETE FROM hour WHERE slot = ?1 AND hour_ms < ?2 AND hour_ms NOT IN (SELECT value FROM json_each(?3))";
    transaction.prepare_cached(done)?.execute((slot, before.0, format!("{unreadable:?}")))?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::super::response::ResponseSteps;
    use super::*;
    use skerry_domain::heartbeat::Expected;
    use skerry_domain::problem::Severity;
    use skerry_domain::state::State;
    use skerry_domain::step::{Command, Context, DesiredHeartbeat, HeartbeatPing, Ids, PingKind, step};
    use skerry_domain::time::{MINUTE, SECOND};

    /// A store with `hours` equal hours in each of three slots.
    fn three_slots(folder: &std::path::Path, hours: i64) -> Sqlite {
        let store = Sqlite::open(&folder.join("skerry.db")).expect("opens");
        let observed = Observed { counts: [0, 1, 0, 0], latencies: vec![1_000] };
        let (.., latency) = row(&mut Packer::new(), 0, Timestamp(0), &observed).expect("packed");
        let connection = &store.connection;
        let tracks = "PRAGMA foreign_keys = OFF; INSERT INTO slot VALUES (1, 1, 7), (2, 1, 8), (3, 1, 9);";
        connection.execute_batch(tracks).expect("slots");
        let all = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?1)
             INSERT INTO hour (workspace, slot, hour_ms, up, degraded, down, inconclusive, latency)
             SELECT 1, slot, n * 3600000, 1, 0, 0, 0, ?2 FROM slot, n";
        connection.execute(all, (hours, latency)).expect("hours");
        store
    }

    /// Slots that still have hours, and those that have days.
    fn kept(store: &Sqlite) -> [Vec<i64>; 2] {
        ["hour", "day"].map(|table| {
            let sql = format!("SELECT DISTINCT slot FROM {table} ORDER BY slot");
            let mut statement = store.connection.prepare(&sql).expect("a table");
            let slots = statement.query_map([], |row| row.get(0)).expect("runs");
            slots.collect::<Result<_, _>>().expect("slots")
        })
    }

    #[test]
    fn an_hour_that_cannot_be_read_stays_and_all_others_become_days() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = three_slots(folder.path(), 48);
        let spoilt = "UPDATE hour SET latency = x'00' WHERE slot = 2 AND hour_ms = 3600000";
        store.connection.execute(spoilt, []).expect("spoilt");
        let before = Timestamp(2 * DAY);
        assert_eq!(store.compact_hours(before, Timestamp(0), 0, 10).expect("compacts"), 3);
        assert_eq!(kept(&store), [vec![2], vec![1, 2, 3]]);
        let left: i64 =
            store.connection.query_row("SELECT count(*) FROM hour", [], |row| row.get(0)).expect("read");
        assert_eq!(left, 1);
        store.compact_hours(before, before, 0, 10).expect("compacts");
        assert_eq!(kept(&store), [Vec::<i64>::new(), vec![]], "it ends with the days of its time");
    }

    #[test]
    fn a_long_backlog_of_hours_is_compacted_in_several_transactions() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = three_slots(folder.path(), 3_000);
        let mut compact = |after| {
            let last = store.compact_hours(Timestamp(125 * DAY), Timestamp(0), after, 10).expect("compacts");
            (last, kept(&store))
        };
        assert_eq!(compact(0), (2, [vec![3], vec![1, 2]]));
        assert_eq!(compact(2), (3, [vec![], vec![1, 2, 3]]));
        assert_eq!(compact(3).0, 0);
    }

    #[test]
    fn a_job_that_reports_no_start_has_no_response_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Sqlite::open(&folder.path().join("skerry.db")).expect("opens");
        let (mut state, mut now) = (State::default(), Timestamp(1_790_000_000_000 / HOUR * HOUR));
        let mut take = |after: i64, command: Command| {
            now = now + after;
            let context = Context { now, ids: Ids::from_seed([1; 32]) };
            let stepped = step(&mut state, command, context).expect("taken");
            store.commit(&stepped.rows).expect("committed");
            state.workspace.key
        };
        let expected = Expected { period: HOUR, schedule: None, grace: HOUR };
        let job = DesiredHeartbeat {
            check: "job".to_owned(),
            definition: vec![1],
            expected,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Default::default(),
        };
        let heartbeats = vec![job];
        let workspace = take(0, Command::DeclareHeartbeats(heartbeats));
        let call = |kind| {
            let (run, detail) = (String::new(), String::new());
            Command::HeartbeatPing(Box::new(HeartbeatPing {
                check: "job".to_owned(),
                kind,
                run,
                took_ms: None,
                detail,
            }))
        };
        for _ in 0..9 {
            take(MINUTE, call(PingKind::Success));
        }
        take(HOUR, call(PingKind::Start));
        take(SECOND, call(PingKind::Success));
        take(MINUTE, call(PingKind::Success));

        let raw = store.observations(workspace, Timestamp(0), Timestamp::FAR).expect("reads");
        let durations: Vec<_> = raw.iter().filter_map(|one| one.total_us).collect();
        assert!(raw.len() == 11 && durations.len() == 1, "{raw:?}");
        while let Some(roll_up) = store.next_roll_up(now + HOUR).expect("rolls up") {
            store.store_roll_up(roll_up, Timestamp(0)).expect("kept");
        }
        let whole = (Timestamp(0), Timestamp::FAR);
        let hours = store.response_steps(workspace, &[raw[0].track], whole, HOUR).expect("reads");
        let hours = hours.followed_by(&ResponseSteps::default(), HOUR).expect("sound").points;
        assert_eq!(hours.len(), 1, "the hour without a start shows none: {hours:?}");
        let near = |us: u64| us.abs_diff(1_000_000) < 10_000;
        assert!(near(hours[0].of.p50_us) && near(hours[0].of.p95_us), "{hours:?}");
    }
}
