//! Parses the output of a plugin: `TEXT | PERFDATA`, then lines of text, then after another bar lines of
//! performance data. The output is untrusted, so it is bounded and sanitized here.

use super::perfdata::{MAX_MEASURES, Measure};
use super::plugin::RawOutput;
use skerry_protocol::words::one_line;

/// Maximum number of lines kept.
const MAX_LINES: usize = 200;

/// The parsed output of a plugin.
#[derive(Debug, PartialEq)]
pub(super) struct PluginOutput {
    /// Lines of text without performance data and without control characters.
    pub(super) text: Vec<String>,
    pub(super) performance: Vec<Measure>,
    /// The plugin wrote more than was read.
    pub(super) cut: bool,
    stderr: String,
}

impl PluginOutput {
    pub(super) fn read(output: RawOutput<'_>) -> Self {
        let whole = String::from_utf8_lossy(output.output);
        let (mut text, mut figures) = (Vec::new(), String::new());
        let mut only_figures = false;
        for (number, line) in whole.lines().enumerate() {
            let (words, after) = match line.split_once('|') {
                _ if only_figures => ("", line),
                Some((words, after)) => {
                    only_figures = number > 0;
                    (words, after)
                }
                None => (line, ""),
            };
            figures.push_str(after);
            figures.push(' ');
            if !words.trim().is_empty() && text.len() < MAX_LINES {
                text.push(sanitized(words));
            }
        }
        let performance = Measure::read_all(&figures).take(MAX_MEASURES).collect();
        let stderr = String::from_utf8_lossy(output.stderr);
        let stderr = stderr.lines().find(|line| !line.trim().is_empty()).map(sanitized);
        Self { text, performance, cut: output.cut, stderr: stderr.unwrap_or_default() }
    }

    /// The first line of output, otherwise the first line of standard error.
    pub(super) fn line(&self) -> String {
        match self.text.first() {
            Some(line) => line.clone(),
            None if self.stderr.is_empty() => "it printed nothing".to_owned(),
            None => self.stderr.clone(),
        }
    }
}

fn sanitized(line: &str) -> String {
    one_line(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skerry_protocol::words::is_unfit_to_show;

    fn parse(output: &str, stderr: &str) -> PluginOutput {
        PluginOutput::read(RawOutput { output: output.as_bytes(), stderr: stderr.as_bytes(), cut: false })
    }

    fn labels(output: &PluginOutput) -> Vec<&str> {
        output.performance.iter().map(|one| one.label.as_str()).collect()
    }

    /// The example of the guidelines.
    #[test]
    fn text_and_figures_are_told_apart_over_all_lines() {
        let disk = parse(
            "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n\
             / 15272 MB (77%);\n/boot 68 MB (69%);\n/var/log 819 MB (84%); | /boot=68MB;88;93;0;98\n\
             /home=69357MB;253404;253409;0;253414 \n/var/log=818MB;970;975;0;980\n",
            "",
        );
        assert_eq!(disk.line(), "DISK OK - free space: / 3326 MB (56%);");
        assert_eq!(disk.text.len(), 4);
        assert_eq!(labels(&disk), ["/", "/boot", "/home", "/var/log"]);
    }

    #[test]
    fn a_silent_plugin_is_told_by_its_complaint() {
        assert_eq!(parse("", "\n/bin/sh: no\u{7} such\n").line(), "/bin/sh: no  such");
        assert_eq!(parse(" \n", "").line(), "it printed nothing");
        assert_eq!(parse("|a=1", "").line(), "it printed nothing");
        assert_eq!(parse("\n\nlate words\n", "").line(), "late words");
    }

    proptest! {
        #[test]
        fn whatever_it_prints_is_bounded_and_harmless(output in proptest::collection::vec(any::<u8>(), 0..4096)) {
            let output = PluginOutput::read(RawOutput { output: &output, stderr: &output, cut: false });
            prop_assert!(output.text.len() <= MAX_LINES && output.performance.len() <= MAX_MEASURES);
            let shown = output.text.iter().chain([&output.stderr]).chain(output.performance.iter().map(|one| &one.label));
            for line in shown {
                prop_assert!(!line.contains(is_unfit_to_show), "{line:?}");
            }
        }
    }
}
