//! Four agents in three locations, each a host with two links: one to the aggregator, one over its gateway to
//! the target. Every link can be cut, made lossy or slowed down by itself. Everything is removed when the
//! handle is dropped.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};
use skerry_tests::parts::until;
use tempfile::TempDir;

use crate::hosts::{REFERENCES, TARGET, ip, program};

/// The agents and their locations; the last two share one.
pub(crate) const AGENTS: [(&str, &str); 4] =
    [("one", "alpha"), ("two", "beta"), ("three", "gamma"), ("four", "gamma")];
/// The hosts that are not agents.
const SERVERS: [&str; 2] = ["aggregator", "world"];
/// The nftables table with one agent's faults, in the namespaces at the far ends of its links.
const FAULTS: &str = "table inet faults {
    chain arrives { type filter hook input priority 0; }
    chain leaves { type filter hook output priority 0; }
}";

/// The far end of one of an agent's links.
#[derive(Clone, Copy)]
pub(crate) enum Far {
    Aggregator,
    World,
}

/// The hosts and their processes.
pub(crate) struct Net {
    folder: TempDir,
    id: String,
    running: Vec<(String, Child)>,
}

/// A page as a visitor sees it, as HTML and JSON.
#[derive(Debug)]
pub(crate) struct PageSnapshot {
    pub(crate) html: String,
    pub(crate) indicator: String,
    pub(crate) description: String,
    /// Of the only component.
    pub(crate) status: String,
    pub(crate) stale_since: Option<String>,
}

impl Net {
    /// Creates every host with its links; `check` is the rest of the check's configuration after name, type
    /// and URL.
    pub(crate) fn new(label: &str, check: &str) -> Self {
        let id = format!("sk-{label}-{}", std::process::id());
        let net = Self { folder: tempfile::tempdir().expect("a folder"), id, running: Vec::new() };
        for host in SERVERS.iter().chain(AGENTS.iter().map(|(agent, _)| agent)) {
            ip(&["netns", "add", &net.host(host)]);
            ip(&["-n", &net.host(host), "link", "set", "lo", "up"]);
        }
        for (number, (agent, _)) in AGENTS.iter().enumerate() {
            for (own, far, network) in [("home", SERVERS[0], 71), ("out", SERVERS[1], 70)] {
                net.link(agent, own, far, &format!("10.{network}.{number}"));
            }
            ip(&["-n", &net.host(agent), "route", "add", "default", "via", &format!("10.70.{number}.1")]);
        }
        for address in [TARGET].iter().chain(&REFERENCES) {
            net.give(address);
        }
        for host in SERVERS {
            net.nft(host, FAULTS);
        }
        net.configure(check);
        net
    }

    fn link(&self, agent: &str, own: &str, far: &str, network: &str) {
        let (near_host, far_host, far_link) = (self.host(agent), self.host(far), format!("to-{agent}"));
        let pair = ["type", "veth", "peer", "name", &far_link, "netns", &far_host];
        ip(&[&["link", "add", own, "netns", &near_host], pair.as_slice()].concat());
        for (host, link, last) in [(&near_host, own, 2), (&far_host, far_link.as_str(), 1)] {
            ip(&["-n", host, "addr", "add", &format!("{network}.{last}/24"), "dev", link]);
            ip(&["-n", host, "link", "set", link, "up"]);
        }
    }

    fn configure(&self, check: &str) {
        self.write(
            "aggregator.toml",
            &format!(
                "[[listen]]\naddress = \"127.0.0.1:8080\"\nserves = [\"public\"]\n\n\
                 [[listen]]\naddress = \"0.0.0.0:8081\"\nserves = [\"agents\"]\nallow_plaintext = true\n\n\
                 [[listen]]\naddress = \"127.0.0.1:8082\"\nserves = [\"admin\"]\n\n\
                 [store]\npath = \"{}\"\n\n\
                 [local_agent]\nlocation = \"centre\"\n\n\
                 [[page]]\nkey = \"demo\"\nslug = \"demo\"\nname = \"Demo\"\npublic = true\n\n\
                 [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nchecks = [\"shop\"]\n",
                self.path("skerry.db").display()
            ),
        );
        let references = REFERENCES.map(|address| format!("\"{address}:80\"")).join(", ");
        for (number, (agent, location)) in AGENTS.iter().enumerate() {
            self.write(
                &format!("{agent}.toml"),
                &format!(
                    "[agent]\nname = \"{agent}\"\nlocation = \"{location}\"\nspool = \"{0}/{agent}/spool.db\"\n\n\
                     [self_test]\nreferences = [{references}]\ninterval = \"1s\"\n\n\
                     [aggregator]\nurl = \"http://10.71.{number}.1:8081\"\nallow_plaintext = true\n\
                     token_file = \"{0}/{agent}.token\"\n\n\
                     [[check]]\nname = \"shop\"\ntype = \"http\"\nurl = \"http://{TARGET}/\"\n{check}",
                    self.folder.path().display()
                ),
            );
        }
    }

    /// Starts the target, the aggregator and the agents.
    pub(crate) async fn start(&mut self) {
        self.serve();
        self.start_on("aggregator", "skerry-aggregator", &["serve"]);
        // Only the aggregator creates the database.
        let there = async || self.run_cli(&["agent", "list"]).status.success();
        until("the aggregator's database is there", Duration::from_secs(30), there).await;
        for (agent, location) in AGENTS {
            let token = self.cli(&["agent", "add", agent, "--location", location, "--token"]);
            let file = self.write(&format!("{agent}.token"), &token);
            std::fs::set_permissions(file, Permissions::from_mode(0o600)).expect("a mode");
        }
        for (agent, _) in AGENTS {
            self.start_agent_host(agent);
        }
    }

    pub(crate) fn start_agent_host(&mut self, agent: &str) {
        self.start_on(agent, "skerry-agent", &["run"]);
    }

    fn start_on(&mut self, host: &str, name: &str, words: &[&str]) {
        let mut command = self.on(host, &program(name));
        command.args(words).arg("--config").arg(self.path(&format!("{host}.toml")));
        self.start_logged(host, command);
    }

    fn start_logged(&mut self, name: &str, mut command: Command) {
        let log = std::fs::File::create(self.path(&format!("{name}.log"))).expect("a log");
        let again = log.try_clone().expect("a second handle");
        let child = command.stdout(again).stderr(log).spawn().expect("it starts");
        self.running.push((name.to_owned(), child));
    }

    /// Kills the processes of a host with SIGKILL.
    pub(crate) fn kill(&mut self, host: &str) {
        let place = self.running.iter().position(|(name, _)| name == host).expect("it runs");
        let (_, mut child) = self.running.remove(place);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Reloads the aggregator with this reference for its built-in agent.
    pub(crate) fn refer(&self, address: &str) {
        let text = std::fs::read_to_string(self.path("aggregator.toml")).expect("written at the start");
        let reference =
            format!("[local_agent.self_test]\nreferences = [\"{address}\"]\ninterval = \"1s\"\n\n[[page]]");
        self.write("aggregator.toml", &text.replacen("[[page]]", &reference, 1));
        let (_, child) = self.running.iter().find(|(name, _)| name == "aggregator").expect("it runs");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::HUP).expect("it runs");
    }

    /// Starts a web server on every address of the host `world`.
    fn serve(&mut self) {
        let mut nginx = self.on("world", Path::new("nginx"));
        crate::web_server::serve_everywhere(&mut nginx, self.folder.path());
        self.start_logged("nginx", nginx);
    }

    /// Adds an address to the host `world`.
    pub(crate) fn give(&self, address: &str) {
        ip(&["-n", &self.host("world"), "addr", "add", &format!("{address}/32"), "dev", "lo"]);
    }

    /// Removes an address of the host `world`.
    pub(crate) fn take(&self, address: &str) {
        ip(&["-n", &self.host("world"), "addr", "del", &format!("{address}/32"), "dev", "lo"]);
    }

    /// Sets the state of the far end of an agent's link.
    pub(crate) fn cable(&self, agent: &str, far: Far, state: &str) {
        ip(&["-n", &self.host(far.host()), "link", "set", &format!("to-{agent}"), state]);
    }

    /// Stops or starts an agent's gateway; its link stays up.
    pub(crate) fn gateway(&self, agent: &str, there: bool) {
        let number = AGENTS.iter().position(|(name, _)| *name == agent).expect("an agent");
        let (verb, address) = (if there { "add" } else { "del" }, format!("10.70.{number}.1/24"));
        ip(&["-n", &self.host("world"), "addr", verb, &address, "dev", &format!("to-{agent}")]);
    }

    /// Adds a rule for packets that arrive at the far end of an agent's link.
    pub(crate) fn arriving(&self, agent: &str, far: Far, rule: &str) {
        self.nft(far.host(), &format!("add rule inet faults arrives iifname \"to-{agent}\" {rule}"));
    }

    /// Like [`Net::arriving`], for packets that leave there.
    pub(crate) fn leaving(&self, agent: &str, far: Far, rule: &str) {
        self.nft(far.host(), &format!("add rule inet faults leaves oifname \"to-{agent}\" {rule}"));
    }

    /// Removes all faults.
    pub(crate) fn heal(&self) {
        for host in SERVERS {
            self.nft(host, "flush chain inet faults arrives\nflush chain inet faults leaves");
        }
    }

    /// Limits an agent's link to `rate` in both directions; packets queue for at most `wait`. A packet longer
    /// than `burst` bytes is never sent.
    pub(crate) fn narrow(&self, agent: &str, far: Far, [rate, burst, wait]: [&str; 3]) {
        for (host, link) in far.ends(agent) {
            let queue = ["root", "tbf", "rate", rate, "burst", burst, "latency", wait];
            self.tc(&host, &[&["qdisc", "replace", "dev", &link], queue.as_slice()].concat());
        }
    }

    /// Removes the limit of [`Net::narrow`].
    pub(crate) fn widen(&self, agent: &str, far: Far) {
        for (host, link) in far.ends(agent) {
            self.tc(&host, &["qdisc", "del", "dev", &link, "root"]);
        }
    }

    fn tc(&self, host: &str, words: &[&str]) {
        let done = self.on(host, Path::new("tc")).args(words).output().expect("tc is there");
        assert!(done.status.success(), "tc {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Duration of a request to the target from an agent's host.
    pub(crate) fn takes(&self, agent: &str) -> Duration {
        let began = Instant::now();
        let mut curl = self.on(agent, Path::new("curl"));
        let done = curl.args(["--silent", "--max-time", "5", &format!("http://{TARGET}/")]).output();
        assert!(done.expect("curl is there").status.success(), "the target answers");
        began.elapsed()
    }

    fn nft(&self, host: &str, text: &str) {
        let file = self.write("rules.nft", text);
        let done = self.on(host, Path::new("nft")).arg("-f").arg(file).output().expect("nft is there");
        assert!(done.status.success(), "nft: {text}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Runs a command of the aggregator and returns its output.
    pub(crate) fn cli(&self, words: &[&str]) -> String {
        let output = self.run_cli(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn run_cli(&self, words: &[&str]) -> Output {
        let mut command = Command::new(program("skerry-aggregator"));
        command.args(words).arg("--config").arg(self.path("aggregator.toml")).stdin(Stdio::null());
        command.output().expect("it starts")
    }

    /// One agent in the output of `agent list`.
    pub(crate) fn listed(&self, agent: &str) -> serde_json::Value {
        let roll = self.cli(&["agent", "list", "--json"]);
        let roll: serde_json::Value = serde_json::from_str(&roll).expect("JSON");
        let mut agents = roll["agents"].as_array().expect("a list").iter();
        agents.find(|one| one["name"] == agent).unwrap_or_else(|| panic!("no {agent} in {roll}")).clone()
    }

    /// The check in the output of `check list`.
    pub(crate) fn check(&self) -> serde_json::Value {
        let list = self.cli(&["check", "list", "--json"]);
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        list["checks"][0].clone()
    }

    /// Output of `skerry-agent status` on an agent's host.
    pub(crate) fn status(&self, agent: &str) -> serde_json::Value {
        let mut status = self.on(agent, &program("skerry-agent"));
        let config = self.path(&format!("{agent}.toml"));
        let output = status.args(["status", "--json", "--config"]).arg(config).output().expect("it starts");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn get(&self, port: u16, path: &str) -> Option<String> {
        let mut curl = self.on("aggregator", Path::new("curl"));
        curl.args(["--silent", "--fail", "--max-time", "5", &format!("http://127.0.0.1:{port}{path}")]);
        let output = curl.output().expect("curl is there");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The aggregator's metrics.
    pub(crate) fn metrics(&self) -> String {
        self.get(8082, "/metrics").expect("metrics")
    }

    /// The page as a visitor sees it now; `None` while nothing answers.
    pub(crate) fn shown(&self) -> Option<PageSnapshot> {
        let json = |path| serde_json::from_str::<serde_json::Value>(&self.get(8080, path)?).ok();
        let words = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let summary = json("/api/v2/summary.json")?;
        let component = &summary["components"][0];
        Some(PageSnapshot {
            html: self.get(8080, "/")?,
            indicator: words(&summary["status"]["indicator"]),
            description: words(&summary["status"]["description"]),
            status: if component["waiting"] == true {
                "waiting".to_owned()
            } else {
                words(&component["status"])
            },
            stale_since: component["stale_since"].as_str().map(ToOwned::to_owned),
        })
    }

    /// Every status that the component's automatic layer ever had, once per interval.
    pub(crate) fn history(&self) -> Vec<String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(self.path("skerry.db"), flags).expect("it opens");
        database.busy_timeout(Duration::from_secs(5)).expect("a pragma");
        let sql = "SELECT status FROM status_interval WHERE layer = 'automatic' AND to_ms > from_ms ORDER BY from_ms";
        let mut statement = database.prepare(sql).expect("the table is there");
        let rows = statement.query_map([], |row| row.get(0)).expect("runs");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    pub(crate) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    fn host(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    fn on(&self, host: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.host(host)]).arg(program).stdin(Stdio::null());
        command.current_dir(self.folder.path());
        command
    }
}

impl Far {
    fn host(self) -> &'static str {
        match self {
            Self::Aggregator => SERVERS[0],
            Self::World => SERVERS[1],
        }
    }

    /// Both ends of an agent's link: the host, and the link's name there.
    fn ends(self, agent: &str) -> [(String, String); 2] {
        let own = match self {
            Self::Aggregator => "home",
            Self::World => "out",
        };
        [(agent.to_owned(), own.to_owned()), (self.host().to_owned(), format!("to-{agent}"))]
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        for host in SERVERS.iter().chain(AGENTS.iter().map(|(agent, _)| agent)) {
            let _ = Command::new("ip").args(["netns", "del", &self.host(host)]).output();
        }
        if std::thread::panicking() {
            use std::io::Write;
            for name in ["aggregator", "one", "two", "three", "four"] {
                let _ = writeln!(std::io::stderr(), "--- {name}\n{}", self.log(name));
            }
        }
    }
}
