//! Templates through the store: those of the file, and those that are made at run time beside it.

use crate::fixture::{Fixture, START, configure};
use crate::maintenance::text;
use skerry_domain::state::{ComponentKey, Origin, PageKey, TemplateKey};
use skerry_domain::step::{
    Answer, Command, Context, DesiredTemplate, Ids, MAX_TEMPLATES, NewTemplate, RejectedKind, TemplateChange,
    TemplateCommand, step,
};
use skerry_domain::template::TemplateStatus;
use skerry_domain::time::MINUTE;
use skerry_domain::verdict::Quorum;

const PAGE: PageKey = PageKey(1);

fn new_template(name: &str) -> NewTemplate {
    NewTemplate {
        page: Some(PAGE),
        name: name.to_owned(),
        title: text("{{components}} fails"),
        body: text("Since {{since}}."),
        status: TemplateStatus::from_name("identified"),
        components: vec![ComponentKey(1), ComponentKey(1)],
    }
}

fn desired(name: &str, page: Option<&str>) -> DesiredTemplate {
    DesiredTemplate {
        name: name.to_owned(),
        page: page.map(str::to_owned),
        title: text("Trouble on {{page}}"),
        body: text("We look into {{incident}}."),
        status: None,
        components: page.map(|_| "site".to_owned()).into_iter().collect(),
    }
}

impl Fixture {
    fn template(
        &mut self,
        command: TemplateCommand,
    ) -> Result<Option<TemplateKey>, (RejectedKind, &'static str)> {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let command = Command::Template(Box::new(command));
        let stepped = step(&mut self.state, command, context).map_err(|why| (why.kind, why.field))?;
        assert_eq!(stepped.changes, [], "visitors see nothing of it");
        self.store.commit(&stepped.rows).expect("commits");
        self.assert_stored();
        Ok(match stepped.answer {
            Answer::Template(key) => Some(key),
            _ => None,
        })
    }

    fn prepares(&mut self, new: NewTemplate) -> TemplateKey {
        self.template(TemplateCommand::Create(new)).expect("taken").expect("it is made")
    }

    /// Name, page and origin of all.
    fn templates(&self) -> Vec<(&str, Option<i64>, Origin)> {
        let all = self.state.templates.values();
        all.map(|one| (one.name.as_str(), one.page.map(|page| page.0), one.origin)).collect()
    }
}

#[test]
fn it_is_made_changed_and_removed() {
    let mut fixture = Fixture::new();
    let key = fixture.prepares(new_template(" Disk full "));
    let one = fixture.state.templates[&key].clone();
    assert_eq!((one.name.as_str(), &one.components[..]), ("Disk full", &[ComponentKey(1)][..]));
    assert_eq!((one.created_at, one.updated_at, one.origin), (START, START, Origin::Runtime));
    assert_eq!(one.id.len(), 12);
    fixture.now = START + MINUTE;
    let change = TemplateChange { status: Some(None), components: Some(vec![]), ..Default::default() };
    fixture.template(TemplateCommand::Change { template: key, change: change.clone() }).expect("taken");
    let changed = fixture.state.templates[&key].clone();
    assert_eq!((changed.status, changed.components.len(), changed.updated_at), (None, 0, START + MINUTE));
    fixture.now = START + 2 * MINUTE;
    fixture.template(TemplateCommand::Change { template: key, change }).expect("taken");
    assert_eq!(fixture.state.templates[&key], changed, "it says that already");
    let change = TemplateChange { name: Some("Disk full".to_owned()), ..Default::default() };
    fixture.template(TemplateCommand::Change { template: key, change }).expect("its own name");
    fixture.template(TemplateCommand::Remove { template: key }).expect("taken");
    assert!(fixture.state.templates.is_empty());
    assert_eq!(
        fixture.template(TemplateCommand::Remove { template: key }),
        Err((RejectedKind::NotFound, "template"))
    );
    assert_ne!(fixture.prepares(new_template("Disk full")), key, "no key is used again");
}

#[test]
fn what_contradicts_itself_is_refused() {
    use RejectedKind::{Conflict, Invalid, NotFound};
    let mut fixture = Fixture::new();
    let first = fixture.prepares(new_template("One"));
    fixture.prepares(new_template("Two"));
    let every = NewTemplate { page: None, components: vec![], ..new_template("One") };
    fixture.prepares(every.clone());
    for (new, expected) in [
        (new_template("One"), (Conflict, "name")),
        (every, (Conflict, "name")),
        (new_template(" "), (Invalid, "name")),
        (new_template(&"x".repeat(101)), (Invalid, "name")),
        (NewTemplate { title: text("{{page"), ..new_template("A") }, (Invalid, "title")),
        (NewTemplate { title: text("{{incident}}"), ..new_template("A") }, (Invalid, "title")),
        (NewTemplate { body: text("{{ 7*7 }}"), ..new_template("A") }, (Invalid, "body")),
        (NewTemplate { page: Some(PageKey(9)), ..new_template("A") }, (NotFound, "page")),
        (NewTemplate { page: None, ..new_template("A") }, (Invalid, "components")),
        (NewTemplate { components: vec![ComponentKey(9)], ..new_template("A") }, (NotFound, "component")),
    ] {
        let words = format!("{new:?}");
        assert_eq!(fixture.template(TemplateCommand::Create(new)), Err(expected), "{words}");
    }
    for (change, expected) in [
        (TemplateChange { name: Some("Two".to_owned()), ..Default::default() }, (Conflict, "name")),
        (TemplateChange { body: Some(text("{{host}}")), ..Default::default() }, (Invalid, "body")),
    ] {
        let change = TemplateCommand::Change { template: first, change };
        assert_eq!(fixture.template(change), Err(expected));
    }
    let another = new_template("another");
    for number in 3..MAX_TEMPLATES {
        let another = NewTemplate { name: format!("n{number}"), ..another.clone() };
        let new = Command::Template(Box::new(TemplateCommand::Create(another)));
        step(&mut fixture.state, new, Context { now: START, ids: Ids::from_seed([1; 32]) }).expect("taken");
    }
    let refused = fixture.template(TemplateCommand::Create(new_template("One too many")));
    assert_eq!(refused, Err((RejectedKind::State, "template")));
}

#[test]
fn the_file_owns_what_it_declares_and_leaves_the_rest_alone() {
    let mut fixture = Fixture::new();
    let taken = fixture.prepares(new_template("Trouble"));
    let kept = fixture.prepares(new_template("Mine"));
    let declare = |all: Vec<DesiredTemplate>| TemplateCommand::Declare(all);
    let both = || vec![desired("Trouble", Some("demo")), desired("Trouble", None)];
    fixture.now = START + MINUTE;
    fixture.template(declare(both())).expect("taken");
    let (page, file, own) = (Some(PAGE.0), Origin::File, Origin::Runtime);
    let all = [("Trouble", page, file), ("Mine", page, own), ("Trouble", None, file)];
    assert_eq!(fixture.templates(), all);
    let one = fixture.state.templates[&taken].clone();
    assert_eq!(one.title.written, "Trouble on {{page}}", "the file takes it over");
    assert_eq!((one.created_at, one.updated_at), (START, START + MINUTE));
    for command in [
        TemplateCommand::Change { template: taken, change: TemplateChange::default() },
        TemplateCommand::Remove { template: taken },
    ] {
        assert_eq!(fixture.template(command), Err((RejectedKind::Forbidden, "template")));
    }
    fixture.now = START + 2 * MINUTE;
    fixture.template(declare(both())).expect("taken");
    assert_eq!(fixture.state.templates[&taken], one, "nothing changed");
    let elsewhere = desired("Lost", Some("nowhere"));
    fixture.template(declare(vec![desired("Trouble", None), elsewhere])).expect("taken");
    assert_eq!(fixture.templates(), [("Mine", page, own), ("Trouble", None, file)]);
    fixture.template(declare(vec![])).expect("taken");
    assert_eq!(fixture.templates(), [("Mine", page, own)]);
    assert!(fixture.state.templates.contains_key(&kept));
    let wrong = DesiredTemplate { body: text("{{host}}"), ..desired("Wrong", None) };
    assert_eq!(fixture.template(declare(vec![wrong])), Err((RejectedKind::Invalid, "body")));
    fixture.template(declare(both())).expect("taken");
    fixture.run(Command::KeepWorkspaces(vec!["another".to_owned()]));
    assert_eq!(fixture.templates(), [("Mine", page, own)], "no file declares the workspace any more");
    fixture.assert_stored();
}

#[test]
fn a_template_of_an_archived_page_waits_for_it() {
    let mut fixture = Fixture::new();
    fixture.prepares(new_template("Mine"));
    let mut empty = configure(&[("web", Quorum::Majority)], &[]);
    empty.pages.clear();
    fixture.run(Command::Configure(Box::new(empty)));
    let refused = fixture.template(TemplateCommand::Create(new_template("Another")));
    assert_eq!(refused, Err((RejectedKind::NotFound, "page")));
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"])]);
    assert_eq!(fixture.state.templates_of(PAGE).count(), 1);
    fixture.assert_stored();
}
