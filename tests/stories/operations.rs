//! What operators see: end-to-end readiness, metrics, and a reloaded configuration.

use crate::http::get;
use crate::world::{World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);

fn ready(world: &World) -> (u16, String) {
    let answer = get(world.private, "/readyz").expect("an answer");
    (answer.status, answer.text())
}

#[tokio::test]
async fn readiness_requires_a_fresh_observation() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &checks);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    until("it is ready", NOTICED, async || ready(&world).0 == 200).await;

    agent.kill();
    // Silence is three intervals and ten seconds.
    until("it is not ready", Duration::from_secs(25), async || ready(&world).0 == 503).await;
    let (_, why) = ready(&world);
    assert!(why.contains("No fresh observation has arrived"), "{why}");
    assert_eq!(get(world.private, "/healthz").expect("an answer").status, 200, "it lives all the same");

    // A restart alone does not make it ready, because no new observation has arrived.
    world.stop().await;
    world.start().await;
    let (status, why) = ready(&world);
    assert_eq!(status, 503, "{why}");
    let agent = world.start_agent("probe", &config);
    until("it is ready again", Duration::from_secs(20), async || ready(&world).0 == 200).await;
    agent.stop().await;
}

#[tokio::test]
async fn metrics_are_accepted_by_promtool_and_have_the_right_values() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&format!(
        "[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("web", &nginx.url_at("127.0.0.1", "/")),
        page("demo", true, &["web"])
    ));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    let check = "workspace=\"default\",check=\"web\"";
    let is_up = format!("skerry_check_state{{{check},state=\"up\"}} 1");
    let scrape = || get(world.private, "/metrics").expect("an answer");
    until("the check is up in the metrics too", NOTICED, async || scrape().text().contains(&is_up)).await;
    let metrics = scrape();
    assert_eq!(metrics.status, 200);
    let text = metrics.text();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split([' ', '{']).next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in:\n{text}"));
        line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).expect("a number")
    };
    assert!(value("skerry_observations_total") >= 1.0);
    assert!(value("skerry_public_answers_whole_total") >= 1.0);
    assert!(value("skerry_checks") >= 1.0);

    for name in [
        "skerry_agent_spool_records",
        "skerry_agent_spool_oldest_age_seconds",
        "skerry_agent_spool_lost_records",
        "skerry_agent_lateness_seconds",
        "skerry_agent_clock_skew_seconds",
        "skerry_agent_own_network_gone",
        "skerry_agent_definition_conflicts",
        "skerry_agent_silent_checks",
        "skerry_agent_missing_records_total",
        "skerry_agent_lost_records_total",
        "skerry_agent_clone_refusals_total",
    ] {
        assert!(value(name).abs() < 60.0, "{name}");
    }
    for (state, is) in [("up", 1), ("degraded", 0), ("down", 0), ("unknown", 0)] {
        let line = format!("skerry_check_state{{{check},state=\"{state}\"}} {is}");
        assert!(text.lines().any(|one| one == line), "no {line} in:\n{text}");
    }
    let latency = value("skerry_check_latency_seconds");
    assert!(latency > 0.0 && latency < 10.0, "{latency}");
    let version = format!("version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version), "{text}");
    accepted_by_promtool(&text);
}

/// The agent's own metrics, off unless its file enables them.
#[tokio::test]
async fn an_agent_serves_its_own_metrics_if_configured() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let port = free_port();
    let section = format!("[metrics]\naddress = \"127.0.0.1:{port}\"\n\n");
    let checks = section + &quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, &token, &checks);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    until("the acknowledgement is in the metrics", NOTICED, async || {
        let metrics = get(port, "/metrics").expect("an answer").text();
        metrics.contains("\nskerry_agent_last_acknowledgement_timestamp_seconds 1")
    })
    .await;
    let answer = get(port, "/metrics").expect("an answer");
    let text = answer.text();
    assert!(answer.head.to_lowercase().contains("text/plain; version=0.0.4"), "{}", answer.head);
    for line in [
        "skerry_agent_check_state{check=\"web\"} 1",
        "skerry_agent_check_flapping{check=\"web\"} 0",
        "skerry_agent_own_network_gone 0",
        "skerry_agent_spool_disk_failing 0.0",
        "skerry_agent_spool_lost_records 0.0",
    ] {
        assert!(text.lines().any(|one| one == line), "no {line} in:\n{text}");
    }
    for name in [
        "skerry_agent_probe_seconds_count{outcome=\"up\"}",
        "skerry_agent_probes_in_flight",
        "skerry_agent_lateness_seconds",
        "skerry_agent_spool_records",
        "skerry_agent_spool_oldest_age_seconds",
        "skerry_agent_version",
    ] {
        assert!(text.lines().any(|one| one.starts_with(name)), "no {name} in:\n{text}");
    }
    accepted_by_promtool(&text);
    assert_eq!(get(port, "/").expect("an answer").status, 404);
    agent.stop().await;
    assert!(get(port, "/metrics").is_none(), "nobody listens after the end");
}

fn accepted_by_promtool(text: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed");
    promtool.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
    let output = promtool.wait_with_output().expect("it ends");
    let message =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool: {message}\n{text}");
}

#[tokio::test]
async fn a_configuration_is_reloaded_and_an_invalid_one_changes_nothing() {
    let nginx = Nginx::start(&Site::default()).await;
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let url = nginx.url_at("127.0.0.1", "/");
    let one = format!("{local}{}{}", quick_check("web", &url), page("demo", true, &["web"]));
    let mut world = World::new(&one);
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    let before = world.component("/", "web");

    world.declare(&format!(
        "{local}{}{}{}",
        quick_check("web", &url),
        quick_check("shop", &url),
        page("demo", true, &["web", "shop"])
    ));
    world.running().hang_up();
    until("the new component is there", NOTICED, async || {
        world.page("/api/v2/components.json").text().contains("\"shop\"")
    })
    .await;
    world.shows("shop", "operational", NOTICED).await;
    let after = world.component("/", "web");
    assert_eq!((&after["id"], &after["status"]), (&before["id"], &before["status"]), "what stayed goes on");

    world.declare(&one.replace("interval = \"1s\"", "interval = \"1 s\"\nintervall = \"2s\""));
    world.running().hang_up();
    until("the invalid file is reported", NOTICED, async || {
        world.running().log().contains("previous configuration kept")
    })
    .await;
    let log = world.running().log();
    assert!(log.contains("aggregator.toml:"), "with its place: {log}");
    assert!(log.contains("intervall"), "all that is wrong: {log}");
    assert_eq!(world.component("/", "shop")["status"], "operational", "nothing changed");
    assert_eq!(world.component("/", "web")["id"], before["id"]);
}

#[tokio::test]
async fn a_stop_at_any_moment_is_clean_and_fast() {
    let mut world = World::new(&page("demo", true, &["web"]));
    for _ in 0..25 {
        world.start().await;
        world.stop().await;
    }
}
