//! Paths: a relative path in a file is relative to that file, wherever a command runs, and only `serve` and
//! `restore` create a database.

use crate::process::program;
use crate::world::{World, page};
use std::path::Path;
use std::process::{Command, Output};

/// A deployment with `store.path = "data/skerry.db"`, as in `config.toml`.
fn relative() -> World {
    let world = World::new(&page("demo", true, &["web"]));
    let config = world.path("aggregator.toml");
    let text = std::fs::read_to_string(&config).expect("written");
    world.write("aggregator.toml", &text.replace(&world.database().display().to_string(), "data/skerry.db"));
    world
}

fn from(folder: &Path, mut command: Command) -> Command {
    std::fs::create_dir_all(folder).expect("a folder");
    command.current_dir(folder);
    command
}

/// Runs the command to its end; kills one that keeps running where it should refuse.
fn ended(command: &Command) -> Output {
    let mut bounded = Command::new("timeout");
    bounded.arg("20").arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        bounded.current_dir(folder);
    }
    bounded.output().expect("coreutils are installed")
}

fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// The names of all files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path().display().to_string()],
        })
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_relative_store_path_is_relative_to_its_file_in_any_working_directory() {
    let mut world = relative();
    let (one, other) = (world.path("one"), world.path("other"));
    world.declare_workspace("shops/shop.toml", "workspace = \"shop\"\n");
    world.start_as(from(&one, world.command(&["serve"]))).await;
    assert!(world.database().exists(), "{:?}", files(&world.path("")));
    let add = ["agent", "add", "probe", "--location", "there", "--token"];
    let output = ended(&from(&other, world.command(&add)));
    assert!(output.status.success(), "{}", output_text(&output));
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let nonsense = world.deliver(&token, b"nonsense");
    assert_eq!(nonsense.status, 400, "the aggregator knows the token: {}", nonsense.text());
    for words in [&["agent", "list", "--workspace", "shop"][..], &["check", "list"], &["backup", "copy.db"]] {
        let output = ended(&from(&other, world.command(words)));
        assert!(output.status.success(), "{words:?}: {}", output_text(&output));
    }
    assert!(files(&one).is_empty(), "{:?}", files(&one));
    assert_eq!(
        files(&other),
        [other.join("copy.db").display().to_string()],
        "what a command line names is its own"
    );
    world.stop().await;
}

#[tokio::test]
async fn only_serve_and_restore_create_a_database() {
    let mut world = relative();
    let before = files(&world.path(""));
    let commands: [&[&str]; 9] = [
        &["agent", "list"],
        &["agent", "add", "probe", "--location", "there"],
        &["agent", "rotate", "probe"],
        &["heartbeat", "list"],
        &["check", "list"],
        &["check", "define", "web", "--as", "probe"],
        &["backup", "copy.db"],
        &["doctor"],
        &["check-config"],
    ];
    for words in commands {
        let output = ended(&world.command(words));
        let message = output_text(&output);
        assert_eq!(files(&world.path("")), before, "{words:?}: {message}");
        if !matches!(words[0], "doctor" | "check-config") {
            assert!(!output.status.success(), "{words:?}: {message}");
            assert!(message.contains("data/skerry.db: there is no database"), "{words:?}: {message}");
            assert!(message.contains("skerry-aggregator serve creates it"), "{words:?}: {message}");
        }
    }
    // A killed first start leaves an empty file, which is not a database.
    world.write("data/skerry.db", "");
    let output = ended(&world.command(&["agent", "list"]));
    assert!(output_text(&output).contains("there is no database"), "{}", output_text(&output));

    world.start().await;
    let backup = ended(&world.command(&["backup", "copy.db"]));
    assert!(backup.status.success(), "{}", output_text(&backup));
    world.stop().await;
    std::fs::remove_dir_all(world.path("data")).expect("there");
    let restored = ended(&world.command(&["restore", "copy.db"]));
    assert!(restored.status.success() && world.database().exists(), "{}", output_text(&restored));
}

#[tokio::test]
async fn a_database_at_the_former_path_is_not_left_behind() {
    let mut world = relative();
    let elsewhere = world.path("elsewhere");
    world.start().await;
    world.stop().await;
    std::fs::create_dir(&elsewhere).expect("made");
    std::fs::rename(world.path("data"), elsewhere.join("data")).expect("moved");
    let former = elsewhere.join("data/skerry.db");
    for words in [&["serve"][..], &["agent", "list"], &["check", "list"], &["backup", "copy.db"], &["doctor"]]
    {
        let output = ended(&from(&elsewhere, world.command(words)));
        let message = output_text(&output);
        assert!(!output.status.success(), "{words:?}: {message}");
        for named in [&former, &world.database()] {
            assert!(message.contains(&named.display().to_string()), "{words:?} names both: {message}");
        }
        assert!(message.contains("relative to the configuration file"), "{words:?}: {message}");
    }
    assert!(!world.database().exists(), "nothing was made");

    // With databases at both places the one of the file is used, and the log names the other.
    std::fs::create_dir(world.path("data")).expect("made");
    std::fs::copy(&former, world.database()).expect("copied");
    world.start_as(from(&elsewhere, world.command(&["serve"]))).await;
    let log = world.running().log();
    assert!(log.contains(&format!("{} is another database, which is not used", former.display())), "{log}");
    world.stop().await;
}

#[test]
fn a_spool_at_the_former_path_is_not_left_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for made in ["etc", "elsewhere/state"] {
        std::fs::create_dir_all(at(made)).expect("made");
    }
    // Header of an SQLite file.
    std::fs::write(at("elsewhere/state/spool.db"), "SQLite format 3\0 and what was seen").expect("written");
    let by_hand = "[aggregator]\nurl = \"http://127.0.0.1:1\"\n";
    for rest in ["", by_hand] {
        let text = format!("[agent]\nlocation = \"here\"\nspool = \"state/spool.db\"\n{rest}");
        std::fs::write(at("etc/agent.toml"), text).expect("written");
        let mut command = Command::new(program("skerry-agent"));
        command.args(["run", "--config"]).arg(at("etc/agent.toml")).current_dir(at("elsewhere"));
        let output = ended(&command);
        let message = output_text(&output);
        assert!(!output.status.success(), "{message}");
        for named in ["elsewhere/state/spool.db", "etc/state/spool.db"] {
            assert!(message.contains(&at(named).display().to_string()), "names both: {message}");
        }
        assert!(!at("etc/state").exists(), "nothing was made");
    }
}
