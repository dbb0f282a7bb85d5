//! Credentials of agents, and the tokens that make them. Only hashes are stored: what leaks from here opens
//! nothing.

use super::{Sqlite, StoreError};
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior};
use skerry_domain::reporters::Permit;
use skerry_domain::state::{AgentKey, WorkspaceKey};
use skerry_domain::time::{DAY, HOUR, Timestamp};

/// No token of one use is made for longer, ms.
const LONGEST_LIFE: i64 = HOUR;

/// Row keys made beside a running engine lie above those that it gives out.
pub(super) const BESIDE: i64 = 1 << 40;

fn beside() -> i64 {
    BESIDE + i64::from(u32::from_le_bytes(skerry_host::random::bytes()))
}

/// Whose credential it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentIdentity {
    /// The agent.
    pub agent: AgentKey,
    /// Its workspace.
    pub workspace: WorkspaceKey,
    /// Its name.
    pub name: String,
    /// Its name before it was renamed.
    pub former_name: Option<String>,
    /// The failure domain it stands in.
    pub location: String,
    /// The one before it was moved.
    pub former_location: Option<String>,
    /// Whether it is taken.
    pub standing: Standing,
    /// What it may report.
    pub permit: Permit,
}

/// Of every agent, or with a condition after it.
const IDENTITIES: &str = "SELECT key, workspace, name, former_name, location, standing, checks,
     (SELECT group_concat(check_name, char(10)) FROM agent_allow
         WHERE agent_allow.workspace = agent.workspace AND agent_allow.agent = agent.key), moved_from FROM agent";

/// Whether an agent is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Active,
    /// Not for now; its credential stays.
    Disabled,
    /// Its credential is gone.
    Revoked,
    /// It is listed no more, and its name is free for another; what it saw stays.
    Removed,
}

impl Standing {
    /// As it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
        }
    }

    pub(super) fn read(name: &str) -> Result<Self, StoreError> {
        [Self::Active, Self::Disabled, Self::Revoked, Self::Removed]
            .into_iter()
            .find(|standing| standing.name() == name)
            .ok_or_else(|| StoreError::Strange(format!("a standing {name:?}")))
    }
}

/// What became of a token of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The credential given with it opens the agents' door now.
    Enrolled(Enrolled),
    /// No such token was made here.
    Unknown,
    /// It was used before.
    Used {
        /// For whom it was made.
        name: String,
        /// When it was used.
        at: Timestamp,
    },
    /// It is too late.
    Expired {
        /// For whom it was made.
        name: String,
    },
}

/// Who was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// Its workspace's name.
    pub workspace: String,
    /// Its name.
    pub name: String,
    /// The failure domain it stands in.
    pub location: String,
}

/// What is stored of a token: 160 random bits need no slow hash.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

impl Sqlite {
    /// The agent a token belongs to.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; a token nobody has is `None`.
    pub fn agent_by_token(&self, token: &str) -> Result<Option<AgentIdentity>, StoreError> {
        let sql = format!("{IDENTITIES} WHERE token_hash = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([token_hash(token)])?;
        rows.next()?.map(identity).transpose()
    }

    /// Every agent of every workspace.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn agents(&self) -> Result<Vec<AgentIdentity>, StoreError> {
        let mut statement = self.connection.prepare_cached(IDENTITIES)?;
        let mut rows = statement.query([])?;
        let mut agents = Vec::new();
        while let Some(row) = rows.next()? {
            agents.push(identity(row)?);
        }
        Ok(agents)
    }

    /// Key and name of every workspace.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn workspaces(&self) -> Result<Vec<(WorkspaceKey, String)>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT key, name FROM workspace")?;
        let rows = statement.query_map([], |row| Ok((WorkspaceKey(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes the workspaces of these names that are missing, before the engine reads the state: one that a command
    /// made a moment ago is found, and one that a command is about to make is there.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn make_workspaces<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
        let mut key = self.counters()?.workspaces;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for name in names {
            let made = "INSERT INTO workspace (key, name) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
            key += 1;
            transaction.execute(made, (key, name))?;
        }
        Ok(transaction.commit()?)
    }

    /// Lets an agent deliver with `token`; a former token of it opens nothing any more. An agent that the
    /// engine does not know yet is taken up by it with its first batch.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn enrol_agent(
        &mut self,
        workspace: &str,
        name: &str,
        location: &str,
        token: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let agent = agent_row(&transaction, workspace, name, location)?;
        give(&transaction, agent, token)?;
        Ok(transaction.commit()?)
    }

    /// Makes the agent if need be, and lets whoever brings `token` before `until` have its credential, once.
    /// What the agent delivers with now holds until then; a former token of this kind no longer does.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn offer_enrolment(
        &mut self,
        workspace: &str,
        name: &str,
        location: &str,
        token: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let agent = agent_row(&transaction, workspace, name, location)?;
        let stale = "DELETE FROM enrolment WHERE (agent = ?1 AND used_ms IS NULL) OR until_ms < ?2";
        transaction.execute(stale, (agent, (until - DAY).0))?;
        let sql = "INSERT INTO enrolment (token_hash, workspace, agent, until_ms)
             SELECT ?1, workspace, key, ?3 FROM agent WHERE key = ?2";
        transaction.execute(sql, (token_hash(token), agent, until.0))?;
        Ok(transaction.commit()?)
    }

    /// Exchanges a token of one use for `credential`, which the agent delivers with from now on.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; then the token was not used.
    pub fn redeem(&mut self, token: &str, credential: &str, now: Timestamp) -> Result<Redeemed, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT agent.key, workspace.name, agent.name, agent.location, until_ms, used_ms
             FROM enrolment JOIN agent ON agent.workspace = enrolment.workspace AND agent.key = enrolment.agent
             JOIN workspace ON workspace.key = agent.workspace WHERE enrolment.token_hash = ?1";
        let found = transaction
            .query_row(sql, [token_hash(token)], |row| {
                let whose = Enrolled { workspace: row.get(1)?, name: row.get(2)?, location: row.get(3)? };
                Ok((row.get::<_, i64>(0)?, whose, Timestamp(row.get(4)?), row.get::<_, Option<i64>>(5)?))
            })
            .optional()?;
        let Some((agent, whose, until, used)) = found else { return Ok(Redeemed::Unknown) };
        if let Some(at) = used {
            return Ok(Redeemed::Used { name: whose.name, at: Timestamp(at) });
        }
        // One that was made while the clock was ahead would outlive its time.
        if now >= until || until - now > LONGEST_LIFE {
            return Ok(Redeemed::Expired { name: whose.name });
        }
        let sql = "UPDATE enrolment SET used_ms = ?2 WHERE token_hash = ?1";
        transaction.execute(sql, (token_hash(token), now.0))?;
        give(&transaction, agent, credential)?;
        transaction.commit()?;
        Ok(Redeemed::Enrolled(whose))
    }

    /// Says that the definition with which that agent runs a check is the one that holds.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; `false`: that agent does not run it, or has not told how.
    pub fn choose_definition(
        &mut self,
        workspace: &str,
        check: &str,
        agent: &str,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO check_definition (workspace, check_name, definition)
             SELECT workspace.key, \"check\".name, track.definition FROM track
             JOIN \"check\" ON \"check\".workspace = track.workspace AND \"check\".key = track.\"check\"
             JOIN agent ON agent.workspace = track.workspace AND agent.key = track.agent
             JOIN workspace ON workspace.key = \"check\".workspace
             WHERE workspace.name = ?1 AND \"check\".name = ?2 AND agent.name = ?3 AND length(track.definition) > 0
             ON CONFLICT (workspace, check_name) DO UPDATE SET definition = excluded.definition";
        Ok(self.connection.execute(sql, (workspace, check, agent))? == 1)
    }

    /// Every definition that an operator chose: workspace, name of the check, hash.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn chosen_definitions(&self) -> Result<Vec<(WorkspaceKey, String, Vec<u8>)>, StoreError> {
        let sql = "SELECT workspace, check_name, definition FROM check_definition";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows =
            statement.query_map([], |row| Ok((WorkspaceKey(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One agent and where it stands, read from its own row alone: what it told of itself, and what else is in the
    /// database, keeps no operator from it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn agent_named(&self, workspace: &str, name: &str) -> Result<Option<(String, Standing)>, StoreError> {
        let sql = "SELECT location, standing FROM agent WHERE name = ?2
             AND workspace = (SELECT key FROM workspace WHERE name = ?1)";
        let found = self.connection.query_row(sql, (workspace, name), |row| Ok((row.get(0)?, row.get(1)?)));
        let found: Option<(String, String)> = found.optional()?;
        found.map(|(location, standing)| Ok((location, Standing::read(&standing)?))).transpose()
    }
}

/// The agent of that name, made or moved to `location` if need be.
fn agent_row(
    transaction: &Transaction<'_>,
    workspace: &str,
    name: &str,
    location: &str,
) -> Result<i64, StoreError> {
    let workspace = workspace_row(transaction, workspace)?;
    let sql = "INSERT INTO agent (key, workspace, name, location) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace, name) DO UPDATE SET location = excluded.location RETURNING key";
    Ok(transaction.query_row(sql, (beside(), workspace, name, location), |row| row.get(0))?)
}

/// The workspace of that name, made if need be.
pub(super) fn workspace_row(transaction: &Transaction<'_>, workspace: &str) -> Result<i64, StoreError> {
    let made = "INSERT INTO workspace (key, name) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
    transaction.execute(made, (beside(), workspace))?;
    let found = "SELECT key FROM workspace WHERE name = ?1";
    Ok(transaction.query_row(found, [workspace], |row| row.get(0))?)
}

fn give(transaction: &Transaction<'_>, agent: i64, credential: &str) -> Result<(), StoreError> {
    let sql = "UPDATE agent SET token_hash = ?2, standing = 'active' WHERE key = ?1";
    transaction.execute(sql, (agent, token_hash(credential)))?;
    Ok(())
}

fn identity(row: &Row<'_>) -> Result<AgentIdentity, StoreError> {
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let checks = row.get::<_, Option<String>>(6)?.map(lines);
    let allowed = row.get::<_, Option<String>>(7)?.map(lines).unwrap_or_default();
    Ok(AgentIdentity {
        agent: AgentKey(row.get(0)?),
        workspace: WorkspaceKey(row.get(1)?),
        name: row.get(2)?,
        former_name: row.get(3)?,
        location: row.get(4)?,
        former_location: row.get(8)?,
        standing: Standing::read(&row.get::<_, String>(5)?)?,
        permit: Permit { checks, allowed: allowed.into_iter().collect() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `agent add` as soon as the database is there, beside an aggregator that starts.
    #[test]
    fn a_workspace_that_a_command_made_while_we_start_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skerry.db");
        let mut store = Sqlite::open(&path).expect("opens");
        let mut command = Sqlite::beside(&path).expect("opens");
        command.enrol_agent("acme", "shop", "fra", "token").expect("written");
        store.make_workspaces(["acme", "default"].into_iter()).expect("written");
        command.enrol_agent("default", "shop", "fra", "other").expect("written");
        let state = store.load(Timestamp(0)).expect("loads");
        let names: Vec<&str> = state.workspaces.values().map(|workspace| workspace.name.as_str()).collect();
        assert_eq!(names, ["default", "acme"]);
    }

    /// Made while the clock was in 2100, and brought after it was set right.
    #[test]
    fn a_token_of_the_future_does_not_outlive_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Sqlite::open(&folder.path().join("skerry.db")).expect("opens");
        let (now, minute) = (Timestamp(1_790_000_000_000), 60_000);
        let century = 100 * 365 * 86_400_000;
        for (until, taken) in [(now + century, false), (now, false), (now + 15 * minute, true)] {
            store.offer_enrolment("default", "shop", "fra", "token", until).expect("written");
            let redeemed = store.redeem("token", "x", now).expect("answers");
            assert_eq!(matches!(redeemed, Redeemed::Enrolled(_)), taken, "{redeemed:?}");
        }
    }
}
