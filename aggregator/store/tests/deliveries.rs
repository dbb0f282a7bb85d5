//! Deliveries in the store: which are due, in which order, and what is left of old ones.

use skerry_domain::delivery::{Delivery, DeliveryState, Message};
use skerry_domain::rows::{DeliveryRow, Write};
use skerry_domain::state::{DeliveryKey, NoticeKey, SubscriberKey, WorkspaceKey};
use skerry_domain::subscriber::Channel;
use skerry_domain::time::{DAY, MINUTE, Timestamp};
use skerry_store::{DeliveriesOf, DuePosition, Reader, Store, Waiting, WorkspaceDelivery, backup};

const ONE: WorkspaceKey = WorkspaceKey(1);
const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn delivery(key: i64, priority: i64, next_at: Option<Timestamp>) -> DeliveryRow {
    let state = if next_at.is_some() { DeliveryState::Queued } else { DeliveryState::Delivered };
    DeliveryRow {
        workspace: ONE,
        key: DeliveryKey(key),
        id: format!("delivery{key:04}"),
        message: Message::Notice,
        notice: Some(NoticeKey(1 + key % 2)),
        subscriber: SubscriberKey(key),
        channel: Channel::Email,
        priority,
        state,
        attempts: 0,
        queued_ms: NOW - key * MINUTE,
        next_ms: next_at,
        updated_ms: NOW - key * DAY,
        answer: None,
    }
}

fn with(rows: Vec<DeliveryRow>) -> (tempfile::TempDir, Store, Reader) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let mut store = Store::open(&path).expect("a new database");
    let writes: Vec<Write> = rows.into_iter().map(|row| Write::Put(row.into())).collect();
    store.commit(&writes).expect("commits");
    let reader = Reader::open(&path).expect("opens");
    (folder, store, reader)
}

#[test]
fn the_most_urgent_is_due_first() {
    let later = NOW + MINUTE;
    let rows = [(1, 2, NOW), (2, 0, NOW), (3, 0, NOW - 1), (4, 0, later), (5, 1, NOW)];
    let rows = rows.map(|(key, priority, at)| delivery(key, priority, Some(at)));
    let (_folder, _store, reader) = with([rows.to_vec(), vec![delivery(6, 0, None)]].concat());
    let due = |after: Option<DuePosition>, limit| -> Vec<WorkspaceDelivery> {
        reader.due_deliveries(Channel::Email, NOW, after, limit).expect("reads")
    };
    let keys = |due: &[WorkspaceDelivery]| -> Vec<i64> { due.iter().map(|(_, one)| one.key.0).collect() };
    let all = due(None, 10);
    assert_eq!(keys(&all), [3, 2, 5, 1]);
    assert_eq!(keys(&due(None, 2)), [3, 2]);
    for (read, one) in all.iter().enumerate() {
        let rest = due(Some(DuePosition::of(one)), 10);
        assert_eq!(keys(&rest), keys(&all[read + 1..]), "what follows the one with that place");
    }
    assert_eq!(reader.next_delivery(NOW).expect("reads"), Some(later));
    assert_eq!(reader.next_delivery(later).expect("reads"), None);
    let waiting = Waiting { channel: Channel::Email, count: 5, oldest: NOW - 5 * MINUTE };
    assert_eq!(reader.waiting_deliveries().expect("reads"), [waiting]);
    assert_eq!(reader.due_deliveries(Channel::Webhook, NOW, None, 10).expect("reads"), []);
}

#[test]
fn they_are_found_by_id_by_notice_and_by_subscriber() {
    let rows: Vec<DeliveryRow> = (1..=5).map(|key| delivery(key, 0, (key > 3).then_some(NOW))).collect();
    let expected: Vec<Delivery> = rows.iter().cloned().map(Delivery::from).collect();
    let (_folder, _store, reader) = with(rows);
    let found = reader.delivery_with_id("delivery0002").expect("reads");
    assert_eq!(found, Some((ONE, expected[1].clone())));
    assert_eq!(reader.delivery_with_id("delivery9999").expect("reads"), None);
    let of_notice = |after| -> Vec<i64> {
        let found = reader.deliveries_of_notice((ONE, NoticeKey(2)), after, 2).expect("reads");
        found.iter().map(|(_, one)| one.key.0).collect()
    };
    assert_eq!((of_notice(0), of_notice(3)), (vec![1, 3], vec![5]));
    let found = reader.deliveries_to((ONE, SubscriberKey(4)), 10).expect("reads");
    assert_eq!(found, [(ONE, expected[3].clone())]);
    let mut counts = reader.delivery_counts((ONE, NoticeKey(2))).expect("reads");
    counts.sort();
    assert_eq!(counts, [(DeliveryState::Queued, 1), (DeliveryState::Delivered, 2)]);
    let mut counts = reader.delivery_counts_since(NOW - 4 * DAY).expect("reads");
    counts.sort();
    assert_eq!(counts, [(DeliveryState::Queued, 1), (DeliveryState::Delivered, 3)], "the fifth is older");
}

#[test]
fn they_are_listed_from_the_newest_of_all_of_a_subscriber_or_of_a_notice() {
    let mut rows: Vec<DeliveryRow> = (1..=6).map(|key| delivery(key, 0, (key > 4).then_some(NOW))).collect();
    rows[3].subscriber = SubscriberKey(2);
    rows[0].notice = None;
    let (_folder, _store, reader) = with(rows);
    let listed = |of, before, limit| -> Vec<i64> {
        let found = reader.deliveries_before((ONE, of), before, limit).expect("reads");
        found.iter().map(|one| one.key.0).collect()
    };
    assert_eq!(listed(DeliveriesOf::Workspace, i64::MAX, 10), [6, 5, 4, 3, 2, 1]);
    assert_eq!(listed(DeliveriesOf::Workspace, 5, 2), [4, 3]);
    assert_eq!(listed(DeliveriesOf::Subscriber(SubscriberKey(2)), i64::MAX, 10), [4, 2]);
    let of = |notice: Option<i64>, state| DeliveriesOf::Notice(notice.map(NoticeKey), state);
    assert_eq!(listed(of(Some(1), DeliveryState::Delivered), i64::MAX, 10), [4, 2]);
    assert_eq!(listed(of(Some(1), DeliveryState::Delivered), 4, 10), [2]);
    assert_eq!(listed(of(Some(2), DeliveryState::Queued), i64::MAX, 10), [5]);
    assert_eq!(listed(of(None, DeliveryState::Delivered), i64::MAX, 10), [1]);
}

#[test]
fn what_ended_long_ago_is_deleted_and_what_waits_is_not() {
    let rows: Vec<DeliveryRow> = (1..=9).map(|key| delivery(key, 0, (key == 9).then_some(NOW))).collect();
    let (_folder, mut store, reader) = with(rows);
    let before = NOW - 4 * DAY;
    assert_eq!(store.prune_deliveries(before, 3).expect("deletes"), 3);
    assert_eq!(store.prune_deliveries(before, 3).expect("deletes"), 1);
    assert_eq!(store.prune_deliveries(before, 3).expect("deletes"), 0);
    let left: Vec<DeliveryRow> = reader.rows().expect("reads");
    assert_eq!(left.iter().map(|row| row.key.0).collect::<Vec<_>>(), [1, 2, 3, 4, 9]);
}

#[test]
fn a_restored_backup_sends_nothing_that_waited_in_it() {
    let (folder, store, reader) = with(vec![delivery(1, 0, Some(NOW)), delivery(2, 0, None)]);
    let (database, copy) = (folder.path().join("skerry.db"), folder.path().join("copy.db"));
    backup::back_up(&database, &copy).expect("copied");
    drop((store, reader));
    backup::restore(&database, &copy, "mark").expect("restored");
    let restored = Reader::open(&database).expect("opens");
    assert_eq!(restored.due_deliveries(Channel::Email, NOW, None, 10).expect("reads"), []);
    let (_, cancelled) = restored.delivery_with_id("delivery0001").expect("reads").expect("it is kept");
    assert_eq!(cancelled.state, DeliveryState::Cancelled);
    let (_, delivered) = restored.delivery_with_id("delivery0002").expect("reads").expect("it is kept");
    assert_eq!(delivered.state, DeliveryState::Delivered);
}
