//! What the holder of an agent's token can bring to components by labels, and what is left of it.

use crate::fixture::Fixture;
use crate::labels::{Labelled, labels};
use skerry_domain::labels::{MAX_CHOSEN, Selector};
use skerry_domain::problem::Severity;
use skerry_domain::rows::{Row, Write};
use skerry_domain::state::{ComponentSettings, TrackKey};
use skerry_domain::step::{
    AgentChange, Answer, Change, Command, Context, DeclaredCheck, DesiredHeartbeat, DesiredLink, Ids,
    NewComponent, Report, step,
};
use skerry_domain::time::{DAY, MINUTE, SECOND};

#[test]
fn whose_labels_count() {
    let asks = |asks| Command::JudgeReporters { asks, definitions: Vec::new() };
    let shop: &[Labelled<'_>] = &[("shop", &["team=web"])];
    // Without a question asked, every agent's do.
    let mut fixture = Fixture::choosing();
    let other = fixture.remote("eye", &[]);
    fixture.labels(other, shop);
    assert_eq!(fixture.feeding(), ["shop"]);
    // Where new reporters need permission, labels need it too. What feeds a component goes on doing so: an outage does not
    // turn green because somebody asks for more care.
    let changes = fixture.run(asks(true)).1;
    assert_eq!(fixture.feeding(), ["shop"], "{changes:?}");
    let changes = fixture.labels(other, &[("shop", &["team=web"]), ("cart", &["team=web"])]);
    let cart = fixture.state.check_names["cart"];
    assert!(changes.contains(&Change::LabelsWait { agent: other, checks: vec![cart] }), "{changes:?}");
    assert_eq!(fixture.feeding(), ["shop"]);
    fixture.assert_stored();
    let allow = AgentChange::Allow("ca*".to_owned());
    fixture.run(Command::ChangeAgent { agent: "eye".to_owned(), change: allow });
    assert_eq!(fixture.feeding(), ["cart", "shop"]);
    fixture.assert_stored();
    // Labels that went and come back are new ones.
    fixture.labels(other, &[("shop", &[]), ("cart", &["team=web"])]);
    fixture.labels(other, &[("shop", &["team=web"]), ("cart", &["team=web"])]);
    assert_eq!(fixture.feeding(), ["cart"]);
    fixture.assert_stored();
}

#[test]
fn a_limit_says_what_an_agent_may_report_and_not_which_pages_it_reaches() {
    let mut fixture = Fixture::choosing();
    let narrow = fixture.remote("narrow", &["till*"]);
    let labelled: &[Labelled<'_>] = &[("till-1", &["team=web"]), ("mail", &["team=web"])];
    let changes = fixture.labels(narrow, labelled);
    let till = fixture.state.check_names["till-1"];
    assert!(changes.contains(&Change::LabelsWait { agent: narrow, checks: vec![till] }), "{changes:?}");
    assert_eq!(fixture.feeding(), [""; 0]);
    let allow = AgentChange::Allow("till-1".to_owned());
    fixture.run(Command::ChangeAgent { agent: "narrow".to_owned(), change: allow });
    assert_eq!(fixture.feeding(), ["till-1"], "it may not report the mail at all");
    let limit = AgentChange::Limit(vec!["mail".to_owned()]);
    fixture.run(Command::ChangeAgent { agent: "narrow".to_owned(), change: limit });
    assert_eq!(fixture.feeding(), [""; 0]);
    fixture.run(Command::ChangeAgent { agent: "narrow".to_owned(), change: AgentChange::Revoke });
    assert_eq!(fixture.feeding(), [""; 0]);
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
    let told = fixture.state.labels_of(api);
    assert_eq!(told["team"].iter().copied().collect::<Vec<_>>(), ["shop", "web"]);
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
    let odd = ["api", "own"].map(|name| (name, ["team=web"]));
    let declared = odd.iter().map(|(name, written)| DeclaredCheck {
        name: (*name).to_owned(),
        definition: vec![9; 16],
        interval_ms: 10 * SECOND,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: labels(written),
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
        let declared = checks.iter().map(|(name, written)| DeclaredCheck {
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
    let new = NewComponent {
        page,
        group: None,
        settings: ComponentSettings { selector, ..ComponentSettings::named("Shop") },
        links,
        held: None,
    };
    let zone = jiff::tz::TimeZone::UTC;
    let command = Command::CreateComponent { new: Box::new(new), zone };
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let refused = step(&mut fixture.state, command, context);
    assert!(refused.is_err_and(|rejected| rejected.reason.contains("not both")));
}
