//! The scripts. Each is joined from a few modules of `assets/script`, in the order in which they use each other, so that a
//! page asks for one file and every module can be tested by itself. Comments and indentation stay behind.

use super::assets::minify;
use super::document::strip_css;
use std::sync::LazyLock;

macro_rules! modules {
    ($($name:literal),+ $(,)?) => {
        &[$(include_str!(concat!("../../assets/script/", $name, ".mjs"))),+]
    };
}

const PAGE: &[&str] = modules![
    "texts",
    "duration",
    "clock",
    "poll",
    "morph",
    "age",
    "refresh",
    "days",
    "day_details",
    "bubble",
    "print",
    "page"
];
const BUBBLE_CSS: &str = include_str!("../../assets/script/bubble.css");
const PRINT_CSS: &str = include_str!("../../assets/script/print.css");
const WIDGET: &[&str] = modules!["texts", "duration", "clock", "poll", "age", "icons", "strip", "widget"];
const BOX_CSS: &str = include_str!("../../assets/script/box.css");

/// The script of the pages.
pub(super) static PAGE_SCRIPT: LazyLock<String> =
    LazyLock::new(|| joined(PAGE, &[("BUBBLE_CSS", minify(BUBBLE_CSS)), ("PRINT_CSS", minify(PRINT_CSS))]));

/// The script that other sites embed: a strip with the state of the page.
pub(crate) static WIDGET_SCRIPT: LazyLock<String> =
    LazyLock::new(|| joined(WIDGET, &[("STRIP_CSS", strip_css(BOX_CSS))]));

/// One script of several modules, which share its scope, and of style sheets, which are texts in it.
fn joined(modules: &[&str], sheets: &[(&str, String)]) -> String {
    let mut out = String::from("(()=>{'use strict'\n");
    for (name, css) in sheets {
        out += &format!("const {name}=`{css}`\n");
    }
    let mut in_comment = false;
    for line in modules.iter().flat_map(|module| module.lines()).map(str::trim) {
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
        for (modules, last) in [(PAGE, "bubbles"), (WIDGET, "strip")] {
            let mut known = Vec::new();
            for line in modules.iter().flat_map(|module| module.lines()) {
                for name in names(line, "import ") {
                    assert!(known.contains(&name), "{name}");
                }
                known.extend(names(line, "export "));
            }
            assert!(known.contains(&last) && known.contains(&"TEXTS"), "{known:?}");
        }
    }

    #[test]
    fn a_script_has_no_module_syntax_and_no_comment() {
        for line in PAGE_SCRIPT.lines().chain(WIDGET_SCRIPT.lines()) {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
            assert!(!line.starts_with('*') && !line.starts_with('/'), "{line}");
            assert!(line.matches('`').count().is_multiple_of(2), "a text of several lines: {line}");
        }
        assert!(PAGE_SCRIPT.contains("const BUBBLE_CSS=`.tip,"), "{}", *PAGE_SCRIPT);
        assert!(![BUBBLE_CSS, PRINT_CSS, &strip_css(BOX_CSS)].concat().contains(['`', '\\', '$']));
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
