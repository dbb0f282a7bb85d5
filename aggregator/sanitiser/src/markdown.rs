//! Markdown as the public side shows it: CommonMark and strikethrough, without raw HTML, images, titles or links that
//! lead anywhere but to `http`, `https` and `mailto`. Headings begin at `h3`, and a line break is a line break.

mod literal;
mod plain;

pub use literal::escape_markdown;
pub(crate) use plain::{joined, line, plain};

use crate::nesting;
use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use skerry_protocol::words::is_unfit_to_show;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use url::Url;

/// How deep elements nest at most; a deeper one is left out, its text is not.
const DEEPEST: usize = 32;
/// The longest text without an element or a comment in it, bytes.
const LONGEST_PART: usize = 1 << 10;
/// The longest address of a link, bytes.
const LONGEST_URL: usize = 2 << 10;
/// The elements that are shown.
const ELEMENTS: [&str; 16] = [
    "p",
    "br",
    "strong",
    "em",
    "del",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "h3",
    "h4",
    "h5",
    "h6",
];

/// The text as HTML.
pub(crate) fn html(source: &str) -> String {
    let source = nesting::limited(source);
    let mut html = String::with_capacity(source.len() + source.len() / 4);
    pulldown_cmark::html::push_html(&mut html, parted(shown(&source)).into_iter());
    cleaner().clean(&html).to_string()
}

/// Parts long texts by empty comments, which the cleaner removes: what writes the HTML takes quadratic time for one text
/// with many `&` and no `<`.
fn parted(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut parted = Vec::with_capacity(events.len());
    let mut length = 0;
    for event in events {
        let Event::Text(text) = event else {
            length = 0;
            parted.push(event);
            continue;
        };
        let mut rest = &*text;
        while !rest.is_empty() {
            if length >= LONGEST_PART {
                parted.push(Event::InlineHtml(CowStr::Borrowed("<!---->")));
                length = 0;
            }
            let wanted = (LONGEST_PART - length).min(rest.len());
            let end = (wanted..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
            parted.push(Event::Text(rest[..end].to_owned().into()));
            length += end;
            rest = &rest[end..];
        }
    }
    parted
}

/// What comes out of it is safe whatever went in; the events are filtered before, so that it finds nothing to remove.
fn cleaner() -> Builder<'static> {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(ELEMENTS))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    cleaner
}

/// Stretches of code in the source. None where the source nests so deep that it is not parsed as it stands.
pub(crate) fn code(source: &str) -> Vec<Range<usize>> {
    let Cow::Borrowed(source) = nesting::limited(source) else { return Vec::new() };
    let events = Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH).into_offset_iter();
    events
        .filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))))
        .map(|(_, at)| at)
        .collect()
}

/// The blocks of raw HTML in a text that say something: they are not shown, and neither is what stands between their tags.
#[must_use]
pub fn html_blocks(source: &str) -> Vec<String> {
    let source = nesting::limited(source);
    let mut blocks: Vec<String> = Vec::new();
    for event in Parser::new_ext(&source, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::HtmlBlock) => blocks.push(String::new()),
            Event::Html(html) => blocks.last_mut().into_iter().for_each(|block| block.push_str(&html)),
            _ => {}
        }
    }
    blocks.retain(|block| says_something(block));
    blocks
}

/// Whether anything but white space stands outside of tags and comments.
fn says_something(html: &str) -> bool {
    let mut parts = html.split('<');
    let before = parts.next().unwrap_or_default();
    let after = parts.map(|part| part.split_once('>').map_or("", |(_, text)| text));
    std::iter::once(before).chain(after).any(|text| !text.trim().is_empty())
}

/// The events of what is shown.
fn shown(source: &str) -> Vec<Event<'_>> {
    let mut open: Vec<bool> = Vec::new();
    let mut deep = 0;
    let mut events = Vec::new();
    for event in Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(tag) => {
                let tag = if deep < DEEPEST { element(tag) } else { None };
                open.push(tag.is_some());
                if let Some(tag) = tag {
                    deep += 1;
                    events.push(Event::Start(tag));
                }
            }
            Event::End(tag) => {
                let is_shown = open.pop();
                if is_shown == Some(true) {
                    deep -= 1;
                    events.push(Event::End(match tag {
                        TagEnd::Heading(level) => TagEnd::Heading(lower(level)),
                        tag => tag,
                    }));
                }
            }
            Event::Text(text) => events.push(Event::Text(fit(text))),
            Event::Code(text) => events.push(Event::Code(fit(text))),
            Event::SoftBreak | Event::HardBreak => events.push(Event::HardBreak),
            // A line across says nothing; the rest is raw HTML, or not enabled.
            _ => {}
        }
    }
    events
}

/// What is shown of an element. `None`: its content alone.
fn element(tag: Tag<'_>) -> Option<Tag<'_>> {
    match tag {
        Tag::Heading { level, .. } => {
            Some(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Tag::Link { link_type, dest_url, .. } => Some(Tag::Link {
            link_type,
            dest_url: target(&dest_url)?.into(),
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        }),
        Tag::Paragraph
        | Tag::BlockQuote(_)
        | Tag::CodeBlock(_)
        | Tag::List(_)
        | Tag::Item
        | Tag::Emphasis
        | Tag::Strong
        | Tag::Strikethrough => Some(tag),
        _ => None,
    }
}

/// A page has its title and the section's above the text.
const fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

/// Where a link leads, as browsers write it, if it may.
fn target(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| url.as_str().len() <= LONGEST_URL)?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let names_user = !url.username().is_empty() || url.password().is_some();
    ((is_web && !names_user) || url.scheme() == "mailto").then(|| url.into())
}

/// A character reference may bring a character that the source must not contain.
fn fit(text: CowStr<'_>) -> CowStr<'_> {
    let unfit = |one: char| is_unfit_to_show(one) && one != '\n' && one != '\t';
    if text.contains(unfit) { text.replace(unfit, "").into() } else { text }
}

/// A text that is no Markdown, as HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            one => out.push(one),
        }
    }
    out
}
