//! The sign-in page of a page that is not for everybody. It says the name of the page and its owner's sentence, and
//! nothing of what the page shows.

use super::document::{Document, Sheet, Style};
use super::frame::is_link;
use super::words::balanced;
use crate::texts::{Language, Texts};
use sailfish::TemplateSimple;

/// What the sign-in page says.
#[derive(Clone, Copy, Debug)]
pub struct SignInPage<'a> {
    /// The name of the page.
    pub name: &'a str,
    /// The language of the page.
    pub language: Language,
    /// The target of "Get help".
    pub support_url: Option<&'a str>,
    /// Whom the page is for, in the words of its owner.
    pub sentence: Option<&'a str>,
}

/// Why somebody is still not signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSignedIn {
    /// The password is wrong.
    WrongPassword,
    /// Too many tries; the time is that of the next one in UTC, such as "16:30".
    TooManyTries(String),
    /// It cannot be checked at the moment.
    Unavailable,
}

#[derive(TemplateSimple)]
#[template(path = "sign_in.stpl")]
struct SignIn<'a> {
    style: &'static Style,
    texts: &'static Texts,
    language: &'static str,
    direction: &'static str,
    title: String,
    name: String,
    help: Option<&'a str>,
    sentence: Option<&'a str>,
    error: Option<String>,
}

/// Renders the sign-in page. The form is sent to its own address.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn sign_in(page: SignInPage<'_>, error: Option<&NotSignedIn>) -> anyhow::Result<Document> {
    let style = Sheet::Form.style();
    let texts = page.language.texts();
    let (words, name) = (texts.sign_in, balanced(page.name));
    let html = SignIn {
        style,
        texts,
        language: page.language.tag(),
        direction: page.language.direction(),
        title: format!("{} · {name}", words.title()),
        help: page.support_url.filter(|url| is_link(url)),
        sentence: page.sentence,
        error: error.map(|error| match error {
            NotSignedIn::WrongPassword => words.wrong().to_owned(),
            NotSignedIn::TooManyTries(until) => words.too_many_tries(&texts.dates.time_in_zone(until, "UTC")),
            NotSignedIn::Unavailable => words.unavailable().to_owned(),
        }),
        name,
    };
    Ok(Document { html: html.render_once()?, policy: style.form_policy(false) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: SignInPage<'_> = SignInPage {
        name: "Northwind <partners>",
        language: Language::English,
        support_url: Some("mailto:help@example.com"),
        sentence: Some("It is for people who work with \"Northwind\"."),
    };

    #[test]
    fn it_says_name_and_sentence_and_keeps_out_of_search_engines() {
        let page = sign_in(PAGE, None).expect("rendered");
        for text in [
            "Sign in to see this page",
            "Northwind &lt;partners&gt;",
            "It is for people who work with &quot;Northwind&quot;.",
            "href=\"mailto:help@example.com\"",
            "content=noindex",
            "<form method=post>",
            "autocomplete=current-password",
        ] {
            assert!(page.html.contains(text), "{text}: {}", page.html);
        }
        assert!(!page.html.contains("aria-invalid=true") && !page.html.contains("<svg"));
        assert!(page.policy.contains("form-action 'self'") && !page.policy.contains("unsafe"));
    }

    #[test]
    fn an_error_is_tied_to_its_field() {
        for (error, text) in [
            (NotSignedIn::WrongPassword, "This password is not right."),
            (NotSignedIn::TooManyTries("16:30".to_owned()), "Too many tries. Try again after 16:30 UTC."),
            (NotSignedIn::Unavailable, "The password could not be checked. Try again in a minute."),
        ] {
            let page = sign_in(PAGE, Some(&error)).expect("rendered");
            assert!(page.html.contains(&format!("<p id=e class=x>{text}</p>")), "{}", page.html);
            assert!(page.html.contains("aria-invalid=true aria-describedby=e"), "{}", page.html);
        }
    }

    #[test]
    fn it_speaks_the_language_of_the_page() {
        let page = SignInPage { language: Language::German, ..PAGE };
        let error = NotSignedIn::TooManyTries("16:30".to_owned());
        let page = sign_in(page, Some(&error)).expect("rendered").html;
        for text in ["<html lang=\"de\" dir=ltr>", "Passwort", "Bitte nach 16:30 Uhr UTC erneut versuchen."] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }

    #[test]
    fn a_link_that_would_run_a_script_is_left_out() {
        let page = SignInPage { support_url: Some("javascript:alert(1)"), ..PAGE };
        assert!(!sign_in(page, None).expect("rendered").html.contains("javascript"));
    }
}
