//! What an agent keeps of its enrolment: its token, readable for itself alone, and beside it in a file
//! `<token file>.aggregator` who it is, which aggregator it enrolled with and which certificate it pinned.

use crate::delivery::trust::{Fingerprint, read_fingerprint, write_fingerprint};
use anyhow::Context;
use skerry_host::rights::{Lowered, lower_for};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is to be done about an agent that is not enrolled.
pub const HOW_TO_ENROL: &str = "On the aggregator's host run: skerry-aggregator agent add NAME --location LOCATION, \
                                and run the line that it prints here, as root or as this agent's user";

/// Which aggregator is ours, and who we are to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// The agent's name there.
    pub name: Option<String>,
    /// The failure domain it was said to stand in.
    pub location: Option<String>,
    /// The aggregator's addresses.
    pub urls: Vec<String>,
    /// Its id.
    pub aggregator_id: Option<String>,
    /// Its certificate.
    pub fingerprint: Option<Fingerprint>,
}

impl Bond {
    /// What stands beside `token_file`; nothing where the token came by hand.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(token_file: &Path) -> anyhow::Result<Self> {
        let path = beside(token_file);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let mut bond = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let broken = || format!("{} is damaged: enrol this agent again", path.display());
            match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("name", name)) => bond.name = Some(name.to_owned()),
                Some(("location", location)) => bond.location = Some(location.to_owned()),
                Some(("url", url)) => bond.urls.push(url.to_owned()),
                Some(("aggregator", id)) => bond.aggregator_id = Some(id.to_owned()),
                Some(("certificate", text)) => {
                    bond.fingerprint = Some(read_fingerprint(text).with_context(broken)?);
                }
                _ => return Err(anyhow::anyhow!(broken())),
            }
        }
        Ok(bond)
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

fn beside(token_file: &Path) -> PathBuf {
    let mut name = token_file.as_os_str().to_owned();
    name.push(".aggregator");
    name.into()
}

/// A place for a token, tried before a token of one use is spent.
#[derive(Debug)]
pub struct Place {
    token_file: PathBuf,
    draft: PathBuf,
    file: std::fs::File,
}

impl Place {
    /// Makes sure that `token_file` can be written; what it holds now stays. What root writes belongs to the
    /// folder's owner, who is to read it, and is written with that owner's rights.
    ///
    /// # Errors
    /// It cannot.
    pub fn prepare(token_file: &Path) -> anyhow::Result<Self> {
        let _rights = rights_at(token_file)?;
        let folder = token_file.parent().filter(|one| !one.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let draft = named(token_file, ".draft");
        let file = fresh(&draft).with_context(|| format!("cannot write {}", draft.display()))?;
        Ok(Self { token_file: token_file.to_owned(), draft, file })
    }

    /// Keeps the credential, after what it is good for: a token never stands there with the bond of another.
    ///
    /// # Errors
    /// It could not be written.
    pub fn keep(mut self, credential: &str, bond: &Bond) -> anyhow::Result<()> {
        let path = self.token_file.clone();
        let _rights = rights_at(&path)?;
        let kept = || format!("cannot keep the token in {}", path.display());
        writeln!(self.file, "{credential}").with_context(kept)?;
        self.file.sync_all().with_context(kept)?;
        let bond_draft = named(&path, ".aggregator.draft");
        let mut file = fresh(&bond_draft).with_context(kept)?;
        file.write_all(bond.text().as_bytes()).with_context(kept)?;
        file.sync_all().with_context(kept)?;
        std::fs::rename(&bond_draft, beside(&path)).with_context(kept)?;
        std::fs::rename(&self.draft, &path).with_context(kept)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Renamed away where all went well.
        let _rights = lower_for(&self.draft);
        let _ = std::fs::remove_file(&self.draft);
    }
}

fn rights_at(path: &Path) -> anyhow::Result<Lowered> {
    lower_for(path).with_context(|| format!("cannot take the rights of the owner of {}", path.display()))
}

/// A file that was not there, in place of what a former attempt left. A link in the way is not followed.
fn fresh(path: &Path) -> std::io::Result<std::fs::File> {
    let _ = std::fs::remove_file(path);
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn named(path: &Path, end: &str) -> PathBuf {
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
        Place::prepare(&token).expect("writable").keep("ska_1", &Bond::default()).expect("kept");
        for path in [beside(&token), token] {
            let kept = std::fs::metadata(&path).expect("there");
            assert_eq!((kept.uid(), kept.gid(), kept.mode() & 0o777), (12_345, 12_346, 0o600), "{path:?}");
        }
    }

    /// The owner of the folder has put links in the way of all that root may write there.
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
            symlink(&victim, named(&token, end)).expect("linked");
        }
        symlink(of_root.path(), folder.path().join("sub")).expect("linked");
        let place = Place::prepare(&token).expect("writable");
        place.keep("ska_1", &Bond::default()).expect("kept");
        Place::prepare(&folder.path().join("sub/token"))
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
        assert_eq!(Bond::read(&token).expect("none"), Bond::default());
        drop(Place::prepare(&token).expect("writable"));
        let bond = Bond {
            name: Some("web-1".into()),
            location: Some("Frankfurt = 1".into()),
            urls: vec!["https://a.example:8081".into(), "https://b.example/?a=b".into()],
            aggregator_id: Some("abc".into()),
            fingerprint: Some([0xa7; 32]),
        };
        Place::prepare(&token).expect("writable").keep("ska_1", &bond).expect("kept");
        assert_eq!(Bond::read(&token).expect("there"), bond);
        assert_eq!(std::fs::read_to_string(&token).expect("there"), "ska_1\n");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(token.parent().expect("a folder")).expect("lists") {
            let entry = entry.expect("an entry");
            assert_eq!(entry.metadata().expect("there").permissions().mode() & 0o777, 0o600);
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        assert_eq!(names, ["token", "token.aggregator"]);
        std::fs::write(beside(&token), "certificate = sha256:12\n").expect("written");
        assert!(Bond::read(&token).expect_err("damaged").to_string().contains("enrol this agent again"));
    }
}
