//! The environment of the torture tests: a folder, configurations, starting and killing both programs.

use crate::rng::until;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// A start on a machine that is busy with other tests.
pub(crate) const START: Duration = Duration::from_secs(30);

/// One of our programs, built beside this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this test is a file");
    let program = own.ancestors().nth(2).expect("it stands in target/<profile>/deps").join(name);
    assert!(program.exists(), "{} is missing: run `cargo build --workspace` first", program.display());
    program
}

/// A running program with its log.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) log: PathBuf,
}

impl Running {
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let error = file.try_clone().expect("a second handle");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(error).spawn().expect("it starts");
        Self { child, log: log.to_owned() }
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Sends SIGTERM and asserts an exit within five seconds.
    pub(crate) fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::TERM).expect("it runs");
        until("it stops", Duration::from_secs(5), || self.ended().is_some());
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log_text();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            say!("--- the end of {}:\n{tail}", self.log.display());
        }
    }
}

/// A folder with the configuration of an aggregator and its agents.
#[derive(Debug)]
pub(crate) struct Harness {
    folder: tempfile::TempDir,
    /// The folder of the database.
    pub(crate) data: PathBuf,
    pub(crate) public: u16,
    pub(crate) private: u16,
}

impl Harness {
    /// A page with a component for each of `checks`, with the same key and name. The database is in `data`,
    /// or in the harness's own folder.
    pub(crate) fn new(checks: &[String], data: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = data.map_or_else(|| folder.path().join("data"), Path::to_owned);
        let (public, private) = (skerry_tests::parts::free_port(), skerry_tests::parts::free_port());
        let mut text = format!(
            "[[listen]]\naddress = \"127.0.0.1:{public}\"\nserves = [\"public\"]\n\n\
             [[listen]]\naddress = \"127.0.0.1:{private}\"\nserves = [\"agents\", \"hooks\", \"admin\"]\n\n\
             [public]\nbase_url = \"http://127.0.0.1:{public}\"\n\n[store]\npath = \"{}\"\n\n\
             [[page]]\nkey = \"page\"\nslug = \"page\"\nname = \"Page\"\npublic = true\ntime_zone = \"Etc/UTC\"\n\n",
            data.join("skerry.db").display()
        );
        for check in checks {
            text += &format!(
                "[[page.component]]\nkey = \"{check}\"\nname = \"{check}\"\nchecks = [\"{check}\"]\n\n"
            );
        }
        let harness = Self { folder, data, public, private };
        harness.write("aggregator.toml", &text);
        harness
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("skerry.db")
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
        let mut options = std::fs::OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
        path
    }

    pub(crate) fn aggregator_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("skerry-aggregator"));
        command.args(words).arg("--config").arg(self.path("aggregator.toml"));
        self.manage(&mut command);
        command
    }

    /// Connects what is started to a [`Watchdog`], if there is one.
    fn manage(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", self.path("notify"));
        command.env("WATCHDOG_USEC", Watchdog::LIMIT.as_micros().to_string());
    }

    /// A watchdog for what is started from now on.
    pub(crate) fn watchdog(&self) -> Watchdog {
        Watchdog(UnixDatagram::bind(self.path("notify")).expect("a socket"))
    }

    /// Starts the aggregator and waits until it answers.
    pub(crate) fn start(&self) -> Running {
        let mut running = Running::start(self.aggregator_command(&["serve"]), &self.path("aggregator.log"));
        until("the aggregator answers", START, || {
            if let Some(status) = running.ended() {
                panic!("the aggregator ended with {status}");
            }
            get(self.private, "/healthz").is_some_and(|(status, _)| status == 200)
        });
        running
    }

    /// Starts an aggregator that may fail: its exit status, or `None` if it serves.
    pub(crate) fn try_start(&self) -> (Option<ExitStatus>, Running) {
        let mut running = Running::start(self.aggregator_command(&["serve"]), &self.path("aggregator.log"));
        let mut ended = None;
        until("the aggregator answers or ends", START, || {
            ended = running.ended();
            ended.is_some() || get(self.private, "/healthz").is_some_and(|(status, _)| status == 200)
        });
        (ended, running)
    }

    /// Enrols an agent; returns its token.
    pub(crate) fn enrol(&self, name: &str) -> String {
        let output: Output = self
            .aggregator_command(&["agent", "add", name, "--location", name, "--token"])
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes the configuration of a real agent that delivers to `port`, with its spool at `spool`.
    pub(crate) fn agent_config(
        &self,
        name: &str,
        port: u16,
        token: &str,
        spool: &Path,
        checks: &str,
    ) -> PathBuf {
        let token = self.write(&format!("{name}/token"), token);
        let text = format!(
            "[agent]\nname = \"{name}\"\nlocation = \"{name}\"\nspool = \"{}\"\n\n\
             [aggregator]\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = \"{}\"\n\n{checks}",
            spool.display(),
            token.display()
        );
        self.write(&format!("{name}/agent.toml"), &text)
    }

    pub(crate) fn start_agent(&self, name: &str, config: &Path) -> Running {
        let mut command = Command::new(program("skerry-agent"));
        command.arg("run").arg("--config").arg(config);
        self.manage(&mut command);
        Running::start(command, &self.path(&format!("{name}.log")))
    }

    /// The status of every public component by name, as visitors see it.
    pub(crate) fn shown(&self) -> Option<Vec<(String, String)>> {
        let (status, body) = get(self.public, "/api/v2/components.json")?;
        assert_eq!(status, 200, "the page is gone: {}", String::from_utf8_lossy(&body));
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let word = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
        let components = json["components"].as_array().expect("a list");
        Some(components.iter().map(|one| (word(&one["name"]), word(&one["status"]))).collect())
    }

    /// Seconds of major outage of every component by name, from `uptime.csv`.
    pub(crate) fn csv(&self) -> Vec<(String, f64)> {
        let (_, body) = get(self.public, "/uptime.csv").expect("the sheet");
        let text = String::from_utf8(body).expect("UTF-8");
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        let column = |name| header.iter().position(|one| *one == name).expect("a column");
        let (name, outage) = (column("name"), column("major_outage_seconds"));
        lines.map(|line| (line[name].to_owned(), line[outage].parse().expect("a number"))).collect()
    }
}

/// Plays a service manager with a watchdog.
pub(crate) struct Watchdog(UnixDatagram);

impl Watchdog {
    const LIMIT: Duration = Duration::from_secs(6);

    /// Asserts that the watchdog is fed from now on, in time for a service manager.
    pub(crate) fn is_fed(&self) {
        let mut buffer = [0; 4_096];
        let mut receive = |socket: &UnixDatagram| {
            let length = socket.recv(&mut buffer).ok()?;
            Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
        };
        self.0.set_nonblocking(true).expect("the socket can be set");
        while receive(&self.0).is_some() {}
        until("the watchdog is fed", Self::LIMIT, || {
            std::iter::from_fn(|| receive(&self.0)).any(|message| message.contains("WATCHDOG=1"))
        });
    }
}

/// A fast check of a real agent: five times a second.
pub(crate) fn quick_check(name: &str, port: u16) -> String {
    format!(
        "[[check]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"http://127.0.0.1:{port}/{name}\"\n\
         interval = \"200ms\"\ntimeout = \"200ms\"\nretry_interval = \"100ms\"\nfall = 2\nrise = 2\n\n"
    )
}

/// `GET path`; `None` without a complete answer.
pub(crate) fn get(port: u16, path: &str) -> Option<(u16, Vec<u8>)> {
    exchange(port, &format!("GET {path} HTTP/1.1\r\n"), b"", true)
}

/// Posts a batch; without `listen` the answer is lost.
pub(crate) fn post(port: u16, token: &str, body: &[u8], listen: bool) -> Option<(u16, Vec<u8>)> {
    let head = format!(
        "POST /agent/v1/batch HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Encoding: zstd\r\n\
         Content-Type: application/x-protobuf\r\nContent-Length: {}\r\n",
        body.len()
    );
    exchange(port, &head, body, listen)
}

pub(crate) fn exchange(port: u16, head: &str, body: &[u8], listen: bool) -> Option<(u16, Vec<u8>)> {
    let bound = Duration::from_secs(20);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), bound).ok()?;
    stream.set_read_timeout(Some(bound)).ok()?;
    stream.set_write_timeout(Some(bound)).ok()?;
    let head = format!("{head}Host: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
    if !listen {
        return None;
    }
    let mut received = Vec::new();
    stream.read_to_end(&mut received).ok()?;
    let split = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..split]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = received.split_off(split + 4);
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    (length.is_none_or(|length: usize| length == body.len())).then_some((status, body))
}
