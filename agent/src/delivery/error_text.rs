//! Explains transport errors in plain words; library messages name internal parts.

use super::trust::tls_error;
use skerry_protocol::words::error_chain;
use std::error::Error;
use std::io::{self, ErrorKind};

/// The reason, as it follows an address and a colon.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    if speaks_no_tls(error) {
        return NO_TLS.to_owned();
    }
    let said = causes(error).find_map(|cause| from_errno(cause.downcast_ref::<io::Error>()?));
    said.or_else(|| from_message(error)).unwrap_or_else(|| error_chain(error))
}

const NO_TLS: &str = "https was asked of it, and it does not speak TLS: plain HTTP, or another port";

/// Whether TLS was requested and the server does not speak it.
pub(super) fn speaks_no_tls(error: &(dyn Error + 'static)) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidMessage(_)))
}

fn from_errno(error: &io::Error) -> Option<String> {
    // Only errors with a number come from the operating system.
    error.raw_os_error()?;
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => "nothing listens there (Connection refused)".to_owned(),
        ErrorKind::ConnectionReset => "the connection was cut (Connection reset)".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            format!("there is no way to it ({error})")
        }
        ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => error.to_string(),
    })
}

/// Recognises causes whose type is private to their library.
fn from_message(error: &(dyn Error + 'static)) -> Option<String> {
    let chain = error_chain(error);
    let known = [
        (
            "invalid HTTP version",
            "what answers is not HTTP: a server that speaks TLS answers so where http is asked of it",
        ),
        ("invalid HTTP", "what answers is not HTTP"),
        ("handshake eof", "the connection was closed during the TLS handshake"),
        ("connection closed before message completed", "the connection was closed before an answer came"),
        (
            "end of file before message length reached",
            "the connection was closed before the answer had ended",
        ),
        ("timed out", "no answer in time"),
    ];
    let found = known.iter().find(|(theirs, _)| chain.contains(theirs));
    let unknown = || {
        let last = causes(error).last().filter(|_| chain.contains("dns error"))?;
        Some(format!("its name is not known ({last})"))
    };
    found.map(|(_, ours)| (*ours).to_owned()).or_else(unknown)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::super::fetch::{FetchError, Fetcher};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use url::Url;

    /// A server that answers each connection with these bytes and closes it.
    fn answers(bytes: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            for connection in listener.incoming().take(2) {
                let Ok(mut connection) = connection else { return };
                let _ = connection.read(&mut [0; 4_096]);
                let _ = connection.write_all(bytes);
            }
        });
        port
    }

    async fn describe_answer(url: &str) -> String {
        let fetcher = Fetcher::new(None, None).expect("prepared");
        match fetcher.get(&Url::parse(url).expect("a URL"), &[]).await {
            Err(FetchError::Unreachable(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_went_wrong_is_said_without_the_words_of_libraries() {
        let http = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        // A fatal alert, as a TLS server sends it to a client that speaks HTTP.
        let alert = &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x32];
        let cases = [
            (
                format!("https://127.0.0.1:{}/", answers(http)),
                "https was asked of it, and it does not speak TLS",
            ),
            (
                format!("http://127.0.0.1:{}/", answers(alert)),
                "a server that speaks TLS answers so where http is asked",
            ),
            (format!("http://127.0.0.1:{}/", answers(b"")), "was closed before an answer came"),
            (format!("https://127.0.0.1:{}/", answers(b"")), "closed during the TLS handshake"),
            ("http://127.0.0.1:1/".to_owned(), "nothing listens there (Connection refused)"),
            ("http://nobody.invalid/".to_owned(), "its name is not known"),
        ];
        for (url, words) in cases {
            let said = describe_answer(&url).await;
            assert!(said.contains(words), "{url}: {said}");
            for theirs in ["error sending request", "client error", "hyper", "InvalidContentType", "os error"]
            {
                assert!(!said.contains(theirs) || url.contains("nobody"), "{url}: {said}");
            }
        }
    }
}
