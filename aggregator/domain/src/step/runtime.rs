//! Pages that are made at run time, through REST or the admin side, and what is common to them and to groups and
//! components. What a file declares is changed there only.

use super::{Change, Changes, Context, Rejected, component};
use crate::state::{GroupKey, Origin, Page, PageItem, PageKey, PageSettings, State};
use crate::uptime::{Rule, Weights};
use jiff::tz::TimeZone;
use skerry_protocol::words::is_unfit_to_show;
use skerry_sanitiser::says_nothing;

/// The greatest number of pages, of groups and of components that are made at run time and not archived, themselves or
/// with their page.
pub const MAX_MADE: usize = 10_000;
/// The most characters of a name, as in the file.
pub const LONGEST_NAME: usize = 100;
/// The most characters of a description, as in the file.
pub const LONGEST_DESCRIPTION: usize = 1_000;
/// The most characters of a slug, as in the file.
const LONGEST_SLUG: usize = 63;

/// A change of a page. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageChange {
    /// Its part of addresses.
    pub slug: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Visible to everyone.
    pub public: Option<bool>,
    /// Listed in the index of pages.
    pub listed: Option<bool>,
    /// Its own host; `Some(None)`: none.
    pub domain: Option<Option<String>>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// "Get help"; `Some(None)`: none.
    pub support_url: Option<Option<String>>,
    /// The privacy policy; `Some(None)`: none.
    pub privacy_url: Option<Option<String>>,
    /// Origins that may embed it in a frame.
    pub frame_ancestors: Option<Vec<String>>,
    /// BCP 47.
    pub language: Option<String>,
    /// Uptime rule.
    pub rule: Option<Rule>,
    /// Uptime weights.
    pub weights: Option<Weights>,
}

pub(super) fn create_page(
    state: &mut State,
    settings: &PageSettings,
    Context { now, ids }: Context,
    changes: &mut Changes,
) -> Result<PageKey, Rejected> {
    let settings = checked(settings.clone())?;
    check_number("page", state.pages.values().filter(|one| one.origin == Origin::Runtime && !one.archived))?;
    let key = PageKey::next(&mut state.counters.pages);
    let id = ids.id("page", key.0);
    let page = Page {
        key: id.clone(),
        origin: Origin::Runtime,
        id,
        created_at: now,
        public_since: settings.public.then_some(now),
        archived: false,
        settings,
        items: Vec::new(),
        preview: None,
    };
    state.pages.insert(key, page);
    changes.push(Change::PageSaved(key));
    Ok(key)
}

/// Changes a page; `zone` is the one that its settings name afterwards.
pub(super) fn change_page(
    state: &mut State,
    key: PageKey,
    (change, zone): (&PageChange, &TimeZone),
    now: crate::time::Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made_page(state, key)?;
    let change = change.clone();
    let settings = former.settings.clone();
    let settings = checked(PageSettings {
        slug: change.slug.unwrap_or(settings.slug),
        name: change.name.unwrap_or(settings.name),
        public: change.public.unwrap_or(settings.public),
        listed: change.listed.unwrap_or(settings.listed),
        root: settings.root,
        domain: change.domain.unwrap_or(settings.domain),
        time_zone: change.time_zone.unwrap_or(settings.time_zone),
        support_url: change.support_url.unwrap_or(settings.support_url),
        privacy_url: change.privacy_url.unwrap_or(settings.privacy_url),
        frame_ancestors: change.frame_ancestors.unwrap_or(settings.frame_ancestors),
        language: change.language.unwrap_or(settings.language),
        branding: settings.branding,
        rule: change.rule.unwrap_or(settings.rule),
        weights: change.weights.unwrap_or(settings.weights),
    })?;
    if settings == former.settings {
        return Ok(());
    }
    let page = state.pages.get_mut(&key).expect("looked up above");
    page.public_since = page.public_since.or(settings.public.then_some(now));
    page.settings = settings;
    changes.push(Change::PageSaved(key));
    component::begin_anew(state, key, zone, now, changes);
    Ok(())
}

/// Archives a page with its history.
pub(super) fn archive_page(state: &mut State, key: PageKey, changes: &mut Changes) -> Result<(), Rejected> {
    made_page(state, key)?;
    state.pages.get_mut(&key).expect("looked up above").archived = true;
    changes.push(Change::PageSaved(key));
    Ok(())
}

/// Changes the order of a page.
pub(super) fn arrange(
    state: &mut State,
    page: PageKey,
    changes: &mut Changes,
    change: impl FnOnce(&mut Vec<PageItem>),
) {
    let Some(page_now) = state.pages.get_mut(&page) else { return };
    let former = page_now.items.clone();
    change(&mut page_now.items);
    if page_now.items != former {
        changes.push(Change::PageSaved(page));
    }
}

/// A page that is not archived.
pub(super) fn living_page(state: &State, key: PageKey) -> Result<&Page, Rejected> {
    let none = || Rejected::not_found("page", "there is no such page");
    state.pages.get(&key).filter(|page| !page.archived).ok_or_else(none)
}

fn made_page(state: &State, key: PageKey) -> Result<&Page, Rejected> {
    let page = living_page(state, key)?;
    if page.origin == Origin::File { Err(declared("page", &page.settings.name)) } else { Ok(page) }
}

/// The rejection of a change of what a file declares.
pub(super) fn declared(field: &'static str, name: &str) -> Rejected {
    Rejected::forbidden(
        field,
        format!("the configuration file declares {name:?}: change it there and reload"),
    )
}

/// How many rows of a group, or of the page itself, are declared in the file; they come first.
pub(super) fn declared_rows(state: &State, page: PageKey, group: Option<GroupKey>) -> usize {
    let page = &state.pages[&page];
    let rows = group.map_or(page.items.as_slice(), |group| page.rows_of(group));
    let is_declared = |item: &&PageItem| match item {
        PageItem::Group(key, _) => state.groups[key].origin == Origin::File,
        PageItem::Component(key) => state.components[key].origin == Origin::File,
    };
    rows.iter().take_while(is_declared).count()
}

/// Refuses a place among `declared` rows of the file.
pub(super) fn check_position(position: usize, declared: usize) -> Result<(), Rejected> {
    if position == 0 {
        return Err(Rejected::invalid("position", "places are counted from 1"));
    }
    if position <= declared {
        let reason = format!(
            "the configuration file declares what stands at the first {declared} places: choose a later one"
        );
        return Err(Rejected::forbidden("position", reason));
    }
    Ok(())
}

pub(super) fn check_number<T>(field: &'static str, made: impl Iterator<Item = T>) -> Result<(), Rejected> {
    if made.count() < MAX_MADE {
        return Ok(());
    }
    Err(Rejected::state(field, format!("at most {MAX_MADE} can be made at run time: archive some first")))
}

/// A name without blanks around it.
pub(super) fn name(written: &str) -> Result<String, Rejected> {
    line("name", written, LONGEST_NAME)
}

/// A description without blanks around it; a blank one is none.
pub(super) fn description(written: Option<&str>) -> Result<Option<String>, Rejected> {
    let written = written.map(str::trim).filter(|text| !text.is_empty());
    written.map(|text| line("description", text, LONGEST_DESCRIPTION)).transpose()
}

fn line(field: &'static str, written: &str, longest: usize) -> Result<String, Rejected> {
    let text = written.trim();
    if says_nothing(text) {
        return Err(Rejected::invalid(field, format!("the {field} is blank")));
    }
    if text.contains(is_unfit_to_show) {
        let reason = format!("the {field} holds a control character or a line break: write it on one line");
        return Err(Rejected::invalid(field, reason));
    }
    let length = text.chars().count();
    if length > longest {
        let reason = format!("the {field} is {length} characters long; at most {longest} are allowed");
        return Err(Rejected::invalid(field, reason));
    }
    Ok(text.to_owned())
}

/// Settings that a page made at run time may have. Whoever sends them has read the rest as the file is read: host,
/// zone, addresses and language.
fn checked(settings: PageSettings) -> Result<PageSettings, Rejected> {
    let name = name(&settings.name)?;
    let slug = &settings.slug;
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = slug.is_empty() || slug.starts_with('-') || slug.ends_with('-');
    if ends || slug.len() > LONGEST_SLUG || !slug.bytes().all(letters) {
        let reason = format!(
            "a slug holds lower-case letters, digits and hyphens between them, at most {LONGEST_SLUG}; it is {slug:?}"
        );
        return Err(Rejected::invalid("slug", reason));
    }
    if settings.root {
        return Err(Rejected::forbidden("root", "only the configuration file names the page at the root"));
    }
    if settings.weights.partial_percent > settings.weights.major_percent
        || settings.weights.major_percent > 100
    {
        let reason = "a partial outage cannot count more than a major one, and none more than 100 %";
        return Err(Rejected::invalid("weights", reason));
    }
    Ok(PageSettings { name, ..settings })
}
