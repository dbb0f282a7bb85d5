//! An interrupted migration: the database is the former one or the new one, complete, and the next start
//! finishes it.

use crate::disk::SmallDisk;
use crate::harness::{Harness, program};
use crate::rng::{Rng, elapse, rounds, seed};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FORMER: &str = include_str!("../fixtures/databases/schema-6.sql");
const FORMER_SCHEMA: i64 = 6;
/// Step by which the disk grows, bytes: a page of the database.
const STEP: u64 = 4_096;

const FORMER_SHAPE: &str = include_str!("../fixtures/databases/shape-8.sql");

/// A database of the former schema, and its content.
struct Former {
    file: PathBuf,
    tables: Vec<String>,
    rows: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Former {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("former.db");
        let database = Connection::open(&file).expect("opens");
        database
            .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
            .expect("as a program of ours opens it");
        database.execute_batch(FORMER).expect("loads");
        let tables = columns(&database);
        let rows = rows(&database, &tables);
        Self { file, tables, rows, _folder: folder }
    }

    /// Puts it where the aggregator expects it, replacing everything there.
    fn put(&self, database: &Path) {
        let folder = database.parent().expect("a folder");
        for entry in std::fs::read_dir(folder).expect("readable") {
            std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
        }
        std::fs::copy(&self.file, database).expect("copied");
    }

    /// An interrupted migration left the former database or the new one; returns the schema.
    fn is_whole(&self, path: &Path) -> i64 {
        let database = Connection::open(path).expect("opens");
        let sound: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be read");
        assert_eq!(sound, "ok");
        let schema = database.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
        if schema > FORMER_SCHEMA {
            database.execute_batch(FORMER_SHAPE).expect("every column is there");
        }
        assert_eq!(rows(&database, &self.tables), self.rows, "schema {schema}: a value is another");
        schema
    }
}

/// For each table the expression that formats a row as the former schema knew it.
fn columns(database: &Connection) -> Vec<String> {
    let sql = "SELECT 'SELECT ''' || m.name || ': '' || ' || group_concat('quote(\"' || c.name || '\")', ' || '' '' || ')
                 || ' FROM \"' || m.name || '\" ORDER BY 1'
               FROM sqlite_schema m JOIN pragma_table_info(m.name) c
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' GROUP BY m.name ORDER BY m.name";
    let mut statement = database.prepare(sql).expect("a schema");
    let rows = statement.query_map([], |row| row.get(0)).expect("runs");
    rows.map(|row| row.expect("a row")).collect()
}

fn rows(database: &Connection, tables: &[String]) -> Vec<String> {
    let of = |sql: &String| -> Vec<String> {
        let mut statement = database.prepare(sql).expect("the table is still there");
        let rows = statement.query_map([], |row| row.get(0)).expect("runs");
        rows.map(|row| row.expect("a row")).collect()
    };
    tables.iter().flat_map(of).collect()
}

/// A command that opens and so migrates the database.
fn upgrade(harness: &Harness) -> Command {
    let mut command = Command::new(program("skerry-aggregator"));
    command.args(["agent", "list", "--config"]).arg(harness.path("aggregator.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn ends(harness: &Harness, former: &Former) {
    let output = upgrade(harness).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(former.is_whole(&harness.database()) > FORMER_SCHEMA, "it was migrated");
}

#[test]
fn a_killed_upgrade_loses_nothing() {
    let former = Former::make();
    let harness = Harness::new(&[], None);
    std::fs::create_dir_all(&harness.data).expect("a folder");
    let mut rng = Rng::new(seed("torture::a_killed_upgrade"));
    former.put(&harness.database());
    let begun = Instant::now();
    ends(&harness, &former);
    let whole = begun.elapsed().as_micros() as u64;
    let (mut before, mut after) = (0, 0);
    for _ in 0..rounds(60) {
        former.put(&harness.database());
        let mut child = upgrade(&harness).spawn().expect("it starts");
        elapse(Duration::from_micros(rng.below(whole)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let migrated = former.is_whole(&harness.database()) > FORMER_SCHEMA;
        before += u32::from(!migrated);
        after += u32::from(migrated);
        ends(&harness, &former);
    }
    say!("killed {before} times before the migration was committed and {after} times after");
}

/// The disk ends at each page in turn, until there is room for everything.
#[test]
fn an_upgrade_on_a_full_disk_loses_nothing() {
    let Some(small) = SmallDisk::make(8) else { return };
    let former = Former::make();
    let harness = Harness::new(&[], Some(&small.path().join("data")));
    std::fs::create_dir_all(&harness.data).expect("a folder");
    let mut refused = 0;
    loop {
        former.put(&harness.database());
        small.leave(refused * STEP);
        let output = upgrade(&harness).output().expect("it starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        small.free();
        let schema = former.is_whole(&harness.database());
        if output.status.success() {
            assert!(schema > FORMER_SCHEMA, "{message}");
            break;
        }
        assert!(schema == FORMER_SCHEMA && !message.contains("panicked"), "{refused} pages left: {message}");
        assert!(
            message.contains("skerry.db") && !message.contains("CREATE TABLE"),
            "{refused} pages left: {message}"
        );
        ends(&harness, &former);
        refused += 1;
    }
    say!("refused {refused} times, with 0 to {} pages left", refused.saturating_sub(1));
    assert!(refused > 10, "the copy alone takes more");
}
