//! Public texts as rows.

use crate::{public, rules, sanitised, settings};
use skerry_sanitiser::{BadSeal, Form, Replacement, Rules, Settings, restore};

#[test]
fn a_row_comes_back_as_it_was_and_no_other_row_does() {
    let text = public("*Card payments* fail on db-7");
    let row = text.stored();
    assert_eq!(restore(row.clone()).as_ref(), Ok(&text));
    let mut changed = [row.clone(), row.clone(), row.clone(), row.clone()];
    changed[0].source.push('!');
    changed[1].form = Form::Plain;
    changed[2].rules.0 ^= 1;
    changed[3].seal = [0; 16];
    for row in changed {
        assert_eq!(restore(row), Err(BadSeal));
    }
}

#[test]
fn a_later_rule_lists_what_it_would_touch() {
    let text = public("Card payments fail in rack-9");
    let same = rules();
    assert_eq!(same.version(), text.rules());
    assert_eq!(same.review(&text, &Replacement::default(), &[]), []);
    let mut names = settings();
    names.private_names.push("rack-9".into());
    let later = Rules::new(&names).expect("usable");
    assert_ne!(later.version(), text.rules());
    let touched = later.review(&text, &Replacement::default(), &[]);
    assert_eq!(touched.iter().map(|one| one.shown.as_str()).collect::<Vec<_>>(), ["rack-9"]);
    assert_eq!(later.review(&text, &Replacement::default(), &["rack-9".to_owned()]), []);
    assert_eq!(restore(text.stored()), Ok(text), "and it stays what it was");
}

#[test]
fn versions_tell_settings_apart() {
    let with = |suffixes: &[&str], patterns: &[&str]| {
        let owned = |all: &[&str]| all.iter().copied().map(str::to_owned).collect();
        let settings = Settings {
            private_suffixes: owned(suffixes),
            secret_patterns: owned(patterns),
            ..Settings::default()
        };
        Rules::new(&settings).expect("usable").version()
    };
    assert_eq!(with(&["a", "b"], &["c"]), with(&["a", "b"], &["c"]));
    for other in [with(&["a"], &["b", "c"]), with(&["ab"], &["c"]), with(&["a", "b"], &[])] {
        assert_ne!(with(&["a", "b"], &["c"]), other);
    }
}

#[test]
fn no_secret_shows_in_debug() {
    let outcome = sanitised("AKIA*IOSFODNN7*EXAMPLE and password=hunter2", Form::Markdown);
    let said = format!("{outcome:?}");
    assert!(outcome.text.is_err() && !said.contains("IOSFODNN7") && !said.contains("hunter2"), "{said}");
}
