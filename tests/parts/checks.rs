//! Checks with the defaults of the configuration.

use std::time::Duration;

use skerry_protocol::check::{self, Check, Kind};
use skerry_protocol::strict::Document;

/// A check with these keys and a name.
///
/// # Panics
/// The keys are refused.
#[must_use]
pub fn read(keys: &str) -> Check {
    let text = format!("[[check]]\nname = \"target\"\n{keys}\n");
    let document = Document::parse("check.toml", &text).expect("TOML");
    let check = document.root().tables("check", &["name"]).iter().find_map(check::read);
    let (problems, _) = document.finish();
    assert!(problems.is_empty(), "{problems:?}");
    check.expect("a check without a problem")
}

/// A check of this kind with this timeout.
#[must_use]
pub fn of(kind: Kind, timeout: Duration) -> Check {
    Check { kind, timeout, ..read("type = \"ping\"\nhost = \"127.0.0.1\"") }
}
