//! Years of many checks at three locations, day by day: sizes of database and memory, and the time of a start. Every
//! check has a gap a day at every location; old data is folded and deleted as in the running program.

use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentKey, ComponentSettings, PageSettings, SelfReport, State, TrackKey};
use skerry_domain::step::{
    Answer, Command, Configure, Context, DeclaredCheck, DesiredComponent, DesiredItem, DesiredLink,
    DesiredPage, Ids, KEPT, Observed, Proof, RULES_KEPT, Record, RecordKind, Report, When, step,
};
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_domain::track::HardState;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_store::Store;
use std::io::Write as _;
use std::path::Path;
use std::process::Command as Process;
use std::time::Instant;

const AGENTS: usize = 3;
/// Components per page, one for each check.
const COMPONENTS_PER_PAGE: usize = 50;
const START: Timestamp = Timestamp(1_790_000_000_000 / DAY * DAY);
/// Raw observations are kept for a week, as by default.
const RAW: i64 = 7 * DAY;
const AT_ONCE: usize = 20_000;

struct World {
    store: Store,
    state: State,
    now: Timestamp,
    agents: Vec<AgentKey>,
    names: Vec<String>,
    day: i64,
}

/// Runs `years` years of `checks` checks in a folder below the present directory.
pub(crate) fn pass(checks: usize, years: i64) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("skerry.db");
    let mut world = World::new(&path, checks)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| after | database MB | start s | memory MB | a day s |\n| --- | --- | --- | --- | --- |"
    )?;
    for year in 1..=years {
        let begun = Instant::now();
        for _ in 0..365 {
            world.pass_day()?;
        }
        let day = begun.elapsed().as_secs_f64() / 365.0;
        let size = std::fs::metadata(&path)?.len() as f64 / 1e6;
        // A database is open in one process at a time.
        world.store = Store::open(&folder.path().join("idle.db"))?;
        let started = Process::new(std::env::current_exe()?).arg("start").arg(&path).output()?;
        anyhow::ensure!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let started = String::from_utf8(started.stdout)?;
        world.store = Store::open(&path)?;
        writeln!(out, "| {year} years of {checks} checks | {size:.0} | {} | {day:.2} |", started.trim())?;
        out.flush()?;
    }
    Ok(())
}

/// Loads the state as a start does, and prints the time and the memory of this process.
pub(crate) fn start(path: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let store = Store::open(path)?;
    let state = store.load(Timestamp(0))?;
    let took = begun.elapsed().as_secs_f64();
    let megabytes = crate::resident()?;
    writeln!(std::io::stdout(), "{took:.2} | {megabytes:.0}")?;
    drop(state);
    Ok(())
}

impl World {
    fn new(path: &Path, checks: usize) -> anyhow::Result<Self> {
        let names = (0..checks).map(|number| format!("check {number}")).collect();
        let (store, state) = (Store::open(path)?, State { ready_at: START, ..State::default() });
        let mut world = Self { store, state, now: START, agents: Vec::new(), names, day: 0 };
        for number in 0..AGENTS {
            let (name, location) = (format!("agent {number}"), format!("location {number}"));
            let add = Command::AddAgent { name, location };
            if let Answer::Agent(key) = world.take(add)? {
                world.agents.push(key);
            }
        }
        let pages =
            world.names.chunks(COMPONENTS_PER_PAGE).enumerate().map(|(number, names)| page(number, names));
        let pages = pages.collect();
        let configure = Configure { checks: Vec::new(), pages };
        world.take(Command::Configure(Box::new(configure)))?;
        Ok(world)
    }

    fn take(&mut self, command: Command) -> anyhow::Result<Answer> {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped =
            step(&mut self.state, command, context).map_err(|rejected| anyhow::anyhow!("{rejected}"))?;
        self.store.commit(&stepped.rows)?;
        Ok(stepped.answer)
    }

    /// Reports 23 hours of every check at every location, then nothing for an hour; then runs the housekeeping.
    fn pass_day(&mut self) -> anyhow::Result<()> {
        self.day += 1;
        self.now = self.now + DAY;
        for agent in self.agents.clone() {
            let report = self.report(agent);
            self.take(Command::Report(Box::new(report)))?;
        }
        self.take(Command::Tick)?;
        let now = self.now;
        while let Some(rolled) = self.store.next_roll_up(now)? {
            self.store.store_roll_up(rolled, now - RAW)?;
        }
        while self.store.prune_observations(now - RAW, AT_ONCE)? > 0 {}
        while self.store.prune_notes(now - RULES_KEPT, AT_ONCE)? > 0 {}
        let mut next = Some(TrackKey(0));
        while let Some(after) = next {
            next = match self.take(Command::Fold { before: now - KEPT, limit: 200, after })? {
                Answer::Folded { after, .. } => after,
                _ => None,
            };
        }
        let mut after = 0;
        loop {
            after = self.store.compact_hours(now - KEPT, now - RULES_KEPT, after, 200)?;
            if after == 0 {
                break;
            }
        }
        Ok(())
    }

    fn report(&self, agent: AgentKey) -> Report {
        let boot_now = self.day * DAY;
        let before = (self.day as u64 - 1) * self.names.len() as u64;
        let record = |check: usize| {
            let first = Observed {
                check,
                when: When::ThisBoot(boot_now - 24 * HOUR + 1_000),
                outcome: Outcome::Up,
                reason: Reason::None,
                detail: String::new(),
                total_us: 20_000 + check as u64,
                phases: None,
                hard: HardState::Up,
                since: None,
                flapping: false,
            };
            let kind = RecordKind::Observed { first, count: 2, spread: 23 * HOUR };
            let sequence = before + check as u64 + 1;
            Record { sequence, through: sequence, kind }
        };
        let declared = |name: &String| DeclaredCheck {
            name: name.clone(),
            definition: vec![1],
            interval_ms: 30_000,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: Default::default(),
        };
        Report {
            agent,
            epoch: [agent.0 as u8; 16],
            acknowledged: before,
            proof: Proof::default(),
            process: vec![1],
            self_report: SelfReport::default(),
            received: self.now,
            boot_now,
            wall_now: self.now,
            own_network_gone: false,
            checks: self.names.clone(),
            records: (0..self.names.len()).map(record).collect(),
            snapshot: Vec::new(),
            inventory: (self.day == 1).then(|| self.names.iter().map(declared).collect()),
        }
    }
}

fn page(number: usize, names: &[String]) -> DesiredPage {
    let component = |name: &String| {
        let settings = ComponentSettings::named(name);
        let links = vec![DesiredLink { check: name.clone(), minor: false }];
        DesiredItem::Component(DesiredComponent { key: name.clone(), settings, starts_at: None, links })
    };
    let settings = PageSettings {
        name: format!("Page {number}"),
        time_zone: "Europe/Berlin".to_owned(),
        ..PageSettings::named(&format!("page-{number}"))
    };
    DesiredPage {
        key: format!("page-{number}"),
        settings,
        zone: jiff::tz::TimeZone::UTC,
        items: names.iter().map(component).collect(),
    }
}
