//! Writes a history of ninety days for the measurements of starts and views.

use crate::fleet::Rng;
use crate::{cpu, median};
use anyhow::Context as _;
use rusqlite::{Connection, Transaction};
use skerry_aggregator::config::{self, Config};
use skerry_aggregator::desired::desired;
use skerry_aggregator::engine::Engine;
use skerry_domain::days::{Calendar, days, windows};
use skerry_domain::layers::effective;
use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentCheck, PageKey, State, TrackKey, WorkspaceKey};
use skerry_domain::step::{Answer, Command, DeclaredCheck, Report};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::workspaces::{Target, Workspaces};
use skerry_publish::build::page_view;
use skerry_store::Store;
use std::io::Write as _;
use std::path::Path;

const DAYS: i64 = 90;
/// How many of a hundred days of a check have an outage.
const BAD: u64 = 5;

fn read(path: &Path) -> anyhow::Result<Config> {
    let loaded = config::load(&[path.to_owned()]).map_err(|wrong| anyhow::anyhow!("{wrong}"))?;
    loaded.configs.into_iter().next().context("no configuration")
}

fn of_config<'a>(config: &Config, workspaces: &'a Workspaces) -> anyhow::Result<&'a State> {
    workspaces.named(&config.workspace).context("the workspace of the configuration is not stored")
}

/// Fills the database of `config`: ninety days of spans and of status intervals for every check that a page
/// names, `raw` observations, roll-ups of the last `hours` hours.
pub(crate) fn write(config: &Path, raw: i64, hours: i64) -> anyhow::Result<()> {
    let config = read(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (changed, _) = crossbeam_channel::bounded(1);
    let (engine, writer) = Engine::start(Store::open(&config.store.path)?, changed)?;
    let now = engine.now();
    let names: Vec<String> = config.checks.iter().map(|entry| entry.check.name.clone()).collect();
    let workspace = || Target::Name(config.workspace.clone());
    runtime.block_on(async {
        engine.command((workspace(), Command::Configure(Box::new(desired(&config))))).await?;
        for (number, names) in names.chunks(500).enumerate() {
            let add = Command::AddAgent { name: format!("agent-{number}"), location: "here".to_owned() };
            let Answer::Agent(agent) = engine.command((workspace(), add)).await? else {
                anyhow::bail!("no agent")
            };
            let declared = |name: &String| DeclaredCheck {
                name: name.clone(),
                definition: vec![3; 16],
                interval_ms: 30_000,
                severity: Severity::High,
                depends_on: Vec::new(),
                labels: Default::default(),
            };
            let report = Report {
                agent,
                epoch: [7; 16],
                acknowledged: 0,
                proof: Default::default(),
                process: vec![7; 16],
                self_report: skerry_domain::state::SelfReport::default(),
                received: now,
                boot_now: 0,
                wall_now: now,
                own_network_gone: false,
                checks: Vec::new(),
                records: Vec::new(),
                snapshot: Vec::new(),
                inventory: Some(names.iter().map(declared).collect()),
            };
            engine.command((workspace(), Command::Report(Box::new(report)))).await?;
        }
        anyhow::Ok(())
    })?;
    let snapshot = engine.snapshot();
    let state = of_config(&config, &snapshot.workspaces)?;
    let (workspace, tracks): (_, Vec<TrackKey>) =
        (state.workspace.key, state.tracks.keys().copied().collect());
    engine.stop();
    writer.join().ok().context("the engine panicked")?;
    let mut connection = Connection::open(&config.store.path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let transaction = connection.transaction()?;
    spans(&transaction, (workspace, &tracks), now)?;
    layers(&transaction, now)?;
    observations(&transaction, (workspace, &tracks), now, raw)?;
    roll_ups(&transaction, now, hours)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let size = std::fs::metadata(&config.store.path)?.len();
    writeln!(std::io::stdout(), "{size}")?;
    Ok(())
}

/// Outages of one check or component, oldest first: `(from, to)` in ms.
fn outages(rng: &mut Rng, now: Timestamp) -> Vec<(i64, i64)> {
    let mut outages = Vec::new();
    for day in (1..DAYS).rev() {
        if rng.below(100) < BAD {
            let from = now.0 - day * DAY + rng.below(20 * 3_600_000).cast_signed();
            outages.push((from, from + 2 * MINUTE + rng.below(3_600_000).cast_signed()));
        }
    }
    outages
}

fn spans(
    transaction: &Transaction<'_>,
    (workspace, tracks): (WorkspaceKey, &[TrackKey]),
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut rng = Rng(1);
    let mut closed = transaction.prepare(
        "INSERT INTO span (workspace, track, from_ms, last_ms, state) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut open = transaction.prepare(
        "UPDATE track SET state = 'up', from_ms = ?3, last_ms = ?4, silent = 0
         WHERE workspace = ?1 AND key = ?2",
    )?;
    let begun = now.0 - DAYS * DAY;
    for track in tracks {
        let mut from = begun;
        for (down, up) in outages(&mut rng, now) {
            closed.execute((workspace.0, track.0, from, down, "up"))?;
            closed.execute((workspace.0, track.0, down, up, "down"))?;
            from = up;
        }
        open.execute((workspace.0, track.0, from, now.0))?;
    }
    transaction.execute("UPDATE declared SET from_ms = ?1", [begun])?;
    Ok(())
}

fn layers(transaction: &Transaction<'_>, now: Timestamp) -> anyhow::Result<()> {
    let mut rng = Rng(2);
    let begun = now.0 - DAYS * DAY;
    transaction.execute("UPDATE component SET start_ms = ?1, created_ms = ?1", [begun])?;
    transaction.execute("UPDATE component_link SET from_ms = ?1", [begun])?;
    transaction.execute("DELETE FROM status_interval", [])?;
    let mut keys = transaction.prepare("SELECT key, workspace FROM component")?;
    let keys: Vec<(i64, i64)> =
        keys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut insert = transaction.prepare(
        "INSERT INTO status_interval (workspace, component, layer, from_ms, to_ms, status)
         VALUES (?1, ?2, 'automatic', ?3, ?4, ?5)",
    )?;
    for (component, workspace) in keys {
        let mut from = begun;
        for (down, up) in outages(&mut rng, now) {
            insert.execute((workspace, component, from, down, "operational"))?;
            insert.execute((workspace, component, down, up, "partial_outage"))?;
            from = up;
        }
        insert.execute((workspace, component, from, i64::MAX, "operational"))?;
    }
    Ok(())
}

fn observations(
    transaction: &Transaction<'_>,
    (workspace, tracks): (WorkspaceKey, &[TrackKey]),
    now: Timestamp,
    count: i64,
) -> anyhow::Result<()> {
    let mut rng = Rng(3);
    // A track without observations has no slot.
    transaction
        .execute("INSERT OR IGNORE INTO slot (workspace, track) SELECT workspace, key FROM track", [])?;
    let mut slot_of = transaction.prepare("SELECT slot FROM slot WHERE workspace = ?1 AND track = ?2")?;
    let slots = tracks.iter().map(|track| slot_of.query_row([workspace.0, track.0], |row| row.get(0)));
    let slots: Vec<i64> = slots.collect::<Result<_, _>>()?;
    let mut insert = transaction.prepare("INSERT INTO observation VALUES (?1, ?2)")?;
    let every = 3;
    for n in 0..count {
        // Up, with every phase.
        let mut result = [0b0101_1111, 0, 0, 0, 0, 0, 0, 0, 0];
        result[1..].copy_from_slice(&rng.below(u64::MAX).to_le_bytes());
        let slot = slots[n as usize % slots.len()];
        insert.execute((((now.0 - (count - n) * every) << 21) | slot, result))?;
    }
    Ok(())
}

fn roll_ups(transaction: &Transaction<'_>, now: Timestamp, hours: i64) -> anyhow::Result<()> {
    let mut rng = Rng(4);
    let latency: Vec<u8> = (0..110).map(|_| rng.below(256) as u8).collect();
    let last = now.0.div_euclid(HOUR) * HOUR;
    transaction.execute(
        "INSERT INTO hour (workspace, slot, hour_ms, up, degraded, down, inconclusive, latency)
         WITH RECURSIVE hours (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM hours WHERE n < ?3)
         SELECT workspace, slot, ?1 - n * ?2, 120, 0, 0, 0, ?4 FROM slot, hours WHERE ?3 > 0",
        (last, HOUR, hours, latency),
    )?;
    Ok(())
}

/// Computes the bars and percentages of every component and the view of every page from the state in memory; renders
/// nothing.
pub(crate) fn bars(config: &Path) -> anyhow::Result<()> {
    let config = read(config)?;
    let store = Store::open(&config.store.path)?;
    let workspaces = store.load(Timestamp(0))?;
    let state = of_config(&config, &workspaces)?;
    let now = state.tracks.values().filter_map(AgentCheck::evidence).max().context("no evidence")?;
    let components = state.components.values().filter(|one| !one.archived).count();
    let mut out = std::io::stdout();
    writeln!(out, "| of {components} components | CPU ms for 1,000 | goal < 1 ms |\n| --- | --- | --- |")?;
    let mut print = |name: &str, all: &dyn Fn()| {
        all();
        let runs = (0..21).map(|_| {
            let begun = cpu();
            all();
            (cpu() - begun).as_secs_f64() * 1e3
        });
        let spent = median(runs.collect()) * 1_000.0 / components as f64;
        let verdict = if spent < 1.0 { "reached" } else { "MISSED" };
        writeln!(out, "| {name} | {spent:.2} | {verdict} |")
    };
    print("bars, windows, percentages", &|| state.pages.keys().for_each(|page| draw(state, *page, now)))?;
    print("whole views, with names, ages and evidence", &|| {
        for key in state.pages.keys() {
            std::hint::black_box(page_view(state, *key, "https://status.example.com", now));
        }
    })?;
    Ok(())
}

fn draw(state: &State, key: PageKey, now: Timestamp) {
    let page = &state.pages[&key];
    let zone = jiff::tz::TimeZone::get(&page.settings.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let calendar = Calendar::new(&zone, now, DAYS as usize);
    let begin = calendar.days().first().map_or(now, |day| day.from);
    for component in state.components.values().filter(|one| one.page == key) {
        let layers = &component.layers;
        let intervals = effective(layers, begin, now + 1);
        let days = days(&intervals, &calendar);
        let (rule, weights) = (page.settings.rule, page.settings.weights);
        let windows = windows(&intervals, &days, &calendar, Some(layers.start), rule, weights);
        std::hint::black_box((days, windows));
    }
}
