//! Rules for source files.

use crate::sources::{programs, refuse, says, sources};

/// Files past 400 lines, each with what keeps it whole.
const LONG_FILES: &[(&str, &str)] = &[];

const LONG: usize = 400;

/// The one environment variable that programs may read: systemd describes the log stream with it.
const HEARD: &str = "env::var(\"JOURNAL_STREAM\")";

#[test]
fn nothing_is_left_undone_unwrapped_or_read_from_the_environment() {
    let never = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "panic!(\"not yet"];
    let never_in_programs = ["env::var(", "env::var_os(", "env::vars(", "process::exit("];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.path.starts_with("tests/house/")) {
        let program = source.path.contains("/src/") && !source.is_test();
        for (number, line) in
            source.text.lines().enumerate().filter(|(_, line)| !line.trim().starts_with("//"))
        {
            let found = never.iter().chain(never_in_programs.iter().filter(|_| program));
            let line = line.replace(HEARD, "");
            for word in found.filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    refuse(&wrong, "no unwrap, nothing undone, no switches from the environment");
}

#[test]
fn there_are_no_globals() {
    let holds = ["Mutex", "RwLock", "Atomic", "OnceLock", "OnceCell", "RefCell", "Cell<"];
    let mut wrong = Vec::new();
    for source in programs() {
        for (number, line) in source.code() {
            let begins =
                ["static ", "pub static ", "pub(crate) static ", "pub(super) static ", "static mut "];
            let is_static = begins.iter().any(|begin| line.starts_with(begin));
            if (is_static && holds.iter().any(|kind| line.contains(kind)))
                || line.starts_with("thread_local!")
            {
                wrong.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    refuse(&wrong, "what changes is owned by someone, not global");
}

#[test]
fn every_exception_from_a_lint_says_why() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.path.starts_with("tests/house/")) {
        for begin in ["#[allow(", "#[expect(", "#![allow(", "#![expect("] {
            for (at, _) in source.text.match_indices(begin) {
                let rest = &source.text[at..];
                let attribute = rest.split_once(")]").map_or(rest, |(attribute, _)| attribute);
                if !attribute.contains("reason = \"") {
                    let line = source.text[..at].lines().count() + 1;
                    wrong.push(format!("{}:{line}: {attribute}", source.path));
                }
            }
        }
    }
    refuse(&wrong, "an exception from a lint says why");
}

#[test]
fn a_long_file_says_what_keeps_it_whole() {
    let mut wrong = Vec::new();
    let sources = sources();
    for source in &sources {
        let lines = source.text.lines().count();
        if lines > LONG && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            wrong.push(format!("{}: {lines} lines; what does it hide?", source.path));
        }
    }
    for (path, _) in LONG_FILES {
        if !sources.iter().any(|source| source.path == *path && source.text.lines().count() > LONG) {
            wrong.push(format!("{path}: no longer long, or gone: take it off the list"));
        }
    }
    refuse(&wrong, "a file past 400 lines is asked what it hides (LONG_FILES)");
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for source in programs().iter().filter(|source| !source.text.trim().is_empty()) {
        let head = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        // The head of the wire module is its documentation.
        if head == 0 || (head > 12 && source.path != "protocol/src/wire/mod.rs") {
            wrong.push(format!("{}: {head} lines of //!", source.path));
        }
    }
    refuse(&wrong, "a module opens with a few lines: what it is for and what it must never do");
}

#[test]
fn names_are_the_fields_own() {
    let empty = ["util", "utils", "common", "helpers", "helper", "manager", "types", "misc"];
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.path.split(['/', '.']).any(|part| empty.contains(&part)))
        .map(|source| source.path)
        .collect();
    refuse(&wrong, "a name says what is inside");
}

#[test]
fn tests_wait_for_conditions() {
    // What may sleep: the one polling function, and peers whose slowness is tested.
    let may = ["tests/parts/", "tests/house/"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.is_test()) {
        if may.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            if says(line, "thread::sleep") || says(line, "time::sleep") {
                wrong.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    refuse(&wrong, "tests wait for a condition with a bound, they do not sleep");
}
