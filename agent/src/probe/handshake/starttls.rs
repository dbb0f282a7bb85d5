//! The plain-text dialogue before TLS: requested in each protocol's own way, read within limits. Data that
//! the server sends in plain text after its consent is refused, because it would pass for part of the
//! protected stream (CVE-2011-0411, CVE-2021-23222).

use skerry_protocol::check::{StartTls, address_literal};
use skerry_protocol::wire::Reason;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::probe::fault::Fault;

/// Maximum line length, bytes; RFC 5321 allows 512, but IMAP capabilities are longer.
const MAX_LINE: usize = 4 << 10;
/// Maximum number of lines per answer.
const MAX_LINES: usize = 100;
/// Length 8, code 1234.5679.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The stream of a dialogue.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// The upgrade of a plain-text connection to TLS.
pub(in crate::probe) struct StartTlsUpgrade {
    protocol: StartTls,
    /// The name this host sends to an SMTP server.
    ehlo: String,
}

impl StartTlsUpgrade {
    pub(super) fn new(protocol: StartTls, ehlo: Option<&str>, stream: &TcpStream) -> Self {
        Self { protocol, ehlo: own_name(ehlo, stream) }
    }

    pub(in crate::probe) async fn negotiate(&self, stream: &mut TcpStream) -> Result<(), Fault> {
        negotiate(stream, self.protocol, &self.ehlo).await
    }
}

/// The name this host sends to an SMTP server (RFC 5321, section 4.1.4): as the check says; otherwise the
/// host name if it is fully qualified; otherwise the address of this connection.
fn own_name(asked: Option<&str>, stream: &TcpStream) -> String {
    if let Some(name) = asked {
        return name.to_owned();
    }
    let system = rustix::system::uname();
    match system.nodename().to_str() {
        Ok(name) if is_full_name(name) => name.trim_end_matches('.').to_owned(),
        _ => stream.local_addr().map_or_else(|_| "localhost".to_owned(), |own| address_literal(own.ip())),
    }
}

/// At least two labels of letters, digits and hyphens; not an address.
fn is_full_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        letters && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && name != "localhost.localdomain"
        && name.split('.').all(is_label)
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// Runs the dialogue up to the start of TLS; SMTP introduces itself as `ehlo`.
pub(super) async fn negotiate<S: Stream>(
    stream: &mut S,
    protocol: StartTls,
    ehlo: &str,
) -> Result<(), Fault> {
    let mut dialogue = Dialogue { stream, unread: Vec::new() };
    match protocol {
        StartTls::Smtp => smtp(&mut dialogue, ehlo).await?,
        StartTls::Imap => imap(&mut dialogue).await?,
        StartTls::Pop3 => pop3(&mut dialogue).await?,
        StartTls::Postgres => postgres(&mut dialogue).await?,
    }
    dialogue.expect_no_more()
}

async fn smtp(dialogue: &mut Dialogue<'_, impl Stream>, ehlo: &str) -> Result<(), Fault> {
    let (code, greeting) = dialogue.reply().await?;
    if code != 220 {
        return Err(unwelcome(&format!("{code} {greeting}")));
    }
    dialogue.send(format!("EHLO {ehlo}\r\n").as_bytes()).await?;
    let (code, abilities) = dialogue.reply().await?;
    match code {
        250 => {}
        // A server without EHLO has none of its extensions (RFC 5321, section 3.2).
        500 | 502 => return Err(Fault::down(Reason::StarttlsRefused, knows_no_ehlo(code, &abilities))),
        _ => return Err(refused(&format!("{code} {abilities}"))),
    }
    if !abilities.lines().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(Fault::down(Reason::StarttlsRefused, "the server does not offer STARTTLS"));
    }
    dialogue.send(b"STARTTLS\r\n").await?;
    match dialogue.reply().await? {
        (220, _) => Ok(()),
        (code, text) => Err(refused(&format!("{code} {text}"))),
    }
}

async fn imap(dialogue: &mut Dialogue<'_, impl Stream>) -> Result<(), Fault> {
    let greeting = dialogue.line().await?;
    if begins(&greeting, "* PREAUTH") {
        let dialogue =
            "the server greets with PREAUTH: the connection counts as logged in, which excludes STARTTLS";
        return Err(Fault::down(Reason::StarttlsRefused, dialogue));
    }
    if !begins(&greeting, "* OK") {
        return Err(unwelcome(&greeting));
    }
    dialogue.send(b"a STARTTLS\r\n").await?;
    for _ in 0..MAX_LINES {
        let line = dialogue.line().await?;
        if begins(&line, "a OK") {
            return Ok(());
        }
        if !line.starts_with('*') {
            return Err(refused(&line));
        }
    }
    Err(too_much())
}

async fn pop3(dialogue: &mut Dialogue<'_, impl Stream>) -> Result<(), Fault> {
    let greeting = dialogue.line().await?;
    if !begins(&greeting, "+OK") {
        return Err(unwelcome(&greeting));
    }
    dialogue.send(b"STLS\r\n").await?;
    let answer = dialogue.line().await?;
    if begins(&answer, "+OK") { Ok(()) } else { Err(refused(&answer)) }
}

async fn postgres(dialogue: &mut Dialogue<'_, impl Stream>) -> Result<(), Fault> {
    dialogue.send(&SSL_REQUEST).await?;
    dialogue.fill().await?;
    match dialogue.unread.remove(0) {
        b'S' => Ok(()),
        b'N' => Err(Fault::down(Reason::StarttlsRefused, "the server answers that it has no TLS")),
        b'E' => Err(Fault::down(Reason::StarttlsRefused, "the server answers with an error")),
        other => {
            let dialogue = format!("no answer of PostgreSQL: it begins with byte {other:#04x}");
            Err(Fault::down(Reason::ProtocolError, dialogue))
        }
    }
}

fn begins(line: &str, with: &str) -> bool {
    line.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
}

fn unwelcome(greeting: &str) -> Fault {
    Fault::down(Reason::BannerMismatch, format!("the server greets with \"{greeting}\""))
}

fn knows_no_ehlo(code: u16, answer: &str) -> String {
    format!("the server does not know EHLO, and so offers no STARTTLS: it answers \"{code} {answer}\"")
}

fn refused(answer: &str) -> Fault {
    Fault::down(Reason::StarttlsRefused, format!("the server answers \"{answer}\""))
}

fn too_much() -> Fault {
    let dialogue =
        format!("an answer of more than {MAX_LINES} lines, or a line of more than {MAX_LINE} bytes");
    Fault::down(Reason::ProtocolError, dialogue)
}

/// The dialogue, with the bytes read and not yet parsed.
struct Dialogue<'s, S> {
    stream: &'s mut S,
    unread: Vec<u8>,
}

impl<S: Stream> Dialogue<'_, S> {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(bytes).await.map_err(|error| Fault::from_io(&error))
    }

    /// Reads what is available, at least one byte.
    async fn fill(&mut self) -> Result<(), Fault> {
        let mut room = [0; 1 << 10];
        match self.stream.read(&mut room).await {
            Ok(0) => {
                let dialogue = "the server closed the connection before TLS";
                Err(Fault::down(Reason::ConnectionReset, dialogue))
            }
            Ok(read) => {
                self.unread.extend_from_slice(&room[..read]);
                Ok(())
            }
            Err(error) => Err(Fault::from_io(&error)),
        }
    }

    /// Reads one line without its end.
    async fn line(&mut self) -> Result<String, Fault> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.unread.len() > MAX_LINE {
                return Err(too_much());
            }
            self.fill().await?;
        }
    }

    /// Reads an SMTP reply (RFC 5321, section 4.2): its code and the text of its lines.
    async fn reply(&mut self) -> Result<(u16, String), Fault> {
        let mut texts = String::new();
        for _ in 0..MAX_LINES {
            let line = self.line().await?;
            let (code, rest) = line.split_at_checked(3).unwrap_or_default();
            let code = code.parse().ok().filter(|_| rest.is_empty() || rest.starts_with([' ', '-']));
            let Some(code) = code else {
                return Err(Fault::down(Reason::ProtocolError, format!("no reply of SMTP: \"{line}\"")));
            };
            texts.push_str(rest.get(1..).unwrap_or_default());
            if !rest.starts_with('-') {
                return Ok((code, texts));
            }
            texts.push('\n');
        }
        Err(too_much())
    }

    /// Fails if the server sent anything after its consent.
    fn expect_no_more(self) -> Result<(), Fault> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let dialogue = "the server sent more in plain text after it agreed to begin TLS";
        Err(Fault::down(Reason::ProtocolError, dialogue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_name_is_told_to_a_mail_server() {
        for name in ["mon.example.com", "MON-1.example.com.", "a.b"] {
            assert!(is_full_name(name), "{name}");
        }
        let short = [
            "mon",
            "localhost",
            "localhost.localdomain",
            "",
            ".",
            "a..b",
            "-a.b",
            "a_b.c",
            "10.0.0.1",
            "a b.c",
        ];
        for name in short {
            assert!(!is_full_name(name), "{name}");
        }
    }
}
