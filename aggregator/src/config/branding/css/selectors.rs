//! Selectors of the owner's style sheet: they begin with header, footer or the text above the page, and go down from there.

use super::{Refused, one_of, refuse};
use cssparser::{Parser, ToCss as _, Token};

/// With what a selector begins.
const ROOTS: &[&str] = &["header", "footer", ".intro"];
/// Elements and classes below those.
const BELOW: &[&str] = &[
    "a",
    "p",
    "ul",
    "ol",
    "li",
    "img",
    "picture",
    "strong",
    "em",
    "code",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "bdi",
    "span",
    "div",
    ".name",
    ".logo",
];
const PSEUDO_CLASSES: &[&str] =
    &["hover", "focus", "focus-visible", "active", "link", "visited", "first-child", "last-child"];
/// A list of selectors, each of which begins with one of [`ROOTS`].
pub(super) fn selectors(input: &mut Parser<'_>) -> Result<String, Refused> {
    let remedy = || format!("Begin it with {} and go down to {}.", one_of(ROOTS), one_of(BELOW));
    let mut text = String::new();
    // The words of the compound that is being read, and whether it is the first of its selector.
    let (mut compound, mut is_first) = (String::new(), true);
    let end = |compound: &mut String, is_first: &mut bool, input: &Parser<'_>| {
        let words = compound.split(':').next().unwrap_or_default().to_owned();
        let allowed =
            if *is_first { ROOTS.contains(&words.as_str()) } else { BELOW.contains(&words.as_str()) };
        if !allowed {
            return refuse(input, format!("\"{compound}\" is not an allowed selector"), remedy());
        }
        (*is_first, *compound) = (false, String::new());
        Ok(())
    };
    let mut pending = None;
    while let Ok(token) = input.next_including_whitespace().cloned() {
        match &token {
            Token::WhiteSpace(_) => {
                if !compound.is_empty() {
                    pending = pending.or(Some(" "));
                }
                continue;
            }
            Token::Delim('>') if !compound.is_empty() => {
                pending = Some(">");
                continue;
            }
            Token::Comma => {
                end(&mut compound, &mut is_first, input)?;
                (is_first, pending) = (true, None);
                text.push(',');
                continue;
            }
            _ => {}
        }
        if let Some(combinator) = pending.take() {
            end(&mut compound, &mut is_first, input)?;
            text.push_str(combinator);
        }
        let part = match &token {
            Token::Ident(name) if compound.is_empty() || compound.ends_with(['.', ':']) => name.to_string(),
            Token::Delim('.') if compound.is_empty() => ".".to_owned(),
            Token::Colon if !compound.is_empty() => ":".to_owned(),
            _ => {
                let what = format!("\"{}\" is not allowed in a selector", token.to_css_string());
                return refuse(input, what, remedy());
            }
        };
        let is_plain =
            part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".:-".contains(c));
        let unknown = compound.ends_with(':') && !PSEUDO_CLASSES.contains(&part.as_str());
        if !is_plain || unknown {
            return refuse(input, format!("\"{compound}{part}\" is not an allowed selector"), remedy());
        }
        compound.push_str(&part);
        text.push_str(&part);
    }
    end(&mut compound, &mut is_first, input)?;
    Ok(text)
}
