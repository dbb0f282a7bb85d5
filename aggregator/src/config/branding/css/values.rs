//! Properties and values of the owner's style sheet, and the conditions of its rules.

use super::{Refused, one_of, refuse};
use cssparser::{Parser, ToCss as _, Token};

/// None of them takes a part out of the flow, lays one over another or loads anything.
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
    "font",
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
    "max-block-size",
    "max-height",
    "max-inline-size",
    "max-width",
    "min-height",
    "min-width",
    "height",
    "opacity",
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
const FUNCTIONS: &[&str] =
    &["rgb", "rgba", "hsl", "hsla", "hwb", "oklch", "oklab", "lch", "calc", "min", "max", "clamp"];
const UNITS: &[&str] = &["px", "rem", "em", "ch", "ex", "deg"];
/// The longest length, in any unit but px, and in px: what stands above the page leaves its first screen visible.
const LONGEST: (f32, f32) = (12.0, 200.0);

/// The condition of `@media` or `@supports`, as its tokens are written.
pub(super) fn condition(input: &mut Parser<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    while let Ok(token) = input.next_including_whitespace().cloned() {
        match &token {
            Token::WhiteSpace(_) => text.push(' '),
            Token::ParenthesisBlock => {
                let within = input.parse_nested_block(condition)?;
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

/// A value, as its tokens are written.
pub(super) fn value(input: &mut Parser<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    while let Ok(token) = input.next_including_whitespace().cloned() {
        match &token {
            Token::WhiteSpace(_) => text.push(' '),
            Token::Function(name) if FUNCTIONS.contains(&name.to_ascii_lowercase().as_str()) => {
                let within = input.parse_nested_block(value)?;
                text.push_str(&format!("{}({within})", name.to_ascii_lowercase()));
            }
            Token::Dimension { value, unit, .. } => {
                let unit = unit.to_ascii_lowercase();
                if !UNITS.contains(&unit.as_str()) {
                    let what = format!("the unit of \"{}\" is not allowed", token.to_css_string());
                    return refuse(input, what, format!("Use {}.", one_of(UNITS)));
                }
                let longest = if unit == "px" || unit == "deg" { LONGEST.1 } else { LONGEST.0 };
                if unit != "deg" && !(0.0..=longest).contains(value) && !(-1.0..0.0).contains(value) {
                    let what = format!("\"{}\" is too long", token.to_css_string());
                    let remedy = format!("At most {}px, or {} of another unit.", LONGEST.1, LONGEST.0);
                    return refuse(input, what, remedy);
                }
                text.push_str(&token.to_css_string());
            }
            Token::Ident(_)
            | Token::Hash(_)
            | Token::IDHash(_)
            | Token::Number { .. }
            | Token::Percentage { .. }
            | Token::QuotedString(_)
            | Token::Comma
            | Token::Delim('/' | '+' | '-' | '*') => {
                text.push_str(&token.to_css_string());
            }
            _ => {
                let what = format!("\"{}\" is not allowed in a value", token.to_css_string());
                return refuse(input, what, "Nothing may be loaded, and nothing may be marked as important.");
            }
        }
    }
    Ok(text.trim().to_owned())
}
