//! Both scans, and the public text that passed them. Nothing outside of this module can make one.

mod scan;

use crate::finding::{Finding, Hit, Remainder, Rule};
use crate::replacement::Replacement;
use crate::rules::{Rules, RulesVersion};
use crate::{markdown, visible};
use scan::{Released, Stripped, in_output, in_source};
use std::fmt::{self, Display, Formatter};

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As Markdown: updates, descriptions, postmortems.
    Markdown,
    /// As it stands: titles and names.
    Plain,
}

/// A text that both scans have passed. It keeps its source; every form of it is worked out from that.
///
/// Only the sanitiser makes one:
///
/// ```compile_fail,E0451
/// use skerry_sanitiser::{Form, PublicText, RulesVersion};
/// let text = PublicText { source: String::from("on 10.0.0.1"), form: Form::Plain, rules: RulesVersion(0) };
/// ```
///
/// ```compile_fail,E0277
/// let text = skerry_sanitiser::PublicText::from("on 10.0.0.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicText {
    source: String,
    form: Form,
    rules: RulesVersion,
}

impl PublicText {
    /// The text as it was written, without what was removed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How the source is read.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The rules that it passed.
    #[must_use]
    pub const fn rules(&self) -> RulesVersion {
        self.rules
    }

    /// As HTML, safe to stand in any element that holds text blocks (for [`Form::Plain`]: any element).
    #[must_use]
    pub fn html(&self) -> String {
        html(&self.source, self.form)
    }

    /// As plain text: paragraphs between blank lines, the targets of links behind their texts.
    #[must_use]
    pub fn plain(&self) -> String {
        plain(&self.source, self.form)
    }

    /// As plain text on one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        one_line(&self.source, self.form)
    }

    /// The row to store.
    #[must_use]
    pub fn stored(&self) -> StoredText {
        let Self { source, form, rules } = self.clone();
        let seal = seal(&source, form, rules);
        StoredText { source, form, rules, seal }
    }
}

fn html(source: &str, form: Form) -> String {
    match form {
        Form::Markdown => markdown::html(source),
        Form::Plain => markdown::escaped(source),
    }
}

fn plain(source: &str, form: Form) -> String {
    match form {
        Form::Markdown => markdown::plain(source),
        Form::Plain => source.to_owned(),
    }
}

fn one_line(source: &str, form: Form) -> String {
    match form {
        Form::Markdown => markdown::line(source),
        Form::Plain => markdown::joined(source),
    }
}

/// A public text as a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    /// [`PublicText::source`].
    pub source: String,
    /// [`PublicText::form`].
    pub form: Form,
    /// [`PublicText::rules`].
    pub rules: RulesVersion,
    /// A hash that only the sanitiser writes: a row that it did not write, or that was changed since, is refused.
    pub seal: [u8; 16],
}

/// A row that the sanitiser did not write as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSeal;

impl Display for BadSeal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a text was changed after the sanitiser had passed it")
    }
}

impl std::error::Error for BadSeal {}

/// The public text of a row, under the rules that it passed; [`Rules::review`] says what later ones find in it.
///
/// # Errors
/// The row is not as the sanitiser wrote it. The seal guards against mistakes, not against who can write the database.
pub fn restore(row: StoredText) -> Result<PublicText, BadSeal> {
    let StoredText { source, form, rules, seal: written } = row;
    if seal(&source, form, rules) == written { Ok(PublicText { source, form, rules }) } else { Err(BadSeal) }
}

fn seal(source: &str, form: Form, rules: RulesVersion) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("skerry 2026 public text");
    let form = match form {
        Form::Markdown => 0,
        Form::Plain => 1,
    };
    hasher.update(&[form]).update(&rules.0.to_le_bytes()).update(source.as_bytes());
    let mut seal = [0; 16];
    hasher.finalize_xof().fill(&mut seal);
    seal
}

/// What the sanitiser makes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the first scan found in the source, in its order: the difference that the author sees.
    pub findings: Vec<Finding>,
    /// The text, or what still shows once it is rendered: that blocks publication, and the author has to edit.
    pub text: Result<PublicText, Vec<Remainder>>,
}

impl Rules {
    /// Cleans a text: what the rules forbid is replaced, unless `released` names it as it stands in the source. What
    /// shows only in the rendered text, by character references, escapes or emphasis, blocks it.
    #[must_use]
    pub fn sanitise(
        &self,
        source: &str,
        form: Form,
        replacement: &Replacement,
        released: &[String],
    ) -> Outcome {
        let released = Released::new(released);
        let stripped = Stripped::new(source);
        let (removed, kept) = in_source(&stripped.text, self, replacement, &released);
        let words = words(&stripped.text, form, &removed, replacement);
        let mut cleaned = String::with_capacity(stripped.text.len());
        let mut end = 0;
        for (hit, word) in removed.iter().zip(&words) {
            cleaned.push_str(&stripped.text[end..hit.at.start]);
            cleaned.push_str(word);
            end = hit.at.end;
        }
        cleaned.push_str(&stripped.text[end..]);
        let remainders = self.remainders(&cleaned, form, replacement, &released);
        let text = if remainders.is_empty() {
            Ok(PublicText { source: cleaned, form, rules: self.version() })
        } else {
            Err(remainders)
        };
        Outcome { findings: stripped.findings(removed, words, kept), text }
    }

    /// What these rules find in a text that passed former ones: nothing if they would let it pass as it is.
    #[must_use]
    pub fn review(
        &self,
        text: &PublicText,
        replacement: &Replacement,
        released: &[String],
    ) -> Vec<Remainder> {
        if text.rules == self.version() {
            return Vec::new();
        }
        self.remainders(&text.source, text.form, replacement, &Released::new(released))
    }

    /// What shows in any form of a text.
    fn remainders(
        &self,
        source: &str,
        form: Form,
        replacement: &Replacement,
        released: &Released,
    ) -> Vec<Remainder> {
        let html = html(source, form);
        let visible = visible::visible(&html);
        let mut outputs = vec![visible.text, plain(source, form), one_line(source, form)];
        outputs.extend(visible.attributes);
        let mut found = Vec::new();
        for output in &outputs {
            in_output(output, self, replacement, released, &mut found);
        }
        scan::in_markup(source, self, replacement, released, &mut found);
        found
    }
}

/// What stands in place of each hit: in Markdown so written that it begins no link and no definition of one.
fn words(text: &str, form: Form, removed: &[Hit], replacement: &Replacement) -> Vec<String> {
    let begins_link = |hit: &Hit| text[hit.at.end..].starts_with([':', '(', '[']);
    let mut code = None;
    let word = |hit: &Hit| {
        if form == Form::Plain || !begins_link(hit) {
            return replacement.word().to_owned();
        }
        let code = code.get_or_insert_with(|| markdown::code(text));
        let next = code.partition_point(|range| range.end <= hit.at.start);
        let in_code = code.get(next).is_some_and(|range| range.start <= hit.at.start);
        let word = if in_code { replacement.word() } else { replacement.escaped() };
        word.to_owned()
    };
    removed.iter().map(word).collect()
}

/// Characters that are unfit to show are removed whatever the rules say.
const UNFIT: Rule = Rule::UnfitCharacter;
