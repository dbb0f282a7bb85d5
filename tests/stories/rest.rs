//! The REST API as scripts use it: with Statuspage's conventions, tokens that reach what they may, and requests that take
//! effect once.

use crate::enrolment::{run_cli, run_ok};
use crate::http::{Answer, request};
use crate::world::{World, now, page, quick_check};
use serde_json::{Value, json};
use skerry_domain::time::Timestamp;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::process::Command;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

/// A client with a token.
pub(crate) struct Client<'w> {
    world: &'w World,
    token: String,
}

impl<'w> Client<'w> {
    /// With a token that `token add` makes with these words.
    pub(crate) fn new(world: &'w World, words: &[&str]) -> Self {
        let added = run_ok(world, &[&["token", "add"], words, &["--json"]].concat());
        let added: Value = serde_json::from_str(&added).unwrap_or_else(|_| panic!("no JSON: {added}"));
        Self { world, token: added["token"].as_str().expect("a token").to_owned() }
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let token = &self.token;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nAuthorization: OAuth {token}\r\n{headers}Content-Length: {}",
            body.len()
        );
        request(self.world.private, &head, body.as_bytes()).expect("an answer")
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, "", "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Sends JSON, without a `Content-Type` as some clients do.
    pub(crate) fn change(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, "", &body.to_string())
    }
}

/// A page with a component that has a check, and one that has none.
async fn demo(rest: &str) -> (World, Nginx) {
    let nginx = Nginx::start(&Site::default()).await;
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let by_hand = "[[page.component]]\nkey = \"phone\"\nname = \"Phone support\"\n";
    let mut world = World::new(&format!("{rest}{local}{check}{}{by_hand}", page("demo", true, &["web"])));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    (world, nginx)
}

fn page_id(world: &World) -> String {
    let status = world.page("/api/v2/status.json").json();
    status["page"]["id"].as_str().expect("an id").to_owned()
}

fn component_id(world: &World, name: &str) -> String {
    world.component("/", name)["id"].as_str().expect("an id").to_owned()
}

async fn shown(world: &World, name: &str, status: &str) {
    until(&format!("{name} is {status}"), NOTICED, async || world.component("/", name)["status"] == status)
        .await;
}

/// What the usual guides to Statuspage's API print, with another address.
#[tokio::test]
async fn the_python_snippet_of_the_usual_guide_runs_as_it_stands() {
    let (world, _nginx) = demo("").await;
    let client = Client::new(&world, &["script", "--role", "operator"]);
    let (page, web, phone) =
        (page_id(&world), component_id(&world, "web"), component_id(&world, "Phone support"));
    let set = |component: &str, status: &str| {
        let script = format!(
            "import requests\n\
             api_key = '{}'\npage_id = '{page}'\ncomponent_id = '{component}'\n\
             api_base = 'http://127.0.0.1:{}/v1'\n\
             response = requests.patch(f'{{api_base}}/pages/{{page_id}}/components/{{component_id}}',\n\
             \x20   headers={{'Authorization': f'OAuth {{api_key}}'}}, data={{'component[status]': '{status}'}})\n\
             response.raise_for_status()\nprint(response.json()['status'])\n",
            client.token, world.private
        );
        let output = Command::new("python3").args(["-c", &script]).output().expect("python3 runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), status);
    };
    set(&web, "partial_outage");
    shown(&world, "web", "partial_outage").await;
    let held = client.get(&format!("/v1/pages/{page}/components/{web}"));
    assert!(held["held_by"] == "rest" && held["held_until"].is_string(), "it expires after a day: {held}");
    set(&web, "operational");
    shown(&world, "web", "operational").await;
    let held = client.get(&format!("/v1/pages/{page}/components/{web}"));
    assert!(held["held_by"].is_null(), "the check decides again: {held}");
    // Nothing else decides over a component without checks, so its status does not expire.
    set(&phone, "degraded_performance");
    shown(&world, "Phone support", "degraded_performance").await;
    let held = client.get(&format!("/v1/pages/{page}/components/{phone}"));
    assert!(held["held_by"] == "rest" && held["held_until"].is_null(), "{held}");
}

#[tokio::test]
async fn an_outage_is_drafted_approved_updated_and_resolved() {
    let (mut world, nginx) = demo("[incidents]\ndraft_from = \"low\"\n\n").await;
    let page = page_id(&world);
    let admin = Client::new(&world, &["admin", "--role", "admin"]);
    let operator = Client::new(&world, &["operator", "--role", "operator"]);
    nginx.answer_with(Some(500));
    let drafts = format!("/api/v1/pages/{page}/drafts");
    until("a draft", NOTICED, async || admin.get(&drafts)["data"][0].is_object()).await;
    let draft = admin.get(&drafts)["data"][0].clone();
    let id = draft["id"].as_str().expect("an id").to_owned();
    assert!(draft["automatic"] == true && draft["title"].as_str().is_some_and(|title| title.contains("web")));
    let listed = format!("/v1/pages/{page}/incidents");
    assert_eq!(admin.get(&listed), json!([]), "Statuspage's interface shows no draft");
    assert_eq!(admin.send("GET", &format!("{listed}/{id}"), "", "").status, 404);
    let approve = format!("{drafts}/{id}/approve");
    let refused = operator.send("POST", &approve, "", "");
    assert!(refused.status == 403 && refused.text().contains("admin"), "{}", refused.text());
    assert_eq!(admin.send("POST", &approve, "", "").status, 200);
    assert_eq!(admin.send("POST", &approve, "", "").status, 404, "it is no draft any more");
    let incident = format!("{listed}/{id}");
    let update =
        json!({ "incident": { "status": "identified", "body": "A *disk* of db.internal is full." } });
    let updated = operator.change("PATCH", &incident, &update);
    let read = updated.json();
    assert!(updated.status == 200 && read["status"] == "identified", "{read}");
    assert_eq!(read["incident_updates"][0]["body"], "A disk of [redacted] is full.");
    assert!(read["notes"][0].as_str().is_some_and(|note| note.contains("db.internal")), "{read}");
    let unresolved = || world.page("/api/v2/incidents/unresolved.json").json();
    until("the update", NOTICED, async || unresolved()["incidents"][0]["status"] == "identified").await;
    assert!(!world.page("/").text().contains("db.internal"));
    nginx.answer_with(None);
    world.shows("web", "operational", NOTICED).await;
    let resolved = operator.change("PUT", &incident, &json!({ "incident": { "status": "resolved" } })).json();
    assert!(resolved["status"] == "resolved" && resolved["resolved_at"].is_string(), "{resolved}");
    assert_eq!(resolved["postmortem_published_at"], Value::Null, "clients decode a boolean");
    until("no incident", NOTICED, async || unresolved()["incidents"] == json!([])).await;
    let audit = admin.get("/api/v1/audit?limit=200");
    let entries = audit["data"].as_array().expect("a list");
    let published =
        entries.iter().find(|one| one["action"] == "publish_incident").expect("it is in the audit");
    let by = run_ok(&world, &["token", "list", "--json"]);
    let by: Value = serde_json::from_str(&by).expect("JSON");
    let admin_id =
        by.as_array().and_then(|all| all.iter().find(|one| one["name"] == "admin")).expect("listed");
    assert_eq!(published["actor"], format!("token:{}", admin_id["id"].as_str().expect("an id")));
    assert_eq!(published["source"], "127.0.0.1");
    assert!(entries.iter().all(|one| !one.to_string().contains(&admin.token)), "no secret is in the audit");
    world.stop().await;
}

#[tokio::test]
async fn a_token_reaches_what_it_may_and_nobody_else_learns_anything() {
    let (world, _nginx) = demo("").await;
    let page = page_id(&world);
    let (components, incidents) =
        (format!("/v1/pages/{page}/components"), format!("/v1/pages/{page}/incidents"));
    let viewer = Client::new(&world, &["viewer", "--role", "viewer"]);
    assert_eq!(viewer.get(&components).as_array().map(Vec::len), Some(2));
    let open = json!({ "incident": { "name": "Down" } });
    assert_eq!(viewer.change("POST", &incidents, &open).status, 403);
    let limited = Client::new(&world, &["limited", "--role", "admin", "--scope", "components:read"]);
    assert_eq!(limited.get(&components).as_array().map(Vec::len), Some(2));
    for (method, path) in [("GET", &incidents), ("POST", &incidents)] {
        assert_eq!(limited.change(method, path, &open).status, 403, "{method}");
    }
    let of_page = Client::new(&world, &["page", "--role", "owner", "--page", "demo"]);
    assert_eq!(of_page.get(&components).as_array().map(Vec::len), Some(2));
    assert_eq!(of_page.send("GET", "/api/v1/settings", "", "").status, 403);
    // All of these get the same answer: nobody learns which tokens, pages or paths there are.
    let (head, last) = viewer.token.split_at(viewer.token.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    let unknown = Client { world: &world, token: format!("{head}{other}") };
    run_ok(&world, &["token", "remove", "limited"]);
    let first = unknown.send("GET", &components, "", "");
    assert_eq!((first.status, first.json()["message"].as_str()), (401, Some("Could not authenticate")));
    for (client, path) in
        [(&limited, components.as_str()), (&unknown, "/v1/nothing"), (&unknown, "/v1/pages/x/components")]
    {
        let answer = client.send("GET", path, "", "");
        assert!(answer.status == 401 && answer.body == first.body, "{path}: {}", answer.text());
    }
    assert_eq!(viewer.send("GET", "/v1/pages/abcdefghijkl/components", "", "").status, 404);
    // The public listener does not have it.
    let public = request(world.public, &format!("GET {components} HTTP/1.1"), b"").expect("an answer");
    assert_eq!(public.body, world.page("/no-such-path").body);
    let (succeeded, output) = run_cli(&world, &["token", "add", "x", "--role", "root"]);
    assert!(!succeeded && output.contains(r#""viewer", "operator", "admin" or "owner""#), "{output}");
}

#[tokio::test]
async fn a_request_that_is_sent_again_takes_effect_once_also_after_a_crash() {
    let (mut world, _nginx) = demo("").await;
    let page = page_id(&world);
    let token = Client::new(&world, &["script", "--role", "operator"]).token;
    let path = format!("/v1/pages/{page}/incidents.json");
    let form = "incident[name]=Orders+fail&incident[body]=We+look&incident[deliver_notifications]=t";
    let send = |world: &World, key: &str, body: &str| {
        let client = Client { world, token: token.clone() };
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        client.send("POST", &path, &format!("{kind}Idempotency-Key: {key}\r\n"), body)
    };
    let first = send(&world, "one", form);
    assert_eq!(first.status, 201, "{}", first.text());
    world.kill();
    world.start().await;
    let again = send(&world, "one", form);
    assert_eq!((again.status, &again.json()["id"]), (201, &first.json()["id"]));
    assert_eq!(send(&world, "one", "incident[name]=Another").status, 409);
    let other = send(&world, "two", form);
    assert!(other.status == 201 && other.json()["id"] != first.json()["id"]);
    let client = Client { world: &world, token: token.clone() };
    assert_eq!(client.get(&path).as_array().map(Vec::len), Some(2));
    assert_eq!(client.get(&format!("{path}?limit=1&page=2"))[0]["id"], first.json()["id"], "newest first");
    assert_eq!(client.get(&format!("{path}?q=ORDERS")).as_array().map(Vec::len), Some(2));
    assert_eq!(client.get(&format!("{path}?q=payments")), json!([]));
}

#[tokio::test]
async fn of_two_who_change_what_they_read_one_is_told() {
    let (world, _nginx) = demo("").await;
    let page = page_id(&world);
    let client = Client::new(&world, &["script", "--role", "operator"]);
    let incidents = format!("/v1/pages/{page}/incidents");
    let opened =
        client.change("POST", &incidents, &json!({ "incident": { "name": "Slow", "body": "First" } }));
    let tag = |answer: &Answer| {
        let line = answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with("etag:"));
        line.and_then(|line| line.split_once(": ")).expect("a version").1.to_owned()
    };
    let (read, id) = (tag(&opened), opened.json()["id"].as_str().expect("an id").to_owned());
    let path = format!("{incidents}/{id}");
    let write = |version: &str, body: &str| {
        let document = json!({ "incident": { "status": "identified", "body": body } }).to_string();
        client.send("PATCH", &path, &format!("If-Match: {version}\r\n"), &document)
    };
    let one = write(&read, "One");
    assert_eq!(one.status, 200, "{}", one.text());
    assert_eq!(write(&read, "Other").status, 412);
    assert_eq!(write(&tag(&one), "Other").status, 200);
    let bodies = client.get(&path)["incident_updates"].clone();
    let bodies: Vec<&str> =
        bodies.as_array().expect("a list").iter().filter_map(|one| one["body"].as_str()).collect();
    assert_eq!(bodies, ["Other", "One", "First"]);
}

#[tokio::test]
async fn whoever_sends_too_much_is_told_when_to_come_back() {
    let (world, _nginx) = demo("[api]\nrequests_per_minute = 5\n\n").await;
    let page = page_id(&world);
    let path = format!("/v1/pages/{page}/components");
    let busy = Client::new(&world, &["busy", "--role", "viewer"]);
    let calm = Client::new(&world, &["calm", "--role", "viewer"]);
    let statuses: Vec<u16> = (0..7).map(|_| busy.send("GET", &path, "", "").status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let refused = busy.send("GET", &path, "", "");
    let after = refused.head.to_ascii_lowercase();
    let after = after.lines().find_map(|line| line.strip_prefix("retry-after: ")).expect("it is told when");
    assert!((1..=13).contains(&after.parse().unwrap_or(0)), "{after}");
    assert_eq!(calm.send("GET", &path, "", "").status, 200, "another token has its own allowance");
    let stranger = Client { world: &world, token: "skt_wrong".to_owned() };
    let statuses: Vec<u16> = (0..40).map(|_| stranger.send("GET", &path, "", "").status).collect();
    assert!(statuses[0] == 401 && statuses.last() == Some(&429), "{statuses:?}");
    assert_eq!(calm.send("GET", &path, "", "").status, 200, "a valid token is let in all the same");
}

#[tokio::test]
async fn maintenance_is_a_scheduled_incident() {
    let (world, _nginx) = demo("").await;
    let page = page_id(&world);
    let web = component_id(&world, "web");
    let client = Client::new(&world, &["script", "--role", "operator"]);
    let incidents = format!("/v1/pages/{page}/incidents");
    let day = 86_400_000;
    let [from, to] = [now() + 30 * day, now() + 31 * day].map(|at| Timestamp(at / day * day).to_string());
    let plan = json!({ "incident": {
        "name": "Database upgrade", "status": "scheduled", "body": "We upgrade.",
        "scheduled_for": from, "scheduled_until": to, "component_ids": [web],
    } });
    let planned = client.change("POST", &incidents, &plan);
    let read = planned.json();
    assert_eq!((planned.status, read["impact"].as_str()), (201, Some("maintenance")), "{read}");
    assert_eq!(
        (&read["scheduled_for"], &read["status"]),
        (&json!(from.replace('Z', ".000Z")), &json!("scheduled"))
    );
    let id = read["id"].as_str().expect("an id");
    for (list, length) in [("scheduled", 1), ("upcoming", 1), ("active_maintenance", 0), ("unresolved", 0)] {
        let listed = client.get(&format!("{incidents}/{list}"));
        assert_eq!(listed.as_array().map(Vec::len), Some(length), "{list}: {listed}");
    }
    // As on Statuspage visitors see it at once.
    let upcoming = || world.page("/api/v2/scheduled-maintenances/upcoming.json").json();
    until("it is announced", NOTICED, async || upcoming()["scheduled_maintenances"][0]["id"] == id).await;
    let path = format!("{incidents}/{id}");
    let begun = client.change("PATCH", &path, &json!({ "incident": { "status": "in_progress" } })).json();
    assert_eq!(begun["status"], "in_progress", "{begun}");
    shown(&world, "web", "under_maintenance").await;
    let ended = client
        .change("PATCH", &path, &json!({ "incident": { "status": "completed", "body": "Done." } }))
        .json();
    assert_eq!(
        (&ended["status"], &ended["incident_updates"][0]["body"]),
        (&json!("completed"), &json!("Done."))
    );
    shown(&world, "web", "operational").await;
    let refused = client.change(
        "POST",
        &incidents,
        &json!({ "incident": { "name": "x", "scheduled_for": "tomorrow" } }),
    );
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["error"].as_array().map(Vec::len), Some(3), "{}", refused.text());
}
