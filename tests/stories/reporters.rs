//! Who may report which check, by the command line: patterns of a token, joining with approval, the chosen
//! definition, and reserved names.

use crate::enrolment::{listed, run_cli, run_ok};
use crate::sender::{batch, inventory, observation, records, state};
use crate::world::{World, page};
use skerry_protocol::wire::{Batch, State, encode, record::Kind};
use skerry_tests::parts::until;
use std::time::Duration;

/// How long it may take until an agent or a page shows what a command changed.
const FOLLOWED: Duration = Duration::from_secs(15);

/// Agents that report the state of one check on request.
struct Agent {
    name: &'static str,
    token: String,
    next: u64,
}

impl Agent {
    fn new(world: &World, name: &'static str, more: &[&str]) -> Self {
        let words = [&["agent", "add", name, "--location", name, "--token"], more].concat();
        Self { name, token: run_ok(world, &words), next: 1 }
    }

    /// Reports the present state of a check with this definition.
    fn says(&mut self, world: &World, check: &str, definition: u8, hard: State) {
        let delivery = Batch {
            inventory: inventory(&[(check, vec![definition; 16])]),
            records: records(self.next, [Kind::Observation(observation(0, 0, hard))]),
            snapshot: vec![state(0, hard)],
            ..batch(self.name, self.name.len() as u8, &[check])
        };
        self.next += 1;
        let answer = world.deliver(&self.token, &encode(&delivery).expect("encodes"));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Why the agent does not count for the check.
    fn held(&self, world: &World, check: &str) -> Option<String> {
        let listed = listed(world, self.name);
        let held = listed["not_counted"].as_array().expect("a list").iter();
        let why = held.filter(|one| one["check"] == check).find_map(|one| one["why"].as_str());
        why.map(str::to_owned)
    }
}

#[tokio::test]
async fn a_token_is_limited_to_the_checks_of_its_patterns() {
    let mut world = World::new(&page("demo", true, &["shop-1", "mail"]));
    world.start().await;
    let mut honest = Agent::new(&world, "a", &[]);
    let mut shop = Agent::new(&world, "bb", &["--checks", "shop-*", "--checks", "till"]);
    shop.says(&world, "shop-1", 1, State::Up);
    world.shows("shop-1", "operational", FOLLOWED).await;
    // Nobody else has reported it, and this agent may not be the first.
    shop.says(&world, "mail", 1, State::Up);
    assert_eq!(shop.held(&world, "mail").as_deref(), Some("limited"));
    honest.says(&world, "mail", 1, State::Down);
    world.shows("mail", "major_outage", FOLLOWED).await;
    assert_eq!(listed(&world, "bb")["limit"], serde_json::json!(["shop-*", "till"]));
    assert!(run_ok(&world, &["agent", "list"]).contains("limited to shop-*, till"));

    // It is limited to other checks, and the running aggregator notices.
    run_ok(&world, &["agent", "limit", "bb", "--checks", "mail"]);
    until("it counts for the mail", FOLLOWED, async || {
        shop.says(&world, "mail", 1, State::Up);
        shop.held(&world, "mail").is_none()
    })
    .await;
    for pattern in ["", " ", "shop\n", "\u{202E}shop"] {
        let words = ["agent", "add", "c", "--location", "c", "--token", "--checks", pattern];
        let (succeeded, output) = run_cli(&world, &words);
        assert!(!succeeded && output.contains("is not a pattern of check names"), "{pattern:?}: {output}");
    }
    run_ok(&world, &["agent", "limit", "bb"]);
    assert!(listed(&world, "bb")["limit"].is_null(), "it may report every check");
}

#[tokio::test]
async fn with_ask_an_agent_that_joins_waits_until_it_is_allowed() {
    let asks = "[agents]\nnew_reporters = \"ask\"\n\n";
    let mut world = World::new(&format!("{asks}{}", page("demo", true, &["web"])));
    world.start().await;
    let (mut first, mut second) = (Agent::new(&world, "a", &[]), Agent::new(&world, "bb", &[]));
    first.says(&world, "web", 1, State::Down);
    world.shows("web", "major_outage", FOLLOWED).await;
    second.says(&world, "web", 1, State::Up);
    assert_eq!(second.held(&world, "web").as_deref(), Some("asks"));
    assert!(run_ok(&world, &["check", "list"]).contains("it waits for skerry-aggregator agent allow"));
    let (succeeded, output) = run_cli(&world, &["agent", "allow", "nobody", "web"]);
    assert!(!succeeded && output.contains("agent list"), "{output}");

    // A restart keeps pending agents.
    world.stop().await;
    world.start().await;
    first.says(&world, "web", 1, State::Down);
    second.says(&world, "web", 1, State::Up);
    assert_eq!(second.held(&world, "web").as_deref(), Some("asks"));
    world.shows("web", "major_outage", FOLLOWED).await;
    run_ok(&world, &["agent", "allow", "bb", "web"]);
    until("it counts", FOLLOWED, async || second.held(&world, "web").is_none()).await;
    first.says(&world, "web", 1, State::Down);
    second.says(&world, "web", 1, State::Up);
    // One of two locations reports down, which is not a majority.
    world.shows("web", "operational", FOLLOWED).await;
    // An unused name is free.
    second.says(&world, "new", 1, State::Up);
    assert_eq!(second.held(&world, "new"), None);
}

#[tokio::test]
async fn an_operator_chooses_the_definition_that_applies() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let (mut first, mut second) = (Agent::new(&world, "a", &[]), Agent::new(&world, "bb", &[]));
    first.says(&world, "web", 1, State::Up);
    second.says(&world, "web", 2, State::Down);
    world.shows("web", "operational", FOLLOWED).await;
    assert_eq!(second.held(&world, "web").as_deref(), Some("definition"));
    let (succeeded, output) = run_cli(&world, &["check", "define", "web", "--as", "nobody"]);
    assert!(!succeeded && output.contains("check list"), "{output}");

    run_ok(&world, &["check", "define", "web", "--as", "bb"]);
    until("the second counts", FOLLOWED, async || second.held(&world, "web").is_none()).await;
    first.says(&world, "web", 1, State::Up);
    second.says(&world, "web", 2, State::Down);
    world.shows("web", "major_outage", FOLLOWED).await;
    assert_eq!(first.held(&world, "web").as_deref(), Some("definition"));
    let listed = run_ok(&world, &["check", "list"]);
    assert!(listed.contains("a/a up, is rejected: conflicting definition"), "{listed}");

    // Until the first one changes its definition; a restart keeps the decision.
    world.stop().await;
    world.start().await;
    first.says(&world, "web", 1, State::Up);
    second.says(&world, "web", 2, State::Down);
    assert_eq!(first.held(&world, "web").as_deref(), Some("definition"));
    first.says(&world, "web", 2, State::Up);
    assert_eq!((first.held(&world, "web"), second.held(&world, "web")), (None, None));
}

#[tokio::test]
async fn reserved_and_invisible_names_are_rejected() {
    let local = "[local_agent]\nname = \"built-in\"\nlocation = \"here\"\n\n";
    let mut world = World::new(&format!("{local}{}", page("demo", true, &["web"])));
    world.start().await;
    world.stop().await;
    let unseen = ["", " ", "a\nb", "a\u{7}", "\u{202E}eye", "a\u{2028}b", "\u{200B}", " eye", "eye "];
    let add = |name: &str, location: &str| {
        run_cli(&world, &["agent", "add", name, "--location", location, "--token"])
    };
    for kept in ["aggregator (heartbeats)", "Aggregator (Heartbeats)", "aggregator", "AGGREGATOR"] {
        for (name, location) in [(kept, "there"), ("eye", kept)] {
            let (succeeded, output) = add(name, location);
            assert!(!succeeded && output.contains("is reserved for heartbeats"), "{name:?}: {output}");
        }
    }
    let (succeeded, output) = add("built-in", "there");
    assert!(!succeeded && output.contains("is the built-in agent"), "{output}");
    for bad in unseen {
        for (name, location) in [(bad, "there"), ("eye", bad)] {
            let (succeeded, output) = add(name, location);
            assert!(!succeeded && output.contains("1 to 100 visible characters"), "{name:?}: {output}");
            assert!(!output.contains(['\u{202E}', '\u{2028}', '\u{7}']), "{output:?}");
        }
    }
    run_ok(&world, &["agent", "add", "eye", "--location", "there", "--token"]);
    for bad in unseen.into_iter().chain(["aggregator", "Aggregator (heartbeats)", "built-in"]) {
        let (succeeded, output) = run_cli(&world, &["agent", "rename", "eye", bad]);
        assert!(!succeeded, "{bad:?}: {output}");
    }
    let roll = run_ok(&world, &["agent", "list", "--json"]);
    let roll: serde_json::Value = serde_json::from_str(&roll).expect("JSON");
    // Including the built-in one.
    assert_eq!(roll["agents"].as_array().map(Vec::len), Some(2), "{roll}");
}
