//! Reloading of files: either all take effect or none.

use crate::script::page_settings;
use rusqlite::Connection;
use skerry_aggregator::app::App;
use skerry_aggregator::config::{Config, load};
use skerry_aggregator::engine::Engine;
use skerry_domain::state::PageSettings;
use skerry_domain::step::{Answer, Command};
use skerry_domain::workspaces::Target;
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

/// A page with this slug that REST makes.
fn create(slug: &str) -> Command {
    Command::CreatePage(Box::new(PageSettings { slug: slug.to_owned(), root: false, ..page_settings() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_pages_made_at_run_time_do_not_share_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = files(folder.path(), "blue", [&["red"], &["blue"]]);
    let app = App::start(&first, Vec::new()).await.expect("starts");
    let (reloader, engine) = (app.reloader(), app.engine());
    let provenance = reloader.provenance();
    let declared = |page: &str| provenance.load().page("red", page).map(|at| at.line);
    assert_eq!((declared("red"), declared("made")), (Some(7), None));
    let target = Target::Name("blue".to_owned());
    let made = engine.command((target.clone(), create("made"))).await.expect("taken");
    let refused = engine.command((target, create("red"))).await.expect_err("it is the file's");
    assert!(refused.to_string().contains("belongs to another page"), "{refused}");
    let id = match made {
        Answer::Page(key) => {
            engine.snapshot().workspaces.named("blue").expect("there").pages[&key].id.clone()
        }
        other => panic!("{other:?}"),
    };
    let clash = files(folder.path(), "blue", [&["red", "made"], &["blue"]]);
    let refused = reloader.reload(&clash).await.expect_err("two pages would have one address");
    let told = format!("its slug \"made\" is that of page {id}");
    assert!(refused.to_string().contains(&told), "{refused:#}");
    let mut all = vec![id.clone(), "blue".to_owned(), "red".to_owned()];
    all.sort();
    assert_eq!(shown(&engine), all);
    assert_eq!(declared("made"), None, "what was refused is not in force");
    let more = files(folder.path(), "blue", [&["red", "more"], &["blue"]]);
    reloader.reload(&more).await.expect("taken");
    assert_eq!(declared("more"), Some(11));
    assert!(shown(&engine).contains(&id), "a reload leaves it alone");
    engine.stop();
}
