//! All texts of the pages are in `publish/texts`, where they can be read and changed in one place.

use crate::sources::texts;

/// The part of `text` outside of `open … close`.
fn outside(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(open) {
        out.push_str(before);
        out.push(' ');
        rest = inside.split_once(close).map_or("", |(_, after)| after);
    }
    out + rest
}

#[test]
fn templates_contain_no_texts() {
    let templates: Vec<_> = texts().into_iter().filter(|source| source.path.ends_with(".stpl")).collect();
    assert!(templates.len() > 10, "the templates have moved: {}", templates.len());
    for template in templates {
        let markup = outside(&template.text, "<%", "%>");
        let alternatives = || markup.split("alt=").skip(1).all(|rest| rest.starts_with("\" \""));
        assert!(!markup.contains("aria-label=\"A") && alternatives(), "{}", template.path);
        let content = outside(&markup, "<", ">");
        let words: Vec<&str> = content
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphabetic) && !word.contains('='))
            .collect();
        assert!(words.is_empty(), "{} contains {words:?}: move it to publish/texts", template.path);
    }
}
