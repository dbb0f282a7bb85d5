use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers every request with the same bytes and returns the request.
async fn peer(answer: Vec<u8>) -> (Url, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("an address")).parse().expect("a URL");
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a request");
        let mut heard = Vec::new();
        while !heard.windows(8).any(|end| end == b"the body") {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.expect("reads");
            assert!(read > 0, "the request ended early");
            heard.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(&answer).await.expect("answers");
        heard
    });
    (url, task)
}

fn settings(url: Url) -> HttpDeliverySettings {
    HttpDeliverySettings {
        urls: vec![url],
        token_file: None,
        ca_file: None,
        fingerprint: None,
        aggregator_id: None,
        allow_plaintext: false,
    }
}

async fn told(head: &str, body: &[u8]) -> Delivery {
    let mut answer =
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let mut bytes = std::mem::take(&mut answer).into_bytes();
    bytes.extend_from_slice(body);
    let (url, _peer) = peer(bytes).await;
    let delivery = HttpDelivery::new(&settings(url)).expect("prepares");
    delivery.deliver(Bytes::from_static(b"the body")).await
}

#[tokio::test]
async fn a_reply_is_believed_whatever_newer_fields_it_has() {
    let reply = wire::Reply { protocol: 1, acknowledged_through: 7, ..wire::Reply::default() };
    let kind = "200 OK\r\ncontent-type: application/x-protobuf";
    assert_eq!(told(kind, &reply.encode_to_vec()).await, Delivery::Accepted(reply.clone()));
    // Field 99, varint 1, and a future protocol version.
    let newer = wire::Reply { protocol: 2, ..reply };
    let mut bytes = newer.encode_to_vec();
    bytes.extend_from_slice(&[0x98, 0x06, 0x01]);
    assert_eq!(told(kind, &bytes).await, Delivery::Accepted(newer));
    assert!(matches!(told(kind, b"\xff\xff").await, Delivery::Again { .. }));
    assert!(matches!(told(kind, b"").await, Delivery::Again { .. }), "no protocol is no reply");
}

/// The expected result of a batch.
#[derive(Clone, Copy, Debug)]
enum Taken {
    Again,
    After(u64),
    Unauthorized,
    Malformed,
    TooLarge,
}

#[tokio::test]
async fn each_answer_is_taken_for_what_it_is() {
    let page = b"<html><head><title>Sign in\nhere</title></head><body>long</body></html>";
    let problem = br#"{"status":400,"detail":"no such token"}"#;
    let ours = "\r\ncontent-type: application/problem+json";
    let html = "\r\ncontent-type: text/html";
    let table: &[(&str, &str, &[u8], Taken, &str)] = &[
        ("401 Unauthorized", ours, problem, Taken::Unauthorized, "no such token"),
        ("403 Forbidden", ours, problem, Taken::Unauthorized, "no such token"),
        ("400 Bad Request", ours, problem, Taken::Malformed, "no such token"),
        ("422 Unprocessable Content", ours, problem, Taken::Malformed, "no such token"),
        ("413 Content Too Large", ours, problem, Taken::TooLarge, "413"),
        ("503 Service Unavailable\r\nretry-after: 17", ours, problem, Taken::After(17), "no such token"),
        // A proxy can neither reject the agent nor judge a batch.
        ("400 Bad Request", html, page, Taken::Again, "a proxy in between"),
        ("401 Unauthorized", html, page, Taken::Again, "a proxy in between"),
        ("403 Forbidden", html, page, Taken::Again, "Sign in here"),
        ("404 Not Found", html, b"", Taken::Again, "a proxy in between"),
        ("407 Proxy Authentication Required", html, b"", Taken::Again, "407"),
        ("413 Request Entity Too Large", html, page, Taken::TooLarge, "413"),
        ("429 Too Many Requests\r\nretry-after: 30", html, b"slow down", Taken::After(30), "slow down"),
        ("500 Internal Server Error", "", b"", Taken::Again, "500"),
        ("502 Bad Gateway", html, b"<title>502 Bad Gateway</title>", Taken::Again, "a proxy in between"),
        (
            // By the server's own clock, whatever ours shows.
            "503 Service Unavailable\r\ndate: Thu, 01 Jan 1970 00:00:05 GMT\r\nretry-after: Thu, 01 Jan 1970 00:00:17 GMT",
            html,
            b"",
            Taken::After(12),
            "503",
        ),
        ("503 Service Unavailable\r\nretry-after: soon", html, b"", Taken::Again, "503"),
        ("504 Gateway Timeout", html, page, Taken::Again, "504"),
        ("511 Network Authentication Required", html, page, Taken::Again, "Sign in here"),
        ("200 OK", html, page, Taken::Again, "captive portal, or a wrong address?): Sign in here"),
        ("204 No Content", "", b"", Taken::Again, "204"),
        (
            "302 Found\r\nlocation: https://login.example/?to=x",
            html,
            page,
            Taken::Again,
            "https://login.example/",
        ),
        ("307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/", "", b"", Taken::Again, "captive portal"),
        ("301 Moved Permanently", "", b"", Taken::Again, "nowhere"),
    ];
    for (status, kind, body, taken, words) in table {
        let delivery = told(&format!("{status}{kind}"), body).await;
        let why = match (taken, &delivery) {
            (Taken::Again, Delivery::Again { after: None, why })
            | (Taken::Unauthorized, Delivery::Unauthorized(why))
            | (Taken::Malformed, Delivery::Malformed(why))
            | (Taken::TooLarge, Delivery::TooLarge(why)) => why,
            (Taken::After(seconds), Delivery::Again { after, why })
                if *after == Some(Duration::from_secs(*seconds)) =>
            {
                why
            }
            _ => panic!("{status}{kind} was taken for {delivery:?}, not for {taken:?}"),
        };
        assert!(why.contains(words) && !why.contains('\n'), "{status}{kind}: {why}");
    }
}

#[tokio::test]
async fn the_request_is_what_the_wire_says() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "s3cret\n").expect("writes");
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).expect("sets");
    let (url, peer) = peer(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let delivery = HttpDelivery::new(&HttpDeliverySettings {
        token_file: Some(token_file.clone()),
        ..settings(url.clone())
    });
    let delivery = delivery.expect("prepares");
    delivery.deliver(Bytes::from_static(b"the body")).await;
    let heard = String::from_utf8_lossy(&peer.await.expect("heard")).to_lowercase();
    for line in [
        "post /agent/v1/batch http/1.1",
        "content-type: application/x-protobuf",
        "content-encoding: zstd",
        "authorization: bearer s3cret",
        "skerry-protocol: 1",
    ] {
        assert!(heard.contains(line), "{line} is missing in {heard}");
    }
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o644)).expect("sets");
    let open = HttpDelivery::new(&HttpDeliverySettings { token_file: Some(token_file), ..settings(url) });
    assert!(open.expect_err("refused").to_string().contains("others can read"));
}

#[test]
fn plain_http_goes_to_loopback_only_unless_allowed() {
    let of = |url: &str, allow_plaintext| {
        HttpDelivery::new(&HttpDeliverySettings { allow_plaintext, ..settings(url.parse().expect("a URL")) })
    };
    for url in ["http://127.0.0.1:8081", "http://[::1]:8081/", "http://localhost:1", "https://status.example"]
    {
        of(url, false).expect(url);
    }
    assert!(of("http://status.example", false).expect_err("refused").to_string().contains("in the clear"));
    of("http://status.example", true).expect("allowed");
    assert!(of("ftp://status.example", true).is_err());
}
