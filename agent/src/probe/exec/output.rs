//! What a plugin printed, told apart: `TEXT | PERFDATA`, then lines of further text, then after another bar
//! lines of further performance data. Anything may stand there: it is bounded and made harmless here.

use super::perfdata::{MOST_MEASURES, Measure};
use super::plugin::Output;
use skerry_protocol::words::one_line;

/// Most lines of text that are kept.
const MOST_LINES: usize = 200;

/// A plugin's words and figures.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    /// Without performance data; no control characters.
    pub(super) text: Vec<String>,
    pub(super) performance: Vec<Measure>,
    /// It wrote more than was read.
    pub(super) cut: bool,
    complaint: String,
}

impl Said {
    pub(super) fn read(output: Output<'_>) -> Self {
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
            if !words.trim().is_empty() && text.len() < MOST_LINES {
                text.push(harmless(words));
            }
        }
        let performance = Measure::read_all(&figures).take(MOST_MEASURES).collect();
        let complaint = String::from_utf8_lossy(output.complaint);
        let complaint = complaint.lines().find(|line| !line.trim().is_empty()).map(harmless);
        Self { text, performance, cut: output.cut, complaint: complaint.unwrap_or_default() }
    }

    /// Its first line; where it printed none, its first complaint.
    pub(super) fn line(&self) -> String {
        match self.text.first() {
            Some(line) => line.clone(),
            None if self.complaint.is_empty() => "it printed nothing".to_owned(),
            None => self.complaint.clone(),
        }
    }
}

fn harmless(line: &str) -> String {
    one_line(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skerry_protocol::words::is_unfit_to_show;

    fn said(output: &str, complaint: &str) -> Said {
        Said::read(Output { output: output.as_bytes(), complaint: complaint.as_bytes(), cut: false })
    }

    fn labels(said: &Said) -> Vec<&str> {
        said.performance.iter().map(|one| one.label.as_str()).collect()
    }

    /// The example of the guidelines.
    #[test]
    fn text_and_figures_are_told_apart_over_all_lines() {
        let disk = said(
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
        assert_eq!(said("", "\n/bin/sh: no\u{7} such\n").line(), "/bin/sh: no  such");
        assert_eq!(said(" \n", "").line(), "it printed nothing");
        assert_eq!(said("|a=1", "").line(), "it printed nothing");
        assert_eq!(said("\n\nlate words\n", "").line(), "late words");
    }

    proptest! {
        #[test]
        fn whatever_it_prints_is_bounded_and_harmless(output in proptest::collection::vec(any::<u8>(), 0..4096)) {
            let said = Said::read(Output { output: &output, complaint: &output, cut: false });
            prop_assert!(said.text.len() <= MOST_LINES && said.performance.len() <= MOST_MEASURES);
            let shown = said.text.iter().chain([&said.complaint]).chain(said.performance.iter().map(|one| &one.label));
            for line in shown {
                prop_assert!(!line.contains(is_unfit_to_show), "{line:?}");
            }
        }
    }
}
