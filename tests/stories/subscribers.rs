//! Subscribers as the team moves them from one system to another and looks after them, on the command line.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, page};
use serde_json::Value;

const COMPONENTS: &str = "[[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n";
/// As Statuspage exports it.
const FILE: &str = "Email,Type,Components,Created\nada@example.com,email,Shop,2020-01-02T03:04:05Z\n\
                    bob@example.com,email,,2021-01-02T03:04:05Z\nADA@example.com,email,,\n";

fn read(world: &World, words: &[&str]) -> Value {
    serde_json::from_str(&run_ok(world, &[words, &["--json"]].concat())).expect("JSON")
}

fn addresses(world: &World) -> Vec<String> {
    let listed = read(world, &["subscribers", "list", "--addresses"]);
    let all = listed["subscribers"].as_array().expect("a list").iter();
    let mut all: Vec<String> = all.filter_map(|one| one["address"].as_str().map(str::to_owned)).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_list_of_subscribers_is_moved_here_and_looked_after() {
    let mut world = World::new(&format!("{}{COMPONENTS}", page("demo", true, &[])));
    world.start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.csv");
    let name = file.to_str().expect("UTF-8");
    std::fs::write(&file, FILE).expect("written");
    let (succeeded, output) = run_cli(&world, &["subscribers", "import", name]);
    assert!(
        !succeeded && output.contains("line 2: it does not say when and where consent was given"),
        "{output}"
    );
    assert!(output.contains("nothing was") && !output.contains("ada@"), "{output}");
    let consent = ["subscribers", "import", name, "--consent", "our Statuspage, until 2026"];
    let dry = run_ok(&world, &[&consent[..], &["--dry-run"]].concat());
    assert!(dry.starts_with("Would subscribe 3; nothing was imported."), "{dry}");
    assert!(addresses(&world).is_empty());
    assert!(run_ok(&world, &consent).starts_with("Subscribed: 3."));
    assert!(run_ok(&world, &consent).contains("Already subscribed, unchanged: 3."));
    assert_eq!(addresses(&world), ["ADA@example.com", "ada@example.com", "bob@example.com"]);
    let masked = run_ok(&world, &["subscribers", "list"]);
    assert!(masked.contains("b…@example.com") && !masked.contains("bob@"), "{masked}");
    let exported = run_ok(&world, &["subscribers", "export", "--page", "demo"]);
    assert!(exported.contains("email,ada@example.com,Shop,all,false,false,active,"), "{exported}");

    let added = read(&world, &["subscribers", "add", "cat@example.com"]);
    let id = added["subscriber"].as_str().expect("an id");
    assert!(
        added["notes"][0].as_str().is_some_and(|note| note.contains("until its owner confirms")),
        "{added}"
    );
    let link = run_ok(&world, &["subscribers", "link", id]);
    assert!(!link.contains("http") && !link.contains("cat@"), "the link goes to the address alone: {link}");
    let sent = read(&world, &["deliveries", "list", "--to", "cat@example.com"]);
    assert_eq!(sent["deliveries"].as_array().map(Vec::len), Some(1), "one link a day: {sent}");
    let delivery = sent["deliveries"][0]["id"].as_str().expect("an id");
    let shown = run_ok(&world, &["deliveries", "show", delivery]);
    assert!(shown.contains("confirm") && shown.contains("c…@example.com"), "{shown}");

    run_ok(
        &world,
        &["incident", "open", "--title", "Slow", "--page", "demo", "--message", "We look into it."],
    );
    run_ok(&world, &["subscribers", "remove", "bob@example.com"]);
    assert_eq!(addresses(&world), ["ADA@example.com", "ada@example.com", "cat@example.com"]);
    let (succeeded, output) = run_cli(&world, &["subscribers", "remove", "bob@example.com"]);
    assert!(!succeeded && output.contains("no such subscriber"), "{output}");
    let (succeeded, output) = run_cli(&world, &["deliveries", "resend", "nothing"]);
    assert!(!succeeded && output.contains("there is no delivery"), "{output}");
}
