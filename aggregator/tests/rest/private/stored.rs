//! What the database has.

use std::path::Path;

/// Whether a text stands anywhere in the database.
pub(super) fn is_stored(database: &Path, text: &str) -> bool {
    let database = rusqlite::Connection::open(database).expect("opens");
    let mut names =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("prepared");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("names");
    names.iter().any(|table| is_in_table(&database, table, text.as_bytes()))
}

fn is_in_table(database: &rusqlite::Connection, table: &str, text: &[u8]) -> bool {
    let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\"")).expect("prepared");
    let columns = rows.column_count();
    let mut rows = rows.query([]).expect("read");
    while let Some(row) = rows.next().expect("a row") {
        let values = (0..columns).map(|column| row.get_ref(column).expect("a value"));
        let mut texts = values.filter_map(|value| value.as_bytes().ok());
        if texts.any(|bytes| bytes.windows(text.len()).any(|part| part == text)) {
            return true;
        }
    }
    false
}
