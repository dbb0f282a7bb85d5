use super::routes::Route;
use super::*;
use crate::probe::{Asked, Findings};
use skerry_protocol::strict::Document;
use tokio::task::JoinSet;
use tokio::time::timeout;

#[test]
fn the_network_is_gone_when_nothing_speaks_for_it() {
    let accepted = ReferenceResult::Accepted(Duration::from_millis(3));
    let table = [
        (Route::Usable, ReferenceResult::None, None),
        (Route::Missing, ReferenceResult::None, Some(NetworkFault::NoRoute)),
        (Route::NoCarrier, ReferenceResult::None, Some(NetworkFault::NoCarrier)),
        (Route::Usable, accepted, None),
        (Route::Missing, accepted, None),
        (Route::NoCarrier, accepted, None),
        (Route::Usable, ReferenceResult::Silent, Some(NetworkFault::NoReference)),
        (Route::Missing, ReferenceResult::Silent, Some(NetworkFault::NoRoute)),
        (Route::NoCarrier, ReferenceResult::Silent, Some(NetworkFault::NoCarrier)),
        (Route::Usable, ReferenceResult::Refused, Some(NetworkFault::Refused)),
        (Route::NoCarrier, ReferenceResult::Refused, Some(NetworkFault::NoCarrier)),
    ];
    for (route, results, fault) in table {
        for both in [[results, ReferenceResult::None], [ReferenceResult::None, results], [results, results]] {
            assert_eq!(decide(route, both, [None, None]).fault, fault, "{route:?} {both:?}");
        }
    }
}

#[test]
fn each_family_is_judged_by_its_own_references_or_gateway() {
    let accepted = ReferenceResult::Accepted(Duration::from_millis(3));
    let (none, silent) = (ReferenceResult::None, ReferenceResult::Silent);
    let (reference, gateway) = (Some(NetworkFault::NoReference), Some(NetworkFault::NoGateway));
    let table = [
        ("both accept", [accepted, accepted], [None, None], None, [None, None]),
        ("IPv6 is dropped on the way", [accepted, silent], [None, None], None, [None, reference]),
        ("IPv4 is", [silent, accepted], [None, None], None, [reference, None]),
        ("IPv6 has a gateway that is there", [accepted, none], [None, Some(false)], None, [None, None]),
        ("and one that is not", [accepted, none], [None, Some(true)], None, [None, gateway]),
        ("no references, the gateways are there", [none; 2], [Some(false), Some(false)], None, [None, None]),
        ("one is not", [none; 2], [Some(true), Some(false)], None, [gateway, None]),
        ("the one that there is is not", [none; 2], [Some(true), None], gateway, [gateway, gateway]),
        ("IPv4 references are silent", [silent, none], [None, Some(false)], reference, [reference, None]),
        ("and IPv6 has no gateway", [silent, none], [None, None], reference, [reference, reference]),
    ];
    for (what, results, gone, fault, families) in table {
        let found = decide(Route::Usable, results, gone);
        assert_eq!((found.fault, found.families), (fault, families), "{what}");
    }
}

#[tokio::test]
async fn a_run_is_judged_by_the_families_that_it_asked() {
    let began = Instant::now();
    let six = TestOutcome { families: [None, Some(NetworkFault::NoReference)], ..TestOutcome::default() };
    let test = test_with(six);
    let (four, v6) = ("192.0.2.1".parse().expect("an address"), "2001:db8::1".parse().expect("an address"));
    for (addresses, outcome) in [
        (vec![v6], Outcome::Inconclusive),
        (vec![four], Outcome::Down),
        // The other family failed too, and nothing is wrong with it.
        (vec![v6, four], Outcome::Down),
    ] {
        let mut down = seen(Outcome::Down, Reason::ConnectTimeout);
        down.asked.addresses = addresses.clone();
        let judged = test.attribute_failure(&check("http://shop.test/"), down, began).await;
        assert_eq!(judged.outcome, outcome, "{addresses:?}");
    }
    let literal = test
        .attribute_failure(&check("http://[2001:db8::1]/"), seen(Outcome::Down, Reason::Timeout), began)
        .await;
    assert_eq!(literal.reason, Reason::OwnNetwork);
}

#[tokio::test]
async fn a_refusal_where_nobody_is_says_nothing_of_a_target() {
    let began = Instant::now();
    let test = test_with(TestOutcome::default());
    let ahead = began + Duration::from_secs(3_600);
    test.last.try_lock().expect("nobody else has it").unassigned = [Some((ahead, true)); 2];
    let judge = async |reason| {
        test.attribute_failure(&check(ELSEWHERE), seen(Outcome::Down, reason), began).await.outcome
    };
    assert_eq!(judge(Reason::ConnectRefused).await, Outcome::Inconclusive);
    assert_eq!(judge(Reason::ConnectionReset).await, Outcome::Inconclusive);
    assert_eq!(judge(Reason::StatusMismatch).await, Outcome::Down, "that was no gateway");
    // Meanwhile another target accepts over the same family.
    test.note_accepted(&["2001:db8::7".parse().expect("an address")]);
    assert_eq!(judge(Reason::ConnectRefused).await, Outcome::Inconclusive);
    test.note_accepted(&[[198, 51, 100, 7].into()]);
    assert_eq!(judge(Reason::ConnectRefused).await, Outcome::Down);
}

#[tokio::test]
async fn a_neighbour_needs_no_gateway() {
    let began = Instant::now();
    let fault = Some(NetworkFault::NoGateway);
    let test = test_with(TestOutcome { fault, families: [fault, fault], answer: None });
    let near = test.last.try_lock().expect("nobody else has it").route_table.is_near([192, 0, 2, 1].into());
    let down =
        test.attribute_failure(&check(ELSEWHERE), seen(Outcome::Down, Reason::ConnectTimeout), began).await;
    assert_eq!((near, down.outcome), (false, Outcome::Inconclusive));
}

fn seen(outcome: Outcome, reason: Reason) -> Observed {
    let (detail, total) = (String::new(), Duration::from_millis(3));
    let (findings, asked) = (Findings::Nothing, Asked::default());
    Observed { outcome, reason, detail, total, phases: None, certificate: None, findings, asked }
}

/// An address that this host neither has nor reaches (RFC 5737).
const ELSEWHERE: &str = "http://192.0.2.1/";

fn check(url: &str) -> Check {
    let mut check = crate::run::tests::check("shop", 1_000);
    let Kind::Http(http) = &mut check.kind else { panic!("an http check") };
    http.url = url.parse().expect("a URL");
    check
}

/// A self-test with this result at this moment.
fn test_with(outcome: TestOutcome) -> SelfTest {
    let test = SelfTest::new(SelfTestSettings::default());
    note(&test, outcome);
    test
}

/// Records this as the result of the next test.
fn note(test: &SelfTest, outcome: TestOutcome) {
    let ahead = Instant::now() + Duration::from_secs(3_600);
    let mut last = test.last.try_lock().expect("nobody else has it");
    test.note(&mut last, ahead, outcome);
    // The network of the machine that runs the tests must not matter.
    last.unassigned = [Some((ahead, false)); 2];
}

fn found(fault: Option<NetworkFault>) -> SelfTest {
    test_with(TestOutcome { fault, families: [fault, fault], answer: None })
}

fn answered(ms: u64) -> TestOutcome {
    TestOutcome { answer: Some(Duration::from_millis(ms)), ..TestOutcome::default() }
}

#[tokio::test]
async fn only_what_failed_elsewhere_is_excused() {
    let began = Instant::now();
    let test = found(Some(NetworkFault::NoCarrier));
    let excused =
        test.attribute_failure(&check(ELSEWHERE), seen(Outcome::Down, Reason::Unreachable), began).await;
    assert_eq!((excused.outcome, excused.reason), (Outcome::Inconclusive, Reason::OwnNetwork));
    assert_eq!(excused.detail, "this host's network was down: no link to the gateway has a carrier");
    let slow = test.attribute_failure(&check(ELSEWHERE), seen(Outcome::Degraded, Reason::Slow), began).await;
    assert_eq!(slow.reason, Reason::OwnNetwork);
    let up = seen(Outcome::Up, Reason::None);
    assert_eq!(test.attribute_failure(&check(ELSEWHERE), up.clone(), began).await, up);
    for here in ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "http://a.localhost./"] {
        let down = seen(Outcome::Down, Reason::ConnectRefused);
        assert_eq!(test.attribute_failure(&check(here), down.clone(), began).await, down, "{here}");
    }
}

#[tokio::test]
async fn a_plugin_that_looks_at_its_own_host_is_not_excused() {
    let (began, test) = (Instant::now(), found(Some(NetworkFault::NoRoute)));
    let exec = |arguments: &str| {
        let text =
            format!("[[check]]\nname = \"disk\"\ntype = \"exec\"\ncommand = [\"/check\", {arguments}]\n");
        let document = Document::parse("test.toml", &text).expect("TOML");
        let check = document.root().tables("check", &["name"]).iter().find_map(skerry_protocol::check::read);
        check.expect("a check")
    };
    let full = seen(Outcome::Down, Reason::PluginCritical);
    for (arguments, outcome) in [
        ("\"-p\", \"/\"", Outcome::Down),
        ("\"-H\", \"localhost\"", Outcome::Down),
        ("\"-H\", \"192.0.2.1\"", Outcome::Inconclusive),
        ("\"--url\", \"http://192.0.2.1/\"", Outcome::Inconclusive),
    ] {
        assert_eq!(
            test.attribute_failure(&exec(arguments), full.clone(), began).await.outcome,
            outcome,
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_network_that_came_back_excuses_what_began_before_and_nothing_after() {
    let began = Instant::now();
    let test = found(Some(NetworkFault::NoRoute));
    note(&test, TestOutcome::default());
    assert!(!test.network_is_gone());
    let down = seen(Outcome::Down, Reason::Timeout);
    let excused = test.attribute_failure(&check(ELSEWHERE), down.clone(), began).await;
    assert_eq!(excused.outcome, Outcome::Inconclusive);
    let later = Instant::now() + Duration::from_millis(1);
    assert_eq!(test.attribute_failure(&check(ELSEWHERE), down.clone(), later).await, down);
}

/// A check of another host with this timeout, and the result of its run.
fn late(url: &str, timeout_ms: u64, reason: Reason) -> (Check, Observed) {
    let mut check = check(url);
    check.timeout = Duration::from_millis(timeout_ms);
    (check, Observed { total: Duration::from_millis(timeout_ms), ..seen(Outcome::Down, reason) })
}

#[tokio::test]
async fn a_slow_link_excuses_what_it_left_no_time_for() {
    let began = Instant::now();
    let (down, excused) = (Outcome::Down, Outcome::Inconclusive);
    for (url, timeout_ms, answer_ms, reason, outcome) in [
        // Two round trips of 500 ms use up the timeout; of 499 ms they leave some time to the target.
        (ELSEWHERE, 1_000, 500, Reason::Timeout, excused),
        (ELSEWHERE, 1_000, 1_900, Reason::ConnectTimeout, excused),
        (ELSEWHERE, 1_000, 500, Reason::DnsFailed, excused),
        (ELSEWHERE, 1_000, 499, Reason::Timeout, down),
        // TLS needs one more.
        ("https://192.0.2.1/", 1_000, 334, Reason::Timeout, excused),
        ("https://192.0.2.1/", 1_000, 333, Reason::Timeout, down),
        // A slow target alone: the link is fast, or the check has time for it.
        (ELSEWHERE, 1_000, 3, Reason::Timeout, down),
        (ELSEWHERE, 10_000, 1_900, Reason::Timeout, down),
        // A link that answers this fast is never slow.
        (ELSEWHERE, 100, 249, Reason::Timeout, down),
        (ELSEWHERE, 100, 250, Reason::Timeout, excused),
    ] {
        let (check, observed) = late(url, timeout_ms, reason);
        let judged = test_with(answered(answer_ms)).attribute_failure(&check, observed, began).await;
        let row = format!("{url} {timeout_ms} {answer_ms} {reason:?}");
        assert_eq!(judged.outcome, outcome, "{row}");
        assert_eq!(judged.reason == Reason::OwnNetwork, outcome == excused, "{row}");
    }
    let (check, observed) = late(ELSEWHERE, 1_000, Reason::Timeout);
    let judged = test_with(answered(900)).attribute_failure(&check, observed, began).await;
    let words = "this host's network was too slow: a reference target answered after 900 ms";
    assert_eq!(judged.detail, words);
}

#[tokio::test]
async fn a_slow_link_excuses_nothing_that_was_said_in_time() {
    let (check, mut observed) = late(ELSEWHERE, 1_000, Reason::ConnectRefused);
    observed.total = Duration::from_millis(950);
    let began = Instant::now();
    let test = test_with(answered(900));
    assert_eq!(test.attribute_failure(&check, observed.clone(), began).await, observed);
    // The same after a timeout.
    observed.total = check.timeout;
    assert_eq!(test.attribute_failure(&check, observed, began).await.reason, Reason::OwnNetwork);
}

#[tokio::test]
async fn slow_is_what_the_target_took_beside_the_link() {
    let began = Instant::now();
    let mut check = check(ELSEWHERE);
    check.degraded_above = Some(Duration::from_millis(200));
    for (total_ms, answer_ms, reason) in [
        // Two round trips of 300 ms leave 200 ms to the target, or one more round trip.
        (800, 300, Reason::OwnNetwork),
        (801, 300, Reason::Slow),
        (800, 3, Reason::Slow),
    ] {
        let total = Duration::from_millis(total_ms);
        let observed = Observed { total, ..seen(Outcome::Degraded, Reason::Slow) };
        let judged = test_with(answered(answer_ms)).attribute_failure(&check, observed, began).await;
        assert_eq!(judged.reason, reason, "{total_ms} {answer_ms}");
    }
}

#[tokio::test]
async fn a_link_that_is_fast_again_excuses_what_began_before_and_nothing_after() {
    let began = Instant::now();
    let test = test_with(answered(900));
    note(&test, answered(3));
    let (check, observed) = late(ELSEWHERE, 1_000, Reason::Timeout);
    assert_eq!(test.attribute_failure(&check, observed.clone(), began).await.outcome, Outcome::Inconclusive);
    let later = Instant::now() + Duration::from_millis(1);
    assert_eq!(test.attribute_failure(&check, observed.clone(), later).await, observed);
    note(&test, answered(3));
    let later = Instant::now() + Duration::from_millis(1);
    assert_eq!(test.attribute_failure(&check, observed.clone(), later).await, observed);
}

#[test]
fn packets_are_late_when_the_link_is_slower_than_they_are_waited_for() {
    let text = "[[check]]\nname = \"far\"\ntype = \"ping\"\nhost = \"192.0.2.1\"\nwait = \"500ms\"\n";
    let document = Document::parse("test.toml", text).expect("TOML");
    let check = document.root().tables("check", &["name"]).iter().find_map(skerry_protocol::check::read);
    let check = check.expect("a check");
    for reason in [Reason::NoReply, Reason::PacketsLost] {
        let observed = seen(Outcome::Down, reason);
        for (answer_ms, excused) in [(500, true), (499, false)] {
            let answer = Duration::from_millis(answer_ms);
            assert_eq!(slow_link::is_the_link(answer, &check, &observed), excused, "{reason:?} {answer_ms}");
        }
    }
}

#[tokio::test]
async fn many_failures_share_a_test() {
    // Two sockets share the port: the one that is left when the listener closes refuses connections and keeps
    // the port reserved.
    let [held, results] = [(); 2].map(|()| tokio::net::TcpSocket::new_v4().expect("a socket"));
    for socket in [&held, &results] {
        socket.set_reuseaddr(true).expect("shared");
        let address = held.local_addr().ok().filter(|address| address.port() != 0);
        socket.bind(address.unwrap_or(([127, 0, 0, 1], 0).into())).expect("a port");
    }
    let (address, listener) = (held.local_addr().expect("bound"), results.listen(1_024).expect("listens"));
    let settings = SelfTestSettings { references: vec![address], ..SelfTestSettings::default() };
    let test = Arc::new(SelfTest::new(settings));
    let asking: JoinSet<Option<NetworkFault>> = (0..500)
        .map(|_| {
            let test = Arc::clone(&test);
            async move { test.test().await }
        })
        .collect();
    assert!(asking.join_all().await.into_iter().all(|fault| fault.is_none()));
    let accepted = async {
        let mut accepted = 0;
        while timeout(Duration::from_millis(50), listener.accept()).await.is_ok() {
            accepted += 1;
        }
        accepted
    };
    assert!(accepted.await <= 3);
    drop(listener);
    assert_eq!(test.test().await, Some(NetworkFault::Refused), "a refusal vouches for nothing");
}

#[tokio::test]
async fn a_reference_that_is_named_later_is_asked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let test = SelfTest::new(SelfTestSettings::default());
    let _ = test.test().await;
    let references = vec![listener.local_addr().expect("an address")];
    test.configure(SelfTestSettings { references, ..SelfTestSettings::default() });
    assert_eq!(test.test().await, None, "it answers");
    assert!(timeout(Duration::from_secs(5), listener.accept()).await.is_ok(), "it was asked");
}
