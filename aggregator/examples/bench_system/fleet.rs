//! Simulated agents: their encoded batches, and the pages of their checks.

use anyhow::Context as _;
use skerry_aggregator::engine::Engine;
use skerry_domain::state::{ComponentSettings, PageSettings, WorkspaceAgent, WorkspaceKey};
use skerry_domain::step::{
    Answer, Command, Configure, DesiredComponent, DesiredItem, DesiredLink, DesiredPage,
};
use skerry_domain::workspaces::Target;
use skerry_protocol::wire::{self, Observation, Outcome, Phases, Reason, State};
use skerry_store::Store;
use std::path::Path;

/// Boot clock of every agent at its start, in ms: they have been up for a hundred days.
pub(crate) const BOOTED: u64 = 100 * 86_400_000;
/// One of this many observations changes the hard state of its check.
const OBSERVATIONS_PER_CHANGE: u64 = 1_000;

/// A small generator (SplitMix64), so that every run sends the same.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// The next number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Microseconds around `usual`, sometimes far above.
    fn about(&mut self, usual: u64) -> u32 {
        let spread = usual / 2 + self.below(usual);
        (if self.below(50) == 0 { spread * 8 } else { spread }) as u32
    }
}

/// One agent with its progress.
pub(crate) struct Agent {
    pub(crate) name: String,
    checks: Vec<String>,
    down: Vec<bool>,
    next: usize,
    sequence: u64,
    rng: Rng,
    declared: bool,
    /// Boot clock when all states were last sent, in ms.
    told_all: Option<u64>,
}

/// How often agents send all states and not only those that changed, in ms.
const FULL_SNAPSHOT_EVERY: u64 = 60_000;

impl Agent {
    /// The `number`th agent of `checks` checks each.
    pub(crate) fn new(number: usize, checks: usize) -> Self {
        Self {
            name: format!("agent-{number}"),
            checks: (0..checks).map(|check| format!("check-{}", number * checks + check)).collect(),
            down: vec![false; checks],
            next: 0,
            sequence: 0,
            rng: Rng(number as u64),
            declared: false,
            told_all: None,
        }
    }

    /// The next `count` observations, checks in turn. `boot_ms` returns when the n-th of them was made; `boot_now` is when
    /// they are sent.
    pub(crate) fn batch(
        &mut self,
        count: usize,
        boot_ms: impl Fn(usize) -> u64,
        boot_now: u64,
    ) -> anyhow::Result<Vec<u8>> {
        let before = self.down.clone();
        let records: Vec<_> = (0..count).map(|n| self.record(boot_ms(n))).collect();
        let all = self.told_all.is_none_or(|told| boot_now - told >= FULL_SNAPSHOT_EVERY);
        if all {
            self.told_all = Some(boot_now);
        }
        let changed = (0_u32..).zip(self.down.iter().zip(&before));
        let snapshot = changed.filter(|(_, (down, before))| all || down != before);
        let snapshot = snapshot.map(|(check, (down, _))| wire::HardState {
            check,
            state: state(*down) as i32,
            flapping: false,
            since_ms_ago: 3_600_000,
            evidence_ms_ago: Some(1_000),
            reason: reason(*down) as i32,
            certificate_ends_ms: None,
        });
        let inventory = (!std::mem::replace(&mut self.declared, true))
            .then(|| wire::Inventory { checks: self.checks.iter().map(|name| declared(name)).collect() });
        let batch = wire::Batch {
            protocol: wire::PROTOCOL_VERSION,
            agent: self.name.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: vec![7; 16],
            boot_id: "boot".to_owned(),
            boot_now_ms: boot_now,
            wall_now_ms: 1_795_191_300_000,
            checks: self.checks.clone(),
            boots: vec!["boot".to_owned()],
            records,
            snapshot: snapshot.collect(),
            inventory,
            spool: None,
            process: vec![7; 16],
            acknowledged_through: 0,
            former_epoch: Vec::new(),
            location: String::new(),
        };
        Ok(wire::encode(&batch)?)
    }

    fn record(&mut self, boot_ms: u64) -> wire::Record {
        let check = self.next;
        self.next = (self.next + 1) % self.checks.len();
        self.sequence += 1;
        let turned = self.rng.below(OBSERVATIONS_PER_CHANGE) == 0;
        self.down[check] ^= turned;
        let down = self.down[check];
        let phases = Phases {
            dns_us: Some(self.rng.about(800)),
            connect_us: Some(self.rng.about(9_000)),
            tls_us: check.is_multiple_of(2).then(|| self.rng.about(22_000)),
            first_byte_us: Some(self.rng.about(60_000)),
            transfer_us: Some(self.rng.about(3_000)),
        };
        let all = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.transfer_us];
        let sum: u64 = all.iter().flatten().map(|phase| u64::from(*phase)).sum();
        let observation = Observation {
            check: check as u32,
            boot: 0,
            boot_ms,
            wall_ms: 1_795_191_300_000,
            outcome: if down { Outcome::Down } else { Outcome::Up } as i32,
            reason: reason(down) as i32,
            detail: if down { "503".to_owned() } else { String::new() },
            total_us: sum + 40,
            phases: Some(phases),
            hard: state(down) as i32,
            since_boot_ms: turned.then_some(boot_ms),
            since_wall_ms: None,
            flapping: false,
        };
        wire::Record { sequence: self.sequence, kind: Some(wire::record::Kind::Observation(observation)) }
    }
}

fn state(down: bool) -> State {
    if down { State::Down } else { State::Up }
}

fn reason(down: bool) -> Reason {
    if down { Reason::StatusMismatch } else { Reason::None }
}

fn declared(name: &str) -> wire::Declared {
    wire::Declared {
        name: name.to_owned(),
        kind: "http".to_owned(),
        definition: vec![3; 16],
        interval_ms: 30_000,
        timeout_ms: 10_000,
        severity: "high".to_owned(),
        depends_on: Vec::new(),
        labels: Default::default(),
        ..wire::Declared::default()
    }
}

/// An engine on a new database that knows these agents. Ten checks each are linked to one of a hundred components of a
/// page.
pub(crate) struct Fleet {
    pub(crate) engine: Engine,
    pub(crate) keys: Vec<WorkspaceAgent>,
    writer: skerry_aggregator::engine::Running,
}

impl Fleet {
    pub(crate) async fn start(database: &Path, agents: &[Agent], checks: usize) -> anyhow::Result<Self> {
        let (changed, _) = crossbeam_channel::bounded(1);
        let (engine, writer) = Engine::start(Store::open(database)?, changed)?;
        let workspace = || Target::Name("default".to_owned());
        engine.command((workspace(), Command::Configure(Box::new(pages(checks))))).await?;
        let mut keys = Vec::new();
        for agent in agents {
            let (name, location) = (agent.name.clone(), "here".to_owned());
            match engine.command((workspace(), Command::AddAgent { name, location })).await? {
                Answer::Agent(key) => keys.push((WorkspaceKey(1), key)),
                other => anyhow::bail!("{other:?}"),
            }
        }
        Ok(Self { engine, keys, writer })
    }

    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.engine.stop();
        self.writer.join().ok().context("the engine panicked")
    }
}

fn pages(checks: usize) -> Configure {
    let components: Vec<usize> = (0..checks.div_ceil(10)).collect();
    let page = |(number, components): (usize, &[usize])| DesiredPage {
        key: format!("page-{number}"),
        settings: settings(number),
        zone: jiff::tz::TimeZone::UTC,
        items: components.iter().map(|one| DesiredItem::Component(component(*one))).collect(),
    };
    let pages = components.chunks(100).enumerate().map(page).collect();
    Configure { checks: Vec::new(), pages }
}

fn settings(number: usize) -> PageSettings {
    PageSettings {
        name: format!("Page {number}"),
        listed: false,
        root: number == 0,
        time_zone: "Europe/Berlin".to_owned(),
        ..PageSettings::named(&format!("page-{number}"))
    }
}

fn component(number: usize) -> DesiredComponent {
    let link = |check| DesiredLink { check: format!("check-{check}"), minor: false };
    DesiredComponent {
        key: format!("component-{number}"),
        settings: ComponentSettings::named(&format!("Component {number}")),
        links: (number * 10..number * 10 + 10).map(link).collect(),
        starts_at: None,
    }
}
