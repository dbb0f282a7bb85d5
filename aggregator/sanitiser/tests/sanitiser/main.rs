//! The sanitiser: what must go and in which forms, what must stay, what Markdown may become, and how long it takes.

mod forms;
mod linear;
mod literal;
mod markdown;
mod properties;
mod rows;
mod stays;

use skerry_sanitiser::{Form, Outcome, PublicText, Replacement, Rules, Settings};
use std::sync::LazyLock;

/// The default suffixes and patterns, and a few names.
fn settings() -> Settings {
    let owned = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
    Settings {
        private_names: owned(&["db-7", "payments-prod-check", "fra-agent-2", "acme-tenant", "Zürich-Kern"]),
        public_names: owned(&["Card payments", "Status db-7 mirror"]),
        ..Settings::default()
    }
}

/// Compiled once, since the properties ask for them thousands of times.
fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&settings()).expect("usable settings"));
    &RULES
}

fn sanitised(source: &str, form: Form) -> Outcome {
    rules().sanitise(source, form, &Replacement::default(), &[])
}

/// The public text of Markdown that is not blocked.
fn public(source: &str) -> PublicText {
    let text = sanitised(source, Form::Markdown).text;
    text.unwrap_or_else(|remainders| panic!("{source:?} is blocked: {remainders:?}"))
}
