//! Subscribers as files of CSV.

use crate::fixture::{Answer, Fixture};
use crate::subscribers::{PAGES, subscribed};
use serde_json::{Value, json};
use skerry_domain::access::Role;

const HEADER: &str = "channel,address,components,updates,status_changes,monthly,state,created_at,confirmed_at,consent,consent_note";

/// Sends a file, as an admin.
async fn import(fixture: &Fixture, query: &str, file: &str) -> Answer {
    let path = format!("/api/v1/subscribers.csv?{query}");
    fixture.send(Role::Admin, "POST", &path, "content-type: text/csv\r\n", file).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_out_and_comes_back() {
    let fixture = Fixture::new(PAGES).await;
    let (main, other) = (fixture.page("Main").await, fixture.page("Other").await);
    let path = format!("/v1/pages/{main}/subscribers");
    let mail = fixture.named(&format!("/v1/pages/{main}/components"), "Mail; inbound").await;
    let body = json!({ "subscriber": {
        "email": "+ada@example.com", "component_ids": [mail], "updates": "outages", "skip_confirmation_notification": true,
    } });
    fixture.admin("POST", &path, &body.to_string()).await;
    subscribed(&fixture, &path, "https://hooks.acme.com/b").await;
    let csv = format!("/api/v1/subscribers.csv?page={main}");
    let head = format!("GET {csv} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ");
    let token = fixture.unlimited("export", Role::Admin).await;
    let (head, file) = fixture.exchange(&format!("{head}{token}\r\n\r\n")).await;
    assert!(head.contains("content-type: text/csv; charset=utf-8; header=present"), "{head}");
    assert!(head.contains("content-disposition: attachment; filename=\"subscribers.csv\""), "{head}");
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!((lines[0], lines.len()), (HEADER, 3), "{file}");
    assert!(
        lines[1].starts_with(&format!("email,'+ada@example.com,{mail},outages,false,false,active,")),
        "{file}"
    );
    // Into the same page: everybody is there. Into another: those of chosen components are refused, as it has none.
    let same = import(&fixture, &format!("page={main}"), &file).await;
    assert_eq!(
        (same.status, &same.body["added"], &same.body["known"]),
        (200, &json!(0), &json!(2)),
        "{same:?}"
    );
    let refused = import(&fixture, &format!("page={other}"), &file).await;
    assert!(
        refused.status == 422 && refused.text("detail").starts_with("line 2: the page shows no component"),
        "{refused:?}"
    );
    assert_eq!(
        fixture.get(&format!("/v1/pages/{other}/subscribers")).await.body,
        json!([]),
        "nothing was imported"
    );
    let dry = import(&fixture, &format!("page={other}&skip_bad=true&dry_run=true"), &file).await;
    assert_eq!((&dry.body["added"], &dry.body["skipped"]), (&json!(1), &json!(1)), "{dry:?}");
    assert_eq!(fixture.get(&format!("/v1/pages/{other}/subscribers")).await.body, json!([]));
    for (added, known) in [(1, 0), (0, 1)] {
        let done = import(&fixture, &format!("page={other}&skip_bad=true"), &file).await;
        assert_eq!((&done.body["added"], &done.body["known"]), (&json!(added), &json!(known)), "{done:?}");
    }
    let imported = fixture.admin("GET", &format!("/v1/pages/{other}/subscribers"), "").await.body;
    assert_eq!((&imported[0]["consent"], &imported[0]["state"]), (&json!("import"), &json!("active")));
    assert!(imported[0]["consent_note"].as_str().is_some_and(|note| note.starts_with("api, confirmed at ")));
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_line_is_named_and_a_long_file_is_imported_in_portions() {
    let fixture = Fixture::new(PAGES).await;
    let page = fixture.page("Main").await;
    let wrong =
        "address,components,consent_note\nada,,form\nada@example.com,Nowhere,form\nbob@example.com,Shop,\n";
    let refused = import(&fixture, &format!("page={page}"), wrong).await;
    let errors: Vec<&str> =
        refused.body["errors"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!((refused.status, errors.len()), (422, 4), "{refused:?}");
    assert!(errors[0].starts_with("line 2: the address is not a mail address"), "{errors:?}");
    assert!(errors[1].starts_with("line 3: the page shows no component \"Nowhere\""), "{errors:?}");
    assert!(errors[2].starts_with("line 4: it does not say when and where consent was given"), "{errors:?}");
    assert!(!refused.body.to_string().contains("bob@"), "{refused:?}");
    for (query, file, status) in [
        ("page=nothing".to_owned(), wrong, 422),
        (String::new(), wrong, 422),
        (format!("page={page}"), "adress\nada@example.com\n", 422),
    ] {
        assert_eq!(import(&fixture, &query, file).await.status, status, "{query}");
    }
    let keyed = "content-type: text/csv\r\nidempotency-key: one\r\n";
    let path = format!("/api/v1/subscribers.csv?page={page}");
    assert_eq!(fixture.send(Role::Admin, "POST", &path, keyed, wrong).await.status, 400);
    // The same address twice hears of all that is in either line.
    let lines = (0..1_200).map(|number| format!("user{number}@example.com,Shop\n"));
    let file: String = std::iter::once("address,components\n".to_owned())
        .chain(lines)
        .chain(["User0@example.com,\nuser1@EXAMPLE.com,\n".to_owned()])
        .collect();
    let done = import(&fixture, &format!("page={page}&consent=the+old+page,+2025"), &file).await;
    assert_eq!(
        (done.status, &done.body["added"], &done.body["repeated"]),
        (200, &json!(1_201), &json!(1)),
        "{done:?}"
    );
    let one =
        fixture.admin("GET", &format!("/v1/pages/{page}/subscribers?q=user1@example.com"), "").await.body;
    assert_eq!(
        (&one[0]["components"], &one[0]["consent_note"]),
        (&Value::Null, &json!("the old page, 2025"))
    );
    let count = fixture.get(&format!("/v1/pages/{page}/subscribers/count")).await.body;
    assert_eq!(count["email"], 1_201);
    fixture.stop();
}
