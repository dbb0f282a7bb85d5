//! Reads the whole state as of the last committed transaction.

use super::sql::value;
use super::{Sqlite, StoreError};
use skerry_domain::check_verdict::CheckVerdict;
use skerry_domain::rows::{
    AgentAllowRow, AgentRow, BlindRow, CheckDefinitionRow, CheckRow, ComponentRow, CounterRow, DeclaredRow,
    EnrolmentRow, EpochRow, FlapRow, FormerLocationRow, FormerQuorumRow, GroupRow, HeartbeatRow,
    HeartbeatTokenRow, HoldRow, IntervalRow, LinkRow, Misread, PageRow, Record, Restore, SpanRow, TrackRow,
    Value, WindowComponentRow, WindowRow, WorkspaceRow,
};
use skerry_domain::state::{Counters, State};
use skerry_domain::time::Timestamp;

impl Sqlite {
    /// Reads the state. Silence counts from `ready_at` at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; it names a value that no version writes.
    pub fn load(&self, ready_at: Timestamp) -> Result<State, StoreError> {
        let mut state = State { ready_at, ..State::default() };
        // Rows may refer only to rows that were read before them.
        self.restore::<WorkspaceRow>(&mut state)?;
        self.restore::<BlindRow>(&mut state)?;
        self.restore::<AgentRow>(&mut state)?;
        self.restore::<AgentAllowRow>(&mut state)?;
        self.restore::<EnrolmentRow>(&mut state)?;
        self.restore::<FormerLocationRow>(&mut state)?;
        self.restore::<EpochRow>(&mut state)?;
        self.restore::<CheckRow>(&mut state)?;
        self.restore::<CheckDefinitionRow>(&mut state)?;
        self.restore::<HeartbeatTokenRow>(&mut state)?;
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
        self.restore::<HoldRow>(&mut state)?;
        self.restore::<WindowRow>(&mut state)?;
        self.restore::<WindowComponentRow>(&mut state)?;
        state.derive_layers();
        state.counters = self.counters()?;
        // The first tick computes each verdict: states that only a snapshot reported are not stored.
        for check in state.checks.keys() {
            state.verdicts.insert(*check, CheckVerdict::default());
        }
        state.derive_schedule();
        Ok(state)
    }

    /// Reads only workspaces, agents and enrolment tokens, so that operators can change agents despite damage
    /// elsewhere.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_agents(&self) -> Result<State, StoreError> {
        let mut state = State::default();
        self.restore::<WorkspaceRow>(&mut state)?;
        self.restore::<AgentRow>(&mut state)?;
        self.restore::<EnrolmentRow>(&mut state)?;
        // Without them no row is numbered; who reads agents alone makes none but for the audit.
        state.counters = self.counters().unwrap_or_default();
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

    pub(super) fn counters(&self) -> Result<Counters, StoreError> {
        let mut state = State::default();
        for (name, last) in state.counters.named().into_iter().filter(|(name, _)| *name != "fold") {
            let column = if ["loss", "hard_transition", "audit"].contains(&name) { "number" } else { "key" };
            let sql = format!("SELECT max({column}) FROM \"{name}\"");
            let greatest: Option<i64> = self.connection.query_row(&sql, [], |row| row.get(0))?;
            *last = greatest.unwrap_or(0);
        }
        // Keys that were assigned before are never assigned again.
        self.restore::<CounterRow>(&mut state)?;
        Ok(state.counters)
    }
}
