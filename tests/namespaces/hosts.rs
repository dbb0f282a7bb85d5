//! An agent's host and the network beyond its gateway: two namespaces and a link, removed when the handle is
//! dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Hosts beyond the gateway, each with its own address (RFC 5737).
pub(crate) const TARGET: &str = "198.51.100.10";
pub(crate) const REFERENCES: [&str; 2] = ["198.51.100.20", "198.51.100.21"];
pub(crate) const GATEWAY: &str = "192.0.2.1";
const AGENT: &str = "192.0.2.2";
/// RFC 3849.
pub(crate) const TARGET_V6: &str = "2001:db8:1::10";
pub(crate) const REFERENCE_V6: &str = "2001:db8:1::20";
const GATEWAY_V6: &str = "2001:db8::1";
const AGENT_V6: &str = "2001:db8::2";

/// One of our programs, built beside this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this test is a file");
    let program = own.ancestors().nth(2).expect("it stands in target/<profile>/deps").join(name);
    assert!(program.exists(), "{} is missing: run tests/run build first", program.display());
    program
}

/// The two hosts.
pub(crate) struct Hosts {
    folder: TempDir,
    agent: String,
    beyond: String,
    running: Vec<(String, Child)>,
}

impl Hosts {
    /// The agent's host, whose only route leads over a gateway to the target and the references.
    pub(crate) fn new() -> Self {
        // Hosts of several tests exist at the same time.
        let folder = tempfile::Builder::new().prefix("hosts-").tempdir().expect("a folder");
        let id = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hosts = Self {
            folder,
            agent: format!("skerry-agent-{id}"),
            beyond: format!("skerry-beyond-{id}"),
            running: Vec::new(),
        };
        let (agent, beyond) = (&hosts.agent, &hosts.beyond);
        ip(&["netns", "add", agent]);
        ip(&["netns", "add", beyond]);
        ip(&["link", "add", "out", "netns", agent, "type", "veth", "peer", "name", "in", "netns", beyond]);
        for (host, link, address) in [(agent, "out", AGENT), (beyond, "in", GATEWAY)] {
            ip(&["-n", host, "addr", "add", &format!("{address}/24"), "dev", link]);
            ip(&["-n", host, "link", "set", "lo", "up"]);
            ip(&["-n", host, "link", "set", link, "up"]);
        }
        ip(&["-n", agent, "route", "add", "default", "via", GATEWAY]);
        for address in [TARGET].iter().chain(&REFERENCES) {
            hosts.give(address);
        }
        hosts
    }

    /// Adds IPv6 on the link and to the target.
    pub(crate) fn with_ipv6(self) -> Self {
        let (agent, beyond) = (&self.agent, &self.beyond);
        for (host, link, address) in [(agent, "out", AGENT_V6), (beyond, "in", GATEWAY_V6)] {
            ip(&["-n", host, "addr", "add", &format!("{address}/64"), "dev", link, "nodad"]);
        }
        ip(&["-n", agent, "-6", "route", "add", "default", "via", GATEWAY_V6]);
        for address in [TARGET_V6, REFERENCE_V6] {
            ip(&["-n", beyond, "addr", "add", &format!("{address}/128"), "dev", "lo", "nodad"]);
        }
        self
    }

    /// Drops every `nth` echo request at the gateway.
    pub(crate) fn drop_every(&self, nth: u32) {
        let rules = format!(
            "flush ruleset\ntable inet loss {{\nchain input {{\ntype filter hook input priority 0;\n\
             icmp type echo-request numgen inc mod {nth} == 0 drop\n\
             icmpv6 type echo-request numgen inc mod {nth} == 0 drop\n}}\n}}\n"
        );
        let file = self.write("loss.nft", &rules);
        run_ok(self.on(&self.beyond, Path::new("nft")).arg("-f").arg(file));
    }

    /// Limits the rate of packets that leave the agent's host.
    pub(crate) fn slow_link(&self, rate: &str) {
        let mut tc = self.on(&self.agent, Path::new("tc"));
        run_ok(tc.args([
            "qdisc", "add", "dev", "out", "root", "tbf", "rate", rate, "burst", "200", "latency", "9s",
        ]));
    }

    /// Removes the IPv4 routes of the agent's host.
    pub(crate) fn take_routes(&self) {
        ip(&["-n", &self.agent, "-4", "route", "flush", "all"]);
    }

    /// Adds a name to `/etc/hosts` of the agent's host, which has no name server.
    pub(crate) fn know(&self, name: &str, addresses: &[&str]) {
        let folder = names_of(&self.agent);
        std::fs::create_dir_all(&folder).expect("a folder");
        let lines: String = addresses.iter().map(|address| format!("{address} {name}\n")).collect();
        std::fs::write(folder.join("hosts"), lines).expect("written");
    }

    /// Makes the agent's host use this name server instead of the one in `/etc`.
    pub(crate) fn ask_names_of(&self, server: &str) {
        let folder = names_of(&self.agent);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("resolv.conf"), format!("nameserver {server}\n")).expect("written");
    }

    /// Starts a program beyond the gateway under this name.
    pub(crate) fn start_beyond(&mut self, name: &str, program: &Path, words: &[&str]) {
        let mut command = self.on(&self.beyond, program);
        command.args(words);
        self.start(name, command);
    }

    /// Stops the program of this name.
    pub(crate) fn end(&mut self, name: &str) {
        for (_, child) in self.running.iter_mut().filter(|(known, _)| known == name) {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.running.retain(|(known, _)| known != name);
    }

    /// The only firewall rule for packets to the gateway; empty removes it.
    pub(crate) fn rule_beyond(&self, rule: &str) {
        self.rule(&self.beyond, "input", rule);
    }

    /// The only firewall rule for packets from the agent's host; empty removes it.
    pub(crate) fn rule_of_agent(&self, rule: &str) {
        self.rule(&self.agent, "output", rule);
    }

    /// Makes the gateway answer every connection with a reset, whatever its destination.
    pub(crate) fn reset_everything(&self, does: bool) {
        let rule = if does { "meta l4proto tcp reject with tcp reset" } else { "" };
        self.rule(&self.beyond, "prerouting", rule);
    }

    /// Process id of the program of this name.
    pub(crate) fn process(&self, name: &str) -> u32 {
        self.running.iter().find(|(known, _)| known == name).map(|(_, child)| child.id()).expect("it runs")
    }

    /// Sets what the agent's host does with packets to this address.
    pub(crate) fn route_of_agent(&self, kind: &str, address: &str) {
        ip(&["-n", &self.agent, "route", "replace", kind, &format!("{address}/32")]);
    }

    /// Drops IPv6 beyond the gateway's link.
    pub(crate) fn drop_ipv6(&self, does: bool) {
        self.rule_beyond(if does { "ip6 daddr 2001:db8:1::/48 drop" } else { "" });
    }

    fn rule(&self, host: &str, hook: &str, rule: &str) {
        let rules = format!(
            "flush ruleset\ntable inet filter {{\nchain only {{\ntype filter hook {hook} priority 0;\n{rule}\n}}\n}}\n"
        );
        let file = self.write("rule.nft", &rules);
        run_ok(self.on(host, Path::new("nft")).arg("-f").arg(file));
    }

    /// Makes the gateway reject packets to this address.
    pub(crate) fn refuse(&self, address: &str) {
        ip(&["-n", &self.beyond, "route", "add", "unreachable", &format!("{address}/32")]);
        run_ok(self.on(&self.beyond, Path::new("sysctl")).args(["-qw", "net.ipv4.ip_forward=1"]));
    }

    /// Allows every group on the agent's host to open ICMP sockets.
    pub(crate) fn let_groups_ping(&self) {
        let range = "net.ipv4.ping_group_range=0 2147483647";
        run_ok(self.on(&self.agent, Path::new("sysctl")).args(["-qw", range]));
    }

    /// Output of `skerry-agent probe --json` on the agent's host; with `powerful` it has root's capabilities.
    pub(crate) fn probe(&self, config: &Path, powerful: bool) -> serde_json::Value {
        let mut probe =
            if powerful { self.on(&self.agent, &program("skerry-agent")) } else { self.powerless() };
        let output = probe.args(["probe", "--json", "--config"]).arg(config).output().expect("it starts");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(answer.is_array(), "{}", String::from_utf8_lossy(&output.stderr));
        answer
    }

    /// Starts the agent on its host without capabilities.
    pub(crate) fn start_powerless_agent(&mut self, config: &Path) {
        let mut agent = self.powerless();
        agent.arg("run").arg("--config").arg(config);
        self.start("agent", agent);
    }

    /// The agent as root without any capability.
    fn powerless(&self) -> Command {
        let mut setpriv = self.on(&self.agent, Path::new("setpriv"));
        setpriv.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(program("skerry-agent"));
        setpriv
    }

    /// Adds an address beyond the gateway.
    pub(crate) fn give(&self, address: &str) {
        ip(&["-n", &self.beyond, "addr", "add", &format!("{address}/32"), "dev", "lo"]);
    }

    /// Removes an address beyond the gateway.
    pub(crate) fn take(&self, address: &str) {
        ip(&["-n", &self.beyond, "addr", "del", &format!("{address}/32"), "dev", "lo"]);
    }

    /// Removes the IPv6 address of the target.
    pub(crate) fn take_ipv6(&self) {
        ip(&["-n", &self.beyond, "addr", "del", &format!("{TARGET_V6}/128"), "dev", "lo"]);
        let nobody = ["-n", &self.beyond, "route", "add", "blackhole", &format!("{TARGET_V6}/128")];
        ip(&nobody);
    }

    /// Stops the gateway; the agent's link stays up.
    pub(crate) fn take_gateway(&self) {
        ip(&["-n", &self.beyond, "addr", "del", &format!("{GATEWAY}/24"), "dev", "in"]);
    }

    pub(crate) fn give_gateway(&self) {
        ip(&["-n", &self.beyond, "addr", "add", &format!("{GATEWAY}/24"), "dev", "in"]);
    }

    /// Sets the state of the agent's link.
    pub(crate) fn cable(&self, state: &str) {
        ip(&["-n", &self.beyond, "link", "set", "in", state]);
    }

    /// Starts a web server beyond the gateway on every address there.
    pub(crate) fn serve(&mut self) {
        let mut nginx = self.on(&self.beyond, Path::new("nginx"));
        crate::web_server::serve_everywhere(&mut nginx, self.folder.path());
        self.start("nginx", nginx);
    }

    /// Starts the agent on its host.
    pub(crate) fn start_agent(&mut self, config: &Path) {
        let mut agent = self.on(&self.agent, &program("skerry-agent"));
        agent.arg("run").arg("--config").arg(config);
        self.start("agent", agent);
    }

    /// Output of `skerry-agent status` on the agent's host, once there is any.
    pub(crate) fn status(&self, config: &Path) -> Option<serde_json::Value> {
        let mut status = self.on(&self.agent, &program("skerry-agent"));
        let output = status.args(["status", "--json", "--config"]).arg(config).output().expect("it starts");
        serde_json::from_slice(&output.stdout).ok()
    }

    pub(crate) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    fn on(&self, host: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", host]).arg(program).stdin(Stdio::null());
        command.current_dir(self.folder.path());
        command
    }

    fn start(&mut self, name: &str, mut command: Command) {
        let log = std::fs::File::create(self.path(&format!("{name}.log"))).expect("a log");
        let again = log.try_clone().expect("a second handle");
        self.running.push((name.to_owned(), command.stdout(again).stderr(log).spawn().expect("it starts")));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(names_of(&self.agent));
        for host in [&self.agent, &self.beyond] {
            let _ = Command::new("ip").args(["netns", "del", host]).output();
        }
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "--- {}\n{}", self.log("agent"), self.log("nginx"));
        }
    }
}

/// The directory that `ip netns exec` mounts over files in `/etc`.
fn names_of(host: &str) -> PathBuf {
    Path::new("/etc/netns").join(host)
}

pub(crate) fn ip(words: &[&str]) {
    run_ok(Command::new("ip").args(words));
}

fn run_ok(command: &mut Command) {
    let Output { status, stderr, .. } = command.output().expect("it starts");
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
}
