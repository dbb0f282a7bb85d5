//! Wrong wall clocks on either side of the real programs: off by ten minutes and days, back and forth, 1970
//! with a later correction. Observations keep their true times, and nothing is red.

use crate::http::get;
use crate::process::{Process, program};
use crate::world::{FAR, World, now, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{Environment, until};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) const NOTICED: Duration = Duration::from_secs(20);
pub(crate) const DAY: i64 = 86_400_000;
/// Tolerance for a wall clock, ms: libfaketime counts seconds.
const SLACK: i64 = 1_500;

/// A wall clock that shows a chosen time. The monotonic and boot clocks are the kernel's.
pub(crate) struct FakeClock(PathBuf);

impl FakeClock {
    pub(crate) fn new(world: &World, name: &str) -> Self {
        let fake_clock = Self(world.path(name));
        fake_clock.set_offset(0);
        fake_clock
    }

    /// Shifts the wall clock by this many milliseconds.
    pub(crate) fn set_offset(&self, off: i64) {
        let beside = self.0.with_extension("next");
        std::fs::write(&beside, format!("{:+}\n", off / 1_000)).expect("written");
        std::fs::rename(beside, &self.0).expect("moved");
    }

    /// What lets a program read this clock.
    pub(crate) fn environment(&self) -> Environment {
        let on = || OsString::from("1");
        vec![
            ("LD_PRELOAD", library().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.clone().into()),
            ("FAKETIME_NO_CACHE", on()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", on()),
            ("NO_FAKE_STAT", on()),
        ]
    }

    fn around(&self, command: &mut Command) {
        command.envs(self.environment());
    }
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a folder").filter_map(Result::ok);
    let libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.into_iter().find(|library| library.exists()).expect("libfaketime is installed")
}

pub(crate) fn start_agent(world: &World, config: &Path, fake_clock: &FakeClock) -> Process {
    let mut command = Command::new(program("skerry-agent"));
    command.arg("run").arg("--config").arg(config);
    fake_clock.around(&mut command);
    Process::start("probe", command, &world.path(""))
}

fn acknowledged(world: &World, config: &Path) -> u64 {
    let status = world.agent_status(config).unwrap_or_default();
    status["acknowledged_through"].as_u64().unwrap_or(0)
}

/// Waits until so many more runs are acknowledged.
pub(crate) async fn goes_on(world: &World, config: &Path, runs: u64, what: &str) {
    let before = acknowledged(world, config);
    until(what, NOTICED, async || acknowledged(world, config) >= before + runs).await;
}

fn listed_skew(world: &World) -> Option<i64> {
    let output = world.command(&["agent", "list", "--json"]).output().expect("it starts");
    let roll: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    roll["agents"][0]["skew_ms"].as_i64()
}

fn measured_skew(world: &World) -> f64 {
    let text = get(world.private, "/metrics").expect("metrics").text();
    let line = text.lines().find(|line| line.starts_with("skerry_agent_clock_skew_seconds{"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("a skew")
}

/// The status is and was operational since the first report; no interval is reversed, empty or overlapping.
pub(crate) fn was_always_green(world: &World, name: &str) {
    let component = world.component("/", name);
    assert_eq!((&component["status"], component["stale_since"].is_null()), (&"operational".into(), true));
    let intervals = world.intervals(name);
    let mut at = intervals[0].0;
    for (from, to, status) in &intervals {
        assert!(*from == at && from < to, "{intervals:?}");
        assert!(status == "operational" || (status == "no_data" && *from == intervals[0].0), "{intervals:?}");
        at = *to;
    }
    assert_eq!(at, FAR, "{intervals:?}");
    assert!(intervals.len() <= 2, "{intervals:?}");
}

#[tokio::test]
async fn observations_of_an_agent_with_a_wrong_clock_have_the_true_times() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &check);
    let fake_clock = FakeClock::new(&world, "agent.time");
    // Its host starts in 1970 and corrects its clock later.
    fake_clock.set_offset(-now());
    let agent = start_agent(&world, &config, &fake_clock);
    world.shows("web", "operational", NOTICED).await;
    for off in [0, 600_000, -600_000, DAY, -DAY, 0, -DAY, DAY] {
        fake_clock.set_offset(off);
        let shown = async || listed_skew(&world).is_some_and(|skew| (skew - off).abs() < SLACK);
        until(&format!("a skew of {off} ms is shown"), NOTICED, shown).await;
        until("it is measured", NOTICED, async || {
            (measured_skew(&world) - off as f64 / 1e3).abs() * 1e3 < SLACK as f64
        })
        .await;
        goes_on(&world, &config, 3, "what it sees is taken").await;
        was_always_green(&world, "web");
    }
    agent.stop().await;
}

#[tokio::test]
async fn an_aggregator_with_a_wrong_clock_shows_no_outage() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    let fake_clock = FakeClock::new(&world, "aggregator.time");
    let mut command = world.command(&["serve"]);
    fake_clock.around(&mut command);
    world.start_as(command).await;
    let token = world.enrol("probe", "there", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &check);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    for off in [600_000, 0, -600_000, 0, DAY, -DAY, DAY, 0, -now(), 0] {
        fake_clock.set_offset(off);
        goes_on(&world, &config, 4, "what agents see is taken").await;
        was_always_green(&world, "web");
    }
    assert!(world.running().log().contains("this host's clock jumped: check it"));
    agent.stop().await;
}

/// The clock is at 2100, 2038 or 1970, a month or a day ahead, while it runs and from a start on: the page's
/// validity stays within three minutes of true time, and operators see what is wrong.
#[tokio::test]
async fn an_aggregator_whose_clock_jumps_keeps_its_time_and_says_so() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    let fake_clock = FakeClock::new(&world, "aggregator.time");
    let start = |world: &World| {
        let mut command = world.command(&["serve"]);
        fake_clock.around(&mut command);
        command
    };
    world.start_as(start(&world)).await;
    let token = world.enrol("probe", "there", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &check);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    let year = 365 * DAY;
    for (off, restarts) in [
        (73 * year, true),
        (73 * year, false),
        (11 * year, true),
        (30 * DAY, false),
        (30 * DAY, true),
        (DAY, true),
        (-DAY, true),
        (-now(), true),
    ] {
        fake_clock.set_offset(off);
        if restarts {
            world.stop().await;
            world.start_as(start(&world)).await;
        }
        goes_on(&world, &config, 4, "what agents see is taken").await;
        was_always_green(&world, "web");
        let status = world.page("/api/v2/status.json").json();
        let believe: jiff::Timestamp =
            status["believe_until"].as_str().expect("a time").parse().expect("one");
        let valid_for = believe.as_millisecond() - now();
        // Nothing ever confirmed this clock: of two times the earlier one counts.
        let least = if off > 0 { 0 } else { i64::MIN };
        assert!((least..=180_000 + SLACK).contains(&valid_for), "{off}: valid for {valid_for} ms");
        let readiness = || get(world.private, "/readyz").expect("an answer").text();
        let way = if off > 0 { "ahead of" } else { "behind" };
        until("readiness says it", NOTICED, async || readiness().contains(way)).await;
        let mut doctor = world.command(&["doctor"]);
        fake_clock.around(&mut doctor);
        let report = doctor.output().expect("it starts").stdout;
        let report = String::from_utf8_lossy(&report).into_owned();
        assert!(report.contains(way) && report.contains("nothing confirms it"), "{report}");
        fake_clock.set_offset(0);
        until("it is well again", NOTICED, async || !readiness().contains("clock")).await;
    }
    was_always_green(&world, "web");
    agent.stop().await;
}
