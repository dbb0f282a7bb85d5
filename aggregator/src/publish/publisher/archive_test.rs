//! What is over, rendered on request from what the publisher published.

use super::super::super::output::CacheClass;
use super::*;
use skerry_domain::time::DAY;
use skerry_publish::archive::Archived;

/// What the archive of the page `one` has at a path.
async fn archived(site: &ArcSwap<Site>, path: &str) -> Option<Arc<Output>> {
    let archive = site.load().by_slug["one"].archive.clone().expect("a published page has one");
    match archive.find(path) {
        Archived::Nothing => None,
        Archived::Ready(output) => Some(output),
        Archived::Soon(rendering) => rendering.await,
        Archived::Busy => panic!("nobody else asks"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_has_long_been_over_is_rendered_on_request_and_changes_at_once() {
    let mut fixture = Fixture::new().await;
    fixture.start(|_| {});
    let (page, component, now) = {
        let snapshot = fixture.engine.snapshot();
        let state = state_of(&snapshot);
        let page = state.pages.iter().find(|(_, page)| page.settings.slug == "one");
        let page = *page.expect("it is configured").0;
        let own = state.components.iter().find(|(_, one)| one.page == page);
        (page, *own.expect("it has one").0, state.clock)
    };
    let mut paths = Vec::new();
    for (title, draft) in [("Cards declined", false), ("Only a draft", true)] {
        let new = NewIncident {
            page,
            title: written(title, Form::Plain),
            status: IncidentStatus::Resolved,
            body: Some(written("The password is hunter2.", Form::Markdown)),
            components: vec![(component, None)],
            impact_override: None,
            draft,
            backfilled: Some((now - 200 * DAY, now - 199 * DAY)),
            problems: Vec::new(),
        };
        let opened = fixture.engine.command(named(Command::OpenIncident(Box::new(new)))).await;
        let Ok(Answer::Incident(incident)) = opened else { panic!("{opened:?}") };
        let snapshot = fixture.engine.snapshot();
        let made = &state_of(&snapshot).incidents[&incident];
        paths.push((incident, format!("incidents/{}", made.id), made.updates[0].id.clone()));
    }
    let [(incident, path, update), (_, draft, _)] = paths.try_into().expect("two were made");
    let archive = |path: &str| {
        let archive = fixture.site.load().by_slug["one"].archive.clone();
        archive.is_some_and(|archive| archive.has(path))
    };
    fixture.until("it is published", || archive(&path)).await;
    assert!(archived(&fixture.site, &draft).await.is_none(), "a draft is nowhere");
    assert!(output(&fixture.site, &path).is_empty(), "it is not rendered ahead");
    let first = archived(&fixture.site, &path).await.expect("it is found");
    let shown = |output: &Output| String::from_utf8_lossy(&output.identity.bytes).into_owned();
    assert!(shown(&first).contains("hunter2"));
    assert_eq!((first.cache, first.surrogate_key.is_empty()), (CacheClass::Closed, false));
    assert!(Arc::ptr_eq(&first, &archived(&fixture.site, &path).await.expect("it is found")), "it is kept");

    let body = Some(Box::new(written("We look into it.", Form::Markdown)));
    let edit = Command::EditUpdate { incident, update, body, display_at: None };
    let before = fixture.site.load().by_slug["one"].versions.clone();
    assert_eq!(fixture.engine.command(named(edit)).await, Ok(Answer::Done));
    fixture.until("it is edited", || fixture.site.load().by_slug["one"].versions != before).await;
    let edited = archived(&fixture.site, &path).await.expect("it is found");
    assert!(!shown(&edited).contains("hunter2") && shown(&edited).contains("We look into it."));
    assert!(edited.last_modified > first.last_modified);
    let site = fixture.site.load_full();
    for (at, output) in &site.by_slug["one"].outputs {
        assert!(!shown(output).contains("hunter2"), "{at}");
    }

    // It is served while the engine cannot write.
    let stall = Stall::begin(&fixture.engine);
    assert!(archived(&fixture.site, &path).await.is_some());
    stall.end();

    let delete = Command::DeleteIncident { incident };
    assert_eq!(fixture.engine.command(named(delete)).await, Ok(Answer::Done));
    fixture.until("it vanishes", || !archive(&path)).await;
    assert!(archived(&fixture.site, &path).await.is_none());
    fixture.end().await;
}
