//! Reloading of files: either all take effect or none.

use rusqlite::Connection;
use skerry_aggregator::app::App;
use skerry_aggregator::config::{Config, load};
use skerry_aggregator::engine::Engine;
use std::path::Path;
use std::time::Duration;
use tokio::time::{interval, timeout};

/// Two files with these pages; the second is of workspace `second`.
fn files(folder: &Path, second: &str, pages: [&[&str]; 2]) -> Vec<Config> {
    let page = |key: &&str| format!("[[page]]\nkey = \"{key}\"\nname = \"{key}\"\npublic = true\n");
    let pages = pages.map(|keys| keys.iter().map(page).collect::<String>());
    let head = "workspace = \"red\"\n[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\"]\n[store]\npath = \"skerry.db\"\n";
    let texts = [format!("{head}{}", pages[0]), format!("workspace = \"{second}\"\n{}", pages[1])];
    let paths = ["red.toml", "second.toml"].map(|name| folder.join(name));
    for (path, text) in paths.iter().zip(texts) {
        std::fs::write(path, text).expect("written");
    }
    load(&paths).map_err(|problems| problems.to_string()).expect("right files").configs
}

/// The keys of the pages.
fn shown(engine: &Engine) -> Vec<String> {
    let snapshot = engine.snapshot();
    let all = snapshot.workspaces.iter().flat_map(|(_, state)| state.pages.values());
    let shown = all.filter(|page| !page.archived);
    let mut keys: Vec<String> = shown.map(|page| page.key.clone()).collect();
    keys.sort();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_contradict_each_other_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let app =
        App::start(&files(folder.path(), "blue", [&["red"], &["blue"]]), Vec::new()).await.expect("starts");
    let (reloader, engine) = (app.reloader(), app.engine());
    assert_eq!(shown(&engine), ["blue", "red"]);
    let database = Connection::open(folder.path().join("skerry.db")).expect("opens");
    let refuses =
        "CREATE TRIGGER no BEFORE INSERT ON workspace BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    database.execute_batch(refuses).expect("made");
    let renamed = files(folder.path(), "green", [&["red", "more"], &["green"]]);
    let refused = reloader.reload(&renamed).await.expect_err("the second cannot be written");
    assert!(refused.to_string().contains("not this one"), "{refused:#}");
    assert_eq!(shown(&engine), ["blue", "red"], "nothing of the first either");

    database.execute_batch("DROP TRIGGER no").expect("gone");
    let mut often = interval(Duration::from_millis(50));
    let taken = async {
        while reloader.reload(&renamed).await.is_err() {
            often.tick().await;
        }
    };
    timeout(Duration::from_secs(20), taken).await.expect("it can be written again");
    assert_eq!(shown(&engine), ["green", "more", "red"]);
    engine.stop();
}
