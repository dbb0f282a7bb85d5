//! What an agent stores of its enrolment: its token, readable only by itself, and beside it the file `<token
//! file>.aggregator` with its identity, its aggregator and the pinned certificate.

use crate::delivery::trust::{Fingerprint, read_fingerprint, write_fingerprint};
use anyhow::Context;
use skerry_host::rights::{Lowered, lower_for};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How to enrol an agent.
pub const HOW_TO_ENROL: &str = "On the aggregator's host run: skerry-aggregator agent add NAME --location LOCATION, \
                                and run the line that it prints here, as root or as this agent's user";

/// The agent's identity and its aggregator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolment {
    /// Name of the agent at the aggregator.
    pub name: Option<String>,
    /// Failure domain of the agent.
    pub location: Option<String>,
    /// Base URLs of the aggregator.
    pub urls: Vec<String>,
    /// Id of the aggregator.
    pub aggregator_id: Option<String>,
    /// Pinned certificate.
    pub fingerprint: Option<Fingerprint>,
}

impl Enrolment {
    /// Reads the file beside `token_file`; empty if the token was placed by hand.
    ///
    /// # Errors
    /// The file exists but cannot be read.
    pub fn read(token_file: &Path) -> anyhow::Result<Self> {
        let path = enrolment_path(token_file);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let mut enrolment = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let broken = || format!("{} is damaged: enrol this agent again", path.display());
            match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("name", name)) => enrolment.name = Some(name.to_owned()),
                Some(("location", location)) => enrolment.location = Some(location.to_owned()),
                Some(("url", url)) => enrolment.urls.push(url.to_owned()),
                Some(("aggregator", id)) => enrolment.aggregator_id = Some(id.to_owned()),
                Some(("certificate", text)) => {
                    enrolment.fingerprint = Some(read_fingerprint(text).with_context(broken)?);
                }
                _ => return Err(anyhow::anyhow!(broken())),
            }
        }
        Ok(enrolment)
    }

    fn text(&self) -> String {
        let pin = self.fingerprint.as_ref().map(write_fingerprint);
        let alone = [
            ("name", self.name.as_deref()),
            ("location", self.location.as_deref()),
            ("aggregator", self.aggregator_id.as_deref()),
            ("certificate", pin.as_deref()),
        ];
        let alone = alone.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
        let urls = self.urls.iter().map(|url| ("url", url.as_str()));
        alone.chain(urls).map(|(key, value)| format!("{key} = {value}\n")).collect()
    }
}

fn enrolment_path(token_file: &Path) -> PathBuf {
    let mut name = token_file.as_os_str().to_owned();
    name.push(".aggregator");
    name.into()
}

/// A writable token file, prepared before a single-use token is spent.
#[derive(Debug)]
pub struct TokenFile {
    token_file: PathBuf,
    draft: PathBuf,
    file: std::fs::File,
}

impl TokenFile {
    /// Makes sure that `token_file` can be written; its present content stays. Root writes with the rights of
    /// the folder's owner, who has to read the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn prepare(token_file: &Path) -> anyhow::Result<Self> {
        let _rights = rights_at(token_file)?;
        let folder = token_file.parent().filter(|one| !one.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let draft = with_suffix(token_file, ".draft");
        let file = create_new(&draft).with_context(|| format!("cannot write {}", draft.display()))?;
        Ok(Self { token_file: token_file.to_owned(), draft, file })
    }

    /// Stores the credential after the enrolment, so that a token never stands beside the enrolment of
    /// another.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(mut self, credential: &str, enrolment: &Enrolment) -> anyhow::Result<()> {
        let path = self.token_file.clone();
        let _rights = rights_at(&path)?;
        let kept = || format!("cannot keep the token in {}", path.display());
        writeln!(self.file, "{credential}").with_context(kept)?;
        self.file.sync_all().with_context(kept)?;
        let enrolment_draft = with_suffix(&path, ".aggregator.draft");
        let mut file = create_new(&enrolment_draft).with_context(kept)?;
        file.write_all(enrolment.text().as_bytes()).with_context(kept)?;
        file.sync_all().with_context(kept)?;
        std::fs::rename(&enrolment_draft, enrolment_path(&path)).with_context(kept)?;
        std::fs::rename(&self.draft, &path).with_context(kept)
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        // Already renamed if everything went well.
        let _rights = lower_for(&self.draft);
        let _ = std::fs::remove_file(&self.draft);
    }
}

fn rights_at(path: &Path) -> anyhow::Result<Lowered> {
    lower_for(path).with_context(|| format!("cannot take the rights of the owner of {}", path.display()))
}

/// Creates a new file in place of what an earlier attempt left. Does not follow a planted link.
fn create_new(path: &Path) -> std::io::Result<std::fs::File> {
    let _ = std::fs::remove_file(path);
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn with_suffix(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    /// Whether a test can be run that needs root; where not, it says so in the words that `tests/run` counts.
    fn is_root() -> bool {
        use std::io::Write;
        let root = rustix::process::geteuid().is_root();
        if !root {
            let test = std::thread::current().name().unwrap_or("main").to_owned();
            let _ = writeln!(std::io::stderr(), "skipped: {test}: it needs root");
        }
        root
    }

    #[test]
    fn what_root_keeps_belongs_to_the_owner_of_the_folder() {
        if !is_root() {
            return;
        }
        let folder = tempfile::TempDir::new().expect("a folder");
        chown(folder.path(), Some(12_345), Some(12_346)).expect("root may");
        let token = folder.path().join("token");
        TokenFile::prepare(&token).expect("writable").save("ska_1", &Enrolment::default()).expect("kept");
        for path in [enrolment_path(&token), token] {
            let kept = std::fs::metadata(&path).expect("there");
            assert_eq!((kept.uid(), kept.gid(), kept.mode() & 0o777), (12_345, 12_346, 0o600), "{path:?}");
        }
    }

    /// The owner of the folder planted links at every path that root may write.
    #[test]
    fn root_follows_no_link_of_the_folders_owner() {
        if !is_root() {
            return;
        }
        let (folder, of_root) =
            (tempfile::TempDir::new().expect("one"), tempfile::TempDir::new().expect("two"));
        chown(folder.path(), Some(12_345), Some(12_346)).expect("root may");
        let victim = of_root.path().join("victim");
        std::fs::write(&victim, "root's own").expect("written");
        let token = folder.path().join("token");
        for end in ["", ".draft", ".aggregator", ".aggregator.draft"] {
            symlink(&victim, with_suffix(&token, end)).expect("linked");
        }
        symlink(of_root.path(), folder.path().join("sub")).expect("linked");
        let file = TokenFile::prepare(&token).expect("writable");
        file.save("ska_1", &Enrolment::default()).expect("kept");
        TokenFile::prepare(&folder.path().join("sub/token"))
            .expect_err("a folder of root's is not theirs to write");
        assert!(rustix::process::geteuid().is_root(), "and root is root again");
        assert_eq!(std::fs::read_to_string(&victim).expect("there"), "root's own");
        assert_eq!(std::fs::metadata(&victim).expect("there").uid(), 0);
        assert_eq!(std::fs::read_dir(of_root.path()).expect("lists").count(), 1);
        let kept = token.symlink_metadata().expect("there");
        assert_eq!((kept.is_file(), kept.uid(), kept.mode() & 0o777), (true, 12_345, 0o600));
    }

    #[test]
    fn what_is_kept_is_read_again_and_is_private() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let token = folder.path().join("etc/token");
        assert_eq!(Enrolment::read(&token).expect("none"), Enrolment::default());
        drop(TokenFile::prepare(&token).expect("writable"));
        let enrolment = Enrolment {
            name: Some("web-1".into()),
            location: Some("Frankfurt = 1".into()),
            urls: vec!["https://a.example:8081".into(), "https://b.example/?a=b".into()],
            aggregator_id: Some("abc".into()),
            fingerprint: Some([0xa7; 32]),
        };
        TokenFile::prepare(&token).expect("writable").save("ska_1", &enrolment).expect("kept");
        assert_eq!(Enrolment::read(&token).expect("there"), enrolment);
        assert_eq!(std::fs::read_to_string(&token).expect("there"), "ska_1\n");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(token.parent().expect("a folder")).expect("lists") {
            let entry = entry.expect("an entry");
            assert_eq!(entry.metadata().expect("there").permissions().mode() & 0o777, 0o600);
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        assert_eq!(names, ["token", "token.aggregator"]);
        std::fs::write(enrolment_path(&token), "certificate = sha256:12\n").expect("written");
        assert!(Enrolment::read(&token).expect_err("damaged").to_string().contains("enrol this agent again"));
    }
}
