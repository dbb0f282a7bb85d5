//! The `exec` check: a local program that follows the Nagios plugin convention. Only the agent's own file
//! decides which programs it may run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::definition::Canonical;
use super::kind::Definition;
use crate::strict::{Item, Table};

const MOST_ARGUMENTS: usize = 256;
/// Maximum length of a performance data label, characters.
const LONGEST_LABEL: usize = 100;

/// An `exec` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// `command`: absolute path of the program, then its arguments; never empty, no shell.
    pub command: Vec<String>,
    /// `environment`: the program's environment, besides a plain `PATH`.
    pub environment: BTreeMap<String, String>,
    /// `latency_from`: the label of the performance datum that is the latency. `None`: the running time.
    pub latency_from: Option<String>,
    /// Socket of the process that runs plugins, if the agent's own file names one. Not part of the
    /// definition.
    pub runner: Option<PathBuf>,
}

impl Definition for Exec {
    fn read(table: &Table<'_>) -> Option<Self> {
        let command = command(table);
        let environment = environment(table);
        let latency_from = table.string("latency_from").at_most(LONGEST_LABEL).optional();
        Some(Self { command: command?, environment: environment?, latency_from, runner: None })
    }

    fn canonical(&self, form: &mut Canonical) {
        for argument in &self.command {
            form.field("command", argument);
        }
        for (name, value) in &self.environment {
            form.field("environment_name", name);
            form.field("environment_value", value);
        }
        form.optional("latency_from", self.latency_from.as_ref());
    }

    /// The host that the plugin checks, by the guidelines of the Nagios plugins: the argument after `-H`,
    /// `--hostname` or `--host`, or the host of a URL. Without any of these it checks its own host.
    fn target(&self) -> Option<Host<String>> {
        let arguments = self.command.get(1..).unwrap_or_default();
        let named = arguments.iter().enumerate().find_map(|(place, argument)| {
            let next = || arguments.get(place + 1).map(String::as_str);
            match argument.as_str() {
                "-H" | "--hostname" | "--host" => next(),
                other => ["--hostname=", "--host=", "-H"].iter().find_map(|key| other.strip_prefix(key)),
            }
        });
        if let Some(named) = named {
            let bare = named.trim_start_matches('[').trim_end_matches(']');
            let host = bare.parse().map(Host::Ipv6).or_else(|_| Host::parse(named));
            // Assume that an unparsable name is another host.
            return Some(host.unwrap_or_else(|_| Host::Domain(named.to_owned())));
        }
        let urls = arguments.iter().filter(|argument| argument.contains("://"));
        urls.filter_map(|argument| Url::parse(argument).ok())
            .find_map(|url| url.host().map(|host| host.to_owned()))
    }

    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        self.command.first().map(|program| ("command", Path::new(program))).into_iter().collect()
    }
}

fn command(table: &Table<'_>) -> Option<Vec<String>> {
    let example = "command = [\"/usr/lib/nagios/plugins/check_load\", \"-w\", \"5,4,3\"]";
    if !table.has("command") {
        // Read in any case, so that it counts as a known key.
        let _ = table.item("command");
        table.refuse("command", "command is missing", format!("Add {example}."));
        return None;
    }
    let item = table.item("command")?;
    if item.as_str().is_some() {
        return item.refuse(
            "must be a list of arguments: no shell takes a line apart",
            &format!("Write it such as {example}."),
        );
    }
    let items = item.list()?;
    // Reads all of them, so that every error is reported.
    let arguments: Vec<Option<String>> = items.iter().map(argument).collect();
    let arguments: Vec<String> = arguments.into_iter().collect::<Option<_>>()?;
    let Some(program) = arguments.first() else {
        return item.refuse("is empty", &format!("Write it such as {example}."));
    };
    if !program.starts_with('/') {
        return items[0].refuse(
            &format!("must be an absolute path; it is \"{program}\""),
            "Write the program's whole path, such as \"/usr/lib/nagios/plugins/check_load\".",
        );
    }
    if arguments.len() > MOST_ARGUMENTS {
        let wrong = format!("has {} arguments, more than {MOST_ARGUMENTS}", arguments.len());
        return item.refuse(&wrong, "Put them into a script, and name that.");
    }
    Some(arguments)
}

fn argument(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    if text.contains('\0') {
        return item.refuse("holds a NUL, which no argument can hold", "Remove it.");
    }
    Some(text)
}

fn environment(table: &Table<'_>) -> Option<BTreeMap<String, String>> {
    let Some(item) = table.item("environment") else { return Some(BTreeMap::new()) };
    let inner = item.inline_table("{ LC_ALL = \"C.UTF-8\" }")?;
    let entries = inner.entries();
    let entries: Vec<_> =
        entries.iter().map(|(name, item)| variable(name, item).zip(argument(item))).collect();
    entries.into_iter().collect()
}

fn variable(name: &str, item: &Item<'_>) -> Option<String> {
    let letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    let right = name.starts_with(letter) && name.chars().all(|one| letter(one) || one.is_ascii_digit());
    if !right {
        return item.refuse(
            "is not a valid name of an environment variable",
            "Use letters, digits and _, and begin with no digit.",
        );
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_plugin_asks_is_read_from_its_arguments() {
        for (arguments, host) in [
            ("-w 10% -c 5% -p /", None),
            ("", None),
            ("-H shop.example -S", Some("shop.example")),
            ("-S -H192.0.2.1", Some("192.0.2.1")),
            ("--hostname=2001:db8::1", Some("[2001:db8::1]")),
            ("--host [2001:db8::1]", Some("[2001:db8::1]")),
            ("--url https://shop.example:8443/x", Some("shop.example")),
            ("-H localhost", Some("localhost")),
            ("-H", None),
        ] {
            let command = ["/check"].into_iter().chain(arguments.split_whitespace());
            let exec = Exec {
                command: command.map(str::to_owned).collect(),
                environment: BTreeMap::new(),
                latency_from: None,
                runner: None,
            };
            assert_eq!(exec.target().map(|host| host.to_string()).as_deref(), host, "{arguments}");
        }
    }
}
