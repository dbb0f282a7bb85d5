//! Files to [`Loaded`].

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skerry_protocol::check::{self, Check};
use skerry_protocol::strict::{
    Document, Entry, Position, Problem, Problems, Table, http_url, nearest, refuse,
};
use url::Url;

use crate::self_test::SelfTestSettings;

use super::{AgentConfig, AgentSection, Loaded, UplinkSection, doubt_file, doubt_secret};

const DEFAULT_SPOOL: &str = "/var/lib/skerry-agent/spool.db";
const DEFAULT_MAX_IN_FLIGHT: u64 = 2_000;

/// Reads `path` and, in the order of their names, the files `checks.d/*.toml` beside it. Relative paths
/// within them are relative to the working directory.
///
/// # Errors
/// Everything that is wrong in all of them.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    let mut gathered = Gathered::default();
    let (mut agent_section, mut uplink_section) = (None, None);
    let mut self_test_section = SelfTestSettings::default();
    gathered.read(path, |root| {
        agent_section = agent(root);
        uplink_section = uplink(root);
        self_test_section = self_test(root);
    });
    for file in check_files(path, &mut gathered.problems) {
        gathered.read(&file, |root| {
            for key in ["agent", "self_test", "aggregator"] {
                let wrong = format!("[{key}] belongs to the agent, and this file holds checks only");
                root.misplaced(key, wrong, format!("Move it into {}.", path.display()));
            }
        });
    }
    gathered.refuse_duplicates();
    let (Some(agent), Some(uplink), true) = (agent_section, uplink_section, gathered.problems.0.is_empty())
    else {
        return Err(gathered.problems);
    };
    gathered.doubt_locations(&agent.location);
    let checks = gathered.checks.into_iter().map(|(check, _)| check);
    let checks = checks.filter(|check| check.runs_at(&agent.location)).collect();
    Ok(Loaded {
        config: AgentConfig { agent, uplink, self_test: self_test_section, checks },
        warnings: gathered.warnings,
    })
}

/// What the files read so far hold.
#[derive(Default)]
struct Gathered {
    problems: Problems,
    warnings: Vec<Problem>,
    checks: Vec<(Check, Position)>,
}

impl Gathered {
    /// Reads one file's checks, and by `sections` what else it may hold.
    fn read(&mut self, path: &Path, sections: impl FnOnce(&Table<'_>)) {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let remedy = match error.kind() {
                    std::io::ErrorKind::NotFound => "Create it, or name another with --config.",
                    std::io::ErrorKind::InvalidData => "Save it as UTF-8.",
                    _ => "Make it readable for the user that the agent runs as.",
                };
                self.problems.add(file, format!("cannot be read: {error}"), remedy);
                return;
            }
        };
        let document = match Document::parse(&file, &text) {
            Ok(document) => document,
            Err(problems) => {
                self.problems.0.extend(problems.0);
                return;
            }
        };
        {
            let root = document.root();
            sections(&root);
            for table in root.tables("check", &["name"]) {
                let remedy = "Move it to a check of that name in the aggregator's file, or remove it.";
                table.misplaced("quorum", "quorum is decided by the aggregator, not by an agent", remedy);
                if let Some(check) = check::read(&table) {
                    doubt_files(&table, &check);
                    self.checks.push((check, table.position()));
                }
            }
        }
        let (problems, warnings) = document.finish();
        self.problems.0.extend(problems);
        self.warnings.extend(warnings);
    }

    fn refuse_duplicates(&mut self) {
        let mut taken: HashMap<&str, &Position> = HashMap::new();
        for (check, position) in &self.checks {
            if let Some(first) = taken.insert(&check.name, position) {
                let wrong =
                    format!("check \"{}\" is already declared at {}:{}", check.name, first.file, first.line);
                self.problems.add_at(
                    position,
                    "",
                    wrong,
                    "A check is one by its name: rename or remove one.",
                );
            }
        }
    }

    /// A shared definition may well name other places; one that is almost ours is a slip.
    fn doubt_locations(&mut self, location: &str) {
        for (check, position) in &self.checks {
            let others = check.locations.iter().map(String::as_str).filter(|other| *other != location);
            if let (false, Some(near)) = (check.runs_at(location), nearest(location, others)) {
                self.warnings.push(Problem {
                    position: Some(position.clone()),
                    place: format!("check \"{}\"", check.name),
                    wrong: format!("is not run here: locations names \"{near}\", and this agent's location is \"{location}\""),
                    remedy: "Correct locations if this agent is meant.".to_owned(),
                });
            }
        }
    }
}

/// Says what is doubtful about the files that a check names.
pub fn doubt_files(table: &Table<'_>, check: &Check) {
    for path in check.secret_files() {
        if let Some((wrong, remedy)) = doubt_secret(path) {
            table.warn("auth", wrong, remedy);
        }
    }
    for path in check.plain_files() {
        if let Some((wrong, remedy)) = doubt_file(path) {
            table.warn("ca_file", wrong, remedy);
        }
    }
}

/// `(section, key)` of every key that may stand in `agent.toml`.
#[must_use]
pub fn known_keys() -> BTreeSet<(String, String)> {
    let Ok(document) = Document::parse("every_key.toml", include_str!("every_key.toml")) else {
        return BTreeSet::new();
    };
    {
        let root = document.root();
        let _ = (agent(&root), self_test(&root), uplink(&root));
        for table in root.tables("check", &["name"]) {
            let _ = check::read(&table);
        }
    }
    document.asked()
}

fn check_files(path: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("")).join("checks.d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let remedy = "Make the folder readable for the user that the agent runs as.";
            problems.add(folder.display().to_string(), format!("cannot be read: {error}"), remedy);
            return Vec::new();
        }
    };
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

fn agent(root: &Table<'_>) -> Option<AgentSection> {
    let Some(table) = root.table("agent") else {
        if !root.has("agent") {
            root.refuse("agent", "[agent] is missing", "Add [agent] with location = \"local\" below it.");
        }
        return None;
    };
    let name =
        if table.has("name") { table.string("name").at_most(100).optional() } else { host_name(&table) };
    let location = table
        .string("location")
        .at_most(100)
        .convert(|location| {
            if location == "aggregator" {
                return refuse(
                    "\"aggregator\" is kept for heartbeats",
                    "Name the site or region of this host.",
                );
            }
            Ok(location)
        })
        .required("location = \"frankfurt\", the site or region of this host");
    Some(AgentSection {
        spool: table.path("spool").or(PathBuf::from(DEFAULT_SPOOL)),
        max_in_flight: table.integer("max_in_flight", 1, 100_000).or(DEFAULT_MAX_IN_FLIGHT) as usize,
        name: name?,
        location: location?,
    })
}

fn host_name(table: &Table<'_>) -> Option<String> {
    // Asked for all the same, so that it is a known key.
    let _ = table.item("name");
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if node.is_empty() {
        table.refuse("name", "name is missing, and this host has no name of its own", "Add name = \"…\".");
        return None;
    }
    Some(node)
}

fn self_test(root: &Table<'_>) -> SelfTestSettings {
    let default = SelfTestSettings::default();
    let Some(table) = root.table("self_test") else { return default };
    let mut references = Vec::new();
    for item in table.list("references").unwrap_or_default() {
        let Some(text) = item.string() else { continue };
        match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() || address.ip().is_unspecified() => {
                let wrong = format!("\"{text}\" is this host, which says nothing of its network");
                table.refuse("references", wrong, "Name an address beyond the gateway.");
            }
            Ok(address) if address.port() != 0 => references.push(address),
            _ => {
                let wrong = format!("references must be IP addresses with TCP ports; one is \"{text}\"");
                table.refuse(
                    "references",
                    wrong,
                    "Write such as \"1.1.1.1:443\" or \"[2606:4700::1111]:443\".",
                );
            }
        }
    }
    let (low, high) = (Duration::from_secs(1), Duration::from_secs(3_600));
    let interval = table.duration("interval").between(low, high).or(default.interval);
    SelfTestSettings { references, interval }
}

fn uplink(root: &Table<'_>) -> Option<UplinkSection> {
    let Some(table) = root.table("aggregator") else {
        if !root.has("aggregator") {
            let remedy = "Add [aggregator] with url = \"https://skerry.example.com\" below it.";
            root.refuse("aggregator", "[aggregator] is missing", remedy);
        }
        return None;
    };
    let url = uplink_url(table.string("url")).required("url = \"https://skerry.example.com\"");
    let token_file = table.path("token_file").optional();
    let ca_file = table.path("ca_file").optional();
    let remedy = "Put it into a file that only Skerry can read, and name that: token_file = \"/path\".";
    table.misplaced("token", "token is a secret, and secrets are never in this file", remedy);
    let allow_plaintext = table.boolean("allow_plaintext").or(false);
    if let Some((wrong, remedy)) = token_file.as_deref().and_then(doubt_secret) {
        table.warn("token_file", format!("token_file: {wrong}"), remedy);
    }
    if let Some((wrong, remedy)) = ca_file.as_deref().and_then(doubt_file) {
        table.warn("ca_file", format!("ca_file: {wrong}"), remedy);
    }
    let url = url?;
    refuse_contradictions(&table, &url, ca_file.is_some(), allow_plaintext);
    Some(UplinkSection { url, token_file, ca_file, allow_plaintext })
}

fn refuse_contradictions(table: &Table<'_>, url: &Url, ca_file: bool, allow_plaintext: bool) {
    if url.scheme() == "https" {
        return;
    }
    if ca_file {
        let remedy = "Use https in url, or remove ca_file.";
        table.refuse("ca_file", "ca_file has no meaning for a plain http URL", remedy);
    }
    if !allow_plaintext && !is_loopback(url) {
        let wrong =
            "url is plain http to another host: the token and all observations could be read on the way";
        table.refuse("url", wrong, "Use https, or say allow_plaintext = true if the network is yours alone.");
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn uplink_url(entry: Entry<'_, String>) -> Entry<'_, Url> {
    entry.convert(|text| {
        let example = "Write scheme and host only, such as \"https://skerry.example.com\".";
        let url = http_url(&text, example)?;
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "holds credentials, which are never in this file",
                "Use token_file = \"/path/to/token\".",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(format!("must have no query or fragment; it is \"{text}\""), example);
        }
        Ok(url)
    })
}
