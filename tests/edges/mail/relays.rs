//! Relays: which one takes a mail, what their answers become, and what happens to those that break off, stall or cannot
//! prove who they are.

use super::{message, patient, relay};
use skerry_notify::mail::{Encryption, Limits, Mailer, Relay, Roots, Smtp};
use skerry_notify::{Class, Outcome};
use skerry_tests::parts::certificates::{Authority, Certificate, Validity};
use skerry_tests::parts::free_port;
use skerry_tests::parts::mail_server::{MailServer, Manner, plain};
use skerry_tests::parts::misbehaving::FullBacklog;
use skerry_tests::parts::script::{Scripted, Step};
use std::time::Duration;

fn mailer(relays: &[Relay], limits: Limits) -> Mailer {
    Mailer::Smtp(Smtp::new(relays, limits).expect("usable relays"))
}

/// `accepted`, `later`, `no relay` or `refused`, the class, and the text.
fn seen(outcome: &Outcome) -> (&'static str, Class, &str) {
    let fate = match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Later { .. } => "later",
        Outcome::NoRelay(_) => "no relay",
        Outcome::Refused(_) => "refused",
    };
    (fate, outcome.answer().class, &outcome.answer().text)
}

async fn send(mailer: &Mailer, to: &str) -> Outcome {
    mailer.send(&message(&format!("{to}@cust.test"), to)).await
}

#[tokio::test]
async fn every_answer_becomes_what_it_means() {
    let server = MailServer::start(Manner::default()).await;
    let mailer = mailer(&[relay(server.port())], patient());
    for (to, fate, class, text) in [
        ("ann", "accepted", Class::Success, "250 2.0.0 taken"),
        ("gone", "refused", Class::NoSuchAddress, "550 5.1.1 User unknown"),
        ("full", "refused", Class::MailboxFull, "552 5.2.2 Mailbox full"),
        ("policy", "refused", Class::Policy, "554 5.7.1 Blocked by a list"),
        ("spam", "refused", Class::Policy, "554 5.7.1 Rejected as spam"),
        ("bare550", "refused", Class::Rejected, "550 No"),
        ("421", "later", Class::Unavailable, "421 4.3.2 Shutting down"),
        ("450", "later", Class::Unavailable, "450 4.2.0 Mailbox busy"),
        ("451", "later", Class::Policy, "451 4.7.1 Greylisted, try again"),
        ("452", "later", Class::MailboxFull, "452 4.2.2 Mailbox full"),
        ("break", "later", Class::Unreachable, "response error: incomplete response"),
        ("hang-up", "later", Class::Unreachable, "response error: incomplete response"),
    ] {
        assert_eq!(seen(&send(&mailer, to).await), (fate, class, text), "{to}");
    }
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "what was refused was not taken");
    assert_eq!((taken[0].from.as_str(), taken[0].to.as_str()), ("bounces+ann@status.test", "ann@cust.test"));
    // The end of the content brings a line break of its own.
    let sent = message("ann@cust.test", "ann").bytes().to_vec();
    assert_eq!(
        String::from_utf8_lossy(&taken[0].content).trim_end(),
        String::from_utf8_lossy(&sent).trim_end()
    );
}

#[tokio::test]
async fn a_session_serves_many_mails_and_one_that_ended_meanwhile_loses_none() {
    let server = MailServer::start(Manner::default()).await;
    let all = mailer(&[relay(server.port())], patient());
    for to in ["a", "gone", "b", "spam", "c", "450", "d"] {
        let _refused_or_not = send(&all, to).await;
    }
    assert_eq!((server.taken().len(), server.sessions()), (4, 1));
    let short = MailServer::start(Manner { mails_of_a_session: Some(2), ..Manner::default() }).await;
    let relays = [relay(short.port())];
    let broken = mailer(&relays, patient());
    for to in ["a", "b", "c", "d", "e"] {
        assert_eq!(seen(&send(&broken, to).await).0, "accepted");
    }
    assert_eq!((short.taken().len(), short.sessions()), (5, 3));
    let counted = MailServer::start(Manner::default()).await;
    let bounded = mailer(&[relay(counted.port())], Limits { mails: 2, ..patient() });
    for to in ["a", "b", "c"] {
        assert_eq!(seen(&send(&bounded, to).await).0, "accepted");
    }
    assert_eq!(counted.sessions(), 2);
    for mailer in [all, broken, bounded] {
        mailer.close().await;
    }
}

#[tokio::test]
async fn the_next_relay_takes_what_the_first_does_not_and_the_first_is_not_asked_again_at_once() {
    let dead = relay(free_port());
    let busy = MailServer::start(Manner { greeting: Some("421 4.3.2 too busy"), ..Manner::default() }).await;
    let listed = MailServer::start(Manner { greeting: Some("554 5.7.1 listed"), ..Manner::default() }).await;
    let plain_only = MailServer::start(Manner::default()).await;
    let good = MailServer::start(Manner::default()).await;
    for (first, class, text) in [
        (dead, Class::Unreachable, "Connection refused"),
        (relay(busy.port()), Class::Unavailable, "421 4.3.2 too busy"),
        (relay(listed.port()), Class::Policy, "554 5.7.1 listed"),
        (
            Relay { encryption: Encryption::StartTls, ..relay(plain_only.port()) },
            Class::Tls,
            "the relay offers no STARTTLS",
        ),
    ] {
        let alone = mailer(std::slice::from_ref(&first), patient());
        let outcome = send(&alone, "ann").await;
        let (fate, found, said) = seen(&outcome);
        assert_eq!((fate, found), ("no relay", class), "{said}");
        assert!(said.contains(text), "{said}");
        let before = good.taken().len();
        let both = mailer(&[first, relay(good.port())], patient());
        assert_eq!(seen(&send(&both, "ann").await).0, "accepted");
        assert_eq!(good.taken().len(), before + 1);
    }
    let asked = busy.sessions();
    let both = mailer(&[relay(busy.port()), relay(good.port())], patient());
    for to in ["a", "b", "c"] {
        assert_eq!(seen(&send(&both, to).await).0, "accepted");
    }
    assert_eq!(busy.sessions(), asked + 1, "it rests");
    let eager =
        mailer(&[relay(busy.port()), relay(good.port())], Limits { rest: Duration::ZERO, ..patient() });
    for to in ["a", "b"] {
        assert_eq!(seen(&send(&eager, to).await).0, "accepted");
    }
    assert_eq!(busy.sessions(), asked + 3, "it has rested");
}

#[tokio::test]
async fn a_refusal_of_the_sender_blames_no_recipient() {
    for (said, fate, class) in [
        ("550 5.1.1 no such sender", "refused", Class::Policy),
        ("550 5.1.8 the domain does not exist", "later", Class::Own),
        ("451 4.3.0 try again", "later", Class::Unavailable),
        ("421 4.3.2 too busy for this sender", "later", Class::Unavailable),
    ] {
        let server = MailServer::start(Manner { sender: Some(said), ..Manner::default() }).await;
        let outcome = send(&mailer(&[relay(server.port())], patient()), "ann").await;
        assert_eq!(seen(&outcome), (fate, class, said));
    }
}

#[tokio::test]
async fn a_relay_that_answers_nothing_costs_a_bounded_time() {
    let hasty =
        Limits { command: Duration::from_millis(200), content: Duration::from_millis(200), ..patient() };
    let silent = Scripted::start(&[Step::Stall]).await;
    let outcome = send(&mailer(&[relay(silent.port())], hasty), "ann").await;
    assert_eq!(outcome.answer().class, Class::Timeout, "{outcome:?}");
    let endless = Scripted::start(&[Step::Endless(b"220-and more")]).await;
    let outcome = send(&mailer(&[relay(endless.port())], patient()), "ann").await;
    assert_eq!(outcome.answer().class, Class::Unreachable, "{outcome:?}");
    assert!(outcome.answer().text.contains("an answer without an end"), "{outcome:?}");
    let full = FullBacklog::new();
    let unanswered = Relay { host: "127.0.0.1".to_owned(), ..relay(full.address().port()) };
    let outcome =
        send(&mailer(&[unanswered], Limits { connect: Duration::from_millis(200), ..patient() }), "ann")
            .await;
    assert_eq!(outcome.answer().class, Class::Timeout, "{outcome:?}");
    // The content was sent: this relay may have taken it, so that no other is asked.
    let slow = MailServer::start(Manner::default()).await;
    let good = MailServer::start(Manner::default()).await;
    let patient_but_in_content = Limits { content: Duration::from_millis(200), ..patient() };
    let both = mailer(&[relay(slow.port()), relay(good.port())], patient_but_in_content);
    let outcome = send(&both, "slow").await;
    assert_eq!(seen(&outcome), ("later", Class::Timeout, "no answer in time"));
    // That session is not used again: its next answer would be that of the mail before.
    assert_eq!(seen(&send(&both, "ann").await).0, "accepted");
    assert_eq!((slow.sessions(), slow.taken().len(), good.sessions()), (2, 1, 0));
}

/// A relay that has to prove that it is `localhost`, by this authority.
fn proven(port: u16, encryption: Encryption, authority: &Authority) -> Relay {
    let pem = std::fs::read(authority.file()).expect("an authority");
    Relay {
        encryption,
        roots: Roots::Pem(pem),
        credentials: Some(("me".to_owned(), "pässword".to_owned())),
        ..relay(port)
    }
}

async fn encrypted(certificate: Certificate, tls_from_start: bool) -> MailServer {
    let user = Some(("me", "pässword"));
    MailServer::start(Manner { certificate: Some(certificate), tls_from_start, user, ..Manner::default() })
        .await
}

#[tokio::test]
async fn mail_and_password_go_to_a_relay_only_that_proves_who_it_is() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (tls_from_start, encryption) in [(false, Encryption::StartTls), (true, Encryption::Tls)] {
        let good = encrypted(authority.sign(&["localhost"], Validity::GOOD), tls_from_start).await;
        let signed_in = mailer(&[proven(good.port(), encryption, &authority)], patient());
        assert_eq!(seen(&send(&signed_in, "ann").await).0, "accepted", "{encryption:?}");
        assert_eq!(good.passwords(), [plain("me", "pässword")]);
        for (wrong, certificate) in [
            ("another authority", other.sign(&["localhost"], Validity::GOOD)),
            ("another name", authority.sign(&["mx.other.test"], Validity::GOOD)),
            ("expired", authority.sign(&["localhost"], Validity::EXPIRED)),
            ("self-signed", authority.self_signed(&["localhost"], false)),
        ] {
            let server = encrypted(certificate, tls_from_start).await;
            let outcome =
                send(&mailer(&[proven(server.port(), encryption, &authority)], patient()), "ann").await;
            let (fate, class, text) = seen(&outcome);
            assert_eq!((fate, class), ("no relay", Class::Tls), "{wrong}: {text}");
            assert!(server.taken().is_empty() && server.passwords().is_empty(), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_our_fault_and_waits() {
    let authority = Authority::new();
    let server = encrypted(authority.sign(&["localhost"], Validity::GOOD), false).await;
    let mut relay = proven(server.port(), Encryption::StartTls, &authority);
    relay.credentials = Some(("me".to_owned(), "guess".to_owned()));
    let outcome = send(&mailer(&[relay], patient()), "ann").await;
    assert_eq!(seen(&outcome), ("no relay", Class::Own, "535 5.7.8 wrong"));
    let without = Relay { credentials: None, ..proven(server.port(), Encryption::StartTls, &authority) };
    assert_eq!(
        seen(&send(&mailer(&[without], patient()), "ann").await),
        ("later", Class::Own, "530 5.7.0 sign in first")
    );
}

/// Whoever sits on the way could add answers to that of `STARTTLS`, which would be taken for those of the relay.
#[tokio::test]
async fn what_comes_before_the_handshake_is_no_answer_after_it() {
    let forged = Scripted::start(&[
        Step::Send(b"220 mx.test\r\n"),
        Step::Expect(b"\r\n"),
        Step::Send(b"250-mx.test\r\n250 STARTTLS\r\n"),
        Step::Expect(b"STARTTLS\r\n"),
        Step::Send(b"220 go on\r\n250-mx.test\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n"),
        Step::Stall,
    ])
    .await;
    let authority = Authority::new();
    let relay = proven(forged.port(), Encryption::StartTls, &authority);
    let outcome = send(&mailer(&[relay], patient()), "ann").await;
    assert_eq!((seen(&outcome).0, outcome.answer().class), ("no relay", Class::Tls), "{outcome:?}");
}

#[test]
fn what_would_go_unencrypted_to_another_host_is_refused() {
    let unusable = |relay: Relay| Smtp::new(&[relay], Limits::default()).expect_err("unusable").to_string();
    let far = Relay { host: "mx.example.com".to_owned(), ..relay(25) };
    let says = "mail and password would go to mx.example.com unencrypted: use STARTTLS or TLS";
    assert_eq!(unusable(far.clone()), says);
    for near in ["localhost", "127.0.0.1", "::1", "[::1]"] {
        assert!(
            Smtp::new(&[Relay { host: near.to_owned(), ..relay(25) }], Limits::default()).is_ok(),
            "{near}"
        );
    }
    assert!(Smtp::new(&[Relay { plain_allowed: true, ..far.clone() }], Limits::default()).is_ok());
    assert!(Smtp::new(&[Relay { encryption: Encryption::Tls, ..far }], Limits::default()).is_ok());
    assert_eq!(
        unusable(Relay { hello: "a\r\nb".to_owned(), ..relay(25) }),
        "the name in EHLO is not a name in DNS"
    );
    assert_eq!(unusable(Relay { roots: Roots::Pem(Vec::new()), ..relay(25) }), "no certificate in it");
    assert_eq!(Smtp::new(&[], Limits::default()).expect_err("none").to_string(), "there is no relay");
}
