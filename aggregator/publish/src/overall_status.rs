//! The overall status of a page: Statuspage's indicator and description over all components except groups, with one rule
//! of our own: a component without data is never called operational.

use super::texts::statuspage::description as texts;
use super::view::{ComponentView, IncidentView, PageView};
use skerry_domain::incident::Impact;
use skerry_domain::status::Status;

/// Statuspage's `indicator`, from best to worst.
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

/// Statuspage's `status` object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OverallStatus {
    pub(super) indicator: Indicator,
    pub(super) description: String,
}

/// The components of the page without its groups, in the configured order.
pub(super) fn components(view: &PageView) -> impl Iterator<Item = &ComponentView> {
    view.components()
}

/// Whether nothing is known of it at present.
pub(super) fn is_unseen(component: &ComponentView) -> bool {
    component.stale_since.is_some() || component.waiting
}

/// Whether it is operational by the checks that have data, while others have none.
pub(super) fn is_partly_unseen(component: &ComponentView) -> bool {
    !is_unseen(component) && component.unseen.is_some() && component.status == Status::Operational
}

/// The worst status that open incidents stand for; `None`: none of them has an impact.
pub(super) fn of_incidents<'a>(incidents: impl Iterator<Item = &'a IncidentView>) -> Option<Status> {
    let open = incidents.filter(|incident| incident.is_open());
    match open.map(|incident| incident.impact).max()? {
        Impact::None => None,
        Impact::Minor => Some(Status::DegradedPerformance),
        Impact::Major => Some(Status::PartialOutage),
        Impact::Critical => Some(Status::MajorOutage),
    }
}

/// The status of a page without components, which only its open incidents tell.
fn of_incidents_alone(view: &PageView) -> OverallStatus {
    let statuses: Vec<Status> = of_incidents(view.incidents.iter()).into_iter().collect();
    let (indicator, description) = match statuses[..] {
        [Status::DegradedPerformance] => (Indicator::Minor, "Minor Service Outage"),
        _ => of_statuses(&statuses),
    };
    OverallStatus { indicator, description: description.to_owned() }
}

/// The status of the page over all components that were ever observed. An observed outage has precedence, and a
/// component without data adds none. If all observed components are operational, the description names the missing
/// data, and the indicator reflects the last known statuses.
pub(super) fn of_page(view: &PageView) -> OverallStatus {
    if components(view).next().is_none() {
        return of_incidents_alone(view);
    }
    let known = || components(view).filter(|component| !component.waiting);
    let seen = || known().filter(|component| !is_unseen(component));
    let statuses = |of: &mut dyn Iterator<Item = &ComponentView>| {
        let statuses: Vec<Status> = of.map(|component| component.status).collect();
        of_statuses(&statuses)
    };
    let count = |wanted: fn(&ComponentView) -> bool| components(view).filter(|one| wanted(one)).count();
    let (indicator, description) = statuses(&mut seen());
    let (stale, waiting) = (count(|one| one.stale_since.is_some()), count(|one| one.waiting));
    let partly = count(is_partly_unseen);
    if seen().any(|component| component.status != Status::Operational) {
        OverallStatus { indicator, description: description.to_owned() }
    } else if stale > 0 {
        let minimum = if stale == known().count() { Indicator::Minor } else { Indicator::None };
        let (last, _) = statuses(&mut known());
        OverallStatus { indicator: last.max(minimum), description: texts::no_data(stale) }
    } else if partly > 0 {
        OverallStatus { indicator, description: texts::partial_data(partly) }
    } else if waiting > 0 {
        let some = (known().count() > 0).then_some(waiting);
        OverallStatus { indicator, description: texts::waiting(some) }
    } else {
        OverallStatus { indicator, description: description.to_owned() }
    }
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
    use super::super::sample::{component, incident, page, resolved};
    use super::super::view::Item;
    use super::*;
    use Status::{
        DegradedPerformance as D, MajorOutage as X, Operational as O, PartialOutage as P,
        UnderMaintenance as M,
    };

    #[test]
    fn the_table_of_statuspage_applies_row_by_row() {
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
            let (got, text) = of_statuses(statuses);
            assert_eq!((got.name(), text), (*indicator, *description), "{statuses:?}");
        }
    }

    /// The indicator and description of components; `true` marks one without data.
    fn of(components: &[(Status, bool)]) -> (&'static str, String) {
        let items = components.iter().map(|(status, unseen)| {
            let mut component = component("c", *status);
            component.stale_since = unseen.then_some(component.since);
            Item::Component(component)
        });
        let OverallStatus { indicator, description } = of_page(&page(items.collect()));
        (indicator.name(), description)
    }

    #[test]
    fn a_component_without_data_is_never_called_operational_and_adds_no_outage() {
        type Row = (&'static [(Status, bool)], &'static str, &'static str);
        let table: &[Row] = &[
            (&[(O, false), (O, true)], "none", "No current data for 1 component"),
            (&[(O, false), (O, true), (O, true)], "none", "No current data for 2 components"),
            (&[(O, true)], "minor", "No current data for 1 component"),
            (&[(M, true)], "minor", "No current data for 1 component"),
            (&[(X, true)], "critical", "No current data for 1 component"),
            (&[(X, true), (O, false)], "major", "No current data for 1 component"),
            (&[(X, false), (O, true)], "critical", "Major System Outage"),
            (&[(D, false), (O, true)], "minor", "Partially Degraded Service"),
            (&[(D, false), (X, true)], "minor", "Partially Degraded Service"),
            (&[(D, false), (P, true), (O, false)], "minor", "Partially Degraded Service"),
            (&[(M, false), (X, true)], "maintenance", "Service Under Maintenance"),
        ];
        for (components, indicator, description) in table {
            assert_eq!(of(components), (*indicator, (*description).to_owned()), "{components:?}");
        }
    }

    fn overall(components: Vec<ComponentView>) -> (Indicator, String) {
        let OverallStatus { indicator, description } =
            of_page(&page(components.into_iter().map(Item::Component).collect()));
        (indicator, description)
    }

    #[test]
    fn without_components_the_open_incidents_decide() {
        let of = |impact| IncidentView { impact, ..incident() };
        let table = [
            (vec![], "none", "All Systems Operational"),
            (vec![of(Impact::None)], "none", "All Systems Operational"),
            (vec![of(Impact::Minor)], "minor", "Minor Service Outage"),
            (vec![of(Impact::Minor), of(Impact::Major)], "major", "Partial System Outage"),
            (vec![of(Impact::Critical), of(Impact::None)], "critical", "Major System Outage"),
            (vec![resolved(5), of(Impact::Minor)], "minor", "Minor Service Outage"),
            (vec![resolved(5)], "none", "All Systems Operational"),
        ];
        for (incidents, indicator, description) in table {
            let told = format!("{:?}", incidents.iter().map(|one| one.impact).collect::<Vec<_>>());
            let mut view = PageView { incidents, ..page(Vec::new()) };
            let OverallStatus { indicator: got, description: text } = of_page(&view);
            assert_eq!((got.name(), &*text), (indicator, description), "{told}");
            view.items = vec![Item::Component(component("c", O))];
            assert_eq!(of_page(&view).description, "All Systems Operational", "components decide: {told}");
        }
    }

    #[test]
    fn components_that_were_never_observed_do_not_count() {
        let waiting = || ComponentView { waiting: true, ..component("c", O) };
        let one = |status| component("d", status);
        let stale = ComponentView { stale_since: Some(one(O).since), ..one(O) };
        let table = [
            (vec![waiting()], Indicator::None, "Waiting for the first report"),
            (vec![waiting(), waiting()], Indicator::None, "Waiting for the first report"),
            (vec![waiting(), one(O)], Indicator::None, "Waiting for the first report of 1 component"),
            (vec![waiting(), one(X)], Indicator::Critical, "Major System Outage"),
            (vec![waiting(), stale], Indicator::Minor, "No current data for 1 component"),
        ];
        for (components, indicator, description) in table {
            assert_eq!(overall(components), (indicator, description.to_owned()));
        }
    }

    #[test]
    fn checks_without_data_show_in_the_description() {
        let unseen = crate::view::Unseen { since: None, since_differs: false, checks: 1 };
        let partly = |status| ComponentView { unseen: Some(unseen), ..component("c", status) };
        assert_eq!(
            overall(vec![partly(O), component("d", O)]),
            (Indicator::None, "No current data for part of 1 component".to_owned())
        );
        assert_eq!(
            overall(vec![partly(P), component("d", O)]),
            (Indicator::Minor, "Minor Service Outage".to_owned())
        );
    }
}
