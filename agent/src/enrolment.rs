//! What an agent keeps of its enrolment: its token, readable for itself alone, and beside it in a file
//! `<token file>.aggregator` who it is, which aggregator it enrolled with and which certificate it pinned.

use crate::delivery::trust::{Fingerprint, read_fingerprint, write_fingerprint};
use anyhow::Context;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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
    /// folder's owner, who is to read it.
    ///
    /// # Errors
    /// It cannot.
    pub fn prepare(token_file: &Path) -> anyhow::Result<Self> {
        let folder = token_file.parent().filter(|one| !one.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let draft = named(token_file, ".draft");
        let _ = std::fs::remove_file(&draft);
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.with_context(|| format!("cannot write {}", draft.display()))?;
        let place = Self { token_file: token_file.to_owned(), draft, file };
        give_to_owner(&place.file, folder)?;
        Ok(place)
    }

    /// Keeps the credential, after what it is good for: a token never stands there with the bond of another.
    ///
    /// # Errors
    /// It could not be written.
    pub fn keep(mut self, credential: &str, bond: &Bond) -> anyhow::Result<()> {
        let path = self.token_file.clone();
        let kept = || format!("cannot keep the token in {}", path.display());
        writeln!(self.file, "{credential}").with_context(kept)?;
        self.file.sync_all().with_context(kept)?;
        let bond_draft = named(&path, ".aggregator.draft");
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&bond_draft)
            .with_context(kept)?;
        give_to_owner(&file, path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(bond.text().as_bytes()).with_context(kept)?;
        file.sync_all().with_context(kept)?;
        std::fs::rename(&bond_draft, beside(&path)).with_context(kept)?;
        std::fs::rename(&self.draft, &path).with_context(kept)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Renamed away where all went well.
        let _ = std::fs::remove_file(&self.draft);
    }
}

/// What root makes in a folder of another is that other's, who is to read it.
///
/// # Errors
/// The system refuses.
pub fn give_to_owner(file: &std::fs::File, folder: &Path) -> anyhow::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let given = std::fs::metadata(folder)
        .and_then(|owner| std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid())));
    given.with_context(|| format!("cannot give what was written to the owner of {}", folder.display()))
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_root_keeps_belongs_to_the_owner_of_the_folder() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::TempDir::new().expect("a folder");
        std::os::unix::fs::chown(folder.path(), Some(12_345), Some(12_346)).expect("root may");
        let token = folder.path().join("token");
        Place::prepare(&token).expect("writable").keep("ska_1", &Bond::default()).expect("kept");
        for path in [beside(&token), token] {
            let kept = std::fs::metadata(&path).expect("there");
            assert_eq!((kept.uid(), kept.gid(), kept.mode() & 0o777), (12_345, 12_346, 0o600), "{path:?}");
        }
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
