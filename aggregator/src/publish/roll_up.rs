//! One status for many components: Statuspage's indicator and description over all components that are no
//! groups, and our own rule beside it: what we cannot see is never called operational.

use super::view::{ComponentView, Item, PageView};
use crate::domain::status::Status;

/// Statuspage's `indicator`, in the order in which it worsens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Indicator {
    None,
    Maintenance,
    Minor,
    Major,
    Critical,
}

impl Indicator {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Maintenance => "maintenance",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// What the page says as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RollUp {
    pub(super) indicator: Indicator,
    pub(super) description: String,
}

/// Every component of the page in the owner's order, groups left out.
pub(super) fn components(view: &PageView) -> impl Iterator<Item = &ComponentView> {
    view.items.iter().flat_map(|item| match item {
        Item::Group(group) => group.children.as_slice(),
        Item::Component(component) => std::slice::from_ref(component),
    })
}

/// Nothing is known of it at this moment.
pub(super) fn is_unseen(component: &ComponentView) -> bool {
    component.stale_since.is_some() || component.waiting
}

/// The whole page. Trouble that is seen leads; trouble last seen in what is unseen now keeps its indicator
/// and is not claimed in words; where all that is seen is fine, the words name what is not seen.
pub(super) fn of_page(view: &PageView) -> RollUp {
    let statuses: Vec<Status> = components(view).map(|component| component.status).collect();
    let (indicator, description) = of_statuses(&statuses);
    let unseen = components(view).filter(|component| is_unseen(component)).count();
    let seen_trouble =
        components(view).any(|component| !is_unseen(component) && component.status != Status::Operational);
    if unseen == 0 || seen_trouble {
        return RollUp { indicator, description: description.to_owned() };
    }
    let least = if unseen == statuses.len() { Indicator::Minor } else { Indicator::None };
    let noun = if unseen == 1 { "component" } else { "components" };
    RollUp { indicator: indicator.max(least), description: format!("No current data for {unseen} {noun}") }
}

/// Statuspage's table; the first row that applies wins.
fn of_statuses(statuses: &[Status]) -> (Indicator, &'static str) {
    let any = |status| statuses.contains(&status);
    let all = |status| statuses.iter().all(|each| *each == status);
    if statuses.is_empty() || all(Status::Operational) {
        (Indicator::None, "All Systems Operational")
    } else if all(Status::MajorOutage) {
        (Indicator::Critical, "Major System Outage")
    } else if any(Status::MajorOutage) || all(Status::PartialOutage) {
        (Indicator::Major, "Partial System Outage")
    } else if any(Status::PartialOutage) {
        (Indicator::Minor, "Minor Service Outage")
    } else if statuses.len() > 1 && all(Status::DegradedPerformance) {
        (Indicator::Minor, "Degraded System Service")
    } else if any(Status::DegradedPerformance) {
        (Indicator::Minor, "Partially Degraded Service")
    } else {
        (Indicator::Maintenance, "Service Under Maintenance")
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{component, page};
    use super::*;
    use Status::{
        DegradedPerformance as D, MajorOutage as X, Operational as O, PartialOutage as P,
        UnderMaintenance as M,
    };

    #[test]
    fn the_table_of_statuspage_holds_row_by_row() {
        let table: &[(&[Status], &str, &str)] = &[
            (&[], "none", "All Systems Operational"),
            (&[O, O], "none", "All Systems Operational"),
            (&[X], "critical", "Major System Outage"),
            (&[X, X], "critical", "Major System Outage"),
            (&[X, O], "major", "Partial System Outage"),
            (&[P, X], "major", "Partial System Outage"),
            (&[P], "major", "Partial System Outage"),
            (&[P, P], "major", "Partial System Outage"),
            (&[P, O, O], "minor", "Minor Service Outage"),
            (&[P, D], "minor", "Minor Service Outage"),
            (&[D], "minor", "Partially Degraded Service"),
            (&[D, D], "minor", "Degraded System Service"),
            (&[D, O], "minor", "Partially Degraded Service"),
            (&[D, M], "minor", "Partially Degraded Service"),
            (&[M], "maintenance", "Service Under Maintenance"),
            (&[M, O], "maintenance", "Service Under Maintenance"),
        ];
        for (statuses, indicator, description) in table {
            let (got, said) = of_statuses(statuses);
            assert_eq!((got.name(), said), (*indicator, *description), "{statuses:?}");
        }
    }

    /// Statuses of components, `true` where unseen.
    fn of(components: &[(Status, bool)]) -> (&'static str, String) {
        let items = components.iter().map(|(status, unseen)| {
            let mut component = component("c", *status);
            component.stale_since = unseen.then_some(component.since);
            Item::Component(component)
        });
        let RollUp { indicator, description } = of_page(&page(items.collect()));
        (indicator.name(), description)
    }

    #[test]
    fn what_is_not_seen_is_never_called_operational() {
        type Row = (&'static [(Status, bool)], &'static str, &'static str);
        let table: &[Row] = &[
            (&[(O, false), (O, true)], "none", "No current data for 1 component"),
            (&[(O, false), (O, true), (O, true)], "none", "No current data for 2 components"),
            (&[(O, true)], "minor", "No current data for 1 component"),
            (&[(M, true)], "minor", "No current data for 1 component"),
            (&[(X, true)], "critical", "No current data for 1 component"),
            (&[(X, true), (O, false)], "major", "No current data for 1 component"),
            (&[(X, false), (O, true)], "major", "Partial System Outage"),
            (&[(D, false), (O, true)], "minor", "Partially Degraded Service"),
        ];
        for (components, indicator, description) in table {
            assert_eq!(of(components), (*indicator, (*description).to_owned()), "{components:?}");
        }
    }

    #[test]
    fn a_component_that_waits_for_its_first_report_is_not_seen() {
        let mut waiting = component("c", O);
        waiting.waiting = true;
        let said = of_page(&page(vec![Item::Component(waiting)]));
        assert_eq!(
            (said.indicator, said.description.as_str()),
            (Indicator::Minor, "No current data for 1 component")
        );
    }
}
