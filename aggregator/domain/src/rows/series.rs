//! Series of planned windows as rows, and back.

use super::incidents::text;
use super::restore::Restore;
use super::value::{Lines, Misread};
use super::{SeriesRow, Write};
use crate::incident::Title;
use crate::recurrence::Recurrence;
use crate::series::MaintenanceSeries;
use crate::state::{ComponentKey, SeriesKey, State};
use std::collections::BTreeSet;

/// The row of a series; `None`: the state has none with that key.
pub(super) fn series_row(state: &State, key: SeriesKey) -> Option<SeriesRow> {
    let series = state.series.get(&key)?;
    let title = match &series.title {
        Title::Written(text) => Some(text),
        Title::Automatic => None,
    };
    let lines = |lines: Vec<String>| (!lines.is_empty()).then_some(Lines(lines));
    Some(SeriesRow {
        workspace: state.workspace.key,
        key,
        id: series.id.clone(),
        page: series.page,
        written_title: title.map(|text| text.written.clone()),
        title: title.map(|text| text.public.clone()),
        written_body: series.body.as_ref().map(|text| text.written.clone()),
        body: series.body.as_ref().map(|text| text.public.clone()),
        components: lines(series.components.iter().map(|component| component.0.to_string()).collect()),
        checks: lines(series.checks.clone()),
        length: series.length,
        lead: series.lead,
        reminds: series.reminds,
        rule: series.recurrence.rule().to_owned(),
        first: series.recurrence.first(),
        time_zone: series.recurrence.zone_name().to_owned(),
        made: series.made,
        created_ms: series.created_at,
        updated_ms: series.updated_at,
        ended_ms: series.ended_at,
    })
}

/// Writes the series that a step touched.
pub(super) fn write_touched(state: &State, touched: &BTreeSet<SeriesKey>, writes: &mut Vec<Write>) {
    let rows = touched.iter().filter_map(|key| series_row(state, *key));
    writes.extend(rows.map(|row| Write::Put(row.into())));
}

impl Restore for SeriesRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        const TABLE: &str = "maintenance_series";
        let misread = |column: &str, found: String| Misread { column: format!("{TABLE}.{column}"), found };
        let title = text(self.written_title, self.title, TABLE, "title")?;
        let lines = |lines: Option<Lines>| lines.map(|lines| lines.0).unwrap_or_default();
        let component = |line: String| match line.parse() {
            Ok(key) => Ok(ComponentKey(key)),
            Err(_) => Err(misread("components", line)),
        };
        let recurrence = Recurrence::new(&self.rule, self.first, &self.time_zone);
        let recurrence = recurrence.map_err(|error| misread("rule", format!("{:?}: {error}", self.rule)))?;
        let mut series = MaintenanceSeries {
            id: self.id,
            page: self.page,
            title: title.map_or(Title::Automatic, Title::Written),
            body: text(self.written_body, self.body, TABLE, "body")?,
            components: lines(self.components).into_iter().map(component).collect::<Result<_, _>>()?,
            checks: lines(self.checks),
            length: self.length,
            lead: self.lead,
            reminds: self.reminds,
            recurrence,
            made: self.made,
            next: None,
            created_at: self.created_ms,
            updated_at: self.updated_ms,
            ended_at: self.ended_ms,
        };
        series.derive_next();
        state.series.insert(self.key, series);
        Ok(())
    }
}
