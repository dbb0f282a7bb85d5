//! Power loss on a loop-mounted file system: acknowledged data is there, and so is everything the spool
//! handed out to be sent. Needs root, loop devices and python3; if one is missing, prints that and counts as
//! skipped.

#[path = "../torture/rng.rs"]
#[macro_use]
mod rng;
mod disk;
#[path = "../torture/fake_aggregator.rs"]
mod fake_aggregator;
#[path = "../torture/harness.rs"]
#[expect(dead_code, reason = "the other torture run does more in it")]
mod harness;
#[path = "../torture/oracle.rs"]
#[expect(dead_code, reason = "the other torture run judges more")]
mod oracle;
#[path = "../torture/record.rs"]
mod record;
#[path = "../torture/sender.rs"]
#[expect(dead_code, reason = "the other torture run asks more of it")]
mod sender;
#[path = "../torture/target.rs"]
#[expect(dead_code, reason = "nobody counts here")]
mod target;

use disk::Disk;
use fake_aggregator::{FakeAggregator, Received};
use harness::{Harness, get, post, quick_check};
use oracle::DatabaseView;
use rng::{Rng, elapse, rounds, seed, until};
use sender::{Misbehaviour, Sender, checks_of};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use target::Target;

const HEALED: Duration = Duration::from_secs(30);

#[test]
fn what_the_aggregator_acknowledged_is_there() {
    aggregator("power::what_the_aggregator_acknowledged", 8);
}

#[test]
#[ignore = "long: a hundred cuts"]
fn what_the_aggregator_acknowledged_is_there_a_hundred_times() {
    aggregator("power::what_the_aggregator_acknowledged_is_there_a_hundred", 100);
}

#[test]
fn what_the_spool_handed_out_is_there() {
    spool("power::what_the_spool_handed_out", 8);
}

#[test]
#[ignore = "long: a hundred cuts"]
fn what_the_spool_handed_out_is_there_a_hundred_times() {
    spool("power::what_the_spool_handed_out_is_there_a_hundred", 100);
}

#[test]
fn no_sequence_number_that_was_sent_is_used_for_another_record() {
    numbers("power::no_number_that_was_sent", 8);
}

#[test]
#[ignore = "long: a hundred cuts"]
fn no_sequence_number_that_was_sent_is_used_for_another_record_a_hundred_times() {
    numbers("power::no_number_that_was_sent_a_hundred", 100);
}

fn aggregator(test: &str, usual: usize) {
    let Some(disk) = Disk::make() else { return };
    let (mut rng, cuts) = (Rng::new(seed(test)), rounds(usual));
    let names = ["one", "two"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let harness = Harness::new(&checks, Some(&disk.folder().join("data")));
    let mut aggregator = harness.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, harness.private, harness.enrol(name), Misbehaviour::BAD, rng.fork()))
        .collect();
    let token = harness.enrol("witness");
    for round in 1..=cuts {
        elapse(rng.between(200, 2_000));
        disk.cut();
        // The disk fails before the program ends: it rejects batches, and the page stays up.
        if rng.percent(50) {
            let body = fake_aggregator::empty_batch("witness");
            until("a batch is refused while the disk is gone", HEALED, || {
                post(harness.private, &token, &body, true).is_some_and(|(status, _)| status == 503)
            });
            let page = get(harness.public, "/").expect("the page stands");
            assert_eq!(page.0, 200, "the page stands while the disk is gone");
        }
        aggregator.kill();
        disk.restore();
        aggregator = harness.start();
        let ledgers: Vec<_> = senders.iter().map(|sender| sender.ledger().clone()).collect();
        let look = DatabaseView::at(&harness);
        look.sound();
        for (ledger, sender) in ledgers.iter().zip(&senders) {
            look.marks(ledger, || sender.ledger().spools.len());
        }
        drop(look);
        let before: Vec<u64> = ledgers.iter().map(sender::Ledger::acknowledged).collect();
        let healed = until("records are acknowledged again", HEALED, || {
            let now = senders.iter().map(|sender| sender.ledger().acknowledged());
            now.zip(&before).all(|(now, before)| now > *before)
        });
        say!(
            "cut {round}: {} records acknowledged and there; taken again after {healed:?}",
            before.iter().sum::<u64>()
        );
    }
    let look = DatabaseView::at(&harness);
    for sender in &senders {
        let ledger = sender.ledger().clone();
        look.once(&ledger);
        look.transitions(&ledger);
    }
}

fn spool(test: &str, usual: usize) {
    let Some(disk) = Disk::make() else { return };
    let (mut rng, cuts) = (Rng::new(seed(test)), rounds(usual));
    let harness = Harness::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), FakeAggregator::start());
    let folder = disk.folder().join("agent");
    let checks: String = (0..4).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let config =
        harness.agent_config("real", peer.port, "a token of no one", &folder.join("spool.db"), &checks);
    let mut agent = Some(harness.start_agent("real", &config));
    for round in 1..=cuts {
        // What it sends was on its disk; the aggregator rejects it, so that all of it must be sent again.
        peer.refuse(true);
        let sent = peer.received().len();
        until("the agent sends something new", HEALED, || peer.received().len() > sent);
        if rng.percent(60) {
            target.well.fetch_xor(true, Ordering::Relaxed);
        }
        elapse(rng.between(0, 1_500));
        disk.cut();
        elapse(rng.between(0, 1_200));
        let before = peer.received();
        agent.take().expect("it runs").kill();
        disk.restore();
        peer.forget();
        agent = Some(harness.start_agent("real", &config));
        let newest = *before.keys().next_back().expect("something was sent");
        until("what was handed out before the cut comes again", HEALED, || {
            let now = peer.received();
            now.keys().any(|key| key.0 == newest.0 && key.1 >= newest.1) || alien(&now, &before)
        });
        let after = peer.received();
        for (key, saw) in &before {
            assert_eq!(
                after.get(key),
                Some(saw),
                "record {} was handed out before the cut, and is gone or another",
                key.1
            );
        }
        say!("cut {round}: {} records handed out and there", before.len());
        peer.refuse(false);
        until("the backlog is taken", HEALED, || peer.acknowledged() >= newest.1);
        peer.forget();
    }
}

/// An aggregator takes a sequence that arrives again for the record it has. One check runs every two seconds
/// and answers arrive after one: each acknowledgement arrives between a record and its sync.
fn numbers(test: &str, usual: usize) {
    let Some(disk) = Disk::make() else { return };
    let (mut rng, cuts) = (Rng::new(seed(test)), rounds(usual));
    let harness = Harness::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), FakeAggregator::start());
    peer.pause(Duration::from_secs(1));
    let spool = disk.folder().join("agent/spool.db");
    let check = quick_check("real-0", target.port).replace("interval = \"200ms\"", "interval = \"2s\"");
    let config = harness.agent_config("real", peer.port, "a token of no one", &spool, &check);
    let mut agent = harness.start_agent("real", &config);
    for round in 1..=cuts {
        until("the agent has sent for a while", HEALED, || peer.received().len() >= 3);
        elapse(rng.between(0, 2_000));
        disk.cut();
        agent.kill();
        let (before, acknowledged) = (peer.received(), peer.acknowledged());
        let newest = *before.keys().next_back().expect("something was sent");
        disk.restore();
        peer.forget();
        agent = harness.start_agent("real", &config);
        until("what is newer comes", HEALED, || {
            let now = peer.received();
            now.keys().any(|key| key.0 == newest.0 && key.1 > newest.1) || alien(&now, &before)
        });
        let after = peer.received();
        for (key, saw) in &before {
            let again = after.get(key);
            assert!(again.is_none_or(|again| again == saw), "number {} is now {again:?}, was {saw:?}", key.1);
            assert!(again.is_some() || key.1 <= acknowledged, "record {} was handed out and is gone", key.1);
        }
        say!("cut {round}: of {} records sent none is another", before.len());
        peer.forget();
    }
}

/// Whether another epoch was sent: the spool was replaced, so the records it handed out are lost.
fn alien(now: &BTreeMap<([u8; 16], u64), Received>, before: &BTreeMap<([u8; 16], u64), Received>) -> bool {
    now.keys().any(|(epoch, _)| before.keys().all(|(known, _)| known != epoch))
}
