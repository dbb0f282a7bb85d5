//! The scripts. Each is joined from a few modules of `assets/script`, in the order in which they use each other, so that a
//! page asks for one file and every module can be tested by itself. Comments and indentation stay behind.

use super::assets::{minify, old_icon};
use super::document::strip_css;
use crate::texts::Language;
use std::borrow::Cow;
use std::sync::LazyLock;

macro_rules! modules {
    ($($name:literal),+ $(,)?) => {
        &[$(include_str!(concat!("../../assets/script/", $name, ".mjs"))),+]
    };
}

const PAGE: &[&str] = modules![
    "duration",
    "clock",
    "poll",
    "morph",
    "age",
    "favicon",
    "refresh",
    "days",
    "day_details",
    "tip",
    "slider",
    "bubble",
    "print",
    "page"
];
/// What the pages of components have besides.
const COMPONENT: &[&str] = modules!["chart", "component"];
const BUBBLE_CSS: &str = include_str!("../../assets/script/bubble.css");
const PRINT_CSS: &str = include_str!("../../assets/script/print.css");
const WIDGET: &[&str] = modules!["duration", "clock", "poll", "age", "icons", "strip", "widget"];
const BOX_CSS: &str = include_str!("../../assets/script/box.css");

const ENGLISH: &str = include_str!("../../assets/script/texts.mjs");
const GERMAN: &str = include_str!("../../assets/script/texts.de.mjs");
const PSEUDO: &str = include_str!("../../assets/script/texts.ar-xb.mjs");

/// The module of the texts, which all others use.
fn texts(language: Language) -> Cow<'static, str> {
    match language {
        Language::English => ENGLISH.into(),
        Language::German => GERMAN.into(),
        Language::Pseudo => (ENGLISH.replace("TEXTS", "ENGLISH") + PSEUDO).into(),
    }
}

/// The script of the pages.
pub(super) fn page_script(language: Language) -> &'static str {
    static SCRIPTS: LazyLock<[String; Language::COUNT]> =
        LazyLock::new(|| Language::EVERY.map(|language| of_page(language, &[])));
    &SCRIPTS[language as usize]
}

/// The script of the pages of components.
pub(super) fn component_script(language: Language) -> &'static str {
    static SCRIPTS: LazyLock<[String; Language::COUNT]> =
        LazyLock::new(|| Language::EVERY.map(|language| of_page(language, COMPONENT)));
    &SCRIPTS[language as usize]
}

/// The script that other sites embed: a strip with the state of the page.
pub(crate) fn widget_script(language: Language) -> &'static str {
    static SCRIPTS: LazyLock<[String; Language::COUNT]> = LazyLock::new(|| {
        let sheets = [("STRIP_CSS", strip_css(BOX_CSS))];
        Language::EVERY.map(|language| joined(language, WIDGET, &sheets))
    });
    &SCRIPTS[language as usize]
}

fn of_page(language: Language, more: &[&str]) -> String {
    let named = [
        ("BUBBLE_CSS", minify(BUBBLE_CSS)),
        ("PRINT_CSS", minify(PRINT_CSS)),
        ("OLD_ICON", old_icon().to_owned()),
    ];
    joined(language, &[PAGE, more].concat(), &named)
}

/// One script of several modules, which share its scope, and of style sheets and names, which are texts in it.
fn joined(language: Language, modules: &[&str], named: &[(&str, String)]) -> String {
    let mut out = String::from("(()=>{'use strict'\n");
    for (name, text) in named {
        out += &format!("const {name}=`{text}`\n");
    }
    let mut in_comment = false;
    let texts = texts(language);
    let modules = std::iter::once(&*texts).chain(modules.iter().copied());
    for line in modules.flat_map(str::lines).map(str::trim) {
        let is_comment = in_comment || line.starts_with("/*");
        in_comment = is_comment && !line.ends_with("*/");
        if !(is_comment || line.is_empty() || line.starts_with("//") || line.starts_with("import ")) {
            out += line.strip_prefix("export ").unwrap_or(line);
            out.push('\n');
        }
    }
    out + "})()\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that a line exports, or those that it imports.
    fn names<'a>(line: &'a str, keyword: &str) -> Vec<&'a str> {
        let Some(rest) = line.strip_prefix(keyword) else { return Vec::new() };
        match rest.trim().strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((list, _)) => list.split(',').map(str::trim).collect(),
            None => rest.split_whitespace().nth(1).into_iter().collect(),
        }
    }

    #[test]
    fn what_a_module_imports_an_earlier_one_exports() {
        let of_component = [PAGE, COMPONENT].concat();
        for (modules, last) in [(of_component.as_slice(), "chart"), (PAGE, "bubbles"), (WIDGET, "strip")] {
            let mut known = vec!["TEXTS"];
            for line in modules.iter().flat_map(|module| module.lines()) {
                for name in names(line, "import ") {
                    assert!(known.contains(&name), "{name}");
                }
                known.extend(names(line, "export "));
            }
            assert!(known.contains(&last), "{known:?}");
        }
    }

    #[test]
    fn a_script_has_no_module_syntax_and_no_comment() {
        for language in Language::EVERY {
            let page = component_script(language);
            for line in page.lines().chain(widget_script(language).lines()) {
                assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
                assert!(!line.starts_with('*') && !line.starts_with('/'), "{line}");
                assert!(line.matches('`').count().is_multiple_of(2), "a text of several lines: {line}");
            }
            assert_eq!(page.matches("const TEXTS =").count(), 1, "{page}");
            assert!(page.contains("const BUBBLE_CSS=`.tip,"), "{page}");
        }
        assert!(![BUBBLE_CSS, PRINT_CSS, &strip_css(BOX_CSS)].concat().contains(['`', '\\', '$']));
    }

    #[test]
    fn the_texts_of_every_language_have_the_same_keys() {
        let keys = |module: &str| -> Vec<String> {
            let lines = module.lines().filter(|line| !line.trim_start().starts_with('/'));
            let keys = lines.filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
            keys.map(|(key, _)| key.to_owned()).collect()
        };
        assert!(keys(ENGLISH).len() > 20, "the texts have moved");
        assert_eq!(keys(GERMAN), keys(ENGLISH));
    }

    #[test]
    fn the_strip_has_the_icons_of_the_pages() {
        let symbols = include_str!("../../templates/symbols.stpl");
        let icons = include_str!("../../assets/script/icons.mjs");
        let paths: Vec<_> = icons.split("d: '").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
        assert_eq!(paths.len(), 9);
        for path in paths {
            assert!(symbols.contains(&format!("d=\"{path}\"")), "{path}");
        }
    }
}
