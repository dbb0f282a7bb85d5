//! One stolen token beside honest agents: whatever its holder sends, it changes only what belongs to that
//! agent, and operators see it.

use crate::enrolment::{listed, run_ok};
use crate::http::get;
use crate::process::Process;
use crate::sender::{UP_FOR, batch, inventory, observation, records, state};
use crate::world::{FAR, Interval, World, now, page, quick_check};
use rusqlite::{Connection, OpenFlags};
use skerry_protocol::wire::{Batch, Folded, Observation, State, encode, record::Kind};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);
const YEAR: u64 = 365 * 86_400_000;
/// Components that do not belong to the stolen token, with their status.
const OTHERS: [(&str, &str); 3] =
    [("web", "operational"), ("api", "major_outage"), ("backup", "operational")];

/// A page with an honest agent and a job that report the truth, and two agents with a check of their own.
async fn world(nginx: &Nginx) -> (World, String, Process) {
    let beat = "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"1h\"\ngrace = \"1h\"\n\n";
    let mut world =
        World::new(&format!("{beat}{}", page("demo", true, &["web", "api", "backup", "spare", "narrow"])));
    world.start().await;
    world.stop().await;
    let call = run_ok(&world, &["heartbeat", "add", "backup"]);
    world.start().await;
    let token = world.enrol("eye", "there", None);
    let closed = format!("http://127.0.0.1:{}/", free_port());
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/")) + &quick_check("api", &closed);
    let config = world.agent_config("eye", world.private, &token, &checks);
    let agent = world.start_agent("eye", &config);
    let path = call.split_once("/heartbeat").expect("an address of a heartbeat").1;
    assert_eq!(get(world.private, &format!("/heartbeat{path}")).map(|answer| answer.status), Some(200));
    for (name, status) in OTHERS {
        world.shows(name, status, NOTICED).await;
    }
    (world, token, agent)
}

/// The honest agent's definition of a check: a thief of the token may have the file beside it.
fn definition(world: &World, check: &str) -> Vec<u8> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(world.database(), flags).expect("opens");
    database.busy_timeout(NOTICED).expect("a pragma");
    let sql = "SELECT track.definition FROM track JOIN \"check\" ON \"check\".key = track.\"check\"
         JOIN agent ON agent.key = track.agent WHERE agent.name = 'eye' AND \"check\".name = ?1";
    database.query_row(sql, [check], |row| row.get(0)).expect("it is stored")
}

/// A component as the page shows it: status, intervals, and every figure except that of the current status.
type Shown = (String, Vec<Interval>, Vec<(String, f64)>);

fn of_others(world: &World) -> Vec<Shown> {
    let seconds = |name: &str, now: &str| {
        let statuses = ["operational", "degraded_performance", "partial_outage", "major_outage", "no_data"];
        let over = statuses.iter().filter(|status| **status != now);
        over.map(|status| {
            let column = format!("{status}_seconds");
            let value = world.uptime_seconds(name, &column);
            (column, value)
        })
        .collect()
    };
    let one = |(name, status): (&str, &str)| {
        let shown = world.component("/", name)["status"].as_str().expect("a status").to_owned();
        (shown, world.intervals(name), seconds(name, status))
    };
    OTHERS.map(one).to_vec()
}

/// Every false report about one check: now and a year ago by the boot clock, in 1970 by the wall clock, with
/// an outage or its end at that time, folded, and as a snapshot.
fn lies(check: u32, hard: State) -> Vec<Kind> {
    let day = 86_400_000;
    let at = |ago: u64| observation(check, ago, hard);
    let year = Observation { since_boot_ms: Some(UP_FOR - YEAR), ..at(YEAR) };
    let since = Observation { since_boot_ms: Some(UP_FOR - YEAR), ..at(0) };
    let ancient = Observation { boot: 1, wall_ms: 0, since_wall_ms: Some(0), ..at(day) };
    let fold = |first: Observation, to: u64| {
        Kind::Folded(Folded { first: Some(first), count: 700, last_boot_ms: UP_FOR - to, through: 0 })
    };
    vec![
        Kind::Observation(ancient.clone()),
        fold(ancient, 0),
        Kind::Observation(year),
        fold(at(YEAR), day),
        fold(at(day), 0),
        Kind::Observation(since),
        Kind::Observation(at(0)),
    ]
}

/// Every use of a token; only `own` may change. Returns the next sequence.
fn attack(world: &World, token: &str, own: &str, definitions: [Vec<u8>; 3]) -> u64 {
    let [web, api, backup] = definitions;
    let declared = [("web", web), ("api", api), ("backup", backup), (own, vec![7; 16])];
    let names = ["web", "api", "backup", own];
    let kinds = [lies(0, State::Down), lies(1, State::Up), lies(2, State::Down), lies(3, State::Up)];
    let delivery = Batch {
        inventory: inventory(&declared),
        records: records(1, kinds.concat()),
        snapshot: vec![
            state(0, State::Down),
            state(1, State::Up),
            state(2, State::Down),
            state(3, State::Up),
        ],
        ..batch(own, 1, &names)
    };
    let next = delivery.records.len() as u64 + 1;
    let answer = world.deliver(token, &encode(&delivery).expect("encodes"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Without an inventory, only the names identify the checks.
    let bare = Batch { records: records(next, lies(0, State::Down)), ..batch(own, 1, &["web"]) };
    let next = next + bare.records.len() as u64;
    assert_eq!(world.deliver(token, &encode(&bare).expect("encodes")).status, 200);
    next
}

/// Changes states without end until it is told to wait. Returns the next sequence.
fn flood(world: &World, token: &str, own: &str, mut next: u64) -> u64 {
    for _ in 0..12 {
        let turn = |n: u64| if n.is_multiple_of(2) { State::Up } else { State::Down };
        let kinds = (0..10_000_u64).map(|n| Kind::Observation(observation(0, 60_000 - n, turn(n))));
        let delivery = Batch { records: records(next, kinds), ..batch(own, 1, &["web"]) };
        let answer = world.deliver(token, &encode(&delivery).expect("encodes"));
        if answer.status == 429 {
            assert!(answer.head.to_ascii_lowercase().contains("retry-after"), "{}", answer.head);
            return next;
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
        next += 10_000;
    }
    panic!("120,000 changes of state were taken at once");
}

#[tokio::test]
async fn a_stolen_token_changes_only_what_belongs_to_its_agent() {
    let nginx = Nginx::start(&Site::default()).await;
    let (world, token, agent) = world(&nginx).await;
    let before = of_others(&world);
    let spare = world.enrol("spare", "elsewhere", None);
    let narrow = ["agent", "add", "narrow", "--location", "elsewhere", "--token", "--checks", "narrow*"];
    let narrow = run_ok(&world, &narrow);
    let same = ["web", "api"].map(|check| definition(&world, check));
    let [web, api] = same;
    let mut next = attack(&world, &spare, "spare", [vec![1; 16], vec![1; 16], vec![1; 16]]);
    attack(&world, &narrow, "narrow", [web, api, vec![1; 16]]);
    next = flood(&world, &spare, "spare", next);
    // The honest agent's own token, each time with a new spool and process.
    for epoch in 1..=20 {
        let delivery = Batch {
            records: records(1, lies(0, State::Down)),
            snapshot: vec![state(0, State::Down)],
            ..batch("eye", epoch, &["web"])
        };
        let answer = world.deliver(&token, &encode(&delivery).expect("encodes"));
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(answer.text().contains("another agent delivers as"), "{}", answer.text());
    }
    // Its own component changes, and the page with it.
    for own in ["spare", "narrow"] {
        world.shows(own, "operational", NOTICED).await;
    }
    let down = [Kind::Observation(observation(0, 0, State::Down))];
    let delivery = Batch {
        records: records(next, down),
        snapshot: vec![state(0, State::Down)],
        ..batch("spare", 1, &["spare"])
    };
    until("the flood is over", NOTICED, async || {
        world.deliver(&spare, &encode(&delivery).expect("encodes")).status == 200
    })
    .await;
    world.shows("spare", "major_outage", NOTICED).await;
    assert_eq!(of_others(&world), before);
    for (_, intervals, _) in &before {
        assert_eq!(intervals.last().map(|(_, to, _)| *to), Some(FAR));
    }

    let held = |name: &str| {
        let listed = listed(&world, name);
        let held = listed["not_counted"].as_array().expect("a list").iter();
        let word = |one: &serde_json::Value, key: &str| one[key].as_str().expect("a word").to_owned();
        let mut held: Vec<_> = held.map(|one| (word(one, "check"), word(one, "why"))).collect();
        held.sort();
        held
    };
    let wanted = |all: [(&str, &str); 3]| all.map(|(check, why)| (check.to_owned(), why.to_owned())).to_vec();
    assert_eq!(
        held("spare"),
        wanted([("api", "definition"), ("backup", "heartbeat"), ("web", "definition")])
    );
    assert_eq!(held("narrow"), wanted([("api", "limited"), ("backup", "heartbeat"), ("web", "limited")]));
    assert!(listed(&world, "eye")["cloned_at"].is_string());
    operators_see(&world);
    metrics_tell(&world).await;
    agent.stop().await;
}

fn operators_see(world: &World) {
    let log = world.running().log();
    for words in [
        "an agent began to report checks that others report",
        "conflicting definition",
        "its token does not allow this check",
        "the configuration declares a heartbeat of this name",
        "another spool delivers in the name of a live agent",
        "older than the 7 days that a spool keeps",
    ] {
        assert!(log.contains(words), "no {words:?} in {log}");
    }
    let checks: serde_json::Value =
        serde_json::from_str(&run_ok(world, &["check", "list", "--json"])).expect("JSON");
    let web = checks["checks"].as_array().expect("a list").iter().find(|one| one["name"] == "web");
    let agents = web.expect("it is listed")["agents"].as_array().expect("a list").clone();
    let of = |name: &str| {
        let one = agents.iter().find(|one| one["agent"] == name).expect("it runs it");
        (one["counts"].clone(), one["why_not"].clone())
    };
    assert_eq!(of("eye"), (true.into(), serde_json::Value::Null));
    assert_eq!(of("spare"), (false.into(), "definition".into()));
    assert_eq!(of("narrow"), (false.into(), "limited".into()));
    let output = run_ok(world, &["agent", "list"]);
    assert!(output.contains("CLONED") && output.contains("limited to narrow*"), "{output}");
}

/// Metrics are updated once a second.
async fn metrics_tell(world: &World) {
    let value = |name: &str, agent: &str| {
        let metrics = get(world.private, "/metrics").expect("an answer").text();
        let label = format!("agent=\"{agent}\"");
        let line = metrics.lines().find(|line| line.starts_with(name) && line.contains(&label))?;
        line.rsplit(' ').next()?.parse::<f64>().ok()
    };
    let mut wanted = vec![
        ("skerry_agent_definition_conflicts", "spare", 2.0),
        ("skerry_agent_clone_refusals_total", "eye", 20.0),
    ];
    for agent in ["spare", "narrow"] {
        wanted.push(("skerry_agent_not_counted_checks", agent, 3.0));
        wanted.push(("skerry_agent_joined_checks_total", agent, 2.0));
    }
    for (name, agent, least) in wanted {
        let what = format!("{name} of {agent} is {least} or more");
        until(&what, NOTICED, async || value(name, agent) >= Some(least)).await;
    }
}

#[tokio::test]
async fn an_agent_that_joins_with_the_same_definition_counts_from_then_on_and_is_reported() {
    let nginx = Nginx::start(&Site::default()).await;
    let (world, _, agent) = world(&nginx).await;
    let before = world.intervals("api");
    let joiner = world.enrol("spare", "elsewhere", None);
    let began = now();
    let hour = (0..60).rev().map(|minute| Kind::Observation(observation(0, minute * 60_000, State::Up)));
    let delivery = Batch {
        inventory: inventory(&[("api", definition(&world, "api"))]),
        records: records(1, hour),
        snapshot: vec![state(0, State::Up)],
        ..batch("spare", 1, &["api"])
    };
    assert_eq!(world.deliver(&joiner, &encode(&delivery).expect("encodes")).status, 200);
    // One of two locations reports down, which is not a majority.
    world.shows("api", "operational", NOTICED).await;
    let after = world.intervals("api");
    let outage = after.iter().position(|(.., status)| status == "major_outage").expect("it was");
    assert_eq!(after[..outage], before[..before.len() - 1], "what was before the outage stands");
    let ((from, to, _), (former, ..)) = (&after[outage], &before[before.len() - 1]);
    assert!(from == former && *to >= began, "{before:?} became {after:?}");
    assert_eq!(listed(&world, "spare")["joined"][0]["check"], "api");
    assert!(world.running().log().contains("an agent began to report checks that others report: api"));
    agent.stop().await;
}
