//! The states to look at, by name.

use crate::sample::{
    NOW, answers, component, group, impaired, measured, page, refigured, response, response_of, sixty, spend,
    unseen, waiting, young,
};
use crate::{announcements, branded, incidents, maintenance, nested, sample, sections};
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_publish::Language;
use skerry_publish::view::{ComponentView, Item, PageView, Unseen};

/// All states.
pub(crate) fn all() -> Vec<(&'static str, PageView)> {
    vec![
        ("three", three()),
        ("sixty", page("Northwind status", sixty(2))),
        ("sixty-bad", page("Northwind status", sixty(5))),
        ("fire", fire()),
        ("watched", watched()),
        ("no-data", no_data()),
        ("blind", blind()),
        ("nothing", page("Northwind status", Vec::new())),
        ("marks", marks()),
        ("hostile", hostile()),
        ("long", long()),
        ("waiting", first_report()),
        ("chart", chart()),
        ("statuspage", statuspage()),
        ("maintenance", in_progress()),
        ("planned", planned()),
        ("berlin", berlin()),
        ("german", PageView { language: Language::German, ..spoken() }),
        ("rtl", PageView { language: Language::Pseudo, ..spoken() }),
        ("day-one", day_one()),
        ("young", young_page()),
        ("past-days", past_days()),
        ("partly", partly()),
        ("by-hand", by_hand()),
        ("described", described()),
        ("chart-young", chart_young()),
        ("announced", announced()),
        ("nested", nested::affected()),
        ("nested-few", nested::few()),
        ("sections", sections::some()),
        ("sections-many", sections::many()),
        ("branded", PageView { branding: branded::look(), ..fire() }),
        ("preview", PageView { preview: true, noindex: true, ..fire() }),
    ]
}

pub(crate) fn alone(components: Vec<ComponentView>) -> Vec<Item> {
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
    let view = page("Northwind status", on_fire(1));
    let maintenance = maintenance::during_fire(&view);
    PageView { incidents: incidents::of_fire(&view), maintenance, ..view }
}

/// That many times sixty components, of which some are impaired.
pub(crate) fn on_fire(sixties: usize) -> Vec<Item> {
    let mut items = sample::sixties(sixties, 2);
    if let Some(Item::Group(payments)) = items.get_mut(1) {
        let mut cards = impaired("Card payments", Status::MajorOutage, 133);
        spend(&mut cards, 8, 25 * MINUTE, |tally| &mut tally.degraded);
        spend(&mut cards, 8, 12 * MINUTE, |tally| &mut tally.partial);
        spend(&mut cards, 48, 6 * MINUTE, |tally| &mut tally.degraded);
        // It has answered again for some minutes, slowly.
        let mut answered = measured(90);
        answered.retain(|one| !(NOW - 133 * MINUTE..NOW - 20 * MINUTE).contains(&one.at));
        for slow in answered.iter_mut().filter(|one| one.at >= NOW - 190 * MINUTE) {
            slow.total_us *= 3;
        }
        cards.response = Some(response_of(&answered, NOW));
        payments.children[0] = Item::Component(refigured(cards));
        payments.children[1] = Item::Component(impaired("Refunds", Status::PartialOutage, 120));
        payments.children[2] = Item::Component(impaired("Payouts", Status::PartialOutage, 118));
    }
    if let Some(Item::Group(api)) = items.get_mut(2) {
        api.children[0] = Item::Component(impaired("Webhooks", Status::DegradedPerformance, 48));
        api.children[1] = Item::Component(unseen("Sandbox", 95));
    }
    items
}

fn announced() -> PageView {
    PageView { announcements: announcements::several(), ..three() }
}

/// Incidents are open while everything is operational.
fn watched() -> PageView {
    let view = three();
    PageView { incidents: incidents::watched(&view), ..view }
}

fn no_data() -> PageView {
    let mut items = sixty(2);
    if let Some(Item::Group(website)) = items.get_mut(0) {
        website.children[0] = Item::Component(unseen("Website", 95));
        website.children[1] = Item::Component(unseen("Sign-in and sessions", 95));
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
        impaired("Degraded now", Status::DegradedPerformance, 12),
        impaired("Partial now", Status::PartialOutage, 75),
        impaired("Major now", Status::MajorOutage, 7),
        impaired("Maintenance now", Status::UnderMaintenance, 30),
        unseen("Unseen now", 95),
        young("Young", 48),
        waiting("Never seen"),
    ];
    page("Every mark", alone(components))
}

/// Names that try to break the page; one of them is `long`.
pub(crate) fn hostile_names(long: &str) -> [&str; 6] {
    [
        "\"><script>alert(1)</script>",
        "'\" onfocus=alert(1) autofocus x='",
        "\u{202e}gnp.exe \u{2066}turned round",
        long,
        "</title></style><img src=x>",
        "支払い \u{1F4B3} مدفوعات",
    ]
}

fn hostile() -> PageView {
    let long = "x".repeat(200);
    let names = hostile_names(&long);
    let mut components: Vec<_> = names.into_iter().map(component).collect();
    components[0] = impaired(names[0], Status::MajorOutage, 30);
    components[2] = impaired(names[2], Status::MajorOutage, 20);
    components[3] = impaired(names[3], Status::PartialOutage, 20);
    components[4].description = Some(names[4].to_owned());
    components[4].response = Some(response(2));
    let group_of = group(&long, components.split_off(4));
    let mut items = alone(components);
    items.push(group_of);
    let mut view = page("\"><script>alert(2)</script>\u{202e}", items);
    view.support_url = Some("javascript:alert(3)".to_owned());
    view.incidents = incidents::hostile(&view);
    view.maintenance = maintenance::hostile(&view);
    view.announcements = announcements::hostile();
    let first = view.components().next().map(|one| one.id.clone()).unwrap_or_default();
    view.sections = sections::hostile(&names, &first);
    view
}

fn long() -> PageView {
    let names = [
        "Card payments, refunds and payouts for merchants in the European Economic Area",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "API",
    ];
    let mut components: Vec<_> = names.into_iter().map(component).collect();
    components[0] = impaired(names[0], Status::DegradedPerformance, 30);
    components[1] = impaired(names[1], Status::DegradedPerformance, 30);
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

/// One maintenance is in progress, one is being verified while its component is operational.
fn in_progress() -> PageView {
    let reports = impaired("Reports", Status::UnderMaintenance, 30);
    let view = page("Northwind status", alone(vec![component("Website"), reports]));
    PageView { maintenance: maintenance::in_progress(&view), ..view }
}

/// Maintenance to come, and what became of former ones.
fn planned() -> PageView {
    let mut reports = component("Reports");
    spend(&mut reports, 6, 98 * MINUTE, |tally| &mut tally.maintenance);
    let view = page("Northwind status", alone(vec![component("Website"), refigured(reports)]));
    PageView { maintenance: maintenance::to_come(&view), ..view }
}

fn berlin() -> PageView {
    let mut view = fire();
    view.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
    view.time_zone_name = "Europe/Berlin".to_owned();
    view
}

/// A page with something of everything, for the languages that it can speak.
fn spoken() -> PageView {
    PageView { announcements: announcements::several(), ..berlin() }
}

/// The first minutes after the first reports.
fn day_one() -> PageView {
    let mut components = vec![young("Website", 1), young("Shop", 1), waiting("Telephone support")];
    for component in &mut components[..2] {
        component.days[89].tally.unwatched = 16 * HOUR + MINUTE;
        component.days[89].tally.operational = 14 * MINUTE;
        component.watched_from = Some(NOW - 14 * MINUTE);
        component.since = NOW - 14 * MINUTE;
        *component = refigured(component.clone());
    }
    let mut view = page("Northwind status", alone(components));
    view.created_at = NOW - 15 * MINUTE;
    view
}

/// Watched for less than the window; a `start_date` before that leaves blank days.
fn young_page() -> PageView {
    let mut patchy = young("REST API", 40);
    for days_ago in 1..9 {
        spend(&mut patchy, days_ago, DAY, |tally| &mut tally.no_data);
    }
    let mut started = young("Shop", 27);
    started.start_date = Some(jiff::civil::date(2026, 9, 1));
    let mut view = page(
        "Northwind status",
        alone(vec![component("Website"), started, refigured(patchy), young("Mail", 1)]),
    );
    view.created_at = NOW - 60 * DAY;
    view
}

/// Past outages: single and simultaneous, short, long and repeated; everything is operational now.
fn past_days() -> PageView {
    let mut cards = component("Cards");
    spend(&mut cards, 2, 65 * MINUTE, |tally| &mut tally.major);
    spend(&mut cards, 8, 12 * MINUTE, |tally| &mut tally.partial);
    spend(&mut cards, 8, 25 * MINUTE, |tally| &mut tally.degraded);
    let mut refunds = component("Bank transfers");
    spend(&mut refunds, 2, 58 * MINUTE, |tally| &mut tally.partial);
    spend(&mut refunds, 11, 42_000, |tally| &mut tally.major);
    spend(&mut refunds, 20, 3 * HOUR, |tally| &mut tally.major);
    let mut queues = component("Queues Europe");
    spend(&mut queues, 5, DAY, |tally| &mut tally.no_data);
    spend(&mut queues, 4, 4 * HOUR, |tally| &mut tally.no_data);
    spend(&mut queues, 6, 4 * HOUR, |tally| &mut tally.maintenance);
    let components = [cards, refunds, queues, component("Website")];
    page("Northwind status", alone(components.into_iter().map(refigured).collect()))
}

fn described() -> PageView {
    let mut cards = component("Card payments");
    cards.description = Some("Payments by card, in shops and online.".to_owned());
    let mut support = component("Support by telephone");
    support.showcase = false;
    support.description = Some("Weekdays from 8:00 to 18:00.".to_owned());
    let mut group = group("Payments", vec![cards, component("Refunds"), support]);
    if let Item::Group(group) = &mut group {
        group.description = Some("All that moves money from buyers to merchants.".to_owned());
    }
    page("Northwind status", vec![group])
}

/// Charts that began an hour ago and a moment ago.
fn chart_young() -> PageView {
    let mut website = component("Website");
    let answered = (1..=12).rev().flat_map(|ago| answers(NOW - ago * 5 * MINUTE, 110 + ago as u32 % 3, 240));
    website.response = Some(response_of(&answered.collect::<Vec<_>>(), NOW));
    let mut api = component("REST API");
    api.response = Some(response(0));
    page("Northwind status", alone(vec![website, api]))
}

/// One of two checks has no data, while the other is up or down.
fn partly() -> PageView {
    let of_two = |mut component: ComponentView| {
        component.checks = 2;
        component.unseen = Some(Unseen { since: Some(NOW - 95 * MINUTE), since_differs: false, checks: 1 });
        component.days[89].stale_now = true;
        component.days[89].tally.unseen = 95 * MINUTE;
        component
    };
    let mut website = of_two(component("Website"));
    website.past.push(Interval {
        from: NOW - 95 * MINUTE,
        to: NOW + 1,
        value: Effective::Partly(Status::Operational),
    });
    let shop = of_two(impaired("Shop", Status::PartialOutage, 30));
    page(
        "Northwind status",
        alone(vec![website.clone(), component("REST API")])
            .into_iter()
            .chain([group("Shops", vec![website, shop])])
            .collect(),
    )
}

/// Some components are manual.
fn by_hand() -> PageView {
    let by_hand = |mut component: ComponentView| {
        component.manual = true;
        component.checks = 0;
        component
    };
    let mut support = by_hand(component("Support by telephone"));
    support.showcase = false;
    let components =
        vec![component("Website"), by_hand(impaired("Deliveries", Status::DegradedPerformance, 73)), support];
    page("Northwind status", alone(components))
}
