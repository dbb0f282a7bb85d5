//! What the pages say stands in `publish/texts`, so that it is read and changed in one place.

use crate::sources::texts;

/// What `text` holds outside of `open … close`.
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
fn a_template_says_nothing_of_its_own() {
    let templates: Vec<_> = texts().into_iter().filter(|source| source.path.ends_with(".stpl")).collect();
    assert!(templates.len() > 10, "the templates have moved: {}", templates.len());
    for template in templates {
        let markup = outside(&template.text, "<%", "%>");
        assert!(!markup.contains("aria-label=\"A") && !markup.contains("alt="), "{}", template.path);
        let said = outside(&markup, "<", ">");
        let words: Vec<&str> = said
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphabetic) && !word.contains('='))
            .collect();
        assert!(words.is_empty(), "{} says {words:?}: put it into publish/texts", template.path);
    }
}
