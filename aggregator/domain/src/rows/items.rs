//! The order of a page as text: a line for each of its rows, either `group KEY` followed by the keys of its components,
//! or `component KEY`. A group inside a group stands among the keys of the components, in parentheses:
//! `group 5 6 (7 8 9) 10`.

use super::value::{Field, Kind, Misread, Value};
use crate::state::{ComponentKey, GroupKey, PageItem};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The rows of a page, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items(pub Vec<PageItem>);

impl Field for Items {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        let mut text = String::new();
        for item in &self.0 {
            if !text.is_empty() {
                text.push('\n');
            }
            match item {
                PageItem::Component(key) => push(&mut text, "component ", key.0),
                PageItem::Group(key, rows) => {
                    push(&mut text, "group ", key.0);
                    push_rows(&mut text, rows);
                }
            }
        }
        Value::Text(Cow::Owned(text))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        let text = String::read(value)?;
        let items: Option<Vec<PageItem>> = text.lines().map(item).collect();
        items.map(Self).ok_or_else(|| Misread::new(text))
    }
}

fn push(text: &mut String, before: &str, key: i64) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{before}{key}");
}

fn push_rows(text: &mut String, rows: &[PageItem]) {
    for row in rows {
        match row {
            PageItem::Component(key) => push(text, " ", key.0),
            PageItem::Group(key, inner) => {
                push(text, " (", key.0);
                push_rows(text, inner);
                text.push(')');
            }
        }
    }
}

fn item(line: &str) -> Option<PageItem> {
    match line.split_once(' ')? {
        ("component", key) => Some(PageItem::Component(ComponentKey(key.parse().ok()?))),
        ("group", keys) => group(keys),
        _ => None,
    }
}

/// The key of a group and its rows.
fn group(text: &str) -> Option<PageItem> {
    let (key, mut rest) = first(text)?;
    let key = GroupKey(key.parse().ok()?);
    let mut rows = Vec::new();
    while let Some(text) = rest {
        let (row, after) = first(text)?;
        rows.push(match row.strip_prefix('(') {
            Some(inner) => group(inner.strip_suffix(')')?)?,
            None => PageItem::Component(ComponentKey(row.parse().ok()?)),
        });
        rest = after;
    }
    Some(PageItem::Group(key, rows))
}

/// The first word of a text, or what stands in parentheses there, and the rest.
fn first(text: &str) -> Option<(&str, Option<&str>)> {
    let end = if text.starts_with('(') { text.find(')')? + 1 } else { text.find(' ').unwrap_or(text.len()) };
    let (word, rest) = text.split_at(end);
    if rest.is_empty() { Some((word, None)) } else { Some((word, Some(rest.strip_prefix(' ')?))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        let group = |key, components: &[i64]| {
            let components = components.iter().copied().map(ComponentKey).map(PageItem::Component);
            PageItem::Group(GroupKey(key), components.collect())
        };
        let nested = vec![
            PageItem::Component(ComponentKey(11)),
            group(12, &[13, 14]),
            PageItem::Component(ComponentKey(15)),
            group(16, &[]),
        ];
        let items = Items(vec![
            group(5, &[6, 7]),
            PageItem::Component(ComponentKey(8)),
            group(9, &[]),
            PageItem::Group(GroupKey(10), nested),
        ]);
        let written = items.value().into_owned();
        let text = "group 5 6 7\ncomponent 8\ngroup 9\ngroup 10 11 (12 13 14) 15 (16)";
        assert_eq!(written, Value::Text(Cow::Borrowed(text)));
        assert_eq!(Items::read(written), Ok(items));
        for wrong in [
            "component",
            "component 1 2",
            "component (1)",
            "group",
            "group 1 ",
            "group (1)",
            "group 1 (2",
            "group 1 ()",
            "group 1 (2)3",
            "group 1 (2 (3))",
            "page 1",
            "component x",
        ] {
            assert!(Items::read(Value::Text(Cow::Borrowed(wrong))).is_err(), "{wrong}");
        }
    }
}
