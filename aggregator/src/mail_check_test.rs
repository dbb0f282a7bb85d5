//! What is found in DNS, and what is said of it.

use super::*;
use crate::config::{BounceSettings, DkimSettings, LmtpAddress};
use skerry_host::doctor::Level;
use skerry_notify::mail::DeliveryHeader;

fn settings() -> MailSettings {
    MailSettings {
        address: "updates@status.example.com".to_owned(),
        bounce_domain: "status.example.com".to_owned(),
        hello: "status.example.com".to_owned(),
        connections: 1,
        transport: Transport::Directory("/nowhere".into()),
        delivery_headers: Vec::new(),
        dkim: Some(DkimSettings {
            domain: "status.example.com".to_owned(),
            selector: "one".to_owned(),
            key_file: "/nowhere".into(),
        }),
        bounces: BounceSettings {
            lmtp: Some(LmtpAddress::Port(([127, 0, 0, 1], 2424).into())),
            ..BounceSettings::default()
        },
    }
}

fn key() -> Key {
    Key {
        domain: "status.example.com".to_owned(),
        name: "one._domainkey.status.example.com".to_owned(),
        record: "v=DKIM1; k=ed25519; p=AbC=".to_owned(),
    }
}

fn published() -> Published {
    Published {
        spf: vec!["google-site-verification=1".to_owned(), "v=spf1 ip4:192.0.2.1 -all".to_owned()],
        dkim: Some(vec!["v=DKIM1;k=ed25519; p=Ab C=".to_owned()]),
        dmarc: vec!["v=DMARC1; p=none".to_owned()],
        takes_bounces: true,
    }
}

fn levels(settings: &MailSettings, key: Option<&Key>, published: &Published) -> Vec<(&'static str, Level)> {
    judged(settings, key, published).iter().map(|one| (one.topic, one.level)).collect()
}

fn with(changed: (&'static str, Level)) -> Vec<(&'static str, Level)> {
    let all = ["SPF", "DKIM", "DMARC", "bounces"].map(|topic| (topic, Level::Ok));
    all.map(|one| if one.0 == changed.0 { changed } else { one }).to_vec()
}

#[test]
fn a_domain_with_all_records_is_well() {
    assert_eq!(levels(&settings(), Some(&key()), &published()), with(("SPF", Level::Ok)));
}

#[test]
fn what_is_missing_is_named() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for spf in [
        texts(&[]),
        texts(&["v=spf10 -all"]),
        texts(&["v=spf1 +all"]),
        texts(&["v=spf1 -all", "v=spf1 ~all"]),
    ] {
        let found = levels(&settings(), Some(&key()), &Published { spf: spf.clone(), ..published() });
        assert_eq!(found, with(("SPF", Level::Problem)), "{spf:?}");
    }
    for dkim in [texts(&[]), texts(&["v=DKIM1; p=other"]), texts(&["v=DKIM1; p="])] {
        let found = levels(&settings(), Some(&key()), &Published { dkim: Some(dkim.clone()), ..published() });
        assert_eq!(found, with(("DKIM", Level::Problem)), "{dkim:?}");
    }
    let found = levels(&settings(), None, &Published { dkim: None, ..published() });
    assert_eq!(found, with(("DKIM", Level::Warning)));
    let found = levels(&settings(), Some(&key()), &Published { dmarc: Vec::new(), ..published() });
    assert_eq!(found, with(("DMARC", Level::Problem)));
    let found = levels(&settings(), Some(&key()), &Published { takes_bounces: false, ..published() });
    assert_eq!(found, with(("bounces", Level::Problem)));
    let unheard = MailSettings { bounces: BounceSettings::default(), ..settings() };
    assert_eq!(levels(&unheard, Some(&key()), &published()), with(("bounces", Level::Warning)));
    let header = DeliveryHeader::new("X-PM-Metadata-delivery", "{{delivery}}").expect("a header");
    let reported = MailSettings { delivery_headers: vec![header], ..unheard };
    let nowhere = Published { takes_bounces: false, ..published() };
    assert_eq!(
        levels(&reported, Some(&key()), &nowhere),
        with(("bounces", Level::Warning)),
        "the provider takes them"
    );
}

#[test]
fn a_return_path_and_a_signature_of_other_domains_prove_nothing() {
    let elsewhere = MailSettings { bounce_domain: "bounces.provider.example".to_owned(), ..settings() };
    let found = levels(&elsewhere, Some(&key()), &published());
    assert_eq!(found, with(("SPF", Level::Ok)), "the signature counts");
    let foreign = Key { domain: "provider.example".to_owned(), ..key() };
    let found = judged(&elsewhere, Some(&foreign), &published());
    let levels: Vec<_> = found.iter().map(|one| one.level).collect();
    assert_eq!(levels, [Level::Ok, Level::Warning, Level::Problem, Level::Ok]);
}

#[test]
fn a_domain_is_judged_by_those_above_it() {
    let above: Vec<&str> = domains_from("a.status.example.com").collect();
    assert_eq!(above, ["a.status.example.com", "status.example.com", "example.com"]);
    assert!(aligned("example.com", "status.example.com") && aligned("status.example.com", "example.com"));
    assert!(!aligned("badexample.com", "example.com") && !aligned("other.com", "example.com"));
}

#[test]
fn a_record_that_is_longer_than_one_string_is_to_be_split() {
    let unpublished = Published { dkim: Some(Vec::new()), ..published() };
    let remedy = |record: String| {
        let found = judged(&settings(), Some(&Key { record, ..key() }), &unpublished);
        found.into_iter().find(|one| one.topic == "DKIM").and_then(|one| one.remedy).expect("a remedy")
    };
    // What RSA of 2048 bits takes.
    let long = format!("v=DKIM1; k=rsa; p={}", "A".repeat(392));
    assert!(remedy(long.clone()).contains(&format!("\"{long}\"")));
    assert!(remedy(long).contains("It has 410 bytes, and one string of a TXT record at most 255"));
    assert!(!remedy("v=DKIM1; k=rsa; p=".to_owned() + &"A".repeat(237)).contains("bytes"));
}
