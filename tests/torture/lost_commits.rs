//! A bit flips in the aggregator's write-ahead log. SQLite silently drops the commits after it, although they
//! were acknowledged. They cannot be recovered, but the loss is noticed, reported and counted, and the page
//! stays up.

use crate::harness::{Harness, get, quick_check};
use crate::oracle::DatabaseView;
use crate::rng::{Rng, seed, until};
use crate::target::Target;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
const MISSED: &str =
    "SELECT coalesce(sum(count), 0) FROM loss WHERE why LIKE '%acknowledged before, not in this database'";

#[test]
fn commits_lost_by_a_damaged_log_are_noticed_and_reported() {
    let mut rng = Rng::new(seed("torture::commits_lost_by_a_damaged_log"));
    let checks: Vec<String> = (0..4).map(|check| format!("real-{check}")).collect();
    let harness = Harness::new(&checks, None);
    let target = Target::start();
    let aggregator = harness.start();
    let token = harness.enrol("real");
    let keys: String = checks.iter().map(|check| quick_check(check, target.port)).collect();
    let config = harness.agent_config("real", harness.private, &token, &harness.path("spool.db"), &keys);
    let agent = harness.start_agent("real", &config);
    let stored = || DatabaseView::at(&harness).number("SELECT count(*) FROM observation");
    until("the agent delivers", BOUND, || stored() > 20);
    // From here on the log is not restarted.
    aggregator.stop();
    let aggregator = harness.start();
    let before = stored();
    until("the log holds what was acknowledged", BOUND, || stored() > before + 100);
    aggregator.kill();

    let log = harness.data.join("skerry.db-wal");
    let mut bytes = std::fs::read(&log).expect("a killed aggregator leaves its log");
    let at = (bytes.len() as u64 / 4 + rng.below(bytes.len() as u64 / 4)) as usize;
    bytes[at] ^= 1 << rng.below(8);
    std::fs::write(&log, &bytes).expect("written");
    let _ = std::fs::remove_file(harness.path("aggregator.log"));

    let aggregator = harness.start();
    assert!(aggregator.log_text().contains("commits after the damage are lost"), "{}", aggregator.log_text());
    let kept = std::fs::read_dir(&harness.data).expect("lists").filter_map(Result::ok);
    let kept = kept.filter(|file| file.file_name().to_string_lossy().contains("-wal.damaged-"));
    assert_eq!(
        kept.map(|file| std::fs::read(file.path()).expect("reads") == bytes).collect::<Vec<_>>(),
        [true]
    );
    assert_eq!(get(harness.public, "/").expect("an answer").0, 200);
    until("the agent reports the loss", BOUND, || DatabaseView::at(&harness).number(MISSED) > 0);
    let missed = DatabaseView::at(&harness).number(MISSED);
    until("the loss is reported", BOUND, || {
        aggregator.log_text().contains("acknowledged to an agent are not in this database")
    });
    let list = harness.aggregator_command(&["agent", "list", "--json"]).output().expect("it starts");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(list["agents"][0]["lost"]["records"], missed, "{list}");
    let after = stored();
    until("what is seen now is taken", BOUND, || stored() > after + 20);
    for (name, status) in harness.shown().expect("a page") {
        assert_eq!(status, "operational", "{name}");
    }
    agent.stop();
    aggregator.stop();
    let look = DatabaseView::at(&harness);
    look.sound();
    let (observations, gone) = look.accounted("real");
    assert_eq!(gone, missed, "nothing else is missing");
    for check in &checks {
        let _outage = look.intervals(check, 10_600);
    }
    say!("a bit changed at {at} of {}: {missed} records lost, {observations} stand", bytes.len());
}
