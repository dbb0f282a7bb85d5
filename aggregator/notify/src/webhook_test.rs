//! Signatures are verified by the standard's own library.

use super::*;
use standardwebhooks::Webhook as Reference;

/// The standard's library compares with the real clock.
#[expect(clippy::disallowed_methods, reason = "the reference library asks the system's clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn webhook(secrets: &[&Secret]) -> Webhook {
    let body = Bytes::from_static("{\"page\":{\"id\":\"1\"},\"name\":\"Zürich – 停止\"}".as_bytes());
    Webhook { id: "msg_01".to_owned(), body, secrets: secrets.iter().map(|one| (*one).clone()).collect() }
}

#[test]
fn the_reference_library_accepts_the_signature() {
    let secret = Secret::random();
    let sent = webhook(&[&secret]);
    let reference = Reference::new(&secret.reveal()).expect("a secret of its own kind");
    let headers = sent.headers(now()).expect("headers");
    reference.verify(&sent.body, &headers).expect("it is ours");
    let mut changed = sent.body.to_vec();
    changed[2] = b'P';
    assert!(reference.verify(&changed, &headers).is_err(), "another body");
    let mut other = headers.clone();
    other.insert("webhook-id", HeaderValue::from_static("msg_02"));
    assert!(reference.verify(&sent.body, &other).is_err(), "another id");
    let mut other = headers;
    other.insert("webhook-timestamp", HeaderValue::from(now() - 60));
    assert!(reference.verify(&sent.body, &other).is_err(), "another time");
}

#[test]
fn the_example_of_the_standard_has_its_signature() {
    let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
    let sent = Webhook {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
        body: Bytes::from_static(b"{\"test\": 2432232314}"),
        secrets: vec![secret],
    };
    let headers = sent.headers(1_614_265_330).expect("headers");
    assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(headers["webhook-timestamp"], "1614265330");
}

#[test]
fn each_attempt_has_the_same_id_and_its_own_time() {
    let sent = webhook(&[&Secret::random()]);
    let [first, second] = [100, 200].map(|at| sent.headers(at).expect("headers"));
    assert_eq!(first["webhook-id"], second["webhook-id"]);
    assert_eq!(
        (&first["webhook-timestamp"], &second["webhook-timestamp"]),
        (&"100".parse().expect("a value"), &"200".parse().expect("a value"))
    );
    assert_ne!(first["webhook-signature"], second["webhook-signature"]);
}

#[test]
fn while_a_secret_is_exchanged_both_are_accepted() {
    let (old, new) = (Secret::random(), Secret::random());
    let sent = webhook(&[&new, &old]);
    let headers = sent.headers(now()).expect("headers");
    for secret in [&old, &new] {
        let reference = Reference::new(&secret.reveal()).expect("a secret");
        reference.verify(&sent.body, &headers).expect("either is enough");
    }
    let other = Reference::new(&Secret::random().reveal()).expect("a secret");
    assert!(other.verify(&sent.body, &headers).is_err());
}

#[test]
fn without_a_secret_nothing_is_signed() {
    let headers = webhook(&[]).headers(now()).expect("headers");
    assert!(!headers.contains_key(SIGNATURE) && headers.contains_key(ID));
}

#[test]
fn a_secret_has_its_form_and_shows_itself_nowhere() {
    let encoded = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
    for (text, expected) in [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(), SecretFault::Prefix),
        ("whsec_not base64".to_owned(), SecretFault::Base64),
        (encoded(23), SecretFault::Length(23)),
        (encoded(65), SecretFault::Length(65)),
    ] {
        let fault = Secret::read(&text).expect_err(&text);
        assert_eq!(fault, expected);
        assert!(!fault.to_string().contains(&text[6..]), "{fault}");
    }
    for length in [24, 64] {
        let secret = Secret::read(&encoded(length)).expect("in its bounds");
        assert_eq!(secret.reveal(), encoded(length));
        assert_eq!(format!("{:?}", webhook(&[&secret]).secrets), "[Secret]");
        assert_eq!(format!("{:?}", webhook(&[&secret])), "Webhook { id: \"msg_01\", .. }");
    }
    assert_ne!(Secret::random(), Secret::random());
    assert_eq!(SecretFault::Length(3).to_string(), "must hold 24 to 64 bytes; it holds 3");
}
