//! The output of `tests/run`.

use crate::sources::root;
use std::io::Write;
use std::process::{Command, Stdio};

/// The counts of `tests/run` for the log of a stage: passed, failed and skipped.
fn counted(log: &str) -> String {
    let script = "source <(sed -n '/^count() {/,/^}/p' tests/run); count /dev/stdin";
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(root()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("bash starts");
    child.stdin.take().expect("piped").write_all(log.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_skip_is_counted_as_a_skip() {
    let ran =
        "test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
    let table = [
        ("", "5 0 0"),
        // A test that cannot be run here passes and says so, on a line of its own or after the runner's
        // output.
        ("skipped: disk::it_fills_up: it needs root\n", "4 0 1"),
        ("test disk::it_fills_up ... skipped: disk::it_fills_up: it needs root\nok\n", "4 0 1"),
        (
            "skipped: a::one: it needs root\nskipped: a::two: it needs root\nskipped: a::two: it needs root\n",
            "3 0 2",
        ),
        ("test drain::a_million ... ignored, long: a million observations\n", "5 0 1"),
        ("test half ... ignored, the half of another test that needs its own process\n", "5 0 0"),
        ("16 cases, 0 findings\n", "21 0 0"),
        ("16 cases, 1 findings\n", "20 1 0"),
    ];
    for (log, expected) in table {
        assert_eq!(counted(&format!("{log}{ran}")), expected, "{log}");
    }
}

#[test]
fn missing_programs_are_listed_in_one_sentence_where_nothing_can_be_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    for program in ["bash", "dirname", "grep", "mkdir", "sort", "uname"] {
        let place = ["/usr/bin", "/bin"].map(|bin| std::path::Path::new(bin).join(program));
        let place = place.iter().find(|place| place.exists()).expect("it is installed");
        std::os::unix::fs::symlink(place, folder.path().join(program)).expect("linked");
    }
    let run = |stages: &[&str]| {
        let mut command = Command::new("bash");
        command.arg("tests/run").args(stages).current_dir(root()).env("PATH", folder.path());
        command.stdin(Stdio::null()).output().expect("bash starts")
    };
    let output = run(&["deny", "edges"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), log.lines().count()), (Some(1), 1), "{log}");
    for words in
        ["tests/run needs ", "pip3", "(of the Debian packages ", "python3-pip", "finds no apt-get to install"]
    {
        assert!(log.contains(words), "{words:?} is not in {log}");
    }
    assert!(output.stdout.is_empty(), "and nothing was run");
}
