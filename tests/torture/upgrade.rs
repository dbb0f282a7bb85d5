//! An upgrade that is cut short, wherever it is: the database is the former one or the new one, whole, and the next
//! start ends it.

use crate::dice::{Dice, pass, rounds, seed};
use crate::disk::Small;
use crate::yard::{Yard, program};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FORMER: &str = include_str!("../fixtures/databases/schema-6.sql");
const FORMER_SCHEMA: i64 = 6;
/// The unit in which a disk is taken away, bytes: that of a page of the database.
const STEP: u64 = 4_096;

/// A database of the former schema, and what stands in it.
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

    /// Puts it where the aggregator looks for it, in place of all that is there.
    fn put(&self, database: &Path) {
        let folder = database.parent().expect("a folder");
        for entry in std::fs::read_dir(folder).expect("readable") {
            std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
        }
        std::fs::copy(&self.file, database).expect("copied");
    }

    /// What was cut short left the former database or the new one, and nothing else that opens.
    fn is_whole(&self, path: &Path) -> i64 {
        let database = Connection::open(path).expect("opens");
        let sound: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be read");
        assert_eq!(sound, "ok");
        let schema = database.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
        assert_eq!(rows(&database, &self.tables), self.rows, "schema {schema}: a value is another");
        schema
    }
}

/// For each table the expression that makes one text of what the former schema knew of a row.
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

/// A command that opens the database, and so migrates it.
fn upgrade(yard: &Yard) -> Command {
    let mut command = Command::new(program("skerry-aggregator"));
    command.args(["agent", "list", "--config"]).arg(yard.path("aggregator.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn ends(yard: &Yard, former: &Former) {
    let output = upgrade(yard).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(former.is_whole(&yard.database()) > FORMER_SCHEMA, "it was migrated");
}

#[test]
fn an_upgrade_that_is_killed_loses_nothing() {
    let former = Former::make();
    let yard = Yard::new(&[], None);
    std::fs::create_dir_all(&yard.data).expect("a folder");
    let mut dice = Dice::new(seed("torture::an_upgrade_that_is_killed"));
    former.put(&yard.database());
    let begun = Instant::now();
    ends(&yard, &former);
    let whole = begun.elapsed().as_micros() as u64;
    let (mut before, mut after) = (0, 0);
    for _ in 0..rounds(60) {
        former.put(&yard.database());
        let mut child = upgrade(&yard).spawn().expect("it starts");
        pass(Duration::from_micros(dice.below(whole)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let migrated = former.is_whole(&yard.database()) > FORMER_SCHEMA;
        before += u32::from(!migrated);
        after += u32::from(migrated);
        ends(&yard, &former);
    }
    say!("killed {before} times before the migration was committed and {after} times after");
}

/// The disk ends at each page in turn, until there is room for all of it.
#[test]
fn an_upgrade_on_a_disk_that_ends_loses_nothing() {
    let Some(small) = Small::make(8) else { return };
    let former = Former::make();
    let yard = Yard::new(&[], Some(&small.path().join("data")));
    std::fs::create_dir_all(&yard.data).expect("a folder");
    let mut refused = 0;
    loop {
        former.put(&yard.database());
        small.leave(refused * STEP);
        let output = upgrade(&yard).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        small.free();
        let schema = former.is_whole(&yard.database());
        if output.status.success() {
            assert!(schema > FORMER_SCHEMA, "{said}");
            break;
        }
        assert!(schema == FORMER_SCHEMA && !said.contains("panicked"), "{refused} pages left: {said}");
        assert!(said.contains("skerry.db") && !said.contains("CREATE TABLE"), "{refused} pages left: {said}");
        ends(&yard, &former);
        refused += 1;
    }
    say!("refused {refused} times, with 0 to {} pages left", refused.saturating_sub(1));
    assert!(refused > 10, "the copy alone takes more");
}
