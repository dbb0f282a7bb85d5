//! Rules for the whole repository.

use crate::sources::{assert_none, members, root, sources, texts};

#[test]
fn nothing_points_outside_the_repository() {
    let folders = ["work", "root", "home"].map(|name| format!("/{name}/"));
    let words = [concat!("sha", "red/"), concat!("../sha", "red")];
    let mut wrong = Vec::new();
    for source in texts() {
        for (index, line) in source.text.lines().enumerate() {
            let absolute = |folder: &String| {
                line.match_indices(folder.as_str()).any(|(at, _)| {
                    line[..at].chars().next_back().is_none_or(|before| " \"'`(=:".contains(before))
                })
            };
            if folders.iter().any(absolute) || words.iter().any(|word| says_path(line, word)) {
                wrong.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    assert_none(&wrong, "a text names no folder of the machine on which it was written");
}

fn says_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || "_-".contains(before))
    })
}

#[test]
fn versions_of_dependencies_are_declared_once() {
    let mut wrong = Vec::new();
    for member in members() {
        let path = format!("{member}/Cargo.toml");
        let text = std::fs::read_to_string(root().join(&path)).expect("a manifest");
        let mut section = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                line.clone_into(&mut section);
            } else if section.contains("dependencies") && !line.contains("workspace = true") {
                wrong.push(format!("{path}: {line}"));
            }
        }
    }
    assert_none(&wrong, "the version of a dependency is declared in the manifest of the workspace");
}

/// `tests/run` finds the test binaries of the other members itself.
#[test]
fn every_test_binary_is_run() {
    let run = std::fs::read_to_string(root().join("tests/run")).expect("tests/run");
    let manifest = std::fs::read_to_string(root().join("tests/Cargo.toml")).expect("a manifest");
    let declared = manifest.split("[[test]]").skip(1).filter_map(|section| {
        let name = section.lines().find_map(|line| line.trim().strip_prefix("name = "))?;
        Some(name.trim_matches('"').to_owned())
    });
    let wrong: Vec<_> = declared.filter(|name| !run.contains(&format!("--test {name}"))).collect();
    assert_none(&wrong, "tests/run runs every test binary");
}

/// The path of every function in the sources, as in the names of tests: `…::module::function`.
fn functions() -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        let module = module.replace("_tests", "::tests").replace("_test", "::tests");
        let names = source.text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
        found.extend(names.map(|name| format!("{module}::{name}")));
        let inner = source.text.split("#[cfg(test)]\nmod tests {").nth(1).unwrap_or_default();
        let names = inner.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
        found.extend(names.map(|name| format!("{module}::tests::{name}")));
    }
    found
}

#[test]
fn each_command_of_the_faults_names_a_test() {
    let faults = std::fs::read_to_string(root().join("tests/faults/README.md")).expect("the faults");
    let functions = functions();
    let (mut wrong, mut commands) = (Vec::new(), 0);
    for (index, line) in faults.lines().enumerate() {
        for command in line.split('`').skip(1).step_by(2).map(|words| words.split(' ').collect::<Vec<_>>()) {
            let after = |word: &str| command.iter().position(|one| *one == word).map(|at| &command[at + 1..]);
            let (binary, filter) = match (after("--test"), after("--lib").or(after("--bins"))) {
                (Some([binary, filter, ..]), _) => (format!("::{binary}::"), *filter),
                (_, Some([filter, ..])) => (String::new(), *filter),
                _ => continue,
            };
            commands += 1;
            let filter = filter.trim_end_matches(':');
            if !functions.iter().any(|path| path.contains(&binary) && path.contains(filter)) {
                wrong.push(format!("tests/faults/README.md:{}: {}", index + 1, command.join(" ")));
            }
        }
    }
    assert!(commands > 100, "the commands have moved: {commands}");
    assert_none(&wrong, "a command in tests/faults names a test");
}

/// The name that a test passes to `seed` is printed in the command that repeats the run.
#[test]
fn each_seed_names_a_test() {
    let functions = functions();
    let call = concat!("seed", "(\"");
    let (mut wrong, mut seeds) = (Vec::new(), 0);
    for source in sources().iter().filter(|source| source.path.starts_with("tests/")) {
        for name in source.text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
            seeds += 1;
            let Some((binary, filter)) = name.split_once("::") else { continue };
            if !functions.iter().any(|path| path.contains(&format!("::{binary}::")) && path.contains(filter))
            {
                wrong.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert!(seeds > 10, "the seeds have moved: {seeds}");
    assert_none(&wrong, "the name of a seed is the name of a test");
}
