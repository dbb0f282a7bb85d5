//! Commands run by root in the aggregator's own folder, where a hostile service user has planted links:
//! nothing of root's is written or given away, and new files belong to the service.

use crate::process::run;
use crate::world::{World, page};
use skerry_tests::parts::{free_port, skipped};
use std::fs::{metadata, read_to_string};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use tempfile::TempDir;

/// The service user.
const THEIRS: (u32, u32) = (12_345, 12_346);

fn owners(folder: &Path) -> Vec<(String, u32)> {
    let entries = std::fs::read_dir(folder).expect("lists").map(|entry| entry.expect("an entry"));
    let owner = |path: &Path| path.symlink_metadata().expect("there").uid();
    let mut all: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), owner(&entry.path())))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn root_follows_no_link_in_the_folder_of_the_service() {
    if !rustix::process::geteuid().is_root() {
        skipped("it needs root");
        return;
    }
    let open = format!("[[listen]]\naddress = \"0.0.0.0:{}\"\nserves = [\"agents\"]\n\n", free_port());
    let mut world = World::new(&format!("{open}{}", page("demo", true, &["web"])));
    let of_root = TempDir::new().expect("a folder");
    let victim = of_root.path().join("victim");
    std::fs::write(&victim, "root's own").expect("written");
    std::fs::set_permissions(world.path(""), PermissionsExt::from_mode(0o755)).expect("opened");
    let data = world.path("data");
    std::fs::create_dir(&data).expect("made");
    chown(&data, Some(THEIRS.0), Some(THEIRS.1)).expect("root may");
    let unharmed = |what: &str| {
        let found = metadata(&victim).expect("there");
        assert_eq!(
            (found.uid(), read_to_string(&victim).expect("read").as_str()),
            (0, "root's own"),
            "{what}"
        );
        assert_eq!(std::fs::read_dir(of_root.path()).expect("lists").count(), 1, "{what}");
    };
    let done =
        |world: &World, words: &[&str]| world.command(words).output().expect("it starts").status.success();

    let add = |world: &World, name: &str| {
        done(world, &["agent", "add", name, "--location", "fra", "--url", "https://127.0.0.1:18099"])
    };
    for name in ["skerry.lock", "skerry.db", "skerry.db-wal", "agents-certificate.pem"] {
        world.start().await;
        world.stop().await;
        let _ = std::fs::remove_file(data.join(name));
        symlink(&victim, data.join(name)).expect("linked");
        add(&world, name);
        unharmed(name);
        let _ = std::fs::remove_file(data.join(name));
    }
    assert!(add(&world, "web-1"), "nothing is in the way any more");
    assert!(owners(&data).iter().all(|(_, owner)| *owner == THEIRS.0), "{:?}", owners(&data));

    // A backup belongs to root, and so does its restore.
    let backup = of_root.path().join("backup.db");
    assert!(done(&world, &["backup", &backup.to_string_lossy()]));
    assert_eq!(metadata(&backup).expect("made").uid(), 0);
    std::fs::rename(&backup, world.path("backup.db")).expect("moved");
    let backup = world.path("backup.db");
    for name in ["skerry.lock", "skerry.db.partial", "skerry.db.partial-journal"] {
        let _ = std::fs::remove_file(data.join(name));
        symlink(&victim, data.join(name)).expect("linked");
        done(&world, &["restore", &backup.to_string_lossy()]);
        unharmed(name);
        let _ = std::fs::remove_file(data.join(name));
    }
    assert!(done(&world, &["restore", &backup.to_string_lossy()]));
    assert!(owners(&data).iter().all(|(_, owner)| *owner == THEIRS.0), "{:?}", owners(&data));
}

/// A configuration that does not exist yet, where the agent's user could have planted a link.
#[test]
fn an_enrolment_writes_no_configuration_through_a_link() {
    let folder = TempDir::new().expect("a folder");
    let config = folder.path().join("agent.toml");
    symlink(folder.path().join("elsewhere"), &config).expect("linked");
    let token = skerry_protocol::wire::JoinToken {
        secret: "ske_x".to_owned(),
        addresses: vec!["http://127.0.0.1:1".to_owned()],
        fingerprint: Vec::new(),
        name: "web-1".to_owned(),
        location: "fra".to_owned(),
    };
    let text = token.to_text();
    let output =
        run("skerry-agent", &["enroll".as_ref(), text.as_ref(), "--config".as_ref(), config.as_os_str()]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("a broken symbolic link"), "{message}");
    assert!(!folder.path().join("elsewhere").exists());
}
