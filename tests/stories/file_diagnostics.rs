//! What both programs report about their files: `check-config`, `doctor`, and the log at the start.

use crate::process::program;
use crate::world::{World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use std::path::Path;
use std::process::{Command, Output};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

fn asked(name: &str, words: &[&str], config: &Path) -> Output {
    Command::new(program(name)).args(words).arg("--config").arg(config).output().expect("it starts")
}

/// A file of each program with one error in line 9 and two warnings.
fn files(world: &World) -> [(&'static str, std::path::PathBuf); 2] {
    let check = "[[check]]\nname = \"web\"\ntype = \"http\"\nurl = \"https://example.com/\"\n";
    let doubtful = format!(
        "{check}ca_file = \"/nonexistent/ca.pem\"\nauth = {{ token_file = \"/nonexistent/token\" }}\n"
    );
    let wrong = "\ninterval = 5\n";
    let agent = "[agent]\nlocation = \"here\"\n[aggregator]\nurl = \"https://skerry.example.com\"\n";
    [
        ("skerry-aggregator", world.write("wrong.toml", &format!("[local_agent]\n{doubtful}{wrong}"))),
        ("skerry-agent", world.write("agent.toml", &format!("{agent}{doubtful}{wrong}"))),
    ]
}

#[test]
fn warnings_stand_beside_errors_and_strict_takes_them_for_errors() {
    let world = World::new("");
    for (name, path) in files(&world) {
        let told = said(&asked(name, &["check-config"], &path));
        for words in [
            "interval must be a duration in quotes",
            "/nonexistent/ca.pem does not exist",
            "/nonexistent/token",
        ] {
            assert!(told.contains(words), "{name}: {words}: {told}");
        }
        assert_eq!(told.matches("warning: ").count(), 2, "{name}: {told}");
        let output = asked(name, &["check-config", "--json"], &path);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let (problems, warnings) = (json["problems"].as_array(), json["warnings"].as_array());
        assert_eq!((problems.map(Vec::len), warnings.map(Vec::len)), (Some(1), Some(2)), "{json}");

        let text = std::fs::read_to_string(&path).expect("written").replace("interval = 5\n", "");
        std::fs::write(&path, text).expect("written");
        assert!(asked(name, &["check-config"], &path).status.success(), "{name}: doubts alone");
        let strict = asked(name, &["check-config", "--strict"], &path);
        assert!(
            !strict.status.success() && said(&strict).contains("/nonexistent/token"),
            "{}",
            said(&strict)
        );
    }
}

#[test]
fn the_line_of_what_is_not_utf8_is_named() {
    let world = World::new("");
    for (name, path) in files(&world) {
        let mut text = std::fs::read(&path).expect("written");
        text.extend_from_slice(b"\n# B\xfcro\n");
        let line = text.iter().filter(|byte| **byte == b'\n').count();
        std::fs::write(&path, text).expect("written");
        let told = said(&asked(name, &["check-config"], &path));
        let place = format!("{}:{line}:4: the byte 0xFC, \"ü\" in Latin-1, is not UTF-8", path.display());
        assert!(told.contains(&place), "{name}: {place}: {told}");
    }
}

#[tokio::test]
async fn a_page_that_nobody_made_public_is_warned_of_everywhere() {
    let words = "no page is public, so visitors see none. Add public = true";
    let target = Nginx::start(&Site::default()).await;
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let check = quick_check("web", &target.url_at("127.0.0.1", "/"));
    let mut world = World::new(&format!("{local}{check}{}", page("demo", false, &["web"])));
    let checked = world.command(&["check-config"]).output().expect("it starts");
    assert!(checked.status.success() && said(&checked).contains(words), "{}", said(&checked));
    assert!(!world.command(&["check-config", "--strict"]).output().expect("it starts").status.success());
    world.start().await;
    assert!(world.running().log().contains(words), "{}", world.running().log());
    let looked = world.command(&["doctor"]).output().expect("it starts");
    assert!(said(&looked).contains(words), "{}", said(&looked));

    // It is only a warning: everything works, unless `--strict` is set.
    let problems = said(&looked).contains("\nproblem") || said(&looked).starts_with("problem");
    assert_eq!(looked.status.success(), !problems, "{}", said(&looked));
    assert!(!world.command(&["doctor", "--strict"]).output().expect("it starts").status.success());

    world.declare(&format!("{local}{check}{}", page("demo", true, &["web"])));
    let checked = world.command(&["check-config", "--strict"]).output().expect("it starts");
    assert!(checked.status.success(), "{}", said(&checked));
}

#[tokio::test]
async fn a_scheme_that_does_not_fit_the_server_is_said_in_words() {
    let target = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let config = world.agent_config("probe", world.private, &token, "");
    let text = std::fs::read_to_string(&config).expect("written");
    std::fs::write(&config, text.replace("http://127", "https://127")).expect("written");
    let told = said(&asked("skerry-agent", &["doctor"], &config));
    assert!(told.contains("https was asked of it, and it does not speak TLS"), "{told}");

    let https = target.url_at("127.0.0.1", "/").replace("http://", "https://");
    world.declare(&format!("[public]\nbase_url = \"{https}\"\n\n{}", page("demo", true, &["web"])));
    let told = said(&world.command(&["doctor"]).output().expect("it starts"));
    assert!(told.contains("https was asked of it, and it does not speak TLS"), "{told}");
    assert!(!told.contains("put a certificate for that name"), "{told}");
}
