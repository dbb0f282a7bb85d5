//! The canonical form of a definition, which its hash is taken from. It is told to the aggregator and
//! kept there, so it may change only with a new version at its head.

use std::fmt::{Display, Write as _};

use super::Check;

const VERSION: u32 = 1;

impl Check {
    /// Hash of what is measured and how: differing ones of one name are flagged to operators. Labels,
    /// severity, locations, and the paths of files on a host are not part of it.
    #[must_use]
    pub fn definition_hash(&self) -> [u8; 16] {
        self.canonical().hash()
    }

    /// Hash of what it asserts, apart from how often and how patiently it is run: interval, timeout, repeats, fall
    /// and rise are not part of it. Those who agree in it are evidence for each other.
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

/// One `name length:value` a line, so that no value can be taken for another field.
pub(super) struct Canonical(String);

impl Canonical {
    fn hash(&self) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(self.0.as_bytes()).as_bytes()[..16]);
        hash
    }

    pub(super) fn field(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name} {}:{value}", value.len());
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }
}
