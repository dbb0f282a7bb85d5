//! The sanitiser: the only maker of [`PublicText`], which is what the public side accepts of people's text.
//!
//! A text is scanned as it was written; what it must not say is replaced. The result is rendered, and every form of
//! it is scanned again: what still shows there blocks the text. Pure: no I/O, no clock, time linear in the text.
//! Nothing here may log, store or publish what was removed.
//!
//! ```
//! use skerry_sanitiser::{Form, Replacement, Rules, Settings};
//! let rules = Rules::new(&Settings::default()).expect("usable settings");
//! let outcome = rules.sanitise("Fails on **db1.internal**", Form::Markdown, &Replacement::default(), &[]);
//! assert_eq!(outcome.text.expect("clean").plain(), "Fails on [redacted]");
//! ```

mod detect;
mod finding;
mod markdown;
mod nesting;
mod replacement;
mod rules;
mod sanitiser;
mod view;
mod visible;

pub use finding::{Finding, Remainder, Rule};
pub use markdown::{escape_markdown, html_blocks};
pub use replacement::Replacement;
pub use rules::{Rules, RulesVersion, SettingError, Settings};
pub use sanitiser::{BadSeal, Form, Outcome, PublicText, StoredText, restore};
pub use view::says_nothing;
