//! Markdown as plain text, for mail and JSON, and on one line, for titles and previews.

use super::shown;
use crate::nesting;
use pulldown_cmark::{Event, Tag, TagEnd};

/// Paragraphs between blank lines, lists with their marks, and the targets of links behind their texts.
pub(crate) fn plain(source: &str) -> String {
    let source = nesting::limited(source);
    let mut writer = Writer::default();
    for event in shown(&source) {
        writer.write(event);
    }
    writer.out.truncate(writer.out.trim_end().len());
    writer.out
}

/// The words alone, with single blanks.
pub(crate) fn line(source: &str) -> String {
    let source = nesting::limited(source);
    let mut out = String::new();
    for event in shown(&source) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) => out.push(' '),
            Event::Start(Tag::Item | Tag::CodeBlock(_) | Tag::Paragraph | Tag::Heading { .. }) => {
                out.push(' ');
            }
            _ => {}
        }
    }
    joined(&out)
}

/// `text` with a single blank for each stretch of white space.
pub(crate) fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The lists around, with the next number of those that have numbers.
    lists: Vec<Option<u64>>,
    /// Where the text of the open link begins, and where it leads.
    link: Option<(usize, String)>,
    /// A list's mark was written, and nothing after it.
    after_mark: bool,
}

impl Writer {
    fn write(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => {
                self.out.push_str(&text);
                self.after_mark = false;
            }
            Event::HardBreak => self.out.push('\n'),
            Event::Start(Tag::List(first)) => {
                self.block();
                self.lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
                self.block();
            }
            Event::Start(Tag::Item) => self.mark(),
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::BlockQuote(_)) => {
                self.block();
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock) => self.block(),
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.link = Some((self.out.len(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link) => self.target(),
            _ => {}
        }
    }

    /// Begins a block: after a blank line, or within a list on a line of its own.
    fn block(&mut self) {
        if self.out.is_empty() || self.after_mark {
            return;
        }
        let wanted = if self.lists.is_empty() { 2 } else { 1 };
        let there = self.out.bytes().rev().take(wanted).take_while(|one| *one == b'\n').count();
        self.out.extend(std::iter::repeat_n('\n', wanted - there));
    }

    fn mark(&mut self) {
        self.after_mark = false;
        self.block();
        self.out.extend(std::iter::repeat_n("  ", self.lists.len().saturating_sub(1)));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                self.out.push_str(&format!("{number}. "));
                *number = number.saturating_add(1);
            }
            _ => self.out.push_str("- "),
        }
        self.after_mark = true;
    }

    fn target(&mut self) {
        let Some((start, url)) = self.link.take() else { return };
        let text = &self.out[start..];
        if text != url && format!("mailto:{text}") != url && format!("{text}/") != url {
            self.out.push_str(&format!(" ({url})"));
        }
    }
}
