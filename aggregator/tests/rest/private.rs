//! Private means private: agents, operators and clients send what they really send, with a mark in every field that visitors
//! must not see, and no public byte has one.

mod actors;
mod acts;
mod declared;
mod stored;

use crate::fixture::Fixture;
use actors::World;
use acts::{ACTS, Act};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use skerry_aggregator::publish::Addresses;
use skerry_aggregator::publish::export;
use skerry_domain::track::HardState;
use skerry_publish::output::{Output, Site};
use skerry_store::Store;
use std::path::Path;
use std::time::{Duration, Instant};

/// In every private text, and in no other.
const MARK: &str = "qzxv";

/// Until the last change is published.
const BOUND: Duration = Duration::from_secs(30);

/// The bytes of an output, and what is sent beside them.
fn bytes_of(output: &Output) -> Vec<u8> {
    let parts: [&[u8]; 5] = [
        output.content_type.as_bytes(),
        &output.surrogate_key,
        &output.cache_tag,
        &output.policy,
        &output.identity.bytes,
    ];
    parts.join(&b'\n')
}

/// Every public output by its address, also of what is over.
fn outputs(site: &Site) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = site.shared.iter().map(|(path, output)| (path.clone(), bytes_of(output))).collect();
    all.extend(site.directory.iter().map(|output| ("status/".to_owned(), bytes_of(output))));
    for (slug, page) in &site.by_slug {
        let root = format!("status/{slug}");
        all.extend(page.outputs.iter().map(|(path, output)| (format!("{root}/{path}"), bytes_of(output))));
        if let Some(archive) = &page.archive {
            let paths = archive.versions().into_iter().map(|(path, _)| path);
            let rendered =
                paths.filter_map(|path| Some((format!("{root}/{path}"), bytes_of(&*archive.render(&path)?))));
            all.extend(rendered);
        }
    }
    all
}

/// All files below a folder, with their names.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let of = |path: std::path::PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![(path.display().to_string(), std::fs::read(&path).expect("readable"))],
    };
    entries.flat_map(of).collect()
}

/// As a reader understands it: folded lines of calendars are whole, and escapes of JSON are undone.
fn read(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n ", "");
    let json = text.find(['{', '[']).and_then(|at| serde_json::from_str::<Value>(&text[at..]).ok());
    format!("{text}\n{}", json.map(|json| json.to_string()).unwrap_or_default())
}

/// Fails if something shows what is private.
fn assert_nothing_private(shown: &[(String, String)]) {
    for (name, text) in shown {
        let found = text.to_lowercase().find(MARK);
        let around = found.map(|at| text.chars().skip(at.saturating_sub(80)).take(200).collect::<String>());
        assert_eq!(around, None, "{name} shows what is private");
        assert!(!name.contains(MARK), "{name}");
    }
}

/// What visitors get at these paths, with the headers. What was published for a moment is no longer shown.
async fn served(fixture: &Fixture, paths: &[String]) -> Vec<(String, String)> {
    let mut often = tokio::time::interval(Duration::from_millis(50));
    let deadline = Instant::now() + BOUND;
    loop {
        often.tick().await;
        let mut all = Vec::new();
        for path in paths {
            let (head, body) = fixture.raw(path).await;
            all.push((path.clone(), format!("{head}\n{}", read(body.as_bytes()))));
        }
        let is_clean = |(_, text): &(String, String)| !text.contains(MARK);
        if all.iter().all(is_clean) || Instant::now() > deadline {
            return all;
        }
    }
}

/// Returns which acts were taken.
async fn nothing_private_is_public(acts: &[Act]) -> Vec<Act> {
    let mut world = World::new().await;
    let mut taken = Vec::new();
    for act in [Act::Report(HardState::Down), Act::Edit, Act::Preview].iter().chain(acts) {
        if world.act(*act).await {
            taken.push(*act);
        }
    }
    let World { fixture, declared, public, .. } = world;
    let configs = fixture.rewrite(&declared.text);
    let addresses = Addresses::of(&configs[0], &configs);
    let folder = tempfile::tempdir().expect("a folder");
    let (database, copy) = (fixture.database(), folder.path().join("copy"));
    let rendered = tokio::task::spawn_blocking(move || {
        let site = export::site_of(&Store::open_unlocked(&database)?, addresses)?;
        export::export(&site, &copy)?;
        Ok::<_, anyhow::Error>((outputs(&site), files(&copy)))
    });
    let (outputs, files) = rendered.await.expect("no panic").expect("it is exported");
    let paths: Vec<String> = outputs.iter().map(|(path, _)| format!("/{path}")).collect();
    let text = |(name, bytes): (String, Vec<u8>)| (name, read(&bytes));
    let shown: Vec<_> = outputs.into_iter().chain(files).map(text).collect();
    assert_nothing_private(&shown);
    for text in public {
        assert!(shown.iter().any(|(_, shown)| shown.contains(&text)), "nobody sees {text:?}");
    }
    assert_nothing_private(&served(&fixture, &paths).await);
    fixture.stop();
    taken
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default()
    })]
    #[test]
    fn no_public_byte_says_what_is_private(acts in proptest::collection::vec(select(&ACTS[..]), 4..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(nothing_private_is_public(&acts));
    }
}

#[test]
fn no_public_byte_says_what_is_private_after_everything() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let taken = runtime.block_on(nothing_private_is_public(&ACTS));
    for act in ACTS {
        assert!(taken.contains(&act), "{act:?} was refused");
    }
}
