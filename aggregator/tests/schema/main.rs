//! The schemas of the configuration for editors, and the reference page: both are held to what the strict
//! readers ask, of which types, ranges and defaults are noted while they read. Words are the reference's.

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
