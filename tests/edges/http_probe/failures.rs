//! Failing targets and their reasons, and failures of our own.

use super::*;

#[tokio::test]
async fn an_outage_and_its_end_are_seen() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let prober = Prober::new().expect("a prober");
    let check = named(check(&nginx.url("/")), TIMEOUT);
    assert_up(&run(&prober, &check).await);
    nginx.answer_with(Some(503));
    let seen = run(&prober, &check).await;
    assert_down(&seen, Reason::StatusMismatch);
    assert!(seen.detail.starts_with("503 "), "{}", seen.detail);
    nginx.answer_with(None);
    assert_up(&run(&prober, &check).await);
    nginx.kill().await;
    assert_down(&run(&prober, &check).await, Reason::ConnectRefused);
    nginx.restart().await;
    assert_up(&run(&prober, &check).await);
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_a_limit() {
    let target = Misbehaving::start(Misbehaviour::EndlessBody).await;
    let seen = observe(check(&target.url())).await;
    assert_up(&seen);
    assert!(seen.total < TIMEOUT / 2, "{:?}", seen.total);
    let asked = Http { body_contains: vec!["never".into()], ..check(&target.url()) };
    assert_down(&observe(asked).await, Reason::BodyTooLarge);
}

#[tokio::test]
async fn broken_http_is_named() {
    for (behaviour, reason) in [
        (Misbehaviour::ResetInBody, Reason::ConnectionReset),
        (Misbehaviour::ResetBeforeHead, Reason::ConnectionReset),
        (Misbehaviour::CloseInHead, Reason::ConnectionReset),
        (Misbehaviour::Garbage, Reason::ProtocolError),
        (Misbehaviour::GarbledChunks, Reason::ProtocolError),
        (Misbehaviour::HugeHead, Reason::ProtocolError),
    ] {
        let target = Misbehaving::start(behaviour).await;
        let seen = observe(check(&target.url())).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{behaviour:?}: {}", seen.detail);
    }
}

/// A run with its deadline, which was long enough for the connection to open however busy this machine is.
async fn connected(url: &str) -> (Observed, Duration) {
    for times in [1, 4, 16] {
        let seen = observe_within(check(url), SHORT * times).await;
        if seen.phases.is_some_and(|phases| phases.connect_us.is_some()) {
            return (seen, SHORT * times);
        }
    }
    panic!("the connection never opened");
}

#[tokio::test]
async fn the_deadline_is_kept_and_names_the_phase() {
    for (behaviour, words) in [(Misbehaviour::DripHead, "head"), (Misbehaviour::Silent, "head")] {
        let target = Misbehaving::start(behaviour).await;
        let (seen, deadline) = connected(&target.url()).await;
        assert_down(&seen, Reason::Timeout);
        assert!(seen.detail.contains(words), "{behaviour:?}: {}", seen.detail);
        assert!(seen.total >= deadline, "{:?}", seen.total);
    }
    let full = FullBacklog::new();
    let seen = observe_within(check(&format!("http://{}/", full.address())), SHORT).await;
    assert_down(&seen, Reason::ConnectTimeout);
    assert_eq!(seen.phases.and_then(|phases| phases.connect_us), None);
}

#[tokio::test]
async fn unreachable_targets_have_their_own_reasons() {
    let refused = observe(check(&format!("http://127.0.0.1:{}/", free_port()))).await;
    assert_down(&refused, Reason::ConnectRefused);
    let unknown = observe(check("http://no-such-host.invalid/")).await;
    assert_down(&unknown, Reason::DnsNotFound);
    assert!(unknown.detail.contains("no-such-host.invalid"), "{}", unknown.detail);
}

/// The descriptor limit applies to a whole process, so this test runs its other half in a process of its own.
#[tokio::test]
async fn a_lack_of_descriptors_is_no_outage() {
    let nginx = Nginx::start(&Site::default()).await;
    run_half("http_probe::failures::half_without_descriptors", nginx.url_at("127.0.0.1", "/")).await;
}

#[tokio::test]
#[ignore = "the half of another test that needs its own process"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_without_descriptors() {
    let target = std::env::var("TARGET").expect("started by the other half");
    let prober = Prober::new().expect("a prober");
    assert_up(&run(&prober, &named(check(&target), TIMEOUT)).await);
    run_out_of_descriptors();
    for url in [target.as_str(), "http://somewhere.test/"] {
        let seen = run(&prober, &named(check(url), TIMEOUT)).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources), "{seen:?}");
    }
}
