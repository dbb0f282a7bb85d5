//! The contract of every backend of [`Store`]. A new backend is added to [`with_each`] only.

use skerry_domain::credentials::Standing;
use skerry_domain::problem::Severity;
use skerry_domain::rows::{
    AgentRow, CheckRow, FormerLocationRow, Key, LossRow, Record, Row, SpanRow, TABLES, TrackRow,
    TransitionRow, Value, WorkspaceRow, Write,
};
use skerry_domain::state::{AgentKey, CheckKey, Origin, TrackKey, WorkspaceKey};
use skerry_domain::step::RawObservation;
use skerry_domain::time::{HOUR, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_store::{Fence, Store, StoreError};

const ONE: WorkspaceKey = WorkspaceKey(1);
const OTHER: WorkspaceKey = WorkspaceKey(2);
const NOW: Timestamp = Timestamp(1_790_000_000_000 / HOUR * HOUR);

/// Runs `test` with an empty store of each backend.
fn with_each(test: impl Fn(&mut Store)) {
    let folder = tempfile::tempdir().expect("a folder");
    test(&mut Store::open(&folder.path().join("skerry.db")).expect("a new database"));
}

fn workspace(key: WorkspaceKey) -> Write {
    let row = WorkspaceRow {
        key,
        name: format!("w{}", key.0),
        ask_reporters: false,
        draft_from: Some(Severity::High),
        publish_from: None,
        resolve_after: 120_000,
        remind_after: 1_800_000,
        private_suffixes: None,
        secret_patterns: None,
        incidents_origin: Origin::Runtime,
        sanitiser_origin: Origin::Runtime,
    };
    Write::Put(row.into())
}

fn agent(workspace: WorkspaceKey, key: i64, name: &str) -> Row {
    AgentRow {
        workspace,
        key: AgentKey(key),
        name: name.to_owned(),
        location: "here".to_owned(),
        token_hash: None,
        standing: Standing::Active,
        former_name: None,
        cloned_ms: None,
        checks: None,
        moved_from: None,
    }
    .into()
}

fn check(workspace: WorkspaceKey, key: i64) -> Row {
    CheckRow {
        workspace,
        key: CheckKey(key),
        name: format!("check {key}"),
        quorum: Quorum::Number(2),
        definition: vec![1, 2],
        file_definition: None,
    }
    .into()
}

fn track_row(workspace: WorkspaceKey, key: i64) -> TrackRow {
    TrackRow {
        workspace,
        key: TrackKey(key),
        agent: AgentKey(1),
        check: CheckKey(1),
        interval_ms: 30_000,
        definition: Vec::new(),
        silent: false,
        gone: false,
        state: Some(HardState::Up),
        from_ms: Some(NOW),
        last_ms: Some(NOW),
        held: None,
        joined_ms: None,
        settled_ms: None,
        transition_ms: None,
        up_ms: None,
        degraded_ms: None,
        down_ms: None,
        run_ms: None,
        run_outcome: None,
        run_reason: None,
        run_detail: None,
        run_us: None,
        certificate_end: None,
        severity: Severity::High,
        depends_on: None,
        labels: None,
    }
}

/// A workspace with an agent, a check and a track, all of key 1.
fn fixture(key: WorkspaceKey) -> Vec<Write> {
    let rows = [agent(key, 1, "a"), check(key, 1), track_row(key, 1).into()];
    std::iter::once(workspace(key)).chain(rows.map(Write::Put)).collect()
}

fn span(workspace: WorkspaceKey, from: i64) -> SpanRow {
    let (from_ms, last_ms) = (Timestamp(from), Timestamp(from + 5));
    SpanRow { workspace, track: TrackKey(1), from_ms, last_ms, state: HardState::Down }
}

fn spans_of(workspace: WorkspaceKey) -> Key {
    Key { table: SpanRow::TABLE, values: vec![Value::Integer(workspace.0), Value::Integer(1)] }
}

fn begins(store: &Store, workspace: WorkspaceKey) -> Vec<i64> {
    let spans: Vec<SpanRow> = store.rows().expect("read");
    spans.iter().filter(|span| span.workspace == workspace).map(|span| span.from_ms.0).collect()
}

#[test]
fn a_put_row_can_be_read_and_a_later_put_replaces_it() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        store.commit(&["never kept", "b"].map(|name| Write::Put(agent(ONE, 1, name)))).expect("committed");
        let found: Vec<AgentRow> = store.rows().expect("read");
        assert_eq!(found.into_iter().map(Row::from).collect::<Vec<_>>(), [agent(ONE, 1, "b")]);
        let found: Vec<TrackRow> = store.rows().expect("read");
        assert_eq!(found.into_iter().map(Row::from).collect::<Vec<_>>(), [track_row(ONE, 1).into()]);
    });
}

#[test]
fn an_update_writes_the_named_columns_and_the_whole_row_where_there_is_none() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        let before = track_row(ONE, 1);
        let (last_ms, run_us, interval_ms) = (Some(NOW + 30_000), Some(7), 5);
        let after = TrackRow { last_ms, run_us, interval_ms, ..before.clone() };
        let named = TrackRow { last_ms, run_us, ..before.clone() };
        let update = Write::Update(after.clone().into(), named.changed_since(&before));
        store.commit(&[update]).expect("committed");
        assert_eq!(store.rows::<TrackRow>().expect("read"), std::slice::from_ref(&named));
        // Two of one group: the columns of both are written, as the later one has them.
        let later = TrackRow { last_ms: Some(NOW + 60_000), state: Some(HardState::Down), ..after.clone() };
        let state = TrackRow { state: later.state, ..before.clone() };
        let first = Write::Update(after.clone().into(), named.changed_since(&before));
        let second = Write::Update(later.clone().into(), state.changed_since(&before));
        store.commit(&[first, second]).expect("committed");
        let both = TrackRow { last_ms: later.last_ms, state: later.state, ..named.clone() };
        assert_eq!(store.rows::<TrackRow>().expect("read"), [both]);
        let other = TrackRow { key: TrackKey(2), agent: AgentKey(2), ..after };
        let update = Write::Update(other.clone().into(), named.changed_since(&before));
        store.commit(&[Write::Put(agent(ONE, 2, "b")), update]).expect("committed");
        assert_eq!(store.rows::<TrackRow>().expect("read")[1..], [other]);
    });
}

#[test]
fn rows_are_read_in_the_order_of_their_keys() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        store.commit(&fixture(OTHER)).expect("committed");
        let puts = [300, 20, 100, -5].map(|from| Write::Put(span(ONE, from).into()));
        store.commit(&puts).expect("committed");
        store.commit(&[Write::Put(span(OTHER, 1).into())]).expect("committed");
        let found: Vec<SpanRow> = store.rows().expect("read");
        let keys: Vec<_> = found.iter().map(|one| (one.workspace.0, one.from_ms.0)).collect();
        assert_eq!(keys, [(1, -5), (1, 20), (1, 100), (1, 300), (2, 1)]);
    });
}

#[test]
fn deleting_replacing_and_pruning_affect_one_workspace() {
    with_each(|store| {
        for key in [ONE, OTHER] {
            store.commit(&fixture(key)).expect("committed");
            let puts = [10, 20, 30, 40].map(|from| Write::Put(span(key, from).into()));
            store.commit(&puts).expect("committed");
        }
        let rows = vec![span(ONE, 35).into(), span(ONE, 50).into()];
        store.commit(&[Write::Replace { prefix: spans_of(ONE), from: Some(30), rows }]).expect("committed");
        assert_eq!(begins(store, ONE), [10, 20, 35, 50]);
        store.commit(&[Write::Prune { prefix: spans_of(ONE), before: 20 }]).expect("committed");
        assert_eq!(begins(store, ONE), [20, 35, 50]);
        let mut one = spans_of(ONE);
        one.values.push(Value::Integer(35));
        store.commit(&[Write::Delete(one)]).expect("committed");
        assert_eq!(begins(store, ONE), [20, 50]);
        store
            .commit(&[Write::Replace { prefix: spans_of(ONE), from: None, rows: Vec::new() }])
            .expect("committed");
        assert_eq!(begins(store, ONE), [0_i64; 0]);
        assert_eq!(begins(store, OTHER), [10, 20, 30, 40]);
    });
}

#[test]
fn the_last_write_of_a_group_to_a_row_counts() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        let put = || Write::Put(span(ONE, 10).into());
        let mut key = spans_of(ONE);
        key.values.push(Value::Integer(10));
        store.commit(&[put(), Write::Delete(key.clone()), put()]).expect("committed");
        assert_eq!(begins(store, ONE), [10]);
        store.commit(&[put(), put(), Write::Delete(key)]).expect("committed");
        assert_eq!(begins(store, ONE), [0_i64; 0]);
    });
}

#[test]
fn a_group_is_written_completely_or_not_at_all_and_the_error_names_the_table() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        let twice = [Write::Put(span(ONE, 10).into()), Write::Put(agent(ONE, 2, "a"))];
        let refused = store.commit(&twice).expect_err("two agents of one name");
        assert!(matches!(&refused, StoreError::Constraint { table: "agent", .. }), "{refused:?}");
        let orphan = [Write::Put(span(ONE, 20).into()), Write::Put(check(OTHER, 1))];
        let refused = store.commit(&orphan).expect_err("there is no such workspace");
        assert!(matches!(&refused, StoreError::Constraint { .. }), "{refused:?}");
        assert_eq!(begins(store, ONE), [0_i64; 0], "nothing of a rejected group");
        // A slot that a rejected group created is not remembered.
        let seen = |at| Write::Observe(ONE, vec![observation(1, at)]);
        store.commit(&[seen(NOW), Write::Put(agent(ONE, 2, "a"))]).expect_err("refused");
        store.commit(&[seen(NOW + 1)]).expect("the next group is written");
        let found = store.observations(ONE, Timestamp(0), Timestamp::FAR).expect("read");
        assert_eq!(found, [observation(1, NOW + 1)]);
    });
}

#[test]
fn rows_of_a_group_may_refer_to_later_rows_of_it() {
    with_each(|store| {
        let mut rows = fixture(ONE);
        rows.reverse();
        store.commit(&rows).expect("references are checked at the commit");
    });
}

#[test]
fn the_notes_of_a_deleted_track_or_agent_are_deleted_with_it() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        store.commit(&fixture(OTHER)).expect("committed");
        for workspace in [ONE, OTHER] {
            let transition = TransitionRow {
                workspace,
                number: 1,
                at_ms: NOW,
                track: TrackKey(1),
                since_ms: NOW,
                from_state: HardState::Up,
                to_state: HardState::Down,
                reason: "timeout".to_owned(),
                detail: String::new(),
            };
            let loss = LossRow {
                workspace,
                number: 1,
                agent: AgentKey(1),
                noted_ms: NOW,
                count: 1,
                why: "x".to_owned(),
                from_ms: None,
                to_ms: None,
            };
            store.commit(&[Write::Append(transition.into()), Write::Append(loss.into())]).expect("committed");
        }
        let deleted =
            |table| Write::Delete(Key { table, values: vec![Value::Integer(1), Value::Integer(1)] });
        store.commit(&[deleted(TrackRow::TABLE), deleted(AgentRow::TABLE)]).expect("nothing refers to them");
        let transitions: Vec<TransitionRow> = store.rows().expect("read");
        let losses: Vec<LossRow> = store.rows().expect("read");
        assert_eq!(transitions.iter().map(|row| row.workspace).collect::<Vec<_>>(), [OTHER]);
        assert_eq!(losses.iter().map(|row| row.workspace).collect::<Vec<_>>(), [OTHER]);
    });
}

#[test]
fn an_appended_row_never_replaces_another() {
    with_each(|store| {
        store.commit(&fixture(ONE)).expect("committed");
        let loss = |number| LossRow {
            workspace: ONE,
            number,
            agent: AgentKey(1),
            noted_ms: NOW,
            count: u64::MAX,
            why: "x".to_owned(),
            from_ms: None,
            to_ms: Some(NOW),
        };
        store.commit(&[Write::Append(loss(7).into())]).expect("committed");
        let refused = store.commit(&[Write::Append(loss(7).into())]).expect_err("its key is taken");
        assert!(matches!(refused, StoreError::Constraint { table: "loss", .. }), "{refused:?}");
        let found: Vec<LossRow> = store.rows().expect("read");
        assert_eq!(
            found[0].count,
            i64::MAX.unsigned_abs(),
            "a number that does not fit becomes the greatest that does"
        );
    });
}

fn observation(track: i64, at: Timestamp) -> RawObservation {
    let (outcome, reason) = (Outcome::Down, Reason::Timeout);
    RawObservation { at, track: TrackKey(track), outcome, reason, total_us: Some(100), phases: None }
}

#[test]
fn observations_of_two_workspaces_with_the_same_keys_are_separate_even_with_the_greatest_keys() {
    with_each(|store| {
        let great = i64::MAX - 1;
        for key in [ONE, OTHER] {
            store.commit(&fixture(key)).expect("committed");
            let far = TrackRow { check: CheckKey(2), ..track_row(key, great) };
            store.commit(&[Write::Put(check(key, 2)), Write::Put(far.into())]).expect("committed");
        }
        let seen = vec![observation(1, NOW), observation(great, NOW), observation(1, NOW + 5)];
        store.commit(&[Write::Observe(ONE, seen.clone())]).expect("committed");
        store.commit(&[Write::Observe(OTHER, vec![observation(1, NOW)])]).expect("committed");
        let found = store.observations(ONE, NOW, NOW + 6).expect("read");
        assert_eq!(found, seen);
        assert_eq!(store.observations(OTHER, NOW, NOW + 6).expect("read"), [observation(1, NOW)]);
        // Of two observations of one instant, the second gets the next free millisecond.
        store.commit(&[Write::Observe(OTHER, vec![observation(1, NOW); 2])]).expect("committed");
        let at: Vec<_> =
            store.observations(OTHER, NOW, NOW + 6).expect("read").iter().map(|one| one.at).collect();
        assert_eq!(at, [NOW, NOW + 1, NOW + 2]);
        let roll_up = store.next_roll_up(NOW + HOUR).expect("read").expect("an hour is over");
        store.store_roll_up(roll_up, Timestamp(0)).expect("kept");
        assert!(store.next_roll_up(NOW + HOUR).expect("read").is_none());
    });
}

#[test]
fn a_commit_is_fenced_by_token_and_commit_number() {
    with_each(|store| {
        store.commit(&[workspace(ONE), workspace(OTHER)]).expect("committed");
        let fence = |token, commit_no| Some(Fence { workspace: ONE, token, commit_no });
        let put = |name: &str| [Write::Put(agent(ONE, 1, name))];
        store.commit_fenced(&put("first"), fence(5, 0)).expect("the first holder");
        store.commit_fenced(&put("second"), fence(5, 1)).expect("and its next commit");
        let again = store.commit_fenced(&put("twice"), fence(5, 1)).expect_err("that number is used already");
        assert!(matches!(again, StoreError::Fenced { token: 5, commit_no: 2 }), "{again:?}");
        let behind =
            store.commit_fenced(&put("behind"), fence(6, 1)).expect_err("it has not read the last commit");
        assert!(matches!(behind, StoreError::Fenced { token: 5, commit_no: 2 }), "{behind:?}");
        store.commit_fenced(&put("taken"), fence(6, 2)).expect("the next holder");
        let late =
            store.commit_fenced(&put("late"), fence(5, 2)).expect_err("another holder has a newer token");
        assert!(matches!(late, StoreError::Fenced { token: 6, commit_no: 3 }), "{late:?}");
        let found: Vec<AgentRow> = store.rows().expect("read");
        assert_eq!(found[0].name, "taken");
        let other = Fence { workspace: OTHER, token: 1, commit_no: 0 };
        store.commit_fenced(&[], Some(other)).expect("each workspace has a fence of its own");
    });
}

#[test]
fn committed_rows_are_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let mut store = Store::open(&path).expect("opens");
    store.commit(&fixture(ONE)).expect("committed");
    let moved =
        FormerLocationRow { workspace: ONE, agent: AgentKey(1), to_ms: NOW, location: "there".to_owned() };
    store.commit(&[Write::Put(moved.into())]).expect("committed");
    store.commit(&[Write::Observe(ONE, vec![observation(1, NOW)])]).expect("committed");
    let before = store.load(NOW).expect("loads");
    drop(store);
    let mut store = Store::open(&path).expect("opens again");
    let after = store.load(NOW).expect("loads");
    store.commit(&[Write::Observe(ONE, vec![observation(1, NOW + 1)])]).expect("committed");
    let seen = store.observations(ONE, NOW, NOW + 2).expect("read");
    assert_eq!(seen, [observation(1, NOW), observation(1, NOW + 1)]);
    assert_eq!(before, after);
    assert_eq!(after.get(ONE).expect("stored").agents[&AgentKey(1)].former_locations.len(), 1);
}

#[test]
fn the_key_of_every_table_begins_with_the_workspace() {
    for table in TABLES {
        let first = table.columns[0].name;
        let is_directory = table.name == "workspace";
        assert!(first == if is_directory { "key" } else { "workspace" }, "{}: {first}", table.name);
        assert!(table.key >= 1 && table.key <= table.columns.len(), "{}", table.name);
        assert!(table.columns[..table.key].iter().all(|column| !column.optional), "{}", table.name);
    }
}
