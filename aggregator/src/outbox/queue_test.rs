//! Each delivery that is due is tried once.

use super::*;
use skerry_domain::delivery::{Delivery, DeliveryState, Message};
use skerry_domain::state::{NoticeKey, SubscriberKey};
use skerry_domain::time::Timestamp;

const ONE: WorkspaceKey = WorkspaceKey(1);

fn delivery(key: i64) -> WorkspaceDelivery {
    let at = Timestamp(key);
    let delivery = Delivery {
        key: DeliveryKey(key),
        id: format!("delivery{key:04}"),
        message: Message::Notice,
        notice: Some(NoticeKey(1)),
        subscriber: SubscriberKey(key),
        channel: Channel::Email,
        priority: 0,
        state: DeliveryState::Queued,
        attempts: 0,
        queued_at: at,
        next_at: Some(at),
        updated_at: at,
        answer: None,
    };
    (ONE, delivery)
}

fn begun(queue: &mut ChannelQueue) -> Vec<i64> {
    begun_at(queue, Instant::now())
}

fn begun_at(queue: &mut ChannelQueue, now: Instant) -> Vec<i64> {
    let mut keys = Vec::new();
    while let Some(one) = queue.next(now) {
        queue.begin(&one, now);
        keys.push(one.1.key.0);
    }
    keys
}

#[test]
fn no_more_are_tried_at_a_time_than_there_is_room_for() {
    let mut queue = ChannelQueue::new(Channel::Email, Concurrency::of(2));
    assert_eq!(queue.to_read(Instant::now()), Some(None));
    queue.take((1..=3).map(delivery).collect());
    assert_eq!(begun(&mut queue), [1, 2]);
    assert!(!queue.has_room(Instant::now()));
    assert_eq!(queue.to_read(Instant::now()), None, "one is read and waits");
    queue.end((ONE, DeliveryKey(1)));
    assert_eq!(begun(&mut queue), [3]);
    queue.end((ONE, DeliveryKey(2)));
    assert_eq!(queue.to_read(Instant::now()), None, "all that was due was read");
}

#[test]
fn slow_attempts_leave_their_room_to_others_up_to_a_bound() {
    let (mut queue, start) =
        (ChannelQueue::new(Channel::Webhook, Concurrency { fast: 2, total: 5 }), Instant::now());
    queue.take((1..=9).map(delivery).collect());
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    assert_eq!(begun_at(&mut queue, start), [1, 2]);
    assert_eq!(begun_at(&mut queue, after(999)), [0; 0]);
    assert_eq!(begun_at(&mut queue, after(1_000)), [3, 4]);
    assert_eq!(begun_at(&mut queue, after(2_000)), [5], "five at a time");
    assert_eq!(begun_at(&mut queue, after(60_000)), [0; 0]);
    queue.end((ONE, DeliveryKey(1)));
    assert_eq!(begun_at(&mut queue, after(60_000)), [6]);
}

#[test]
fn what_is_under_way_is_not_tried_again() {
    let mut queue = ChannelQueue::new(Channel::Email, Concurrency::of(3));
    queue.take((1..=2).map(delivery).collect());
    assert_eq!(begun(&mut queue), [1, 2]);
    queue.begin_again(Instant::now());
    assert_eq!(queue.to_read(Instant::now()), Some(None));
    queue.take((1..=3).map(delivery).collect());
    assert_eq!(begun(&mut queue), [3]);
}

#[test]
fn what_ended_is_not_tried_as_it_was_read() {
    let mut queue = ChannelQueue::new(Channel::Email, Concurrency::of(1));
    queue.take(vec![delivery(1), delivery(2)]);
    assert_eq!(begun(&mut queue), [1]);
    queue.read.push_back(delivery(1));
    queue.end((ONE, DeliveryKey(1)));
    assert_eq!(begun(&mut queue), [2]);
    queue.end((ONE, DeliveryKey(2)));
    assert_eq!(begun(&mut queue), Vec::<i64>::new());
}

#[test]
fn a_full_portion_is_followed_by_what_comes_after_it() {
    let mut queue = ChannelQueue::new(Channel::Email, Concurrency::of(PORTION));
    let all: Vec<WorkspaceDelivery> = (1..=PORTION as i64).map(delivery).collect();
    let last = DuePosition::of(&all[PORTION - 1]);
    queue.take(all);
    assert_eq!(begun(&mut queue).len(), PORTION);
    assert_eq!(queue.to_read(Instant::now()), None, "there is no room");
    queue.end((ONE, DeliveryKey(7)));
    assert_eq!(queue.to_read(Instant::now()), Some(Some(last)));
}

#[test]
fn what_could_not_be_stored_is_not_sent_for_ever() {
    let mut queue = ChannelQueue::new(Channel::Email, Concurrency::of(1));
    queue.take(vec![delivery(1)]);
    assert_eq!(begun(&mut queue), [1]);
    queue.set_aside((ONE, DeliveryKey(1)));
    queue.begin_again(Instant::now());
    queue.take(vec![delivery(1), delivery(2)]);
    assert_eq!(begun(&mut queue), [2]);
}

#[test]
fn while_no_relay_answers_one_at_a_time_is_tried_and_then_all_go_on() {
    let (mut queue, start) = (ChannelQueue::new(Channel::Email, Concurrency::of(3)), Instant::now());
    queue.take((1..=20).map(delivery).collect());
    assert_eq!(begun_at(&mut queue, start), [1, 2, 3]);
    for key in 1..=3 {
        queue.hold(start);
        queue.end((ONE, DeliveryKey(key)));
    }
    assert_eq!(begun_at(&mut queue, start), [0; 0]);
    // Each attempt that meets the same fault waits longer for the next one.
    let (mut now, mut key) = (start, 4);
    for pause in [5, 10, 20, 30, 30] {
        now += Duration::from_secs(pause);
        assert_eq!(begun_at(&mut queue, now - Duration::from_millis(1)), [0; 0], "{pause}");
        assert_eq!(begun_at(&mut queue, now), [key], "one finds out");
        queue.hold(now);
        queue.end((ONE, DeliveryKey(key)));
        key += 1;
    }
    queue.release();
    assert_eq!(begun_at(&mut queue, now), [9, 10, 11]);
}
