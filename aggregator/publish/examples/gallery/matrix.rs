//! The sites of the browser matrix: one for each number of components, language, and kind of names.

use crate::sample::{component, impaired, page, response, unseen};
use crate::{announcements, incidents, maintenance, states};
use skerry_domain::status::Status;
use skerry_publish::Language;
use skerry_publish::view::{ComponentView, Item, PageView};

const SIZES: [usize; 4] = [0, 3, 60, 300];

/// All sites, by name: `60-en`, `60-en-hostile`.
pub(crate) fn sites() -> Vec<(String, PageView)> {
    let mut sites = Vec::new();
    for size in SIZES {
        for language in Language::ALL.into_iter().chain([Language::Pseudo]) {
            let plain = PageView { language, ..plain(size) };
            let names = hostile(plain.clone());
            sites.push((format!("{size}-{}", language.tag()), plain));
            sites.push((format!("{size}-{}-hostile", language.tag()), names));
        }
    }
    sites
}

fn plain(size: usize) -> PageView {
    let items = match size {
        0 => Vec::new(),
        3 => {
            let mut cards = impaired("Card payments", Status::MajorOutage, 133);
            cards.response = Some(response(7));
            states::alone(vec![cards, component("Payouts"), unseen("Sandbox", 95)])
        }
        _ => states::on_fire(size / 60),
    };
    let view = page("Northwind status", items);
    let maintenance = if size == 0 { Vec::new() } else { maintenance::during_fire(&view) };
    PageView { incidents: incidents::of_fire(&view), maintenance, ..view }
}

/// Renames the components with `rename`; a group gets a longer name and a description.
fn each_row(item: &mut Item, rename: &mut dyn FnMut(&mut ComponentView), [name, description]: &[&str; 2]) {
    match item {
        Item::Component(one) => rename(one),
        Item::Group(group) => {
            group.children.iter_mut().for_each(|item| each_row(item, rename, &[name, description]));
            group.name = format!("{name} {}", group.name);
            group.description = Some((*description).to_owned());
        }
    }
}

/// The same with other names and texts.
fn hostile(mut view: PageView) -> PageView {
    let long = "x".repeat(200);
    let names = states::hostile_names(&long);
    let mut number = 0;
    let mut name = || {
        number += 1;
        let name = names[(number - 1) % names.len()];
        if number > names.len() { format!("{name} {number}") } else { name.to_owned() }
    };
    let mut rename = |one: &mut ComponentView| {
        one.name = name();
        one.description = Some(one.name.clone());
    };
    view.items.iter_mut().for_each(|item| each_row(item, &mut rename, &[names[3], names[4]]));
    view.name = format!("{}\u{202e}", names[0]);
    view.incidents = incidents::hostile(&view);
    view.maintenance = if view.items.is_empty() { Vec::new() } else { maintenance::hostile(&view) };
    view.announcements = announcements::hostile();
    view
}
