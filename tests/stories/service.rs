//! Under a service manager: what the programs report to it and inherit from it. A socket plays the manager;
//! other tests run under real systemd.

use crate::http::get;
use crate::process::{Process, program};
use crate::world::{START, World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, stalled, until};
use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(15);
/// The interval that a watchdog would allow.
const WATCHDOG: Duration = Duration::from_secs(3);

/// The receiving end of `NOTIFY_SOCKET`.
struct ServiceManager {
    socket: UnixDatagram,
    messages: VecDeque<String>,
}

impl ServiceManager {
    fn new(folder: &Path) -> Self {
        let socket = UnixDatagram::bind(folder.join("notify")).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a time-out");
        Self { socket, messages: VecDeque::new() }
    }

    fn environment(&self, command: &mut Command) {
        let address = self.socket.local_addr().expect("bound");
        command.env("NOTIFY_SOCKET", address.as_pathname().expect("by a path"));
        command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
    }

    /// Returns the first message with a line that starts with `begin`; drops those before it.
    fn expect_message(&mut self, begin: &str) -> String {
        let deadline = Instant::now() + BOUND;
        loop {
            while let Some(message) = self.messages.pop_front() {
                if message.lines().any(|line| line.starts_with(begin)) {
                    return message;
                }
            }
            assert!(Instant::now() < deadline, "waited in vain for {begin}");
            let mut buffer = [0; 4_096];
            if let Ok(length) = self.socket.recv(&mut buffer) {
                self.messages.push_back(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        }
    }

    /// Asserts that the watchdog is fed often enough during `time`.
    fn assert_watchdog_fed(&mut self, time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            let (since, before) = (Instant::now(), stalled());
            self.expect_message("WATCHDOG=1");
            let took = since.elapsed();
            assert!(took < WATCHDOG + (stalled() - before), "not fed for {took:?}");
        }
    }

    /// Asserts that a reload is reported as `Type=notify-reload` requires.
    fn expect_reload(&mut self) -> String {
        let begun = self.expect_message("RELOADING=1");
        let at = begun.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        let at: u128 = at.and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("when? {begun}"));
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let now = u128::from(now.tv_sec.unsigned_abs()) * 1_000_000
            + u128::from(now.tv_nsec.unsigned_abs()) / 1_000;
        assert!(at <= now && now - at < 20_000_000, "{at} is not just before {now}");
        self.expect_message("READY=1")
    }
}

fn local(url: &str) -> String {
    format!(
        "[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("web", url),
        page("demo", true, &["web"])
    )
}

#[tokio::test]
async fn the_aggregator_reports_its_state_to_the_service_manager() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&local(&nginx.url_at("127.0.0.1", "/")));
    let mut manager = ServiceManager::new(&world.path(""));
    let mut command = world.command(&["serve"]);
    manager.environment(&mut command);
    let process = Process::start("aggregator", command, &world.path(""));

    manager.expect_message("READY=1");
    let page = get(world.public, "/").expect("ready, so it answers at once");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Page demo"), "and has something to show");
    let status = manager.expect_message("STATUS=1 page published");
    assert_eq!(status.trim(), "STATUS=1 page published, 1 check, 1 agent");
    manager.assert_watchdog_fed(2 * WATCHDOG);

    process.hang_up();
    assert!(manager.expect_reload().contains("STATUS=Configuration reloaded"));
    world.declare("nonsense = 1\n");
    process.hang_up();
    let status = manager.expect_reload();
    assert!(status.contains("previous configuration kept") && status.contains("nonsense"), "{status}");
    assert_eq!(status.trim().lines().count(), 2, "one line of status: {status}");
    manager.assert_watchdog_fed(WATCHDOG);

    process.stop().await;
    manager.expect_message("STOPPING=1");
}

#[tokio::test]
async fn the_agent_reports_its_state_to_the_service_manager() {
    let nginx = Nginx::start(&Site::default()).await;
    let world = World::new("");
    let mut manager = ServiceManager::new(&world.path(""));
    // Nobody accepts its batches, which is no reason for a restart.
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", free_port(), "ska_1", &check);
    let mut command = Command::new(program("skerry-agent"));
    command.arg("run").arg("--config").arg(&config);
    manager.environment(&mut command);
    let process = Process::start("agent", command, &world.path(""));

    let ready = manager.expect_message("READY=1");
    assert!(ready.contains("STATUS=1 check running"), "an observation was made: {ready}");
    manager.assert_watchdog_fed(2 * WATCHDOG);
    process.hang_up();
    assert!(manager.expect_reload().contains("STATUS=configuration reloaded: 1 check"));
    std::fs::write(&config, "nonsense = 1").expect("written");
    process.hang_up();
    assert!(manager.expect_reload().contains("STATUS=the new configuration is not valid"));
    manager.assert_watchdog_fed(WATCHDOG);
    process.stop().await;
    manager.expect_message("STOPPING=1");
}

#[tokio::test]
async fn an_agent_without_checks_is_ready() {
    let world = World::new("");
    let mut manager = ServiceManager::new(&world.path(""));
    let config = world.agent_config("probe", free_port(), "ska_1", "");
    let mut command = Command::new(program("skerry-agent"));
    command.arg("run").arg("--config").arg(&config);
    manager.environment(&mut command);
    let process = Process::start("agent", command, &world.path(""));
    assert!(manager.expect_message("READY=1").contains("STATUS=0 checks running"));
    process.stop().await;
}

/// Starts the aggregator with `sockets` as a service manager passes them.
fn start_with(world: &World, sockets: [&TcpListener; 2]) -> Process {
    let plain = world.command(&["serve"]);
    // Only the shell that is replaced by the program knows the process id that must take them.
    let script = "exec 3<&0 4<&1 1>&2; export LISTEN_FDS=2 LISTEN_PID=$$; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(plain.get_program()).args(plain.get_args());
    let passed =
        |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().expect("a second handle")));
    Process::start_with("aggregator", command, &world.path(""), passed(sockets[0]), Some(passed(sockets[1])))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_inherited_sockets_rejects_no_connection() {
    let nginx = Nginx::start(&Site::default()).await;
    let world = World::new(&local(&nginx.url_at("127.0.0.1", "/")));
    let held = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], world.public))).expect("free");
    let stray = TcpListener::bind("127.0.0.1:0").expect("free");
    let mut process = start_with(&world, [&held, &stray]);
    let (over, failed, answered) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let visit = || {
        while !over.load(Ordering::Relaxed) {
            let good = get(world.public, "/").is_some_and(|answer| answer.status == 200);
            (if good { &answered } else { &failed }).fetch_add(1, Ordering::Relaxed);
        }
    };
    let restarts = async {
        for _ in 0..5 {
            let before = answered.load(Ordering::Relaxed);
            until("visitors are served", START, async || answered.load(Ordering::Relaxed) > before + 50)
                .await;
            process.stop().await;
            process = start_with(&world, [&held, &stray]);
        }
        let before = answered.load(Ordering::Relaxed);
        until("visitors are served", START, async || answered.load(Ordering::Relaxed) > before + 50).await;
        process
    };
    let process = std::thread::scope(|scope| {
        let visitors = [scope.spawn(visit), scope.spawn(visit)];
        let process = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(restarts));
        over.store(true, Ordering::Relaxed);
        for visitor in visitors {
            visitor.join().expect("no panic");
        }
        process
    });
    assert_eq!(failed.into_inner(), 0, "of {} visits over five restarts", answered.into_inner());
    let log = process.log();
    let warned = format!("passed a socket at {}", stray.local_addr().expect("bound"));
    assert!(log.contains(&warned), "a socket without a name is logged: {log}");
    // Sockets that were not inherited are bound as usual.
    assert_eq!(get(world.private, "/healthz").expect("an answer").status, 200);
    process.stop().await;
}
