//! A database of the previous release is migrated completely, with a backup beside it; one that cannot be
//! migrated stays unchanged, with instructions.

use crate::enrolment::listed;
use crate::world::{FAR, World, quick_check};
use rusqlite::Connection;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const FORMER: &str = include_str!("../fixtures/databases/schema-2.sql");
const NOTICED: Duration = Duration::from_secs(20);
/// After a start known spools have this time to return; no other one is accepted meanwhile.
const BACK: Duration = Duration::from_secs(15);

/// The deployment that the database belongs to; its built-in agent and fra-1 check `url`.
fn world(url: &str) -> World {
    let world = World::new(&format!(
        "[local_agent]\nlocation = \"local\"\n\n{}[[page]]\nkey = \"demo\"\nslug = \"demo\"\nname = \"Page demo\"\n\
         public = true\ntime_zone = \"Etc/UTC\"\n\n\
         [[page.component]]\nkey = \"web\"\nname = \"web\"\nchecks = [\"web\"]\n\n\
         [[page.group]]\nkey = \"inside\"\nname = \"Inside\"\n\n\
         [[page.group.component]]\nkey = \"page\"\nname = \"page\"\nchecks = [\"page\"]\n",
        quick_check("page", url)
    ));
    std::fs::create_dir_all(world.path("data")).expect("a folder");
    let database = database(&world);
    database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("as a program of ours opens it");
    database.execute_batch(FORMER).expect("loads");
    drop(database);
    world
}

fn database(world: &World) -> Connection {
    Connection::open(world.database()).expect("opens")
}

fn component_id(world: &World, key: &str) -> String {
    let sql = "SELECT id FROM component WHERE file_key = ?1";
    database(world).query_row(sql, [key], |row| row.get(0)).expect("it is there")
}

fn schema(path: &std::path::Path) -> i64 {
    let database = Connection::open(path).expect("opens");
    database.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version")
}

#[tokio::test]
async fn the_data_of_the_previous_release_is_kept() {
    let nginx = Nginx::start(&Site::default()).await;
    let url = nginx.url_at("127.0.0.1", "/");
    let mut world = world(&url);
    let (before, id) = (world.intervals("web"), component_id(&world, "web"));
    assert!(before.iter().any(|(.., status)| status == "major_outage"), "{before:?}");

    world.start().await;
    let started = Instant::now();
    let copy = world.path("data/skerry.db.schema-2");
    assert_eq!(std::fs::metadata(&copy).expect("a copy").permissions().mode() & 0o777, 0o600);
    assert_eq!(schema(&copy), 2);
    assert!(schema(&world.database()) > 2);
    assert!(world.running().log().contains("a copy of it was taken"), "{}", world.running().log());
    assert_eq!(world.component("/", "web")["id"], id.as_str(), "links to it lead where they led");
    // The last known status counts until its last evidence; everything else stays.
    let after = world.intervals("web");
    let (open, closed) = before.split_last().expect("something");
    assert_eq!((&after[..closed.len()], after[closed.len()].0), (closed, open.0), "{after:?}");
    assert_eq!((open.1, after.last().map(|one| one.1)), (FAR, Some(FAR)));
    assert_eq!(
        (listed(&world, "fra-1")["location"].clone(), listed(&world, "late")["standing"].clone()),
        ("fra".into(), "active".into())
    );

    // The agent uses its old token with a new spool; the old spool does not return.
    until("a new spool is taken", NOTICED, async || started.elapsed() > BACK).await;
    let token =
        FORMER.split_whitespace().find(|word| word.starts_with("ska_")).expect("it stands in the head");
    world.is_in("fra-1", "fra");
    let config = world.agent_config("fra-1", world.private, token, &quick_check("web", &url));
    let agent = world.start_agent("fra-1", &config);
    until("what it sees is taken", NOTICED, async || {
        let status = world.agent_status(&config);
        status.is_some_and(|status| status["acknowledged_through"].as_u64() > Some(0))
    })
    .await;
    world.shows("web", "operational", NOTICED).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_migrated_stays_unchanged_until_it_is_repaired() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = world(&nginx.url_at("127.0.0.1", "/"));
    database(&world).execute_batch("CREATE TABLE flap (somebody_elses TEXT)").expect("made");
    let before = std::fs::read(world.database()).expect("readable");
    for _ in 0..2 {
        let message = world.refused();
        for words in [
            "could not be migrated from schema 2",
            "(table flap already exists)",
            "It is as it was, and a copy is at",
            "skerry.db.schema-2",
            "Install the former version of Skerry again",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert!(!message.contains("CREATE TABLE"), "the message contains no SQL: {message}");
        assert!(std::fs::read(world.database()).expect("readable") == before, "it is as it was");
    }
    database(&world).execute_batch("DROP TABLE flap").expect("dropped");
    world.start().await;
    world.shows("page", "operational", NOTICED).await;
    assert!(schema(&world.database()) > 2);
}
