//! An agent without processor time notices that its results are unreliable.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use rustix::process::{Pid, Signal, kill_process};
use skerry_tests::parts::until;

use crate::hosts::{Hosts, TARGET};

const BOUND: Duration = Duration::from_secs(90);

/// Limits a process to one millisecond of processor time in a hundred, like a CPU quota.
struct CpuQuota {
    ends: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CpuQuota {
    fn begin(process: u32) -> Self {
        let pid = Pid::from_raw(process as i32).expect("a process");
        let (ends, ended) = bounded::<()>(0);
        let thread = std::thread::spawn(move || {
            for (signal, ms) in [(Signal::STOP, 99), (Signal::CONT, 1)].into_iter().cycle() {
                // It may have ended.
                let _ = kill_process(pid, signal);
                if ended.recv_timeout(Duration::from_millis(ms)) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            let _ = kill_process(pid, Signal::CONT);
        });
        Self { ends: Some(ends), thread: Some(thread) }
    }
}

impl Drop for CpuQuota {
    fn drop(&mut self) {
        self.ends.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn configure(hosts: &Hosts) -> PathBuf {
    let mut text = format!(
        "[agent]\nname = \"agent\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [self_test]\nreferences = [\"198.51.100.20:80\"]\n\n[aggregator]\nurl = \"http://127.0.0.1:9\"\n",
        hosts.path("spool.db").display()
    );
    for number in 0..10 {
        text.push_str(&format!(
            "\n[[check]]\nname = \"shop{number}\"\ntype = \"http\"\nurl = \"http://{TARGET}/\"\n\
             interval = \"1s\"\ntimeout = \"500ms\"\nretry_interval = \"500ms\"\nfall = 3\nrise = 1\n"
        ));
    }
    hosts.write("agent.toml", &text)
}

#[tokio::test]
async fn an_agent_without_processor_time_reports_no_outage() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let config = configure(&hosts);
    hosts.start_agent(&config);
    let states = |state: &str| {
        let status = hosts.status(&config).unwrap_or_default();
        let checks = status["checks"].as_array().cloned().unwrap_or_default();
        checks.iter().filter(|one| one["state"] == state).count()
    };
    let depth = || hosts.status(&config).unwrap_or_default()["depth"].as_u64().unwrap_or(0);
    until("all are up", BOUND, async || states("up") == 10).await;
    let quota = CpuQuota::begin(hosts.process("agent"));
    let before = depth();
    until("each ran some times", BOUND, async || depth() >= before + 60).await;
    let log = hosts.log("agent");
    assert!(!log.contains(" to=down") && !log.contains(" to=degraded"), "{log}");
    // A target that refuses is down, however late that is noticed.
    hosts.rule_beyond("ip daddr 198.51.100.10 tcp dport 80 reject with tcp reset");
    until("they are down", BOUND, async || states("down") == 10).await;
    hosts.rule_beyond("");
    drop(quota);
    until("all are up again", BOUND, async || states("up") == 10).await;
    // A target that does not answer is down as soon as there is time to notice.
    hosts.rule_beyond("ip daddr 198.51.100.10 tcp dport 80 drop");
    until("they are down again", BOUND, async || states("down") == 10).await;
}
