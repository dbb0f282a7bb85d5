//! What is well and what is not, each finding with its remedy: what both programs say, and what both look at on their
//! host. Looks only: nothing is changed, no secret is said, and what cannot be asked is told as that and not as a fault.

mod host;
mod time;

pub use host::{disk, not_there_yet, ping, private, resolves};
pub use time::{is_kept, kept_clock};

use skerry_protocol::words::count;
use std::fmt::Write;

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No problem.
    Ok,
    /// It works, but perhaps not for long or not for everyone.
    Warning,
    /// It does not work.
    Problem,
}

impl Level {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// The result of one check of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Subject in one word.
    pub topic: &'static str,
    /// Severity.
    pub level: Level,
    /// A plain sentence.
    pub says: String,
    /// What to do, unless the level is [`Level::Ok`].
    pub remedy: Option<String>,
}

impl Finding {
    /// A finding without a problem.
    #[must_use]
    pub fn ok(topic: &'static str, says: impl Into<String>) -> Self {
        Self { topic, level: Level::Ok, says: says.into(), remedy: None }
    }

    /// A finding that may become a problem.
    #[must_use]
    pub fn warning(topic: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { topic, level: Level::Warning, says: says.into(), remedy: Some(remedy.into()) }
    }

    /// A finding that is a problem.
    #[must_use]
    pub fn problem(topic: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Problem, ..Self::warning(topic, says, remedy) }
    }
}

/// Whether everything works today; warnings are allowed.
#[must_use]
pub fn all_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Problem)
}

/// Whether there are neither problems nor warnings.
#[must_use]
pub fn nothing_to_do(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level == Level::Ok)
}

/// Plain text: one line each, with the remedy below.
#[must_use]
pub fn plain(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { topic, level, says, remedy } in findings {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:<8} {topic:<14} {says}", level.name());
        if let Some(remedy) = remedy {
            let _ = write!(text, "\n{:24}{remedy}", "");
        }
        text.push('\n');
    }
    let of = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (of(Level::Problem), of(Level::Warning));
    let _ = write!(text, "{}, {}", count(problems, "problem"), count(warnings, "warning"));
    text
}

/// JSON.
#[must_use]
pub fn json(findings: &[Finding]) -> String {
    let of = |finding: &Finding| {
        serde_json::json!({
            "topic": finding.topic,
            "level": finding.level.name(),
            "says": finding.says,
            "remedy": finding.remedy,
        })
    };
    let all: Vec<serde_json::Value> = findings.iter().map(of).collect();
    serde_json::json!({ "ok": all_well(findings), "findings": all }).to_string()
}
