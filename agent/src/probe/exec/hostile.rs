//! What a plugin prints, read as a run reads it. See [`crate::hostile`].

use super::output::Said;
use super::plugin::Output;
use crate::probe::hostile::is_harmless;

/// Reads `bytes` as the output of a plugin, and as its complaint.
pub(crate) fn output(bytes: &[u8]) {
    let said = Said::read(Output { output: bytes, complaint: bytes, cut: false });
    is_harmless(&said.line());
    said.text.iter().for_each(|line| is_harmless(line));
    for measure in &said.performance {
        is_harmless(&measure.label);
        is_harmless(&measure.unit);
        let _ = measure.duration();
    }
}
