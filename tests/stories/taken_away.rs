//! The database is taken away while the aggregator runs: it is noticed within seconds, and nothing that would be lost
//! is acknowledged.

use crate::http::get;
use crate::world::{World, now, page};
use skerry_protocol::wire::{Batch, encode};
use skerry_tests::parts::until;
use std::path::Path;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(5);

fn batch() -> Vec<u8> {
    let batch = Batch {
        protocol: 1,
        agent: "probe".into(),
        epoch: vec![7; 16],
        boot_id: "boot".into(),
        boot_now_ms: 1_000,
        wall_now_ms: now(),
        checks: vec!["web".into()],
        ..Batch::default()
    };
    encode(&batch).expect("encodes")
}

type Deed = fn(&Path, &Path);

#[tokio::test]
async fn a_database_that_is_deleted_moved_or_replaced_is_noticed_and_nothing_more_is_taken() {
    let deeds: [(&str, Deed); 4] = [
        ("deleted", |database, _| std::fs::remove_file(database).expect("ours")),
        ("moved", |database, away| std::fs::rename(database, away).expect("ours")),
        ("replaced", |database, away| {
            std::fs::copy(database, away).expect("ours");
            std::fs::rename(away, database).expect("ours");
        }),
        ("its log deleted", |database, _| {
            std::fs::remove_file(database.with_extension("db-wal")).expect("ours");
        }),
    ];
    for (what, deed) in deeds {
        let mut world = World::new(&page("demo", true, &["web"]));
        world.start().await;
        let token = world.enrol("probe", "there", None);
        assert_eq!(world.deliver(&token, &batch()).status, 200, "{what}");
        let (database, away) = (world.database(), world.path("away.db"));
        deed(&database, &away);
        // From here on none is taken, however soon it comes.
        let answer = world.deliver(&token, &batch());
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        assert!(answer.text().contains("deleted, moved or replaced"), "{what}: {}", answer.text());
        until(&format!("{what}: it says so"), NOTICED, async || {
            let ready = get(world.private, "/readyz").expect("an answer");
            ready.status == 503
                && ready.text().contains("database")
                && world.running().log().contains("deleted, moved")
        })
        .await;
        assert_eq!(world.page("/").status, 200, "{what}: the page stands");
        if what == "moved" {
            std::fs::rename(&away, &database).expect("ours");
            until("it is back", NOTICED, async || world.deliver(&token, &batch()).status == 200).await;
        }
        world.kill();
    }
}

#[tokio::test]
async fn one_file_is_served_once_whatever_it_is_called() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let mut other = World::new(&page("demo", true, &["web"]));
    std::fs::create_dir_all(other.path("data")).expect("ours");
    std::os::unix::fs::symlink(world.database(), other.database()).expect("ours");
    let said = other.refused();
    assert!(said.contains("is serving from this database"), "{said}");
    // A neighbour of the same stem is another database.
    std::fs::remove_file(other.database()).expect("ours");
    let neighbour = world.database().with_extension("sqlite");
    std::os::unix::fs::symlink(&neighbour, other.database()).expect("ours");
    other.start().await;
    assert!(neighbour.exists());
    other.stop().await;
    world.stop().await;
}
