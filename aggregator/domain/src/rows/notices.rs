//! Notices and their deliveries as rows; notices back. Deliveries are no part of the state: they are read where they are
//! carried out.

use super::Write;
use super::holds::both;
use super::restore::Restore;
use super::subscribers::{write_subscriber, write_suppressed};
use super::table::Key;
use super::value::{Lines, Misread};
use super::{DeliveryRow, NoticeRow};
use crate::delivery::Delivery;
use crate::notice::{Notice, NoticeSubject, Progress, StatusStep};
use crate::state::{ComponentKey, NoticeKey, State, SubscriberKey, WorkspaceKey};
use crate::status::Status;
use crate::step::Touched;
use crate::time::Timestamp;

/// Whole numbers as lines.
pub(super) fn lines_of(numbers: impl Iterator<Item = i64>) -> Lines {
    Lines(numbers.map(|number| number.to_string()).collect())
}

/// The numbers of [`lines_of`].
pub(super) fn keys_of(lines: &Lines) -> Vec<i64> {
    lines.0.iter().filter_map(|line| line.parse().ok()).collect()
}

fn line_of(step: &StatusStep) -> String {
    let said_by = step.said_by.map(|key| format!(" {}", key.0)).unwrap_or_default();
    format!("{} {} {}{said_by}", step.at.0, step.from.name(), step.to.name())
}

fn step_of(line: &str) -> Option<StatusStep> {
    let mut words = line.split(' ');
    let at = Timestamp(words.next()?.parse().ok()?);
    let (from, to) = (Status::from_name(words.next()?)?, Status::from_name(words.next()?)?);
    let said_by = words.next().map(|word| word.parse().map(NoticeKey)).transpose().ok()?;
    Some(StatusStep { at, from, to, said_by })
}

/// The rows of subscribers, and of what they are told.
pub(super) fn write_touched(state: &State, touched: &Touched, writes: &mut Vec<Write>) {
    touched.subscribers.iter().for_each(|key| write_subscriber(state, *key, writes));
    touched.suppressed.iter().for_each(|digest| write_suppressed(state, *digest, writes));
    touched.notices.iter().for_each(|key| write_notice(state, *key, writes));
    let workspace = state.workspace.key;
    let deliveries = touched.deliveries.iter().map(|one| delivery_row(workspace, one));
    writes.extend(deliveries.map(|row| Write::Put(row.into())));
}

/// Writes the notice, or deletes its row if the state no longer has it.
pub(super) fn write_notice(state: &State, key: NoticeKey, writes: &mut Vec<Write>) {
    let Some(notice) = state.notices.get(&key) else {
        writes.push(Write::Delete(Key::of::<NoticeRow>(both(state.workspace.key, &key))));
        return;
    };
    let (kind, subject) = notice.subject.parts();
    let row = NoticeRow {
        workspace: state.workspace.key,
        key,
        id: notice.id.clone(),
        page: notice.page,
        kind,
        subject,
        updates: lines_of(notice.updates.iter().copied()),
        steps: Lines(notice.steps.iter().map(line_of).collect()),
        components: lines_of(notice.components.iter().map(|one| one.0)),
        edge: notice.edge,
        at_ms: notice.at,
        due_ms: notice.due_at,
        joins: notice.joins,
        through: notice.progress.through,
        early: lines_of(notice.progress.early.iter().map(|one| one.0)),
        deliveries: notice.progress.deliveries,
        done_ms: notice.progress.done_at,
    };
    writes.push(Write::Put(row.into()));
}

/// The row of a delivery.
pub(super) fn delivery_row(workspace: WorkspaceKey, one: &Delivery) -> DeliveryRow {
    DeliveryRow {
        workspace,
        key: one.key,
        id: one.id.clone(),
        message: one.message,
        notice: one.notice,
        subscriber: one.subscriber,
        channel: one.channel,
        priority: one.priority,
        state: one.state,
        attempts: one.attempts,
        queued_ms: one.queued_at,
        next_ms: one.next_at,
        updated_ms: one.updated_at,
        answer: one.answer.clone(),
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        Self {
            key: row.key,
            id: row.id,
            message: row.message,
            notice: row.notice,
            subscriber: row.subscriber,
            channel: row.channel,
            priority: row.priority,
            state: row.state,
            attempts: row.attempts,
            queued_at: row.queued_ms,
            next_at: row.next_ms,
            updated_at: row.updated_ms,
            answer: row.answer,
        }
    }
}

impl Restore for NoticeRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let notice = Notice {
            id: self.id,
            page: self.page,
            subject: NoticeSubject::of_parts(self.kind, self.subject),
            updates: keys_of(&self.updates),
            steps: self.steps.0.iter().filter_map(|line| step_of(line)).collect(),
            components: keys_of(&self.components).into_iter().map(ComponentKey).collect(),
            edge: self.edge,
            at: self.at_ms,
            due_at: self.due_ms,
            joins: self.joins,
            progress: Progress {
                through: self.through,
                early: keys_of(&self.early).into_iter().map(SubscriberKey).collect(),
                deliveries: self.deliveries,
                done_at: self.done_ms,
            },
        };
        state.insert_notice(self.key, notice);
        Ok(())
    }
}
