//! Assertions on an answer: records of every type, response codes, TTL.

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn every_type_is_read_and_asserted_at_bind_and_at_unbound() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let unbound = Unbound::start(&certificate, bind.port).await;
    let key = "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==";
    let soa = "ns1.example.test admin.example.test 2026010101 7200 3600 1209600 300";
    for (query, record, written, other) in [
        ("www.example.test", Record::A, "192.0.2.1", "192.0.2.9"),
        ("www.example.test", Record::Aaaa, "2001:DB8::1", "2001:db8::2"),
        ("example.test", Record::Caa, "0 issue letsencrypt.org", "0 issue other.example"),
        ("alias.example.test", Record::Cname, "WWW.example.test.", "example.test"),
        ("tree.example.test", Record::Dname, "other.example.test", "www.example.test"),
        ("keys.example.test", Record::Dnskey, &format!("257 3 13 {key}"), "257 3 13 AAAA"),
        ("sub.example.test", Record::Ds, &format!("60485 13 2 {HEX}"), "60485 13 2 ab"),
        ("www.example.test", Record::Https, "1 . port=443 alpn=\"h2,h3\" ipv4hint=192.0.2.1", "1 . alpn=h2"),
        ("example.test", Record::Mx, "10 mail.example.test.", "20 mail.example.test"),
        (
            "phone.example.test",
            Record::Naptr,
            "100 10 U E2U+sip !^.*$!sip:info@example.test! .",
            "100 10 U E2U+sip !^.*$!sip:x@example.test! .",
        ),
        ("example.test", Record::Ns, "NS1.example.test", "ns2.example.test"),
        ("host.example.test", Record::Ptr, "www.example.test", "other.example.test"),
        ("example.test", Record::Soa, soa, "ns1.example.test admin.example.test 1 7200 3600 1209600 300"),
        ("_sip._tcp.example.test", Record::Srv, "0 5 5060 sip.example.test", "0 5 5061 sip.example.test"),
        ("host.example.test", Record::Sshfp, &format!("4 2 {}", HEX.to_uppercase()), "4 2 ab"),
        ("_svc.example.test", Record::Svcb, "1 svc.example.test port=8443", "1 svc.example.test port=443"),
        ("_443._tcp.www.example.test", Record::Tlsa, &format!("3 1 1 {HEX}"), "3 1 1 ab"),
        ("example.test", Record::Txt, "v=spf1 -all", "v=spf1 +all"),
    ] {
        let canonical = |text: &str| vec![record.canonical_text(text).expect("a record")];
        for port in [bind.port, unbound.port] {
            let asked = check(at("127.0.0.1", port), query, record);
            let right = Dns { answers: Some(Answers::All(canonical(written))), ..asked.clone() };
            let seen = observe(right).await;
            assert_eq!(seen.outcome, Outcome::Up, "{} at {port}: {}", record.name(), seen.detail);
            assert!(texts(&seen).contains(&canonical(written)[0].as_str()), "{:?}", texts(&seen));
            let wrong = Dns { answers: Some(Answers::All(canonical(other))), ..asked };
            assert_down(&observe(wrong).await, Reason::AnswerMismatch, &canonical(other)[0]);
        }
    }
}

/// `dig` output can be pasted into `answers`, and so can what people write.
#[tokio::test]
async fn expected_answers_may_be_written_as_dig_prints_them() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let unbound = Unbound::start(&certificate, bind.port).await;
    let upper = HEX.to_uppercase();
    let blank = format!("{} {}", &upper[..56], &upper[56..]);
    let (tlsa, sshfp, ds) = (format!("3 1 1 {blank}"), format!("4 2 {blank}"), format!("60485 13 2 {blank}"));
    for (query, record, written) in [
        ("example.test", "TXT", r#""v=spf1 " "-all""#),
        ("example.test", "TXT", "v=spf1 -all"),
        ("words.example.test", "TXT", r#""one" "two""#),
        ("words.example.test", "TXT", "onetwo"),
        ("words.example.test", "TXT", r#""semi;colon \"quoted\" back\\slash""#),
        ("words.example.test", "TXT", r#"semi;colon "quoted" back\slash"#),
        ("words.example.test", "TXT", r#""Gr\195\182\195\159e" " \255""#),
        ("words.example.test", "TXT", r"Größe \255"),
        ("issue.example.test", "CAA", r#"128 issue ";""#),
        ("issue.example.test", "CAA", r#"0 iodef "mailto:sec@example.test""#),
        ("issue.example.test", "CAA", r#"0 issue "ca.example; account=\"7\"""#),
        ("dial.example.test", "NAPTR", r#"100 10 "u" "E2U+sip" "!^\\+49(.*)$!sip:\\1@example.test!" ."#),
        ("dial.example.test", "NAPTR", r#"100 10 "U" "E2U+sip" "!^\+49(.*)$!sip:\1@example.test!" ."#),
        ("_443._tcp.www.example.test", "TLSA", &tlsa),
        ("host.example.test", "SSHFP", &sshfp),
        ("sub.example.test", "DS", &ds),
        ("www.example.test", "HTTPS", r#"1 . alpn="h2,h3" port=443 ipv4hint=192.0.2.1"#),
        ("www.example.test", "AAAA", "2001:0db8:0000:0000:0000:0000:0000:0001"),
        ("MÜNCHEN.example.test", "A", "192.0.2.3"),
        ("_dmarc.münchen.example.test.", "TXT", r#""v=DMARC1; p=none""#),
    ] {
        for port in [bind.port, unbound.port] {
            let keys = format!(
                "type = \"dns\"\nserver = \"127.0.0.1:{port}\"\nquery = \"{query}\"\nrecord = \"{record}\"\n\
                 answers = ['{written}']"
            );
            let seen = run(&Prober::new().expect("a prober"), &checks::read(&keys)).await;
            assert_eq!(seen.outcome, Outcome::Up, "{record} {written} at {port}: {}", seen.detail);
        }
    }
}

#[tokio::test]
async fn any_all_and_exactly_differ() {
    let bind = Named::start(&Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    let asked = |answers| Dns {
        answers: Some(answers),
        ..check(at("127.0.0.1", bind.port), "www.example.test", Record::A)
    };
    let (one, both) = (list(&["192.0.2.1"]), list(&["192.0.2.1", "192.0.2.2"]));
    let (mixed, more) = (list(&["192.0.2.1", "192.0.2.9"]), list(&["192.0.2.1", "192.0.2.2", "192.0.2.9"]));
    for right in [
        Answers::Any(mixed.clone()),
        Answers::All(one.clone()),
        Answers::All(both.clone()),
        Answers::Exactly(both),
    ] {
        assert_up(&observe(asked(right)).await);
    }
    for (wrong, words) in [
        (Answers::Any(list(&["192.0.2.9"])), "none of the A records expected, but 192.0.2."),
        (Answers::All(mixed), "no 192.0.2.9, but 192.0.2."),
        (Answers::Exactly(one), "192.0.2.2 is not expected"),
        (Answers::Exactly(more), "no 192.0.2.9, but 192.0.2."),
        (Answers::Exactly(Vec::new()), "is not expected"),
    ] {
        assert_down(&observe(asked(wrong)).await, Reason::AnswerMismatch, words);
    }
}

#[tokio::test]
async fn no_record_is_an_outage_unless_it_is_expected() {
    let bind = Named::start(&Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    let nodata = check(at("127.0.0.1", bind.port), "mail.example.test", Record::Aaaa);
    assert_down(&observe(nodata.clone()).await, Reason::AnswerMismatch, "no AAAA record");
    assert_up(&observe(Dns { answers: Some(Answers::Exactly(Vec::new())), ..nodata }).await);
}

#[tokio::test]
async fn an_alias_is_followed_and_shown() {
    let bind = Named::start(&Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    let seen = observe(check(at("127.0.0.1", bind.port), "alias.example.test", Record::A)).await;
    assert_up(&seen);
    let dns = found(&seen).expect("an answer");
    assert_eq!(dns.answers[0].to_string(), "alias.example.test 60 CNAME www.example.test");
    assert_eq!(dns.answers.len(), 3);
    assert_eq!(dns.to_string(), format!("NOERROR from 127.0.0.1:{} over udp", bind.port));
}

#[tokio::test]
async fn each_response_code_is_expected_or_named() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let unbound = Unbound::start(&certificate, bind.port).await;
    let formerr = DnsPeer::start(DnsBehaviour::BareFormerr).await;
    let private = DnsPeer::start(DnsBehaviour::PrivateCode).await;
    for (port, query, rcode) in [
        (bind.port, "nobody.example.test", "NXDOMAIN"),
        (unbound.port, "nobody.example.test", "NXDOMAIN"),
        (bind.port, "www.other.test", "REFUSED"),
        // Its server refuses a zone that it should serve.
        (unbound.port, "www.lame.test", "SERVFAIL"),
        (formerr.address().port(), "www.example.test", "FORMERR"),
        (private.address().port(), "www.example.test", "RCODE3841"),
    ] {
        let asked = check(at("127.0.0.1", port), query, Record::A);
        let seen = observe(asked.clone()).await;
        assert_down(&seen, Reason::RcodeMismatch, &format!("{rcode}, not NOERROR"));
        let expected = found(&seen).expect("an answer").rcode;
        assert_eq!(expected.name(), rcode);
        assert_up(&observe(Dns { rcode: expected, ..asked }).await);
    }
    let there = check(at("127.0.0.1", bind.port), "www.example.test", Record::A);
    let seen = observe(Dns { rcode: Rcode(3), ..there }).await;
    assert_down(&seen, Reason::RcodeMismatch, "NOERROR, not NXDOMAIN");
}

#[tokio::test]
async fn an_answer_with_too_short_a_ttl_degrades() {
    let bind = Named::start(&Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    let kept = |query: &str, seconds| Dns {
        min_ttl: Some(Duration::from_secs(seconds)),
        ..check(at("127.0.0.1", bind.port), query, Record::A)
    };
    assert_up(&observe(kept("www.example.test", 300)).await);
    assert_up(&observe(kept("alias.example.test", 60)).await);
    for (query, seconds, words) in [
        ("www.example.test", 301, "a TTL of 300 s, less than 301 s"),
        ("alias.example.test", 61, "a TTL of 60 s, less than 61 s: alias.example.test"),
    ] {
        let seen = observe(kept(query, seconds)).await;
        assert_seen(&seen, Outcome::Degraded, Reason::TtlTooLow, words);
    }
}

#[tokio::test]
async fn recursion_is_requested_as_configured() {
    let peer = DnsPeer::start(DnsBehaviour::Right).await;
    for recursion in [true, false] {
        assert_up(&observe(Dns { recursion, ..check_at(peer.address()) }).await);
        let (query, _) = peer.seen().pop().expect("a query");
        assert_eq!(query[2] & 1 == 1, recursion);
    }
}

#[tokio::test]
async fn a_slow_answer_degrades() {
    let peer = DnsPeer::start(DnsBehaviour::Slow).await;
    let prober = Prober::new().expect("a prober");
    for (limit_ms, outcome, reason) in
        [(5_000, Outcome::Up, Reason::None), (200, Outcome::Degraded, Reason::Slow)]
    {
        let limit = Some(Duration::from_millis(limit_ms));
        let check = Check { degraded_above: limit, ..named(check_at(peer.address()), TIMEOUT) };
        let seen = run(&prober, &check).await;
        assert_seen(&seen, outcome, reason, "");
        assert!(seen.total >= Duration::from_millis(400), "{:?}", seen.total);
    }
}
