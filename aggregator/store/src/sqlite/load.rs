//! The whole state, as it was when the last transaction was committed.

use super::sql::value;
use super::tokens::BESIDE;
use super::{Sqlite, Standing, StoreError};
use skerry_domain::check_verdict::CheckVerdict;
use skerry_domain::rows::{
    AgentRow, BlindRow, CheckRow, ComponentRow, CounterRow, DeclaredRow, EpochRow, FlapRow,
    FormerLocationRow, FormerQuorumRow, GroupRow, HeartbeatRow, IntervalRow, LinkRow, Misread, PageRow,
    Record, Restore, SpanRow, TrackRow, Value, WorkspaceRow,
};
use skerry_domain::state::{Counters, State};
use skerry_domain::time::Timestamp;

impl Sqlite {
    /// Reads the state. `ready_at` is the moment silence is counted from at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; a value that no version writes is named.
    pub fn load(&self, ready_at: Timestamp) -> Result<State, StoreError> {
        let mut state = State { ready_at, ..State::default() };
        // Each may name what was read before it.
        self.restore::<WorkspaceRow>(&mut state)?;
        self.restore::<BlindRow>(&mut state)?;
        self.restore::<AgentRow>(&mut state)?;
        self.restore::<FormerLocationRow>(&mut state)?;
        self.restore::<EpochRow>(&mut state)?;
        self.restore::<CheckRow>(&mut state)?;
        self.restore::<FormerQuorumRow>(&mut state)?;
        self.restore::<TrackRow>(&mut state)?;
        self.restore::<SpanRow>(&mut state)?;
        self.restore::<FlapRow>(&mut state)?;
        self.restore::<DeclaredRow>(&mut state)?;
        self.restore::<HeartbeatRow>(&mut state)?;
        self.restore::<PageRow>(&mut state)?;
        self.restore::<GroupRow>(&mut state)?;
        self.restore::<ComponentRow>(&mut state)?;
        self.restore::<LinkRow>(&mut state)?;
        self.restore::<IntervalRow>(&mut state)?;
        self.written_beside(&mut state)?;
        state.counters = self.counters()?;
        // The first tick works each verdict out: what only a snapshot said is not stored.
        for check in state.checks.keys() {
            state.verdicts.insert(*check, CheckVerdict::default());
        }
        state.derive_schedule();
        Ok(state)
    }

    /// Every row of a table, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows<R: Record>(&self) -> Result<Vec<R>, StoreError> {
        let mut rows = Vec::new();
        self.each(|row: R| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    fn restore<R: Restore>(&self, state: &mut State) -> Result<(), StoreError> {
        self.each(|row: R| row.restore(state))
    }

    fn each<R: Record>(&self, mut take: impl FnMut(R) -> Result<(), Misread>) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(&self.statements[R::TABLE.name].select)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut column = 0;
            let next = || {
                column += 1;
                row.get_ref(column - 1).map_or(Value::Null, value)
            };
            R::read(next).and_then(&mut take)?;
        }
        Ok(())
    }

    /// What the command line writes beside us.
    fn written_beside(&self, state: &mut State) -> Result<(), StoreError> {
        for known in self.agents()? {
            if let Some(agent) = state.agents.get_mut(&known.agent) {
                agent.removed = known.standing == Standing::Removed;
                agent.permit = known.permit;
            }
        }
        for (workspace, name, definition) in self.chosen_definitions()? {
            let check = state.check_names.get(&(workspace, name));
            if let Some(check) = check.and_then(|key| state.checks.get_mut(key)) {
                check.chosen_definition = Some(definition);
            }
        }
        Ok(())
    }

    /// Rows of agents and workspaces that the command line made beside the engine do not count.
    pub(super) fn counters(&self) -> Result<Counters, StoreError> {
        let mut state = State::default();
        for (name, last) in state.counters.named().into_iter().filter(|(name, _)| *name != "fold") {
            let column = if ["loss", "hard_transition", "audit"].contains(&name) { "number" } else { "key" };
            let below = if ["workspace", "agent"].contains(&name) { BESIDE } else { i64::MAX };
            let sql = format!("SELECT max({column}) FROM \"{name}\" WHERE {column} < ?1");
            let greatest: Option<i64> = self.connection.query_row(&sql, [below], |row| row.get(0))?;
            *last = greatest.unwrap_or(0);
        }
        // None is given again that was given before.
        self.restore::<CounterRow>(&mut state)?;
        Ok(state.counters)
    }
}
