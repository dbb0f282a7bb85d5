//! The canonical form of a definition, from which its hash is computed. Aggregators store the hash, so the
//! form may change only with a new version number.

use std::fmt::{Display, Write as _};

use super::Check;

const VERSION: u32 = 1;

impl Check {
    /// Hash of what is measured and how: operators see if it differs between agents that run a check of the
    /// same name. Excludes labels, severity, locations, dependencies and the paths of local files: agents that differ in
    /// these are evidence for each other.
    #[must_use]
    pub fn definition_hash(&self) -> [u8; 16] {
        self.canonical().hash()
    }

    /// Hash of what the check asserts, without how often it runs: excludes interval, timeout, retries, fall
    /// and rise. Agents with the same hash are evidence for each other.
    #[must_use]
    pub fn asserts_hash(&self) -> [u8; 16] {
        let mut form = Canonical(String::new());
        form.field("asserts", VERSION);
        form.field("type", self.kind.name());
        self.asserted(&mut form);
        form.hash()
    }

    fn asserted(&self, form: &mut Canonical) {
        form.optional("degraded_above_ms", self.degraded_above.map(|above| above.as_millis()));
        self.kind.canonical(form);
    }

    fn canonical(&self) -> Canonical {
        let mut form = Canonical(String::new());
        form.field("definition", VERSION);
        form.field("type", self.kind.name());
        form.field("interval_ms", self.interval.as_millis());
        form.field("timeout_ms", self.timeout.as_millis());
        form.field("retry_interval_ms", self.retry_interval.as_millis());
        form.field("fall", self.fall);
        form.field("rise", self.rise);
        self.asserted(&mut form);
        form
    }
}

/// One `name length:value` per line, so that no value can be mistaken for another field.
pub(super) struct Canonical(String);

impl Canonical {
    fn hash(&self) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(self.0.as_bytes()).as_bytes()[..16]);
        hash
    }

    pub(super) fn field(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{name} {}:{value}", value.len());
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }
}
