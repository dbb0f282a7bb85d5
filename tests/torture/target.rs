//! A web server whose health the test switches; counts requests.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) well: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
}

impl Target {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (well, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let (health, count) = (Arc::clone(&well), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let mut stream = stream;
                let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(1)));
                let mut request = [0; 2_048];
                let _ = stream.read(&mut request);
                count.fetch_add(1, Ordering::Relaxed);
                let status = if health.load(Ordering::Relaxed) { "200 OK" } else { "503 Gone Fishing" };
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, well, asked }
    }

    /// Requests so far.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}
