//! Tokens of the REST API, and requests that are sent again.

use crate::fixture::{Fixture, START};
use skerry_domain::access::{Role, Scope};
use skerry_domain::holds::Source;
use skerry_domain::incident::IncidentRules;
use skerry_domain::problem::Severity;
use skerry_domain::requests::MAX_ANSWERS;
use skerry_domain::rows::{Expected, Subject};
use skerry_domain::state::{ApiTokenKey, ComponentKey, Origin, TrackKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Asked, Command, Context, Ids, NewApiToken, NewWindow, Once, RejectedKind, step, step_asked,
};
use skerry_domain::time::{DAY, HOUR, Timestamp};

fn token(name: &str, hash: u8) -> NewApiToken {
    NewApiToken {
        name: name.to_owned(),
        hash: [hash; 32],
        role: Role::Operator,
        scopes: Scope::parse("components:read").into_iter().collect(),
        pages: Vec::new(),
        expires_at: None,
    }
}

fn refused(fixture: &mut Fixture, command: Command) -> (RejectedKind, &'static str) {
    let before = fixture.state.clone();
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let rejected = step(&mut fixture.state, command, context).expect_err("it is rejected");
    assert!(fixture.state == before, "a rejected command changes nothing");
    (rejected.kind, rejected.field)
}

/// The window that a request plans.
fn plan(fixture: &mut Fixture, key: &str, digest: u8) -> Result<Answer, (RejectedKind, &'static str)> {
    let window = NewWindow::over(vec![ComponentKey(1)], START + 3 * DAY, START + 4 * DAY);
    let once = Once {
        request: (ApiTokenKey(1), key.to_owned()),
        digest: [digest; 32],
        command: Command::PlanWindow(Box::new(window)),
    };
    let command = Command::Once(Box::new(once));
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let stepped = step(&mut fixture.state, command, context).map_err(|one| (one.kind, one.field))?;
    fixture.store.commit(&stepped.rows).expect("commits");
    Ok(stepped.answer)
}

#[test]
fn a_token_has_a_name_and_a_secret_of_its_own() {
    let mut fixture = Fixture::new();
    let add = |new: NewApiToken| Command::AddApiToken(Box::new(new));
    assert_eq!(fixture.run(add(token("deploy", 1))).0, Answer::ApiToken(ApiTokenKey(1)));
    let page = fixture.state.pages.values().next().expect("a page").id.clone();
    for (new, reason) in [
        (token("deploy", 2), (RejectedKind::Conflict, "name")),
        (token("other", 1), (RejectedKind::Conflict, "token")),
        (NewApiToken { expires_at: Some(START), ..token("late", 3) }, (RejectedKind::Invalid, "expires")),
        (
            NewApiToken { pages: vec!["none".to_owned()], ..token("page", 3) },
            (RejectedKind::NotFound, "page"),
        ),
    ] {
        assert_eq!(refused(&mut fixture, add(new)), reason);
    }
    let limited = NewApiToken { pages: vec![page], expires_at: Some(START + DAY), ..token("page", 3) };
    fixture.run(add(limited));
    let loaded = fixture.store.load(Timestamp(0)).expect("loads");
    let (_, key, stored) = loaded.api_token_of(&[3; 32]).expect("it is stored");
    assert_eq!(Some(stored), fixture.state.api_tokens.get(&key));
    assert!(stored.is_valid(START + DAY + -1) && !stored.is_valid(START + DAY));
    fixture.run(Command::RemoveApiToken { name: "page".to_owned() });
    let loaded = fixture.store.load(Timestamp(0)).expect("loads");
    assert!(loaded.api_token_of(&[3; 32]).is_none() && loaded.api_token_of(&[1; 32]).is_some());
    let gone = Command::RemoveApiToken { name: "page".to_owned() };
    assert_eq!(refused(&mut fixture, gone), (RejectedKind::NotFound, "token"));
}

#[test]
fn the_last_use_of_a_token_is_known_to_the_hour() {
    let mut fixture = Fixture::new();
    fixture.run(Command::AddApiToken(Box::new(token("deploy", 1))));
    let token = ApiTokenKey(1);
    let mut written = |at: Timestamp| {
        fixture.now = at;
        let stepped = fixture.step(Command::NoteTokenUse(token));
        fixture.assert_stored();
        (!stepped.rows.is_empty(), fixture.state.api_tokens[&token].last_used_at)
    };
    assert_eq!(written(START), (true, Some(START)));
    for later in [START, START + 1, START + HOUR + -1] {
        assert_eq!(written(later), (false, Some(START)), "one write an hour");
    }
    assert_eq!(written(START + HOUR), (true, Some(START + HOUR)));
    // The token may be gone by then.
    fixture.run(Command::RemoveApiToken { name: "deploy".to_owned() });
    assert!(fixture.step(Command::NoteTokenUse(token)).rows.is_empty());
}

#[test]
fn a_request_that_is_sent_again_takes_effect_once() {
    let mut fixture = Fixture::new();
    let first = plan(&mut fixture, "one", 1).expect("planned");
    fixture.now = START + HOUR;
    // Also by a program that was started meanwhile.
    let loaded = fixture.store.load(fixture.now).expect("loads");
    fixture.state = loaded.iter().next().expect("a workspace").1.clone();
    assert_eq!(plan(&mut fixture, "one", 1), Ok(first.clone()));
    assert_eq!(fixture.state.windows.len(), 1);
    assert_eq!(plan(&mut fixture, "one", 2), Err((RejectedKind::Conflict, "Idempotency-Key")));
    let second = plan(&mut fixture, "two", 1).expect("planned");
    assert!(second != first && fixture.state.windows.len() == 2);
    // A day later the key is free again, and expired answers are deleted.
    fixture.now = START + DAY;
    let third = plan(&mut fixture, "one", 2).expect("planned");
    assert!(third != first && fixture.state.windows.len() == 3);
    fixture.now = START + DAY + HOUR;
    plan(&mut fixture, "three", 1).expect("planned");
    let loaded = fixture.store.load(fixture.now).expect("loads");
    let kept = &loaded.iter().next().expect("a workspace").1.answers;
    assert!(*kept == fixture.state.answers && kept.len() == 2, "{kept:?}");
}

/// Answers to as many requests as a token may have.
fn fill(fixture: &mut Fixture, token: ApiTokenKey) {
    for number in 0..MAX_ANSWERS {
        let request = (token, format!("filled {number}"));
        let once = Once { request, digest: [1; 32], command: Command::Together(Vec::new()) };
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut fixture.state, Command::Once(Box::new(once)), context).expect("taken");
        if number % 1_000 == 0 {
            fixture.store.commit(&stepped.rows).expect("commits");
        }
    }
}

#[test]
fn a_token_has_a_limited_number_of_answers_and_they_end_with_their_day_or_the_token() {
    let mut fixture = Fixture::new();
    fixture.run(Command::AddApiToken(Box::new(token("deploy", 1))));
    fill(&mut fixture, ApiTokenKey(1));
    assert_eq!(plan(&mut fixture, "one more", 1), Err((RejectedKind::Conflict, "Idempotency-Key")));
    assert!(fixture.state.windows.is_empty());
    assert!(plan(&mut fixture, "filled 7", 1).is_ok(), "what was answered is answered again");
    let of_other = Once {
        request: (ApiTokenKey(2), "other".to_owned()),
        digest: [1; 32],
        command: Command::Together(Vec::new()),
    };
    fixture.run(Command::Once(Box::new(of_other.clone())));
    // The housekeeping removes what is over, some at once, and expired answers do not count until then.
    fixture.now = START + DAY;
    fixture.run(Command::Tick);
    plan(&mut fixture, "the next day", 1).expect("planned");
    let fold = || Command::Fold { before: START, limit: 10, after: TrackKey(0) };
    let mut turns = 0;
    while fixture.run(fold()).0 != (Answer::Folded { count: 0, after: None }) {
        turns += 1;
    }
    assert!(turns >= 10, "{turns}");
    let left: Vec<_> = fixture.state.answers.keys().cloned().collect();
    assert_eq!(left, [(ApiTokenKey(1), "the next day".to_owned())]);
    // The others end with their token.
    fixture.run(Command::Once(Box::new(of_other)));
    fixture.run(Command::RemoveApiToken { name: "deploy".to_owned() });
    let loaded = fixture.store.load(fixture.now).expect("loads");
    let kept = &loaded.iter().next().expect("a workspace").1.answers;
    assert!(*kept == fixture.state.answers && kept.keys().all(|(of, _)| *of == ApiTokenKey(2)), "{kept:?}");
}

#[test]
fn commands_together_are_named_after_the_first() {
    let fold = Command::Fold { before: START, limit: 1, after: TrackKey(0) };
    assert_eq!(Command::Together(vec![fold, Command::Tick]).name(), "fold");
}

#[test]
fn a_version_that_the_request_itself_made_old_does_not_refuse_it_again() {
    let mut fixture = Fixture::new();
    let subject = Subject::Hold(ComponentKey(1), Source::Rest);
    let expected = Expected { version: fixture.state.version(&subject), subject };
    let hold = Command::SetHold {
        component: ComponentKey(1),
        source: Source::Rest,
        status: Status::MajorOutage,
        until: None,
    };
    let command = |key: &str| {
        let request = (ApiTokenKey(1), key.to_owned());
        Command::Once(Box::new(Once { request, digest: [1; 32], command: hold.clone() }))
    };
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let asked = Asked { author: None, expected: Some(&expected) };
    for _ in 0..2 {
        step_asked(&mut fixture.state, command("one"), context, asked).expect("done, or done before");
    }
    let rejected = step_asked(&mut fixture.state, command("two"), context, asked).expect_err("another");
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::Conflict, "expected"));
}

#[test]
fn what_a_file_sets_only_the_file_changes() {
    let mut fixture = Fixture::new();
    let set = |draft_from, by| Command::SetIncidentRules {
        rules: Some(IncidentRules { draft_from, ..IncidentRules::default() }),
        by,
    };
    // People set it while no file does; a reload without the section leaves it alone.
    fixture.run(set(Some(Severity::Low), Origin::Runtime));
    fixture.run(Command::SetIncidentRules { rules: None, by: Origin::File });
    assert_eq!(fixture.state.workspace.incidents.draft_from, Some(Severity::Low));
    fixture.run(set(Some(Severity::Critical), Origin::File));
    assert_eq!(refused(&mut fixture, set(None, Origin::Runtime)), (RejectedKind::Forbidden, "incidents"));
    // The file no longer says anything: what it set ends.
    fixture.run(Command::SetIncidentRules { rules: None, by: Origin::File });
    assert_eq!(fixture.state.workspace.incidents, IncidentRules::default());
    fixture.run(set(None, Origin::Runtime));
    let loaded = fixture.store.load(Timestamp(0)).expect("loads");
    let workspace = &loaded.iter().next().expect("a workspace").1.workspace;
    assert_eq!((workspace.incidents.draft_from, workspace.incidents_origin), (None, Origin::Runtime));
}
