use super::super::directory::Directory;
use super::*;
use skerry_publish::archive::{Archived, Digest};
use skerry_publish::output::Publication;
use std::path::Path;
use std::sync::Mutex;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn output(keys: &[&str], content_type: &'static str, text: &str) -> Arc<Output> {
    let kind = Kind { content_type, cache: CacheClass::Live, keys, policy: "" };
    Output::render(kind, text.as_bytes().to_vec(), NOW, None, Compression::Fast)
}

/// A page whose outputs all say `text`.
fn page(slug: &str, text: &str) -> Publication {
    let keys = [format!("page-{slug}")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let html = ["", "history", "incidents/one"].map(|path| (path, HTML));
    let data = ["api/v2/status.json", "assets/0.js", "robots.txt"].map(|path| (path, "application/json"));
    let outputs = html.into_iter().chain(data);
    let outputs = outputs.map(|(path, kind)| (path.to_owned(), output(&keys, kind, text)));
    Publication { outputs: outputs.collect(), ..Publication::default() }
}

/// `main` at the root, and the others below `status/`.
fn site(pages: &[(&str, Publication)]) -> Site {
    let mut site = Site::default();
    for (slug, page) in pages {
        let page = Arc::new(page.clone());
        if *slug == "main" {
            site.root = Some(Arc::clone(&page));
        }
        site.by_slug.insert((*slug).to_owned(), page);
    }
    site.directory = Some(output(&["directory"], HTML, &format!("{} pages", pages.len())));
    site
}

async fn open(folder: &Path) -> Copy {
    let directory = Directory::open(folder).expect("opened");
    Copy::open(Target::Directory(Arc::new(directory)), Arc::new(Progress::new(String::new())))
        .await
        .expect("ours")
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_default()
}

fn all(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).expect("below it");
                found.insert(below.to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_copy_has_what_visitors_get_and_only_what_changed_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let two = site(&[("main", page("main", "one")), ("shop", page("shop", "one"))]);
    let mut copy = open(folder).await;
    let first = copy.bring_up_to(&two).await.expect("written");
    assert_eq!(first, Exported { files: 13, written: 13, removed: 0 });
    let of_page = ["index.html", "history.html", "incidents/one.html", "api/v2/status.json", "assets/0.js"];
    let mut expected: BTreeSet<String> = of_page.iter().map(|path| format!("status/shop/{path}")).collect();
    expected.extend(of_page.map(str::to_owned));
    let others = ["robots.txt", "404.html", "status/index.html", ".skerry-export"];
    expected.extend(others.map(str::to_owned));
    assert_eq!(all(folder), expected);
    drop(copy);
    // The next process knows what is there.
    let mut copy = open(folder).await;
    assert_eq!(copy.bring_up_to(&two).await.expect("written").written, 0);
    let changed = site(&[("main", page("main", "one")), ("shop", page("shop", "two"))]);
    let second = copy.bring_up_to(&changed).await.expect("written");
    assert_eq!((second.written, second.removed), (5, 0));
    assert_eq!(read(folder, "status/shop/history.html"), "two");
    // A page that became private is gone, and so is what it alone had.
    let private = site(&[("main", page("main", "one"))]);
    let third = copy.bring_up_to(&private).await.expect("written");
    assert_eq!((third.written, third.removed), (1, 5));
    assert!(!folder.join("status/shop").exists());
    assert_eq!(read(folder, "status/index.html"), "1 pages");
    assert_eq!(copy.progress.pending(), 0);
}

#[tokio::test]
async fn beside_foreign_files_nothing_is_added_and_what_became_private_is_removed_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let two = site(&[("main", page("main", "one")), ("shop", page("shop", "one"))]);
    open(folder).await.bring_up_to(&two).await.expect("written");
    std::fs::write(folder.join("mine.txt"), "mine").expect("written");
    let after = site(&[("main", page("main", "two")), ("new", page("new", "two"))]);
    let mut copy = open(folder).await;
    let refused = copy.bring_up_to(&after).await.expect_err("there is a foreign file").to_string();
    assert!(refused.contains("(mine.txt)"), "{refused}");
    drop(copy);
    assert!(!folder.join("status/shop").exists() && !folder.join("status/new").exists());
    assert_eq!(read(folder, "history.html"), "two", "it may say less than before");
    assert_eq!(read(folder, "mine.txt"), "mine");
    std::fs::remove_file(folder.join("mine.txt")).expect("removed");
    open(folder).await.bring_up_to(&after).await.expect("written");
    assert_eq!(read(folder, "status/new/index.html"), "two");
}

#[tokio::test]
async fn the_list_of_pages_has_its_script_though_the_page_at_the_root_has_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = output(&["assets"], "text/javascript; charset=utf-8", "let a = 1;");
    let mut site = site(&[("main", page("main", "one"))]);
    site.directory = Some(output(&["directory"], HTML, "<script src=../assets/list.js></script>"));
    for path in ["assets/list.js", "assets/other.js"] {
        site.shared.insert(path.to_owned(), Arc::clone(&script));
    }
    open(folder.path()).await.bring_up_to(&site).await.expect("written");
    assert_eq!(read(folder.path(), "assets/list.js"), "let a = 1;");
    assert!(!folder.path().join("assets/other.js").exists(), "nothing names it");
}

#[tokio::test]
async fn nothing_links_to_what_could_not_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let before = [("main", page("main", "one")), ("shop", page("shop", "one")), ("gone", page("gone", "x"))];
    let mut copy = open(folder).await;
    copy.bring_up_to(&site(&before)).await.expect("written");
    // Its place is taken, so that it cannot be replaced.
    std::fs::remove_file(folder.join("history.html")).expect("removed");
    std::fs::create_dir_all(folder.join("history.html/taken")).expect("a folder");
    let mut main = page("main", "two");
    main.outputs.remove("incidents/one");
    let after = site(&[("main", main), ("shop", page("shop", "two"))]);
    let refused = copy.bring_up_to(&after).await.expect_err("it cannot be written").to_string();
    assert!(refused.contains("history.html cannot be written"), "{refused}");
    assert_eq!(read(folder, "assets/0.js"), "two", "nothing is older than what links to it");
    for path in ["index.html", "api/v2/status.json", "incidents/one.html"] {
        assert_eq!(read(folder, path), "one", "{path} links to what is not there, or is linked to");
    }
    assert_eq!(read(folder, "status/shop/index.html"), "two", "another page does not wait");
    assert!(!folder.join("status/gone").exists(), "what is private does not wait");
    assert!(copy.progress.pending() > 0);
    std::fs::remove_dir_all(folder.join("history.html")).expect("removed");
    copy.bring_up_to(&after).await.expect("it can be written");
    for path in ["index.html", "history.html", "api/v2/status.json"] {
        assert_eq!(read(folder, path), "two", "{path}");
    }
    assert!(!folder.join("incidents").exists());
}

/// Counts what is rendered.
#[derive(Debug)]
struct Counting {
    version: i64,
    text: &'static str,
    /// Something lasts.
    live: bool,
    rendered: Arc<Mutex<Vec<String>>>,
}

impl Archive for Counting {
    fn has(&self, path: &str) -> bool {
        path == "history/2025-01"
    }

    fn find(&self, _path: &str) -> Archived {
        Archived::Nothing
    }

    fn versions(&self) -> Vec<(String, Timestamp)> {
        ["history/2025-01", "incidents/one"].map(|path| (path.to_owned(), Timestamp(self.version))).to_vec()
    }

    fn digest(&self, path: &str) -> Option<Digest> {
        let digest = blake3::hash(format!("{path} {}", self.text).as_bytes());
        (!self.live).then(|| digest.as_bytes()[..16].try_into().expect("it is longer"))
    }

    fn render(&self, path: &str) -> Option<Arc<Output>> {
        self.rendered.lock().expect("nobody panicked").push(path.to_owned());
        Some(output(&["page-main"], HTML, self.text))
    }
}

#[tokio::test]
async fn the_archive_is_rendered_when_it_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let rendered: Arc<Mutex<Vec<String>>> = Arc::default();
    let at = |version, text, live| {
        let archive = Counting { version, text, live, rendered: Arc::clone(&rendered) };
        let page = Publication { archive: Some(Arc::new(archive)), ..page("main", "one") };
        site(&[("main", page)])
    };
    let with = |version, text| at(version, text, false);
    let mut copy = open(folder).await;
    let count = || std::mem::take(&mut *rendered.lock().expect("nobody panicked")).len();
    copy.bring_up_to(&with(1, "old")).await.expect("written");
    assert_eq!(read(folder, "history/2025-01.html"), "old");
    assert_eq!(read(folder, "incidents/one.html"), "one", "it is rendered ahead");
    assert_eq!(count(), 1);
    copy.bring_up_to(&with(1, "old")).await.expect("written");
    assert_eq!(count(), 0);
    let same = copy.bring_up_to(&with(2, "old")).await.expect("written");
    assert_eq!((count(), same.written), (0, 0), "another version of the same");
    copy.bring_up_to(&with(3, "new")).await.expect("written");
    assert_eq!(read(folder, "history/2025-01.html"), "new");
    assert_eq!(count(), 1);
    // What lasts has no digest: it is rendered, and written if it is another.
    let live = copy.bring_up_to(&at(4, "new", true)).await.expect("written");
    assert_eq!((count(), live.written), (1, 0));
    copy.bring_up_to(&with(5, "new")).await.expect("written");
    assert_eq!(count(), 1, "its digest was not known any more");
    let list = read(folder, ".skerry-export");
    drop(copy);
    let mut copy = open(folder).await;
    assert_eq!(copy.bring_up_to(&with(6, "new")).await.expect("written").written, 0);
    assert_eq!(count(), 0, "a new process knows it by its digest");
    assert_eq!((copy.progress.pending(), read(folder, ".skerry-export")), (0, list));
    drop(copy);
    // Another program may render it otherwise.
    let mut copy = open(folder).await;
    copy.program = Some(blake3::hash(b"another"));
    assert_eq!(copy.bring_up_to(&with(6, "new")).await.expect("written").written, 0);
    assert_eq!(count(), 1);
}

#[test]
fn each_path_belongs_to_one_page() {
    for (path, root) in [
        ("index.html", ""),
        ("history/2026-11.html", ""),
        ("status/index.html", ""),
        ("status/shop/index.html", "status/shop/"),
        ("status/shop/api/v2/status.json", "status/shop/"),
    ] {
        assert_eq!(root_of(path), root, "{path}");
    }
}
