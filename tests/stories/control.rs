//! The control socket, through which the command line changes something: who is admitted, and what happens while the
//! aggregator is absent or hangs.

use crate::enrolment::{listed, run_cli, run_ok};
use crate::sender::batch;
use crate::world::{World, page};
use skerry_protocol::wire::encode;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;

/// The control socket of that aggregator.
fn socket(world: &World) -> std::path::PathBuf {
    world.database().with_file_name("skerry.db.sock")
}

#[tokio::test]
async fn a_command_takes_effect_before_it_returns() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let meta = std::fs::symlink_metadata(socket(&world)).expect("it listens");
    assert!(meta.file_type().is_socket() && meta.permissions().mode() & 0o777 == 0o600, "{meta:?}");
    let token = world.enrol("probe", "there", None);
    let body = encode(&batch("probe", 1, &[])).expect("encodes");
    assert_eq!(world.deliver(&token, &body).status, 200);
    for (words, status) in [("disable", 403), ("enable", 200), ("revoke", 401)] {
        run_ok(&world, &["agent", words, "probe"]);
        assert_eq!(world.deliver(&token, &body).status, status, "{words}");
    }
    let (succeeded, output) = run_cli(&world, &["agent", "enable", "probe"]);
    assert!(!succeeded && output.contains("was revoked and has no credential"), "{output}");
    world.stop().await;
    assert!(!socket(&world).exists(), "nobody listens");
    run_ok(&world, &["agent", "remove", "probe"]);
    assert!(!run_ok(&world, &["agent", "list"]).contains("probe"));
    // The audit, also of changes while no aggregator ran.
    let uid = std::fs::metadata(world.database()).expect("there").uid();
    let database = rusqlite::Connection::open(world.database()).expect("opens");
    let sql = "SELECT action FROM audit WHERE object = 'agent' AND actor = ?1 AND length(request) = 16 ORDER BY number";
    let mut statement = database.prepare(sql).expect("SQL");
    let actions = statement.query_map([format!("cli:{uid}")], |row| row.get(0)).expect("read");
    let actions: Vec<String> = actions.map(|action| action.expect("a word")).collect();
    let all = ["add_agent", "disable_agent", "enable_agent", "revoke_agent", "remove_agent"];
    assert_eq!(actions, all);
}

/// kill -9 leaves the socket behind. The next start replaces it; until then, commands work without it.
#[tokio::test]
async fn a_socket_left_by_a_killed_aggregator_does_no_harm() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    world.kill();
    assert!(socket(&world).exists(), "kill -9 leaves it");
    run_ok(&world, &["agent", "add", "one", "--location", "here", "--token"]);
    world.start().await;
    run_ok(&world, &["agent", "add", "two", "--location", "here", "--token"]);
    for name in ["one", "two"] {
        listed(&world, name);
    }
    world.stop().await;
}

/// A caller that hangs, or sends an invalid request, blocks no other.
#[tokio::test]
async fn a_caller_that_hangs_blocks_no_other() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let mut hung: Vec<UnixStream> =
        (0..8).map(|_| UnixStream::connect(socket(&world)).expect("ours")).collect();
    hung.iter_mut().for_each(|stream| stream.write_all(b"{").expect("written"));
    run_ok(&world, &["agent", "add", "one", "--location", "here", "--token"]);
    let requests =
        [(b"nonsense\n".to_vec(), "does not understand"), (vec![b'x'; 400_000], "at most 256 KiB")];
    for (request, message) in requests {
        let mut stream = UnixStream::connect(socket(&world)).expect("ours");
        let _ = stream.write_all(&request);
        let mut answer = String::new();
        // The aggregator greets first.
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.contains(message), "{answer}");
    }
    run_ok(&world, &["agent", "add", "two", "--location", "here", "--token"]);
    world.stop().await;
}

/// Another user of the host cannot enter the folder, cannot connect if the folder is open, and is rejected if the socket
/// is open, too.
#[tokio::test]
async fn other_users_are_rejected() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    if std::fs::metadata(world.database()).expect("there").uid() != 0 {
        let _ = writeln!(std::io::stderr(), "skipped: other_users_are_rejected: it needs root");
        world.stop().await;
        return;
    }
    let socket = socket(&world);
    let folders: Vec<_> = socket.ancestors().skip(1).collect();
    let call = || {
        let script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint(s.makefile().read())";
        let mut python = std::process::Command::new("python3");
        python.args(["-c", script]).arg(&socket);
        std::os::unix::process::CommandExt::uid(&mut python, 65_534);
        let output = python.output().expect("python3 runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(call().contains("PermissionError"), "the folder is closed");
    for folder in folders {
        if let Ok(meta) = std::fs::metadata(folder) {
            let mode = meta.permissions().mode() | 0o055;
            let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode));
        }
    }
    assert!(call().contains("PermissionError"), "the socket is closed");
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).expect("ours");
    let output = call();
    assert!(output.contains("only root and the user that runs skerry-aggregator"), "{output}");
    run_ok(&world, &["agent", "add", "one", "--location", "here", "--token"]);
    world.stop().await;
}

/// A path that is too long for the address of a socket, and another working directory.
#[tokio::test]
async fn the_socket_is_reached_in_a_folder_with_a_long_path() {
    let mut world = World::new(&page("demo", true, &["web"]));
    let deep = world.path("data").join("a".repeat(100)).join("b".repeat(100));
    std::fs::create_dir_all(&deep).expect("made");
    let text = std::fs::read_to_string(&world.configs[0]).expect("ours");
    let path = deep.join("skerry.db");
    let text = text.replace(&world.database().display().to_string(), &path.display().to_string());
    std::fs::write(&world.configs[0], text).expect("written");
    world.start().await;
    assert!(
        deep.join("skerry.db.sock").exists(),
        "{:?}",
        std::fs::read_dir(&deep).expect("there").collect::<Vec<_>>()
    );
    let mut command = world.command(&["agent", "add", "one", "--location", "here", "--token"]);
    let output = command.current_dir("/").output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.stop().await;
}

/// Commands while the aggregator starts and stops: each is carried out once, by the aggregator or without it.
#[tokio::test]
async fn a_command_waits_while_the_aggregator_starts_or_stops() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    for round in 0..3 {
        let names = [format!("stop-{round}"), format!("start-{round}")];
        let adding = |name: &str| {
            let mut command = world.command(&["agent", "add", name, "--location", "here", "--token"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("runs")
        };
        let first = adding(&names[0]);
        let second = adding(&names[1]);
        world.stop().await;
        world.start().await;
        for child in [first, second] {
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        for name in &names {
            listed(&world, name);
        }
    }
    world.stop().await;
}
