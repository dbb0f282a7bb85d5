//! What a subscriber can choose: how much it hears of, which components, and what else.

use super::words::balanced;
use crate::view::{Item, PageView};
use std::collections::BTreeSet;

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Only the beginning and the end of outages.
    pub only_outages: bool,
    /// Public ids of components. `None`: all.
    pub components: Option<BTreeSet<String>>,
    /// Also each change of a status.
    pub status_changes: bool,
    /// Also the monthly report.
    pub monthly: bool,
}

/// The boxes of a form.
pub(crate) struct Boxes {
    pub(crate) only_outages: bool,
    pub(crate) all_components: bool,
    /// What is wrong with the choice of components.
    pub(crate) error: Option<String>,
    pub(crate) rows: Vec<BoxRow>,
    /// Whether each of these is chosen; `None`: it cannot be.
    pub(crate) status_changes: Option<bool>,
    pub(crate) monthly: Option<bool>,
}

/// A component, or a group with its components.
pub(crate) struct BoxRow {
    /// The field that its box is a value of.
    pub(crate) field: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_chosen: bool,
    /// Id, name, and whether it is chosen without the group.
    pub(crate) members: Vec<(String, String, bool)>,
}

impl BoxRow {
    /// Whether some of the group are chosen and not all.
    pub(crate) fn is_open(&self) -> bool {
        self.members.iter().any(|(_, _, is_chosen)| *is_chosen)
    }
}

impl Boxes {
    /// Those of a page. `status_changes`, `monthly`: whether these can be chosen.
    pub(crate) fn of(view: &PageView, chosen: &Chosen, status_changes: bool, monthly: bool) -> Self {
        let is_chosen =
            |id: &str| chosen.components.as_ref().is_some_and(|components| components.contains(id));
        let rows = view.items.iter().map(|item| match item {
            Item::Component(one) => BoxRow {
                field: "component",
                id: one.id.clone(),
                name: balanced(&one.name),
                is_chosen: is_chosen(&one.id),
                members: Vec::new(),
            },
            Item::Group(group) => {
                let members = group.components();
                let all = members.iter().all(|one| is_chosen(&one.id));
                let member = |one: &&crate::view::ComponentView| {
                    (one.id.clone(), balanced(&one.name), !all && is_chosen(&one.id))
                };
                BoxRow {
                    field: "group",
                    id: group.id.clone(),
                    name: balanced(&group.name),
                    is_chosen: all,
                    members: members.iter().map(member).collect(),
                }
            }
        });
        Self {
            only_outages: chosen.only_outages,
            all_components: chosen.components.is_none(),
            error: None,
            rows: rows.collect(),
            status_changes: status_changes.then_some(chosen.status_changes),
            monthly: monthly.then_some(chosen.monthly),
        }
    }
}
