//! `domain/` touches nothing outside itself but plain value crates, and reads no clock, zone or file.

use std::path::{Path, PathBuf};

/// How the paths begin that the domain may use: itself, plain values, and the wire's closed sets of words.
const MAY_USE: [&str; 6] =
    ["super::", "self::", "crate::domain::", "std::", "jiff::", "skerry_protocol::wire::"];
/// What reaches outside even through those.
const NEVER: [&str; 14] = [
    "crate::",
    "async ",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::thread",
    "std::sync",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "TimeZone::get",
];

#[test]
fn the_domain_is_pure() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain"), &mut files);
    assert!(files.len() > 10, "the domain has moved");
    for path in files {
        let source = std::fs::read_to_string(&path).expect("a source file");
        for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let outside = line.replace("crate::domain::", "");
            for never in NEVER {
                assert!(!outside.contains(never), "{}: {never} in {line}", path.display());
            }
            let used = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("use ");
            if let Some(used) = used {
                let may = MAY_USE.iter().any(|begin| used.starts_with(begin));
                // What a module above its own parts shows of them.
                let own =
                    used.split("::").next().is_some_and(|first| source.contains(&format!("mod {first};")));
                assert!(may || own, "{}: {line}", path.display());
            }
        }
    }
}

/// Every source below `folder`.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the domain is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() { sources(&path, files) } else { files.push(path) }
    }
}
