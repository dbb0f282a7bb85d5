//! What is said of an announcement.

use super::said::{Fact, OnPage, Said, Target, sentence};
use crate::html::{Clock, Tone, balanced};
use crate::stable_id;
use crate::view::IncidentText;
use skerry_domain::announcement::{Announcement, AnnouncementLevel};
use skerry_domain::state::AnnouncementKey;

/// An announcement. `None`: the page does not show it, or no longer.
pub(super) fn announcement(on: &OnPage<'_>, key: AnnouncementKey) -> Option<Said> {
    let one = on.of.state.announcements.get(&key)?;
    let at = one.began_at.filter(|_| one.is_shown() && one.pages.contains(&on.of.page))?;
    let texts = on.texts;
    let warns = one.level == AnnouncementLevel::Warning;
    let title = balanced(&one.title.public.one_line());
    let important = if warns { texts.announcement.important() } else { "" };
    let state = texts.message.announcement(warns).to_owned();
    Some(Said {
        subject: format!("{important}{}", on.in_subject(&title)),
        preview: sentence(&state),
        state: vec![state],
        tone: Tone::NoData,
        facts: during(one, &on.clock()).into_iter().collect(),
        body: Some(IncidentText::Written(one.body.public.clone())),
        button: texts.message.see_announcement().to_owned(),
        target: Target::Page(on.url(&format!("announcements/{}", one.id))),
        thread: Some(stable_id::uuid(&on.view, "announcement", &one.id).to_string()),
        ..Said::new(title, at)
    })
}

/// "20 to 25 Nov.", if its end is known.
fn during(one: &Announcement, clock: &Clock<'_>) -> Option<Fact> {
    let (from, to) = (one.from, one.to?);
    let last = clock.date(to - 1).max(clock.date(from));
    let value = clock.isolated(clock.days(clock.date(from), last));
    let name = clock.texts.message.time();
    Some(Fact { sentence: clock.texts.announcement.during(&value), name, value })
}
