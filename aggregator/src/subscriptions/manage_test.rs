//! The page of a subscription, its links and its secret.

use super::*;

#[tokio::test]
async fn who_makes_a_new_link_ends_the_former_one_and_no_link_to_stop() {
    let fixture = Fixture::new().await;
    fixture.subscribed(ANN).await;
    let (former, leave) = (fixture.token(LinkPurpose::Manage), fixture.token(LinkPurpose::Unsubscribe));
    let answer = fixture.ask(SubscriptionTarget::Manage(former.clone()), Some("action=renew")).await;
    let SubscriptionAnswer::SeeOther(path) = answer else { panic!("not taken: {answer:?}") };
    let (token, query) = path.split_once('?').expect("with what became of it");
    assert!(token != former && query.starts_with("renewed="), "{path}");
    assert_eq!(fixture.shown(SubscriptionTarget::Manage(former), None).await.0, 404);
    let (status, html) = fixture.shown(SubscriptionTarget::Manage(token.to_owned()), None).await;
    assert!(status == 200 && html.contains("Make a new link"), "{html}");
    assert_eq!(fixture.shown(SubscriptionTarget::Unsubscribe(leave), None).await.0, 200);
}

#[tokio::test]
async fn a_webhook_gets_a_secret_that_its_owner_can_replace() {
    let fixture = Fixture::new().await;
    let form = "channel=webhook&address=https%3A%2F%2Fhooks.example.com%2Fstatus";
    let sent = fixture.ask(SubscriptionTarget::Subscribe, Some(form)).await;
    assert_eq!(sent, SubscriptionAnswer::SeeOther("subscribe/test-sent".to_owned()));
    let secret = |fixture: &Fixture| {
        let secret = fixture.subscriber().and_then(|one| one.secret).expect("it has one");
        secret.current.reveal().to_owned()
    };
    let first = secret(&fixture);
    let confirm = SubscriptionTarget::Confirm(fixture.token(LinkPurpose::Confirm));
    assert!(!fixture.shown(confirm.clone(), None).await.1.contains("whsec_"), "on its own page only");
    fixture.shown(confirm, Some("")).await;
    let manage = SubscriptionTarget::Manage(fixture.token(LinkPurpose::Manage));
    assert!(fixture.shown(manage, None).await.1.contains(&first));
    let html = fixture.changed(&fixture.token(LinkPurpose::Manage), "action=rotate").await;
    let second = secret(&fixture);
    assert!(
        first != second
            && html.contains(&second)
            && html.contains("The previous secret still signs requests"),
        "{html}"
    );
    let data = SubscriptionTarget::Data(fixture.token(LinkPurpose::Manage));
    assert!(!format!("{:?}", fixture.ask(data, None).await).contains("whsec_"));
}

#[tokio::test]
async fn one_incident_can_be_followed_alone() {
    let fixture = Fixture::new().await;
    let none = SubscriptionTarget::SubscribeToIncident("a".repeat(12));
    assert_eq!(fixture.on("main", none, Some(ANN)).await, None, "the uniform 404");
    let snapshot = fixture.engine.snapshot();
    let component = *state_of(&snapshot).components.iter().next().expect("declared").0;
    let page = state_of(&snapshot).components[&component].page;
    let opened = NewIncident {
        page,
        title: plain("Cards declined"),
        status: IncidentStatus::Investigating,
        body: None,
        components: vec![(component, None)],
        impact_override: None,
        draft: false,
        backfilled: None,
        problems: Vec::new(),
    };
    let command = (Target::Name("default".to_owned()), Command::OpenIncident(Box::new(opened)));
    fixture.engine.command(command).await.expect("opened");
    let snapshot = fixture.engine.snapshot();
    let id = state_of(&snapshot).incidents.values().next().expect("opened").id.clone();
    let target = SubscriptionTarget::SubscribeToIncident(id.clone());
    let sent = fixture.ask(target.clone(), Some(ANN)).await;
    assert_eq!(sent, SubscriptionAnswer::SeeOther("../../subscribe/sent".to_owned()));
    assert_eq!(fixture.on("other", target, Some(ANN)).await, None, "it is of another page");
    let ann = fixture.subscriber().expect("it waits");
    assert_eq!((ann.scope.page, ann.scope.incidents.len()), (None::<Choices>, 1));
    let confirm = SubscriptionTarget::Confirm(fixture.token(LinkPurpose::Confirm));
    fixture.shown(confirm, Some("")).await;
    let manage = SubscriptionTarget::Manage(fixture.token(LinkPurpose::Manage));
    let (_, html) = fixture.shown(manage.clone(), None).await;
    assert!(
        html.contains(&format!("value=\"incidents/{id}\" checked")) && !html.contains("name=which"),
        "{html}"
    );
    let (status, html) = fixture.shown(manage, Some("action=save")).await;
    assert!(status == 422 && html.contains("Choose at least one, or stop all updates."), "{html}");
    assert!(html.contains(&format!("value=\"incidents/{id}\">")), "it stays as it was sent: {html}");
}
