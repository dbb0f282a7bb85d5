use super::*;
use crossbeam_channel::RecvTimeoutError;
use rusqlite::TransactionBehavior;
use skerry_domain::credentials::{Standing, token_hash};
use skerry_domain::state::Origin;
use skerry_domain::step::{Admission, AgentChange, Asked, Command, Context, Ids};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use std::sync::atomic::{AtomicUsize, Ordering};

fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    (folder, path)
}

#[test]
fn a_database_of_schema_1_is_migrated_with_its_data() {
    let (_folder, path) = database();
    let first = Connection::open(&path).expect("opens");
    first.execute_batch(MIGRATIONS[0]).expect("the first schema");
    let rows = "INSERT INTO meta VALUES (1, 'abc'); INSERT INTO workspace VALUES (1, 'default');
         INSERT INTO agent (key, workspace, name, location, token_hash) VALUES (7, 1, 'web-1', 'fra', NULL);
         INSERT INTO agent_epoch VALUES (1, 7, zeroblob(16), 41, -3000, 1000000);
         PRAGMA user_version = 1;";
    first.execute_batch(rows).expect("rows");
    drop(first);

    assert!(matches!(Sqlite::open_unlocked(&path), Err(StoreError::Older { found: 1, .. })));
    let store = Sqlite::open(&path).expect("migrates");
    let copy = Connection::open(path.with_extension("db.schema-1")).expect("a copy was taken before");
    assert_eq!(schema_of(&copy, &path).expect("a version"), 1);
    assert_eq!(schema_of(&store.connection, &path).expect("a version"), SCHEMA_VERSION);
    assert_eq!(store.aggregator_id().expect("kept"), "abc");
    let workspaces = store.load(Timestamp(0)).expect("loads");
    let state = workspaces.named("default").expect("kept");
    let agent = state.agents.values().next().expect("kept");
    assert_eq!((agent.name.as_str(), agent.last_seen), ("web-1", Some(Timestamp(1_000_000))));
    assert_eq!(agent.epochs[&[0; 16]].through, 41);
    let agents = store.agents().expect("reads");
    let last = agents[0].last.as_ref().expect("it has delivered");
    assert_eq!((last.skew, last.version.as_str(), last.depth), (-3000, "", 0));
    assert_eq!(agents[0].standing, Standing::Active);
    drop(store);
    Sqlite::open(&path).expect("opens again");
}

/// What a release without an origin wrote was declared in files.
#[test]
fn pages_of_schema_10_belong_to_the_file() {
    let (_folder, path) = database();
    let former = Connection::open(&path).expect("opens");
    former.pragma_update(None, "foreign_keys", false).expect("set");
    MIGRATIONS[..10].iter().for_each(|sql| former.execute_batch(sql).expect("a schema"));
    let rows = "INSERT INTO meta (only_row, aggregator_id) VALUES (1, 'abc');
         INSERT INTO workspace (key, name) VALUES (1, 'default');
         INSERT INTO page VALUES (1, 1, 'main', 'page00000001', 5, 5, 0, 'main', 'Main', 1, 0, 1, NULL, 'Etc/UTC', NULL, '',
             'en', 'observed', 30, 100, 'group 1 1');
         INSERT INTO page_group VALUES (1, 1, 1, 'shop', 'group0000001', 5, 0, 'Shop', NULL);
         INSERT INTO component VALUES (1, 1, 1, 'cards', 'component001', 5, 0, 5, 'Cards', NULL, 1, NULL, 0, 1, 0);
         PRAGMA user_version = 10;";
    former.execute_batch(rows).expect("rows");
    drop(former);
    let workspaces = Sqlite::open(&path).expect("migrates").load(Timestamp(0)).expect("loads");
    let state = workspaces.named("default").expect("kept");
    let pages = state.pages.values().map(|one| one.origin);
    let groups = state.groups.values().map(|one| one.origin);
    let components = state.components.values().map(|one| one.origin);
    assert_eq!(pages.chain(groups).chain(components).collect::<Vec<_>>(), [Origin::File; 3]);
}

/// Every table with its columns.
fn tables(connection: &Connection) -> std::collections::BTreeMap<String, Vec<String>> {
    let sql = "SELECT m.name, c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '')
               FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, c.cid";
    let mut tables: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    let mut statement = connection.prepare(sql).expect("a schema");
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).expect("runs");
    for (table, column) in rows.map(|row| row.expect("a row")) {
        tables.entry(table).or_default().push(column);
    }
    tables
}

#[test]
fn a_database_of_the_former_release_is_migrated_without_loss() {
    let (_folder, path) = database();
    let former = Connection::open(&path).expect("opens");
    former.execute_batch(include_str!("../../../../tests/fixtures/databases/schema-2.sql")).expect("loads");
    let known = tables(&former);
    // The values of the columns that the former release had.
    let values = |connection: &Connection| -> Vec<String> {
        let of = |(table, columns): (&String, &Vec<String>)| {
            let names: Vec<_> = columns.iter().map(|one| one.split(' ').next().expect("a name")).collect();
            let row = names
                .iter()
                .map(|name| format!("quote(\"{name}\")"))
                .collect::<Vec<_>>()
                .join(" || ', ' || ");
            let sql = format!("SELECT '{table}: ' || {row} FROM \"{table}\" ORDER BY 1");
            let mut statement = connection.prepare(&sql).expect("a table");
            let rows = statement.query_map([], |row| row.get(0)).expect("runs");
            rows.map(|row| row.expect("a row")).collect::<Vec<String>>()
        };
        known.iter().flat_map(of).collect()
    };
    let before = values(&former);
    assert!(before.len() > 100, "{} rows", before.len());
    drop(former);
    let store = Sqlite::open(&path).expect("migrates");
    let second = Connection::open(&path).expect("opens");
    second.execute_batch(include_str!("../../../../tests/fixtures/databases/shape-8.sql")).expect("views");
    assert_eq!(values(&second), before, "no value is changed");
    let (_other, fresh) = database();
    let fresh = Sqlite::open(&fresh).expect("made");
    assert_eq!(tables(&store.connection), tables(&fresh.connection), "as in a new database");
    assert_eq!(values(&Connection::open(path.with_extension("db.schema-2")).expect("a copy")), before);
    let workspaces = store.load(Timestamp(i64::MAX / 2)).expect("loads");
    let all = workspaces.iter().flat_map(|(_, state)| state.agents.values());
    let agents: Vec<&str> = all.map(|agent| agent.name.as_str()).collect();
    assert!(agents.contains(&"fra-1") && agents.contains(&"late"), "{agents:?}");
}

/// Adds an agent with that name and token.
fn enrol(store: &mut Sqlite, name: &str, token: &str) {
    let mut workspaces = store.load(Timestamp(0)).expect("loads");
    let admission = Admission::Credential(token_hash(token));
    let change = AgentChange::Add { location: "fra".to_owned(), checks: Vec::new(), admission };
    let command = Command::ChangeAgent { agent: name.to_owned(), change };
    let commands = [(Target::Name("default".to_owned()), command)];
    let context = Context { now: Timestamp(1), ids: Ids::from_seed([1; 32]) };
    let outcome = workspaces.step(&commands, context, Asked::default()).expect("taken");
    store.commit(&outcome.rows).expect("committed");
}

/// Creates a database with several pages of rows in `table`, and overwrites these pages.
fn damaged(folder: &Path, table: &str, fill: &str) -> PathBuf {
    let path = folder.join("skerry.db");
    let store = Sqlite::open(&path).expect("made");
    store.connection.execute_batch(fill).expect("filled");
    store.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("checkpointed");
    let pages: Vec<u64> = {
        let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf'";
        let mut statement = store.connection.prepare(sql).expect("a table of pages");
        let pages = statement.query_map([table], |row| row.get::<_, i64>(0)).expect("pages");
        pages.map(|page| page.expect("a number").unsigned_abs()).collect()
    };
    drop(store);
    assert!(!pages.is_empty());
    let mut bytes = std::fs::read(&path).expect("readable");
    for page in pages {
        let begin = (page as usize - 1) * 4_096;
        bytes[begin..begin + 4_096].fill(0x5a);
    }
    std::fs::write(&path, bytes).expect("written");
    path
}

const NUMBERS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)";

#[test]
fn damage_in_a_table_of_the_state_prevents_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let fill =
        format!("{NUMBERS} INSERT INTO workspace (key, name) SELECT i, 'workspace number ' || i FROM n");
    let path = damaged(folder.path(), "workspace", &fill);
    let message = Sqlite::open(&path).expect_err("refused").to_string();
    assert!(message.contains("damaged") && message.contains("restore the last backup"), "{message}");
}

#[test]
fn damage_in_a_growing_table_is_found_by_the_full_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let fill = format!("{NUMBERS} INSERT INTO observation SELECT i, zeroblob(8) FROM n");
    let path = damaged(folder.path(), "observation", &fill);
    let store = Sqlite::open(&path).expect("a start does not read it");
    let message = store.check_all().expect_err("noticed").to_string();
    assert!(message.contains("damaged") && message.contains("restore the last backup"), "{message}");
}

fn schema(path: &Path) -> i64 {
    schema_of(&Connection::open(path).expect("opens"), path).expect("a version")
}

#[test]
fn a_migration_that_fails_leaves_the_database_unchanged_and_names_the_copy() {
    let (folder, path) = database();
    enrol(&mut Sqlite::open(&path).expect("made"), "web-1", "token");
    let mut connection = Sqlite::connect(&path, false).expect("opens");
    let mut migrations = MIGRATIONS.to_vec();
    migrations
        .extend(["CREATE TABLE new_one (key INTEGER PRIMARY KEY)", "INSERT INTO no_such_table VALUES (1)"]);
    for _ in 0..2 {
        let error = migrate(&mut connection, &path, &migrations).expect_err("the last one fails");
        let message = error.to_string();
        assert!(matches!(error, StoreError::NotMigrated { .. }), "{message}");
        assert!(
            message.contains("(no such table: no_such_table)"),
            "SQLite's message without the SQL: {message}"
        );
        assert!(
            message.contains("It is as it was")
                && message.contains(&format!("skerry.db.schema-{SCHEMA_VERSION}")),
            "{message}"
        );
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'new_one'";
        let new: i64 = connection.query_row(there, [], |row| row.get(0)).expect("reads");
        assert_eq!((schema(&path), new), (SCHEMA_VERSION, 0), "all of it or none");
    }
    drop(connection);
    assert_eq!(Sqlite::open(&path).expect("opens").agents().expect("reads").len(), 1);
    let copies = std::fs::read_dir(folder.path()).expect("lists").flatten();
    let copies = copies.filter(|entry| entry.file_name().to_string_lossy().contains("schema-"));
    assert_eq!(copies.count(), 1, "a second attempt replaces the copy of the first");
}

#[test]
fn the_last_two_copies_before_migrations_are_kept() {
    let (folder, path) = database();
    let store = Sqlite::open(&path).expect("made");
    for found in [1, 2, 9, 10] {
        backup::before_migration(&store.connection, &path, found).expect("copied");
    }
    let mut copies: Vec<String> = std::fs::read_dir(folder.path())
        .expect("lists")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("schema-") || name.contains("partial"))
        .collect();
    copies.sort();
    assert_eq!(copies, ["skerry.db.schema-10", "skerry.db.schema-9"]);
}

#[test]
fn a_backup_is_private_and_complete_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = database();
    let target = folder.path().join("copy");
    let missing = backup::back_up(&path, &target).expect_err("nothing to copy").to_string();
    assert!(missing.contains("there is no database"), "{missing}");
    let mut store = Sqlite::open(&path).expect("made");
    enrol(&mut store, "web-1", "token");
    let contents = backup::back_up(&path, &target).expect("while another handle is open");
    assert_eq!((contents.rows["agent"], contents.schema), (1, SCHEMA_VERSION));
    assert_eq!(contents.aggregator_id, store.aggregator_id().expect("one"));
    assert_eq!(std::fs::metadata(&target).expect("there").permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&target).expect("readable");
    let message = backup::back_up(&path, &target).expect_err("it is there").to_string();
    assert!(message.contains("is there already"), "{message}");
    assert_eq!(std::fs::read(&target).expect("readable"), before);
    let files = |end: &str| path.with_file_name(format!("copy{end}")).exists();
    assert!(!files("-wal") && !files("-shm") && !files(".partial"), "the backup is a single file");
}

#[test]
fn a_restore_keeps_the_former_database_and_is_rejected_while_an_aggregator_runs() {
    let (folder, path) = database();
    let copy = folder.path().join("copy");
    let mut store = Sqlite::open(&path).expect("made");
    enrol(&mut store, "web-1", "token");
    let contents = backup::back_up(&path, &copy).expect("copied");
    enrol(&mut store, "web-2", "other");
    let message = backup::restore(&path, &copy, "now").expect_err("it is locked").to_string();
    assert!(message.contains("Stop it first"), "{message}");
    drop(store);

    let restored = backup::restore(&path, &copy, "now").expect("restored");
    assert_eq!(restored.contents, contents);
    assert_eq!(restored.former_id.as_deref(), Some(contents.aggregator_id.as_str()));
    let kept = restored.kept.expect("there was one");
    assert_eq!(kept, path.with_file_name("skerry.db.replaced-now"));
    assert_eq!(Sqlite::open(&path).expect("opens").agents().expect("reads").len(), 1);
    assert_eq!(Sqlite::open(&kept).expect("opens").agents().expect("reads").len(), 2);
    // Back again, and to a path without a database.
    backup::restore(&path, &kept, "later").expect("restored");
    assert_eq!(Sqlite::open(&path).expect("opens").agents().expect("reads").len(), 2);
    let elsewhere = folder.path().join("new/skerry.db");
    assert_eq!(backup::restore(&elsewhere, &copy, "now").expect("restored").kept, None);
    Sqlite::open(&elsewhere).expect("opens");
}

#[test]
fn an_invalid_backup_is_rejected_and_nothing_is_changed() {
    let (folder, path) = database();
    let mut store = Sqlite::open(&path).expect("made");
    enrol(&mut store, "web-1", "token");
    drop(store);
    let other = tempfile::tempdir().expect("a folder");
    let fill = format!("{NUMBERS} INSERT INTO observation SELECT i, zeroblob(8) FROM n");
    let corrupt = damaged(other.path(), "observation", &fill);
    let (empty, text, newer) =
        (folder.path().join("empty"), folder.path().join("text"), folder.path().join("newer"));
    std::fs::write(&empty, "").expect("written");
    std::fs::write(&text, "hello ".repeat(1_000)).expect("written");
    backup::back_up(&path, &newer).expect("copied");
    Connection::open(&newer).expect("opens").pragma_update(None, "user_version", 99).expect("set");
    let cases = [
        (&corrupt, "database disk image is malformed"),
        (&empty, "no database of Skerry"),
        (&text, "is not a valid backup"),
        (&newer, "written by a newer Skerry"),
        (&path, "it is the database itself"),
        (&folder.path().join("missing"), "No such file"),
    ];
    let listed = || {
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("lists")
            .map(|one| one.expect("one").file_name())
            .collect();
        names.sort();
        names
    };
    let before = listed();
    for (backup, why) in cases {
        let message = backup::restore(&path, backup, "now").expect_err(why).to_string();
        assert!(message.contains(why), "{message}");
        assert_eq!(listed(), before, "nothing is left behind after: {message}");
    }
    assert_eq!(Sqlite::open(&path).expect("opens").agents().expect("reads").len(), 1);
}

#[test]
fn a_restore_replaces_a_damaged_database_and_keeps_it_unchanged() {
    let (folder, path) = database();
    let copy = folder.path().join("copy");
    enrol(&mut Sqlite::open(&path).expect("made"), "web-1", "token");
    backup::back_up(&path, &copy).expect("copied");
    std::fs::write(&path, "nonsense ".repeat(1_000)).expect("written");
    std::fs::write(folder.path().join("skerry.db-wal"), "more of it").expect("written");
    assert!(matches!(Sqlite::open(&path), Err(StoreError::Damaged { .. })));
    let restored = backup::restore(&path, &copy, "now").expect("restored");
    assert_eq!(restored.former_id, None);
    let kept = restored.kept.expect("kept");
    assert!(std::fs::read_to_string(&kept).expect("readable").starts_with("nonsense"));
    assert_eq!(Sqlite::open(&path).expect("opens").agents().expect("reads").len(), 1);
}

#[test]
fn a_test_write_reaches_the_log() {
    let (_folder, path) = database();
    let mut store = Sqlite::open(&path).expect("a new database");
    let log = path.with_extension("db-wal");
    let before = std::fs::read(&log).expect("a log");
    store.try_write().expect("written");
    assert!(std::fs::read(&log).expect("a log") != before, "nothing reached the disk");
    assert_eq!(schema(&path), SCHEMA_VERSION);
}

/// The lock is free for a few milliseconds at a time: trying ten times a second never gets it.
#[test]
fn a_command_gets_the_lock_from_a_busy_writer() {
    let (_folder, path) = database();
    let mut writer = Sqlite::open(&path).expect("a new database");
    let command = Sqlite::open_unlocked(&path).expect("a second handle");
    let (over, stop) = crossbeam_channel::bounded::<()>(0);
    let waits = |ms| stop.recv_timeout(Duration::from_millis(ms)) == Err(RecvTimeoutError::Timeout);
    let transactions = AtomicUsize::new(0);
    let longest = std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                let writing = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate);
                let writing = writing.expect("it waits for one transaction of the command at most");
                if !waits(100) {
                    return;
                }
                drop(writing);
                transactions.fetch_add(1, Ordering::Relaxed);
                if !waits(4) {
                    return;
                }
            }
        });
        let add = |number: u32| {
            let before = transactions.load(Ordering::Relaxed);
            command
                .connection
                .execute("INSERT INTO workspace (key, name) VALUES (?1, 'one of ' || ?1)", [number])
                .map(|_| transactions.load(Ordering::Relaxed) - before)
        };
        let longest =
            (0..10).map(add).max_by_key(|waited| waited.as_ref().map_or(usize::MAX, |waited| *waited));
        drop(over);
        longest.expect("ten")
    });
    let longest = longest.expect("none failed");
    assert!(longest < 20, "the writer had {longest} transactions before the command had one");
}
