use super::*;

fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    (folder, path)
}

#[test]
fn a_database_of_the_first_version_is_migrated_with_its_data() {
    let (_folder, path) = database();
    let first = Connection::open(&path).expect("opens");
    first.execute_batch(MIGRATIONS[0]).expect("the first schema");
    let rows = "INSERT INTO meta VALUES (1, 'abc'); INSERT INTO workspace VALUES (1, 'default');
         INSERT INTO agent (key, workspace, name, location, token_hash) VALUES (7, 1, 'web-1', 'fra', NULL);
         INSERT INTO agent_epoch VALUES (1, 7, zeroblob(16), 41, -3000, 1000000);
         PRAGMA user_version = 1;";
    first.execute_batch(rows).expect("rows");
    drop(first);

    assert!(matches!(Store::beside(&path), Err(StoreError::Older { found: 1, .. })));
    let store = Store::open(&path).expect("migrates");
    assert_eq!(schema_of(&store.connection, &path).expect("a version"), SCHEMA_VERSION);
    assert_eq!(store.aggregator_id().expect("kept"), "abc");
    let state = store.load(Timestamp(0)).expect("loads");
    let agent = state.agents.values().next().expect("kept");
    assert_eq!((agent.name.as_str(), agent.last_seen), ("web-1", Some(Timestamp(1_000_000))));
    assert_eq!(agent.epochs[&[0; 16]].through, 41);
    let roll = store.roll().expect("reads");
    let last = roll[0].last.as_ref().expect("heard");
    assert_eq!((last.skew, last.version.as_str(), last.depth), (-3000, "", 0));
    assert_eq!(roll[0].standing, Standing::Active);
    drop(store);
    Store::open(&path).expect("opens again");
}

#[test]
fn a_token_makes_one_credential_in_its_time() {
    let (_folder, path) = database();
    let mut store = Store::open(&path).expect("opens");
    let until = Timestamp(900_000);
    let offer = |store: &mut Store, token: &str| {
        store.offer_enrolment("default", "web-1", "fra", token, until).expect("written");
    };
    offer(&mut store, "first");
    offer(&mut store, "second");
    let before = Timestamp(899_999);
    assert_eq!(
        store.redeem("first", "a", before).expect("answers"),
        Redeemed::Unknown,
        "a new one replaced it"
    );
    let expired = store.redeem("second", "a", until).expect("answers");
    assert_eq!(expired, Redeemed::Expired { name: "web-1".to_owned() });
    assert_eq!(store.agent_by_token("a").expect("answers"), None);
    let taken = store.redeem("second", "a", before).expect("answers");
    assert!(matches!(taken, Redeemed::Enrolled(Enrolled { location, .. }) if location == "fra"));
    let again = store.redeem("second", "b", before).expect("answers");
    assert_eq!(again, Redeemed::Used { name: "web-1".to_owned(), at: before });
    assert_eq!(store.agent_by_token("b").expect("answers"), None);

    // Rotation: what it delivers with now holds until the new token is used.
    offer(&mut store, "third");
    assert!(store.agent_by_token("a").expect("answers").is_some());
    store.redeem("third", "c", before).expect("answers");
    assert_eq!(store.agent_by_token("a").expect("answers"), None);
    assert!(store.agent_by_token("c").expect("answers").is_some());
}

#[test]
fn an_agent_is_renamed_disabled_and_revoked() {
    let (_folder, path) = database();
    let mut store = Store::open(&path).expect("opens");
    store.enrol_agent("default", "web-1", "fra", "token").expect("written");
    store.enrol_agent("default", "web-2", "fra", "other").expect("written");
    assert!(store.rename_agent("default", "web-1", "web-2").is_err(), "the name is taken");
    assert!(store.rename_agent("default", "web-1", "shop").expect("written"));
    assert!(!store.rename_agent("other", "shop", "x").expect("written"), "another workspace's");
    let owner = |store: &Store| store.agent_by_token("token").expect("answers");
    let shop = owner(&store).expect("known");
    assert_eq!((shop.name.as_str(), shop.former_name.as_deref()), ("shop", Some("web-1")));
    store.set_standing("default", "shop", Standing::Disabled).expect("written");
    assert_eq!(owner(&store).expect("known").standing, Standing::Disabled);
    store.set_standing("default", "shop", Standing::Active).expect("written");
    store.offer_enrolment("default", "shop", "fra", "late", Timestamp(1_000)).expect("written");
    store.set_standing("default", "shop", Standing::Revoked).expect("written");
    assert_eq!(owner(&store), None);
    assert_eq!(store.redeem("late", "x", Timestamp(0)).expect("answers"), Redeemed::Unknown);
}

/// A database with rows in `table` enough for several pages, all its pages then overwritten.
fn damaged(folder: &Path, table: &str, fill: &str) -> PathBuf {
    let path = folder.join("skerry.db");
    let store = Store::open(&path).expect("made");
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
fn damage_in_what_is_loaded_refuses_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let fill =
        format!("{NUMBERS} INSERT INTO workspace (key, name) SELECT i, 'workspace number ' || i FROM n");
    let path = damaged(folder.path(), "workspace", &fill);
    let said = Store::open(&path).expect_err("refused").to_string();
    assert!(said.contains("damaged") && said.contains("restore the last backup"), "{said}");
}

#[test]
fn damage_in_what_grows_is_noticed_by_the_look_through_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let fill = format!("{NUMBERS} INSERT INTO observation SELECT i, zeroblob(8) FROM n");
    let path = damaged(folder.path(), "observation", &fill);
    let store = Store::open(&path).expect("a start does not read it");
    let said = store.check_all().expect_err("noticed").to_string();
    assert!(said.contains("damaged") && said.contains("restore the last backup"), "{said}");
}
