//! The aggregator's host sleeps. Observations of that time are placed where agents made them: a batch that lay in a
//! socket until the host woke up cannot be dated, and the agent must send it again.

use crate::turned::Host;
use crate::workspace::WORKSPACE;
use bytes::Bytes;
use skerry_aggregator::ingest::{self, Names, Rejection};
use skerry_domain::time::SECOND;
use skerry_protocol::wire::{self, Observation, Outcome, State};
use std::sync::atomic::Ordering;

/// An agent on another host, whose boot clock started at another time. It observes one check every second.
struct Probe {
    boot_began: i64,
    wall_off: i64,
    acknowledged: u64,
    /// Boot clock of every observation since the first.
    seen: Vec<u64>,
}

impl Probe {
    fn boot_now(&self, host: &Host) -> u64 {
        u64::try_from(host.apart.boot.load(Ordering::Relaxed) - self.boot_began).expect("after its boot")
    }

    fn sees(&mut self, host: &Host) {
        self.seen.push(self.boot_now(host));
    }

    /// A batch of everything that was not acknowledged.
    fn batch(&self, host: &Host) -> Bytes {
        let record = |(index, boot_ms): (usize, &u64)| {
            let observation = Observation {
                boot_ms: *boot_ms,
                wall_ms: host.now + self.wall_off,
                outcome: Outcome::Up as i32,
                total_us: 1,
                hard: State::Up as i32,
                ..Observation::default()
            };
            let kind = Some(wire::record::Kind::Observation(observation));
            wire::Record { sequence: index as u64 + 1, kind }
        };
        let waits = self.seen.iter().enumerate().skip(self.acknowledged as usize);
        let declared = wire::Declared { name: "a".to_owned(), interval_ms: 1_000, ..Default::default() };
        let batch = wire::Batch {
            protocol: wire::PROTOCOL_VERSION,
            agent: "one".to_owned(),
            epoch: vec![1; 16],
            boot_id: "another".to_owned(),
            boot_now_ms: self.boot_now(host),
            wall_now_ms: host.now + self.wall_off,
            checks: vec!["a".to_owned()],
            boots: vec!["another".to_owned()],
            records: waits.map(record).collect(),
            inventory: Some(wire::Inventory { checks: vec![declared] }),
            acknowledged_through: self.acknowledged,
            ..Default::default()
        };
        wire::encode(&batch).expect("small").into()
    }

    async fn deliver(&mut self, host: &Host, body: Bytes) -> Result<(), Rejection> {
        let names = Names { name: "one".to_owned(), former: None, locations: Vec::new(), credential: 7 };
        let reply = ingest::accept(host.engine(), "ours", (WORKSPACE, host.agent), &names, body).await?;
        self.acknowledged = reply.acknowledged_through;
        Ok(())
    }

    /// Observes and delivers once a second for `seconds`.
    async fn goes_on(&mut self, host: &mut Host, seconds: i64) {
        for _ in 0..seconds {
            pass(host, SECOND);
            self.sees(host);
            self.deliver(host, self.batch(host)).await.expect("taken");
        }
    }
}

fn pass(host: &mut Host, ms: i64) {
    host.apart.pass(ms);
    host.now += ms;
}

/// When the check was observed, and for how long its component has had no data.
fn stored(host: &Host) -> (Vec<i64>, i64) {
    let rows = host.rows();
    let mut statement = rows.prepare("SELECT key >> 21 FROM observation ORDER BY 1").expect("SQL");
    let seen = statement.query_map([], |row| row.get(0)).expect("read").collect::<Result<Vec<_>, _>>();
    let seen: Vec<i64> = seen.expect("read");
    let sql =
        "SELECT count(*) FROM status_interval WHERE status = 'no_data' AND from_ms > ?1 AND component IN
         (SELECT component FROM status_interval WHERE status = 'operational')";
    let holes = rows.query_row(sql, [seen[0]], |row| row.get(0)).expect("a count");
    (seen, holes)
}

#[tokio::test]
async fn a_batch_that_waited_during_sleep_is_sent_again_and_placed_correctly() {
    for (slept, wall_off) in [(16, 0), (8 * 3_600, 0), (16, 3_600_000), (16, -3_600_000)] {
        let mut host = Host::new(0).await;
        let boot_began = -7_000_000;
        let mut probe = Probe { boot_began, wall_off, acknowledged: 0, seen: Vec::new() };
        probe.goes_on(&mut host, 5).await;
        // The host falls asleep while the agent continues. Two of its batches wait in sockets; it gave the first one up.
        let (began, mut lying) = (host.now, Vec::new());
        for second in 1..=slept.min(60) {
            probe.boot_began -= SECOND;
            probe.sees(&host);
            if second == 1 || second == 45 {
                lying.push(probe.batch(&host));
            }
        }
        // The host wakes up, and both clocks agree again.
        probe.boot_began = boot_began;
        pass(&mut host, slept * SECOND);
        for body in lying {
            let taken = probe.deliver(&host, body).await;
            assert!(matches!(taken, Err(Rejection::Waited)), "slept {slept} s: {taken:?}");
        }
        probe.deliver(&host, probe.batch(&host)).await.expect("made after we woke up");
        probe.goes_on(&mut host, 5).await;
        let (seen, holes) = stored(&host);
        let expected: Vec<i64> = (-4..=slept.min(60)).map(|second| began + second * SECOND).collect();
        assert_eq!(seen[..expected.len()], expected, "slept {slept} s");
        assert_eq!(holes, i64::from(slept > 60), "slept {slept} s");
        host.stop().await;
    }
}

/// The clock of the agent's host stood still while it was paused: its batch is rejected once.
#[tokio::test]
async fn a_batch_from_a_paused_host_is_accepted_when_it_is_sent_again() {
    let mut host = Host::new(0).await;
    let mut probe = Probe { boot_began: 0, wall_off: 0, acknowledged: 0, seen: Vec::new() };
    probe.goes_on(&mut host, 5).await;
    pass(&mut host, 600 * SECOND);
    probe.boot_began += 599 * SECOND;
    probe.sees(&host);
    let refused = probe.deliver(&host, probe.batch(&host)).await;
    assert!(matches!(refused, Err(Rejection::Waited)), "{refused:?}");
    probe.goes_on(&mut host, 5).await;
    host.stop().await;
}
