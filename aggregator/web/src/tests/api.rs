//! The API as the HTTP layer sees it: which thread answers, and where a request ends.

use super::{PRIVATE, TestServer, two_pages};
use crate::{Api, ApiCall, ApiHead, ApiReply};
use async_trait::async_trait;
use bytes::Bytes;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Answers with the number of bytes of a body. A request to `/v1/slow` is answered once [`FakeApi::release`] is called,
/// one to `/v1/full` is one too many, one to `/v1/fault` panics, and one to `/v1/client` is told whose it is.
#[derive(Default)]
pub(super) struct FakeApi {
    released: Arc<(Mutex<bool>, Condvar)>,
}

impl FakeApi {
    fn release(&self) {
        let (released, changed) = &*self.released;
        *released.lock().expect("not poisoned") = true;
        changed.notify_all();
    }
}

struct FakeCall {
    path: String,
    client: Option<IpAddr>,
    released: Arc<(Mutex<bool>, Condvar)>,
}

fn reply(status: u16, text: String) -> ApiReply {
    ApiReply { status, body: Some(("text/plain; charset=utf-8", text.into_bytes())), headers: Vec::new() }
}

impl Api for FakeApi {
    fn admit(&self, head: ApiHead) -> Result<Box<dyn ApiCall>, ApiReply> {
        Ok(Box::new(FakeCall { path: head.path, client: head.client, released: Arc::clone(&self.released) }))
    }
}

#[async_trait]
impl ApiCall for FakeCall {
    fn unread(&self, status: u16) -> ApiReply {
        reply(status, String::new())
    }

    fn begin(&mut self) -> Result<(), ApiReply> {
        if self.path == "/v1/full" { Err(reply(503, "later".to_owned())) } else { Ok(()) }
    }

    async fn answer(self: Box<Self>, body: Bytes) -> ApiReply {
        assert_ne!(self.path, "/v1/fault", "a fault");
        if self.path == "/v1/slow" {
            let (released, changed) = &*self.released;
            let waiting = released.lock().expect("not poisoned");
            drop(changed.wait_while(waiting, |released| !*released).expect("not poisoned"));
        }
        if self.path == "/v1/client" {
            return reply(200, self.client.map(|client| client.to_string()).unwrap_or_default());
        }
        reply(200, body.len().to_string())
    }
}

#[test]
fn a_request_that_takes_long_blocks_no_health_check() {
    let running = TestServer::start(two_pages(), &[PRIVATE]);
    let mut slow = TcpStream::connect(running.addresses[0]).expect("it listens");
    slow.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    slow.write_all(b"POST /v1/slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
        .expect("it reads");
    for _ in 0..3 {
        assert_eq!(running.request(0, "GET", "127.0.0.1", "/healthz", &[]).code(), "200");
        assert_eq!(running.request(0, "GET", "127.0.0.1", "/v1/other", &[]).text(), "0");
    }
    running.api.release();
    let mut answered = String::new();
    slow.read_to_string(&mut answered).expect("it answers and closes");
    assert!(answered.starts_with("HTTP/1.1 200") && answered.ends_with("\r\n\r\n3"), "{answered}");
}

#[test]
fn a_request_too_many_and_a_fault_have_answers() {
    let running = TestServer::start(two_pages(), &[PRIVATE]);
    for (path, code) in [("/v1/full", "503"), ("/v1/fault", "500"), ("/v1/other", "200")] {
        assert_eq!(running.request(0, "GET", "127.0.0.1", path, &[]).code(), code, "{path}");
    }
}

#[test]
fn a_request_that_asks_for_a_websocket_ends_where_it_says() {
    let running = TestServer::start(two_pages(), &[PRIVATE]);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for (rest, length) in [
        ("\r\n", "0"),
        ("Content-Length: 3\r\n\r\nabc", "3"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "2"),
    ] {
        let request = format!("POST /v1/other HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}{rest}");
        let answer = running.send(0, request.as_bytes());
        assert_eq!((answer.code(), answer.text().as_str()), ("200", length), "{request}");
    }
}

#[test]
fn a_head_whose_lines_do_not_end_in_crlf_is_refused() {
    let running = TestServer::start(two_pages(), &[PRIVATE]);
    for head in ["GET /v1/x HTTP/1.1\nHost: h\n\n", "GET /v1/x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"] {
        assert_eq!(running.send(0, head.as_bytes()).code(), "400", "{head:?}");
    }
}
