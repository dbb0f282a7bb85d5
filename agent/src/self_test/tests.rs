use super::*;
use crate::probe::Findings;
use skerry_protocol::check::Kind;

#[test]
fn the_network_is_gone_when_nothing_speaks_for_it() {
    let table = [
        (Route::Usable, None, None),
        (Route::Missing, None, Some(Lack::Route)),
        (Route::NoCarrier, None, Some(Lack::Carrier)),
        (Route::Usable, Some(true), None),
        (Route::Missing, Some(true), None),
        (Route::NoCarrier, Some(true), None),
        (Route::Usable, Some(false), Some(Lack::Reference)),
        (Route::Missing, Some(false), Some(Lack::Route)),
        (Route::NoCarrier, Some(false), Some(Lack::Carrier)),
    ];
    for (route, references, lack) in table {
        assert_eq!(decide(route, references), lack, "{route:?} {references:?}");
    }
}

fn seen(outcome: Outcome, reason: Reason) -> Observed {
    let (detail, total) = (String::new(), Duration::from_millis(3));
    Observed { outcome, reason, detail, total, phases: None, certificate: None, findings: Findings::Nothing }
}

/// An address that this host neither has nor reaches (RFC 5737).
const ELSEWHERE: &str = "http://192.0.2.1/";

fn check(url: &str) -> Check {
    let mut check = crate::run::tests::check("shop", 1_000);
    let Kind::Http(http) = &mut check.kind else { panic!("an http check") };
    http.url = url.parse().expect("a URL");
    check
}

/// A test that has found `lack` at this moment.
fn found(lack: Option<Lack>) -> SelfTest {
    let test = SelfTest::new(SelfTestSettings::default());
    let ahead = Instant::now() + Duration::from_secs(3_600);
    let mut last = test.last.try_lock().expect("nobody else has it");
    test.note(&mut last, ahead, lack);
    drop(last);
    test
}

#[tokio::test]
async fn only_what_failed_elsewhere_is_excused() {
    let began = Instant::now();
    let test = found(Some(Lack::Carrier));
    let excused = test.excuse(&check(ELSEWHERE), seen(Outcome::Down, Reason::Unreachable), began).await;
    assert_eq!((excused.outcome, excused.reason), (Outcome::Inconclusive, Reason::OwnNetwork));
    assert_eq!(excused.detail, "this agent's own network was gone: no link to the gateway has a carrier");
    let slow = test.excuse(&check(ELSEWHERE), seen(Outcome::Degraded, Reason::Slow), began).await;
    assert_eq!(slow.reason, Reason::OwnNetwork);
    let up = seen(Outcome::Up, Reason::None);
    assert_eq!(test.excuse(&check(ELSEWHERE), up.clone(), began).await, up);
    for here in ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "http://a.localhost./"] {
        let down = seen(Outcome::Down, Reason::ConnectRefused);
        assert_eq!(test.excuse(&check(here), down.clone(), began).await, down, "{here}");
    }
}

#[tokio::test]
async fn a_network_that_came_back_excuses_what_began_before_and_nothing_after() {
    let began = Instant::now();
    let test = found(Some(Lack::Route));
    let ahead = Instant::now() + Duration::from_secs(3_600);
    test.note(&mut *test.last.lock().await, ahead, None);
    assert!(!test.network_is_gone());
    let down = seen(Outcome::Down, Reason::Timeout);
    let excused = test.excuse(&check(ELSEWHERE), down.clone(), began).await;
    assert_eq!(excused.outcome, Outcome::Inconclusive);
    let later = Instant::now() + Duration::from_millis(1);
    assert_eq!(test.excuse(&check(ELSEWHERE), down.clone(), later).await, down);
}

#[tokio::test]
async fn many_failures_share_a_test() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let settings = SelfTestSettings { references: vec![address], ..SelfTestSettings::default() };
    let test = Arc::new(SelfTest::new(settings));
    let asking: JoinSet<Option<Lack>> = (0..500)
        .map(|_| {
            let test = Arc::clone(&test);
            async move { test.look().await }
        })
        .collect();
    assert!(asking.join_all().await.into_iter().all(|lack| lack.is_none()));
    let accepted = async {
        let mut accepted = 0;
        while timeout(Duration::from_millis(50), listener.accept()).await.is_ok() {
            accepted += 1;
        }
        accepted
    };
    assert!(accepted.await <= 3);
    drop(listener);
    assert_eq!(test.look().await, None, "a refused connection is an answer");
}

#[tokio::test]
async fn a_reference_that_is_named_later_is_asked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let test = SelfTest::new(SelfTestSettings::default());
    let _ = test.look().await;
    let references = vec![listener.local_addr().expect("an address")];
    test.configure(SelfTestSettings { references, ..SelfTestSettings::default() });
    assert_eq!(test.look().await, None, "it answers");
    assert!(timeout(Duration::from_secs(5), listener.accept()).await.is_ok(), "it was asked");
}
