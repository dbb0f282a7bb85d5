//! An agent with a low descriptor limit: its checks wait for each other, and all observations are delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use skerry_agent::run::{Agent, AgentSettings};
use skerry_agent::self_test::SelfTestSettings;
use skerry_agent::spool::Limits;
use skerry_agent::uplink::{Deliver, Delivery};
use skerry_protocol::wire::{self, Reason, record::Kind};
use skerry_tests::parts::{checks, until};
use tokio::net::{TcpListener, TcpStream};

use crate::observing::run_half;

/// Opens a connection for each batch, as an uplink may have to.
struct Uplink {
    place: String,
    taken: AtomicUsize,
    failed: AtomicUsize,
    lacking: AtomicUsize,
}

#[async_trait::async_trait]
impl Deliver for Uplink {
    async fn deliver(&self, body: Bytes) -> Delivery {
        let batch = wire::decode(&body).expect("whole batches");
        if TcpStream::connect(&self.place).await.is_err() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        for record in &batch.records {
            if let Some(Kind::Observation(seen)) = &record.kind {
                self.taken.fetch_add(1, Ordering::Relaxed);
                if Reason::from_wire(seen.reason) == Reason::OwnResources {
                    self.lacking.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let through = batch.records.last().map_or(0, |record| record.sequence);
        Delivery::Accepted(wire::Reply { protocol: 1, acknowledged_through: through, ..Default::default() })
    }
}

/// The descriptor limit applies to a whole process, so this test runs its other half in a process of its own.
#[tokio::test]
async fn a_low_descriptor_limit_loses_no_observation() {
    // Accepts connections and sends nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = silent.local_addr().expect("bound").to_string();
    let holding = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    run_half("descriptors::half_with_few_descriptors", place).await;
    holding.abort();
}

#[tokio::test]
#[ignore = "the half of another test that needs its own process"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_with_few_descriptors() {
    let Ok(place) = std::env::var("TARGET") else { return };
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = Some(64);
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("a lower limit is allowed");
    let (host, port) = place.split_once(':').expect("a port");
    let checks = (0..200).map(|number| {
        let mut check = checks::read(&format!(
            "type = \"tcp\"\nhost = \"{host}\"\nport = {port}\nexpect = \"hello\"\ninterval = \"5s\"\ntimeout = \"300ms\""
        ));
        check.name = format!("shop{number}");
        check
    });
    let folder = tempfile::tempdir().expect("a folder");
    let uplink = Arc::new(Uplink {
        place: place.clone(),
        taken: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
        lacking: AtomicUsize::new(0),
    });
    let settings = AgentSettings {
        name: "agent".to_owned(),
        location: "here".to_owned(),
        spool_path: folder.path().join("spool.db"),
        spool_limits: Limits::default(),
        max_in_flight: 2_000,
        self_test: SelfTestSettings::default(),
        checks: checks.collect(),
    };
    let agent = Agent::start(settings, uplink.clone()).expect("starts");
    let all = async || uplink.taken.load(Ordering::Relaxed) >= 200;
    until("every check was seen once", Duration::from_secs(60), all).await;
    assert_eq!(uplink.failed.load(Ordering::Relaxed), 0, "batches that found no descriptor");
    assert_eq!(uplink.lacking.load(Ordering::Relaxed), 0, "checks that found none");
    agent.stop().await;
}
