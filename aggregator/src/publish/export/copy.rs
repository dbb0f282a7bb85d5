//! Brings a copy up to date: what is linked before what links to it, what is gone last. When something cannot be written,
//! nothing that may link to it is.

use super::super::progress::Progress;
use super::files::{Content, File, Rank, Version, files, tag_of};
use super::manifest::Manifest;
use super::target::Target;
use anyhow::anyhow;
use blake3::{Hash, Hasher};
use futures_util::{StreamExt as _, stream};
use skerry_domain::time::Timestamp;
use skerry_publish::archive::Archive;
use skerry_publish::html;
use skerry_publish::output::{CacheClass, Compression, Kind, Output, Site};
use skerry_publish::outputs::HTML;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Files that are written at once.
const AT_ONCE: usize = 8;

/// What was done to bring a copy up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files that the copy has.
    pub files: usize,
    /// Files that were written anew.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// A copy, and what is in it.
#[derive(Debug)]
pub(super) struct Copy {
    target: Target,
    known: Manifest,
    /// Why nothing may be added: there is what no export wrote. What we wrote is kept up to date and removed all the same,
    /// since it may be private by now.
    refusal: Option<anyhow::Error>,
    /// The versions of pages of archives that were written.
    versions: HashMap<String, Version>,
    /// A digest of this program, since another one may render them otherwise. `None`: it cannot be read.
    program: Option<Hash>,
    not_found: Arc<Output>,
    progress: Arc<Progress>,
}

/// What became of a file.
struct Wrote {
    tag: String,
    version: Option<Version>,
    /// The copy did not have these contents.
    anew: bool,
}

impl Copy {
    /// Takes over the copy at `target`, or begins one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) async fn open(target: Target, progress: Arc<Progress>) -> anyhow::Result<Self> {
        let (known, refusal) = target.claim().await?;
        let program = tokio::task::spawn_blocking(program).await.ok().flatten();
        let (versions, not_found) = (HashMap::new(), not_found());
        Ok(Self { target, known, refusal, versions, program, not_found, progress })
    }

    /// Whether nothing may be added, since there is what no export wrote.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Writes what differs from `site`, and removes what is gone.
    ///
    /// # Errors
    /// The first thing that could not be done. Files that do not depend on it were written all the same. After a refusal the
    /// copy is to be opened again.
    pub(super) async fn bring_up_to(&mut self, site: &Site) -> anyhow::Result<Exported> {
        let refusal = self.refusal.take();
        let exported = self.bring(site, refusal.is_some()).await;
        refusal.map_or(exported, Err)
    }

    async fn bring(&mut self, site: &Site, only_known: bool) -> anyhow::Result<Exported> {
        let wanted = files(site, &self.not_found);
        self.recognise(&wanted).await;
        let mut changed: Vec<(&String, &File)> =
            wanted.iter().filter(|(path, file)| !self.is_current(path, file)).collect();
        if only_known {
            changed.retain(|(path, _)| self.known.0.contains_key(*path));
        }
        changed.sort_by_key(|(path, file)| self.rank(path, file));
        let same = |one: &(&String, &File), other: &(&String, &File)| {
            self.rank(one.0, one.1) == self.rank(other.0, other.1)
        };
        let groups: Vec<Vec<(&String, &File)>> = changed.chunk_by(same).map(<[_]>::to_vec).collect();
        let gone: Vec<String> =
            self.known.0.keys().filter(|path| !wanted.contains_key(*path)).cloned().collect();
        let mut exported = Exported { files: wanted.len(), ..Exported::default() };
        if changed.is_empty() && gone.is_empty() {
            self.progress.set_pending(0);
            return Ok(exported);
        }
        self.progress.set_pending(changed.len() + gone.len());
        let former = self.known.0.clone();
        self.known.0.extend(changed.iter().map(|(path, _)| ((*path).clone(), None)));
        self.target.write_manifest(&self.known).await?;
        let mut failed = Failed::default();
        for group in groups {
            exported.written += self.write(&group, &former, &mut failed).await;
        }
        exported.removed = self.remove(&gone, &wanted, &mut failed).await;
        self.target.write_manifest(&self.known).await?;
        failed.first.map_or(Ok(exported), Err)
    }

    /// When a file is written. The index links to data, too: what may not be there yet comes before it.
    fn rank(&self, path: &str, file: &File) -> Rank {
        let is_unsure = self.known.0.get(path).is_none_or(Option::is_none);
        if file.rank > Rank::Index && file.rank != Rank::Shared && is_unsure {
            Rank::Inner
        } else {
            file.rank
        }
    }

    fn is_current(&self, path: &str, file: &File) -> bool {
        let Some(Some(tag)) = self.known.0.get(path) else { return false };
        match &file.content {
            Content::Rendered(output) => contents_of(tag) == tag_of(output),
            Content::Archived { version, .. } => self.versions.get(path) == Some(version),
        }
    }

    /// Notes which pages of archives the copy has as they are, though this process did not write them, or they have another
    /// version.
    async fn recognise(&mut self, wanted: &BTreeMap<String, File>) {
        let Some(program) = self.program else { return };
        let unknown = wanted.iter().filter_map(|(path, file)| {
            let Content::Archived { archive, path: at, version } = &file.content else { return None };
            let tag = self.known.0.get(path)?.as_deref().and_then(digest_of)?;
            let is_known = self.versions.get(path) == Some(version);
            (!is_known).then(|| Unrecognised {
                path: path.clone(),
                archive: Arc::clone(archive),
                at: at.clone(),
                version: version.clone(),
                digest: tag.to_owned(),
            })
        });
        let unknown: Vec<_> = unknown.collect();
        let same = move |one: Unrecognised| one.if_same(program);
        let same: Vec<_> = stream::iter(unknown).map(same).buffer_unordered(AT_ONCE).collect().await;
        self.versions.extend(same.into_iter().flatten());
    }

    /// Writes files of one rank; returns how many.
    async fn write(
        &mut self,
        group: &[(&String, &File)],
        former: &BTreeMap<String, Option<String>>,
        failed: &mut Failed,
    ) -> usize {
        let mut written = 0;
        let due = group.iter().filter(|(_, file)| !failed.roots.contains(&file.root));
        // Owned, so that the future of each depends on nothing else.
        let due: Vec<_> = due
            .map(|(path, file)| ((*path).clone(), (*file).clone(), former.get(*path).cloned().flatten()))
            .collect();
        let (target, program) = (self.target.clone(), self.program);
        let one = move |(path, file, tag): (String, File, Option<String>)| {
            let target = target.clone();
            async move {
                let wrote = write_one(&target, &path, (file.content, program), tag.as_deref()).await;
                (wrote, path, file.root)
            }
        };
        let results: Vec<_> = stream::iter(due).map(one).buffer_unordered(AT_ONCE).collect().await;
        for (result, path, root) in results {
            match result {
                Ok(wrote) => {
                    written += usize::from(wrote.anew);
                    self.progress.one_is_done();
                    self.versions.extend(wrote.version.map(|version| (path.clone(), version)));
                    self.known.0.insert(path, Some(wrote.tag));
                }
                Err(error) => failed.add(root, error),
            }
        }
        if let Err(error) = self.target.sync().await {
            // Nothing that was written is certain to stay.
            failed.roots.extend(group.iter().map(|(_, file)| file.root.clone()));
            failed.first.get_or_insert(error);
        }
        written
    }

    /// Removes what is gone; returns how many. What links to it was written before. A page that is gone as a whole does
    /// not wait for others.
    async fn remove(
        &mut self,
        gone: &[String],
        wanted: &BTreeMap<String, File>,
        failed: &mut Failed,
    ) -> usize {
        let roots: BTreeSet<&str> = wanted.values().map(|file| file.root.as_str()).collect();
        let waits = |path: &str| {
            let root = root_of(path);
            roots.contains(root) && failed.roots.contains(root)
        };
        let due: Vec<String> = gone.iter().filter(|path| !waits(path)).cloned().collect();
        let target = self.target.clone();
        let one = move |path: String| {
            let target = target.clone();
            async move { (target.remove(&path).await, path) }
        };
        let results: Vec<_> = stream::iter(due).map(one).buffer_unordered(AT_ONCE).collect().await;
        let mut removed = 0;
        for (result, path) in results {
            match result {
                Ok(()) => {
                    removed += 1;
                    self.progress.one_is_done();
                    self.known.0.remove(&path);
                    self.versions.remove(&path);
                }
                Err(error) => failed.add(root_of(&path).to_owned(), error),
            }
        }
        if let Err(error) = self.target.sync().await {
            failed.first.get_or_insert(error);
        }
        removed
    }
}

/// What could not be done.
#[derive(Debug, Default)]
struct Failed {
    /// The roots of the pages that it belongs to.
    roots: BTreeSet<String>,
    first: Option<anyhow::Error>,
}

impl Failed {
    fn add(&mut self, root: String, error: anyhow::Error) {
        self.roots.insert(root);
        self.first.get_or_insert(error);
    }
}

/// Writes a file, unless the copy has its contents already, which have `former` as their tag.
async fn write_one(
    target: &Target,
    path: &str,
    (content, program): (Content, Option<Hash>),
    former: Option<&str>,
) -> anyhow::Result<Wrote> {
    let (output, version, digest) = match content {
        Content::Rendered(output) => (output, None, None),
        Content::Archived { archive, path, version } => {
            let (output, digest) = rendered(archive, path, program).await?;
            (output, Some(version), digest)
        }
    };
    let contents = tag_of(&output);
    let anew = former.map(contents_of) != Some(contents.as_str());
    if anew {
        target.write(path, &output).await?;
    }
    let tag = digest.map_or_else(|| contents.clone(), |digest| format!("{contents}{BEFORE_DIGEST}{digest}"));
    Ok(Wrote { tag, version, anew })
}

/// A page of an archive, with the digest of what it was rendered from.
async fn rendered(
    archive: Arc<dyn Archive>,
    path: String,
    program: Option<Hash>,
) -> anyhow::Result<(Arc<Output>, Option<String>)> {
    let shown = path.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        let digest = program.and_then(|program| digest(&program, &*archive, &path));
        Some((archive.render(&path)?, digest))
    });
    rendered.await.ok().flatten().ok_or_else(|| anyhow!("the page {shown} could not be rendered"))
}

/// Separates, in the tag of a page of an archive, the tag of its contents from a digest of what it was rendered from.
const BEFORE_DIGEST: char = '+';

fn contents_of(tag: &str) -> &str {
    tag.split(BEFORE_DIGEST).next().unwrap_or(tag)
}

fn digest_of(tag: &str) -> Option<&str> {
    tag.split_once(BEFORE_DIGEST).map(|(_, digest)| digest)
}

fn digest(program: &Hash, archive: &dyn Archive, path: &str) -> Option<String> {
    let mut hasher = Hasher::new_keyed(program.as_bytes());
    hasher.update(&archive.digest(path)?);
    Some(hasher.finalize().to_hex()[..32].to_owned())
}

/// The program that runs, even if a newer one lies at its path.
fn program() -> Option<Hash> {
    let mut hasher = Hasher::new();
    hasher.update_reader(std::fs::File::open("/proc/self/exe").ok()?).ok()?;
    Some(hasher.finalize())
}

/// The root of the page to which a path of a copy belongs.
fn root_of(path: &str) -> &str {
    let below = path.strip_prefix("status/").and_then(|rest| rest.split_once('/'));
    below.map_or("", |(slug, _)| &path[.."status/".len() + slug.len() + 1])
}

fn not_found() -> Arc<Output> {
    let page = html::not_found();
    let kind = Kind { content_type: HTML, cache: CacheClass::Live, keys: &[], policy: &page.policy };
    Output::render(kind, page.html.into_bytes(), Timestamp(0), None, Compression::Fast)
}

/// A page of an archive that a copy has, with the digest of what it was made from.
struct Unrecognised {
    path: String,
    archive: Arc<dyn Archive>,
    at: String,
    version: Version,
    digest: String,
}

impl Unrecognised {
    /// Its path and version if the copy has it as it would be rendered now.
    async fn if_same(self, program: Hash) -> Option<(String, Version)> {
        let Self { path, archive, at, version, digest: known } = self;
        let now = tokio::task::spawn_blocking(move || digest(&program, &*archive, &at)).await;
        (now.ok().flatten() == Some(known)).then_some((path, version))
    }
}

#[cfg(test)]
#[path = "copy_test.rs"]
mod tests;
