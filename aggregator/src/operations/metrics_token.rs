//! What `/metrics` asks for, where the configuration names a file.

use sha2::{Digest, Sha256};
use skerry_protocol::secret;
use skerry_web::Admission;
use std::path::PathBuf;

/// The token of `[admin] metrics_token_file`. Read for every request, so that it can be exchanged.
#[derive(Debug, Default)]
pub struct MetricsToken {
    file: Option<PathBuf>,
}

impl MetricsToken {
    /// The first line of `file`; without a file everybody is let in.
    #[must_use]
    pub fn of(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    pub(super) fn admits(&self, shown: Option<&str>) -> Admission {
        let Some(file) = &self.file else { return Admission::Granted };
        let read = match std::fs::read(file) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "[admin] metrics_token_file cannot be read: metrics are closed");
                return Admission::Unknown;
            }
        };
        let wanted = match secret::token(&read) {
            Ok(wanted) => wanted,
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "[admin] metrics_token_file holds no token: metrics are closed");
                return Admission::Unknown;
            }
        };
        // How long two digests take to compare tells nothing of the tokens.
        let same = shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(wanted));
        if same { Admission::Granted } else { Admission::Refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lets_in_and_can_be_exchanged() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let token = MetricsToken::of(Some(file.clone()));
        assert_eq!(token.admits(Some("one")), Admission::Unknown, "there is no file yet");
        for (text, shown, admission) in [
            ("one\n", Some("one"), Admission::Granted),
            ("one\n", Some("two"), Admission::Refused),
            ("one\n", Some(""), Admission::Refused),
            ("one\n", None, Admission::Refused),
            ("two\nanything", Some("two"), Admission::Granted),
            ("two\nanything", Some("one"), Admission::Refused),
            ("\u{feff}three \r\n", Some("three"), Admission::Granted),
            ("\n", Some(""), Admission::Unknown),
        ] {
            std::fs::write(&file, text).expect("written");
            assert_eq!(token.admits(shown), admission, "{text:?} {shown:?}");
        }
        std::fs::write(&file, b"\xff\xfet\0w\0o\0").expect("written");
        assert_eq!(token.admits(Some("two")), Admission::Unknown, "UTF-16 is no token");
        assert_eq!(MetricsToken::default().admits(None), Admission::Granted);
    }
}
