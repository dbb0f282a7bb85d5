//! Failing and hostile servers, and what the server sees of our queries.

use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn two_identical_checks_at_the_same_moment_are_two_queries() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let unbound = Unbound::start(&certificate, free_port()).await;
    let prober = Prober::new().expect("a prober");
    let check = named(check(at("127.0.0.1", unbound.port), "www.example.test", Record::A), TIMEOUT);
    let deadline = Instant::now() + TIMEOUT;
    let (one, two) = tokio::join!(prober.observe(&check, deadline), prober.observe(&check, deadline));
    assert_up(&one);
    assert_up(&two);
    until("both queries are in the log", TIMEOUT, async || unbound.asked_for("www.example.test") == 2).await;

    let peer = DnsPeer::start(DnsBehaviour::Slow).await;
    let check = named(check_at(peer.address()), TIMEOUT);
    let deadline = Instant::now() + TIMEOUT;
    let (one, two) = tokio::join!(prober.observe(&check, deadline), prober.observe(&check, deadline));
    assert_up(&one);
    assert_up(&two);
    let seen = peer.seen();
    assert_eq!(seen.len(), 2, "both were under way at once");
    assert_ne!(seen[0].1, seen[1].1, "from ports of their own");
}

#[tokio::test]
async fn ids_and_source_ports_are_unpredictable() {
    let peer = DnsPeer::start(DnsBehaviour::Right).await;
    let check = named(check_at(peer.address()), TIMEOUT);
    let prober = Prober::new().expect("a prober");
    for _ in 0..32 {
        assert_up(&prober.observe(&check, Instant::now() + TIMEOUT).await);
    }
    let seen = peer.seen();
    let ids: HashSet<_> = seen.iter().map(|(query, _)| [query[0], query[1]]).collect();
    let ports: HashSet<_> = seen.iter().map(|(_, port)| *port).collect();
    assert!(ids.len() > 24 && ports.len() > 24, "{ids:?} {ports:?}");
    let steps = seen.windows(2).filter(|pair| pair[1].1.wrapping_sub(pair[0].1) <= 2).count();
    assert!(steps < 16, "ports do not count up: {ports:?}");
}

#[tokio::test]
async fn answers_to_another_question_are_ignored() {
    let peer = DnsPeer::start(DnsBehaviour::WrongIdThenRight).await;
    let seen = observe(check_at(peer.address())).await;
    assert_up(&seen);
    assert!(seen.total >= Duration::from_millis(200), "{:?}", seen.total);
    for behaviour in [DnsBehaviour::WrongId, DnsBehaviour::WrongQuestion, DnsBehaviour::Echo] {
        let peer = DnsPeer::start(behaviour).await;
        for transport in [DnsTransport::Udp, DnsTransport::Tcp] {
            let began = Instant::now();
            let seen = observe_within(Dns { transport, ..check_at(peer.address()) }, SHORT).await;
            assert_down(&seen, Reason::Timeout, "another id or question");
            assert!(began.elapsed() >= SHORT, "{behaviour:?}: {:?}", began.elapsed());
        }
    }
    let peer = DnsPeer::start(DnsBehaviour::FloodOfWrongIds).await;
    let seen = observe(Dns { transport: DnsTransport::Tcp, ..check_at(peer.address()) }).await;
    assert_down(&seen, Reason::ProtocolError, "more than 100 answers to other questions");
}

#[tokio::test]
async fn broken_and_hostile_answers_are_named() {
    for (behaviour, transport, reason, words) in [
        (DnsBehaviour::Garbage, DnsTransport::Udp, Reason::ProtocolError, "answer"),
        (DnsBehaviour::CompressionLoop, DnsTransport::Udp, Reason::ProtocolError, "cannot be read"),
        (DnsBehaviour::Promises, DnsTransport::Udp, Reason::ProtocolError, "196605 records"),
        (DnsBehaviour::Huge, DnsTransport::Udp, Reason::ProtocolError, "4096 bytes or more"),
        (DnsBehaviour::Huge, DnsTransport::Tcp, Reason::ProtocolError, "3750 records"),
        (DnsBehaviour::AliasLoop, DnsTransport::Udp, Reason::AnswerMismatch, "no A record"),
        (DnsBehaviour::OtherName, DnsTransport::Udp, Reason::AnswerMismatch, "no A record"),
        (DnsBehaviour::AlwaysTruncated, DnsTransport::Udp, Reason::ProtocolError, "truncated"),
        (DnsBehaviour::CloseInMessage, DnsTransport::Udp, Reason::ConnectionReset, ""),
    ] {
        let peer = DnsPeer::start(behaviour).await;
        let seen = observe(Dns { transport, ..check_at(peer.address()) }).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{behaviour:?}: {}", seen.detail);
        assert!(seen.detail.contains(words), "{behaviour:?}: {}", seen.detail);
        assert!(seen.total < TIMEOUT / 2, "{behaviour:?}: {:?}", seen.total);
    }
}

#[tokio::test]
async fn a_server_without_edns_is_queried_again_without_it() {
    for (behaviour, rcode) in [(DnsBehaviour::FormerrToEdns, 1), (DnsBehaviour::NotimpToEdns, 4)] {
        for transport in [DnsTransport::Udp, DnsTransport::Tcp] {
            let peer = DnsPeer::start(behaviour).await;
            let asked = Dns { transport, ..check_at(peer.address()) };
            let seen = observe(asked.clone()).await;
            assert_up(&seen);
            assert_eq!(texts(&seen), ["192.0.2.1"]);
            let dns = found(&seen).expect("an answer");
            assert!(dns.without_edns && dns.to_string().ends_with(", asked again without EDNS"), "{dns}");
            assert_eq!(peer.seen().len(), 2);
            // A check that expects the refusal gets its answer.
            assert_up(&observe(Dns { rcode: Rcode(rcode), ..asked }).await);
            assert_eq!(peer.seen().len(), 3);
        }
    }
    // A server that refuses the plain query, too, is not asked a third time.
    let peer = DnsPeer::start(DnsBehaviour::BareFormerr).await;
    assert_down(&observe(check_at(peer.address())).await, Reason::RcodeMismatch, "FORMERR, not NOERROR");
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn terminal_control_characters_are_not_shown() {
    let peer = DnsPeer::start(DnsBehaviour::TerminalControl).await;
    let seen = observe(Dns { record: Record::Txt, ..check_at(peer.address()) }).await;
    assert_up(&seen);
    assert_eq!(texts(&seen), ["\\027]0;\\007"]);
}

#[tokio::test]
async fn a_silent_and_an_unreachable_server_are_distinguished() {
    let silent = DnsPeer::start(DnsBehaviour::Silent).await;
    for transport in [DnsTransport::Udp, DnsTransport::Tcp] {
        let seen = observe_within(Dns { transport, ..check_at(silent.address()) }, SHORT).await;
        assert_down(&seen, Reason::Timeout, "no answer to the query within the timeout");
        assert_eq!(seen.phases.and_then(|phases| phases.first_byte_us), None);
    }
    assert_eq!(silent.seen().len(), 2, "nothing is sent again");
    for transport in [DnsTransport::Udp, DnsTransport::Tcp] {
        let nobody = check(at("127.0.0.1", free_port()), "www.example.test", Record::A);
        assert_down(&observe(Dns { transport, ..nobody }).await, Reason::ConnectRefused, "127.0.0.1:");
    }
    // A resolver that cannot reach the authority keeps its client waiting.
    let authority = Authority::new();
    let unbound = Unbound::start(&authority.sign(&["localhost"], Validity::GOOD), free_port()).await;
    let gone = check(at("127.0.0.1", unbound.port), "www.gone.test", Record::A);
    assert_down(&observe_within(gone, SHORT).await, Reason::Timeout, "no answer to the query");
    let unknown = check(at("no-such-host.invalid", 53), "www.example.test", Record::A);
    assert_down(&observe(unknown).await, Reason::DnsNotFound, "no-such-host.invalid");
}

/// The descriptor limit applies to a whole process, so this test runs its other half in a process of its own.
#[tokio::test]
async fn a_lack_of_descriptors_is_no_outage() {
    let peer = DnsPeer::start(DnsBehaviour::Right).await;
    run_half("dns_probe::failures::half_without_descriptors", peer.address().to_string()).await;
}

#[tokio::test]
#[ignore = "the half of another test that needs its own process"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_without_descriptors() {
    let Ok(target) = std::env::var("TARGET") else { return };
    let check = |transport| Dns { transport, ..check_at(target.parse().expect("an address")) };
    let prober = Prober::new().expect("a prober");
    let observe = async |transport| {
        let check = named(check(transport), TIMEOUT);
        prober.observe(&check, Instant::now() + TIMEOUT).await
    };
    assert_up(&observe(DnsTransport::Udp).await);
    run_out_of_descriptors();
    for transport in [DnsTransport::Udp, DnsTransport::Tcp] {
        let seen = observe(transport).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources), "{seen:?}");
    }
}
