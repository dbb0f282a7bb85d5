//! What is said of subscriptions: the links to confirm and to manage one, and what it chooses in words.

use super::said::{Fact, Foot, OnPage, Said, Target, sentence};
use crate::html::{balanced, isolated_text};
use crate::view::IncidentText;
use skerry_domain::state::{ComponentKey, PageItem};
use skerry_domain::subscriber::{Scope, Updates};
use std::collections::BTreeSet;

/// More names than this are a number.
const NAMED: usize = 5;

/// The message that asks for a confirmation.
pub(super) fn confirmation(on: &OnPage<'_>, scope: &Scope) -> Said {
    let words = on.texts.message;
    let (page, chosen) = (page_name(on), described(on, scope));
    let title = words.confirm_title().to_owned();
    let asked = [false, true].map(|channel| words.somebody_asked(&page, channel));
    let head = sentence(&format!("{title}: {chosen}"));
    let text = format!("{} {}", asked[0], words.works_for_a_day());
    let [address, channel] = asked;
    Said {
        subject: words.confirm_subject(&on.in_subject(&balanced(&on.view.name))),
        state: vec![words.one_more_step().to_owned()],
        preview: sentence(words.one_more_step()),
        facts: vec![chosen_fact(on, &chosen, scope)],
        head: Some(head),
        body: Some(IncidentText::Automatic(text)),
        invitation: Some([
            format!("{address} {}", words.confirm_within()),
            format!("{channel} {}", words.works_for_a_day()),
        ]),
        button: words.confirm().to_owned(),
        target: Target::Confirm,
        foot: Foot::Unasked(words.not_asked()),
        ..Said::new(title, on.of.now)
    }
}

/// The message with the link to manage a subscription.
pub(super) fn management(on: &OnPage<'_>) -> Said {
    let words = on.texts.message;
    let page = page_name(on);
    let [address, channel] = [false, true].map(|channel| words.link_was_asked(&page, channel));
    Said {
        subject: words.manage_subject(&on.in_subject(&balanced(&on.view.name))),
        state: vec![words.manage_state().to_owned()],
        preview: sentence(words.manage_title()),
        body: Some(IncidentText::Automatic(address.clone())),
        invitation: Some([format!("{address} {}:", words.change()), channel]),
        button: words.change().to_owned(),
        target: Target::Manage,
        foot: Foot::Unasked(words.link_not_asked()),
        ..Said::new(words.manage_title().to_owned(), on.of.now)
    }
}

/// The message that a channel failed for too long and gets nothing more, with the link to change that.
pub(super) fn quarantine(on: &OnPage<'_>) -> Said {
    let words = on.texts.message;
    Said {
        subject: words.quarantined_subject(&on.in_subject(&balanced(&on.view.name))),
        state: vec![words.quarantined_state().to_owned()],
        preview: sentence(words.quarantined_title()),
        body: Some(IncidentText::Automatic(words.quarantined().to_owned())),
        button: words.resume().to_owned(),
        target: Target::Manage,
        foot: Foot::Unasked(words.quarantined_foot()),
        ..Said::new(words.quarantined_title().to_owned(), on.of.now)
    }
}

/// A test, which its owner asked for.
pub(super) fn test(on: &OnPage<'_>) -> Said {
    let (words, page) = (on.texts.message, page_name(on));
    Said {
        state: vec![words.test_state().to_owned()],
        body: Some(IncidentText::Automatic(words.test(&page))),
        button: words.see(&page),
        target: Target::Page(on.url("")),
        ..Said::new(words.test_title().to_owned(), on.of.now)
    }
}

fn page_name(on: &OnPage<'_>) -> String {
    isolated_text(&on.view.name, on.texts)
}

/// "All components, all updates." The name of a component keeps its first letter.
fn chosen_fact(on: &OnPage<'_>, chosen: &str, scope: &Scope) -> Fact {
    let named = scope.page.as_ref().is_none_or(|choices| choices.components.is_some());
    let mut letters = chosen.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let value = if named { chosen.to_owned() } else { format!("{first}{}", letters.as_str()) };
    Fact { sentence: sentence(&value), name: on.texts.incident.updates(), value }
}

/// "all components, all updates"
pub(super) fn described(on: &OnPage<'_>, scope: &Scope) -> String {
    let words = on.texts.message;
    let mut parts = Vec::new();
    if let Some(choices) = &scope.page {
        parts.push(match &choices.components {
            None => words.all_components().to_owned(),
            Some(chosen) => names(on, chosen, words.no_component()),
        });
        parts.push(match choices.updates {
            Updates::All => words.all_updates().to_owned(),
            Updates::Outages => words.only_outages().to_owned(),
        });
        parts.extend(choices.status_changes.then(|| words.status_changes().to_owned()));
        parts.extend(choices.monthly.then(|| words.monthly_within().to_owned()));
    }
    parts.extend(titles(on, scope));
    parts.join(", ")
}

/// "Payments, Refunds". `None`: everything.
pub(super) fn followed(on: &OnPage<'_>, scope: &Scope) -> Option<String> {
    let titles = titles(on, scope);
    match &scope.page {
        Some(choices) => {
            let none = on.texts.message.on_no_component();
            let chosen = names(on, choices.components.as_ref()?, none);
            Some(std::iter::once(chosen).chain(titles).collect::<Vec<_>>().join(", "))
        }
        None => (!titles.is_empty()).then(|| titles.join(", ")),
    }
}

/// The names of public components: that of a group if all of it is chosen; `none`: what is said without one.
fn names(on: &OnPage<'_>, chosen: &BTreeSet<ComponentKey>, none: &str) -> String {
    let mut names = Vec::new();
    collect(on, &on.page.items, chosen, &mut names);
    match names.len() {
        0 => none.to_owned(),
        1..=NAMED => names.join(", "),
        _ => {
            let public = chosen.iter().filter(|key| on.views.components.contains_key(key));
            on.texts.status.components(public.count())
        }
    }
}

fn collect(on: &OnPage<'_>, rows: &[PageItem], chosen: &BTreeSet<ComponentKey>, names: &mut Vec<String>) {
    for row in rows {
        match row {
            PageItem::Component(key) if chosen.contains(key) => {
                let known = on.views.components.get(key);
                names.extend(known.map(|(one, _)| isolated_text(&one.settings.name, on.texts)));
            }
            PageItem::Component(_) => {}
            PageItem::Group(key, rows) => {
                let all = skerry_domain::state::components_of(rows);
                let mut public = all.iter().filter(|key| on.views.components.contains_key(key)).peekable();
                let some = public.peek().is_some();
                let group = on.of.state.groups.get(key);
                match group.filter(|_| some && public.all(|key| chosen.contains(key))) {
                    Some(group) => names.push(isolated_text(&group.name, on.texts)),
                    None => collect(on, rows, chosen, names),
                }
            }
        }
    }
}

/// The titles of the incidents and of the maintenance that it follows.
fn titles(on: &OnPage<'_>, scope: &Scope) -> Vec<String> {
    let (state, page) = (on.of.state, on.of.page);
    let incidents = scope.incidents.iter().filter_map(|key| state.incidents.get(key));
    let incidents = incidents.filter(|one| one.page == page && one.is_published());
    let windows = scope.windows.iter().filter_map(|key| state.windows.get(key));
    let windows = windows.filter(|one| one.page == Some(page) && crate::maintenance::is_shown(state, one));
    let incidents = incidents.map(|one| on.views.incident(one).title);
    let titles = incidents.chain(windows.map(|one| on.views.maintenance(one).title));
    titles.map(|title| isolated_text(&title.one_line(), on.texts)).collect()
}
