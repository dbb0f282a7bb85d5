//! The states worth looking at, by name.

use crate::sample::{
    NOW, component, group, page, refigured, response, sixty, spend, troubled, unseen, waiting, young,
};
use skerry_aggregator::domain::status::Status;
use skerry_aggregator::domain::time::{DAY, HOUR, MINUTE};
use skerry_aggregator::publish::view::{ComponentView, Item, PageView};

/// All of them.
pub(crate) fn all() -> Vec<(&'static str, PageView)> {
    vec![
        ("three", three()),
        ("sixty", page("Northwind status", sixty(2))),
        ("sixty-bad", page("Northwind status", sixty(5))),
        ("fire", fire()),
        ("no-data", no_data()),
        ("blind", blind()),
        ("nothing", page("Northwind status", Vec::new())),
        ("marks", marks()),
        ("hostile", hostile()),
        ("long", long()),
        ("waiting", first_report()),
        ("chart", chart()),
        ("statuspage", statuspage()),
        ("maintenance", maintenance()),
        ("berlin", berlin()),
        ("arabic", arabic()),
    ]
}

fn alone(components: Vec<ComponentView>) -> Vec<Item> {
    components.into_iter().map(Item::Component).collect()
}

fn three() -> PageView {
    let mut payments = component("Card payments");
    spend(&mut payments, 5, 42 * MINUTE, |tally| &mut tally.degraded);
    let mut api = component("REST API");
    spend(&mut api, 5, 42 * MINUTE, |tally| &mut tally.degraded);
    spend(&mut api, 58, 25 * MINUTE, |tally| &mut tally.partial);
    page("Northwind status", alone(vec![component("Website"), refigured(payments), refigured(api)]))
}

fn fire() -> PageView {
    let mut items = sixty(2);
    if let Some(Item::Group(payments)) = items.get_mut(1) {
        let mut cards = troubled("Card payments", Status::MajorOutage, 133);
        spend(&mut cards, 8, 25 * MINUTE, |tally| &mut tally.degraded);
        spend(&mut cards, 8, 12 * MINUTE, |tally| &mut tally.partial);
        spend(&mut cards, 48, 6 * MINUTE, |tally| &mut tally.degraded);
        payments.children[0] = refigured(cards);
        payments.children[1] = troubled("Refunds", Status::PartialOutage, 120);
        payments.children[2] = troubled("Payouts", Status::PartialOutage, 118);
    }
    if let Some(Item::Group(api)) = items.get_mut(2) {
        api.children[0] = troubled("Webhooks", Status::DegradedPerformance, 48);
        api.children[1] = unseen("Sandbox", 95);
    }
    page("Northwind status", items)
}

fn no_data() -> PageView {
    let mut items = sixty(2);
    if let Some(Item::Group(website)) = items.get_mut(0) {
        website.children[0] = unseen("Website", 95);
        website.children[1] = unseen("Sign-in and sessions", 95);
    }
    page("Northwind status", items)
}

fn blind() -> PageView {
    let mut view = page(
        "Northwind status",
        alone(vec![unseen("Website", 95), unseen("Card payments", 95), unseen("REST API", 95)]),
    );
    view.verified_at = Some(NOW - 95 * MINUTE);
    view
}

fn marks() -> PageView {
    let mut website = component("Website");
    for days_ago in [4, 23, 27, 84] {
        spend(&mut website, days_ago, 30 * MINUTE, |tally| &mut tally.degraded);
    }
    for days_ago in [3, 19, 23, 77] {
        spend(&mut website, days_ago, 30 * MINUTE, |tally| &mut tally.partial);
    }
    for days_ago in [2, 15, 69] {
        spend(&mut website, days_ago, 30 * MINUTE, |tally| &mut tally.major);
    }
    for days_ago in [1, 15, 60, 61] {
        spend(&mut website, days_ago, 4 * HOUR, |tally| &mut tally.maintenance);
    }
    for days_ago in [10, 11, 51, 52, 53] {
        spend(&mut website, days_ago, DAY, |tally| &mut tally.no_data);
    }
    let components = vec![
        refigured(website),
        troubled("Degraded now", Status::DegradedPerformance, 12),
        troubled("Partial now", Status::PartialOutage, 75),
        troubled("Major now", Status::MajorOutage, 7),
        troubled("Maintenance now", Status::UnderMaintenance, 30),
        unseen("Unseen now", 95),
        young("Young", 48),
        waiting("Never seen"),
    ];
    page("Every mark", alone(components))
}

fn hostile() -> PageView {
    let long = "x".repeat(200);
    let names = [
        "\"><script>alert(1)</script>",
        "'\" onfocus=alert(1) autofocus x='",
        "\u{202e}gnp.exe \u{2066}turned round",
        long.as_str(),
        "</title></style><img src=x>",
        "支払い \u{1F4B3} مدفوعات",
    ];
    let mut components: Vec<_> = names.into_iter().map(component).collect();
    components[0] = troubled(names[0], Status::MajorOutage, 30);
    components[2] = troubled(names[2], Status::MajorOutage, 20);
    components[3] = troubled(names[3], Status::PartialOutage, 20);
    components[4].description = Some(names[4].to_owned());
    components[4].response = Some(response(2));
    let group_of = group(&long, components.split_off(4));
    let mut items = alone(components);
    items.push(group_of);
    let mut view = page("\"><script>alert(2)</script>\u{202e}", items);
    view.support_url = Some("javascript:alert(3)".to_owned());
    view
}

fn long() -> PageView {
    let names = [
        "Card payments, refunds and payouts for merchants in the European Economic Area",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "API",
    ];
    let mut components: Vec<_> = names.into_iter().map(component).collect();
    components[0] = troubled(names[0], Status::DegradedPerformance, 30);
    components[1] = troubled(names[1], Status::DegradedPerformance, 30);
    page("The status of all systems of Northwind Trading and its subsidiaries", alone(components))
}

fn first_report() -> PageView {
    let mut view = page("Northwind status", alone(vec![waiting("Website"), waiting("REST API")]));
    view.verified_at = None;
    view.created_at = NOW - 5 * MINUTE;
    view
}

fn chart() -> PageView {
    let mut website = component("Website");
    website.response = Some(response(7));
    website.description = Some("The shop and everything that leads to it.".to_owned());
    let mut api = young("REST API", 40);
    api.response = Some(response(40));
    spend(&mut api, 12, 30 * HOUR, |tally| &mut tally.no_data);
    spend(&mut api, 3, 133 * MINUTE, |tally| &mut tally.major);
    let mut manual = component("Support by telephone");
    manual.showcase = false;
    page("Northwind status", alone(vec![website, refigured(api), manual]))
}

fn statuspage() -> PageView {
    let mut view = three();
    view.rule.statuspage = true;
    view
}

fn maintenance() -> PageView {
    page(
        "Northwind status",
        alone(vec![component("Website"), troubled("Reports", Status::UnderMaintenance, 30)]),
    )
}

fn berlin() -> PageView {
    let mut view = fire();
    view.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
    view.time_zone_name = "Europe/Berlin".to_owned();
    view
}

fn arabic() -> PageView {
    let mut view = three();
    view.language = "ar".to_owned();
    view
}
