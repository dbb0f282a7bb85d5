//! Which corrections reach visitors, and what of them.

use crate::build::page_view;
use crate::html;
use crate::incidents::tests::{CARDS, PAGE, PRIVATE, state};
use crate::sample::NOW;
use crate::view::{CorrectionKind, CorrectionView, PageView};
use skerry_domain::holds::HeldStatus;
use skerry_domain::interval::Interval;
use skerry_domain::state::{ComponentKey, CorrectionKey, State};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, Context, Ids, NewCorrection, step};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};

const BEGAN: Timestamp = Timestamp(NOW.0 - 4 * DAY);

/// Cards and the private component were operational, but for ten minutes of partial outage that began at [`BEGAN`].
fn with_outage() -> State {
    let mut state = state();
    for key in [CARDS, PRIVATE] {
        let component = state.components.get_mut(&key).expect("a component");
        let held = |from, to, status| Interval { from, to, value: HeldStatus { status, since: from } };
        component.layers.start = NOW - 90 * DAY;
        component.layers.manual = vec![
            held(NOW - 90 * DAY, BEGAN, Status::Operational),
            held(BEGAN, BEGAN + 10 * MINUTE, Status::PartialOutage),
            held(BEGAN + 10 * MINUTE, Timestamp::FAR, Status::Operational),
        ]
        .into();
    }
    state
}

fn run(state: &mut State, after: i64, command: Command) -> Answer {
    let ids = Ids::from_seed([u8::try_from(after / MINUTE).unwrap_or(0); 32]);
    step(state, command, Context { now: NOW - DAY + after, ids }).expect("taken").answer
}

fn correct(
    state: &mut State,
    after: i64,
    component: ComponentKey,
    minutes: (i64, i64),
    status: Status,
) -> CorrectionKey {
    let (from, to) = (BEGAN + minutes.0 * MINUTE, BEGAN + minutes.1 * MINUTE);
    let reason = "the firewall of host seventeen".to_owned();
    let new = NewCorrection { component, from, to, status, reason };
    match run(state, after, Command::Correct(Box::new(new))) {
        Answer::Correction(key) => key,
        other => panic!("{other:?}"),
    }
}

fn view(state: &State) -> PageView {
    page_view(state, PAGE, "https://shop.example.com", NOW).expect("a living page")
}

fn shown(state: &State) -> Vec<CorrectionView> {
    view(state).components().next().expect("the component of the group").corrections.clone()
}

#[test]
fn the_kind_of_a_correction_follows_from_what_it_changed() {
    use CorrectionKind::{FalseAlarm, Planned, Was};
    let partial = Some(Status::PartialOutage);
    for (minutes, status, expected) in [
        ((0, 10), Status::Operational, Some((partial, FalseAlarm))),
        ((-60, 60), Status::Operational, Some((partial, FalseAlarm))),
        ((0, 10), Status::UnderMaintenance, Some((partial, Planned))),
        ((0, 10), Status::DegradedPerformance, Some((partial, Was(Status::DegradedPerformance)))),
        ((20, 30), Status::MajorOutage, Some((Some(Status::MajorOutage), Was(Status::MajorOutage)))),
        ((20, 30), Status::Operational, None),
        ((0, 10), Status::PartialOutage, None),
    ] {
        let mut state = with_outage();
        correct(&mut state, 0, CARDS, minutes, status);
        let told = shown(&state).first().map(|one| (one.about, one.kind));
        assert_eq!(told, expected, "{minutes:?} {status:?}");
    }
    let mut state = with_outage();
    state.components.get_mut(&CARDS).expect("a component").layers.manual = Default::default();
    correct(&mut state, 0, CARDS, (0, 10), Status::Operational);
    let told = shown(&state).first().map(|one| (one.about, one.kind));
    assert_eq!(told, Some((None, Was(Status::Operational))), "nobody knew what it was");
}

#[test]
fn the_newest_correction_is_told_and_one_that_was_undone_is_not() {
    let mut state = with_outage();
    correct(&mut state, 0, CARDS, (0, 10), Status::DegradedPerformance);
    let newer = correct(&mut state, HOUR, CARDS, (-5, 15), Status::Operational);
    let kinds = |state: &State| shown(state).iter().map(|one| one.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&state), [CorrectionKind::FalseAlarm]);
    assert_eq!(shown(&state)[0].made_at, NOW - DAY + HOUR);
    run(&mut state, 2 * HOUR, Command::UndoCorrection { correction: newer });
    assert_eq!(kinds(&state), [CorrectionKind::Was(Status::DegradedPerformance)]);
}

#[test]
fn the_reason_of_its_author_and_private_components_stay_private() {
    let mut state = with_outage();
    correct(&mut state, 0, CARDS, (0, 10), Status::Operational);
    correct(&mut state, 0, PRIVATE, (0, 10), Status::Operational);
    let view = view(&state);
    let history = html::history(&view, None).expect("a page renders").html;
    let title = "Partial outage: <bdi>Cards</bdi>";
    assert!(
        history.contains(&format!(
            "<p class=en><b class=q>{title}</b> <span class=q>Corrected on 19 Nov: false alarm.</span></p>"
        )),
        "{history}"
    );
    for page in [history, html::index(&view).expect("a page renders").html] {
        assert!(!page.contains("firewall") && !page.contains("Secret ledger"), "{page}");
    }
}
