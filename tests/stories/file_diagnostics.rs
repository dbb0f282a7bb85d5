//! What both programs report about their files: `check-config`, `doctor`, and the log at the start.

use crate::process::program;
use crate::world::{World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use std::path::Path;
use std::process::{Command, Output};

fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

fn run(name: &str, words: &[&str], config: &Path) -> Output {
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
fn warnings_are_shown_with_errors_and_count_as_errors_with_strict() {
    let world = World::new("");
    for (name, path) in files(&world) {
        let text = output_text(&run(name, &["check-config"], &path));
        for words in [
            "interval must be a duration in quotes",
            "/nonexistent/ca.pem does not exist",
            "/nonexistent/token",
        ] {
            assert!(text.contains(words), "{name}: {words}: {text}");
        }
        assert_eq!(text.matches("warning: ").count(), 2, "{name}: {text}");
        let output = run(name, &["check-config", "--json"], &path);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let (problems, warnings) = (json["problems"].as_array(), json["warnings"].as_array());
        assert_eq!((problems.map(Vec::len), warnings.map(Vec::len)), (Some(1), Some(2)), "{json}");

        let text = std::fs::read_to_string(&path).expect("written").replace("interval = 5\n", "");
        std::fs::write(&path, text).expect("written");
        assert!(run(name, &["check-config"], &path).status.success(), "{name}: doubts alone");
        let strict = run(name, &["check-config", "--strict"], &path);
        assert!(
            !strict.status.success() && output_text(&strict).contains("/nonexistent/token"),
            "{}",
            output_text(&strict)
        );
    }
}

#[test]
fn the_line_with_invalid_utf8_is_named() {
    let world = World::new("");
    for (name, path) in files(&world) {
        let mut text = std::fs::read(&path).expect("written");
        text.extend_from_slice(b"\n# B\xfcro\n");
        let line = text.iter().filter(|byte| **byte == b'\n').count();
        std::fs::write(&path, text).expect("written");
        let text = output_text(&run(name, &["check-config"], &path));
        let place = format!("{}:{line}:4: the byte 0xFC, \"ü\" in Latin-1, is not UTF-8", path.display());
        assert!(text.contains(&place), "{name}: {place}: {text}");
    }
}

#[tokio::test]
async fn a_configuration_without_a_public_page_is_a_warning_everywhere() {
    let words = "no page is public, so visitors see none. Add public = true";
    let target = Nginx::start(&Site::default()).await;
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let check = quick_check("web", &target.url_at("127.0.0.1", "/"));
    let mut world = World::new(&format!("{local}{check}{}", page("demo", false, &["web"])));
    let checked = world.command(&["check-config"]).output().expect("it starts");
    assert!(checked.status.success() && output_text(&checked).contains(words), "{}", output_text(&checked));
    assert!(!world.command(&["check-config", "--strict"]).output().expect("it starts").status.success());
    world.start().await;
    assert!(world.running().log().contains(words), "{}", world.running().log());
    let looked = world.command(&["doctor"]).output().expect("it starts");
    assert!(output_text(&looked).contains(words), "{}", output_text(&looked));

    // It is only a warning: everything works, unless `--strict` is set.
    let problems = output_text(&looked).contains("\nproblem") || output_text(&looked).starts_with("problem");
    assert_eq!(looked.status.success(), !problems, "{}", output_text(&looked));
    assert!(!world.command(&["doctor", "--strict"]).output().expect("it starts").status.success());

    world.declare(&format!("{local}{check}{}", page("demo", true, &["web"])));
    let checked = world.command(&["check-config", "--strict"]).output().expect("it starts");
    assert!(checked.status.success(), "{}", output_text(&checked));
}

#[tokio::test]
async fn a_url_scheme_that_does_not_match_the_server_has_a_clear_message() {
    let target = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let config = world.agent_config("probe", world.private, &token, "");
    let text = std::fs::read_to_string(&config).expect("written");
    std::fs::write(&config, text.replace("http://127", "https://127")).expect("written");
    let text = output_text(&run("skerry-agent", &["doctor"], &config));
    assert!(text.contains("https was asked of it, and it does not speak TLS"), "{text}");

    let https = target.url_at("127.0.0.1", "/").replace("http://", "https://");
    world.declare(&format!("[public]\nbase_url = \"{https}\"\n\n{}", page("demo", true, &["web"])));
    let text = output_text(&world.command(&["doctor"]).output().expect("it starts"));
    assert!(text.contains("https was asked of it, and it does not speak TLS"), "{text}");
    assert!(!text.contains("put a certificate for that name"), "{text}");
}
