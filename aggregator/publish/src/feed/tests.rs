//! Feeds as a reader of feeds gets them: parsed by a parser of others.

use super::*;
use crate::sample::{NOW, component, incident, maintenance, page, public_text, resolved, update};
use crate::view::{AnnouncementView, FeedToken, IncidentText, Item, PostmortemView};
use crate::xml::legal;
use feed_rs::model::{Entry as Read, Feed as ReadFeed};
use proptest::prelude::*;
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use skerry_sanitiser::Form;

fn announcement(level: AnnouncementLevel) -> AnnouncementView {
    AnnouncementView {
        id: "notice000001".to_owned(),
        title: public_text("New addresses", Form::Plain),
        body: public_text("Both *answer*.", Form::Markdown),
        level,
        from: NOW - HOUR,
        to: None,
        ended_at: None,
        edited_at: None,
    }
}

/// A page with an incident of three updates, maintenance of one and an announcement.
fn sample() -> PageView {
    let one = |id| Item::Component(component(id, Status::Operational));
    let mut view = page(vec![one("aaa"), one("bbb")]);
    view.incidents = vec![incident()];
    view.maintenance = vec![maintenance(MaintenanceStatus::Scheduled, 60)];
    view.maintenance[0].updates[0].display_at = NOW - 50 * MINUTE;
    view.announcements = vec![announcement(AnnouncementLevel::Warning)];
    view
}

fn bytes(view: &PageView, path: &str) -> Vec<u8> {
    let all = render(view).expect("feeds render");
    all.into_iter().find(|one| one.path == path).expect("it has this feed").bytes
}

fn read(view: &PageView, path: &str) -> ReadFeed {
    let bytes = bytes(view, path);
    feed_rs::parser::parse(bytes.as_slice())
        .unwrap_or_else(|error| panic!("{path}: {error}\n{}", String::from_utf8_lossy(&bytes)))
}

fn titles(feed: &ReadFeed) -> Vec<&str> {
    feed.entries.iter().map(|one| one.title.as_ref().expect("a title").content.as_str()).collect()
}

/// The HTML of an entry. RSS has it in the description.
fn content(entry: &Read) -> &str {
    let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
    content.or(entry.summary.as_ref().map(|summary| summary.content.as_str())).expect("a content")
}

const FORMATS: [&str; 4] = ["feed.rss", "feed.xml", "feed.atom", "feed.json"];

#[test]
fn every_update_is_an_entry_newest_first_in_every_format() {
    let view = sample();
    for path in FORMATS {
        let feed = read(&view, path);
        assert_eq!(feed.title.as_ref().expect("a title").content, "Example", "{path}");
        assert_eq!(
            titles(&feed),
            [
                "Identified: Card payments declined",
                "Planned: Database upgrade",
                "Important: New addresses",
                "Investigating: Card payments declined",
                "Investigating: Card payments declined",
            ],
            "{path}"
        );
        let newest = &feed.entries[0];
        assert_eq!(
            content(newest).trim(),
            "<p><b>Identified.</b> One of <em>two</em> sites refuses them.</p>"
        );
        let link = "https://status.example.com/incidents/incident0001";
        assert!(newest.links.iter().any(|one| one.href == link), "{path}: {:?}", newest.links);
        let published = newest.published.expect("a date").timestamp();
        assert_eq!(published, (NOW - 34 * MINUTE).0.div_euclid(SECOND), "{path}");
        let planned = content(&feed.entries[1]);
        assert!(
            planned.contains("<b>Planned maintenance</b> on Fri 20 Nov 2026, 17:15 to 19:15 UTC. Affects <bdi>Component aaa</bdi>."),
            "{path}: {planned}"
        );
        let first = content(&feed.entries[4]);
        assert!(
            first.ends_with("<p><bdi>Component aaa</bdi>: from operational to major outage</p>"),
            "{first}"
        );
    }
}

#[test]
fn ids_depend_on_neither_host_nor_order_and_are_unique() {
    let mut view = sample();
    let ids = |view: &PageView, path: &str| {
        let mut ids: Vec<_> = read(view, path).entries.into_iter().map(|one| one.id).collect();
        ids.sort();
        ids
    };
    let before: Vec<_> = FORMATS.iter().map(|path| ids(&view, path)).collect();
    assert!(before.iter().all(|one| *one == before[0]), "the same in every format: {before:?}");
    let mut unique = before[0].clone();
    unique.dedup();
    assert_eq!(unique.len(), 5, "{unique:?}");
    assert!(unique.iter().all(|id| id.starts_with("urn:uuid:")), "{unique:?}");
    view.url = "https://other.example/status/moved".to_owned();
    view.incidents[0].title = IncidentText::Automatic("Another title".to_owned());
    view.incidents[0].updates.reverse();
    for (path, known) in FORMATS.iter().zip(before) {
        assert_eq!(ids(&view, path), known, "{path}");
    }
}

#[test]
fn the_address_of_its_own_that_a_feed_names_holds_the_token_and_no_other_link_does() {
    let view = PageView { feed_token: Some(FeedToken::new("5ecret".to_owned())), ..sample() };
    for feed in render(&view).expect("rendered") {
        let text = String::from_utf8(feed.bytes).expect("text");
        let path = feed.path.replace("feed.xml", "feed.rss");
        assert_eq!(text.matches(&format!("{path}?token=5ecret")).count(), 1, "{path}: {text}");
        assert_eq!(text.matches("5ecret").count(), 1, "{path}");
    }
}

#[test]
fn an_edit_is_an_update_of_its_entry_and_time_alone_changes_no_byte() {
    let mut view = sample();
    let feed = read(&view, "feed.atom");
    let seconds = |minutes: i64| Some((NOW - minutes * MINUTE).0.div_euclid(SECOND));
    let times = |feed: &ReadFeed, at: usize| {
        let entry = &feed.entries[at];
        (entry.published.map(|at| at.timestamp()), entry.updated.map(|at| at.timestamp()))
    };
    assert_eq!(times(&feed, 3), (seconds(115), seconds(100)), "it was edited 100 minutes ago");
    assert_eq!(feed.updated.map(|at| at.timestamp()), seconds(34), "the newest of its entries");
    view.announcements[0].edited_at = Some(NOW - MINUTE);
    let feed = read(&view, "feed.atom");
    assert_eq!((times(&feed, 2).1, feed.updated.map(|at| at.timestamp())), (seconds(1), seconds(1)));
    let rss = read(&view, "feed.rss");
    assert_eq!(times(&rss, 2), (seconds(60), seconds(1)));
    let before: Vec<_> = render(&view).expect("feeds render").into_iter().map(|one| one.bytes).collect();
    view.now = NOW + 3 * DAY;
    (view.verified_at, view.believe_until) = (Some(view.now), view.now + MINUTE);
    let after: Vec<_> = render(&view).expect("feeds render").into_iter().map(|one| one.bytes).collect();
    assert!(before == after, "a reader gets 304");
}

#[test]
fn what_is_deleted_or_was_called_off_vanishes_and_a_postmortem_is_an_entry() {
    let mut view = sample();
    view.maintenance = vec![maintenance(MaintenanceStatus::Cancelled, 60)];
    view.announcements.clear();
    view.incidents = vec![resolved(5)];
    view.incidents[0].postmortem = Some(PostmortemView {
        text: public_text("### What happened\n\nA disk was full.", Form::Markdown),
        created_at: NOW - 4 * MINUTE,
        updated_at: NOW - 3 * MINUTE,
        published_at: NOW - 2 * MINUTE,
    });
    let feed = read(&view, "feed.rss");
    assert_eq!(
        titles(&feed)[..2],
        ["Postmortem: Card payments declined", "Resolved: Card payments declined"]
    );
    assert!(content(&feed.entries[0]).contains("A disk was full."));
    assert_eq!(feed.entries.len(), 5, "nothing of what was called off: {:?}", titles(&feed));
    assert_eq!(titles(&read(&view, "history.rss")), ["Card payments declined"]);
    view.incidents.clear();
    for path in ["feed.rss", "feed.atom", "feed.json", "history.rss", "history.atom"] {
        assert!(read(&view, path).entries.is_empty(), "{path}");
    }
}

#[test]
fn a_component_has_the_updates_that_are_about_it() {
    let mut view = sample();
    view.incidents[0].components[0].id = "bbb".to_owned();
    for extension in ["rss", "atom", "json"] {
        let of = |id: &str| read(&view, &format!("components/{id}/feed.{extension}"));
        assert_eq!(titles(&of("aaa")), ["Planned: Database upgrade"]);
        assert_eq!(of("bbb").entries.len(), 3);
        assert_eq!(of("bbb").title.expect("a title").content, "Example: Component bbb");
    }
}

#[test]
fn a_feed_is_bounded() {
    let mut view = sample();
    let many =
        (0..300).map(|number| update(&format!("{number:012}"), IncidentStatus::Monitoring, number, "On."));
    view.incidents[0].updates = many.collect();
    assert_eq!(read(&view, "feed.atom").entries.len(), LONGEST);
    assert_eq!(read(&view, "components/aaa/feed.atom").entries.len(), LONGEST_OF_COMPONENT);
}

#[test]
fn history_is_as_programs_know_it_from_statuspage() {
    let mut view = sample();
    view.incidents[0].updates.truncate(3);
    view.time_zone = TimeZone::get("Europe/Berlin").expect("a bundled zone");
    let atom = String::from_utf8(bytes(&view, "history.atom")).expect("UTF-8");
    assert!(atom.contains("<title>Example - Incident History</title>"), "{atom}");
    assert!(
        atom.contains(
            "&lt;p&gt;&lt;small&gt;Nov &lt;var data-var=&apos;date&apos;&gt;20&lt;/var&gt;, \
             &lt;var data-var=&apos;time&apos;&gt;16:41&lt;/var&gt; CET&lt;/small&gt;&lt;br&gt;\
             &lt;strong&gt;Identified&lt;/strong&gt; - One of"
        ),
        "{atom}"
    );
    let feed = read(&view, "history.atom");
    assert_eq!(titles(&feed), ["Database upgrade", "Card payments declined"], "the latest beginning first");
    let text = content(&feed.entries[1]);
    let states: Vec<_> =
        text.split("<strong>").skip(1).filter_map(|rest| rest.split("</strong>").next()).collect();
    assert_eq!(states, ["Identified", "Update", "Investigating"], "{text}");
    let rss = String::from_utf8(bytes(&view, "history.rss")).expect("UTF-8");
    assert!(rss.contains("<pubDate>Fri, 20 Nov 2026 18:15:00 +0100</pubDate>"), "when it begins: {rss}");
    assert!(
        rss.contains("<maintenanceEndDate>Fri, 20 Nov 2026 20:15:00 +0100</maintenanceEndDate>"),
        "{rss}"
    );
    assert_eq!(rss.matches("maintenanceEndDate>").count(), 2, "of maintenance only");
    let scheduled = "<p><strong>THIS IS A SCHEDULED EVENT Nov <var data-var='date'>20</var>, \
                     <var data-var='time'>18:15</var> - <var data-var='time'>20:15</var> CET</strong></p>";
    assert!(content(&read(&view, "history.rss").entries[0]).starts_with(scheduled));
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<String>(),
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "<script>alert(1)</script>",
            "]]>",
            "<![CDATA[",
            "&#0;",
            "&amp;",
            "&#x1F600;",
            "\u{0}",
            "\u{b}",
            "\u{1b}[31m",
            "\u{fffe}",
            "\u{ffff}",
            "\r\n",
            "\r",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "\u{d7ff}\u{e000}",
            "<?xml?>",
            "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
            "\"'",
            "-->",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The letter at either end keeps a parser from trimming the text.
    #[test]
    fn any_text_is_valid_and_comes_back(name in hostile(), title in hostile(), body in hostile()) {
        let (name, title) = (format!("a{name}z"), format!("a{title}z"));
        let mut view = sample();
        view.name = name.clone();
        view.incidents[0].title = IncidentText::Automatic(title.clone());
        view.incidents[0].updates[0].body = Some(IncidentText::Automatic(body.clone()));
        for path in ["feed.rss", "feed.atom", "history.rss", "history.atom", "components/aaa/feed.rss"] {
            let feed = read(&view, path);
            let read = &feed.title.as_ref().expect("a title").content;
            prop_assert!(read.starts_with(&*legal(&html::balanced(&name))), "{path}: {read:?}");
            let declined = feed.entries.iter().find(|one| one.links.iter().any(|link| link.href.contains("/incidents/")));
            let declined = declined.expect("the incident is in it");
            let read = &declined.title.as_ref().expect("a title").content;
            prop_assert!(read.ends_with(&*legal(&html::balanced(&title))), "{path}: {read:?}");
            let text = html::escaped(&body);
            prop_assert!(content(declined).contains(&*legal(&text)), "{path}: {:?}", content(declined));
            prop_assert!(!content(declined).contains("<script"), "{path}");
        }
        let feed: serde_json::Value = serde_json::from_slice(&bytes(&view, "feed.json")).expect("JSON");
        prop_assert_eq!(feed["title"].as_str(), Some(&*html::balanced(&name)));
    }
}
