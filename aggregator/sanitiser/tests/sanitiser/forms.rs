//! The written forms of what must go.

use crate::{public, rules, sanitised, settings};
use skerry_sanitiser::{Form, Replacement, Rule, Rules, Settings};

/// Each source and what is left of it.
fn check(table: &[(&str, &str)]) {
    let wrong: Vec<_> = table
        .iter()
        .filter_map(|(source, expected)| {
            let outcome = sanitised(source, Form::Markdown);
            let is = outcome.text.map(|text| text.source().to_owned());
            (is.as_deref() != Ok(*expected)).then(|| format!("{source:?}: {is:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ipv4_addresses_go_in_every_form() {
    check(&[
        ("on 10.0.0.1.", "on [redacted]."),
        ("10.0.0.1, 10.0.0.2", "[redacted], [redacted]"),
        ("10.0.0.1:8080 in 10.0.0.0/8", "[redacted] in [redacted]"),
        ("10.0.0.0/99", "[redacted]/99"),
        ("v1.2.3.4 of firmware", "v[redacted] of firmware"),
        ("_10.0.0.1_ **10.0.0.1** `10.0.0.1`", "_[redacted]_ **[redacted]** `[redacted]`"),
        ("010.000.000.001", "[redacted]"),
        ("0300.0250.01.01", "[redacted]"),
        ("0xC0.0xa8.0x1.0x01", "[redacted]"),
        ("10.0.0.1.443 > 10.0.0.2.80", "[redacted] > [redacted]"),
        ("1.3.6.1.4.1.8072", "[redacted]"),
        ("10[.]0[.]0[.]1 10(dot)0(dot)0(dot)1", "[redacted] [redacted]"),
        ("１０.0.0.1 10。0．0｡1 ⑩.0.0.①", "[redacted] [redacted] [redacted]"),
        ("١٠.٠.٠.١", "[redacted]"),
        ("10.\u{ad}0.\u{200b}0.1 1\u{2060}0.0.0.1", "[redacted] [redacted]"),
        ("1\u{332}0.0.0.1", "[redacted]"),
        ("10%2E0%2e0.1 %3110.0.0.1", "[redacted] [redacted]"),
        ("10%252E0%25252e0.1 %253110.0.0.1", "[redacted] [redacted]"),
        ("10・0・0・1 10･0･0･1 10•0•0•1", "[redacted] [redacted] [redacted]"),
        ("mailto:root@0xa000001 @3232235777, ops@167772161:22.", "mailto:[redacted] [redacted], [redacted]."),
        ("build@20261130 npm@1.2.3 x@0x80", "build@20261130 npm@1.2.3 x@0x80"),
        ("ip-10-0-0-1 ec2-3-80-1-2.compute-1.amazonaws.com", "[redacted] [redacted]"),
        ("1.0.0.10.in-addr.arpa 0.10.in-addr.arpa", "[redacted] [redacted]"),
        ("10.0.0.1\u{1b}[31m 1\u{202e}0.0.0.1", "\\[redacted\\][31m [redacted]"),
    ]);
}

#[test]
fn addresses_as_hosts_of_urls_go_with_the_url() {
    check(&[
        ("http://3232235777/x y", "[redacted] y"),
        ("http://0xC0A80101/, http://10.1/", "[redacted], [redacted]"),
        ("http://%31%30.0.0.1/a?b#c.", "[redacted]."),
        ("ssh://root@10.0.0.1:22/x", "[redacted]"),
        ("https://ok.example/?u=http://10.1/ now", "[redacted] now"),
        ("https://ok.example/on/10.0.0.1/down now", "[redacted] now"),
        ("http:\\\\10.0.0.1", "http:\\\\[redacted]"),
        ("[it](http://10.4\\.2.17/)", "[it]([redacted])"),
        ("[it](http://167772161/x)", "[it]([redacted])"),
        ("<https://db1.internal/>", "<[redacted]>"),
        ("https://[2001:db8::1]:443/x", "[redacted]"),
        ("http://１０.1/", "[redacted]"),
        ("postgres://app:hunter2@db.example/x", "[redacted]"),
        ("https://deploy@ok.example/x", "https://deploy@ok.example/x"),
    ]);
}

#[test]
fn ipv6_addresses_go_in_every_form() {
    check(&[
        ("fe80::1%eth0 is", "[redacted] is"),
        ("2001:db8::1, 2001:DB8::/32", "[redacted], [redacted]"),
        ("[2001:db8::1]:443", "[redacted]"),
        ("(::1)", "([redacted])"),
        ("::ffff:10.0.0.1.", "[redacted]."),
        ("2001:db8:0:0:0:0:0:1", "[redacted]"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "[redacted]"),
        ("64:ff9b:0:0:0:0:10.0.0.1", "[redacted]"),
        ("address:fe80::1", "address:[redacted]"),
        ("IP:::1", "IP:[redacted]"),
        ("xfe80::1", "x[redacted]"),
        ("fc00::/7 2001::", "[redacted] [redacted]"),
        ("ｆｅ８０：：１ fe80[:][:]1", "[redacted] [redacted]"),
        ("fe80%3A%3A1", "[redacted]"),
        ("1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "[redacted]"),
    ]);
}

#[test]
fn private_host_names_go_with_user_and_port() {
    check(&[
        ("db1.internal, DB1.Internal.", "[redacted], [redacted]."),
        ("ops@db.internal db.internal:5432", "[redacted] [redacted]"),
        ("Look at db.internal.Then wait.", "Look at [redacted].Then wait."),
        ("db1.internal.THE end, db1.internal.A1", "[redacted].THE end, [redacted].A1"),
        ("web.svc.cluster.local.Foo-bar", "[redacted].Foo-bar"),
        ("db1.ɪnternɑl db1・internal db1•internal", "[redacted] [redacted] [redacted]"),
        ("_db.internal_ __db.lan__ *db.corp*", "_[redacted]_ __[redacted]__ *[redacted]*"),
        ("payments.default.svc.cluster.local", "[redacted]"),
        ("router.home.arpa's", "[redacted]'s"),
        ("db.internal- gone, db.internal\u{2014}down", "[redacted]- gone, [redacted]\u{2014}down"),
        ("服务器db1.internal故障", "服务器[redacted]故障"),
        ("сервер.internal", "[redacted]"),
        ("ｄｂ１．ｉｎｔｅｒｎａｌ", "[redacted]"),
        ("db1.intеrnаl", "[redacted]"),
        ("db\u{ad}1.inter\u{200b}nal", "[redacted]"),
        ("db1%2Einternal", "[redacted]"),
        ("xn--mnchen-3ya.internal", "[redacted]"),
        ("db[.]internal", "[redacted]"),
        ("ｄｂ.internal。次 db。internal", "[redacted]。次 [redacted]"),
        ("https://jenkins.corp/job/7?x=1)", "[redacted])"),
        ("mailto:ops@mail.lan", "mailto:[redacted]"),
    ]);
}

#[test]
fn private_names_go_as_whole_words() {
    check(&[
        ("db-7 and DB-7", "[redacted] and [redacted]"),
        ("db-70 and xdb-7", "db-70 and xdb-7"),
        ("db-7_main /db-7/", "[redacted]_main /[redacted]/"),
        ("zurich-kern, Zürich-Kern, ZU\u{308}RICH-KERN", "[redacted], [redacted], [redacted]"),
        ("xn--zrich-kern-9db and xn--zrich-Kern-9db.example", "[redacted] and [redacted].example"),
        ("故障db-7故障", "故障[redacted]故障"),
        ("ｄｂ－７ db‑7 db\u{2212}7", "[redacted] [redacted] [redacted]"),
        ("https://grafana.example/d/db-7", "[redacted]"),
        ("Status db-7 mirror, not db-7", "Status db-7 mirror, not [redacted]"),
    ]);
}

#[test]
fn secrets_go_by_their_form() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----";
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-_DEF";
    check(&[
        ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[redacted]"),
        ("xoxb-123456789012-abcdef", "[redacted]"),
        ("ska_0123456789abcdefghij", "[redacted]"),
        (&format!("with {jwt}."), "with [redacted]."),
        ("Authorization: Bearer abcdefghijklmnop1234==", "Authorization: [redacted]"),
        ("Authorization: Bearer abcdefghijkl", "[redacted]"),
        ("password: [redacted]hunter22", "[redacted]"),
        ("AKIA[redacted]IOSFODNN7EXAMPLE", "[redacted]"),
        ("password=[redacted] then token: [redacted]", "password=[redacted] then token: [redacted]"),
        ("DB_PASSWORD=hunter2, x", "DB_[redacted], x"),
        ("password: hunter2x", "[redacted]"),
        ("api_key = \"abcd\"", "[redacted]\""),
        (&format!("a\n{key}\nb"), "a\n[redacted]\nb"),
        ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "a\n[redacted]"),
        ("ＡＫＩＡIOSFODNN7EXAMPLE", "[redacted]"),
        ("AKIA\u{200b}IOSFODNN7EXAMPLE", "[redacted]"),
        ("https://hooks.slack.com/services/T0/B0/x", "[redacted]"),
    ]);
}

/// Entities, escapes, emphasis and tags show in the rendered text only.
#[test]
fn what_shows_only_in_the_rendered_text_blocks_it() {
    let key = Rule::SecretPattern(settings().secret_patterns[0].as_str().into());
    for (source, shown, rule) in [
        ("10.**4**.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.4&#46;2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.4&#x2e;2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10&period;4.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10\\.4.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.<b>4</b>.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.<!-- -->4.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.[4](https://a.example).2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.`4`.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.~~4~~.2.17", "10.4.2.17", Rule::Ipv4Address),
        ("10.![4](x).2.17", "10.4.2.17", Rule::Ipv4Address),
        ("[x](http://10&#46;4.2.17/)", "http://10.4.2.17/", Rule::Ipv4Address),
        ("[x](http://0x&#48;a040211/)", "http://10.4.2.17/", Rule::Ipv4Address),
        ("[x][y]\n\n[y]: http://10.4&#46;2.17/", "http://10.4.2.17/", Rule::Ipv4Address),
        ("<!-- 10&#46;4.2.17 -->", "10.4.2.17", Rule::Ipv4Address),
        ("<div>\n10.<i>4</i>.2.17\n</div>", "10.4.2.17", Rule::Ipv4Address),
        ("[y]: https://a.example '10\\.4.2.17'", "10.4.2.17", Rule::Ipv4Address),
        ("```10&#46;4.2.17\nx\n```", "10.4.2.17", Rule::Ipv4Address),
        ("fe80&colon;:1", "fe80::1", Rule::Ipv6Address),
        ("db**1**.inter&shy;nal", "db1.internal", Rule::PrivateSuffix(".internal".into())),
        ("db\\-7", "db-7", Rule::PrivateName),
        ("AKIA*IOSFODNN7*EXAMPLE", "AKIAIOSFODNN7EXAMPLE", key),
    ] {
        let remainders = sanitised(source, Form::Markdown).text.expect_err(source);
        let found = remainders.iter().any(|one| one.shown == shown && one.rule == rule);
        assert!(found, "{source:?}: {remainders:?}");
    }
}

#[test]
fn every_finding_says_where_and_why() {
    let source = "10.0.0.1: db-7\u{7} fails";
    let outcome = sanitised(source, Form::Markdown);
    let said: Vec<_> = outcome
        .findings
        .iter()
        .map(|one| (&source[one.at.clone()], one.rule.clone(), one.replacement.as_deref()))
        .collect();
    let expected = [
        ("10.0.0.1", Rule::Ipv4Address, Some("\\[redacted\\]")),
        ("db-7", Rule::PrivateName, Some("[redacted]")),
        ("\u{7}", Rule::UnfitCharacter, Some("")),
    ];
    assert_eq!(said, expected);
    let text = outcome.text.expect("clean");
    assert_eq!(text.plain(), "[redacted]: [redacted] fails");
    assert_eq!(public("`10.0.0.1: x`").plain(), "[redacted]: x", "code shows no escapes");
}

#[test]
fn the_replacement_is_in_the_language_of_the_page_and_is_never_removed() {
    let word = Replacement::new("[entfernt]").expect("a word");
    let once = rules().sanitise("Passwort auf db-7, password=hunter2", Form::Plain, &word, &[]);
    let text = once.text.expect("clean");
    assert_eq!(text.source(), "Passwort auf [entfernt], [entfernt]");
    let again = rules().sanitise("password=[entfernt]", Form::Plain, &word, &[]);
    assert_eq!((again.findings, again.text.expect("clean").source()), (Vec::new(), "password=[entfernt]"));
    for bad in ["", " x", "a*b", "a\nb", "<b>", "x:", &"x".repeat(41)] {
        assert_eq!(Replacement::new(bad), None, "{bad:?}");
    }
}

#[test]
fn an_admin_releases_one_hit_by_name() {
    let released = ["1.2.3.4".to_owned(), "https://10.0.0.1/x".to_owned()];
    let clean = |source: &str| rules().sanitise(source, Form::Markdown, &Replacement::default(), &released);
    let outcome = clean("firmware 1.2.3.4, not 1.2.3.5, at https://10.0.0.1/x");
    let kept: Vec<_> = outcome.findings.iter().map(|one| one.replacement.is_none()).collect();
    assert_eq!(kept, [true, false, true]);
    let text = outcome.text.expect("what was released shows");
    assert_eq!(text.source(), "firmware 1.2.3.4, not [redacted], at https://10.0.0.1/x");
    assert!(clean("**1**.2.3.4").text.is_ok() && clean("**1**.2.3.5").text.is_err());
}

#[test]
fn settings_that_cannot_be_used_are_said_all_at_once() {
    let settings = Settings {
        private_suffixes: vec!["..".into(), ".ok".into(), "a b".into()],
        secret_patterns: vec!["(".into(), "x*".into(), "ok".into()],
        ..Settings::default()
    };
    let wrong = Rules::new(&settings).expect_err("unusable");
    let places: Vec<_> = wrong.iter().map(|one| (one.key, one.index)).collect();
    let expected =
        [("private_suffixes", 0), ("private_suffixes", 2), ("secret_patterns", 0), ("secret_patterns", 1)];
    assert_eq!(places, expected);
    let own = Settings {
        private_suffixes: vec!["Büro.example".into()],
        secret_patterns: vec!["^geheim$".into()],
        ..Settings::default()
    };
    let rules = Rules::new(&own).expect("usable");
    let source = "a.büro.example b.internal xn--bro-hoa.example x.xn--bro-hoa.example\ngeheim\ngeheim!";
    let text = rules.sanitise(source, Form::Plain, &Replacement::default(), &[]).text.expect("clean");
    assert_eq!(text.source(), "[redacted] b.internal xn--bro-hoa.example [redacted]\n[redacted]\ngeheim!");
}
