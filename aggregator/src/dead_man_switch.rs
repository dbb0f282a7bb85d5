//! The dead man's switch: an address elsewhere is called every minute for as long as this aggregator is ready, which proves
//! fresh evidence and a fresh publication. Whoever waits there tells people when the calls stop, whatever stopped them. It
//! must never be called for anything less.

use anyhow::ensure;
use reqwest::Client;
use skerry_agent::delivery::client_of_host;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use url::Url;

const EVERY: Duration = Duration::from_secs(60);
/// For one call.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How many calls were answered, and how many were not.
#[derive(Debug, Default)]
pub struct Calls {
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
}

/// The caller.
#[derive(Debug)]
pub struct DeadManSwitch {
    url: Url,
    client: Client,
    calls: Arc<Calls>,
    /// The last call failed.
    failing: bool,
}

impl DeadManSwitch {
    /// Operators name the address, which may be private. Redirects are not followed, and no proxy is used.
    ///
    /// # Errors
    /// The host's authorities cannot be read.
    pub fn new(url: &Url) -> anyhow::Result<Self> {
        Ok(Self { url: url.clone(), client: client_of_host(1)?, calls: Arc::default(), failing: false })
    }

    /// The counts, which go on counting.
    #[must_use]
    pub fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Runs for ever.
    pub async fn run(mut self, is_ready: impl Fn() -> bool) {
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            self.call_if(is_ready()).await;
        }
    }

    async fn call_if(&mut self, is_ready: bool) {
        if !is_ready {
            return;
        }
        match self.call().await {
            Ok(()) => {
                self.calls.answered.fetch_add(1, Ordering::Relaxed);
                if self.failing {
                    tracing::info!("[dead_man_switch] answers again");
                }
                self.failing = false;
            }
            Err(error) => {
                self.calls.failed.fetch_add(1, Ordering::Relaxed);
                if !self.failing {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "[dead_man_switch] cannot be called: it will report this aggregator as down"
                    );
                }
                self.failing = true;
            }
        }
    }

    async fn call(&self) -> anyhow::Result<()> {
        // The URL is a secret: whoever calls it keeps the switch from reporting.
        let answer = self.client.get(self.url.clone()).timeout(TIMEOUT).send().await;
        let status = answer.map_err(reqwest::Error::without_url)?.status();
        ensure!(status.is_success(), "it answered {status}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    /// A server that gives these answers, one after the other, and reports the first line of each request.
    fn server(answers: &'static [&'static str]) -> (Url, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let (requests, received) = channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a caller");
                let mut head = [0; 4_096];
                let length = stream.read(&mut head).expect("a request");
                let line = String::from_utf8_lossy(&head[..length]).lines().next().map(str::to_owned);
                requests.send(line.unwrap_or_default()).expect("the test listens");
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .expect("it is sent");
            }
        });
        (Url::parse(&format!("http://{address}/ping/secret")).expect("a URL"), received)
    }

    fn counts(switch: &DeadManSwitch) -> (u64, u64) {
        (switch.calls.answered.load(Ordering::Relaxed), switch.calls.failed.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn it_is_called_only_while_the_aggregator_is_ready() {
        let (url, received) = server(&["200 OK"]);
        let mut switch = DeadManSwitch::new(&url).expect("a client");
        switch.call_if(false).await;
        assert_eq!(counts(&switch), (0, 0));
        assert!(received.try_recv().is_err(), "nobody called");
        switch.call_if(true).await;
        assert_eq!(counts(&switch), (1, 0));
        assert_eq!(received.recv().expect("a call"), "GET /ping/secret HTTP/1.1");
    }

    #[tokio::test]
    async fn errors_and_redirects_are_failures_and_no_log_names_the_address() {
        let (url, _received) = server(&["500 Oops", "302 Found\r\nLocation: /elsewhere", "204 No Content"]);
        let mut switch = DeadManSwitch::new(&url).expect("a client");
        switch.call_if(true).await;
        switch.call_if(true).await;
        assert_eq!(counts(&switch), (0, 2));
        switch.call_if(true).await;
        assert_eq!((counts(&switch), switch.failing), ((1, 2), false));
        // The server is gone.
        let error = format!("{:#}", switch.call().await.expect_err("nobody answers"));
        assert!(!error.contains("secret"), "{error}");
    }
}
