//! Reads the output of a plugin as a run does. See [`crate::hostile`].

use super::output::PluginOutput;
use super::plugin::RawOutput;
use crate::probe::hostile::is_harmless;

/// Reads `bytes` as the standard output and standard error of a plugin.
pub(crate) fn output(bytes: &[u8]) {
    let output = PluginOutput::read(RawOutput { output: bytes, stderr: bytes, cut: false });
    is_harmless(&output.line());
    output.text.iter().for_each(|line| is_harmless(line));
    for measure in &output.performance {
        is_harmless(&measure.label);
        is_harmless(&measure.unit);
        let _ = measure.duration();
    }
}
