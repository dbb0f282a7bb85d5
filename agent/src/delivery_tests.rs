use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A peer that answers every request with the same bytes and gives back what it was sent.
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
async fn each_answer_is_taken_for_what_it_is() {
    let reply = wire::Reply { protocol: 1, acknowledged_through: 7, ..wire::Reply::default() };
    let kind = "200 OK\r\ncontent-type: application/x-protobuf";
    assert_eq!(told(kind, &reply.encode_to_vec()).await, Delivery::Accepted(reply));
    let portal = told("200 OK\r\ncontent-type: text/html", b"<html>Welcome to the hotel</html>").await;
    assert!(matches!(portal, Delivery::Again { why, .. } if why.contains("captive portal")));
    assert!(matches!(told(kind, b"\xff\xff").await, Delivery::Again { .. }));
    assert!(
        matches!(told("401 Unauthorized", b"no such token").await, Delivery::Unauthorized(why) if why.contains("no such token"))
    );
    assert!(matches!(told("403 Forbidden", b"").await, Delivery::Unauthorized(_)));
    assert!(
        matches!(told("400 Bad Request", b"the batch").await, Delivery::Malformed(why) if why.contains("the batch"))
    );
    let busy = told("503 Service Unavailable\r\nretry-after: 17", b"").await;
    assert!(matches!(busy, Delivery::Again { after: Some(after), .. } if after == Duration::from_secs(17)));
    let moved = told("302 Found\r\nlocation: http://127.0.0.1:1/", b"").await;
    assert!(matches!(moved, Delivery::Again { why, .. } if why.contains("302")));
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
