//! Reads the files into [`Loaded`].

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use skerry_protocol::check::{self, Check, Kind};
use skerry_protocol::strict::{
    Document, Position, Problem, Problems, Shape, Table, Unusable, nearest, text_of, unreadable,
};

use crate::enrolment::Enrolment;
use crate::self_test::SelfTestSettings;

use super::identity::identity;
use super::sections::{metrics, self_test};
use super::{AgentConfig, Loaded};
use skerry_host::files::{warn_about_file, warn_about_secret_file};

/// Reads `path` and then, sorted by name, the files `checks.d/*.toml` beside it. Relative paths are relative
/// to the file that contains them. If `[aggregator]` has no `url`, the stored enrolment provides identity and
/// address.
///
/// # Errors
/// All errors in all files, and the warnings.
pub fn load(path: &Path) -> Result<Loaded, Unusable> {
    read(path, None)
}

/// Like [`load`], with this enrolment assumed.
///
/// Like [`load`].
/// As [`load`].
pub fn load_as(path: &Path, enrolment: &Enrolment) -> Result<Loaded, Unusable> {
    read(path, Some(enrolment))
}

/// The configuration of a file that lacks nothing but the enrolment; its name and address are placeholders.
#[must_use]
pub fn awaiting_enrolment(path: &Path) -> Option<Loaded> {
    let some = Enrolment {
        name: Some("nobody".to_owned()),
        location: Some(UNENROLLED_LOCATION.to_owned()),
        urls: vec!["https://aggregator.invalid".to_owned()],
        ..Enrolment::default()
    };
    if load(path).is_ok() {
        return None;
    }
    let mut loaded = load_as(path, &some).ok()?;
    // Which checks run here is known only with the location.
    if loaded.config.agent.location == UNENROLLED_LOCATION {
        loaded.config.checks.append(&mut loaded.config.elsewhere);
    }
    Some(loaded)
}

/// Placeholder for the location of an agent that is not enrolled.
const UNENROLLED_LOCATION: &str = "nowhere";

fn read(path: &Path, assumed: Option<&Enrolment>) -> Result<Loaded, Unusable> {
    let mut gathered = Collected::default();
    let (mut agent_section, mut uplink_section) = (None, None);
    let mut self_test_section = SelfTestSettings::default();
    let mut exec_section = None;
    let mut metrics_section = None;
    gathered.read(path, |root| {
        refuse_aggregator_sections(root);
        (agent_section, uplink_section) = identity(root, assumed);
        self_test_section = self_test(root);
        exec_section = exec(root);
        metrics_section = metrics(root);
    });
    for file in check_files(path, &mut gathered.problems) {
        gathered.read(&file, |root| {
            for key in ["agent", "self_test", "exec", "metrics", "aggregator"] {
                let wrong = format!("[{key}] belongs to the agent, and this file holds checks only");
                root.misplaced(key, wrong, format!("Move it into {}.", path.display()));
            }
        });
    }
    gathered.refuse_duplicates();
    gathered.judge_dependencies();
    match exec_section {
        Some(section) => gathered.run_plugins_by(section.socket.as_deref(), path),
        None => gathered.refuse_exec(path),
    }
    let (Some(agent), Some(uplink), true) = (agent_section, uplink_section, gathered.problems.0.is_empty())
    else {
        return Err(Unusable { problems: gathered.problems, warnings: gathered.warnings });
    };
    gathered.warn_about_locations(&agent.location);
    let checks = gathered.checks.into_iter().map(|(check, _)| check);
    let (checks, elsewhere) = checks.partition(|check| check.runs_at(&agent.location));
    let (self_test, metrics) = (self_test_section, metrics_section);
    Ok(Loaded {
        config: AgentConfig { agent, uplink, self_test, metrics, checks, elsewhere },
        warnings: gathered.warnings,
    })
}

/// What the files read so far contain.
#[derive(Default)]
struct Collected {
    problems: Problems,
    warnings: Vec<Problem>,
    checks: Vec<(Check, Position)>,
}

impl Collected {
    /// Reads the checks of one file, and further sections with `sections`.
    fn read(&mut self, path: &Path, sections: impl FnOnce(&Table<'_>)) {
        let file = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return self.problems.0.push(unreadable(&file, &error)),
        };
        let text = match text_of(&file, bytes) {
            Ok(text) => text,
            Err(problem) => return self.problems.0.push(problem),
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
                    if let Kind::Heartbeat(_) = check.kind {
                        let remedy =
                            "Declare it in the aggregator's file, and have the job call the aggregator.";
                        table.refuse("type", "type \"heartbeat\" is not run by agents", remedy);
                    }
                    warn_about_files(&table, &check);
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
                self.problems.add_at(position, "", wrong, "Check names are unique: rename or remove one.");
            }
        }
    }

    /// The aggregator or another agent may declare a parent.
    fn judge_dependencies(&mut self) {
        let checks: Vec<_> = self.checks.iter().map(|(check, position)| (check, position)).collect();
        check::refuse_cycles(&checks, &mut self.problems);
        let unknown = check::undeclared_parents(&checks).into_iter();
        self.warnings.extend(unknown.map(|(check, position, parent, near)| Problem {
            position: Some(position.clone()),
            place: format!("check \"{}\"", check.name),
            wrong: format!("depends_on: no file here declares check \"{parent}\""),
            remedy: format!(
                "{}If another agent or the aggregator declares it, all is well.",
                near.map(|near| format!("Did you mean \"{near}\"? ")).unwrap_or_default()
            ),
        }));
    }

    /// Secrets of plugins must be readable for the agent unless another process runs them.
    fn run_plugins_by(&mut self, socket: Option<&Path>, path: &Path) {
        let mut any = false;
        for (check, _) in &mut self.checks {
            if let Kind::Exec(exec) = &mut check.kind {
                exec.runner = socket.map(Path::to_owned);
                any = true;
            }
        }
        if any && socket.is_none() {
            self.warnings.push(Problem {
                position: None,
                place: path.display().to_string(),
                wrong: "plugins run as this agent's own user, and can read its token and its secrets"
                    .to_owned(),
                remedy: "Add socket = \"/run/skerry-plugins.socket\" to [exec], and systemctl enable --now \
                         skerry-plugins.socket."
                    .to_owned(),
            });
        }
    }

    /// Only the agent's own file may allow programs to be run.
    fn refuse_exec(&mut self, path: &Path) {
        for (check, position) in &self.checks {
            if let Kind::Exec(_) = check.kind {
                self.problems.add_at(
                    position,
                    format!("check \"{}\"", check.name),
                    "this agent runs no programs: [exec] is not enabled",
                    format!("Add [exec] with enabled = true to {}, or remove the check.", path.display()),
                );
            }
        }
    }

    /// A shared definition may name other locations; one that is almost ours is probably a typo.
    fn warn_about_locations(&mut self, location: &str) {
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

/// Warns about the files that a check names.
pub fn warn_about_files(table: &Table<'_>, check: &Check) {
    for (key, path) in check.kind.secret_files() {
        if let Some((wrong, remedy)) = warn_about_secret_file(path) {
            table.warn(key, wrong, remedy);
        }
    }
    for (key, path) in check.kind.plain_files() {
        if let Some((wrong, remedy)) = warn_about_file(path) {
            table.warn(key, wrong, remedy);
        }
    }
}

/// A text with every section of `agent.toml` and one `[[check]]` of every type.
pub const EVERY_KEY: &str = include_str!("every_key.toml");

/// `(section, key)` of every key that the reader asks of `text`, with its expected shape.
#[must_use]
pub fn known_keys(text: &str) -> BTreeMap<(String, String), Shape> {
    let Ok(document) = Document::parse("every_key.toml", text) else { return BTreeMap::new() };
    {
        let root = document.root();
        let _ = (identity(&root, Some(&Enrolment::default())), self_test(&root), exec(&root), metrics(&root));
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

/// Refuses sections of the aggregator's file.
fn refuse_aggregator_sections(root: &Table<'_>) {
    for key in ["page", "listen", "public", "admin", "store", "local_agent", "agents", "workspace"] {
        let wrong = format!("{key} belongs to the aggregator, and this is the file of an agent");
        root.misplaced(
            key,
            wrong,
            "Move it into the aggregator's file, such as /etc/skerry/aggregator.toml.",
        );
    }
}

/// The permission to run programs of this host.
struct Exec {
    /// Socket of the process that runs them.
    socket: Option<PathBuf>,
}

/// `None`: programs may not be run.
fn exec(root: &Table<'_>) -> Option<Exec> {
    let table = root.table("exec")?;
    let enabled = table.boolean("enabled").or(false);
    let socket = table.path("socket").optional();
    enabled.then_some(Exec { socket })
}
