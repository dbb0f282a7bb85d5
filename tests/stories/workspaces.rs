//! Two workspaces in one process are isolated from each other.

use crate::world::{World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);

/// All names are the same; only the workspace differs.
fn workspace(slug: &str) -> String {
    page(slug, true, &["web"])
}

#[tokio::test]
async fn two_workspaces_are_isolated() {
    let red_target = Nginx::start(&Site::default()).await;
    let mut blue_target = Nginx::start(&Site::default()).await;
    let mut world = World::new(&format!("workspace = \"red\"\n---\n{}", workspace("red")));
    world.declare_workspace("blue.toml", &format!("workspace = \"blue\"\n{}", workspace("blue")));
    world.start().await;
    let red = world.enrol("probe", "there", Some("red"));
    let blue = world.enrol("probe", "there", Some("blue"));
    assert_ne!(red, blue);
    let red_config = world.agent_config(
        "probe",
        world.private,
        &red,
        &quick_check("web", &red_target.url_at("127.0.0.1", "/")),
    );
    let red_agent = world.start_agent("probe", &red_config);
    seen(&world, "/status/red/", "operational").await;
    let waits = world.component("/status/blue/", "web");
    assert_eq!(
        waits["waiting"], true,
        "an agent of red says nothing of blue's check of the same name: {waits}"
    );

    // The second file of the same name is in its own folder.
    let folder = world.path("blue");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = std::fs::read_to_string(&red_config).expect("written above");
    let text = text
        .replace("/probe/", "/blue/")
        .replace(&red_target.url_at("127.0.0.1", "/"), &blue_target.url_at("127.0.0.1", "/"));
    world.write("blue/token", &blue);
    let blue_config = world.write("blue/agent.toml", &text);
    let blue_agent = world.start_agent("probe-of-blue", &blue_config);
    seen(&world, "/status/blue/", "operational").await;
    blue_target.kill().await;
    seen(&world, "/status/blue/", "major_outage").await;
    assert_eq!(world.component("/status/red/", "web")["status"], "operational");
    let ids = ["red", "blue"].map(|slug| world.component(&format!("/status/{slug}/"), "web")["id"].clone());
    assert_ne!(ids[0], ids[1], "ids are of the workspace's own");
    let other = format!("/status/red/components/{}", ids[1].as_str().expect("an id"));
    assert_eq!(world.page(&other).status, 404, "the other's component is unknown here");
    red_agent.stop().await;
    blue_agent.stop().await;
}

async fn seen(world: &World, root: &str, status: &str) {
    skerry_tests::parts::until(&format!("{root} shows {status}"), NOTICED, async || {
        let component = world.component(root, "web");
        component["status"] == status && component["waiting"] == false
    })
    .await;
}

#[tokio::test]
async fn a_token_is_valid_for_its_own_agent_only() {
    use skerry_protocol::wire::{Batch, encode};
    let mut world = World::new(&format!("workspace = \"red\"\n---\n{}", workspace("red")));
    world.declare_workspace("blue.toml", &format!("workspace = \"blue\"\n{}", workspace("blue")));
    world.start().await;
    let token = world.enrol("probe", "there", Some("red"));
    world.enrol("other", "there", Some("blue"));
    let batch = |agent: &str| {
        let batch = Batch {
            protocol: 1,
            agent: agent.to_owned(),
            epoch: vec![9; 16],
            boot_id: "boot".into(),
            ..Batch::default()
        };
        encode(&batch).expect("encodes")
    };
    assert_eq!(world.deliver(&token, &batch("probe")).status, 200);
    let refused = world.deliver(&token, &batch("other"));
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("give each agent its own token"), "{}", refused.text());
}
