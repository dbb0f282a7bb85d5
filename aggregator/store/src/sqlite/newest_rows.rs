//! Of several rows with one key in a group only the newest is written, with the columns of all of them.

use skerry_domain::rows::{Columns, Row, Value, Write};
use std::collections::HashMap;

/// What is written of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing: a later row of its key is written.
    Nothing,
    /// All of it, whether it is there or not.
    Whole,
    /// These columns of a row that is there.
    Columns(Columns),
}

impl Part {
    fn of(write: &Write) -> Self {
        if let Write::Update(_, columns) = write { Self::Columns(*columns) } else { Self::Whole }
    }

    fn and(self, former: Self) -> Self {
        match (self, former) {
            (Self::Columns(one), Self::Columns(other)) => Self::Columns(one.and(other)),
            _ => Self::Whole,
        }
    }
}

/// The rows of a group that share their key with another one, by their number in the group. A delete on the table in
/// between separates them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct NewestRows(HashMap<usize, Part>);

impl NewestRows {
    pub(super) fn of(writes: &[Write]) -> Self {
        // One command writes each row once, in the order of the keys.
        if is_ascending(writes) { Self::default() } else { Self::search(writes) }
    }

    /// What is written of the row that `write` puts or updates; `number`: its number in the group.
    pub(super) fn part(&self, number: usize, write: &Write) -> Part {
        if self.0.is_empty() {
            return Part::of(write);
        }
        self.0.get(&number).copied().unwrap_or_else(|| Part::of(write))
    }

    fn search(writes: &[Write]) -> Self {
        let mut parts = HashMap::new();
        // By table, so that a delete on one costs nothing for the others.
        let mut newest: HashMap<&'static str, HashMap<OwnKey, (usize, Part)>> = HashMap::new();
        for (number, write) in writes.iter().enumerate() {
            match write {
                Write::Put(row) | Write::Update(row, _) => {
                    let ((table, key), mut part) = (key_of(row), Part::of(write));
                    let newest = newest.entry(table).or_default();
                    if let Some((former, of_former)) = newest.get(&key) {
                        part = part.and(*of_former);
                        parts.insert(*former, Part::Nothing);
                        parts.insert(number, part);
                    }
                    newest.insert(key, (number, part));
                }
                Write::Delete(key)
                | Write::Replace { prefix: key, .. }
                | Write::Prune { prefix: key, .. } => {
                    newest.remove(key.table.name);
                }
                Write::Append(_) | Write::Observe(..) => {}
            }
        }
        Self(parts)
    }
}

/// Whether the keys of the rows of each table ascend, so that no two are the same.
fn is_ascending(writes: &[Write]) -> bool {
    let mut last: Vec<(&'static str, OwnKey)> = Vec::new();
    writes.iter().all(|write| {
        let (Write::Put(row) | Write::Update(row, _)) = write else { return true };
        let (table, key) = key_of(row);
        match last.iter_mut().rfind(|(of, _)| *of == table) {
            Some((_, before)) if *before >= key => false,
            Some((_, before)) => {
                *before = key;
                true
            }
            None => {
                last.push((table, key));
                true
            }
        }
    })
}

/// A key by value; most are of a few numbers, which take no memory of their own.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
enum OwnKey {
    Numbers([i64; 3]),
    Values(Vec<Value<'static>>),
}

fn key_of(row: &Row) -> (&'static str, OwnKey) {
    let table = row.table();
    let mut numbers = [0; 3];
    let few = table.key <= numbers.len();
    let are_numbers = few
        && numbers.iter_mut().take(table.key).zip(0..).all(|(number, index)| {
            let Value::Integer(value) = row.value(index) else { return false };
            *number = value;
            true
        });
    let values = || (0..table.key).map(|index| row.value(index).into_owned()).collect();
    (table.name, if are_numbers { OwnKey::Numbers(numbers) } else { OwnKey::Values(values()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::rows::{CounterRow, Key, Record, SpanRow};
    use skerry_domain::state::{TrackKey, WorkspaceKey};
    use skerry_domain::time::Timestamp;
    use skerry_domain::track::HardState;

    fn span(from: i64) -> Row {
        let (from_ms, last_ms) = (Timestamp(from), Timestamp(from + 5));
        SpanRow { workspace: WorkspaceKey(1), track: TrackKey(1), from_ms, last_ms, state: HardState::Up }
            .into()
    }

    fn counter(name: &str) -> Row {
        CounterRow { workspace: WorkspaceKey(1), name: name.to_owned(), last: 1 }.into()
    }

    fn columns(index: usize) -> Columns {
        Columns::of(&[0, 1, 2, 3, 4].map(|one| one == index))
    }

    fn parts(writes: &[Write]) -> Vec<Part> {
        let newest = NewestRows::of(writes);
        assert_eq!(newest, NewestRows::search(writes), "{writes:?}");
        writes.iter().enumerate().map(|(number, write)| newest.part(number, write)).collect()
    }

    #[test]
    fn the_newest_row_of_a_key_is_written_with_the_columns_of_all() {
        let update = |from, index| Write::Update(span(from), columns(index));
        let put = |from| Write::Put(span(from));
        let (three, both) = (Part::Columns(columns(3)), Part::Columns(columns(3).and(columns(4))));
        let delete = Write::Delete(Key { table: SpanRow::TABLE, values: vec![Value::Integer(1)] });
        let named = |name| Write::Put(counter(name));
        let table = [
            (vec![put(1), put(2)], vec![Part::Whole, Part::Whole]),
            (vec![put(2), put(1)], vec![Part::Whole, Part::Whole]),
            (vec![put(1), put(1)], vec![Part::Nothing, Part::Whole]),
            (vec![update(1, 3), update(2, 3)], vec![three, three]),
            (vec![update(1, 3), update(1, 4)], vec![Part::Nothing, both]),
            (vec![update(1, 3), update(1, 4), update(1, 3)], vec![Part::Nothing, Part::Nothing, both]),
            (vec![put(1), update(1, 3)], vec![Part::Nothing, Part::Whole]),
            (vec![put(1), update(1, 3), update(1, 4)], vec![Part::Nothing, Part::Nothing, Part::Whole]),
            (vec![update(1, 3), put(1)], vec![Part::Nothing, Part::Whole]),
            (vec![put(1), delete.clone(), update(1, 3)], vec![Part::Whole, Part::Whole, three]),
            (vec![named("a"), put(1), named("b"), put(2)], vec![Part::Whole; 4]),
            (vec![named("a"), named("a")], vec![Part::Nothing, Part::Whole]),
        ];
        for (writes, expected) in table {
            assert_eq!(parts(&writes), expected, "{writes:?}");
        }
    }
}
