//! Templates: which placeholders exist, and that values are put in once and never read again.

use proptest::prelude::*;
use skerry_domain::template::{Placeholder, TemplateField, TemplateStatus, fill, invalid_placeholders};

fn value(placeholder: Placeholder) -> String {
    match placeholder {
        Placeholder::Page => "Demo".to_owned(),
        Placeholder::Components => "Shop and Mail".to_owned(),
        Placeholder::Since => "14:40 UTC".to_owned(),
        Placeholder::Duration => "2 h".to_owned(),
        Placeholder::Incident => "Orders fail".to_owned(),
    }
}

#[test]
fn names_of_the_list_are_replaced_and_nothing_else() {
    for (template, filled) in [
        ("", ""),
        ("Nothing to replace", "Nothing to replace"),
        ("{{page}}: {{components}}", "Demo: Shop and Mail"),
        ("{{ since }}{{duration}}", "14:40 UTC2 h"),
        ("{one} }} {{incident}} {", "{one} }} Orders fail {"),
        ("äö{{page}}ü\n{{page}}", "äöDemoü\nDemo"),
        ("${page} %page% <%= page %> {page}", "${page} %page% <%= page %> {page}"),
    ] {
        assert_eq!(invalid_placeholders(template, TemplateField::Body), [], "{template}");
        assert_eq!(fill(template, value), filled, "{template}");
    }
}

#[test]
fn what_is_no_name_of_the_list_is_refused_with_its_place() {
    for (template, at, written) in [
        ("{{pages}}", (1, 1), "{{pages}}"),
        ("ä {{Page}}", (1, 3), "{{Page}}"),
        ("one\ntwo {{host}} three", (2, 5), "{{host}}"),
        ("{{ 7*7 }}", (1, 1), "{{ 7*7 }}"),
        ("{{page.name}}", (1, 1), "{{page.name}}"),
        ("{{page|raw}}", (1, 1), "{{page|raw}}"),
        ("{{#if page}}", (1, 1), "{{#if page}}"),
        ("{{{page}}}", (1, 1), "{{{page}}"),
        ("{{{{page}}}}", (1, 1), "{{{{page}}"),
        ("{{}}", (1, 1), "{{}}"),
        ("{{page", (1, 1), "{{page"),
        ("{{pa\nge}}", (1, 1), "{{pa"),
        ("{{page}} {{env \"HOME\"}}", (1, 10), "{{env \"HOME\"}}"),
    ] {
        let wrong = invalid_placeholders(template, TemplateField::Body);
        let found: Vec<_> = wrong.iter().map(|one| ((one.line, one.column), one.written.as_str())).collect();
        assert_eq!(found, [(at, written)], "{template}");
        for placeholder in Placeholder::ALL {
            assert!(wrong[0].why.contains(&placeholder.to_string()), "{template}: {}", wrong[0]);
        }
    }
    let wrong = invalid_placeholders("x {{componets}}", TemplateField::Body);
    assert_eq!(
        wrong[0].to_string(),
        "line 1, column 3: {{componets}} is no placeholder; there are {{page}}, \
         {{components}}, {{since}}, {{duration}}, {{incident}}"
    );
    assert_eq!(
        invalid_placeholders(&"{{x}}".repeat(1_000), TemplateField::Body).len(),
        10,
        "not all are listed"
    );
    let long = invalid_placeholders(&format!("{{{{{}", "x".repeat(20_000)), TemplateField::Body);
    assert!(long[0].to_string().len() < 300, "it is shortened");
}

#[test]
fn a_title_does_not_contain_itself() {
    assert_eq!(invalid_placeholders("{{components}} since {{since}}", TemplateField::Title), []);
    let wrong = invalid_placeholders("{{page}}: {{incident}}", TemplateField::Title);
    assert_eq!((wrong.len(), wrong[0].column), (1, 11));
    let unknown = invalid_placeholders("{{incidents}}", TemplateField::Title);
    assert!(!unknown[0].why.contains("{{incident}}"), "{}", unknown[0]);
}

#[test]
fn states_have_the_names_of_statuspage() {
    let names = TemplateStatus::ALL.map(TemplateStatus::name);
    assert_eq!(
        names,
        [
            "investigating",
            "identified",
            "monitoring",
            "resolved",
            "scheduled",
            "in_progress",
            "verifying",
            "completed"
        ]
    );
    for status in TemplateStatus::ALL {
        assert_eq!(TemplateStatus::from_name(status.name()), Some(status));
    }
    assert_eq!(TemplateStatus::from_name("cancelled"), None);
}

/// Pieces of templates, those of braces among them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(Placeholder::ALL.to_vec()).prop_map(|one| one.to_string()),
        2 => prop::sample::select(vec!["{", "}", "{{", "}}", "{{ page }}", "{{x}}", "\n", " "]).prop_map(str::to_owned),
        2 => "[a-z{} äß\n]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A template that is taken leaves no placeholder once it is filled.
    #[test]
    fn nothing_of_a_placeholder_is_left(pieces in prop::collection::vec(piece(), 0..8)) {
        let template = pieces.concat();
        if !invalid_placeholders(&template, TemplateField::Body).is_empty() {
            return Ok(());
        }
        let filled = fill(&template, value);
        prop_assert!(!filled.contains("{{"), "{filled}");
        let again = fill(&filled, |_| "twice".to_owned());
        prop_assert_eq!(again, filled);
    }

    /// A value is never searched for placeholders, whatever it contains.
    #[test]
    fn a_value_stands_as_it_is(
        pieces in prop::collection::vec(piece(), 0..8),
        values in prop::collection::vec("[a-z ]{0,3}(\\{\\{(page|since|components)\\}\\})?[{}]{0,3}", 5),
    ) {
        let template = pieces.concat();
        if !invalid_placeholders(&template, TemplateField::Body).is_empty() {
            return Ok(());
        }
        let index = |one: Placeholder| Placeholder::ALL.iter().position(|all| *all == one).expect("in the list");
        let filled = fill(&template, |one| values[index(one)].clone());
        // Put in apart, by marks that are no braces.
        let marks = fill(&template, |one| format!("\u{1}{}\u{2}", index(one)));
        let mut expected = String::new();
        for (place, part) in marks.split(['\u{1}', '\u{2}']).enumerate() {
            expected += if place % 2 == 0 { part } else { &values[part.parse::<usize>().expect("an index")] };
        }
        prop_assert_eq!(filled, expected);
    }
}
