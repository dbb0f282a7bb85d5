//! Properties and values of the owner's style sheet, and the conditions of its rules.

use super::{Refused, one_of, refuse};
use cssparser::{Parser, ToCss as _, Token};

/// None of them takes a part out of the flow, lays one over another or loads anything. A height smaller than the contents would
/// lay them over what follows, and opacity would make a layer: neither is allowed.
pub(super) const PROPERTIES: &[&str] = &[
    "align-items",
    "background",
    "background-color",
    "border",
    "border-block",
    "border-block-end",
    "border-block-start",
    "border-bottom",
    "border-color",
    "border-inline",
    "border-left",
    "border-radius",
    "border-right",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "column-gap",
    "display",
    "flex-direction",
    "flex-wrap",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "gap",
    "justify-content",
    "letter-spacing",
    "line-height",
    "list-style",
    "max-inline-size",
    "max-width",
    "min-height",
    "min-width",
    "overflow-wrap",
    "padding",
    "padding-block",
    "padding-bottom",
    "padding-inline",
    "padding-left",
    "padding-right",
    "padding-top",
    "row-gap",
    "text-align",
    "text-decoration",
    "text-decoration-color",
    "text-transform",
    "text-underline-offset",
    "white-space",
    "width",
    "word-spacing",
    "accent-color",
];
/// Colours only: what calculates could exceed every limit.
const FUNCTIONS: &[&str] = &["rgb", "rgba", "hsl", "hsla", "hwb", "oklch", "oklab", "lch"];
const UNITS: &[&str] = &["px", "rem", "em", "ch", "ex"];
/// How deep the parentheses of a condition may nest.
const MAX_DEPTH: usize = 8;

/// The greatest values of a property: px, lengths in other units, and numbers without a unit. They keep what stands above the
/// page short.
fn limits(property: &str) -> (f32, f32, f32) {
    let (px, length) = if is_width(property) { (960.0, 60.0) } else { (64.0, 4.0) };
    (px, length, if property == "font-weight" { 1_000.0 } else { 4.0 })
}

fn is_width(property: &str) -> bool {
    property.ends_with("width") && !property.starts_with("border") || property.ends_with("inline-size")
}

/// The condition of `@media` or `@supports`, as its tokens are written.
pub(super) fn condition(input: &mut Parser<'_>, depth: usize) -> Result<String, Refused> {
    let mut text = String::new();
    while let Ok(token) = input.next_including_whitespace_and_comments().cloned() {
        match &token {
            // A comment parts two tokens: without it they would be another one.
            Token::WhiteSpace(_) | Token::Comment(_) => text.push(' '),
            Token::ParenthesisBlock if depth < MAX_DEPTH => {
                let within = input.parse_nested_block(|input| condition(input, depth + 1))?;
                text.push_str(&format!("({within})"));
            }
            Token::Ident(_)
            | Token::Number { .. }
            | Token::Dimension { .. }
            | Token::Percentage { .. }
            | Token::Colon
            | Token::Comma
            | Token::Delim('<' | '>' | '=' | '/')
            | Token::Hash(_)
            | Token::IDHash(_) => {
                text.push_str(&token.to_css_string());
            }
            _ => {
                let what = format!("\"{}\" is not allowed in a condition", token.to_css_string());
                return refuse(input, what, "Write such as (min-width: 40rem).");
            }
        }
    }
    Ok(text.trim().to_owned())
}

/// The value of a property, as its tokens are written.
pub(super) fn value(property: &str, input: &mut Parser<'_>) -> Result<String, Refused> {
    let (px, length, number) = limits(property);
    // Lines that are lower than their letters lie over one another.
    let least = if property == "line-height" { 1.0 } else { -1.0 };
    let mut text = String::new();
    while let Ok(token) = input.next_including_whitespace_and_comments().cloned() {
        let too_much = |input: &Parser<'_>| {
            let what = format!("\"{}\" is too much for {property}", token.to_css_string());
            refuse(
                input,
                what,
                format!("At most {px}px, {length} of another unit, or {number} without a unit."),
            )
        };
        match &token {
            // A comment parts two tokens: without it they would be another one.
            Token::WhiteSpace(_) | Token::Comment(_) => text.push(' '),
            Token::Function(name) if FUNCTIONS.contains(&name.to_ascii_lowercase().as_str()) => {
                let within = input.parse_nested_block(color)?;
                text.push_str(&format!("{}({within})", name.to_ascii_lowercase()));
                continue;
            }
            Token::Dimension { value, unit, .. } => {
                let unit = unit.to_ascii_lowercase();
                if !UNITS.contains(&unit.as_str()) {
                    let what = format!("the unit of \"{}\" is not allowed", token.to_css_string());
                    return refuse(input, what, format!("Use {}.", one_of(UNITS)));
                }
                if !(least..=if unit == "px" { px } else { length }).contains(value) {
                    return too_much(input);
                }
            }
            Token::Number { value, .. } if !(least..=number).contains(value) => return too_much(input),
            Token::Percentage { unit_value, .. }
                if !is_width(property) || !(0.0..=1.0).contains(unit_value) =>
            {
                let what = format!("\"{}\" is not allowed for {property}", token.to_css_string());
                return refuse(input, what, "Percentages up to 100% are for widths.");
            }
            Token::Ident(_)
            | Token::Hash(_)
            | Token::IDHash(_)
            | Token::Number { .. }
            | Token::Percentage { .. }
            | Token::QuotedString(_)
            | Token::Comma => {}
            _ => return not_allowed(&token, input),
        }
        if !matches!(token, Token::WhiteSpace(_) | Token::Comment(_)) {
            text.push_str(&token.to_css_string());
        }
    }
    Ok(text.trim().to_owned())
}

/// What stands in the parentheses of a colour.
fn color(input: &mut Parser<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    while let Ok(token) = input.next_including_whitespace_and_comments().cloned() {
        match &token {
            // A comment parts two tokens: without it they would be another one.
            Token::WhiteSpace(_) | Token::Comment(_) => text.push(' '),
            Token::Ident(_)
            | Token::Number { .. }
            | Token::Percentage { .. }
            | Token::Dimension { .. }
            | Token::Comma
            | Token::Delim('/') => text.push_str(&token.to_css_string()),
            _ => return not_allowed(&token, input),
        }
    }
    Ok(text.trim().to_owned())
}

fn not_allowed<T>(token: &Token<'_>, input: &Parser<'_>) -> Result<T, Refused> {
    let what = format!("\"{}\" is not allowed in a value", token.to_css_string());
    refuse(input, what, "Nothing may be loaded, calculated or marked as important.")
}
