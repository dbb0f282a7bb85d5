//! The owner's style sheet. It may style the header, the footer and the text above the page, by a closed list of
//! properties, so that nothing of it reaches a status, the banner or the age of a page. It is written anew from what was
//! understood: a browser reads no other text than was checked. Syntax: CSS Syntax Module Level 3, by cssparser.

mod selectors;
mod values;

use cssparser::{
    AtRuleParser, BasicParseErrorKind, CowRcStr, DeclarationParser, ParseError, ParseErrorKind, Parser,
    ParserState, QualifiedRuleParser, RuleBodyItemParser, RuleBodyParser, StyleSheetParser,
};
use selectors::selectors;
use std::collections::BTreeSet;
use values::{PROPERTIES, condition, value};

/// A part of the style sheet that may not stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// From 1.
    pub(super) line: u32,
    pub(super) what: String,
    pub(super) remedy: String,
}

/// Checks a style sheet. Returns it as it is served.
pub(super) fn check(source: &str) -> Result<String, Vec<Wrong>> {
    let mut input = Parser::new(source);
    let mut rules = Rules::default();
    let css = rules.read(&mut input);
    if rules.wrong.is_empty() { Ok(css) } else { Err(rules.wrong) }
}

type Refused = ParseError<(u32, String, String)>;

#[derive(Default)]
struct Rules {
    wrong: Vec<Wrong>,
}

impl Rules {
    /// Reads rules up to the end of the input or of the block.
    fn read(&mut self, input: &mut Parser<'_>) -> String {
        let (mut css, mut wrong) = (String::new(), Vec::new());
        for rule in StyleSheetParser::new(input, self) {
            match rule {
                Ok(rule) => css.push_str(&rule),
                Err((error, part, at)) => wrong.push(wrong_at(error, part, at.line)),
            }
        }
        self.wrong.extend(wrong);
        css
    }
}

fn wrong_at(error: Refused, part: &str, line: u32) -> Wrong {
    match error.kind {
        ParseErrorKind::Custom((line, what, remedy)) => Wrong { line: line + 1, what, remedy },
        ParseErrorKind::Basic(kind) => {
            let part: String = part.split(['\n', '{']).next().unwrap_or_default().chars().take(60).collect();
            let what = match kind {
                BasicParseErrorKind::AtRuleInvalid | BasicParseErrorKind::AtRuleBodyInvalid => {
                    format!("\"{}\" is not allowed", part.trim())
                }
                _ => format!("\"{}\" is not CSS that is understood", part.trim()),
            };
            let remedy =
                "Write rules such as header { padding-block: 1rem; }, also within @media or @supports.";
            Wrong { line: line + 1, what, remedy: remedy.to_owned() }
        }
    }
}

fn refuse<T>(input: &Parser<'_>, what: String, remedy: impl Into<String>) -> Result<T, Refused> {
    let line = input.current_source_location().line;
    Err(ParseError { kind: ParseErrorKind::Custom((line, what, remedy.into())) })
}

fn one_of(words: &[&str]) -> String {
    let words: BTreeSet<&str> = words.iter().copied().collect();
    words.into_iter().collect::<Vec<_>>().join(", ")
}

impl<'i> QualifiedRuleParser<'i> for Rules {
    type Prelude = String;
    type QualifiedRule = String;
    type Error = (u32, String, String);

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<String, Refused> {
        selectors(input)
    }

    fn parse_block(
        &mut self,
        selectors: String,
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<String, Refused> {
        let (mut css, mut wrong) = (String::new(), Vec::new());
        for declaration in RuleBodyParser::new(input, &mut Declarations) {
            match declaration {
                Ok(declaration) => css.push_str(&declaration),
                Err((error, part, at)) => wrong.push(wrong_at(error, part, at.line)),
            }
        }
        self.wrong.extend(wrong);
        Ok(format!("{selectors}{{{css}}}"))
    }
}

impl<'i> AtRuleParser<'i> for Rules {
    type Prelude = String;
    type AtRule = String;
    type Error = (u32, String, String);

    fn parse_prelude(&mut self, name: CowRcStr<'i>, input: &mut Parser<'i>) -> Result<String, Refused> {
        let name = name.to_ascii_lowercase();
        if name != "media" && name != "supports" {
            return refuse(
                input,
                format!("@{name} is not allowed"),
                "Only @media and @supports may stand here.",
            );
        }
        Ok(format!("@{name} {}", condition(input, 0)?))
    }

    fn parse_block(
        &mut self,
        prelude: String,
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<String, Refused> {
        Ok(format!("{prelude}{{{}}}", self.read(input)))
    }
}

struct Declarations;

impl<'i> DeclarationParser<'i> for Declarations {
    type Declaration = String;
    type Error = (u32, String, String);

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _: &ParserState,
    ) -> Result<String, Refused> {
        let name = name.to_ascii_lowercase();
        if !PROPERTIES.contains(&name.as_str()) {
            return refuse(
                input,
                format!("\"{name}\" is not allowed"),
                "Colours, fonts, borders, padding, sizes and the flow of text may be set.",
            );
        }
        Ok(format!("{name}:{};", value(&name, input)?))
    }
}

impl AtRuleParser<'_> for Declarations {
    type Prelude = ();
    type AtRule = String;
    type Error = (u32, String, String);
}

impl QualifiedRuleParser<'_> for Declarations {
    type Prelude = ();
    type QualifiedRule = String;
    type Error = (u32, String, String);
}

impl RuleBodyItemParser<'_, String, (u32, String, String)> for Declarations {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        false
    }
}

#[cfg(test)]
#[path = "css_test.rs"]
mod tests;
