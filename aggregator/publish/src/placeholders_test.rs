//! What stands in the place of each placeholder.

use super::*;
use crate::incidents::tests::{CARDS, PAGE, PRIVATE, state};
use crate::sample::NOW;
use skerry_domain::time::{DAY, HOUR, MINUTE};

#[test]
fn each_placeholder_has_a_public_value() {
    let state = state();
    let values = TemplateValues {
        page: PAGE,
        title: "Cards are declined",
        components: &[CARDS, PRIVATE],
        since: NOW - 2 * HOUR - 13 * MINUTE,
        until: NOW,
    };
    let all = |values: &TemplateValues<'_>| Placeholder::ALL.map(|one| values.value(&state, one));
    let zone = times::zone_of(&state.pages[&PAGE]);
    let clock = times::zoned(values.since, &zone).strftime("%H:%M").to_string();
    let cards = state.components[&CARDS].settings.name.clone();
    let [page, components, since, duration, incident] = all(&values);
    assert_eq!((page.as_str(), components, incident.as_str()), ("Shop", cards, "Cards are declined"));
    assert_eq!((since, duration.as_str()), (format!("{clock} CET"), "2 h 13 min"));
    let of_days = TemplateValues { since: NOW - 3 * DAY, components: &[PRIVATE], ..values };
    let [_, components, since, duration, _] = all(&of_days);
    assert_eq!((components.as_str(), duration.as_str()), ("our service", "3 days"), "no private name");
    assert!(since.contains(", ") && since.ends_with(" CET"), "{since}");
}
