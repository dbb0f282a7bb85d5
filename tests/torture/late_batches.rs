//! Lost answers, replayed batches and late history: nothing counts twice, and late data is as good as early
//! data.

use crate::harness::Harness;
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, seed, until};
use crate::sender::{Misbehaviour, Sender, checks_of};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(40);
/// Three intervals of one second and ten seconds: a longer pause is a gap.
const SILENCE: i64 = 13_000;

#[test]
fn late_and_replayed_batches_count_once() {
    let mut rng = Rng::new(seed("torture::late_and_replayed"));
    let names = ["one", "two", "calm"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let harness = Harness::new(&checks, None);
    let aggregator = harness.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| {
            let misbehaviour = Misbehaviour { always_well: *name == "calm", ..Misbehaviour::BAD };
            Sender::start(name, harness.private, harness.enrol(name), misbehaviour, rng.fork())
        })
        .collect();
    until("all are heard", BOUND, || senders.iter().all(|sender| sender.ledger().acknowledged() > 500));
    // Longer than the silence limit: meanwhile the page shows no data.
    senders.iter().for_each(|sender| sender.cut(true));
    until("the page says that nothing is known", BOUND, || {
        let body = crate::harness::get(harness.public, "/api/v2/components.json").expect("the page").1;
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        json["components"].as_array().expect("a list").iter().all(|one| !one["stale_since"].is_null())
    });
    for sender in &senders {
        sender.cut(false);
        elapse(rng.between(0, 800));
    }
    let issued: Vec<usize> =
        senders.iter().map(|one| one.ledger().spools.iter().map(|spool| spool.issued.len()).sum()).collect();
    until("the history has drained", BOUND, || {
        senders.iter().zip(&issued).all(|(one, issued)| one.ledger().acknowledged() >= *issued as u64)
    });
    senders.iter().for_each(Sender::settle);
    until("all is well", BOUND, || {
        harness.shown().is_some_and(|shown| shown.iter().all(|(_, status)| status == "operational"))
    });
    let ledgers: Vec<_> = senders.into_iter().map(Sender::stop).collect();
    let look = DatabaseView::at(&harness);
    look.sound();
    let sheet = harness.csv();
    for ledger in &ledgers {
        let stored = look.once(ledger);
        look.transitions(ledger);
        for check in checks_of(&ledger.name) {
            // The repaired past, as if nothing had been late.
            let outage = look.intervals(&check, SILENCE).expect("evidence without a gap");
            let seconds = sheet.iter().find(|(name, _)| *name == check).map_or(0.0, |(_, seconds)| *seconds);
            assert_eq!((seconds * 1_000.0).round() as i64, outage, "{check}: uptime.csv says another time");
            assert_eq!(outage > 0, ledger.name != "calm", "{check}: {outage} ms of outage");
        }
        say!(
            "{}: {stored} once each, {} answers lost, {} again",
            ledger.name,
            ledger.answers_lost,
            ledger.replays
        );
    }
    drop(aggregator);
}
