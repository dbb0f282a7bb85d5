//! A host that is suspended while its program runs: `CLOCK_MONOTONIC` stops, the boot clock and the wall
//! clock continue. The gap has no data, later observations are current, and nothing is red.

use crate::process::{Process, program};
use crate::world::{FAR, Interval, World, now, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const NOTICED: Duration = Duration::from_secs(20);
/// The silence limit: three intervals and ten seconds.
const LIMIT: Duration = Duration::from_secs(13);
/// It, and a margin.
const SILENT: Duration = Duration::from_secs(35);
/// An interval, a batch a second later and a publication, on a busy machine.
const FRESH: Duration = Duration::from_secs(5);
/// Maximum distance to the nearest observation, ms.
const NEAR: i64 = 3_000;

/// What the kernel does to a program's clocks after the host was suspended for `SLEPT` milliseconds in total:
/// the boot and wall clocks are the kernel's and have continued.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

static volatile int64_t *slept;

__attribute__((constructor)) static void begin(void) {
    slept = mmap(0, sizeof *slept, PROT_READ, MAP_SHARED, open(getenv("SLEPT"), O_RDONLY | O_CLOEXEC), 0);
}

static struct timespec later(struct timespec time, int64_t ms) {
    int64_t ns = time.tv_nsec + ms % 1000 * 1000000 + 1000000000;
    time.tv_sec += ms / 1000 - 1 + ns / 1000000000;
    time.tv_nsec = ns % 1000000000;
    return time;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = next(clock, time);
    if (!failed && clock == CLOCK_MONOTONIC && slept) *time = later(*time, -*slept);
    return failed;
}

/* Who waits for a moment waits by the same clock. */
long syscall(long number, ...) {
    static long (*next)(long, ...);
    if (!next) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long given[6];
    va_list list;
    va_start(list, number);
    for (int at = 0; at < 6; at++) given[at] = va_arg(list, long);
    va_end(list);
    struct timespec until;
    int command = given[1] & (FUTEX_CMD_MASK | FUTEX_CLOCK_REALTIME);
    if (number == SYS_futex && command == FUTEX_WAIT_BITSET && given[3] && slept) {
        until = later(*(struct timespec *)given[3], *slept);
        given[3] = (long)&until;
    }
    return next(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
"#;

/// Simulates the suspension of a host.
struct Sleep {
    library: PathBuf,
    slept: PathBuf,
    all: i64,
}

impl Sleep {
    fn new(world: &World) -> Self {
        let (source, library) = (world.write("sleep.c", SHIM), world.path("sleep.so"));
        let mut compiler = Command::new("cc");
        let done =
            compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).arg("-ldl").output();
        let done = done.expect("a C compiler is there");
        assert!(done.status.success(), "cc: {}", String::from_utf8_lossy(&done.stderr));
        let slept = world.path("slept");
        std::fs::write(&slept, 0_i64.to_ne_bytes()).expect("written");
        Self { library, slept, all: 0 }
    }

    /// Runs `command` on the host.
    fn around(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("SLEPT", &self.slept);
    }

    fn start_agent(&self, world: &World, config: &Path) -> Process {
        let mut command = Command::new(program("skerry-agent"));
        command.arg("run").arg("--config").arg(config);
        self.around(&mut command);
        Process::start("probe", command, &world.path(""))
    }

    /// Suspends the host until `woken`. Returns when it was suspended and resumed, ms since 1970.
    async fn sleep(&mut self, process: &Process, why: &str, woken: impl AsyncFn() -> bool) -> (i64, i64) {
        process.pause();
        let (asleep, since) = (now(), Instant::now());
        until(why, SILENT, woken).await;
        self.all += i64::try_from(since.elapsed().as_millis()).expect("short");
        // In place, because the file is mapped.
        let file = std::fs::OpenOptions::new().write(true).open(&self.slept);
        file.and_then(|mut file| file.write_all(&self.all.to_ne_bytes())).expect("written");
        let awake = now();
        process.go_on();
        (asleep, awake)
    }
}

fn listed(world: &World) -> serde_json::Value {
    let output = world.command(&["agent", "list", "--json"]).output().expect("it starts");
    let roll: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    roll["agents"][0].clone()
}

/// The intervals of the bars; they are contiguous and none is empty or reversed.
fn whole(world: &World) -> Vec<Interval> {
    let intervals = world.intervals("web");
    let mut at = intervals[0].0;
    for (from, to, status) in &intervals {
        assert!(*from == at && from < to, "{intervals:?}");
        assert!(status == "operational" || status == "no_data", "{intervals:?}");
        at = *to;
    }
    assert_eq!(at, FAR, "{intervals:?}");
    intervals
}

fn holes(intervals: &[Interval]) -> Vec<(i64, i64)> {
    let seen = intervals.iter().skip_while(|(.., status)| status == "no_data");
    seen.filter(|(.., status)| status == "no_data").map(|(from, to, _)| (*from, *to)).collect()
}

#[tokio::test]
async fn an_agents_host_that_slept_continues_and_counts_at_once() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &check);
    let mut sleep = Sleep::new(&world);
    let agent = sleep.start_agent(&world, &config);
    world.shows("web", "operational", NOTICED).await;

    // A suspension shorter than the silence limit leaves no trace.
    let away = async || listed(&world)["last_seen_age_ms"].as_i64() > Some(6_000);
    sleep.sleep(&agent, "the agent was not heard for 6 s", away).await;
    let heard = async || listed(&world)["last_seen_age_ms"].as_i64() < Some(1_500);
    until("it is heard again", FRESH, heard).await;
    assert_eq!(holes(&whole(&world)), []);

    // A longer one is shown as no data, with its exact length. The agent may hold an observation that is a moment newer
    // than the last one it delivered: it has to sleep for longer than the limit after that one too.
    let begun = Instant::now();
    let past_limit = || begun.elapsed() > LIMIT + Duration::from_secs(2);
    let blind = async || past_limit() && !world.component("/", "web")["stale_since"].is_null();
    let (asleep, awake) = sleep.sleep(&agent, "the page has no data", blind).await;
    let woken = Instant::now();
    world.shows("web", "operational", FRESH).await;
    let fresh = woken.elapsed();
    until("the first result after it stands", NOTICED, async || holes(&whole(&world)).len() == 1).await;
    let hole = holes(&whole(&world))[0];
    assert!((asleep - NEAR..=asleep + 100).contains(&hole.0), "{hole:?}, asleep from {asleep}");
    assert!((awake - 100..=awake + NEAR).contains(&hole.1), "{hole:?}, awake from {awake}");
    let skew = listed(&world)["skew_ms"].as_i64().expect("a skew");
    assert!(skew.abs() < 1_500, "{skew} ms of skew");
    let _ = writeln!(std::io::stderr(), "fresh {fresh:?} after a sleep of {} ms", awake - asleep);
    let log = world.running().log();
    let (silent, heard) =
        (log.find("stopped reporting web"), log.find("that stopped reporting web reports again, after "));
    assert!(silent.is_some() && silent < heard, "operators hear of both ends: {log}");
    agent.stop().await;
    assert_eq!(holes(&whole(&world)), [hole]);
}

#[tokio::test]
async fn an_aggregator_that_slept_reports_no_agent_as_silent_and_shows_late_data() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    let mut sleep = Sleep::new(&world);
    let mut command = world.command(&["serve"]);
    sleep.around(&mut command);
    world.start_as(command).await;
    let token = world.enrol("probe", "there", None);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &check);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;

    // Longer than the silence limit of an agent.
    let depth = || world.agent_status(&config).and_then(|status| status["depth"].as_u64());
    let waits = async || depth() > Some(16);
    let (asleep, awake) = sleep.sleep(world.running(), "the agent has seen much", waits).await;
    assert!(awake - asleep > 14_000, "asleep for {} ms", awake - asleep);
    // The last observation is older than the silence limit: until more is delivered the page may show no
    // data.
    let in_sight = || {
        let component = world.component("/", "web");
        assert_eq!(component["status"], "operational");
        component["stale_since"].is_null()
    };
    until("what waited is delivered", NOTICED, async || {
        in_sight();
        depth().is_some_and(|depth| depth < 3)
    })
    .await;
    until("what was seen stands", NOTICED, async || {
        in_sight() && whole(&world).last().is_some_and(|(.., status)| status == "operational")
    })
    .await;
    assert_eq!(holes(&whole(&world)), []);
    assert!(!world.running().log().contains("stopped reporting"), "{}", world.running().log());
    agent.stop().await;
}
