//! A host with a wrong wall clock, at its start and later: a valid certificate causes no outage, an expired
//! one never looks valid, and the agent reaches its aggregator.

use crate::clocks::{DAY, FakeClock, NOTICED, goes_on, start_agent, was_always_green};
use crate::world::{World, now, page};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::path::Path;

const HOUR: i64 = 3_600_000;

/// 1970, 2038, 2100, an hour, a day and a month off, and beyond the expiry of a 90-day certificate.
fn clock_offsets() -> [(&'static str, i64); 9] {
    [
        ("1970", -now()),
        ("2038", 2_147_483_648_000 - now()),
        ("2100", 4_102_444_800_000 - now()),
        ("+1 h", HOUR),
        ("-1 h", -HOUR),
        ("+1 d", DAY),
        ("-1 d", -DAY),
        ("+30 d", 30 * DAY),
        ("+91 d", 91 * DAY),
    ]
}

/// A server with a new certificate, and one whose certificate expired at midnight.
struct Targets {
    authority: Authority,
    good: Nginx,
    ended: Nginx,
}

impl Targets {
    async fn start() -> Self {
        let authority = Authority::new();
        let with = async |validity| {
            let certificate = Some(authority.sign(&["127.0.0.1"], validity));
            Nginx::start(&Site { certificate, ..Site::default() }).await
        };
        let good = with(Validity { from: 0, to: 90 }).await;
        let ended = with(Validity { from: -60, to: 0 }).await;
        Self { authority, good, ended }
    }

    fn checks(&self) -> String {
        let check = |name: &str, keys: String| {
            format!(
                "[[check]]\nname = \"{name}\"\n{keys}\ninterval = \"1s\"\ntimeout = \"900ms\"\n\
                 retry_interval = \"500ms\"\nfall = 3\nrise = 2\nca_file = \"{}\"\n\n",
                self.authority.file().display()
            )
        };
        let http = |nginx: &Nginx| format!("type = \"http\"\nurl = \"{}\"", nginx.url_at("127.0.0.1", "/"));
        let tls = format!(
            "type = \"tls\"\nhost = \"127.0.0.1\"\nport = {}\ncertificate_days = 20",
            self.good.port()
        );
        check("web", http(&self.good)) + &check("handshake", tls) + &check("ended", http(&self.ended))
    }
}

fn never_green(world: &World, component: &str) {
    let intervals = world.intervals(component);
    let well = |status: &str| ["operational", "degraded_performance"].contains(&status);
    assert!(!intervals.iter().any(|(_, _, status)| well(status)), "{component}: {intervals:?}");
}

async fn all_is_true(world: &World, config: &Path, fake_clock: &str) {
    world.shows("web", "operational", NOTICED).await;
    world.shows("handshake", "operational", NOTICED).await;
    goes_on(world, config, 9, &format!("what it sees is taken at {fake_clock}")).await;
    was_always_green(world, "web");
    was_always_green(world, "handshake");
    never_green(world, "ended");
}

fn components() -> String {
    page("demo", true, &["web", "handshake", "ended"])
}

#[tokio::test]
async fn a_host_with_a_wrong_clock_judges_certificates_by_the_true_time() {
    let targets = Targets::start().await;
    for (name, off) in clock_offsets() {
        let mut world = World::new(&components());
        world.start().await;
        let token = world.enrol("probe", "there", None);
        let config = world.agent_config("probe", world.private, &token, &targets.checks());
        let fake_clock = FakeClock::new(&world, "agent.time");
        fake_clock.set_offset(off);
        let agent = start_agent(&world, &config, &fake_clock);
        all_is_true(&world, &config, name).await;
        agent.stop().await;
    }
}

#[tokio::test]
async fn a_step_of_the_wall_clock_expires_no_certificate() {
    let targets = Targets::start().await;
    let mut world = World::new(&components());
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let config = world.agent_config("probe", world.private, &token, &targets.checks());
    let fake_clock = FakeClock::new(&world, "agent.time");
    let agent = start_agent(&world, &config, &fake_clock);
    all_is_true(&world, &config, "the right time").await;
    world.shows("ended", "major_outage", NOTICED).await;
    for (name, off) in clock_offsets() {
        for off in [off, 0] {
            fake_clock.set_offset(off);
            all_is_true(&world, &config, name).await;
        }
    }
    agent.stop().await;
}

#[tokio::test]
async fn a_host_with_a_wrong_clock_verifies_its_aggregator_by_an_authority() {
    let nginx = Nginx::start(&Site::default()).await;
    let authority = Authority::new();
    let certificate = authority.sign(&["127.0.0.1"], Validity { from: 0, to: 90 });
    let port = free_port();
    let listener = format!(
        "[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"agents\"]\n\
         tls = {{ certificate = \"{}\", key = \"{}\" }}\n\n",
        certificate.certificate.display(),
        certificate.key.display()
    );
    for (name, off) in [("1970", -now()), ("-1 d", -DAY), ("+91 d", 91 * DAY)] {
        let mut world = World::new(&format!("{listener}{}", page("demo", true, &["web"])));
        world.start().await;
        let token = world.enrol("probe", "there", None);
        let check = crate::world::quick_check("web", &nginx.url_at("127.0.0.1", "/"));
        let config = world.agent_config("probe", port, &token, &check);
        let text = std::fs::read_to_string(&config).expect("there");
        let by_authority =
            format!("url = \"https://127.0.0.1:{port}\"\nca_file = \"{}\"", authority.file().display());
        let text = text.replace(&format!("url = \"http://127.0.0.1:{port}\""), &by_authority);
        std::fs::write(&config, text).expect("written");
        let fake_clock = FakeClock::new(&world, "agent.time");
        fake_clock.set_offset(off);
        let agent = start_agent(&world, &config, &fake_clock);
        world.shows("web", "operational", NOTICED).await;
        until("it says that its clock is wrong", NOTICED, async || {
            agent.log().contains("Set this host's clock right")
        })
        .await;
        goes_on(&world, &config, 3, name).await;
        agent.stop().await;
        world.stop().await;
    }
}
