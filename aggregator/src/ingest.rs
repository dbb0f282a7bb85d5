//! Reports of agents: from the bytes of the wire to a command, and from the commit to the reply. The built-in agent and
//! the agents' listener use the same path.

pub mod authenticate;
mod bounds;
mod measure;
mod rejection;

pub(crate) use measure::Cost;
pub use rejection::Rejection;

use self::bounds::{counted, dated, plain, signed, wall};
use crate::clock::{Arrived, Moment};
use crate::engine::{CommandError, Engine, Held};
use bytes::Bytes;
use skerry_domain::clone_detection::Refusal;
use skerry_domain::problem::Severity;
use skerry_domain::reporters::definition;
use skerry_domain::state::{AgentKey, SelfReport, WorkspaceAgent, WorkspaceKey};
use skerry_domain::step::{
    Answer, Command, DeclaredCheck, Observed, Proof, Record, RecordKind, Report, SnapshotState, When,
};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_protocol::wire::{self, record::Kind};
use skerry_protocol::words::is_unfit_to_show;

/// A larger body is read on another thread than those that serve, bytes: a fleet that drains must not delay a page.
const LARGE: usize = 16 << 10;
/// A larger body comes from an agent that drains, bytes: some two thousand observations. Such bodies are read one at a
/// time.
const HISTORY: usize = 64 << 10;
/// The clock counts as moved while a batch was read if its time changed by more than this, ms.
const RETOLD: i64 = 5 * SECOND;
/// A batch that is larger than this once decompressed is read like a large body, bytes.
const SMALL_BATCH: usize = 256 << 10;
/// Memory that the largest batch takes, with a margin, bytes.
const LARGEST_REPORT: usize = 16 << 20;

/// The names that a batch may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Its name.
    pub name: String,
    /// The former name of a renamed agent; its own configuration may still use it.
    pub former: Option<String>,
    /// Its location and, if it was moved, the former one; empty: any location.
    pub locations: Vec<String>,
    /// Distinguishes its credential from others; 0 for the built-in agent, which needs none.
    pub credential: u64,
}

/// Takes one batch of an authenticated agent. When it returns the reply, everything up to `acknowledged_through` is
/// durable.
///
/// # Errors
/// [`Rejection`]; nothing of the batch was kept.
pub async fn accept(
    engine: &Engine,
    aggregator_id: &str,
    agent: WorkspaceAgent,
    names: &Names,
    body: Bytes,
) -> Result<wire::Reply, Rejection> {
    let read = Read::from_body(engine, agent, names, body, Box::new(())).await?;
    read.commit(engine, aggregator_id, names).await
}

/// A batch that was read and is not committed yet.
pub(crate) struct Read {
    workspace: WorkspaceKey,
    report: Report,
    /// It took this much longer than usual, ms.
    late: i64,
    /// Resources that are released when it is committed or refused.
    held: Vec<Held>,
}

impl Read {
    /// Reads a body; `room`, which it occupies, is dropped with it.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(crate) async fn from_body(
        engine: &Engine,
        agent: WorkspaceAgent,
        names: &Names,
        body: Bytes,
        room: Held,
    ) -> Result<Self, Rejection> {
        let (received, moment) = (engine.now(), engine.moment());
        let small = if body.len() < LARGE {
            read(engine, &body, SMALL_BATCH, agent, names, (received, moment))
        } else {
            Err(ReadError::TooLarge)
        };
        let mut read = match small {
            Err(ReadError::TooLarge) => {
                Self::from_large(engine, agent, names, body, room, (received, moment)).await?
            }
            small => small?.with_room(engine)?,
        };
        let told = engine.at_moment(moment);
        if (told - received).abs() > RETOLD {
            read.report.received = told;
        }
        // The batch is dated as if it had not been delayed.
        read.report.received = read.report.received + -read.late;
        Ok(read)
    }

    /// The same for a large one, in turn and on another thread than those that serve.
    async fn from_large(
        engine: &Engine,
        agent: WorkspaceAgent,
        names: &Names,
        body: Bytes,
        room: Held,
        arrived: (Timestamp, Moment),
    ) -> Result<Self, Rejection> {
        let (names, reader) = (names.clone(), engine.clone());
        let history = body.len() >= HISTORY;
        let turn = engine.read_permit(history).await;
        let largest = engine.reserve(LARGEST_REPORT, history).await;
        let read = tokio::task::spawn_blocking(move || {
            let (_turn, _room, body) = (turn, room, body);
            let mut read = read(&reader, &body, wire::MAX_BATCH_BYTES, agent, &names, arrived)?;
            if let Ok(mut largest) = largest {
                let spare = LARGEST_REPORT.saturating_sub(measure::size(&read.report));
                drop(largest.split(spare >> 10));
                read.held.push(Box::new(largest));
            }
            Ok(read)
        });
        let read: Result<Self, ReadError> =
            read.await.map_err(|_| Rejection::Refused(CommandError::Stopping))?;
        Ok(read?)
    }

    /// Reserves memory for the batch until it is committed; refuses the batch if there is none.
    fn with_room(mut self, engine: &Engine) -> Result<Self, Rejection> {
        let room =
            engine.reserve_small(measure::size(&self.report)).ok_or(CommandError::Busy { retry_after: 2 })?;
        self.held.push(Box::new(room));
        Ok(self)
    }

    /// The cost for its agent.
    pub(crate) fn cost(&self) -> Cost {
        measure::cost(&self.report)
    }

    /// Holds `kept` until the batch is committed or refused, even if the caller goes away.
    pub(crate) fn hold(&mut self, kept: Held) {
        self.held.push(kept);
    }

    /// Commits the batch; returns when it is durable.
    ///
    /// # Errors
    /// [`Rejection`]; nothing of the batch was kept.
    pub(crate) async fn commit(
        self,
        engine: &Engine,
        aggregator_id: &str,
        names: &Names,
    ) -> Result<wire::Reply, Rejection> {
        let Self { workspace, report, held, late: _ } = self;
        match engine.command_holding((workspace, Command::Report(Box::new(report))), held).await? {
            Answer::Acknowledged { through, want_inventory, contested, old_copy } => Ok(wire::Reply {
                protocol: wire::PROTOCOL_VERSION,
                acknowledged_through: through,
                want_inventory,
                aggregator_id: aggregator_id.to_owned(),
                wall_now_ms: engine.now().0,
                contested,
                old_copy,
            }),
            Answer::Cloned(Refusal::TwoTakeTurns) => Err(Rejection::Cloned(names.name.clone())),
            Answer::Cloned(Refusal::AnotherLives) => Err(Rejection::AnotherLives(names.name.clone())),
            Answer::Cloned(Refusal::TooEarly) => Err(Rejection::TooEarly(names.name.clone())),
            Answer::Cloned(Refusal::Replaced) => Err(Rejection::Replaced),
            Answer::Cloned(Refusal::Dismissed) => Err(Rejection::Dismissed),
            other => Err(Rejection::Malformed(format!("the engine answered {other:?} to a batch"))),
        }
    }
}

/// Why a body was not read.
enum ReadError {
    /// It is larger than the limit once decompressed.
    TooLarge,
    Rejection(Rejection),
}

impl From<ReadError> for Rejection {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => Self::Malformed(wire::DecodeError::TooLarge.to_string()),
            ReadError::Rejection(rejection) => rejection,
        }
    }
}

fn read(
    engine: &Engine,
    body: &[u8],
    most: usize,
    agent: WorkspaceAgent,
    names: &Names,
    (received, arrived): (Timestamp, Moment),
) -> Result<Read, ReadError> {
    let batch = wire::decode_within(body, most).map_err(|error| match error {
        wire::DecodeError::TooLarge => ReadError::TooLarge,
        other => ReadError::Rejection(Rejection::Malformed(other.to_string())),
    })?;
    if batch.agent != names.name && names.former.as_ref() != Some(&batch.agent) {
        let said = plain(batch.agent);
        return Err(ReadError::Rejection(Rejection::OtherAgent { said, is: names.name.clone() }));
    }
    if let Some(is) = names.locations.first()
        && !batch.location.is_empty()
        && !names.locations.contains(&batch.location)
    {
        let (name, is, said) = (names.name.clone(), is.clone(), plain(batch.location));
        return Err(ReadError::Rejection(Rejection::OtherLocation { name, said, is }));
    }
    let late = match engine.arrived(agent, &batch.boot_id, signed(batch.boot_now_ms), arrived) {
        Arrived::Late(late) => late,
        Arrived::Waited => return Err(ReadError::Rejection(Rejection::Waited)),
    };
    engine.note_time(agent, wall(batch.wall_now_ms), &batch.boot_id);
    let (workspace, agent) = agent;
    let report = report(batch, agent, names.credential, received);
    Ok(Read { workspace, report, late, held: Vec::new() })
}

/// Converts from wire types to domain types. The decoder has checked indices.
fn report(batch: wire::Batch, agent: AgentKey, credential: u64, received: Timestamp) -> Report {
    let mut epoch = [0; 16];
    epoch.copy_from_slice(&batch.epoch);
    let boots = Boots { now: &batch.boot_id, all: &batch.boots };
    let records = batch
        .records
        .into_iter()
        .map(|record| Record {
            sequence: record.sequence,
            through: record.through(),
            kind: kind(record.kind, &boots),
        })
        .collect();
    let spool = batch.spool.unwrap_or_default();
    let self_report = SelfReport {
        version: batch.agent_version.chars().filter(|one| !is_unfit_to_show(*one)).take(50).collect(),
        depth: counted(spool.depth),
        oldest_ms: counted(spool.oldest_ms),
        lost: counted(spool.lost),
        set_aside: counted(spool.set_aside),
        lateness_ms: counted(spool.lateness_ms),
    };
    Report {
        agent,
        epoch,
        acknowledged: batch.acknowledged_through,
        proof: Proof {
            former: batch.former_epoch.as_slice().try_into().ok(),
            credential,
            built_in: credential == 0,
        },
        process: if batch.process.is_empty() { batch.boot_id.into_bytes() } else { batch.process },
        self_report,
        received,
        boot_now: signed(batch.boot_now_ms),
        wall_now: wall(batch.wall_now_ms),
        own_network_gone: batch.spool.is_some_and(|spool| spool.own_network_gone),
        records,
        snapshot: batch.snapshot.iter().map(snapshot).collect(),
        inventory: batch.inventory.map(|inventory| inventory.checks.into_iter().map(declared).collect()),
        checks: batch.checks,
    }
}

struct Boots<'a> {
    now: &'a str,
    all: &'a [String],
}

impl Boots<'_> {
    fn when(&self, boot: u32, boot_ms: u64, wall_ms: i64) -> When {
        if self.all[boot as usize] == self.now {
            When::ThisBoot(signed(boot_ms))
        } else {
            When::EarlierBoot(Timestamp(wall_ms))
        }
    }
}

fn kind(kind: Option<Kind>, boots: &Boots<'_>) -> RecordKind {
    match kind {
        Some(Kind::Observation(one)) => {
            RecordKind::Observed { first: observed(one, boots), count: 1, spread: 0 }
        }
        Some(Kind::Folded(wire::Folded { first: Some(first), count, last_boot_ms, .. })) => {
            let spread = signed(last_boot_ms.saturating_sub(first.boot_ms));
            RecordKind::Observed { first: observed(first, boots), count, spread }
        }
        Some(Kind::Lost(lost)) => RecordKind::Lost {
            count: counted(lost.count),
            why: plain(lost.why),
            from: lost.from_wall_ms.and_then(dated),
            to: lost.to_wall_ms.and_then(dated),
        },
        Some(Kind::Folded(_)) | None => RecordKind::Unknown,
    }
}

fn observed(one: wire::Observation, boots: &Boots<'_>) -> Observed {
    let since = match (one.since_boot_ms, one.since_wall_ms) {
        (Some(boot_ms), _) => {
            let before = signed(one.boot_ms.saturating_sub(boot_ms));
            Some(boots.when(one.boot, boot_ms, one.wall_ms.saturating_sub(before)))
        }
        (None, Some(wall_ms)) => Some(When::EarlierBoot(Timestamp(wall_ms))),
        (None, None) => None,
    };
    Observed {
        check: one.check as usize,
        when: boots.when(one.boot, one.boot_ms, one.wall_ms),
        outcome: wire::Outcome::from_wire(one.outcome),
        reason: wire::Reason::from_wire(one.reason),
        detail: plain(one.detail),
        total_us: one.total_us,
        phases: one.phases,
        hard: hard(one.hard),
        since,
        flapping: one.flapping,
    }
}

fn snapshot(state: &wire::HardState) -> SnapshotState {
    SnapshotState {
        check: state.check as usize,
        state: hard(state.state),
        since_ago: signed(state.since_ms_ago),
        evidence_ago: state.evidence_ms_ago.map(signed),
        flapping: state.flapping,
        certificate_ends: state.certificate_ends_ms.and_then(dated),
    }
}

fn declared(check: wire::Declared) -> DeclaredCheck {
    DeclaredCheck {
        name: check.name,
        definition: definition(check.definition, &check.asserts),
        interval_ms: signed(check.interval_ms).max(1),
        severity: severity(&check.severity),
        depends_on: parents(check.depends_on),
        labels: check.labels,
    }
}

/// In the order of their names, each once.
fn parents(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// An older agent sends none.
fn severity(name: &str) -> Severity {
    Severity::ALL.into_iter().find(|severity| severity.name() == name).unwrap_or(Severity::High)
}

fn hard(state: i32) -> HardState {
    match wire::State::from_wire(state) {
        wire::State::Unknown => HardState::Unknown,
        wire::State::Up => HardState::Up,
        wire::State::Degraded => HardState::Degraded,
        wire::State::Down => HardState::Down,
    }
}
