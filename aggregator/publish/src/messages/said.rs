//! What a message says, before it is laid out for a channel, and the page that it is about.

use super::plain::{cut, tidy_line};
use super::{Attachment, MessagePage};
use crate::html::{Clock, Tone};
use crate::incidents::IncidentViews;
use crate::texts::Texts;
use crate::view::{IncidentText, PageView};
use crate::{build, times};
use skerry_domain::state::Page;
use skerry_domain::time::Timestamp;

/// The longest title in a subject, characters: longer headers are refused by some servers.
const TITLE_IN_SUBJECT: usize = 150;

/// A fact in a sentence, and as a name with a value.
pub(super) struct Fact {
    /// "Affects Reports, Dashboards."
    pub(super) sentence: String,
    /// "Affects"
    pub(super) name: &'static str,
    /// "Reports, Dashboards"
    pub(super) value: String,
}

/// Where the button of a message leads.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// An address on the page.
    Page(String),
    /// Where the recipient confirms.
    Confirm,
    /// Where the recipient changes what it chose.
    Manage,
}

/// What stands at the end of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foot {
    /// Why it comes, and how to change that.
    Updates,
    /// The same for the monthly report.
    Monthly,
    /// What to do if nobody asked for it.
    Unasked(&'static str),
}

/// What a message says.
pub(super) struct Said {
    pub(super) subject: String,
    /// "Major outage", "Identified"
    pub(super) state: Vec<String>,
    /// What lists of mails show before the text.
    pub(super) preview: String,
    pub(super) tone: Tone,
    pub(super) title: String,
    pub(super) facts: Vec<Fact>,
    /// Replaces title and facts in plain text.
    pub(super) head: Option<String>,
    pub(super) body: Option<IncidentText>,
    /// The body in a chat and in the text part, where that is another one; the text part puts the link of the button behind it.
    pub(super) invitation: Option<[String; 2]>,
    /// Times and texts, newest first.
    pub(super) earlier: Vec<(String, String)>,
    pub(super) report: Option<super::monthly::Report>,
    pub(super) notes: Vec<String>,
    pub(super) button: String,
    pub(super) target: Target,
    pub(super) thread: Option<String>,
    pub(super) at: Timestamp,
    pub(super) attachments: Vec<Attachment>,
    pub(super) foot: Foot,
}

impl Said {
    /// A message with a title and nothing else.
    pub(super) fn new(title: String, at: Timestamp) -> Self {
        Self {
            subject: title.clone(),
            state: Vec::new(),
            preview: String::new(),
            tone: Tone::NoData,
            title,
            facts: Vec::new(),
            head: None,
            body: None,
            invitation: None,
            earlier: Vec::new(),
            report: None,
            notes: Vec::new(),
            button: String::new(),
            target: Target::Manage,
            thread: None,
            at,
            attachments: Vec::new(),
            foot: Foot::Updates,
        }
    }
}

/// A living page with what every message needs of it.
pub(super) struct OnPage<'a> {
    pub(super) of: MessagePage<'a>,
    pub(super) page: &'a Page,
    pub(super) views: IncidentViews<'a>,
    pub(super) texts: &'static Texts,
    /// With nothing on it.
    pub(super) view: PageView,
}

impl<'a> OnPage<'a> {
    /// `None`: there is no such page any more.
    pub(super) fn of(of: MessagePage<'a>) -> Option<Self> {
        let page = of.state.pages.get(&of.page).filter(|page| !page.archived)?;
        let views = IncidentViews::on(of.state, page);
        let view = build::frame(page, times::zone_of(page), of.place, of.now);
        Some(Self { of, page, texts: views.texts, views, view })
    }

    pub(super) fn clock(&self) -> Clock<'_> {
        Clock::of(&self.view)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.view.url)
    }

    /// A title as a subject has it.
    pub(super) fn in_subject(&self, title: &str) -> String {
        cut(&tidy_line(title, self.texts), TITLE_IN_SUBJECT)
    }
}

/// "14:02 UTC, Fri 20 Nov"
pub(super) fn moment(at: Timestamp, clock: &Clock<'_>) -> String {
    clock.texts.dates.time_of_date(&clock.time_in_zone(at), &clock.day(clock.date(at)))
}

/// "14:02 to 17:07 UTC, Fri 20 Nov", or with both days.
pub(super) fn span(from: Timestamp, to: Timestamp, clock: &Clock<'_>) -> String {
    let (first, last, dates) = (clock.date(from), clock.date(to), clock.texts.dates);
    if first == last {
        let times = dates.span(&clock.time(from), &clock.time_in_zone(to));
        return dates.time_of_date(&times, &clock.day(first));
    }
    let begun = dates.day_and_time(&clock.day(first), &clock.time(from));
    dates.span(&begun, &dates.day_and_time(&clock.day(last), &clock.time_in_zone(to)))
}

/// A sentence with a full stop.
pub(super) fn sentence(text: &str) -> String {
    format!("{text}{}", crate::texts::stop(text))
}
