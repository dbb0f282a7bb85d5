//! Deliveries and notices: who was told of what, and sending again what failed.

use crate::fixture::{Answer, Fixture};
use crate::subscribers::subscribed;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::delivery::{AttemptResult, Delivery, Refusal};
use skerry_domain::step::{Attempted, Command};
use skerry_domain::workspaces::Target;
use skerry_store::Reader;

pub(crate) const PAGES: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                     [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n";

fn data(list: &Answer) -> Vec<Value> {
    list.body["data"].as_array().unwrap_or_else(|| panic!("no list in {list:?}")).clone()
}

pub(crate) fn delivery(fixture: &Fixture, id: &str) -> Delivery {
    let reader = Reader::open(&fixture.database()).expect("opens");
    reader.delivery_with_id(id).expect("reads").expect("it is there").1
}

/// What an attempt at a delivery led to.
async fn attempted(fixture: &Fixture, id: &str, result: AttemptResult) {
    let (delivery, answer) = (delivery(fixture, id), Some("451 try later".to_owned()));
    let one = Attempted { delivery, tried: true, result, answer, digest: [7; 32] };
    let command = Command::Attempted(Box::new(one));
    fixture.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
}

/// Four subscribers and an incident: its id, once all deliveries are made, with these.
pub(crate) async fn told(fixture: &Fixture) -> (String, Vec<Value>) {
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    for name in ["ada", "bob", "cat", "dan"] {
        subscribed(fixture, &format!("{page}/subscribers"), &format!("{name}@example.com")).await;
    }
    let new = json!({ "incident": { "name": "Slow", "body": "We look into it." } }).to_string();
    let incident = fixture.admin("POST", &format!("{page}/incidents"), &new).await.text("id");
    let path = format!("/api/v1/deliveries?incident={incident}");
    // The aggregator has no mail: it tries each once, and again after minutes.
    let is_tried = |answer: &Answer| data(answer).iter().all(|one| one["answer"].is_string());
    let all = |answer: &Answer| answer.status == 200 && data(answer).len() == 4 && is_tried(answer);
    let made = fixture.once(&path, all).await;
    (incident, data(&made))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_each_is_listed_and_counted() {
    let fixture = Fixture::new(PAGES).await;
    let (incident, made) = told(&fixture).await;
    let ids: Vec<&str> = made.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!((&made[0]["state"], &made[0]["address"]), (&json!("queued"), &json!("d…@example.com")));
    assert_eq!(made[0]["subject"], json!({ "kind": "incident", "id": incident }));
    assert_eq!((&made[0]["attempts"], &made[0]["channel"]), (&json!(0), &json!("email")));
    attempted(&fixture, ids[0], AttemptResult::Delivered).await;
    attempted(&fixture, ids[1], AttemptResult::Failed).await;
    let list = |query: String| format!("/api/v1/deliveries?{query}");
    let of = async |query: String| -> Vec<Value> {
        data(&fixture.get(&list(query)).await).into_iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(of("state=failed".to_owned()).await, [ids[1]]);
    assert_eq!(of(format!("incident={incident}&state=queued")).await, [ids[2], ids[3]]);
    let subscriber = made[2]["subscriber"].as_str().expect("an id");
    assert_eq!(of(format!("subscriber={subscriber}")).await, [ids[2]]);
    let notice = made[0]["notice"].as_str().expect("an id");
    assert_eq!(of(format!("notice={notice}&limit=2")).await, [ids[0], ids[1]]);
    assert_eq!(of(format!("notice={notice}&after={}", ids[1])).await, [ids[2], ids[3]]);
    assert_eq!(of(format!("limit=3&after={}", ids[0])).await, [ids[1], ids[2], ids[3]]);
    let first = fixture.get(&list(format!("incident={incident}&limit=2"))).await;
    assert_eq!(first.body["next"], ids[1]);
    let by_address = fixture.admin("GET", &list("address=ADA@example.com".to_owned()), "").await;
    assert!(data(&by_address).is_empty(), "the part before the @ counts as it is written");
    let by_address = fixture.admin("GET", &list("address=ada@EXAMPLE.com".to_owned()), "").await;
    assert_eq!((data(&by_address).len(), &data(&by_address)[0]["address"]), (1, &json!("ada@example.com")));
    for query in ["incident=nothing", "notice=nothing", "subscriber=nothing", "state=lost", "after=nothing"] {
        assert_eq!(fixture.get(&list(query.to_owned())).await.status, 422, "{query}");
    }
    let one = fixture.get(&format!("/api/v1/deliveries/{}", ids[1])).await;
    assert_eq!((one.text("state").as_str(), one.text("answer").as_str()), ("failed", "451 try later"));
    assert_eq!(fixture.get("/api/v1/deliveries/nothing").await.status, 404);
    let notices = data(&fixture.get(&format!("/api/v1/notices?incident={incident}")).await);
    let counts = &notices[0]["deliveries"];
    assert_eq!((notices.len(), &notices[0]["id"]), (1, &json!(notice)));
    assert_eq!(
        (&counts["delivered"], &counts["failed"], &counts["queued"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(notices[0]["update_ids"].as_array().map(Vec::len), Some(1));
    assert_eq!(fixture.get(&format!("/api/v1/notices/{notice}")).await.body, notices[0]);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_failed_is_sent_again() {
    let fixture = Fixture::new(PAGES).await;
    let (_, made) = told(&fixture).await;
    let ids: Vec<&str> = made.iter().filter_map(|one| one["id"].as_str()).collect();
    let results = [
        AttemptResult::Failed,
        AttemptResult::SoftBounced,
        AttemptResult::HardBounced(Refusal::Rejected),
        AttemptResult::Unsubscribed,
    ];
    for (id, result) in ids.iter().zip(results) {
        attempted(&fixture, id, result).await;
    }
    let notice = made[0]["notice"].as_str().expect("an id");
    let path = format!("/api/v1/notices/{notice}/resend");
    assert_eq!(fixture.send(Role::Viewer, "POST", &path, "", "").await.status, 403);
    let resent = fixture.send(Role::Operator, "POST", &path, "", "").await;
    assert_eq!((resent.status, &resent.body), (200, &json!({ "resent": 2, "skipped": 0 })), "{resent:?}");
    let states: Vec<String> = ids.iter().map(|id| delivery(&fixture, id).state.name().to_owned()).collect();
    assert_eq!(states, ["queued", "queued", "hard_bounced", "unsubscribed"]);
    assert_eq!(delivery(&fixture, ids[0]).attempts, 1, "it was tried once");
    let again = fixture.send(Role::Operator, "POST", &path, "", "").await;
    assert_eq!(again.body, json!({ "resent": 0, "skipped": 0 }), "nothing is left that failed");
    assert_eq!(fixture.admin("POST", "/api/v1/notices/nothing/resend", "").await.status, 404);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_tried_now_if_it_may_be() {
    let fixture = Fixture::new(PAGES).await;
    let (_, made) = told(&fixture).await;
    let ids: Vec<&str> = made.iter().filter_map(|one| one["id"].as_str()).collect();
    let retry = async |id: &str| {
        fixture.send(Role::Operator, "POST", &format!("/api/v1/deliveries/{id}/retry"), "", "").await
    };
    let later = delivery(&fixture, ids[0]).queued_at + 86_400_000;
    attempted(&fixture, ids[0], AttemptResult::Later(later)).await;
    let tried = retry(ids[0]).await;
    assert_eq!((tried.status, tried.text("state").as_str()), (200, "queued"), "{tried:?}");
    assert!(delivery(&fixture, ids[0]).next_at.is_some_and(|at| at < later), "it is due now");
    attempted(&fixture, ids[1], AttemptResult::Delivered).await;
    let refused = retry(ids[1]).await;
    assert!(refused.status == 409 && refused.text("detail").contains("is delivered"), "{refused:?}");
    attempted(&fixture, ids[2], AttemptResult::Failed).await;
    let page = fixture.page("Main").await;
    let subscriber = made[2]["subscriber"].as_str().expect("an id");
    fixture.admin("DELETE", &format!("/v1/pages/{page}/subscribers/{subscriber}"), "").await;
    let refused = retry(ids[2]).await;
    assert!(refused.status == 409 && refused.text("detail").contains("has left"), "{refused:?}");
    let left = fixture.get(&format!("/api/v1/deliveries/{}", ids[2])).await;
    assert_eq!((&left.body["subscriber"], &left.body["address"]), (&Value::Null, &Value::Null));
    assert_eq!(retry("nothing").await.status, 404);
    fixture.stop();
}
