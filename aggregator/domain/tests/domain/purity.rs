//! The domain touches nothing outside itself but plain value crates, and reads no clock, zone or file.

use std::path::Path;

/// First words of the paths that the domain may use; of the wire only its closed lists and plain values, and a
/// schedule, which is a plain value, the silence limit, which both programs reckon alike, and what a name shows; a hash of values
/// is a value.
const MAY_USE: [&str; 17] = [
    "super::",
    "std::",
    "blake3::",
    "jiff::",
    "imbl::",
    "rrule::RRuleSet",
    "crate::",
    "skerry_protocol::wire::",
    "skerry_protocol::schedule::",
    "skerry_protocol::words::is_unfit_to_show",
    "skerry_protocol::check::silence_limit_ms",
    "skerry_protocol::check::Severity",
    "skerry_protocol::check::Labels",
    "skerry_sanitiser::PublicText",
    "skerry_sanitiser::{Form, PublicText, RulesVersion, StoredText}",
    "skerry_sanitiser::restore",
    "skerry_sanitiser::says_nothing",
];
/// What reaches outside even through those. Values that never change may be shared.
const NEVER: [&str; 13] = [
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert!(look_into(&folder) > 10, "the domain has moved");
}

fn look_into(folder: &Path) -> usize {
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("the domain is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            read += look_into(&path);
        } else {
            judge(&path);
            read += 1;
        }
    }
    read
}

fn judge(path: &Path) {
    let source = std::fs::read_to_string(path).expect("a source file");
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        for never in NEVER {
            let line = line.replace("std::sync::Arc", "");
            assert!(!line.contains(never), "{}: {never} in {line}", path.display());
        }
        let used = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("use ");
        if let Some(used) = used {
            let own = MAY_USE.iter().any(|allowed| used.starts_with(allowed));
            let module =
                used.split("::").next().is_some_and(|first| is_child(path, first.trim_end_matches(';')));
            assert!(own || module, "{}: {line}", path.display());
        }
    }
}

/// `use report::…` in a `mod.rs` names a file beside it, as `use named;` names the macro of a file.
fn is_child(path: &Path, name: &str) -> bool {
    path.with_file_name(format!("{name}.rs")).exists()
}
