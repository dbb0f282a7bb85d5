//! A backup is restored while agents keep running: records they still have arrive, records delivered since
//! the backup are a gap that visitors and operators see, and nothing counts twice.

use crate::continuity::only_outage;
use crate::enrolment::{listed, run_ok};
use crate::world::{World, now, page, quick_check};
use rusqlite::{Connection, OpenFlags};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::path::Path;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);
/// Longer than the silence limit of three intervals and ten seconds.
const HOLE: i64 = 16;
/// An agent that could not deliver for a while retries within this time.
const DRAINED: Duration = Duration::from_secs(60);

/// A database's content for its one agent with one check: observations, acknowledged records, and losses.
#[derive(Debug)]
struct DatabaseContent {
    observations: i64,
    through: i64,
    lost: i64,
}

fn content(path: &Path) -> DatabaseContent {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags).expect("opens");
    database.busy_timeout(Duration::from_secs(5)).expect("a pragma");
    // One statement reads one snapshot.
    let sql =
        "SELECT (SELECT count(*) FROM observation), (SELECT coalesce(sum(through), 0) FROM agent_epoch),
                      (SELECT coalesce(sum(count), 0) FROM loss)";
    let row = database.query_row(sql, [], |row| {
        Ok(DatabaseContent { observations: row.get(0)?, through: row.get(1)?, lost: row.get(2)? })
    });
    row.expect("reads")
}

#[tokio::test]
async fn after_a_restore_the_time_since_the_backup_has_no_data_and_nothing_counts_twice() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("far", "far", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("far", world.private, &token, &check);
    let agent = world.start_agent("far", &config);
    world.shows("web", "operational", NOTICED).await;
    let copy = world.path("copy.db");
    run_ok(&world, &["backup", copy.to_str().expect("UTF-8")]);
    let (backed_up, kept) = (now(), content(&copy));
    assert_eq!((kept.observations, kept.lost), (kept.through, 0), "a record is an observation: {kept:?}");

    // An outage that nobody will know of: delivered, but not in the backup.
    nginx.kill().await;
    world.shows("web", "major_outage", NOTICED).await;
    nginx.restart().await;
    world.shows("web", "operational", NOTICED).await;
    until("enough is delivered for a hole", Duration::from_secs(60), async || {
        content(&world.database()).through >= kept.through + HOLE && now() - backed_up > HOLE * 1_000
    })
    .await;
    world.stop().await;
    let stopped = now();
    // An outage that is still in the spool.
    let died = now();
    nginx.kill().await;
    let sees = async |state: &str| {
        until(&format!("the agent holds web to be {state}"), NOTICED, async || {
            world.agent_state(&config, "web").as_deref() == Some(state)
        })
        .await;
    };
    sees("down").await;
    let returned = now();
    nginx.restart().await;
    sees("up").await;
    let output = run_ok(&world, &["restore", copy.to_str().expect("UTF-8")]);
    assert!(output.contains("shows as no data"), "{output}");
    assert_eq!(content(&world.database()).through, kept.through, "it is the copy");

    world.start().await;
    until("what the agent still had is taken", DRAINED, async || {
        world.agent_status(&config).is_some_and(|status| status["depth"].as_u64() <= Some(2))
            && content(&world.database()).lost > 0
    })
    .await;
    world.shows("web", "operational", NOTICED).await;
    // The page shows the outage that arrived and not the other one, and where it has no data.
    only_outage(&world, died, returned).await;
    let intervals = world.intervals("web");
    let holes: Vec<_> =
        intervals.iter().filter(|(_, to, status)| status == "no_data" && *to > backed_up).collect();
    assert_eq!(holes.len(), 1, "{intervals:?}");
    let (from, to, _) = holes[0];
    assert!(
        *from <= backed_up && stopped - 2_000 <= *to && *to <= died + 2_000,
        "{backed_up} {stopped} {intervals:?}"
    );
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "no interval lies over another: {intervals:?}");
    }
    let unseen = world.uptime_seconds("web", "no_data_seconds");
    assert!(unseen * 1e3 >= (to - from) as f64 - 1.0, "the page tells of {unseen} s without data");
    // Every record is stored once or reported as lost, and operators see how many were lost.
    let after = content(&world.database());
    assert_eq!(after.observations + after.lost, after.through, "{after:?}");
    assert!(after.lost >= HOLE, "{after:?}");
    let row = listed(&world, "far");
    assert_eq!(row["lost"]["records"], after.lost, "{row}");
    let status = world.agent_status(&config).expect("a status");
    assert_eq!(
        (&status["lost"], &status["set_aside"]),
        (&0.into(), &0.into()),
        "the agent lost nothing itself"
    );
    agent.stop().await;
}
