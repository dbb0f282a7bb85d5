//! Components that choose their checks by labels, through the store: what agents declare opens and closes links from then
//! on, and the past stays.

use crate::fixture::{BOOTED, EPOCH, Fixture, START, configure};
use skerry_domain::component::Automatic;
use skerry_domain::interval::Interval;
use skerry_domain::labels::{Labels, Selector};
use skerry_domain::problem::Severity;
use skerry_domain::state::{AgentKey, Component, ComponentKey, ComponentSettings};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Admission, AgentChange, Answer, Change, Command, Configure, DeclaredCheck, DesiredItem, Report, When,
};
use skerry_domain::time::{MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState::{Down, Up};
use skerry_domain::verdict::Quorum;

/// A check with its labels, each `name=value`.
pub(crate) type Labelled<'a> = (&'a str, &'a [&'a str]);

pub(crate) fn labels(written: &[&str]) -> Labels {
    let pair = |one: &&str| one.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    written.iter().filter_map(pair).collect()
}

/// The component "site", which chooses by these labels, and, if there are none, by name.
pub(crate) fn chooses(selector: &[&str], minor: bool, named: &[&str]) -> Configure {
    let mut file = configure(&[("web", Quorum::Majority)], &[("site", named)]);
    if let DesiredItem::Component(site) = &mut file.pages[0].items[0] {
        let selector = Selector::new(labels(selector), minor);
        site.settings = ComponentSettings { selector, ..ComponentSettings::named("site") };
    }
    file
}

impl Fixture {
    /// One whose component chooses `team=web`.
    pub(crate) fn choosing() -> Self {
        let mut fixture = Self::new();
        fixture.apply(chooses(&["team=web"], false, &[]));
        fixture
    }

    pub(crate) fn apply(&mut self, file: Configure) -> Vec<Change> {
        self.run(Command::Configure(Box::new(file))).1
    }

    /// The agent declares these checks, and no others.
    pub(crate) fn labels(&mut self, agent: AgentKey, checks: &[Labelled<'_>]) -> Vec<Change> {
        self.labels_as(agent, [EPOCH, [agent.0 as u8; 16]][usize::from(agent != self.agent)], checks)
    }

    pub(crate) fn labels_as(
        &mut self,
        agent: AgentKey,
        epoch: [u8; 16],
        checks: &[Labelled<'_>],
    ) -> Vec<Change> {
        let declared = |(name, written): &Labelled<'_>| DeclaredCheck {
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
    pub(crate) fn remote(&mut self, name: &str, checks: &[&str]) -> AgentKey {
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

    pub(crate) fn site(&self) -> (ComponentKey, &Component) {
        let found = self.state.components.iter().find(|(_, one)| one.settings.name == "site");
        found.map(|(key, one)| (*key, one)).expect("there is one")
    }

    /// The checks that feed it now.
    pub(crate) fn feeding(&self) -> Vec<&str> {
        let open = self.site().1.links.iter().filter(|link| link.to == Timestamp::FAR);
        let mut names: Vec<&str> = open.map(|link| self.state.checks[&link.check].name.as_str()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn layer(&self) -> Vec<Interval<Automatic>> {
        self.site().1.layers.automatic.iter().collect()
    }

    /// The state and what is read back are the same, and the same file or inventory changes nothing.
    pub(crate) fn assert_settled(&mut self, file: Configure) {
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

/// What it is about, what the selector asks for, the checks with their labels, and those that feed the component.
type Case<'a> = (&'a str, &'a [&'a str], &'a [Labelled<'a>], &'a [&'a str]);

#[test]
fn who_feeds_a_component() {
    let table: [Case<'_>; 7] = [
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
    fixture.see(Up);
    fixture.apply(chooses(&[], false, &["web"]));
    assert_eq!(fixture.site().1.links, named);
    fixture.pass(10 * SECOND);
    fixture.see(Up);
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
    let boot = BOOTED + (begins + MINUTE - START);
    let record = fixture.record(When::ThisBoot(boot), Down);
    fixture.send(Report { records: vec![record], ..fixture.empty(agent) });
    let layer = fixture.layer();
    let at = |at: Timestamp| layer.iter().find(|one| one.contains(at)).map(|one| one.value);
    assert_eq!(at(begins + MINUTE), Some(Automatic::Known(Status::MajorOutage)));
    assert_eq!(at(left), Some(Automatic::NoData));
    fixture.assert_stored();
}
