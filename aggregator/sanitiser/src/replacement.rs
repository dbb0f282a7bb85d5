//! The word that stands where something was removed.

/// The most characters of a replacement.
const LONGEST: usize = 40;

/// What is shown in place of what was removed, in the language of the page. It is never scanned itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    word: String,
    /// The same, in Markdown that can become no link.
    escaped: String,
}

impl Replacement {
    /// Letters, digits, inner blanks, hyphens and square brackets, at most 40 characters. `None` for anything else.
    #[must_use]
    pub fn new(word: &str) -> Option<Self> {
        let fits = |one: char| one.is_alphanumeric() || " -[]".contains(one);
        let length = word.chars().count();
        if !(1..=LONGEST).contains(&length) || word.trim() != word || !word.chars().all(fits) {
            return None;
        }
        let escaped = word.replace('[', "\\[").replace(']', "\\]");
        Some(Self { word: word.to_owned(), escaped })
    }

    /// The word.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.word
    }

    pub(crate) fn escaped(&self) -> &str {
        &self.escaped
    }

    /// Where the word stands in `text`, in either form.
    fn find(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut found: Vec<_> = text.match_indices(&self.word).collect();
        if self.escaped != self.word {
            found.extend(text.match_indices(&self.escaped));
            found.sort_unstable_by_key(|(at, _)| *at);
        }
        found.into_iter().map(|(at, word)| at..at + word.len()).collect()
    }

    /// Where the word stands within a longer one: an author wrote it there, and it parts nothing.
    pub(crate) fn within_words(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut found = self.find(text);
        found.retain(|word| text[word.end..].starts_with(char::is_alphanumeric));
        found
    }

    /// The stretches of `text` between occurrences of the word, in either form.
    pub(crate) fn between(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let found = self.find(text);
        let mut pieces = Vec::with_capacity(found.len() + 1);
        let mut end = 0;
        for word in found {
            pieces.push(end..word.start);
            end = word.end;
        }
        pieces.push(end..text.len());
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

impl Default for Replacement {
    /// `[redacted]`
    fn default() -> Self {
        Self { word: "[redacted]".to_owned(), escaped: "\\[redacted\\]".to_owned() }
    }
}
