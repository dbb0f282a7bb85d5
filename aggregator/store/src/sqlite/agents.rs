//! The list of agents for operators: identity, last batch, self report and problems.

use super::agent::standing_of;
use super::{Sqlite, StoreError};
use rusqlite::Row;
use skerry_domain::credentials::Standing;
use skerry_domain::reporters::{Held, differ};
use skerry_domain::step::{HEARTBEAT_AGENT, LOCATION};
use skerry_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An agent as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentEntry {
    /// The name of its workspace.
    pub workspace: String,
    /// Unique within the workspace.
    pub name: String,
    /// The failure domain.
    pub location: String,
    /// Whether it may deliver.
    pub standing: Standing,
    /// It has a credential. Built-in agents need none.
    pub credential: bool,
    /// An enrolment token for it is valid until then.
    pub token_until: Option<Timestamp>,
    /// When simultaneous sessions with its token were last rejected.
    pub cloned_at: Option<Timestamp>,
    /// Its last batch, if any.
    pub last: Option<LastBatch>,
    /// Records that it discarded or that never arrived.
    pub lost_records: u64,
    /// How many losses were recorded.
    pub losses: u64,
    /// When the last loss was recorded.
    pub last_loss: Option<Timestamp>,
    /// Patterns of the checks that its token is limited to; `None` for all checks.
    pub limit: Option<Vec<String>>,
    /// Checks whose definition differs from another agent's.
    pub conflicts: Vec<String>,
    /// Checks that it runs without counting for them, with the reason.
    pub held: Vec<(String, Held)>,
    /// Checks of others that it joined, and when.
    pub joined: Vec<(String, Timestamp)>,
    /// Checks that it runs but reports nothing conclusive about.
    pub silent: Vec<String>,
    /// Checks that it no longer counts for, after 24 hours of silence.
    pub excluded: Vec<String>,
}

/// The last batch of an agent and its self report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastBatch {
    /// When it arrived.
    pub at: Timestamp,
    /// Its wall clock minus the aggregator's, ms.
    pub skew: i64,
    /// The version of the agent.
    pub version: String,
    /// Records waiting in its spool.
    pub depth: u64,
    /// Age of the oldest one, ms.
    pub oldest_ms: u64,
    /// Records that it set aside because they were rejected.
    pub set_aside: u64,
    /// Greatest delay of a check's start, ms.
    pub lateness_ms: u64,
    /// Its own network was down, so that its observations were inconclusive.
    pub own_network_gone: bool,
}

/// A check that an agent runs now.
struct Running {
    /// Workspace and key.
    agent: (i64, i64),
    check: (i64, i64),
    name: String,
    definition: Vec<u8>,
    silent: bool,
    excluded: bool,
    held: Option<Held>,
    joined: Option<Timestamp>,
}

impl Sqlite {
    /// All agents by workspace and name. The internal agent for heartbeats is left out, unless a token for it exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agents(&self) -> Result<Vec<AgentEntry>, StoreError> {
        let running = self.running()?;
        let conflicting = conflicting(&running);
        let sql = "SELECT agent.key, workspace.name, agent.name, agent.location, agent.standing,
                 agent.token_hash IS NOT NULL,
                 (SELECT max(until_ms) FROM enrolment WHERE enrolment.workspace = agent.workspace
                     AND enrolment.agent = agent.key AND used_ms IS NULL),
                 agent.cloned_ms, newest.seen_ms, newest.offset_ms, newest.version, newest.depth, newest.oldest_ms,
                 newest.set_aside, newest.lateness_ms,
                 (SELECT CAST(min(total(min(max(count, 0), 1000000000000)), 1e15) AS INTEGER) FROM loss
                     WHERE loss.workspace = agent.workspace AND loss.agent = agent.key),
                 (SELECT count(*) FROM loss WHERE loss.workspace = agent.workspace AND loss.agent = agent.key),
                 (SELECT max(noted_ms) FROM loss WHERE loss.workspace = agent.workspace AND loss.agent = agent.key),
                 newest.own_network_gone, agent.checks,
                 agent.workspace
             FROM agent JOIN workspace ON workspace.key = agent.workspace
             LEFT JOIN agent_epoch AS newest ON newest.workspace = agent.workspace AND newest.agent = agent.key
                 AND newest.seen_ms = (SELECT max(seen_ms) FROM agent_epoch AS any
                     WHERE any.workspace = agent.workspace AND any.agent = agent.key)
             WHERE agent.standing <> 'removed'
                 AND (agent.name <> ?1 OR agent.location <> ?2 OR agent.token_hash IS NOT NULL)
             GROUP BY agent.workspace, agent.key ORDER BY workspace.name, agent.name";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([HEARTBEAT_AGENT, LOCATION])?;
        let mut agents = Vec::new();
        while let Some(row) = rows.next()? {
            let key: (i64, i64) = (row.get(20)?, row.get(0)?);
            let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp));
            let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            let last = at(8)?.map(|at| last_batch(row, at)).transpose()?;
            let its_checks = || running.iter().filter(|one| one.agent == key);
            let names = |chosen: &dyn Fn(&Running) -> bool| {
                its_checks().filter(|one| chosen(one)).map(|one| one.name.clone()).collect()
            };
            agents.push(AgentEntry {
                workspace: row.get(1)?,
                name: row.get(2)?,
                location: row.get(3)?,
                standing: standing_of(&row.get::<_, String>(4)?)?,
                credential: row.get(5)?,
                token_until: at(6)?,
                cloned_at: at(7)?,
                last,
                lost_records: number(15)?,
                losses: number(16)?,
                last_loss: at(17)?,
                limit: row.get::<_, Option<String>>(19)?.map(|all| all.lines().map(str::to_owned).collect()),
                conflicts: names(&|one| conflicting.contains(&one.check)),
                held: its_checks().filter_map(|one| Some((one.name.clone(), one.held?))).collect(),
                joined: its_checks().filter_map(|one| Some((one.name.clone(), one.joined?))).collect(),
                silent: names(&|one| one.held.is_none() && one.silent && !one.excluded),
                excluded: names(&|one| one.held.is_none() && one.excluded),
            });
        }
        Ok(agents)
    }

    fn running(&self) -> Result<Vec<Running>, StoreError> {
        let sql = "SELECT track.workspace, track.agent, track.\"check\", \"check\".name, track.definition, track.silent,
                 track.gone, track.held, track.joined_ms
             FROM track JOIN \"check\" ON \"check\".workspace = track.workspace AND \"check\".key = track.\"check\"
             WHERE track.held IS NOT NULL
                 OR EXISTS (SELECT 1 FROM declared WHERE declared.workspace = track.workspace
                     AND declared.track = track.key AND to_ms = ?1)
             ORDER BY \"check\".name";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([Timestamp::FAR.0], |row| {
            Ok(Running {
                agent: (row.get(0)?, row.get(1)?),
                check: (row.get(0)?, row.get(2)?),
                name: row.get(3)?,
                definition: row.get(4)?,
                silent: row.get(5)?,
                excluded: row.get(6)?,
                held: row.get::<_, Option<String>>(7)?.as_deref().and_then(Held::read),
                joined: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Checks whose definition is not the same at all agents that run them.
fn conflicting(running: &[Running]) -> BTreeSet<(i64, i64)> {
    let mut definitions: BTreeMap<(i64, i64), BTreeSet<&[u8]>> = BTreeMap::new();
    for one in running.iter().filter(|one| !one.definition.is_empty()) {
        definitions.entry(one.check).or_default().insert(&one.definition);
    }
    definitions.into_iter().filter(|(_, all)| differ(all.iter().copied())).map(|(check, _)| check).collect()
}

/// Reads the columns of the last batch in the query of [`Sqlite::agents`].
fn last_batch(row: &Row<'_>, at: Timestamp) -> rusqlite::Result<LastBatch> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(LastBatch {
        at,
        // An earlier version stored the agent's value without limits, so it is limited here.
        skew: row.get::<_, i64>(9)?.max(-i64::MAX),
        version: row.get(10)?,
        depth: number(11)?,
        oldest_ms: number(12)?,
        set_aside: number(13)?,
        lateness_ms: number(14)?,
        own_network_gone: row.get(18)?,
    })
}
