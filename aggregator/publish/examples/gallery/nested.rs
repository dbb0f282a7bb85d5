//! Pages with groups inside groups.

use crate::sample::{component, group, group_of, impaired, page, refigured, spend, young};
use skerry_domain::status::Status;
use skerry_domain::time::MINUTE;
use skerry_publish::view::{Item, PageView};

/// On a long page, one group is affected: a component of its own, and others in one of the groups inside it.
pub(crate) fn affected() -> PageView {
    let mut payouts = component("Payouts Europe");
    spend(&mut payouts, 12, 42 * MINUTE, |tally| &mut tally.partial);
    let europe = vec![
        component("Invoices Europe"),
        impaired("Refunds Europe", Status::PartialOutage, 48),
        refigured(payouts),
        impaired("Wallets Europe", Status::DegradedPerformance, 30),
    ];
    let payments = vec![
        Item::Component(component("Ledger")),
        group("Europe", europe),
        Item::Component(impaired("Card payments", Status::MajorOutage, 133)),
        americas("Payments"),
    ];
    let platform = vec![
        Item::Component(component("Query service")),
        americas("Data"),
        group("Asia", vec![component("Streams Asia"), young("Queues Asia", 20)]),
    ];
    let website = ["Website", "Sign-in", "Search"].map(component);
    let items = vec![
        group("Website and accounts", website.into()),
        group_of("Payments", payments),
        group_of("Data platform", platform),
        Item::Component(component("Data exports")),
    ];
    page("Northwind status", items)
}

/// A short page, where nothing is folded.
pub(crate) fn few() -> PageView {
    let mut search = component("Search");
    spend(&mut search, 30, 25 * MINUTE, |tally| &mut tally.degraded);
    let shop = vec![
        group(
            "Checkout",
            vec![component("Cart"), impaired("Card payments", Status::DegradedPerformance, 20)],
        ),
        Item::Component(refigured(search)),
    ];
    page("Northwind status", vec![group_of("Shop", shop), Item::Component(component("Support"))])
}

fn americas(of: &str) -> Item {
    let mut first = component(&format!("{of} North America"));
    spend(&mut first, 3, 25 * MINUTE, |tally| &mut tally.degraded);
    group("Americas", vec![refigured(first), component(&format!("{of} South America"))])
}
