//! What is said of changes of a component's status: one change, or several interruptions in one message.

use super::said::{Fact, OnPage, Said, Target, moment, sentence};
use crate::html::{Clock, Tone, balanced};
use skerry_domain::incident::Impact;
use skerry_domain::notice::{Notice, STEADY, StatusStep};
use skerry_domain::state::ComponentKey;
use skerry_domain::status::Status;
use skerry_domain::time::{HOUR, MINUTE, Timestamp};

/// Times in which visitors were affected.
struct Interruptions {
    number: usize,
    /// Altogether, ms.
    length: i64,
    all_short: bool,
    worst: Status,
}

impl Interruptions {
    /// Whether something was down, rather than slow.
    fn outages(&self) -> bool {
        self.worst != Status::DegradedPerformance
    }
}

/// Changes of the status of a component. `None`: visitors do not see it.
pub(super) fn changes(on: &OnPage<'_>, key: ComponentKey, notice: &Notice) -> Option<Said> {
    let (component, _) = on.views.components.get(&key)?;
    let (first, last) = (notice.steps.first()?, notice.steps.last()?);
    let name = balanced(&component.settings.name);
    let found = interruptions(&notice.steps);
    let is_over = found.number > 0 && !is_impaired(first.from) && !is_impaired(last.to);
    let said = if found.number > 1 || is_over {
        digest(on, &name, &found, (first, last))
    } else {
        change(on, &name, (first, last))
    };
    let path = format!("components/{}", component.id);
    let notes = if notice.is_digest() && !notice.has_rested() {
        vec![on.texts.message.next_when_steady(STEADY / MINUTE)]
    } else {
        Vec::new()
    };
    Some(Said {
        button: on.texts.message.see(&name),
        target: Target::Page(on.url(&path)),
        at: last.at.max(notice.at),
        notes,
        ..said
    })
}

fn change(on: &OnPage<'_>, name: &str, (first, last): (&StatusStep, &StatusStep)) -> Said {
    let (clock, texts) = (on.clock(), on.texts);
    let tone = Tone::Of(last.to);
    let since = moment(last.at, &clock);
    let began = Fact {
        sentence: sentence(&format!("{}{since}", texts.incident.since())),
        name: texts.message.since(),
        value: since,
    };
    let before = Tone::Of(first.from);
    let before = (first.from != last.to).then(|| Fact {
        sentence: sentence(&format!("{}: {}", texts.message.before(), before.within(texts))),
        name: texts.message.before(),
        value: before.label(texts).to_owned(),
    });
    let label = tone.label(texts);
    Said {
        subject: format!("{}: {}", on.in_subject(name), tone.within(texts)),
        state: vec![label.to_owned()],
        preview: sentence(label),
        tone,
        facts: std::iter::once(began).chain(before).collect(),
        ..Said::new(name.to_owned(), last.at)
    }
}

fn digest(
    on: &OnPage<'_>,
    name: &str,
    found: &Interruptions,
    (first, last): (&StatusStep, &StatusStep),
) -> Said {
    let (clock, texts) = (on.clock(), on.texts);
    let outages = found.outages();
    let state = texts.past.several(found.number, outages, found.all_short);
    let subject = texts.message.interruptions(found.number, outages);
    let between = between(first.at, last.at, &clock.duration(found.length), &clock);
    let now = Fact {
        sentence: texts.message.is_now(last.to).to_owned(),
        name: texts.message.now(),
        value: Tone::Of(last.to).label(texts).to_owned(),
    };
    Said {
        subject: format!("{}: {subject}", on.in_subject(name)),
        preview: sentence(&state),
        state: vec![state],
        tone: Tone::Of(found.worst),
        facts: vec![Fact { sentence: sentence(&between), name: texts.message.time(), value: between }, now],
        ..Said::new(name.to_owned(), last.at)
    }
}

fn between(from: Timestamp, to: Timestamp, sum: &str, clock: &Clock<'_>) -> String {
    let (first, last, dates) = (clock.date(from), clock.date(to), clock.texts.dates);
    if first == last {
        let day = clock.day(first);
        return clock.texts.message.between(&clock.time(from), &clock.time_in_zone(to), Some(&day), sum);
    }
    let begun = dates.day_and_time(&clock.day(first), &clock.time(from));
    let ended = dates.day_and_time(&clock.day(last), &clock.time_in_zone(to));
    clock.texts.message.between(&begun, &ended, None, sum)
}

fn is_impaired(status: Status) -> bool {
    Impact::of(status) > Impact::None
}

/// The interruptions that begin with one of the changes, and how long they lasted until the last of these.
fn interruptions(steps: &[StatusStep]) -> Interruptions {
    let mut found =
        Interruptions { number: 0, length: 0, all_short: true, worst: Status::DegradedPerformance };
    let mut run = 0;
    for (place, step) in steps.iter().enumerate().filter(|(_, step)| is_impaired(step.to)) {
        let length = steps.get(place + 1).map_or(0, |next| next.at - step.at);
        let begins = !is_impaired(step.from);
        run = if begins { length } else { run + length };
        found.number += usize::from(begins);
        found.length += length;
        found.all_short &= run < HOUR;
        found.worst = found.worst.max(step.to);
    }
    found
}
