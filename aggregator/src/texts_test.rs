//! What becomes of texts under the rules of a workspace.

use super::*;
use crate::config::load;
use crate::desired::{desired, sanitiser};
use skerry_domain::step::{Command, Context, Ids, step};
use skerry_domain::time::Timestamp;

const FILE: &str = "\
[sanitiser]
private_suffixes = [\".acme.example\"]
secret_patterns = ['TICKET-[0-9]+']
[[check]]
name = \"db-primary\"
type = \"http\"
url = \"https://example.com/\"
[[check]]
name = \"shop\"
type = \"http\"
url = \"https://example.com/\"
[local_agent]
[[page]]
key = \"main\"
name = \"Main\"
[[page.component]]
key = \"shop\"
name = \"Shop\"
checks = [\"shop\", \"db-primary\"]
";

/// A workspace with the agent `fra-agent-7`, as a file declares it.
fn workspace() -> State {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("aggregator.toml");
    std::fs::write(&path, FILE).expect("written");
    let loaded = load(&[path]).map_err(|problems| problems.to_string()).expect("a valid file");
    let config = &loaded.configs[0];
    let agent = |name: &str| Command::AddAgent { name: name.to_owned(), location: "fra".to_owned() };
    let mut state = State::default();
    let commands = [
        Command::Configure(Box::new(desired(config))),
        sanitiser(config),
        agent("fra-agent-7"),
        agent(BUILT_IN_AGENT),
    ];
    for command in commands {
        let context = Context { now: Timestamp(1_000), ids: Ids::from_seed([7; 32]) };
        step(&mut state, command, context).expect("a valid command");
    }
    state
}

fn text_sanitiser() -> TextSanitiser {
    TextSanitiser::of(&workspace()).expect("usable rules")
}

#[test]
fn what_is_private_is_removed_and_named_to_the_author() {
    let mut sanitiser = text_sanitiser();
    let title = sanitiser.title("  Shop is down (db-primary) ").expect("clean");
    assert_eq!(
        (title.written.as_str(), title.public.plain().as_str()),
        ("Shop is down (db-primary)", "Shop is down ([redacted])",)
    );
    let text = sanitiser
        .markdown(
            "fra-agent-7 cannot reach 10.0.0.7, db.acme.example and x.internal. See TICKET-42 for the shop.",
        )
        .expect("clean");
    let public =
        "[redacted] cannot reach [redacted], [redacted] and [redacted]. See [redacted] for the shop.";
    assert_eq!(text.public.plain().trim(), public);
    assert!(text.written.contains("10.0.0.7"), "the original is kept for operators");
    let removed = sanitiser.removed();
    let expected = [
        "removed from the title: \"db-primary\" (private name)",
        "removed from the message: \"fra-agent-7\" (private name)",
        "removed from the message: \"10.0.0.7\" (IPv4 address)",
        "removed from the message: \"db.acme.example\" (host name that ends in .acme.example)",
        "removed from the message: \"x.internal\" (host name that ends in .internal)",
        "removed from the message: a secret (key, token or password)",
    ];
    assert_eq!(removed, expected);
}

#[test]
fn what_the_author_releases_by_name_stays_and_is_named() {
    let state = workspace();
    let sanitiser = |released: &[&str]| {
        let released: Vec<String> = released.iter().map(|one| (*one).to_owned()).collect();
        TextSanitiser::releasing(&state, &released).expect("usable rules")
    };
    let mut releases = sanitiser(&["10.0.0.7"]);
    let text = releases.markdown("From 10.0.0.7 to 10.0.0.8").expect("clean");
    assert_eq!(text.public.plain().trim(), "From 10.0.0.7 to [redacted]");
    let lines = [
        "removed from the message: \"10.0.0.8\" (IPv4 address)",
        "left in the message: \"10.0.0.7\" (IPv4 address)",
    ];
    let mut told = releases.removed();
    told.sort();
    told.reverse();
    assert_eq!(told, lines);
    let mut wrong = sanitiser(&["10.0.0"]);
    assert_eq!(wrong.markdown("From 10.0.0.7").expect("clean").public.plain().trim(), "From [redacted]");
    let told = wrong.removed();
    assert!(told.last().is_some_and(|line| line.starts_with("nothing was released")), "{told:?}");
}

#[test]
fn names_that_visitors_know_and_the_built_in_agent_stay() {
    let mut sanitiser = text_sanitiser();
    let written = "The shop and the local office are slow; Main is not.";
    assert_eq!(sanitiser.markdown(written).expect("clean").public.source(), written);
    assert_eq!(sanitiser.removed(), [""; 0]);
}

#[test]
fn a_text_is_judged_again_by_later_rules() {
    let mut state = workspace();
    let text = text_sanitiser().markdown("web-9 is slow").expect("clean").public;
    assert_eq!(review(&rules(&state).expect("usable"), &text), [""; 0]);
    let command = Command::AddAgent { name: "web-9".to_owned(), location: "fra".to_owned() };
    let context = Context { now: Timestamp(2_000), ids: Ids::from_seed([7; 32]) };
    step(&mut state, command, context).expect("a valid command");
    assert_eq!(review(&rules(&state).expect("usable"), &text), ["\"web-9\" (private name)"]);
}

#[test]
fn a_text_that_hides_something_in_its_form_is_blocked() {
    let error = text_sanitiser().markdown("It is 10.0.**0**.7 that fails").expect_err("an address shows");
    assert!(error.starts_with("nothing was changed: ") && error.contains("IPv4 address"), "{error}");
    assert!(error.ends_with("Write it another way"), "{error}");
}

#[test]
fn a_text_is_neither_empty_nor_too_long() {
    let long = "x".repeat(LONGEST_TITLE + 1);
    for (title, message) in [
        (" \n", "a title needs a text"),
        ("a\nb", "a title is one line"),
        (long.as_str(), "the title is 256 characters long; at most 255 are allowed"),
        ("\u{202e}", "nothing of the title would be shown"),
    ] {
        assert_eq!(text_sanitiser().title(title).expect_err(title), message);
    }
    assert_eq!(text_sanitiser().markdown("\n\n").expect_err("empty"), "the message is empty");
    let many = "10.0.0.7 and ".repeat(30);
    let mut sanitiser = text_sanitiser();
    sanitiser.markdown(&many).expect("clean");
    let removed = sanitiser.removed();
    assert_eq!((removed.len(), removed[20].as_str()), (21, "and 10 more"));
}
