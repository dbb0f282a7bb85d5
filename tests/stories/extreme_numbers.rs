//! Whatever numbers an agent sends, or an older version stored, operators can remove it.

use crate::enrolment::{listed, run_cli, run_ok};
use crate::http::get;
use crate::sender::{batch, inventory, observation, records, state};
use crate::world::{World, page};
use rusqlite::Connection;
use skerry_protocol::wire::{Batch, Folded, Lost, Phases, Record, SpoolReport, State, encode, record::Kind};
use skerry_tests::parts::until;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// How long it may take until an agent or a page shows what a command changed.
const FOLLOWED: Duration = Duration::from_secs(25);

fn lost(count: u64, wall: Option<i64>) -> Kind {
    Kind::Lost(Lost { count, why: "full".into(), from_wall_ms: wall, to_wall_ms: wall })
}

/// Batches with every number of a kind at its limits.
fn extremes() -> Vec<(String, Batch)> {
    let plain = || Batch {
        inventory: inventory(&[("web", vec![1; 16])]),
        snapshot: vec![state(0, State::Up)],
        records: records(1, [Kind::Observation(observation(0, 0, State::Up))]),
        ..batch("probe", 1, &["web"])
    };
    let mut all = Vec::new();
    for number in [0, 1, i64::MAX as u64 - 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        let signed = number.cast_signed();
        let mut say = |what: &str, batch: Batch| all.push((format!("{what} {number}"), batch));
        let spool = SpoolReport {
            depth: number,
            oldest_ms: number,
            lost: number,
            set_aside: number,
            lateness_ms: number,
            own_network_gone: false,
        };
        say("spool", Batch { spool: Some(spool), ..plain() });
        say("boot", Batch { boot_now_ms: number, ..plain() });
        say("wall", Batch { wall_now_ms: signed, ..plain() });
        let mut declared = inventory(&[("web", vec![1; 16])]);
        for check in declared.iter_mut().flat_map(|inventory| &mut inventory.checks) {
            (check.interval_ms, check.timeout_ms) = (number, number);
        }
        say("interval", Batch { inventory: declared, ..plain() });
        let mut held = state(0, State::Down);
        (held.since_ms_ago, held.evidence_ms_ago) = (number, Some(number));
        say("state", Batch { snapshot: vec![held], ..plain() });
        let mut seen = observation(0, 0, State::Down);
        let short = Some(u32::MAX);
        let phases = Phases {
            dns_us: short,
            connect_us: short,
            tls_us: short,
            first_byte_us: short,
            transfer_us: short,
        };
        (seen.boot_ms, seen.wall_ms, seen.total_us) = (number, signed, number);
        (seen.since_boot_ms, seen.phases) = (Some(number), Some(phases));
        let mut earlier = seen.clone();
        (earlier.boot, earlier.since_boot_ms, earlier.since_wall_ms) = (1, None, Some(signed));
        for one in [&seen, &earlier] {
            let fold = Folded { first: Some(one.clone()), count: 2, last_boot_ms: number, through: 0 };
            let kinds = [Kind::Observation(one.clone()), Kind::Folded(fold)];
            say("seen", Batch { records: records(1, kinds), ..plain() });
        }
        let gone = [lost(number, Some(signed)), lost(number, None), lost(number, Some(-1))];
        say("lost", Batch { records: records(1, gone), ..plain() });
        say("acknowledged", Batch { acknowledged_through: number, ..plain() });
    }
    for through in [i64::MAX as u64 - 1, i64::MAX as u64, u64::MAX] {
        let fold = Folded { first: Some(observation(0, 0, State::Up)), count: 1, last_boot_ms: 0, through };
        let far = Batch { records: records(1, [Kind::Folded(fold)]), ..plain() };
        all.push((format!("through {through}"), far));
        let far = Batch { records: vec![Record { sequence: through, kind: Some(lost(1, None)) }], ..plain() };
        all.push((format!("sequence {through}"), far));
    }
    all
}

/// Runs every command of an operator, and reads the page.
fn all_look(world: &World, what: &str) {
    for words in [["agent", "list"], ["check", "list"]] {
        for json in [&[][..], &["--json"]] {
            let (succeeded, output) = run_cli(world, &[&words[..], json].concat());
            assert!(succeeded, "after {what}: {words:?}: {output}");
        }
    }
    let (_, output) = run_cli(world, &["doctor"]);
    assert!(!output.contains("panicked") && !output.contains("overflow"), "after {what}: {output}");
    let metrics = get(world.private, "/metrics").expect("an answer");
    assert_eq!(metrics.status, 200, "after {what}");
    let text = metrics.text();
    let values = text.lines().filter(|line| !line.starts_with('#'));
    for line in values {
        let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        assert!(value.is_some_and(|value| value.is_finite() || line.contains("NaN")), "after {what}: {line}");
    }
    assert_eq!(world.page("/").status, 200, "after {what}");
    assert_eq!(get(world.private, "/healthz").expect("an answer").status, 200, "after {what}");
}

#[tokio::test]
async fn extreme_numbers_of_an_agent_break_no_command() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let mut token = world.enrol("probe", "there", None);
    // Each comes from a new spool that follows the previous one: numbers at their limits leave no room for
    // more.
    let mut spool = 1;
    for (what, extreme) in extremes() {
        let delivery =
            Batch { epoch: vec![spool + 1; 16], process: vec![1], former_epoch: vec![spool; 16], ..extreme };
        let answer = world.deliver(&token, &encode(&delivery).expect("encodes"));
        assert!(matches!(answer.status, 200 | 400), "{what}: {} {}", answer.status, answer.text());
        spool += u8::from(answer.status == 200);
        all_look(&world, &what);
    }
    assert!(spool > 40, "{spool} were taken");
    let log = world.running().log();
    assert!(!log.contains("panicked"), "{log}");
    world.stop().await;

    // Values that an older version stored unchecked.
    let database = Connection::open(world.database()).expect("opens");
    for number in [i64::MAX, i64::MAX, i64::MIN, -1] {
        let sql = "INSERT INTO loss (workspace, number, agent, count, why, from_ms, to_ms, noted_ms)
             SELECT workspace, (SELECT coalesce(min(number), 1) - 1 FROM loss), key, ?1, '', ?1, ?1, ?1 FROM agent
             WHERE name = 'probe'";
        database.execute(sql, [number]).expect("written");
        let sql =
            "UPDATE agent_epoch SET offset_ms = ?1, depth = ?1, oldest_ms = ?1, lost = ?1, set_aside = ?1,
             lateness_ms = ?1, through = ?1, last_record = ?1";
        database.execute(sql, [number]).expect("written");
        database.execute("UPDATE track SET interval_ms = ?1", [number.max(1)]).expect("written");
        world.start().await;
        all_look(&world, &format!("a database with {number}"));
        assert!(listed(&world, "probe")["lost"]["records"].as_u64().is_some());
        for word in ["disable", "enable"] {
            run_ok(&world, &["agent", word, "probe"]);
        }
        token = run_ok(&world, &["agent", "rotate", "probe", "--token"]);
        run_ok(&world, &["agent", "rename", "probe", "other"]);
        run_ok(&world, &["agent", "rename", "other", "probe"]);
        world.stop().await;
    }
    drop(database);
    world.start().await;
    run_ok(&world, &["agent", "revoke", "probe"]);
    let body = encode(&batch("probe", 99, &[])).expect("encodes");
    until("it is revoked", FOLLOWED, async || world.deliver(&token, &body).status == 401).await;
    assert_eq!(listed(&world, "probe")["standing"], "revoked");
}

#[tokio::test]
async fn an_agent_can_be_revoked_despite_other_damage_in_the_database() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let kinds = [Kind::Observation(observation(0, 0, State::Up)), lost(1, None)];
    let delivery = Batch {
        inventory: inventory(&[("web", vec![1; 16])]),
        records: records(1, kinds),
        ..batch("probe", 1, &["web"])
    };
    assert_eq!(world.deliver(&token, &encode(&delivery).expect("encodes")).status, 200);
    world.stop().await;
    let database = Connection::open(world.database()).expect("opens");
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("folded in");
    let size: u32 = database.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("a pragma");
    let sql = "SELECT tbl_name, rootpage FROM sqlite_schema
         WHERE rootpage > 0 AND tbl_name NOT IN ('agent', 'workspace', 'enrolment')";
    let mut statement = database.prepare(sql).expect("the schema");
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)));
    let pages: Vec<(String, u32)> = rows.expect("runs").collect::<Result<_, _>>().expect("rows");
    drop(statement);
    drop(database);
    assert!(pages.iter().any(|(table, _)| table == "loss") && pages.len() > 20, "{pages:?}");
    let whole = std::fs::read(world.database()).expect("readable");
    for (table, page) in pages {
        std::fs::write(world.database(), &whole).expect("written");
        let file = std::fs::File::options().write(true).open(world.database()).expect("opens");
        file.write_all_at(&vec![0x5A; size as usize], u64::from(page - 1) * u64::from(size))
            .expect("written");
        drop(file);
        let (succeeded, output) = run_cli(&world, &["agent", "revoke", "probe"]);
        assert!(succeeded, "{table} is damaged: {output}");
        let database = Connection::open(world.database()).expect("opens");
        let sql = "SELECT standing = 'revoked' AND token_hash IS NULL FROM agent WHERE name = 'probe'";
        assert!(database.query_row(sql, [], |row| row.get::<_, bool>(0)).expect("its row"), "{table}");
        drop(database);
        for file in ["skerry.db-wal", "skerry.db-shm"] {
            let _ = std::fs::remove_file(world.path("data").join(file));
        }
    }
}
