//! When tokens are used.

use crate::fixture::Fixture;
use crate::pages::FILE;
use skerry_domain::access::Role;
use skerry_domain::time::Timestamp;
use std::time::Duration;

/// When the token of a role was used last.
fn used(fixture: &Fixture, role: Role) -> Option<Timestamp> {
    let snapshot = fixture.engine.snapshot();
    let state = snapshot.workspaces.named("default").expect("the workspace of the file");
    state.api_tokens.values().find(|token| token.role == role).expect("each role has one").last_used_at
}

#[tokio::test]
async fn the_last_use_is_noted_beside_the_request() {
    let fixture = Fixture::new(FILE).await;
    assert_eq!(used(&fixture, Role::Viewer), None);
    assert_eq!(fixture.get("/v1/pages").await.status, 200);
    let mut often = tokio::time::interval(Duration::from_millis(20));
    let noted = async {
        loop {
            often.tick().await;
            if let Some(at) = used(&fixture, Role::Viewer) {
                return at;
            }
        }
    };
    let at = tokio::time::timeout(Duration::from_secs(30), noted).await.expect("it is noted");
    assert_eq!(fixture.get("/v1/pages").await.status, 200);
    let refused =
        fixture.send_with("skt_000000000000000000000000000000000000000000000000", "GET", "/v1/pages", "", "");
    assert_eq!(refused.await.status, 401);
    // A write waits behind whatever the reads sent.
    let change = r#"{"incidents": {"draft_from": "low"}}"#;
    assert_eq!(fixture.admin("PATCH", "/api/v1/settings", change).await.status, 200);
    assert_eq!((used(&fixture, Role::Viewer), used(&fixture, Role::Owner)), (Some(at), None), "once an hour");
    let audit = fixture.admin("GET", "/api/v1/audit", "").await.body.to_string();
    assert!(!audit.contains("note_token_use"), "{audit}");
    fixture.stop();
}
