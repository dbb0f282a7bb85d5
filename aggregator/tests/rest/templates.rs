//! Templates of incidents, over Statuspage's interface and our own.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use skerry_domain::access::Role;

const PAGES: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                     [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n\
                     [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\n";
const DECLARED: &str = "[[incident_template]]\nname = \"Of the file\"\npage = \"main\"\ntitle = \"{{components}} fails\"\n\
                        body = \"We look into it since {{since}}.\"\ncomponents = [\"shop\"]\n";

fn template(name: &str) -> Value {
    json!({ "name": name, "title": "{{page}}: trouble", "body": "**{{incident}}** since {{since}}" })
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn statuspages_interface_lists_and_makes_them() {
    let fixture = Fixture::new(&format!("{PAGES}{DECLARED}")).await;
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    let shop = fixture.named(&format!("{page}/components"), "Shop").await;
    let path = format!("{page}/incident_templates");
    let mut new = template("Disk full");
    new["update_status"] = json!("scheduled");
    new["component_ids"] = json!([shop]);
    new["group_id"] = json!("abc");
    new["should_tweet"] = json!(true);
    let made = fixture.admin("POST", &path, &json!({ "template": new }).to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.text("title"), "{{page}}: trouble");
    assert_eq!(
        (made.body["components"][0]["name"].as_str(), made.text("update_status").as_str()),
        (Some("Shop"), "scheduled")
    );
    for name in ["Two", "Three"] {
        let form = format!("template[name]={name}&template[title]=T&template[body]=B");
        assert_eq!(fixture.admin("POST", &path, &form).await.status, 201, "{name}");
    }
    let all = fixture.get(&path).await.body;
    assert_eq!(names(&all), ["Of the file", "Disk full", "Two", "Three"]);
    assert_eq!(all[0]["components"][0]["id"], shop);
    assert_eq!(names(&fixture.get(&format!("{path}?per_page=1&page=3")).await.body), ["Two"]);
    let other = format!("/v1/pages/{}/incident_templates", fixture.page("Other").await);
    assert_eq!(fixture.get(&other).await.body, json!([]));
    for (role, body, status) in [
        (Role::Operator, json!({ "template": template("A") }), 403),
        (Role::Admin, json!({ "template": template("Two") }), 409),
        (Role::Admin, json!({ "template": {} }), 422),
    ] {
        let refused = fixture.send(role, "POST", &path, "", &body.to_string()).await;
        assert_eq!(refused.status, status, "{refused:?}");
    }
    let wrong = json!({ "template": {
        "name": "A", "title": "{{incident}}", "body": "one\ntwo {{7*7}} {{pgae}}", "update_status": "closed", "component_ids": ["x"],
    } });
    let refused = fixture.admin("POST", &path, &wrong.to_string()).await;
    let errors: Vec<&str> =
        refused.body["error"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!((refused.status, errors.len()), (422, 5), "{errors:?}");
    assert!(
        errors[0].starts_with("title, line 1, column 1: {{incident}} stands for the title itself"),
        "{errors:?}"
    );
    assert!(
        errors[1].starts_with("body, line 2, column 5: {{7*7}} is no placeholder; there are {{page}},"),
        "{errors:?}"
    );
    assert!(errors[2].contains("column 13: {{pgae}} is no placeholder; there are {{page}},"), "{errors:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_changed_and_deleted_over_our_own() {
    let fixture = Fixture::new(PAGES).await;
    let page = fixture.page("Main").await;
    let path = format!("/api/v1/pages/{page}/templates");
    let mut new = template("Disk full");
    new["body"] = json!("Disk of db1.internal, {{incident}}");
    let made = fixture.admin("POST", &path, &new.to_string()).await;
    assert_eq!((made.status, made.text("body").as_str()), (201, "Disk of [redacted], {{incident}}"));
    assert!(made.body["notes"][0].as_str().is_some_and(|note| note.contains("db1.internal")), "{made:?}");
    let one = format!("{path}/{}", made.text("id"));
    let read = fixture.get(&one).await;
    assert_eq!((read.status, &read.body["written_body"]), (200, &Value::Null), "originals are for operators");
    let own = fixture.send(Role::Operator, "GET", &one, "", "").await;
    assert_eq!(own.text("written_body"), "Disk of db1.internal, {{incident}}");
    // What a client read it may send back, apart from what only answers have.
    let back = json!({ "name": read.body["name"], "title": read.body["title"], "body": read.body["body"] });
    let same = fixture.admin("PATCH", &one, &back.to_string()).await;
    assert_eq!((same.status, same.etag()), (200, read.etag()));
    let version = format!("if-match: {}\r\n", read.etag());
    let change = json!({ "title": "{{components}} slow", "update_status": "identified" }).to_string();
    let changed = fixture.send(Role::Admin, "PATCH", &one, &version, &change).await;
    assert_eq!((changed.status, changed.text("title").as_str()), (200, "{{components}} slow"));
    assert_eq!(fixture.send(Role::Admin, "PATCH", &one, &version, &change).await.status, 412);
    assert_eq!(fixture.send(Role::Operator, "PATCH", &one, "", &change).await.status, 403);
    let misspelt = fixture.admin("PATCH", &one, r#"{"tittle": "x"}"#).await;
    assert!(misspelt.status == 422 && misspelt.text("detail").contains("tittle"), "{misspelt:?}");
    let unknown = fixture.admin("PATCH", &one, r#"{"body": "{{host}}"}"#).await;
    assert!(
        unknown.status == 422 && unknown.text("detail").contains("line 1, column 1: {{host}}"),
        "{unknown:?}"
    );
    let cleared = fixture.admin("PATCH", &one, r#"{"update_status": null}"#).await;
    assert_eq!(cleared.body["update_status"], Value::Null);
    let other = format!("/api/v1/pages/{}/templates/{}", fixture.page("Other").await, made.text("id"));
    assert_eq!(fixture.get(&other).await.status, 404, "it is of another page");
    let key = "idempotency-key: gone\r\n";
    for _ in 0..2 {
        assert_eq!(fixture.send(Role::Admin, "DELETE", &one, key, "").await.status, 204);
    }
    assert_eq!(fixture.get(&one).await.status, 404);
    let audit = fixture.admin("GET", "/api/v1/audit?limit=1", "").await.body;
    let last = &audit["data"][0];
    assert_eq!((&last["action"], &last["object"]), (&json!("remove_template"), &json!("incident_template")));
    assert!(last["before"]["title"].is_string() && last["after"].is_null(), "{last}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_for_every_page_is_beyond_a_token_of_one() {
    let fixture = Fixture::new(PAGES).await;
    let (main, other) = (fixture.page("Main").await, fixture.page("Other").await);
    let path = |page: &str| format!("/api/v1/pages/{page}/templates");
    let mut new = template("Everywhere");
    new["every_page"] = json!(true);
    let token = fixture.token("of-main", Role::Admin, &main).await;
    let refused = fixture.send_with(&token, "POST", &path(&main), "", &new.to_string()).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let made = fixture.admin("POST", &path(&main), &new.to_string()).await;
    assert_eq!((made.status, &made.body["page_id"]), (201, &Value::Null));
    let id = made.text("id");
    for page in [&main, &other] {
        let listed = fixture.get(&path(page)).await.body;
        assert_eq!((names(&listed["data"]), &listed["next"]), (vec!["Everywhere"], &Value::Null));
        assert_eq!(
            names(&fixture.get(&format!("/v1/pages/{page}/incident_templates")).await.body),
            ["Everywhere"]
        );
    }
    let one = format!("{}/{id}", path(&main));
    assert_eq!(fixture.send_with(&token, "GET", &one, "", "").await.status, 200);
    for (method, body) in [("DELETE", ""), ("PATCH", r#"{"name": "Mine"}"#)] {
        assert_eq!(fixture.send_with(&token, method, &one, "", body).await.status, 403, "{method}");
    }
    let own = fixture.send_with(&token, "POST", &path(&main), "", &template("Mine").to_string()).await;
    assert_eq!(own.status, 201, "{own:?}");
    let own = format!("{}/{}", path(&main), own.text("id"));
    assert_eq!(fixture.send_with(&token, "DELETE", &own, "", "").await.status, 204);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_declares_the_file_changes() {
    let fixture = Fixture::new(&format!("{PAGES}{DECLARED}")).await;
    let page = fixture.page("Main").await;
    let path = format!("/api/v1/pages/{page}/templates");
    let made = fixture.admin("POST", &path, &template("Mine").to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = fixture.named(&format!("/v1/pages/{page}/incident_templates"), "Of the file").await;
    let one = format!("{path}/{id}");
    let place = fixture.get(&one).await.text("declared_at");
    assert!(place.contains("aggregator.toml"), "{place}");
    for (method, body) in [("DELETE", ""), ("PATCH", r#"{"name": "Mine"}"#)] {
        let refused = fixture.admin(method, &one, body).await;
        let why = refused.text("detail");
        assert!(
            refused.status == 403 && why.contains(&place) && why.contains("change it there"),
            "{refused:?}"
        );
    }
    assert_eq!(
        fixture.admin("PATCH", &one, r#"{"name": "Of the file"}"#).await.status,
        200,
        "as it was read"
    );
    let another = DECLARED.replace("We look into it", "Our team looks into it");
    fixture.reloader.reload(&fixture.rewrite(&format!("{PAGES}{another}"))).await.expect("a right file");
    let changed = fixture.get(&one).await;
    assert_eq!(changed.text("body"), "Our team looks into it since {{since}}.");
    fixture.reloader.reload(&fixture.rewrite(PAGES)).await.expect("a right file");
    assert_eq!(fixture.get(&one).await.status, 404);
    assert_eq!(names(&fixture.get(&path).await.body["data"]), ["Mine"], "what was made at run time stays");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn components_that_were_read_may_be_sent_back() {
    let mail =
        "[[page.component]]\nkey = \"mail\"\nname = \"Mail\"\nmanual = true\n[[page]]\nkey = \"other\"";
    let both = PAGES.replace("[[page]]\nkey = \"other\"", mail);
    let declared = DECLARED.replace("[\"shop\"]", "[\"shop\", \"mail\"]");
    let fixture = Fixture::new(&format!("{both}{declared}")).await;
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    let components = format!("{page}/components");
    let (shop, mail) = (fixture.named(&components, "Shop").await, fixture.named(&components, "Mail").await);
    let path = format!("/api{page}/templates");
    let of_file = fixture.named(&format!("{page}/incident_templates"), "Of the file").await;
    for (ids, status) in [
        (vec![&shop, &mail], 200),
        (vec![&mail, &shop], 200),
        (vec![&mail, &shop, &mail], 200),
        (vec![&mail], 403),
    ] {
        let body = json!({ "component_ids": ids }).to_string();
        let answer = fixture.admin("PATCH", &format!("{path}/{of_file}"), &body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    let mut new = template("Mine");
    new["component_ids"] = json!([mail, shop]);
    let made = fixture.admin("POST", &path, &new.to_string()).await;
    assert_eq!((made.status, &made.body["component_ids"]), (201, &json!([shop, mail])), "{made:?}");
    fixture.reloader.reload(&fixture.rewrite(PAGES)).await.expect("a right file");
    let one = format!("{path}/{}", made.text("id"));
    let read = fixture.get(&one).await;
    assert_eq!(read.body["component_ids"], json!([shop]), "what is archived is not listed");
    let back = json!({ "component_ids": read.body["component_ids"] }).to_string();
    let same = fixture.admin("PATCH", &one, &back).await;
    assert_eq!((same.status, same.etag()), (200, read.etag()), "{same:?}");
    fixture.stop();
}
