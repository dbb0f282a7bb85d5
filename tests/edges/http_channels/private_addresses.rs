//! No way to name a private address leads to a connection: not as a literal, by A, AAAA or CNAME, by an answer that changes,
//! or by a redirect.

use super::names::{Record, Zone};
use super::{DEADLINES, answer, client, corpus, post};
use skerry_notify::destination::{Reach, UrlFault, webhook_url};
use skerry_notify::{Class, Outcome};
use skerry_tests::parts::http_server::{self, Ending, HttpServer};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use url::Url;

const PUBLIC: Reach = Reach::Public { also: Vec::new() };

/// Listens at all addresses of this host and is never called.
struct Canary {
    listener: TcpListener,
}

impl Canary {
    fn new() -> Self {
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        let listener = TcpListener::bind(any).expect("a port");
        listener.set_nonblocking(true).expect("it does not wait");
        Self { listener }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().expect("bound").port()
    }

    /// Connections wait in its queue until somebody looks.
    fn assert_unseen(&self) {
        match self.listener.accept() {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            Ok((_, from)) => panic!("the canary was called from {from}"),
        }
    }
}

#[tokio::test]
async fn the_canary_hears_whoever_reaches_it() {
    let canary = Canary::new();
    let everything = client(Reach::Any, &Arc::default(), Vec::new(), DEADLINES);
    let url = format!("http://127.0.0.1:{}/", canary.port());
    let connection = async {
        loop {
            match canary.listener.accept() {
                // It goes away without an answer.
                Ok(_) => return,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let (outcome, ()) = tokio::join!(post(&everything, &url), connection);
    assert_eq!(answer(&outcome).class, Class::Unreachable, "{outcome:?}");
}

#[tokio::test]
async fn no_literal_is_connected_to() {
    let canary = Canary::new();
    let client = client(PUBLIC, &Arc::default(), Vec::new(), DEADLINES);
    let hosts = corpus::hosts();
    assert!(hosts.len() > 500, "{}", hosts.len());
    for host in &hosts {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/", canary.port());
            let outcome = post(&client, &url).await;
            assert!(matches!(outcome, Outcome::Refused(_)), "{url}: {outcome:?}");
            assert_eq!(answer(&outcome).class, Class::Forbidden, "{url}");
            assert_eq!(webhook_url(&url, true, &PUBLIC), Err(UrlFault::NotPublic), "{url}");
        }
    }
    canary.assert_unseen();
}

#[tokio::test]
async fn no_name_leads_to_one() {
    let canary = Canary::new();
    let addresses = corpus::addresses();
    let public: IpAddr = "8.8.8.8".parse().expect("an address");
    let mut records = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        let name = |kind: &str| format!("{kind}{number}.acme.com");
        records.push((name("one"), Record::Addresses(vec![*address])));
        records.push((name("first"), Record::Addresses(vec![*address, public])));
        records.push((name("last"), Record::Addresses(vec![public, *address])));
        records.push((name("alias"), Record::Alias(name("one"))));
        records.push((name("aliases"), Record::Alias(name("alias"))));
    }
    let names: Vec<String> = records.iter().map(|(name, _)| name.clone()).collect();
    let zone = Arc::new(Zone::new(records));
    let client = client(PUBLIC, &zone, Vec::new(), DEADLINES);
    assert!(names.len() > 1_000, "{}", names.len());
    for name in &names {
        let outcome = post(&client, &format!("http://{name}:{}/", canary.port())).await;
        assert!(matches!(outcome, Outcome::Later { after: None, .. }), "{name}: {outcome:?}");
        assert_eq!(answer(&outcome).class, Class::Forbidden, "{name}");
        assert_eq!(answer(&outcome).text, "its address is not public: nothing was sent");
    }
    canary.assert_unseen();
}

/// The server that may be reached stands at 127.0.0.1, the canary at the same port of other addresses of the loopback.
fn allowed() -> Reach {
    Reach::Public { also: vec!["127.0.0.1/32".parse().expect("a network")] }
}

#[tokio::test]
async fn an_answer_that_changes_is_checked_at_each_connection() {
    let server = HttpServer::with(&http_server::answer("200 OK", "", b"")).await;
    let port = Url::parse(&server.url("/")).expect("a URL").port().expect("a port");
    let canary = TcpListener::bind(("127.0.0.2", port)).expect("the same port of another address");
    canary.set_nonblocking(true).expect("it does not wait");
    let [good, bad] = ["127.0.0.1", "127.0.0.2"].map(|text| text.parse().expect("an address"));
    let rebinding = Record::Changing(vec![good, bad, good, bad]);
    let zone = Arc::new(Zone::new([("rebinding.acme.com".to_owned(), rebinding)]));
    let client = client(allowed(), &zone, Vec::new(), DEADLINES);
    let url = format!("http://rebinding.acme.com:{port}/");
    for (questions, class) in
        [(1, Class::Success), (2, Class::Forbidden), (3, Class::Success), (4, Class::Forbidden)]
    {
        let outcome = post(&client, &url).await;
        assert_eq!(answer(&outcome).class, class, "{outcome:?}");
        assert_eq!(zone.asked("rebinding.acme.com"), questions, "what was checked is what is connected to");
    }
    assert_eq!(canary.accept().expect_err("nobody").kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let canary = Canary::new();
    let hosts = corpus::hosts();
    let target = canary.port();
    // Each path is answered with a redirect to the host of that number.
    let redirecting = hosts.clone();
    let server = HttpServer::start(Ending::Never, move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
        let (status, number) = path.split_once('/').expect("a status and a number");
        let host = &redirecting[number.parse::<usize>().expect("a number")];
        http_server::answer(
            &format!("{status} Elsewhere"),
            &format!("Location: http://{host}:{target}/\r\n"),
            b"",
        )
    })
    .await;
    let client = client(allowed(), &Arc::default(), Vec::new(), DEADLINES);
    for number in 0..hosts.len() {
        let status = [301, 302, 303, 307, 308][number % 5];
        let outcome = post(&client, &server.url(&format!("/{status}/{number}"))).await;
        let expected = format!("HTTP {status}, and redirects are not followed");
        assert_eq!(answer(&outcome).text, expected);
        assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    }
    assert_eq!(server.requests().len(), hosts.len());
    canary.assert_unseen();
}
