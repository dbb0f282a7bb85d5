//! The bearer token that `/metrics` requires if the configuration names a file.

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use skerry_host::secret_files;
use skerry_web::MetricsAccess;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Between two readings.
const EVERY: Duration = Duration::from_secs(2);

/// The token of `[admin] metrics_token_file`. It is read every two seconds, never by a request, so that it can be replaced
/// at run time. Clones share it.
#[derive(Clone, Default)]
pub struct MetricsToken(Option<Arc<TokenFile>>);

struct TokenFile {
    file: PathBuf,
    /// The first line; `None`: the file gives no token.
    line: ArcSwap<Option<Vec<u8>>>,
}

impl MetricsToken {
    /// Requires the first line of `file`; without a file, everybody may read the metrics.
    #[must_use]
    pub fn of(file: Option<PathBuf>) -> Self {
        Self(file.map(|file| {
            let line = ArcSwap::from_pointee(read(&file, true));
            Arc::new(TokenFile { file, line })
        }))
    }

    /// Reads the file every two seconds, on a thread that may block. `None`: there is no file.
    pub(crate) fn watch(&self) -> Option<JoinHandle<()>> {
        let token = Arc::clone(self.0.as_ref()?);
        Some(tokio::spawn(async move {
            let mut due = tokio::time::interval(EVERY);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                let token = Arc::clone(&token);
                let _read = tokio::task::spawn_blocking(move || token.read_again()).await;
            }
        }))
    }

    pub(super) fn access(&self, sent: Option<&str>) -> MetricsAccess {
        let Some(token) = &self.0 else { return MetricsAccess::Granted };
        let line = token.line.load();
        let Some(wanted) = line.as_ref() else { return MetricsAccess::Unavailable };
        // Digests are compared, since their comparison takes no time that depends on the tokens.
        let same = sent.is_some_and(|sent| Sha256::digest(sent) == Sha256::digest(wanted));
        if same { MetricsAccess::Granted } else { MetricsAccess::Denied }
    }
}

impl TokenFile {
    fn read_again(&self) {
        let former = self.line.load_full();
        let next = read(&self.file, former.is_some());
        if next != *former {
            self.line.store(Arc::new(next));
        }
    }
}

/// The token that the file gives. `tells`: says in the log if it gives none.
fn read(file: &Path, tells: bool) -> Option<Vec<u8>> {
    let read = secret_files::token(file);
    let read = read.inspect_err(|error| {
        if tells {
            tracing::warn!(%error, file = %file.display(), "[admin] metrics_token_file gives no token: metrics are refused");
        }
    });
    read.ok()
}

/// Says nothing of the token.
impl fmt::Debug for MetricsToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MetricsToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_again(token: &MetricsToken) {
        token.0.as_ref().expect("a file").read_again();
    }

    #[test]
    fn a_token_gives_access_and_can_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let token = MetricsToken::of(Some(file.clone()));
        assert_eq!(token.access(Some("one")), MetricsAccess::Unavailable, "there is no file yet");
        for (text, sent, access) in [
            ("one\n", Some("one"), MetricsAccess::Granted),
            ("one\n", Some("two"), MetricsAccess::Denied),
            ("one\n", Some(""), MetricsAccess::Denied),
            ("one\n", None, MetricsAccess::Denied),
            ("two\nanything", Some("two"), MetricsAccess::Granted),
            ("two\nanything", Some("one"), MetricsAccess::Denied),
            ("\u{feff}three \r\n", Some("three"), MetricsAccess::Granted),
            ("\n", Some(""), MetricsAccess::Unavailable),
        ] {
            std::fs::write(&file, text).expect("written");
            read_again(&token);
            assert_eq!(token.access(sent), access, "{text:?} {sent:?}");
        }
        std::fs::write(&file, "four\n").expect("written");
        assert_eq!(token.access(Some("four")), MetricsAccess::Unavailable, "a request reads no file");
        read_again(&token);
        assert_eq!(token.access(Some("four")), MetricsAccess::Granted);
        assert!(!format!("{token:?}").contains("four"));
        std::fs::write(&file, b"\xff\xfet\0w\0o\0").expect("written");
        read_again(&token);
        assert_eq!(token.access(Some("two")), MetricsAccess::Unavailable, "UTF-16 is not accepted");
        assert_eq!(MetricsToken::default().access(None), MetricsAccess::Granted);
    }
}
