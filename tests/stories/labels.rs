//! Components that choose their checks by labels: an agent brings them to life without the aggregator's file naming its
//! checks, and ends that; what a token can do with labels is limited.

use crate::enrolment::{listed, run_ok};
use crate::sender::{batch, inventory, observation, records, state};
use crate::world::{FAR, World, quick_check};
use skerry_protocol::wire::{Batch, State, encode, record::Kind};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(30);

/// A page whose component "Website" chooses by a label.
const CHOOSING: &str = "[[page]]\nkey = \"demo\"\nname = \"Demo\"\npublic = true\n\n\
    [[page.component]]\nkey = \"site\"\nname = \"Website\"\nchecks = { labels = { team = \"web\" } }\n";

fn labelled(name: &str, url: &str, labels: &str) -> String {
    quick_check(name, url).trim_end().to_owned() + &format!("\nlabels = {labels}\n\n")
}

/// The checks that feed a component, by `check list`.
fn feeding(world: &World) -> Vec<String> {
    let listed: serde_json::Value =
        serde_json::from_str(&run_ok(world, &["check", "list", "--json"])).expect("JSON");
    let feeds = |one: &&serde_json::Value| one["components"].as_array().is_some_and(|all| !all.is_empty());
    let checks = listed["checks"].as_array().expect("a list");
    checks.iter().filter(feeds).filter_map(|one| one["name"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_check_of_an_agent_makes_a_component_live_as_long_as_it_has_the_label() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(CHOOSING);
    world.start().await;
    let log = world.running().log();
    assert!(log.contains("no check of this file has the labels { team = \"web\" }"), "{log}");
    assert_eq!(world.component("/", "Website")["waiting"], true);
    assert!(world.page("/").text().contains("Waiting for first report"));

    let token = world.enrol("eye", "there", None);
    let url = nginx.url_at("127.0.0.1", "/");
    let with = labelled("home", &url, "{ team = \"web\", tier = \"1\" }");
    let config = world.agent_config("eye", world.private, &token, &with);
    let agent = world.start_agent("eye", &config);
    world.shows("Website", "operational", NOTICED).await;
    assert_eq!(feeding(&world), ["home"]);
    let output = run_ok(&world, &["check", "list"]);
    assert!(output.contains("LABELS") && output.contains("team=web, tier=1"), "{output}");
    assert!(world.running().log().contains("checks feed a component that chooses them by labels: home"));
    let before = world.intervals("site");

    // A restart changes nothing.
    world.stop().await;
    world.start().await;
    world.shows("Website", "operational", NOTICED).await;
    assert_eq!(world.intervals("site").first(), before.first());

    // The agent takes the label away, with a reload.
    world.agent_config("eye", world.private, &token, &labelled("home", &url, "{ team = \"shop\" }"));
    agent.hang_up();
    until("nothing is known of the component", NOTICED, async || {
        world.component("/", "Website")["stale_since"].is_string()
    })
    .await;
    assert!(feeding(&world).is_empty());
    let after = world.intervals("site");
    let (_, to, last) = after.last().expect("an interval");
    assert_eq!((*to, last.as_str()), (FAR, "no_data"));
    let was = after.iter().rev().nth(1).expect("the one before");
    assert_eq!(was.2, "operational", "the past stays: {after:?}");

    // And gives it back.
    world.agent_config("eye", world.private, &token, &with);
    agent.hang_up();
    world.shows("Website", "operational", NOTICED).await;
    agent.stop().await;
}

/// What the holder of a token can bring to a component.
#[tokio::test]
async fn a_stolen_token_brings_its_own_checks_and_no_others_and_operators_are_told() {
    let own =
        "[local_agent]\n\n".to_owned() + &labelled("home", "http://127.0.0.1:9/", "{ team = \"home\" }");
    let mut world = World::new(&format!("{own}{CHOOSING}"));
    world.start().await;
    let spare = world.enrol("spare", "elsewhere", None);
    let narrow = ["agent", "add", "narrow", "--location", "elsewhere", "--token", "--checks", "narrow*"];
    let narrow = run_ok(&world, &narrow);
    let deliver = |world: &World, token: &str, agent: &str, epoch: u8, checks: &[&str]| {
        let declared: Vec<(&str, Vec<u8>)> = checks.iter().map(|name| (*name, vec![7; 16])).collect();
        let mut declared = inventory(&declared);
        for check in declared.iter_mut().flat_map(|all| &mut all.checks) {
            check.labels = [("team".to_owned(), "web".to_owned())].into();
        }
        let kinds = (0..checks.len() as u32).map(|check| Kind::Observation(observation(check, 0, State::Up)));
        let snapshot = (0..checks.len() as u32).map(|check| state(check, State::Up)).collect();
        let delivery = Batch {
            inventory: declared,
            records: records(1, kinds),
            snapshot,
            ..batch(agent, epoch, checks)
        };
        let answer = world.deliver(token, &encode(&delivery).expect("encodes"));
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    until("the built-in agent runs its check", NOTICED, async || {
        run_ok(&world, &["check", "list"]).contains("home")
    })
    .await;
    deliver(&world, &narrow, "narrow", 1, &["home", "other", "narrow-1"]);
    assert_eq!(feeding(&world), [""; 0], "a limit says what it reports, not which page that reaches");
    run_ok(&world, &["agent", "allow", "narrow", "narrow-1"]);
    assert_eq!(feeding(&world), ["narrow-1"]);
    deliver(&world, &spare, "spare", 2, &["home", "spare-1"]);
    assert_eq!(feeding(&world), ["narrow-1", "spare-1"], "the check of the file is not brought along");
    let log = world.running().log();
    assert!(log.contains("checks feed a component that chooses them by labels: spare-1"), "{log}");
    world.stop().await;

    // Where new reporters need permission, so do labels. What feeds a component goes on doing so.
    world.declare(&format!("{own}[agents]\nnew_reporters = \"ask\"\n\n{CHOOSING}"));
    world.start().await;
    assert_eq!(feeding(&world), ["narrow-1", "spare-1"]);
    let late = world.enrol("late", "elsewhere", None);
    deliver(&world, &late, "late", 3, &["late-1"]);
    assert_eq!(feeding(&world), ["narrow-1", "spare-1"]);
    let output = run_ok(&world, &["check", "list"]);
    assert!(output.contains("its labels wait for skerry-aggregator agent allow"), "{output}");
    run_ok(&world, &["agent", "allow", "late", "late-1"]);
    assert_eq!(feeding(&world), ["late-1", "narrow-1", "spare-1"]);
    run_ok(&world, &["agent", "revoke", "late"]);
    assert_eq!(feeding(&world), ["narrow-1", "spare-1"]);
    assert_eq!(listed(&world, "narrow")["limit"], serde_json::json!(["narrow*"]));
}
