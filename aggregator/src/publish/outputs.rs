//! Which outputs a page has, what each is called and which of them a change touches.

use super::html;
use super::output::{CacheClass, Compression, Kind, Output, Publication};
use super::view::PageView;
use super::{api_v2, badge, csv, robots};
use crate::domain::time::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The `Content-Type` of pages for people.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// What is rendered again.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// Everything.
    All,
    /// What shows the status of these components, by their public ids.
    Components(BTreeSet<String>),
    /// What says when the page was verified.
    Heartbeat,
}

/// What was rendered.
pub(super) struct Rendered {
    /// By path below the page's root.
    pub(super) outputs: Vec<(String, Arc<Output>)>,
    /// Every path rendered: with [`Scope::All`], every path the page has.
    pub(super) paths: HashSet<String>,
}

/// Renders what `scope` asks for; an output whose bytes did not change is the former one.
pub(super) fn render(
    view: &PageView,
    scope: &Scope,
    former: &Publication,
    level: Compression,
) -> anyhow::Result<Rendered> {
    let mut press = Press { view, former, level, outputs: Vec::new() };
    press.heartbeat()?;
    match scope {
        Scope::Heartbeat => {}
        Scope::Components(ids) => press.status(&|id| ids.contains(id))?,
        Scope::All => {
            press.status(&|_| true)?;
            press.calendar()?;
            press.fixed();
        }
    }
    let paths = press.outputs.iter().map(|(path, _)| path.clone()).collect();
    Ok(Rendered { outputs: press.outputs, paths })
}

struct Press<'a> {
    view: &'a PageView,
    former: &'a Publication,
    level: Compression,
    outputs: Vec<(String, Arc<Output>)>,
}

impl Press<'_> {
    fn put(&mut self, path: &str, content_type: &'static str, cache: CacheClass, bytes: Vec<u8>) {
        let name = match path {
            "" => "index".to_owned(),
            path => path.replace('/', "-"),
        };
        let page = format!("page-{}", self.view.id);
        let output = format!("{page}-{name}");
        let keys = [page.as_str(), output.as_str()];
        let kind = Kind { content_type, cache, keys: &keys };
        let former = self.former.outputs.get(path);
        let output = Output::render(kind, bytes, self.view.now, former, self.level);
        self.outputs.push((path.to_owned(), output));
    }

    fn live(&mut self, path: &str, content_type: &'static str, bytes: impl Into<Vec<u8>>) {
        self.put(path, content_type, CacheClass::Live, bytes.into());
    }

    /// What carries `verified_at`.
    fn heartbeat(&mut self) -> anyhow::Result<()> {
        self.live("", HTML, html::index(self.view)?);
        for (path, bytes) in api_v2::render_heartbeat(self.view)? {
            self.live(path, api_v2::CONTENT_TYPE, bytes);
        }
        Ok(())
    }

    /// What shows a status or a figure; of the components' own outputs those that are `wanted`.
    fn status(&mut self, wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<()> {
        for (path, bytes) in api_v2::render(self.view)? {
            if !self.outputs.iter().any(|(done, _)| done == path) {
                self.live(path, api_v2::CONTENT_TYPE, bytes);
            }
        }
        let badges = badge::render(self.view)?;
        for badge in badges.into_iter().filter(|badge| badge.component.as_deref().is_none_or(wanted)) {
            self.live(&badge.path, badge.content_type, badge.bytes);
        }
        self.live("uptime", HTML, html::uptime(self.view)?);
        self.live("uptime.csv", csv::CONTENT_TYPE, csv::render(self.view)?);
        for id in super::build::component_ids(self.view).into_iter().filter(|id| wanted(id)) {
            if let Some(page) = html::component(self.view, &id) {
                self.live(&format!("components/{id}"), HTML, page);
            }
        }
        Ok(())
    }

    /// What depends on the calendar.
    fn calendar(&mut self) -> anyhow::Result<()> {
        self.live("history", HTML, html::history(self.view, None)?);
        let months = html::months(self.view);
        let present = months.last().copied();
        for (year, month) in months {
            let cache = if Some((year, month)) == present { CacheClass::Live } else { CacheClass::Closed };
            let page = html::history(self.view, Some((year, month)))?;
            self.put(&format!("history/{year:04}-{month:02}"), HTML, cache, page.into_bytes());
        }
        Ok(())
    }

    /// What only a new version of the program changes.
    fn fixed(&mut self) {
        for (path, output) in shared(self.view.now) {
            let output = self.former.outputs.get(&path).map_or(output, Arc::clone);
            self.outputs.push((path, output));
        }
    }
}

/// Outputs that are the same for every page, and answer at a root that no page owns.
#[must_use]
pub fn shared(now: Timestamp) -> HashMap<String, Arc<Output>> {
    let one = |content_type, cache, bytes: &[u8]| {
        let kind = Kind { content_type, cache, keys: &["assets"] };
        Output::render(kind, bytes.to_vec(), now, None, Compression::Best)
    };
    let mut outputs: HashMap<_, _> = html::assets()
        .iter()
        .map(|asset| (asset.path.clone(), one(asset.content_type, CacheClass::Immutable, asset.bytes)))
        .collect();
    let icon = one(html::FAVICON_ICO_TYPE, CacheClass::Live, html::FAVICON_ICO);
    outputs.insert("favicon.ico".to_owned(), icon);
    let robots = one(robots::CONTENT_TYPE, CacheClass::Live, robots::BODY.as_bytes());
    outputs.insert("robots.txt".to_owned(), robots);
    outputs
}
