//! The host itself: sockets, disk, permissions, name resolution.

use super::Finding;
use crate::rights::lower_for;
use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};
use rustix::process::geteuid;
use socket2::{Domain, Protocol, Socket, Type};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Time limit of a name lookup.
const RESOLVED: Duration = Duration::from_secs(5);

/// Whether this user may send pings. It is a problem only if a check `needs` it.
#[must_use]
pub fn ping(needs: bool) -> Finding {
    let open = |kind| Socket::new(Domain::IPV4, kind, Some(Protocol::ICMPV4));
    judge_ping(needs, open(Type::DGRAM).is_ok(), open(Type::RAW).is_ok())
}

fn judge_ping(needs: bool, unprivileged: bool, raw: bool) -> Finding {
    match (unprivileged, raw) {
        (true, _) => Finding::ok("ping", "this user may send pings by an unprivileged socket"),
        (_, true) => Finding::ok("ping", "this user may send pings by CAP_NET_RAW"),
        _ if needs => Finding::problem(
            "ping",
            "this user may not send pings, so ping checks are inconclusive",
            "Give the service CAP_NET_RAW (AmbientCapabilities= in its unit), or let its group in \
             net.ipv4.ping_group_range",
        ),
        _ => Finding::ok("ping", "this user may not send pings, and no check needs to"),
    }
}

/// Whether the file system of `path` has enough space. Below the first of `needed`, bytes, it is a problem;
/// below the second a warning.
#[must_use]
pub fn disk(topic: &'static str, path: &Path, needed: (u64, u64)) -> Finding {
    let Some((folder, found)) = path.ancestors().skip(1).find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Some((folder, statvfs(folder).ok()?))
    }) else {
        return Finding::problem(
            topic,
            format!("{} is not on a mounted file system", path.display()),
            "Correct the path",
        );
    };
    let read_only = found.f_flag.contains(StatVfsMountFlags::RDONLY);
    let (free, total) = (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize);
    judge_disk(topic, folder, read_only, (free, total), needed)
}

fn judge_disk(
    topic: &'static str,
    folder: &Path,
    read_only: bool,
    (free, total): (u64, u64),
    (least, enough): (u64, u64),
) -> Finding {
    let shown = folder.display();
    if read_only {
        let says = format!("the file system of {shown} is mounted read-only: nothing can be kept");
        return Finding::problem(
            topic,
            says,
            "Mount it for writing; a kernel that found errors says so in dmesg",
        );
    }
    // On a small disk a fraction of its size is enough.
    let (least, enough) = (least.min(total / 20), enough.min(total / 4));
    let mebibytes = free >> 20;
    let says = format!("{mebibytes} MiB are free in {shown}");
    let remedy = format!("Free some space there, {} MiB at least", enough >> 20);
    match free {
        _ if free < least => Finding::problem(topic, format!("only {says}"), remedy),
        _ if free < enough => Finding::warning(topic, format!("only {says}"), remedy),
        _ => Finding::ok(topic, says),
    }
}

/// Reports on a file that does not exist yet: `made` says when it is created, if this user can create it.
/// Root checks with the rights of the folder's owner, and warns if that is root, since the service runs as
/// another user.
#[must_use]
pub fn not_there_yet(topic: &'static str, path: &Path, made: &str) -> Finding {
    let shown = path.display();
    let _rights = lower_for(path).ok();
    let folders =
        path.ancestors().skip(1).map(|one| if one.as_os_str().is_empty() { Path::new(".") } else { one });
    let mut folders = folders.filter_map(|folder| Some((folder, folder.metadata().ok()?)));
    let Some((folder, metadata)) = folders.next() else {
        return Finding::problem(
            topic,
            format!("{shown} is not there, nor any folder of it"),
            "Correct the path",
        );
    };
    let (of, uid) = (folder.display(), metadata.uid());
    if !metadata.is_dir() {
        return Finding::problem(
            topic,
            format!("{shown} is not there, and {of} is no folder"),
            "Correct the path",
        );
    }
    if let Err(error) = accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS) {
        let says = format!("{shown} is not there, and this user cannot make it in {of}: {error}");
        let remedy = format!(
            "Make {of} writable for the user that the service runs as; if that is another, run doctor as that user"
        );
        return Finding::problem(topic, says, remedy);
    }
    let whose = if geteuid().is_root() && uid == 0 {
        format!(", if its user may write to {of}, which is root's")
    } else {
        String::new()
    };
    Finding::ok(topic, format!("{shown} is not there yet: {made}{whose}"))
}

/// Whether `path` exists and is closed to the users whose mode bits are in `mask`.
#[must_use]
pub fn private(topic: &'static str, path: &Path, mask: u32) -> Option<Finding> {
    let shown = path.display();
    let mode = match path.metadata() {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) => {
            let says = format!("{shown} cannot be looked at: {error}");
            return Some(Finding::problem(topic, says, "Run as the user that the service runs as"));
        }
    };
    let open = mode & mask;
    (open != 0).then(|| {
        let what = if mask & 0o044 == 0 { "changed" } else { "read or changed" };
        let says = format!("{shown} can be {what} by others (mode {mode:04o})");
        Finding::problem(topic, says, format!("Run chmod {:04o} {shown}", mode & !mask))
    })
}

/// Whether the hosts of `urls` resolve. Literal addresses are skipped.
pub async fn resolves(urls: impl Iterator<Item = &Url>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for url in urls {
        let Some(url::Host::Domain(name)) = url.host() else { continue };
        let remedy = "Check /etc/resolv.conf and its name servers, or correct the name";
        let found = async { tokio::net::lookup_host((name, 0)).await.map(Iterator::count) };
        findings.push(match timeout(RESOLVED, found).await {
            Ok(Ok(1..)) => Finding::ok("resolver", format!("{name} is known")),
            Ok(Ok(_)) => Finding::problem("resolver", format!("{name} has no address"), remedy),
            Ok(Err(error)) => Finding::problem("resolver", format!("{name} is not known: {error}"), remedy),
            Err(_) => Finding::problem("resolver", format!("{name}: no answer in {RESOLVED:?}"), remedy),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn pings_are_missed_only_where_they_are_needed() {
        assert_eq!(judge_ping(true, true, false).level, Level::Ok);
        assert!(judge_ping(true, false, true).says.contains("CAP_NET_RAW"));
        assert_eq!(judge_ping(false, false, false).level, Level::Ok);
        let missed = judge_ping(true, false, false);
        assert_eq!(missed.level, Level::Problem);
        assert!(missed.remedy.expect("one").contains("ping_group_range"));
    }

    #[test]
    fn a_disk_is_judged_by_what_is_kept_on_it() {
        const MIB: u64 = 1 << 20;
        let judge = |read_only, free, total| {
            judge_disk("disk", Path::new("/d"), read_only, (free * MIB, total * MIB), (256 * MIB, 320 * MIB))
                .level
        };
        assert_eq!(judge(false, 320, 100_000), Level::Ok);
        assert_eq!(judge(false, 319, 100_000), Level::Warning);
        assert_eq!(judge(false, 255, 100_000), Level::Problem);
        assert_eq!(judge(true, 50_000, 100_000), Level::Problem);
        assert_eq!(judge(false, 25, 100), Level::Ok, "a small disk is asked for a part of itself");
    }

    #[test]
    fn files_that_others_reach_are_told_with_the_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "x").expect("written");
        let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("changed");
        mode(0o640);
        assert_eq!(private("permissions", &file, 0o022), None);
        let found = private("permissions", &file, 0o077).expect("readable by the group");
        assert!(found.remedy.expect("one").contains("chmod 0600"));
        mode(0o666);
        let found = private("permissions", &file, 0o022).expect("writable");
        assert!(found.says.contains("changed by others (mode 0666)"), "{}", found.says);
        assert!(private("permissions", &folder.path().join("none"), 0).is_some());
    }

    #[test]
    fn what_is_not_there_is_promised_only_to_who_can_make_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let judge = |name: &str| not_there_yet("spool", &at(name), "made at the start");
        assert_eq!(judge("deep/down/spool.db").level, Level::Ok);
        std::fs::write(at("file"), "").expect("written");
        assert!(judge("file/spool.db").says.contains("is no folder"), "{:?}", judge("file/spool.db"));
        std::fs::create_dir(at("closed")).expect("made");
        std::fs::set_permissions(at("closed"), PermissionsExt::from_mode(0o500)).expect("changed");
        if geteuid().is_root() {
            assert!(judge("spool.db").says.contains("if its user may write to"), "{:?}", judge("spool.db"));
            std::os::unix::fs::chown(at("closed"), Some(12_345), Some(12_346)).expect("root may");
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("changed");
        }
        let closed = judge("closed/spool.db");
        assert!(closed.level == Level::Problem && closed.says.contains("cannot make it"), "{closed:?}");
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_is_told() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let urls = [url("http://localhost:1/"), url("http://127.0.0.1/"), url("http://nobody.invalid/")];
        let found = resolves(urls.iter()).await;
        let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Ok, Level::Problem], "{found:?}");
    }
}
