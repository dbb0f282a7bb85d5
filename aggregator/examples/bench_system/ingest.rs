//! Compares the ingest of observations with a plain loop that inserts the same rows.

use crate::fleet::{Agent, BOOTED, Fleet};
use crate::{cpu, median};
use rusqlite::{Connection, OpenFlags};
use skerry_aggregator::ingest::{Names, accept};
use skerry_store::Store;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Alternating pairs.
const ROUNDS: usize = 5;

/// The kind of load.
#[derive(Clone, Copy)]
enum Shape {
    /// 10,000 checks of many agents, all distinct within a batch, observed just now.
    Live,
    /// One agent with 100 checks that was cut off: every batch has many rounds of its checks, days old.
    Drain,
    /// 20 agents with 500 checks: what each sends per second at an interval of 30 s, 17 observations with its snapshot.
    Seconds,
}

/// One row of `observation`.
type Row = (i64, Vec<u8>);

/// The time that the rows took.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    wall: Duration,
}

impl Cost {
    fn of<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Self, T)> {
        let (begun, used) = (Instant::now(), cpu());
        let done = work()?;
        Ok((Self { cpu: cpu() - used, wall: begun.elapsed() }, done))
    }

    fn microseconds(self, rows: usize) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / rows as f64
    }

    fn rate(self, rows: usize) -> f64 {
        rows as f64 / self.wall.as_secs_f64()
    }
}

pub(crate) fn compared_with_plain_inserts() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| shape | batch | Skerry CPU µs | bare CPU µs | ratio | Skerry /s | bare /s | goal /s | |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    let shapes = [
        ("live", Shape::Live, 500, 100_000, 20_000.0),
        ("live", Shape::Live, 5_000, 200_000, 20_000.0),
        ("drain", Shape::Drain, 500, 100_000, 100_000.0),
        ("drain", Shape::Drain, 5_000, 200_000, 100_000.0),
        ("each second", Shape::Seconds, 17, 6_800, 20_000.0),
    ];
    for (name, shape, batch, rows, goal) in shapes {
        let mut pairs = Vec::new();
        for round in 0..ROUNDS {
            let folder = tempfile::tempdir_in(".")?;
            let (ours, stored) = folded(&folder.path().join("ours.db"), shape, batch, rows)?;
            let theirs = bare(&folder.path().join("bare.db"), &stored, batch)?;
            if round > 0 {
                pairs.push((ours, theirs));
            }
        }
        let middle = |of: &dyn Fn(&(Cost, Cost)) -> f64| median(pairs.iter().map(of).collect());
        let rate = middle(&|pair| pair.0.rate(rows));
        let verdict = if rate >= goal { "reached" } else { "MISSED" };
        writeln!(
            out,
            "| {name} | {batch} | {:.2} | {:.2} | **{:.1}** | {rate:.0} | {:.0} | {goal:.0} | {verdict} |",
            middle(&|pair| pair.0.microseconds(rows)),
            middle(&|pair| pair.1.microseconds(rows)),
            middle(&|pair| pair.0.cpu.as_secs_f64() / pair.1.cpu.as_secs_f64()),
            middle(&|pair| pair.1.rate(rows)),
        )?;
        out.flush()?;
    }
    Ok(())
}

/// Sends `rows` observations through the engine, batch after batch. Also returns the stored rows.
fn folded(database: &Path, shape: Shape, batch: usize, rows: usize) -> anyhow::Result<(Cost, Vec<Row>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (agents, each) = match shape {
        Shape::Live => (10_000 / batch, batch),
        Shape::Drain => (1, 100),
        Shape::Seconds => (20, 500),
    };
    let mut agents: Vec<Agent> = (0..agents).map(|number| Agent::new(number, each)).collect();
    let fleet = runtime.block_on(Fleet::start(database, &agents, 10_000))?;
    let mut bodies = Vec::new();
    for agent in &mut agents {
        bodies.push(agent.batch(0, |_| BOOTED, BOOTED)?);
    }
    let sent: Vec<Vec<u8>> =
        (0..rows / batch).map(|n| body(&mut agents, n, shape, batch, rows)).collect::<anyhow::Result<_>>()?;
    let deliver = |n: usize, body: &[u8]| -> anyhow::Result<()> {
        let (agent, key) = (&agents[n % agents.len()], fleet.keys[n % agents.len()]);
        let names = Names { name: agent.name.clone(), former: None, locations: Vec::new(), credential: 0 };
        let reply = runtime.block_on(accept(&fleet.engine, "bench", key, &names, body.to_vec().into()))?;
        std::hint::black_box(reply);
        Ok(())
    };
    for (n, body) in bodies.iter().enumerate() {
        deliver(n, body)?;
    }
    let (cost, ()) = Cost::of(|| sent.iter().enumerate().try_for_each(|(n, body)| deliver(n, body)))?;
    fleet.stop()?;
    let stored = stored(database)?;
    anyhow::ensure!(stored.len() == rows, "{} rows of {rows} were stored", stored.len());
    Ok((cost, stored))
}

/// The n-th batch, of the agents in turn or of the one that catches up.
fn body(agents: &mut [Agent], n: usize, shape: Shape, batch: usize, rows: usize) -> anyhow::Result<Vec<u8>> {
    let fleet = agents.len();
    let agent = &mut agents[n % fleet];
    match shape {
        // Twenty per millisecond, so that batches are in the order of time, as in the table.
        Shape::Live => {
            let now = BOOTED + ((n + 1) * batch / 20) as u64;
            agent.batch(batch, |one| now - ((batch - one) / 20) as u64, now)
        }
        Shape::Drain => {
            let begun = BOOTED - (rows / 100) as u64 * 30_000 - 60_000;
            agent.batch(batch, |one| begun + ((n * batch + one) * 300) as u64, BOOTED)
        }
        Shape::Seconds => {
            let now = BOOTED + (n / fleet * 1_000) as u64;
            agent.batch(batch, |one| now - (batch - one) as u64 * 58, now)
        }
    }
}

fn open(database: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

fn stored(database: &Path) -> anyhow::Result<Vec<Row>> {
    let connection = open(database)?;
    let mut statement = connection.prepare("SELECT key, result FROM observation")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Inserts the same rows into the same table and does nothing else.
fn bare(database: &Path, rows: &[Row], batch: usize) -> anyhow::Result<Cost> {
    drop(Store::open(database)?);
    let mut connection = open(database)?;
    let (cost, ()) = Cost::of(|| {
        for rows in rows.chunks(batch) {
            let transaction = connection.transaction()?;
            let mut insert = transaction.prepare_cached("INSERT INTO observation VALUES (?1, ?2)")?;
            for row in rows {
                insert.execute((row.0, &row.1))?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    })?;
    Ok(cost)
}

/// Bytes of the database file per stored observation.
pub(crate) fn bytes() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| shape | rows | bytes a row, table | bytes a row, whole file | goal ≤ 24 |\n| --- | --- | --- | --- | --- |"
    )?;
    for (name, shape) in [("live, 10,000 checks", Shape::Live), ("one agent's history", Shape::Drain)] {
        let folder = tempfile::tempdir_in(".")?;
        let database = folder.path().join("ours.db");
        let rows = 500_000;
        folded(&database, shape, 500, rows)?;
        let connection = open(&database)?;
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        let sql = "SELECT sum(pgsize) FROM dbstat WHERE name = 'observation' AND aggregate = TRUE";
        let table: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        let each = |bytes: f64| bytes / rows as f64;
        let table = each(table as f64);
        let whole = each(std::fs::metadata(&database)?.len() as f64);
        let verdict = if table <= 24.0 { "reached" } else { "MISSED" };
        writeln!(out, "| {name} | {rows} | {table:.1} | {whole:.1} | {verdict} |")?;
    }
    Ok(())
}
