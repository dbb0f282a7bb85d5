//! The order of a page as text: a line for each of its rows, either `group KEY` followed by the keys of its components,
//! or `component KEY`.

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
            let line = if text.is_empty() { "" } else { "\n" };
            let _ = match item {
                PageItem::Component(key) => write!(text, "{line}component {}", key.0),
                PageItem::Group(key, components) => {
                    let group = write!(text, "{line}group {}", key.0);
                    components
                        .iter()
                        .fold(group, |so_far, key| so_far.and_then(|()| write!(text, " {}", key.0)))
                }
            };
        }
        Value::Text(Cow::Owned(text))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        let text = String::read(value)?;
        let items: Option<Vec<PageItem>> = text.lines().map(item).collect();
        items.map(Self).ok_or_else(|| Misread::new(text))
    }
}

fn item(line: &str) -> Option<PageItem> {
    let mut words = line.split(' ');
    let kind = words.next()?;
    let keys: Vec<i64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    match (kind, keys.as_slice()) {
        ("component", [key]) => Some(PageItem::Component(ComponentKey(*key))),
        ("group", [key, components @ ..]) => {
            Some(PageItem::Group(GroupKey(*key), components.iter().copied().map(ComponentKey).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        let group = |key, components: &[i64]| {
            PageItem::Group(GroupKey(key), components.iter().copied().map(ComponentKey).collect())
        };
        let items = Items(vec![group(5, &[6, 7]), PageItem::Component(ComponentKey(8)), group(9, &[])]);
        let written = items.value().into_owned();
        assert_eq!(written, Value::Text(Cow::Borrowed("group 5 6 7\ncomponent 8\ngroup 9")));
        assert_eq!(Items::read(written), Ok(items));
        for wrong in ["component", "component 1 2", "group", "page 1", "component x"] {
            assert!(Items::read(Value::Text(Cow::Borrowed(wrong))).is_err(), "{wrong}");
        }
    }
}
