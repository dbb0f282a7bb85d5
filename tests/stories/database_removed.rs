//! The database disappears while the aggregator runs: it notices within seconds, and acknowledges nothing
//! that would be lost.

use crate::enrolment::{listed, run_ok};
use crate::http::get;
use crate::sender::batch;
use crate::world::{World, page};
use skerry_protocol::wire::encode;
use skerry_tests::parts::until;
use std::path::Path;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(5);

fn body() -> Vec<u8> {
    encode(&batch("probe", 7, &["web"])).expect("encodes")
}

type Action = fn(&Path, &Path);

#[tokio::test]
async fn a_deleted_moved_or_replaced_database_is_noticed_and_nothing_more_is_accepted() {
    let gone = "deleted, moved or replaced";
    let actions: [(&str, &str, Action); 5] = [
        ("deleted", gone, |database, _| std::fs::remove_file(database).expect("ours")),
        ("moved", gone, |database, away| std::fs::rename(database, away).expect("ours")),
        ("replaced", gone, |database, away| {
            std::fs::copy(database, away).expect("ours");
            std::fs::rename(away, database).expect("ours");
        }),
        ("its log deleted", gone, |database, _| {
            std::fs::remove_file(database.with_extension("db-wal")).expect("ours");
        }),
        ("its log cut", "cut short", |database, _| {
            let log = std::fs::OpenOptions::new().write(true).open(database.with_extension("db-wal"));
            log.and_then(|log| log.set_len(0)).expect("ours");
        }),
    ];
    for (what, message, action) in actions {
        let mut world = World::new(&page("demo", true, &["web"]));
        world.start().await;
        let token = world.enrol("probe", "there", None);
        world.stop().await;
        world.start().await;
        assert_eq!(world.deliver(&token, &body()).status, 200, "{what}");
        let (database, away) = (world.database(), world.path("away.db"));
        action(&database, &away);
        // No batch is accepted from here on, however soon it arrives.
        let answer = world.deliver(&token, &body());
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        // Where the database lies, and what became of it, is for operators only.
        let text = answer.text();
        assert!(
            text.contains("cannot be written now: its log says why") && !text.contains(message),
            "{what}: {text}"
        );
        until(&format!("{what}: it says so"), NOTICED, async || {
            let ready = get(world.private, "/readyz").expect("an answer");
            ready.status == 503
                && ready.text().contains("database")
                && world.running().log().contains(message)
        })
        .await;
        assert_eq!(world.page("/").status, 200, "{what}: the page stands");
        if what == "moved" {
            std::fs::rename(&away, &database).expect("ours");
            until("it is back", NOTICED, async || world.deliver(&token, &body()).status == 200).await;
        }
        world.kill();
        if what == "its log cut" {
            world.start().await;
            assert_eq!(
                world.deliver(&token, &body()).status,
                200,
                "{what}: it continues from the state that it had"
            );
            // Before, the check of the whole file may have met the log while it was cut.
            let log = world.running().log();
            let since_start = log.rsplit("no file here declares check").next().unwrap_or_default();
            assert!(!since_start.contains("the database is damaged ("), "{log}");
            world.stop().await;
        }
    }
}

/// Tokens are looked up in memory: an agent is accepted even if the rows of agents were changed meanwhile.
#[tokio::test]
async fn a_token_is_known_without_the_database() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let table = rusqlite::Connection::open(world.database()).expect("opens");
    table.execute("ALTER TABLE agent RENAME TO elsewhere", []).expect("renamed");
    assert_eq!(world.deliver("ska_of_nobody", &body()).status, 401);
    assert_eq!(world.deliver(&token, &body()).status, 200);
    table.execute("ALTER TABLE elsewhere RENAME TO agent", []).expect("renamed");
    let ready = get(world.private, "/readyz").expect("an answer");
    assert!(!ready.text().contains("database"), "{}", ready.text());
    world.stop().await;
}

#[tokio::test]
async fn one_file_is_served_once_under_any_name() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let mut other = World::new(&page("demo", true, &["web"]));
    std::fs::create_dir_all(other.path("data")).expect("ours");
    std::os::unix::fs::symlink(world.database(), other.database()).expect("ours");
    let message = other.refused();
    assert!(message.contains("is serving from this database"), "{message}");
    // Commands still go to the one that serves.
    run_ok(&world, &["agent", "add", "one", "--location", "here", "--token"]);
    listed(&world, "one");
    // A similar name is another database.
    std::fs::remove_file(other.database()).expect("ours");
    let neighbour = world.database().with_extension("sqlite");
    std::os::unix::fs::symlink(&neighbour, other.database()).expect("ours");
    other.start().await;
    assert!(neighbour.exists());
    other.stop().await;
    world.stop().await;
}
