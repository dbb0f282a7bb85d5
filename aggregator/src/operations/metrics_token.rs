//! The bearer token that `/metrics` requires if the configuration names a file.

use sha2::{Digest, Sha256};
use skerry_host::secret_files;
use skerry_web::MetricsAccess;
use std::path::PathBuf;

/// The token of `[admin] metrics_token_file`. It is read for every request, so that it can be replaced at run time.
#[derive(Debug, Default)]
pub struct MetricsToken {
    file: Option<PathBuf>,
}

impl MetricsToken {
    /// Requires the first line of `file`; without a file, everybody may read the metrics.
    #[must_use]
    pub fn of(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    pub(super) fn access(&self, sent: Option<&str>) -> MetricsAccess {
        let Some(file) = &self.file else { return MetricsAccess::Granted };
        let wanted = match secret_files::token(file) {
            Ok(wanted) => wanted,
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "[admin] metrics_token_file gives no token: metrics are refused");
                return MetricsAccess::Unavailable;
            }
        };
        // Digests are compared, since their comparison takes no time that depends on the tokens.
        let same = sent.is_some_and(|sent| Sha256::digest(sent) == Sha256::digest(wanted));
        if same { MetricsAccess::Granted } else { MetricsAccess::Denied }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(token.access(sent), access, "{text:?} {sent:?}");
        }
        std::fs::write(&file, b"\xff\xfet\0w\0o\0").expect("written");
        assert_eq!(token.access(Some("two")), MetricsAccess::Unavailable, "UTF-16 is not accepted");
        assert_eq!(MetricsToken::default().access(None), MetricsAccess::Granted);
    }
}
