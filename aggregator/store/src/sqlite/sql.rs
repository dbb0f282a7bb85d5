//! SQL in SQLite's dialect, generated from the declarations of the rows, once per handle.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use skerry_domain::rows::{Columns, Table, Value};

/// The statements of one table.
#[derive(Debug)]
pub(super) struct Statements {
    /// Inserts a row or replaces the row of its key.
    pub(super) put: String,
    /// Inserts a row with a new key.
    pub(super) insert: String,
    /// Deletes rows by a prefix of the key: of one value, of two and so on.
    pub(super) delete: Vec<String>,
    /// The same, limited to rows whose next column is at least a further value.
    pub(super) delete_from: Vec<String>,
    /// The same, limited to rows whose next column is less than a further value.
    pub(super) delete_before: Vec<String>,
    /// Every row, in the order of the keys.
    pub(super) select: String,
}

impl Statements {
    pub(super) fn of(table: &Table) -> Self {
        let name = quoted(table.name);
        let columns: Vec<String> = table.columns.iter().map(|column| quoted(column.name)).collect();
        let (key, others) = (&columns[..table.key], &columns[table.fixed..]);
        let (all, keys) = (columns.join(", "), key.join(", "));
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT INTO {name} ({all}) VALUES ({})", places.join(", "));
        let set: Vec<String> = others.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let set =
            if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
        let put = format!("{insert} ON CONFLICT ({keys}) DO {set}");
        let begins = |length: usize| {
            let equal = |(place, column): (usize, &String)| format!("{column} = ?{}", place + 1);
            let all: Vec<String> = key[..length].iter().enumerate().map(equal).collect();
            format!("DELETE FROM {name} WHERE {}", all.join(" AND "))
        };
        let delete = (1..=key.len()).map(begins).collect();
        let bounded = |sign: &str| -> Vec<String> {
            let one = |length| format!("{} AND {} {sign} ?{}", begins(length), key[length], length + 1);
            (1..key.len()).map(one).collect()
        };
        let (delete_from, delete_before) = (bounded(">="), bounded("<"));
        let select = format!("SELECT {all} FROM {name} ORDER BY {keys}");
        Self { put, insert, delete, delete_from, delete_before, select }
    }
}

/// Updates these columns of a row. Its key is given before their values.
pub(super) fn update(table: &Table, columns: Columns) -> String {
    let name = |index: usize| quoted(table.columns[index].name);
    let equal = |(column, place): (String, usize)| format!("{column} = ?{place}");
    let set: Vec<String> = columns.indexes().map(name).zip(table.key + 1..).map(equal).collect();
    let key: Vec<String> = (0..table.key).map(name).zip(1..).map(equal).collect();
    format!("UPDATE {} SET {} WHERE {}", quoted(table.name), set.join(", "), key.join(" AND "))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A value as a parameter of a statement.
pub(super) struct Bound<'a>(pub(super) &'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A value read from a row. No column holds fractional numbers.
pub(super) fn value(found: ValueRef<'_>) -> Value<'_> {
    match found {
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(text.into()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::rows::TABLES;

    /// Their index would be written again with each report, and what they name looked up.
    #[test]
    fn columns_that_never_change_are_not_written_again() {
        let track = TABLES.iter().find(|table| table.name == "track").expect("declared");
        let put = Statements::of(track).put;
        let (_, set) = put.split_once("DO UPDATE SET ").expect("it is updated");
        assert!(set.starts_with("\"interval_ms\" = excluded.\"interval_ms\", "), "{set}");
    }

    #[test]
    fn an_update_names_the_changed_columns_only() {
        let track = TABLES.iter().find(|table| table.name == "track").expect("declared");
        let changed: Vec<bool> =
            track.columns.iter().map(|one| ["last_ms", "run_us"].contains(&one.name)).collect();
        assert_eq!(
            update(track, Columns::of(&changed)),
            "UPDATE \"track\" SET \"last_ms\" = ?3, \"run_us\" = ?4 WHERE \"workspace\" = ?1 AND \"key\" = ?2"
        );
    }

    #[test]
    fn statements_are_written_from_the_declaration() {
        let span = TABLES.iter().find(|table| table.name == "span").expect("declared");
        let texts = Statements::of(span);
        assert_eq!(
            texts.put,
            "INSERT INTO \"span\" (\"workspace\", \"track\", \"from_ms\", \"last_ms\", \"state\") VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (\"workspace\", \"track\", \"from_ms\") DO UPDATE SET \"last_ms\" = excluded.\"last_ms\", \"state\" = excluded.\"state\""
        );
        assert_eq!(
            texts.delete_from[1],
            "DELETE FROM \"span\" WHERE \"workspace\" = ?1 AND \"track\" = ?2 AND \"from_ms\" >= ?3"
        );
    }
}
