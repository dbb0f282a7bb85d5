//! `domain/` touches nothing outside itself but plain value crates, and reads no clock, zone or file.

use std::path::Path;

/// First words of the paths that the domain may use.
const MAY_USE: [&str; 3] = ["super", "std", "jiff"];
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("the domain is there") {
        let path = entry.expect("readable").path();
        let source = std::fs::read_to_string(&path).expect("a source file");
        read += 1;
        for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            for never in NEVER {
                assert!(!line.contains(never), "{}: {never} in {line}", path.display());
            }
            if let Some(used) = line.strip_prefix("use ") {
                let first = used.split([':', ';']).next().unwrap_or_default();
                assert!(MAY_USE.contains(&first), "{}: {line}", path.display());
            }
        }
    }
    assert!(read > 5, "the domain has moved");
}
