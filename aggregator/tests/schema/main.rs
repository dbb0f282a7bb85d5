//! Compares the JSON schemas and the reference with the strict readers, which record types, ranges and defaults while
//! they read. Descriptions come from the reference.

mod generate;
mod judged;
mod reference;
mod refused;

use std::path::PathBuf;

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_default()
}
