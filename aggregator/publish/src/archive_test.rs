//! What the archive renders, beside a rendering from the complete past.

use super::*;
use crate::build::page_view_with_past;
use crate::incidents::tests::{CARDS, PAGE, PRIVATE, state, written};
use crate::sample::NOW;
use skerry_domain::component::Automatic;
use skerry_domain::holds::Source as HoldSource;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::interval::Interval;
use skerry_domain::state::{ComponentKey, PageItem};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, Context, Ids, IncidentChange, NewIncident, NewWindow, step};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_sanitiser::Form;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const URL: &str = "https://shop.example.com";

static PLACE: LazyLock<Place> = LazyLock::new(|| Place::at(URL));
const TRANSFERS: ComponentKey = ComponentKey(4);

/// Numbers of a fixed sequence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % end.unsigned_abs()).expect("it is small")
    }
}

struct World {
    state: State,
    now: Timestamp,
}

impl World {
    /// A page with two public components, 390 days ago.
    fn new() -> Self {
        let mut state = state();
        let mut transfers = state.components[&CARDS].clone();
        (transfers.id, transfers.settings.name) = ("id-of-Transfers".to_owned(), "Transfers".to_owned());
        state.components.insert(TRANSFERS, transfers);
        for key in [CARDS, PRIVATE, TRANSFERS] {
            let component = state.components.get_mut(&key).expect("it is there");
            let operational = Automatic::Known(Status::Operational);
            let from = component.created_at;
            component.layers.automatic =
                vec![Interval { from, to: Timestamp::FAR, value: operational }].into();
            (component.layers.start, component.noticed) = (from, from);
        }
        state.pages.get_mut(&PAGE).expect("it is there").items.push(PageItem::Component(TRANSFERS));
        Self { state, now: NOW - 390 * DAY }
    }

    fn run(&mut self, command: Command) -> Answer {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        step(&mut self.state, command, context).expect("taken").answer
    }

    fn open(&mut self, title: &str, components: Vec<(ComponentKey, Option<Status>)>) -> IncidentKey {
        let new = NewIncident {
            page: PAGE,
            title: written(title, Form::Plain),
            status: IncidentStatus::Investigating,
            body: Some(written("We are *looking*.", Form::Markdown)),
            components,
            impact_override: None,
            draft: false,
            backfilled: None,
            problems: Vec::new(),
        };
        let Answer::Incident(key) = self.run(Command::OpenIncident(Box::new(new))) else {
            panic!("it opens an incident")
        };
        key
    }

    fn resolve(&mut self, incident: IncidentKey) {
        let change = IncidentChange {
            status: Some(IncidentStatus::Resolved),
            release: true,
            ..IncidentChange::default()
        };
        self.run(Command::UpdateIncident { incident, change: Box::new(change) });
    }

    /// Holds, incidents and maintenance until [`NOW`].
    fn live(&mut self, seed: u64) {
        let mut dice = Dice(seed);
        let mut open = Vec::new();
        while self.now < NOW - 4 * DAY {
            self.now = self.now + dice.below(3 * DAY) + MINUTE;
            let component = [CARDS, TRANSFERS, PRIVATE][dice.below(3).unsigned_abs() as usize];
            let status = [Status::DegradedPerformance, Status::PartialOutage, Status::MajorOutage];
            let status = status[dice.below(3).unsigned_abs() as usize];
            let source = HoldSource::Person;
            match dice.below(6) {
                0 => drop(self.run(Command::SetHold { component, source, status, until: None })),
                1 | 2 => drop(self.run(Command::ReleaseHold { component, source })),
                3 => open.push(self.open("Cards declined", vec![(component, Some(status))])),
                4 => open.drain(..).for_each(|incident| self.resolve(incident)),
                _ => {
                    let from = self.now + HOUR;
                    let window = NewWindow::over(vec![component], from, from + 2 * HOUR);
                    self.run(Command::PlanWindow(Box::new(window)));
                }
            }
            self.run(Command::Tick);
        }
        for incident in open {
            self.resolve(incident);
        }
        self.now = NOW;
        self.run(Command::Tick);
    }

    fn source<'a>(&'a self, versions: &'a Versions) -> Source<'a> {
        Source { state: &self.state, page: PAGE, place: &PLACE, now: self.now, versions }
    }

    fn complete(&self) -> PageView {
        page_view_with_past(&self.state, PAGE, URL, self.now).expect("a living page")
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.identity.bytes.to_vec()).expect("HTML is text")
}

#[test]
fn a_page_of_the_archive_equals_its_rendering_from_the_complete_past() {
    for seed in 0..6 {
        let mut world = World::new();
        world.live(seed);
        let mut versions = Versions::default();
        versions.renew(world.now);
        let (source, complete) = (world.source(&versions), world.complete());
        let mut compared = 0;
        let mut compare = |path: &str, expected: String| {
            let closed = source.find(path).unwrap_or_else(|| panic!("seed {seed}: there is no {path}"));
            let output = source.render(path, closed).expect("it renders").expect("it is there");
            assert!(text(&output) == expected, "seed {seed}, {path}: {}\n\n{expected}", text(&output));
            assert_eq!((output.cache, output.last_modified), (CacheClass::Closed, versions.date(path)));
            compared += 1;
        };
        for month in html::months(&complete).into_iter().rev().skip(2) {
            let expected = html::history(&complete, Some(month)).expect("it renders").html;
            compare(&html::path_of(month), expected);
            let expected = html::uptime_of_month(&complete, month).expect("it renders").html;
            compare(&html::uptime_path_of(month), expected);
        }
        for one in complete.incidents.iter().filter(|one| !one.is_open()) {
            compare(
                &format!("incidents/{}", one.id),
                html::incident(&complete, one).expect("it renders").html,
            );
        }
        for one in complete.maintenance.iter().filter(|one| !one.is_open()) {
            let expected = html::maintenance(&complete, one).expect("it renders").html;
            compare(&format!("maintenance/{}", one.id), expected);
        }
        assert!(compared > 40, "seed {seed}: {compared}");
    }
}

/// Every page of the archive with its digest; none of a page in which something lasts.
fn digested(world: &World) -> BTreeMap<String, (Option<Digest>, String)> {
    let mut versions = Versions::default();
    versions.renew_for(html::basis(&world.complete()), world.now);
    let source = world.source(&versions);
    let page = |path: String| {
        let closed = source.find(&path)?;
        let output = source.render(&path, closed).expect("it renders")?;
        Some((path, (source.digest(closed), text(&output))))
    };
    source.paths().into_iter().filter_map(page).collect()
}

#[test]
fn pages_with_the_same_digest_are_the_same_and_time_alone_changes_few() {
    let mut world = World::new();
    world.live(3);
    let first = digested(&world);
    // How many pages have the same digest as at first, and how many another; none of the others is compared.
    let compared = |world: &World| {
        let (mut same, mut other) = (0, 0);
        for (path, (digest, page)) in digested(world) {
            let Some((Some(known), former)) = first.get(&path) else { continue };
            let Some(digest) = digest else { continue };
            if digest == *known {
                assert_eq!(page, *former, "{path}");
                same += 1;
            } else {
                other += 1;
            }
        }
        (same, other)
    };
    let (all, other) = compared(&world);
    assert!(all > 30 && other == 0, "{all}, {other}");
    world.now = world.now + 5 * DAY;
    world.run(Command::Tick);
    // A digest that changes without need costs a rendering, and nothing else.
    let (same, other) = compared(&world);
    assert!(same > other * 10, "little but the time is another: {same}, {other}");
    let layers = &mut world.state.components.get_mut(&CARDS).expect("it is there").layers;
    let from = NOW - 250 * DAY;
    let corrected = Interval { from, to: from + HOUR, value: Status::MajorOutage };
    layers.corrected = vec![corrected].into();
    let (same, other) = compared(&world);
    assert!(same > all / 2 && other >= 2, "the month with its uptime: {same}, {other}");
    world.state.components.get_mut(&CARDS).expect("it is there").settings.name = "Card payments".to_owned();
    let (same, other) = compared(&world);
    assert!(other > same, "{same}, {other}");
    world.now = world.now + 60 * DAY;
    world.run(Command::Tick);
    assert_eq!(compared(&world).0, 0, "another year");
}

#[test]
fn an_old_month_in_which_something_lasts_is_live_and_tells_the_present() {
    let mut world = World::new();
    let incident = world.open("It lasts", vec![(CARDS, Some(Status::MajorOutage))]);
    world.now = NOW;
    world.run(Command::Tick);
    let complete = world.complete();
    let mut versions = Versions::default();
    versions.renew_for(html::basis(&complete), world.now);
    let source = world.source(&versions);
    let path = html::path_of(html::months(&complete)[3]);
    let closed = source.find(&path).expect("it is over");
    let output = source.render(&path, closed).expect("it renders").expect("it is there");
    assert_eq!((output.cache, source.version(&path, closed)), (CacheClass::Live, world.now));
    let month = html::history(&complete, Some(html::months(&complete)[3])).expect("it renders").html;
    assert_eq!(text(&output), month);
    assert!(month.contains("<b>Major outage</b>"), "{month}");
    world.resolve(incident);
    let mut after = versions.clone();
    after.renew_for(html::basis(&world.complete()), world.now);
    let source = world.source(&after);
    assert!(source.version(&path, closed) > versions.date(&path), "it is a version of its own");
    let output = source.render(&path, closed).expect("it renders").expect("it is there");
    assert_eq!(output.cache, CacheClass::Closed);
}

#[test]
fn what_visitors_do_not_see_is_not_found() {
    let mut world = World::new();
    let open = world.open("It lasts", vec![(CARDS, None)]);
    let over = world.open("It is over", vec![(CARDS, None)]);
    world.resolve(over);
    let from = world.now + HOUR;
    let private = Command::PlanWindow(Box::new(NewWindow::over(vec![PRIVATE], from, from + HOUR)));
    let Answer::Window(private) = world.run(private) else { panic!("it is planned") };
    world.now = NOW;
    world.run(Command::Tick);
    let versions = Versions::default();
    let id = |key: IncidentKey| format!("incidents/{}", world.state.incidents[&key].id);
    let (open, seen) = (id(open), id(over));
    let private = format!("maintenance/{}", world.state.windows[&private].id);
    let source = world.source(&versions);
    assert_eq!(source.find(&seen), Some(Closed::Incident(over)));
    assert_eq!(source.find("history/2026-01"), Some(Closed::Month((2026, 1))));
    assert_eq!(source.find("uptime/2026-01"), Some(Closed::Uptime((2026, 1))));
    for path in [
        open.as_str(),
        &private,
        "",
        "incidents/",
        "incidents/no-such-one",
        "maintenance/000000000000",
        "history",
        "history/2026-11",
        "history/2026-12",
        "history/2020-01",
        "history/2026-1",
        "history/2026-01/",
        "history/+2026-01",
        "history/2026-001",
        "history/99999999999-01",
        "uptime",
        "uptime/2026-11",
        "uptime/2020-01",
        "uptime/2026-1",
    ] {
        assert_eq!(source.find(path), None, "{path}");
    }
    let elsewhere = Source { page: PageKey(9), ..source };
    assert_eq!(elsewhere.find(&seen), None, "it is another page's");
}

#[test]
fn each_version_has_a_later_date() {
    let mut versions = Versions::default();
    let dates = |versions: &Versions| ["a", "b"].map(|path| versions.date(path).0 - NOW.0 / SECOND * SECOND);
    versions.renew(NOW);
    assert_eq!(dates(&versions), [0, 0]);
    versions.touch("a", NOW + 1);
    assert_eq!(dates(&versions), [SECOND, 0]);
    versions.take_over("b", NOW - DAY);
    assert_eq!(dates(&versions), [SECOND, 0]);
    versions.renew(NOW - DAY);
    assert_eq!(dates(&versions), [2 * SECOND, 2 * SECOND], "a clock that was set back brings no date back");
    let basis = Basis { year: 2026, ..Basis::default() };
    versions.renew_for(basis, NOW);
    versions.renew_for(basis, NOW + DAY);
    assert_eq!(dates(&versions), [3 * SECOND, 3 * SECOND]);
}
