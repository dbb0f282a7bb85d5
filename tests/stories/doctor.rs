//! `doctor` of both programs on a healthy system, and with one part after another broken.

use crate::enrolment::{agent_config, elsewhere, enroll, run_ok};
use crate::http::get;
use crate::process::{program, run};
use crate::world::{World, page, quick_check};
use serde_json::Value;
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);

/// A proxy in front of `port`, with additional `lines`.
async fn proxy(port: u16, lines: &str) -> Nginx {
    let server = format!("location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }}");
    Nginx::start(&Site { server, ..Site::default() }).await
}

fn findings(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let findings = json["findings"].as_array().expect("a list").clone();
    let well = findings.iter().all(|finding| finding["level"] != "problem");
    assert_eq!(json["ok"], well);
    assert_eq!(output.status.code(), Some(i32::from(!well)), "{text}");
    for finding in &findings {
        assert_eq!(
            finding["remedy"].is_null(),
            finding["level"] == "ok",
            "a remedy where one is needed: {finding}"
        );
    }
    findings
}

/// The findings that are not ok, without the one about the clock of the test machine.
fn wrong(findings: &[Value]) -> Vec<String> {
    let wrong = findings.iter().filter(|finding| finding["level"] != "ok" && finding["topic"] != "time");
    wrong.map(|finding| format!("{}: {}", finding["topic"], finding["says"])).collect()
}

fn aggregator(world: &World) -> Vec<Value> {
    findings(&world.command(&["doctor", "--json"]).output().expect("it starts"))
}

fn agent(config: &Path) -> Vec<Value> {
    let output =
        run("skerry-agent", &["doctor".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str()]);
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    assert!(!String::from_utf8_lossy(&bytes).contains("ska_"), "no token is bytes");
    findings(&output)
}

/// There is exactly one finding, and it contains `words`.
fn only(findings: &[Value], words: &str) {
    let wrong = wrong(findings);
    assert!(wrong.len() == 1 && wrong[0].contains(words), "not {words:?} alone: {wrong:?}");
}

/// A page behind that proxy, and another listener on port `further`.
fn declare(world: &mut World, through: &Nginx, check: &str, further: Option<u16>) {
    let listen =
        |port| format!("[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"agents\", \"admin\"]\n\n");
    let further = further.map(listen).unwrap_or_default();
    let (url, page) = (through.url_at("127.0.0.1", "/"), page("demo", true, &["web"]));
    let process = format!("[public]\nbase_url = \"{url}\"\n\n[local_agent]\nlocation = \"here\"\n\n");
    world.declare(&format!("{further}{process}{check}{page}"));
}

#[tokio::test]
async fn each_fault_has_its_finding() {
    let target = Nginx::start(&Site::default()).await;
    let mut world = World::new("");
    let good = proxy(world.public, "add_header X-Cache HIT always;").await;
    let check = quick_check("web", &target.url_at("127.0.0.1", "/"));
    declare(&mut world, &good, &check, None);
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let config = world.agent_config("probe", world.private, &token, &check);
    let running = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    until("it is ready", NOTICED, async || {
        get(world.private, "/readyz").is_some_and(|answer| answer.status == 200)
    })
    .await;

    let well = aggregator(&world);
    assert_eq!(wrong(&well), [""; 0]);
    let has_finding =
        |findings: &[Value], words: &str| findings.iter().any(|one| one["says"].to_string().contains(words));
    for words in ["is sound", "Page demo", "a cache says x-cache: HIT", "answers", "MiB are free"] {
        assert!(has_finding(&well, words), "{words}: {well:?}");
    }
    let well = agent(&config);
    assert_eq!(wrong(&well), [""; 0]);
    for words in ["answers and knows this agent", "agrees with the aggregator's", "is sound", "network is up"]
    {
        assert!(has_finding(&well, words), "{words}: {well:?}");
    }

    // The agent's token and address.
    let other = world.agent_config("other", world.private, "ska_unknown", "");
    only(&agent(&other), "does not know this agent's token");
    let astray = world.agent_config("astray", world.public, &token, "");
    only(&agent(&astray), "is not an aggregator's agents listener");

    // The proxy in front of the page.
    let lossy = "proxy_hide_header ETag; proxy_hide_header Cache-Control; proxy_set_header Accept-Encoding \"\"; \
                 add_header Set-Cookie a=b always;";
    let strips = proxy(world.public, lossy).await;
    declare(&mut world, &strips, &check, None);
    let strips = wrong(&aggregator(&world)).join("\n");
    for words in ["cannot serve", "without an ETag", "uncompressed", "cookie"] {
        assert!(strips.contains(words), "{words}: {strips}");
    }
    declare(&mut world, &target, &check, None);
    only(&aggregator(&world), "is not this page");
    // A listener that is not running, and one whose port another program uses.
    declare(&mut world, &good, &check, Some(free_port()));
    only(&aggregator(&world), "Connection refused");
    declare(&mut world, &good, &check, Some(target.port()));
    let other = wrong(&aggregator(&world));
    assert!(other.len() == 2 && other.iter().all(|one| one.contains("something else answers")), "{other:?}");
    declare(&mut world, &good, &check, None);

    running.stop().await;
    world.stop().await;
    only(&aggregator(&world), "no aggregator serves from this database");
    only(&agent(&config), "cannot be reached");
}

/// Level, message and remedy of the findings about certificates.
fn of_certificates(findings: &[Value]) -> Vec<String> {
    let word = |one: &Value| one.as_str().unwrap_or("").to_owned();
    let found = findings.iter().filter(|finding| finding["topic"] == "certificate");
    found
        .map(|one| format!("{}: {}: {}", word(&one["level"]), word(&one["says"]), word(&one["remedy"])))
        .collect()
}

#[tokio::test]
async fn over_tls_the_certificate_is_examined() {
    let authority = Authority::new();
    let of_days = |to| authority.sign(&["127.0.0.1"], Validity { from: -30, to });
    let (ends_soon, renewed) = (of_days(7), of_days(90));
    let (open, url) = elsewhere();
    let by_file = format!(
        "[[listen]]\naddress = \"127.0.0.1:{}\"\nserves = [\"admin\"]\n\
         tls = {{ certificate = \"{}\", key = \"{}\" }}\n\n",
        free_port(),
        ends_soon.certificate.display(),
        ends_soon.key.display()
    );
    let mut world = World::new(&format!("{open}{by_file}{}", page("demo", true, &["web"])));
    world.start().await;
    let config = agent_config(&world, "web-1", &url, "");
    let (succeeded, message) =
        enroll(&run_ok(&world, &["agent", "add", "web-1", "--location", "there"]), &config);
    assert!(succeeded, "{message}");

    let findings = of_certificates(&aggregator(&world));
    assert!(
        findings.iter().any(|one| one.starts_with("ok") && one.contains("the pinned one")),
        "{findings:?}"
    );
    let soon =
        findings.iter().find(|one| one.starts_with("warning")).unwrap_or_else(|| panic!("{findings:?}"));
    assert!(findings.len() == 2 && soon.contains("days)") && soon.contains("Renew it and restart"), "{soon}");
    let findings = of_certificates(&agent(&config));
    assert!(findings.len() == 1 && findings[0].contains("the pinned one"), "{findings:?}");

    // Renewed on the disk, while the aggregator still serves the old one.
    std::fs::copy(&renewed.certificate, &ends_soon.certificate).expect("copied");
    std::fs::copy(&renewed.key, &ends_soon.key).expect("copied");
    // Its certificate is deleted: `doctor` creates no new one.
    let own = world.path("data/agents-certificate.pem");
    std::fs::remove_file(&own).expect("it was kept beside the database");
    let findings = of_certificates(&aggregator(&world)).join("\n");
    assert!(findings.contains("shows another certificate than the one in"), "{findings}");
    assert!(
        findings.contains("Restart the aggregator, which reads its certificates when it starts"),
        "{findings}"
    );
    assert!(findings.contains("cannot read the certificate") && !own.exists(), "{findings}");

    // After a restart it serves a new one, which the agent must not accept.
    world.stop().await;
    world.start().await;
    assert!(of_certificates(&aggregator(&world)).iter().all(|one| one.starts_with("ok")));
    let findings = agent(&config);
    only(&findings, "shows another certificate than the pinned one");
    assert!(of_certificates(&findings)[0].contains("skerry-aggregator agent rotate"), "{findings:?}");
}

#[test]
fn an_invalid_command_line_is_not_a_finding() {
    for name in ["skerry-agent", "skerry-aggregator"] {
        let output = Command::new(program(name)).args(["doctor", "--nonsense"]).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}
