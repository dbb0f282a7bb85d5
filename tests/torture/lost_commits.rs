//! A bit flips in the aggregator's write-ahead log. SQLite leaves out what was committed after it and says nothing;
//! it had been acknowledged. It cannot be had back: it is noticed, told and counted, and the page goes on.

use crate::dice::{Dice, seed, until};
use crate::oracle::Look;
use crate::target::Target;
use crate::yard::{Yard, get, quick_check};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
const MISSED: &str =
    "SELECT coalesce(sum(count), 0) FROM loss WHERE why LIKE '%acknowledged before, not in this database'";

#[test]
fn commits_that_a_damaged_log_lost_are_noticed_and_told() {
    let mut dice = Dice::new(seed("torture::commits_that_a_damaged_log"));
    let checks: Vec<String> = (0..4).map(|check| format!("real-{check}")).collect();
    let yard = Yard::new(&checks, None);
    let target = Target::start();
    let aggregator = yard.start();
    let token = yard.enrol("real");
    let keys: String = checks.iter().map(|check| quick_check(check, target.port)).collect();
    let config = yard.agent_config("real", yard.private, &token, &yard.path("spool.db"), &keys);
    let agent = yard.start_agent("real", &config);
    let stored = || Look::at(&yard).number("SELECT count(*) FROM observation");
    until("the agent delivers", BOUND, || stored() > 20);
    // From here on the log is of one piece.
    aggregator.stop();
    let aggregator = yard.start();
    let before = stored();
    until("the log holds what was acknowledged", BOUND, || stored() > before + 100);
    aggregator.kill();

    let log = yard.data.join("skerry.db-wal");
    let mut bytes = std::fs::read(&log).expect("a killed aggregator leaves its log");
    let at = (bytes.len() as u64 / 4 + dice.below(bytes.len() as u64 / 4)) as usize;
    bytes[at] ^= 1 << dice.below(8);
    std::fs::write(&log, &bytes).expect("written");
    let _ = std::fs::remove_file(yard.path("aggregator.log"));

    let aggregator = yard.start();
    assert!(
        aggregator.said().contains("what was committed after the damage is left out"),
        "{}",
        aggregator.said()
    );
    let kept = std::fs::read_dir(&yard.data).expect("lists").filter_map(Result::ok);
    let kept = kept.filter(|file| file.file_name().to_string_lossy().contains("-wal.damaged-"));
    assert_eq!(
        kept.map(|file| std::fs::read(file.path()).expect("reads") == bytes).collect::<Vec<_>>(),
        [true]
    );
    assert_eq!(get(yard.public, "/").expect("an answer").0, 200);
    until("the agent says what it was told", BOUND, || Look::at(&yard).number(MISSED) > 0);
    let missed = Look::at(&yard).number(MISSED);
    until("it is told", BOUND, || {
        aggregator.said().contains("acknowledged to an agent are not in this database")
    });
    let list = yard.aggregator_command(&["agent", "list", "--json"]).output().expect("it starts");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(list["agents"][0]["lost"]["records"], missed, "{list}");
    let after = stored();
    until("what is seen now is taken", BOUND, || stored() > after + 20);
    for (name, status) in yard.shown().expect("a page") {
        assert_eq!(status, "operational", "{name}");
    }
    agent.stop();
    aggregator.stop();
    let look = Look::at(&yard);
    look.sound();
    let (observations, gone) = look.accounted("real");
    assert_eq!(gone, missed, "nothing else is missing");
    for check in &checks {
        let _outage = look.intervals(check, 10_600);
    }
    say!("a bit changed at {at} of {}: {missed} records lost, {observations} stand", bytes.len());
}
