//! Rules for source files.

use crate::sources::{assert_none, contains_word, programs, sources};

/// Files of more than 400 lines, each with the reason why it is not split.
const LONG_FILES: &[(&str, &str)] = &[];

const MAX_LINES: usize = 400;

/// The only environment variable that programs may read: systemd describes the log stream with it.
const ALLOWED: &str = "env::var(\"JOURNAL_STREAM\")";

#[test]
fn no_unwrap_no_todo_and_no_environment_variables() {
    let never = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "panic!(\"not yet"];
    let never_in_programs = ["env::var(", "env::var_os(", "env::vars(", "process::exit("];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.path.starts_with("tests/house/")) {
        let program = source.path.contains("/src/") && !source.is_test();
        for (number, line) in
            source.text.lines().enumerate().filter(|(_, line)| !line.trim().starts_with("//"))
        {
            let found = never.iter().chain(never_in_programs.iter().filter(|_| program));
            let line = line.replace(ALLOWED, "");
            for word in found.filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    assert_none(&wrong, "no unwrap, nothing undone, no switches from the environment");
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
    assert_none(&wrong, "mutable state has an owner and is not global");
}

#[test]
fn every_lint_exception_has_a_reason() {
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
    assert_none(&wrong, "an exception from a lint contains_word why");
}

#[test]
fn no_file_has_more_than_400_lines() {
    let mut wrong = Vec::new();
    let sources = sources();
    for source in &sources {
        let lines = source.text.lines().count();
        if lines > MAX_LINES && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            wrong.push(format!("{}: {lines} lines: split it", source.path));
        }
    }
    for (path, _) in LONG_FILES {
        if !sources.iter().any(|source| source.path == *path && source.text.lines().count() > MAX_LINES) {
            wrong.push(format!("{path}: no longer long, or removed: delete it from the list"));
        }
    }
    assert_none(&wrong, "a file of more than 400 lines needs a reason (LONG_FILES)");
}

#[test]
fn every_module_has_a_documentation_head() {
    let mut wrong = Vec::new();
    for source in programs().iter().filter(|source| !source.text.trim().is_empty()) {
        let head = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        // The head of the wire module is its documentation.
        if head == 0 || (head > 12 && source.path != "protocol/src/wire/mod.rs") {
            wrong.push(format!("{}: {head} lines of //!", source.path));
        }
    }
    assert_none(&wrong, "a module begins with a few lines: what it is for and what it must never do");
}

#[test]
fn no_file_has_a_meaningless_name() {
    let empty = ["util", "utils", "common", "helpers", "helper", "manager", "types", "misc"];
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.path.split(['/', '.']).any(|part| empty.contains(&part)))
        .map(|source| source.path)
        .collect();
    assert_none(&wrong, "the name of a file contains_word what it contains");
}

#[test]
fn tests_wait_for_conditions() {
    // The polling function may sleep, and so may peers whose slowness is tested.
    let may = ["tests/parts/", "tests/house/"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.is_test()) {
        if may.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            if contains_word(line, "thread::sleep") || contains_word(line, "time::sleep") {
                wrong.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    assert_none(&wrong, "tests wait for a condition with a bound, they do not sleep");
}
