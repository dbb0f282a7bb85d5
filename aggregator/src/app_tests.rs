use super::*;
use crate::engine::Maintenance;
use std::path::Path;
use tokio::time::timeout;

fn config(folder: &Path) -> Vec<Config> {
    let path = folder.join("aggregator.toml");
    let listen = "[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\"]\n";
    let store = format!("[store]\npath = \"{}\"\n", folder.join("skerry.db").display());
    let page = "[[page]]\nkey = \"demo\"\nslug = \"demo\"\nname = \"Demo\"\npublic = true\n";
    std::fs::write(&path, format!("{listen}{store}{page}")).expect("written");
    config::load(&[path]).expect("a good file").configs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watchdog_is_fed_while_the_writer_turns_and_not_while_it_is_stuck() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::start(&config(folder.path()), Vec::new()).await.expect("starts");
    let (liveness, engine) = (app.liveness(), app.engine());
    let bound = Duration::from_secs(5);
    assert!(timeout(bound, liveness.turn()).await.expect("turns").is_some());

    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let (begin, begun) = crossbeam_channel::bounded::<()>(1);
    let held = std::thread::spawn(move || engine.maintain(Maintenance::Stall { begun: begin, released }));
    begun.recv_timeout(bound).expect("the writer is in it");
    assert!(timeout(3 * Duration::from_secs(1), liveness.turn()).await.is_err(), "the writer is stuck");
    drop(release);
    held.join().expect("no panic").expect("it runs").expect("no disk is asked");
    assert!(timeout(bound, liveness.turn()).await.expect("turns again").is_some());

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async move { stopped.await.unwrap_or_default() }));
    stop.send(()).expect("it runs");
    running.await.expect("no panic").expect("stops");
    assert_eq!(timeout(bound, liveness.turn()).await.expect("answers"), None, "what has ended does not turn");
}
