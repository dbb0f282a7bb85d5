//! The page of one component: its state and since when, its response times, days and figures.

use super::document::{Document, Sheet};
use super::figures::Legend;
use super::frame::Frame;
use super::headline::Piece;
use super::rows::{self, ComponentRow, DayListing, Summary};
use super::uptime::{self, Window};
use super::words::{Clock, Tone, balanced};
use super::{Live, chart, markup};
use crate::texts;
use crate::view::{ComponentView, Item, PageView};
use sailfish::TemplateSimple;

#[derive(TemplateSimple)]
#[template(path = "component.stpl")]
struct Component {
    /// The page's name.
    name: String,
    group: Option<String>,
    head: Summary,
    /// "Major outage".
    state: &'static str,
    /// The text after the state, as markup.
    facts: String,
    description: Option<String>,
    live: Live,
    listing: DayListing,
    windows: Vec<Window>,
    legend: Legend,
    response: Option<Option<chart::Chart>>,
    today: String,
}

/// Renders the page of one component, or returns `None` if the page has no such component.
pub fn component(view: &PageView, component_id: &str) -> Option<Document> {
    let (found, group) = find(view, component_id)?;
    let clock = Clock::of(view);
    let ComponentRow { head, days, .. } = rows::component_row(found, view, &clock);
    let state = state(found);
    let title = format!("{state}: {} · {}", balanced(&found.name), balanced(&view.name));
    let windows = if found.showcase { uptime::windows(found, view, &clock) } else { Vec::new() };
    let body = Component {
        name: balanced(&view.name),
        group: group.map(balanced),
        state,
        facts: facts(found, &clock),
        head,
        description: found.description.as_deref().map(balanced),
        live: Live::of_component(found, view, &clock),
        listing: days,
        legend: Legend::of(&windows.iter().map(|window| window.figure.as_str())),
        windows,
        response: found.response.as_ref().map(|response| chart::chart(response, &clock)),
        today: clock.today().to_string(),
    };
    let body = body.render_once().ok()?;
    Frame::new(view, Sheet::Component, "../", &format!("components/{}", found.id), title).render(body).ok()
}

/// Finds the component and the name of its group.
fn find<'a>(view: &'a PageView, id: &str) -> Option<(&'a ComponentView, Option<&'a str>)> {
    view.items.iter().find_map(|item| match item {
        Item::Component(component) => (component.id == id).then_some((component, None)),
        Item::Group(group) => {
            let child = group.children.iter().find(|child| child.id == id)?;
            Some((child, Some(group.name.as_str())))
        }
    })
}

/// The state in a word or two, which begins the panel and the title.
fn state(component: &ComponentView) -> &'static str {
    if component.waiting {
        texts::WAITING
    } else if component.stale_since.is_some() {
        Tone::NoData.label()
    } else {
        Tone::Of(component.status).label()
    }
}

/// The text after the state, as markup: since when, its last status if there is no data now, how many checks have no
/// data, and whether people set the status.
fn facts(component: &ComponentView, clock: &Clock<'_>) -> String {
    if component.waiting {
        return ".".to_owned();
    }
    let since = [
        Piece::Text(texts::component::SINCE.to_owned()),
        Piece::Since(component.since),
        Piece::Text(".".to_owned()),
    ];
    let mut facts = markup::sentence(&since, clock);
    if component.stale_since.is_some() {
        facts.push_str(&texts::component::was(component.status));
    }
    if let Some(unseen) = component.unseen {
        facts = format!("{facts} {}.", rows::unseen_text(unseen, component.checks, clock));
    }
    if component.manual {
        facts = format!("{facts} {}", texts::SET_BY_TEAM);
    }
    facts
}
