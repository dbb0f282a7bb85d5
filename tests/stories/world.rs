//! An aggregator and its agents: a new directory, free ports, and operations on them.

use crate::http::{Answer, get, request};
use crate::process::{Process, program, run};
use rusqlite::{Connection, OpenFlags};
use skerry_tests::parts::{free_port, until};
use std::collections::HashMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Maximum time from the start of a program to its first answer.
pub(crate) const START: Duration = Duration::from_secs(15);
/// `to_ms` of an interval that has not ended.
pub(crate) const FAR: i64 = i64::MAX;

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

/// An interval of the bars: `[from, to)` in milliseconds, and the status.
pub(crate) type Interval = (i64, i64, String);

pub(crate) struct World {
    directory: TempDir,
    pub(crate) public: u16,
    /// Agents and admin.
    pub(crate) private: u16,
    pub(crate) aggregator: Option<Process>,
    pub(crate) configs: Vec<PathBuf>,
    /// Locations of the enrolled agents, by name.
    locations: Mutex<HashMap<String, String>>,
}

impl World {
    /// A world whose first configuration file ends with `rest`.
    pub(crate) fn new(rest: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (public, private) = (free_port(), free_port());
        let (configs, locations) = (Vec::new(), Mutex::default());
        let mut world = Self { directory, public, private, aggregator: None, configs, locations };
        world.declare(rest);
        world
    }

    /// Rewrites the first configuration file.
    pub(crate) fn declare(&mut self, rest: &str) {
        let head = format!(
            "[[listen]]\naddress = \"127.0.0.1:{}\"\nserves = [\"public\"]\n\n\
             [[listen]]\naddress = \"127.0.0.1:{}\"\nserves = [\"agents\", \"hooks\", \"admin\"]\n\n\
             [store]\npath = \"{}\"\n\n",
            self.public,
            self.private,
            self.database().display()
        );
        // A workspace is named at the top of a file, before any section.
        let (top, rest) = rest.split_once("---\n").unwrap_or(("", rest));
        let path = self.write("aggregator.toml", &format!("{top}{head}{rest}"));
        if self.configs.is_empty() {
            self.configs.push(path);
        }
    }

    /// Adds a file with a workspace of its own.
    pub(crate) fn declare_workspace(&mut self, file: &str, text: &str) {
        let path = self.write(file, text);
        self.configs.push(path);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("data/skerry.db")
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::io::Write;
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("in the directory")).expect("a folder");
        let mut options = std::fs::OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
        path
    }

    /// A command of the aggregator with these arguments.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("skerry-aggregator"));
        command.args(words).current_dir(self.directory.path());
        for config in &self.configs {
            command.arg("--config").arg(config);
        }
        command
    }

    /// Starts the aggregator and waits until it answers.
    pub(crate) async fn start(&mut self) {
        self.start_as(self.command(&["serve"])).await;
    }

    /// Like [`Self::start`], with `command`.
    pub(crate) async fn start_as(&mut self, command: Command) {
        self.start_within(START, command).await;
    }

    /// Like [`Self::start_as`], with more time for the first publication.
    pub(crate) async fn start_within(&mut self, bound: Duration, command: Command) {
        let mut process = Process::start("aggregator", command, self.directory.path());
        let private = self.private;
        until("the aggregator answers", bound, async || {
            if let Some(status) = process.ended() {
                panic!("the aggregator ended with {status}: {}", process.log());
            }
            get(private, "/healthz").is_some_and(|answer| answer.status == 200)
        })
        .await;
        self.aggregator = Some(process);
    }

    /// Starts an aggregator that must fail; returns its output.
    pub(crate) fn refused(&self) -> String {
        let output = self.command(&["serve"]).stdin(std::process::Stdio::null()).output().expect("it starts");
        assert!(!output.status.success(), "it started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub(crate) fn running(&self) -> &Process {
        self.aggregator.as_ref().expect("the aggregator runs")
    }

    pub(crate) async fn stop(&mut self) {
        self.aggregator.take().expect("the aggregator runs").stop().await;
    }

    pub(crate) fn kill(&mut self) {
        self.aggregator.take().expect("the aggregator runs").kill();
    }

    /// Records that an agent is enrolled at this location.
    pub(crate) fn is_in(&self, name: &str, location: &str) {
        self.locations.lock().expect("nobody panicked").insert(name.to_owned(), location.to_owned());
    }

    /// Enrols an agent in the workspace of the first file, or in `workspace`; returns its token.
    pub(crate) fn enrol(&self, name: &str, location: &str, workspace: Option<&str>) -> String {
        let mut words = vec!["agent", "add", name, "--location", location, "--token"];
        self.is_in(name, location);
        words.extend(workspace.iter().flat_map(|workspace| ["--workspace", workspace]));
        let output = self.command(&words).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes the configuration of an agent that delivers to `port`.
    pub(crate) fn agent_config(&self, name: &str, port: u16, token: &str, checks: &str) -> PathBuf {
        let token = self.write(&format!("{name}/token"), token);
        let locations = self.locations.lock().expect("nobody panicked");
        let location = locations.get(name).map_or(name, String::as_str);
        let text = format!(
            "[agent]\nname = \"{name}\"\nlocation = \"{location}\"\nspool = \"{}\"\n\n\
             [aggregator]\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = \"{}\"\n\n{checks}",
            self.path(&format!("{name}/spool.db")).display(),
            token.display()
        );
        self.write(&format!("{name}/agent.toml"), &text)
    }

    /// Starts a separate agent.
    pub(crate) fn start_agent(&self, name: &str, config: &Path) -> Process {
        let mut command = Command::new(program("skerry-agent"));
        command.arg("run").arg("--config").arg(config);
        Process::start(name, command, self.directory.path())
    }

    /// The state of a check in the output of `skerry-agent status`.
    pub(crate) fn agent_state(&self, config: &Path, check: &str) -> Option<String> {
        let status = self.agent_status(config)?;
        let state = status["checks"].as_array()?.iter().find(|one| one["check"] == check)?;
        Some(state["state"].as_str()?.to_owned())
    }

    /// Output of `skerry-agent status`.
    pub(crate) fn agent_status(&self, config: &Path) -> Option<serde_json::Value> {
        let words = ["status".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str()];
        let output = run("skerry-agent", &words);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// The public response to a path.
    pub(crate) fn page(&self, path: &str) -> Answer {
        get(self.public, path).unwrap_or_else(|| panic!("nobody answers for {path}"))
    }

    /// A component by name, as the API shows it.
    pub(crate) fn component(&self, root: &str, name: &str) -> serde_json::Value {
        let components = self.page(&format!("{root}api/v2/components.json")).json();
        let list = components["components"].as_array().expect("a list");
        list.iter()
            .find(|one| one["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {components}"))
            .clone()
    }

    /// Waits until the component of that name has that status.
    pub(crate) async fn shows(&self, name: &str, status: &str, bound: Duration) {
        until(&format!("{name} shows {status}"), bound, async || {
            let component = self.component("/", name);
            component["status"] == status
                && component["waiting"] == false
                && component["stale_since"].is_null()
        })
        .await;
    }

    /// Sends a batch as an agent would.
    pub(crate) fn deliver(&self, token: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST /agent/v1/batch HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Encoding: zstd\r\n\
             Content-Type: application/x-protobuf\r\nContent-Length: {}",
            body.len()
        );
        request(self.private, &head, body).expect("an answer")
    }

    /// The automatic intervals of a component by its key, oldest first, from the database.
    pub(crate) fn intervals(&self, component: &str) -> Vec<Interval> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(self.database(), flags).expect("the database opens");
        database.busy_timeout(Duration::from_secs(5)).expect("a pragma");
        let sql = "SELECT from_ms, to_ms, status FROM status_interval JOIN component ON component.key = component \
                   WHERE layer = 'automatic' AND file_key = ?1 ORDER BY from_ms";
        let mut statement = database.prepare(sql).expect("the table is there");
        let rows = statement.query_map([component], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.expect("runs").collect::<Result<_, _>>().expect("rows")
    }

    /// A cell of `uptime.csv`.
    pub(crate) fn uptime_seconds(&self, name: &str, column: &str) -> f64 {
        let text = self.page("/uptime.csv").text();
        let mut lines = text.lines();
        let place = lines.next().expect("a header").split(',').position(|one| one == column);
        let place = place.unwrap_or_else(|| panic!("no column {column} in {text}"));
        let row = lines.find(|line| line.split(',').nth(2) == Some(name));
        let row = row.unwrap_or_else(|| panic!("no {name} in {text}"));
        row.split(',').nth(place).and_then(|cell| cell.parse().ok()).expect("a number")
    }
}

/// A check of `url` with an interval of one second and retries after half a second.
pub(crate) fn quick_check(name: &str, url: &str) -> String {
    format!(
        "[[check]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"{url}\"\ninterval = \"1s\"\ntimeout = \"500ms\"\n\
         retry_interval = \"500ms\"\nfall = 3\nrise = 2\n\n"
    )
}

/// A page with one component for each of `checks`, with the same name and key.
pub(crate) fn page(slug: &str, public: bool, checks: &[&str]) -> String {
    let head = format!(
        "[[page]]\nkey = \"{slug}\"\nslug = \"{slug}\"\nname = \"Page {slug}\"\npublic = {public}\ntime_zone = \"Etc/UTC\"\n\n"
    );
    let component = |check: &&str| {
        format!("[[page.component]]\nkey = \"{check}\"\nname = \"{check}\"\nchecks = [\"{check}\"]\n\n")
    };
    head + &checks.iter().map(component).collect::<String>()
}
