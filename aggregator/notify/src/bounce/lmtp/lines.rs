//! Lines of a session, each within its bounds.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

/// The longest command, in bytes.
const LONGEST: usize = 2 << 10;

pub(super) struct Lines<S> {
    stream: BufReader<S>,
    bound: Duration,
}

/// What a command was.
pub(super) enum Read {
    Line(String),
    TooLong,
    /// The other side has hung up.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    /// Each line, and each reply, has so much time.
    pub(super) fn new(stream: S, bound: Duration) -> Self {
        Self { stream: BufReader::new(stream), bound }
    }

    pub(super) async fn say(&mut self, reply: &str) -> Result<()> {
        let reply = format!("{reply}\r\n");
        let stream = self.stream.get_mut();
        within(self.bound, async {
            stream.write_all(reply.as_bytes()).await?;
            stream.flush().await
        })
        .await
    }

    pub(super) async fn command(&mut self) -> Result<Read> {
        let mut line = Vec::new();
        loop {
            let piece = self.piece().await?;
            if piece.is_empty() {
                return Ok(Read::End);
            }
            line.extend(&piece);
            if line.len() > LONGEST {
                return Ok(Read::TooLong);
            }
            if line.ends_with(b"\n") {
                return Ok(Read::Line(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
        }
    }

    /// The content of a mail up to its end, with one dot less at the start of each line that has one; of a long one only
    /// the first `kept` bytes. `None` if it has more than `longest`.
    pub(super) async fn content(&mut self, longest: usize, kept: usize) -> Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        let mut length = 0;
        // The last bytes before this piece: only CR and LF end a line.
        let mut end = *b"\r\n";
        let mut piece = Vec::new();
        loop {
            let more = self.piece().await?;
            if more.is_empty() {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the mail has no end"));
            }
            piece.extend(more);
            // A dot may be the end, which takes two more bytes.
            if end == *b"\r\n" && b".\r\n".starts_with(&piece) && piece.len() < 3 {
                continue;
            }
            if end == *b"\r\n" && piece == b".\r\n" {
                return Ok(Some(content));
            }
            let stuffed = end == *b"\r\n" && piece.starts_with(b".");
            let line = &piece[usize::from(stuffed)..];
            length += line.len();
            if length > longest {
                return Ok(None);
            }
            content.extend(&line[..line.len().min(kept - content.len())]);
            for byte in &piece {
                end = [end[1], *byte];
            }
            piece.clear();
        }
    }

    /// Bytes up to the end of a line, or as many of it as have come; none at the end.
    async fn piece(&mut self) -> Result<Vec<u8>> {
        let stream = &mut self.stream;
        let piece = within(self.bound, async {
            let bytes = stream.fill_buf().await?;
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            Ok(bytes[..end].to_vec())
        })
        .await?;
        self.stream.consume(piece.len());
        Ok(piece)
    }
}

async fn within<T>(bound: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(bound, work).await.unwrap_or_else(|_| Err(Error::new(ErrorKind::TimedOut, "no line in time")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    async fn content_of(pieces: &[&[u8]], longest: usize, kept: usize) -> Result<Option<Vec<u8>>> {
        let (mut theirs, ours) = duplex(64 << 10);
        let mut lines = Lines::new(ours, Duration::from_secs(60));
        for piece in pieces {
            theirs.write_all(piece).await.expect("written");
        }
        drop(theirs);
        lines.content(longest, kept).await
    }

    #[tokio::test]
    async fn a_mail_ends_with_a_dot_on_a_line_of_its_own() {
        for (sent, read) in [
            (&b".\r\n"[..], &b""[..]),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..a\r\n.b\r\n...\r\n.\r\n", b".a\r\nb\r\n..\r\n"),
            // Neither a lone LF nor a lone CR ends a line.
            (b"a\n.\n.\r\nb\r\n.\r\n", b"a\n.\n.\r\nb\r\n"),
            (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
            (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n"),
            (b"\r\n.\nb\r\n.\r\n", b"\r\n\nb\r\n"),
        ] {
            let whole = content_of(&[sent], 1000, 1000).await.expect("read").expect("short");
            assert_eq!(whole, read, "{:?}", String::from_utf8_lossy(sent));
            let bytes: Vec<_> = sent.chunks(1).collect();
            assert_eq!(content_of(&bytes, 1000, 1000).await.expect("read").expect("short"), read);
        }
    }

    #[tokio::test]
    async fn of_a_long_mail_the_beginning_is_kept_and_none_is_endless() {
        let sent = [&[b'x'; 5000][..], b"\r\n.\r\n"].concat();
        assert_eq!(content_of(&[&sent], 10_000, 100).await.expect("read").expect("short"), [b'x'; 100]);
        assert_eq!(content_of(&[&sent], 1000, 100).await.expect("read"), None);
        assert!(content_of(&[b"half of it\r\n"], 1000, 100).await.is_err());
    }
}
