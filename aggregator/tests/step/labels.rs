//! Components that choose their checks by labels, through the store: what agents declare opens and closes links from then
//! on, and the past stays.

use crate::fixture::{EPOCH, Fixture, configure};
use skerry_domain::component::Automatic;
use skerry_domain::interval::Interval;
use skerry_domain::labels::{Labels, MAX_CHOSEN, Selector};
use skerry_domain::problem::Severity;
use skerry_domain::rows::{Row, Write};
use skerry_domain::state::{AgentKey, Component, ComponentKey, ComponentSettings, TrackKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Admission, AgentChange, Answer, Change, Command, Configure, DesiredHeartbeat, DesiredItem, DesiredLink,
    Report,
};
use skerry_domain::time::{DAY, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState::{Down, Up};
use skerry_domain::verdict::Quorum;

/// A check with its labels, each `name=value`.
type Labelled<'a> = (&'a str, &'a [&'a str]);

fn labels(written: &[&str]) -> Labels {
    let pair = |one: &&str| one.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    written.iter().filter_map(pair).collect()
}

/// The component "site", which chooses by these labels, and, if there are none, by name.
fn chooses(selector: &[&str], minor: bool, named: &[&str]) -> Configure {
    let mut file = configure(&[("web", Quorum::Majority)], &[("site", named)]);
    if let DesiredItem::Component(site) = &mut file.pages[0].items[0] {
        let selector = Selector::new(labels(selector), minor);
        site.settings = ComponentSettings { selector, ..ComponentSettings::named("site") };
    }
    file
}

impl Fixture {
    /// One whose component chooses `team=web`.
    fn choosing() -> Self {
        let mut fixture = Self::new();
        fixture.apply(chooses(&["team=web"], false, &[]));
        fixture
    }

    fn apply(&mut self, file: Configure) -> Vec<Change> {
        self.run(Command::Configure(Box::new(file))).1
    }

    /// The agent declares these checks, and no others.
    fn labels(&mut self, agent: AgentKey, checks: &[Labelled<'_>]) -> Vec<Change> {
        self.labels_as(agent, [EPOCH, [agent.0 as u8; 16]][usize::from(agent != self.agent)], checks)
    }

    fn labels_as(&mut self, agent: AgentKey, epoch: [u8; 16], checks: &[Labelled<'_>]) -> Vec<Change> {
        let declared = |(name, written): &Labelled<'_>| skerry_domain::step::DeclaredCheck {
            name: (*name).to_owned(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: labels(written),
        };
        let inventory = Some(checks.iter().map(declared).collect());
        self.send(Report { epoch, inventory, ..self.empty(agent) }).1
    }

    /// An agent of its own, with a credential, which may report checks of these patterns.
    fn remote(&mut self, name: &str, checks: &[&str]) -> AgentKey {
        let change = AgentChange::Add {
            location: name.to_owned(),
            checks: checks.iter().map(ToString::to_string).collect(),
            admission: Admission::Credential([name.len() as u8; 32]),
        };
        match self.run(Command::ChangeAgent { agent: name.to_owned(), change }).0 {
            Answer::Agent(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn site(&self) -> (ComponentKey, &Component) {
        let found = self.state.components.iter().find(|(_, one)| one.settings.name == "site");
        found.map(|(key, one)| (*key, one)).expect("there is one")
    }

    /// The checks that feed it now.
    fn feeding(&self) -> Vec<&str> {
        let open = self.site().1.links.iter().filter(|link| link.to == Timestamp::FAR);
        let mut names: Vec<&str> = open.map(|link| self.state.checks[&link.check].name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn layer(&self) -> Vec<Interval<Automatic>> {
        self.site().1.layers.automatic.iter().collect()
    }

    /// The state and what is read back are the same, and the same file or inventory changes nothing.
    fn assert_settled(&mut self, file: Configure) {
        self.assert_stored();
        let before = self.site().1.clone();
        self.pass(SECOND);
        self.apply(file);
        self.state = self.load(self.now);
        self.pass(SECOND);
        assert_eq!(self.site().1.links, before.links);
        self.assert_stored();
    }
}

#[test]
fn who_feeds_a_component() {
    let table: [(&str, &[&str], &[Labelled<'_>], &[&str]); 7] = [
        ("nobody", &["team=web"], &[("web", &[]), ("api", &["team=api"])], &[]),
        ("one", &["team=web"], &[("web", &["team=web"]), ("api", &["team=api"])], &["web"]),
        ("several", &["team=web"], &[("web", &["team=web"]), ("api", &["team=web"])], &["api", "web"]),
        ("more labels than asked for", &["team=web"], &[("web", &["team=web", "tier=1"])], &["web"]),
        ("all labels that are asked for", &["team=web", "tier=1"], &[("web", &["team=web"])], &[]),
        ("another value", &["team=web"], &[("web", &["team=Web"])], &[]),
        ("a value that looks like two", &["team=a=b"], &[("web", &["team=a=b"])], &["web"]),
    ];
    for (what, selector, declared, fed) in table {
        // The file comes first, and the agent does.
        for file_first in [true, false] {
            let mut fixture = Fixture::new();
            let agent = fixture.agent;
            if file_first {
                fixture.apply(chooses(selector, false, &[]));
            }
            fixture.labels(agent, declared);
            fixture.apply(chooses(selector, false, &[]));
            assert_eq!(fixture.feeding(), fed, "{what}");
            fixture.assert_settled(chooses(selector, false, &[]));
            assert_eq!(fixture.feeding(), fed, "{what}");
        }
    }
}

#[test]
fn a_check_feeds_it_from_its_label_on_and_no_longer_without_it() {
    for ends in [&[("web", &[][..])][..], &[("web", &["team=api"])], &[]] {
        let mut fixture = Fixture::choosing();
        let agent = fixture.agent;
        let began = fixture.now;
        assert_eq!(fixture.layer().last().map(|last| last.value), Some(Automatic::NoData), "it waits");
        fixture.see(Up);
        fixture.pass(10 * SECOND);
        assert_eq!(
            fixture.layer().last().map(|last| last.from),
            Some(began),
            "it waits, though the check is up"
        );
        let joined = fixture.now;
        let changes = fixture.labels(agent, &[("web", &["team=web"])]);
        let (key, _) = fixture.site();
        let web = fixture.state.check_names["web"];
        let actor = Some(format!("agent:{}/{}", fixture.state.workspace.key.0, agent.0));
        let told = |joined: Vec<_>, left: Vec<_>| Change::ChecksChosen {
            component: key,
            joined,
            left,
            actor: actor.clone(),
        };
        assert!(changes.contains(&told(vec![web], Vec::new())), "{changes:?}");
        fixture.see(Down);
        fixture.pass(10 * SECOND);
        let left = fixture.now;
        let changes = fixture.labels(agent, ends);
        assert!(changes.contains(&told(Vec::new(), vec![web])), "{changes:?}");
        fixture.see(Up);
        fixture.pass(10 * SECOND);
        let layer = fixture.layer();
        let at = |at: Timestamp| layer.iter().find(|one| one.contains(at)).map(|one| one.value);
        let known = |status| Some(Automatic::Known(status));
        assert_eq!(at(joined + -1), Some(Automatic::NoData));
        assert_eq!(at(joined), known(Status::MajorOutage));
        assert_eq!(at(left + -1), known(Status::MajorOutage), "the past stays");
        assert_eq!(at(left), Some(Automatic::NoData), "nothing is known of it, least of all that it is well");
        let link = &fixture.site().1.links;
        assert_eq!(link.iter().map(|link| (link.from, link.to)).collect::<Vec<_>>(), [(joined, left)]);
        fixture.assert_settled(chooses(&["team=web"], false, &[]));
        assert_eq!(fixture.layer()[..layer.len() - 1], layer[..layer.len() - 1]);
    }
}

#[test]
fn labels_take_over_from_names_and_names_from_labels_without_a_break() {
    let mut fixture = Fixture::new();
    let agent = fixture.agent;
    fixture.labels(agent, &[("web", &["team=web"]), ("api", &[])]);
    fixture.see(Up);
    fixture.pass(10 * SECOND);
    let named = fixture.site().1.links.clone();
    fixture.apply(chooses(&["team=web"], false, &[]));
    assert_eq!(fixture.site().1.links, named, "the same check goes on feeding it");
    fixture.pass(10 * SECOND);
    fixture.apply(chooses(&[], false, &["web"]));
    assert_eq!(fixture.site().1.links, named);
    fixture.pass(10 * SECOND);
    let changed = fixture.now;
    fixture.apply(chooses(&["team=web"], true, &[]));
    let links: Vec<_> = fixture.site().1.links.iter().map(|link| (link.minor, link.from, link.to)).collect();
    assert_eq!(links, [(false, named[0].from, changed), (true, changed, Timestamp::FAR)], "it counts less");
    fixture.assert_settled(chooses(&["team=web"], true, &[]));
    // Other labels, none, and by hand.
    fixture.apply(chooses(&["team=api"], false, &[]));
    assert_eq!(fixture.feeding(), [""; 0]);
    assert!(fixture.site().1.is_linked(), "nobody sets its status by hand");
    fixture.pass(10 * SECOND);
    let by_hand = fixture.now;
    fixture.apply(chooses(&[], false, &[]));
    assert!(!fixture.site().1.is_linked());
    fixture.pass(10 * SECOND);
    let layer = fixture.layer();
    let last: Vec<_> = layer.iter().rev().take(2).map(|one| (one.to, one.value)).collect();
    let operational = Automatic::Known(Status::Operational);
    assert_eq!(last, [(Timestamp::FAR, operational), (by_hand, Automatic::NoData)]);
    fixture.assert_settled(chooses(&[], false, &[]));
    assert_eq!(fixture.layer(), layer);
}

#[test]
fn late_data_changes_the_past_of_the_checks_that_were_chosen_then() {
    let mut fixture = Fixture::choosing();
    let agent = fixture.agent;
    fixture.labels(agent, &[("web", &["team=web"])]);
    fixture.see(Up);
    let begins = fixture.now;
    fixture.pass(5 * MINUTE);
    let left = fixture.now;
    fixture.labels(agent, &[("web", &[])]);
    fixture.pass(MINUTE);
    let boot = crate::fixture::BOOTED + (begins + MINUTE - crate::fixture::START);
    let record = fixture.record(skerry_domain::step::When::ThisBoot(boot), Down);
    fixture.send(Report { records: vec![record], ..fixture.empty(agent) });
    let layer = fixture.layer();
    let at = |at: Timestamp| layer.iter().find(|one| one.contains(at)).map(|one| one.value);
    assert_eq!(at(begins + MINUTE), Some(Automatic::Known(Status::MajorOutage)));
    assert_eq!(at(left), Some(Automatic::NoData));
    fixture.assert_stored();
}

#[test]
fn whose_labels_count() {
    let asks = |asks| Command::JudgeReporters { asks, definitions: Vec::new() };
    let shop: &[Labelled<'_>] = &[("shop", &["team=web"])];
    // Without a question asked, every agent's do.
    let mut fixture = Fixture::choosing();
    let other = fixture.remote("eye", &[]);
    fixture.labels(other, shop);
    assert_eq!(fixture.feeding(), ["shop"]);
    // Where new reporters need permission, labels need it too: before and after.
    let changes = fixture.run(asks(true)).1;
    assert_eq!(fixture.feeding(), [""; 0], "{changes:?}");
    let changes = fixture.labels(other, &[("shop", &["team=web", "tier=1"])]);
    let shop_key = fixture.state.check_names["shop"];
    assert!(changes.contains(&Change::LabelsWait { agent: other, checks: vec![shop_key] }), "{changes:?}");
    fixture.assert_stored();
    let allow = AgentChange::Allow("sh*".to_owned());
    fixture.run(Command::ChangeAgent { agent: "eye".to_owned(), change: allow });
    assert_eq!(fixture.feeding(), ["shop"]);
    fixture.assert_stored();
    // An agent that is limited to checks was given them by name.
    let narrow = fixture.remote("narrow", &["till*"]);
    fixture.labels(narrow, &[("till-1", &["team=web"]), ("mail", &["team=web"])]);
    assert_eq!(fixture.feeding(), ["shop", "till-1"], "it may not report the mail at all");
    let limit = AgentChange::Limit(vec!["mail".to_owned()]);
    fixture.run(Command::ChangeAgent { agent: "narrow".to_owned(), change: limit });
    assert_eq!(fixture.feeding(), ["mail", "shop"]);
    fixture.run(Command::ChangeAgent { agent: "narrow".to_owned(), change: AgentChange::Revoke });
    assert_eq!(fixture.feeding(), ["shop"]);
    fixture.assert_stored();
}

#[test]
fn of_a_check_that_the_aggregator_runs_its_own_labels_count_alone() {
    let mut fixture = Fixture::choosing();
    let (agent, other) = (fixture.agent, fixture.remote("eye", &[]));
    fixture.labels(other, &[("web", &["team=web"])]);
    assert_eq!(fixture.feeding(), [""; 0], "the file gives it none");
    fixture.labels(agent, &[("web", &["team=web"])]);
    fixture.labels(other, &[("web", &[])]);
    assert_eq!(fixture.feeding(), ["web"]);
    fixture.labels(agent, &[]);
    assert_eq!(fixture.feeding(), [""; 0]);
    fixture.labels(other, &[("web", &["team=web"])]);
    assert_eq!(fixture.feeding(), ["web"], "now it is the other's");
    fixture.assert_stored();
}

#[test]
fn any_of_the_agents_that_count_brings_a_check_and_operators_are_told_that_they_differ() {
    let mut fixture = Fixture::choosing();
    let agent = fixture.agent;
    fixture.labels(agent, &[]);
    let (one, two) = (fixture.remote("eye", &[]), fixture.remote("there", &[]));
    fixture.labels(one, &[("api", &["team=web"])]);
    let changes = fixture.labels(two, &[("api", &["team=shop"])]);
    let api = fixture.state.check_names["api"];
    assert!(changes.contains(&Change::LabelsDiffer(api)), "{changes:?}");
    assert_eq!(fixture.feeding(), ["api"]);
    let labels = fixture.state.labels_of(api);
    assert_eq!(labels["team"].iter().copied().collect::<Vec<_>>(), ["shop", "web"]);
    fixture.assert_stored();
    let changes = fixture.labels(two, &[("api", &["team=web"])]);
    assert!(
        !changes.contains(&Change::LabelsDiffer(api)) && !fixture.state.labels_differ(api),
        "{changes:?}"
    );
    fixture.labels(one, &[]);
    assert_eq!(fixture.feeding(), ["api"], "the other still brings it");
    // One whose definition differs does not count, and neither do its labels.
    fixture.labels(two, &[("api", &[])]);
    let mut odd = vec![("api", &["team=web"][..])];
    odd.push(("own", &["team=web"]));
    let declared = odd.iter().map(|(name, written)| skerry_domain::step::DeclaredCheck {
        name: (*name).to_owned(),
        definition: vec![9; 16],
        interval_ms: 10 * SECOND,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: self::labels(written),
    });
    let inventory = Some(declared.collect());
    fixture.send(Report { epoch: [one.0 as u8; 16], inventory, ..fixture.empty(one) });
    assert_eq!(fixture.feeding(), ["own"]);
    fixture.assert_stored();
}

#[test]
fn a_heartbeat_has_labels_too() {
    let mut fixture = Fixture::choosing();
    let expected = skerry_domain::heartbeat::Expected { period: MINUTE, schedule: None, grace: SECOND };
    let job = |written: &[&str]| {
        Command::DeclareHeartbeats(vec![DesiredHeartbeat {
            check: "backup".to_owned(),
            definition: vec![1],
            expected: expected.clone(),
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: labels(written),
        }])
    };
    fixture.run(job(&["team=web"]));
    assert_eq!(fixture.feeding(), ["backup"]);
    fixture.pass(SECOND);
    fixture.assert_stored();
    fixture.run(job(&["team=shop"]));
    assert_eq!(fixture.feeding(), [""; 0]);
    fixture.assert_stored();
}

#[test]
fn the_audit_says_which_agent_brought_a_check() {
    let mut fixture = Fixture::choosing();
    let other = fixture.remote("eye", &[]);
    let audited = |rows: &[Write]| -> Vec<(String, String, Option<String>, Option<String>)> {
        let row = |write: &Write| match write {
            Write::Append(Row::Audit(row)) => {
                Some((row.actor.clone(), row.object.clone(), row.before.clone(), row.after.clone()))
            }
            _ => None,
        };
        rows.iter().filter_map(row).collect()
    };
    let report = |fixture: &Fixture, checks: &[Labelled<'_>]| {
        let declared = checks.iter().map(|(name, written)| skerry_domain::step::DeclaredCheck {
            name: (*name).to_owned(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
            severity: Severity::High,
            depends_on: Vec::new(),
            labels: labels(written),
        });
        let inventory = Some(declared.collect());
        Command::Report(Box::new(Report { epoch: [3; 16], inventory, ..fixture.empty(other) }))
    };
    let joins = report(&fixture, &[("shop", &["team=web"])]);
    let rows = audited(&fixture.step(joins).rows);
    let (actor, object) = (format!("agent:{}/{}", fixture.state.workspace.key.0, other.0), "component_link");
    let [(by, what, None, Some(after))] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((by, what.as_str()), (&actor, object));
    assert!(after.contains(&format!("\"to_ms\":{}", i64::MAX)), "{after}");
    fixture.pass(SECOND);
    let leaves = report(&fixture, &[]);
    let rows = audited(&fixture.step(leaves).rows);
    let [(by, _, Some(before), Some(closed))] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((by, before), (&actor, after));
    assert!(closed.contains(&format!("\"to_ms\":{}", fixture.now.0)), "{closed}");
}

#[test]
fn an_agent_brings_so_many_checks_a_day_and_no_more() {
    let mut fixture = Fixture::choosing();
    let other = fixture.remote("eye", &[]);
    let names =
        |prefix: &str, count: usize| (0..count).map(|one| format!("{prefix}{one}")).collect::<Vec<_>>();
    let declares = |fixture: &mut Fixture, names: &[String]| {
        let all: Vec<Labelled<'_>> = names.iter().map(|name| (name.as_str(), &["team=web"][..])).collect();
        fixture.labels(other, &all)
    };
    let changes = declares(&mut fixture, &names("a", MAX_CHOSEN + 1));
    let (key, _) = fixture.site();
    let beyond = Change::LabelsBeyondLimit { agent: other, component: key };
    assert!(changes.contains(&beyond));
    assert_eq!(fixture.feeding().len(), MAX_CHOSEN);
    fixture.now = fixture.now + SECOND;
    declares(&mut fixture, &names("b", MAX_CHOSEN));
    assert_eq!(fixture.feeding().len(), 0, "they left, and none joins in their place");
    let agent = fixture.agent;
    fixture.labels(agent, &[("web", &["team=web"])]);
    assert_eq!(fixture.feeding(), ["web"], "nobody else is held up");
    fixture.assert_stored();
    fixture.now = fixture.now + DAY;
    fixture.run(Command::Fold { before: fixture.now, limit: 10, after: TrackKey(0) });
    assert_eq!(fixture.feeding().len(), MAX_CHOSEN + 1, "a day later they may");
    fixture.assert_stored();
}

#[test]
fn what_labels_chose_long_ago_is_forgotten() {
    let mut fixture = Fixture::choosing();
    let agent = fixture.agent;
    for _ in 0..3 {
        fixture.labels(agent, &[("web", &["team=web"]), ("api", &["team=web"])]);
        fixture.now = fixture.now + SECOND;
        fixture.labels(agent, &[]);
        fixture.now = fixture.now + SECOND;
    }
    fixture.labels(agent, &[("web", &["team=web"])]);
    assert_eq!(fixture.site().1.links.len(), 7);
    let layer = fixture.layer();
    for _ in 0..3 {
        fixture.now = fixture.now + 200 * DAY;
        fixture.run(Command::Tick);
        let mut next = Some(TrackKey(0));
        while let Some(after) = next {
            let fold = Command::Fold { before: fixture.now, limit: 10, after };
            let Answer::Folded { after, .. } = fixture.run(fold).0 else { panic!("another answer") };
            next = after;
        }
        fixture.assert_stored();
    }
    assert_eq!(fixture.site().1.links.len(), 1, "the present one stays");
    assert_eq!(fixture.layer()[..layer.len() - 1], layer[..layer.len() - 1], "and what was, was so");
    assert!(!fixture.state.check_names.contains_key("api"), "nothing else is left of it");
}

#[test]
fn labels_and_names_do_not_choose_together() {
    let mut fixture = Fixture::choosing();
    let page = *fixture.state.pages.keys().next().expect("there is one");
    let selector = Selector::new(labels(&["team=web"]), false);
    let links = vec![DesiredLink { check: "web".to_owned(), minor: false }];
    let new = skerry_domain::step::NewComponent {
        page,
        group: None,
        settings: ComponentSettings { selector, ..ComponentSettings::named("Shop") },
        links,
        held: None,
    };
    let zone = jiff::tz::TimeZone::UTC;
    let command = Command::CreateComponent { new: Box::new(new), zone };
    let context =
        skerry_domain::step::Context { now: fixture.now, ids: skerry_domain::step::Ids::from_seed([1; 32]) };
    let refused = skerry_domain::step::step(&mut fixture.state, command, context);
    assert!(refused.is_err_and(|rejected| rejected.reason.contains("not both")));
}
