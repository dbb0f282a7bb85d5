//! Names and texts that try to break out of the markup.

use crate::{pages, sample};
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;
use skerry_publish::view::{
    AffectedView, IncidentText, IncidentUpdateView, IncidentView, Item, PageView, StatusChangeView,
};

/// An open incident with this text wherever one stands, about the first component.
fn incident(text: &str, view: &PageView) -> IncidentView {
    let component = view.items.iter().find_map(|item| match item {
        Item::Component(component) => Some((component.id.clone(), component.name.clone())),
        Item::Group(_) => None,
    });
    let (id, name) = component.expect("it has one");
    let (from, to, worst) = (Status::Operational, Status::MajorOutage, Status::MajorOutage);
    let update = IncidentUpdateView {
        id: "update000001".to_owned(),
        status: IncidentStatus::Identified,
        body: Some(IncidentText::Automatic(text.to_owned())),
        created_at: view.now,
        display_at: view.now,
        edited_at: Some(view.now),
        components: vec![StatusChangeView { id: id.clone(), name: name.clone(), group: None, from, to }],
    };
    IncidentView {
        id: "incident0001".to_owned(),
        title: IncidentText::Automatic(text.to_owned()),
        status: IncidentStatus::Identified,
        impact: Impact::Critical,
        impact_override: None,
        created_at: view.now,
        updated_at: view.now,
        started_at: view.now,
        monitoring_at: None,
        resolved_at: None,
        components: vec![AffectedView { id, name, worst }],
        updates: vec![update],
        postmortem: None,
    }
}

#[test]
fn hostile_names_are_only_text() {
    let evil = "\"'><script>alert(1)</script></title></style><img src=x onerror=alert(1)>";
    let mut bad = sample::impaired(evil, Status::MajorOutage, 30);
    bad.description = Some(evil.to_owned());
    bad.response = Some(sample::response(2));
    let mut view = sample::page(
        evil,
        vec![Item::Component(bad), sample::group(evil, vec![sample::unseen(&format!("{evil}2"), 5)])],
    );
    view.support_url = Some("javascript:alert(1)".to_owned());
    view.time_zone_name = evil.to_owned();
    view.url = format!("https://x/{evil}");
    view.incidents = vec![incident(evil, &view)];
    for page in pages(&view) {
        assert!(
            !page.contains("<script>") && !page.contains("<img") && !page.contains("javascript:"),
            "{page}"
        );
        assert!(page.contains("&lt;script&gt;"), "the name is still shown");
        assert_eq!(page.matches("</style>").count(), 1);
        assert_eq!(page.matches("</title>").count(), 1);
        assert_eq!(page.matches("<script ").count(), 1);
        assert!(!page.contains(" style="), "the policy forbids style attributes");
    }
}
