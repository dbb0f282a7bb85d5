//! Reads the state of every workspace as of the last committed transaction.

use super::sql::value;
use super::{Sqlite, StoreError};
use skerry_domain::check_verdict::CheckVerdict;
use skerry_domain::rows::{
    AgentAllowRow, AgentRow, AnnouncementPageRow, AnnouncementRow, AnsweredRequestRow, ApiTokenRow, BlindRow,
    CheckDefinitionRow, CheckRow, ChunkRow, ComponentRow, CorrectionRow, CounterRow, DeclaredRow,
    EnrolmentRow, EpochRow, FlapRow, FormerLocationRow, FormerQuorumRow, FormerTextRow, GroupRow,
    HeartbeatRow, HeartbeatTokenRow, HoldRow, IncidentComponentRow, IncidentProblemRow, IncidentRow,
    IncidentUpdateRow, IntervalRow, LinkRow, Misread, NoticeRow, PageBrandingRow, PageImageRow, PageRow,
    ProblemEventRow, ProblemRow, Record, Restore, SelectionRow, SeriesRow, SpanRow, SubscriberRow,
    SuppressedRow, TeamNoticeRow, TemplateComponentRow, TemplateRow, TrackRow, Value, WindowCheckRow,
    WindowComponentRow, WindowRow, WindowTextRow, WindowUpdateRow, WorkspaceRow,
};
use skerry_domain::state::{Counters, State, WorkspaceKey};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use std::collections::BTreeMap;

/// The states that are being read, by workspace.
type States = BTreeMap<WorkspaceKey, State>;

impl Sqlite {
    /// Reads all workspaces. Silence counts from `ready_at` at the earliest.
    ///
    /// # Errors
    /// [`StoreError`]; it names a value that no version writes.
    pub fn load(&self, ready_at: Timestamp) -> Result<Workspaces, StoreError> {
        let mut states = self.workspaces()?;
        // Rows may refer only to rows that were read before them.
        self.restore::<BlindRow>(&mut states)?;
        self.restore::<AgentRow>(&mut states)?;
        self.restore::<AgentAllowRow>(&mut states)?;
        self.restore::<EnrolmentRow>(&mut states)?;
        self.restore::<FormerLocationRow>(&mut states)?;
        self.restore::<EpochRow>(&mut states)?;
        self.restore::<CheckRow>(&mut states)?;
        self.restore::<CheckDefinitionRow>(&mut states)?;
        self.restore::<HeartbeatTokenRow>(&mut states)?;
        self.restore::<FormerQuorumRow>(&mut states)?;
        self.restore::<TrackRow>(&mut states)?;
        self.restore::<SpanRow>(&mut states)?;
        self.restore::<FlapRow>(&mut states)?;
        self.restore::<DeclaredRow>(&mut states)?;
        self.restore::<HeartbeatRow>(&mut states)?;
        self.restore::<PageRow>(&mut states)?;
        self.restore::<PageBrandingRow>(&mut states)?;
        self.restore::<PageImageRow>(&mut states)?;
        self.restore::<GroupRow>(&mut states)?;
        self.restore::<ComponentRow>(&mut states)?;
        self.restore::<SelectionRow>(&mut states)?;
        self.restore::<LinkRow>(&mut states)?;
        self.restore::<IntervalRow>(&mut states)?;
        self.restore::<ChunkRow>(&mut states)?;
        self.restore::<HoldRow>(&mut states)?;
        self.restore::<SeriesRow>(&mut states)?;
        self.restore::<WindowRow>(&mut states)?;
        self.restore::<WindowComponentRow>(&mut states)?;
        self.restore::<WindowCheckRow>(&mut states)?;
        self.restore::<WindowUpdateRow>(&mut states)?;
        self.restore::<WindowTextRow>(&mut states)?;
        self.restore::<ProblemRow>(&mut states)?;
        self.restore::<ProblemEventRow>(&mut states)?;
        self.restore::<IncidentRow>(&mut states)?;
        self.restore::<IncidentProblemRow>(&mut states)?;
        self.restore::<IncidentUpdateRow>(&mut states)?;
        self.restore::<IncidentComponentRow>(&mut states)?;
        self.restore::<FormerTextRow>(&mut states)?;
        self.restore::<CorrectionRow>(&mut states)?;
        self.restore::<ApiTokenRow>(&mut states)?;
        self.restore::<AnsweredRequestRow>(&mut states)?;
        self.restore::<AnnouncementRow>(&mut states)?;
        self.restore::<AnnouncementPageRow>(&mut states)?;
        self.restore::<TemplateRow>(&mut states)?;
        self.restore::<TemplateComponentRow>(&mut states)?;
        self.restore::<SubscriberRow>(&mut states)?;
        self.restore::<SuppressedRow>(&mut states)?;
        self.restore::<NoticeRow>(&mut states)?;
        self.restore::<TeamNoticeRow>(&mut states)?;
        for state in states.values_mut() {
            state.ready_at = ready_at;
            state.derive_layers();
            state.derive_published();
            state.counters = self.counters(state.workspace.key)?;
            // The first tick computes each verdict: states that only a snapshot reported are not stored.
            for check in state.checks.keys() {
                state.verdicts.insert(*check, CheckVerdict::default());
            }
            state.derive_schedule();
        }
        // Most of what was read is not read again.
        self.connection.execute_batch("PRAGMA shrink_memory")?;
        Ok(Workspaces::new(states.into_values(), ready_at))
    }

    /// Reads only workspaces, agents and enrolment tokens, so that operators can change agents despite damage
    /// elsewhere.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_agents(&self) -> Result<Workspaces, StoreError> {
        let mut states = self.workspaces()?;
        self.restore::<AgentRow>(&mut states)?;
        self.restore::<EnrolmentRow>(&mut states)?;
        for state in states.values_mut() {
            // Changes of agents need no counter but that of the audit, so missing counters do not matter here.
            state.counters = self.counters(state.workspace.key).unwrap_or_default();
        }
        Ok(Workspaces::new(states.into_values(), Timestamp(0)))
    }

    fn workspaces(&self) -> Result<States, StoreError> {
        let mut states = States::new();
        self.each(|row: WorkspaceRow| {
            let mut state = State::default();
            let key = row.workspace();
            row.restore(&mut state)?;
            states.insert(key, state);
            Ok(())
        })?;
        Ok(states)
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

    /// Restores the rows of all workspaces. A row of a workspace that does not exist is ignored.
    fn restore<R: Restore>(&self, states: &mut States) -> Result<(), StoreError> {
        self.each(|row: R| match states.get_mut(&row.workspace()) {
            Some(state) => row.restore(state),
            None => Ok(()),
        })
    }

    fn each<R: Record>(&self, mut use_row: impl FnMut(R) -> Result<(), Misread>) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(&self.statements[R::TABLE.name].select)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut column = 0;
            let next = || {
                column += 1;
                row.get_ref(column - 1).map_or(Value::Null, value)
            };
            R::read(next).and_then(&mut use_row)?;
        }
        Ok(())
    }

    /// The counters of a workspace. A former version had one counter for all workspaces, in the row of one of them:
    /// without a row of its own a counter continues where any other is, so that no key is assigned twice.
    pub(super) fn counters(&self, workspace: WorkspaceKey) -> Result<Counters, StoreError> {
        let rows: Vec<CounterRow> = self.rows()?;
        let mut counters = Counters::default();
        for (name, last) in counters.named() {
            let of = |row: &&CounterRow| row.name == name;
            let own = rows.iter().filter(of).find(|row| row.workspace == workspace).map(|row| row.last);
            let counted = own.or_else(|| rows.iter().filter(of).map(|row| row.last).max()).unwrap_or(0);
            *last = counted.max(if name == "fold" { 0 } else { self.greatest(name, workspace)? });
        }
        Ok(counters)
    }

    /// The greatest row key of a table.
    fn greatest(&self, table: &str, workspace: WorkspaceKey) -> Result<i64, StoreError> {
        let numbered = ["incident_update", "planned_window_update", "loss", "hard_transition", "audit"];
        let column = if numbered.contains(&table) { "number" } else { "key" };
        let sql = format!("SELECT max({column}) FROM \"{table}\" WHERE workspace = ?1");
        let greatest: Option<i64> = self.connection.query_row(&sql, [workspace.0], |row| row.get(0))?;
        Ok(greatest.unwrap_or(0))
    }
}
