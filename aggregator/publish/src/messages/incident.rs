//! What is said of an incident: an update, its end, its postmortem.

use super::said::{Fact, OnPage, Said, Target, moment, sentence, span};
use crate::build::closed_view;
use crate::html::{Clock, Present, Tone, affected, balanced, impairment, isolated_text, of_impact};
use crate::stable_id;
use crate::view::{IncidentText, IncidentUpdateView, IncidentView, PageView};
use skerry_domain::incident::{Impact, Incident, IncidentStatus};
use skerry_domain::notice::Notice;
use skerry_domain::state::IncidentKey;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use std::collections::BTreeMap;

/// Earlier updates that are repeated.
const EARLIER: usize = 2;
/// The longest text of an earlier one, and the longest postmortem that is not cut, characters.
const LONGEST_EARLIER: usize = 240;
const LONGEST_POSTMORTEM: usize = 1_200;

/// An incident with the past of its components.
struct Shown<'a> {
    on: &'a OnPage<'a>,
    incident: IncidentView,
    view: PageView,
}

/// Updates of an incident. `None`: none of them is published any more.
pub(super) fn updates(on: &OnPage<'_>, key: IncidentKey, notice: &Notice) -> Option<Said> {
    let incident = published(on, key)?;
    let shown = Shown::of(on, incident);
    let told: Vec<_> = incident.updates.iter().filter(|one| notice.updates.contains(&one.number)).collect();
    let newest = told.iter().max_by_key(|one| one.number);
    let place = match newest {
        Some(newest) => shown.incident.updates.iter().position(|one| one.id == newest.id)?,
        None if notice.only_edge() => 0,
        None => return None,
    };
    let update = shown.incident.updates.get(place)?;
    let first = told.iter().map(|one| one.number).min();
    let follows = match first {
        Some(first) => incident.updates.iter().any(|one| one.number < first),
        None => incident.updates.len() > 1,
    };
    let at = if newest.is_some() { update.created_at.max(notice.at) } else { notice.at };
    Some(shown.update(update, (place, told.len()), follows, at))
}

/// The postmortem of an incident.
pub(super) fn postmortem(on: &OnPage<'_>, key: IncidentKey) -> Option<Said> {
    let shown = Shown::of(on, published(on, key)?);
    let postmortem = shown.incident.postmortem.as_ref()?;
    let (clock, texts) = (shown.clock(), on.texts);
    let text = IncidentText::Written(postmortem.text.clone());
    let line = super::plain::cut(&text.one_line(), LONGEST_POSTMORTEM);
    let is_long = text.plain().chars().count() > LONGEST_POSTMORTEM;
    let state = texts.incident.postmortem().to_owned();
    let ended = shown.incident.resolved_at;
    Some(Said {
        preview: sentence(&state),
        state: vec![state],
        facts: shown.facts(ended, ended.is_none(), &clock),
        body: Some(if is_long { IncidentText::Automatic(line) } else { text }),
        button: texts.message.read_postmortem().to_owned(),
        target: Target::Page(on.url(&format!("incidents/{}#postmortem", shown.incident.id))),
        ..shown.said(true, postmortem.published_at)
    })
}

fn published<'a>(on: &OnPage<'a>, key: IncidentKey) -> Option<&'a Incident> {
    let incident = on.of.state.incidents.get(&key)?;
    (incident.page == on.of.page && incident.is_published()).then_some(incident)
}

impl<'a> Shown<'a> {
    fn of(on: &'a OnPage<'a>, incident: &Incident) -> Self {
        let incident = on.views.incident(incident);
        let span = (incident.started_at, incident.started_at);
        let around = (on.of.place, on.of.now);
        let announced = (vec![incident.clone()], Vec::new());
        let view = closed_view(on.of.state, on.page, around, announced, span, |id| incident.names(id));
        Self { on, incident, view }
    }

    fn clock(&self) -> Clock<'_> {
        Clock::of(&self.view)
    }

    /// What all messages of the incident have in common.
    fn said(&self, follows: bool, at: Timestamp) -> Said {
        let title = balanced(&self.incident.title.one_line());
        let subject = self.on.in_subject(&title);
        Said {
            subject: if follows { format!("Re: {subject}") } else { subject },
            thread: Some(stable_id::uuid(&self.view, "incident", &self.incident.id).to_string()),
            target: Target::Page(self.on.url(&format!("incidents/{}", self.incident.id))),
            ..Said::new(title, at)
        }
    }

    /// `told`: how many updates the message is about, of which this is the newest.
    fn update(
        &self,
        update: &IncidentUpdateView,
        (place, told): (usize, usize),
        follows: bool,
        at: Timestamp,
    ) -> Said {
        let (clock, texts) = (self.clock(), self.on.texts);
        let resolved = update.status == IncidentStatus::Resolved;
        let ended = self.incident.resolved_at.filter(|_| resolved);
        let recovered = resolved || self.has_recovered(update, place);
        let worst = of_impact(self.incident.impact).filter(|_| !recovered);
        let tone = match worst {
            Some(worst) => Tone::Of(worst),
            None if recovered => Tone::Of(Status::Operational),
            None => Tone::NoData,
        };
        let label = worst.map(|worst| Tone::Of(worst).label(texts).to_owned());
        let status = texts.incident.status(update.status).to_owned();
        let preview = match (&label, ended) {
            (_, Some(ended)) => texts.message.resolved_after(&clock.duration(self.length(ended))),
            (Some(label), None) => texts.incident.in_brief(label, update.status),
            (None, None) => sentence(&status),
        };
        // An end needs no history, but what was not said before.
        let shown = if resolved { told.saturating_sub(1) } else { usize::MAX };
        let button = if resolved { texts.message.see_what_happened() } else { texts.message.see_incident() };
        Said {
            state: label.into_iter().chain([status]).collect(),
            preview,
            tone,
            facts: self.facts(ended, !recovered, &clock),
            body: update.body.clone(),
            earlier: self.earlier(update, place, &clock).into_iter().take(shown).collect(),
            button: button.to_owned(),
            ..self.said(follows, at)
        }
    }

    /// Whether a fix is being watched and every component that the updates up to this one name is well again.
    fn has_recovered(&self, update: &IncidentUpdateView, place: usize) -> bool {
        let mut known = BTreeMap::new();
        let so_far = self.incident.updates.get(place..).unwrap_or_default();
        for change in so_far.iter().rev().flat_map(|one| &one.components) {
            known.insert(change.id.as_str(), change.to);
        }
        let well = known.values().all(|status| Impact::of(*status) == Impact::None);
        update.status == IncidentStatus::Monitoring && !known.is_empty() && well
    }

    /// When it began or how long it lasted, and what it affects. `ended`: it is said as over.
    fn facts(&self, ended: Option<Timestamp>, impaired: bool, clock: &Clock<'_>) -> Vec<Fact> {
        let texts = self.on.texts;
        let time = match ended {
            Some(at) => {
                let (words, from, to) = self.lasted(at, clock);
                let value = format!("{words}, {}", span(from, to, clock));
                Fact { sentence: sentence(&value), name: texts.message.duration(), value }
            }
            None => {
                let value = moment(Present::of(&self.incident, &self.view).since(), clock);
                let text = sentence(&format!("{}{value}", texts.incident.since()));
                Fact { sentence: text, name: texts.message.since(), value }
            }
        };
        let names = self.incident.components.iter();
        let names: Vec<_> = names.map(|one| isolated_text(&one.name, texts)).collect();
        let components = (!names.is_empty()).then(|| Fact {
            sentence: affected(&names, impaired && ended.is_none(), texts),
            name: texts.message.affected(impaired && ended.is_none()),
            value: names.join(", "),
        });
        std::iter::once(time).chain(components).collect()
    }

    /// "Major outage for 3 h 5 min", with its beginning and its end.
    fn lasted(&self, ended: Timestamp, clock: &Clock<'_>) -> (String, Timestamp, Timestamp) {
        match impairment(&self.view, &self.incident).filter(|found| found.to <= self.view.now) {
            Some(found) => (found.words(clock), found.from, found.to),
            None => {
                let from = self.incident.started_at.min(ended);
                (clock.texts.incident.after(&clock.duration(ended - from)), from, ended)
            }
        }
    }

    /// From the beginning to the end of what it announced, ms.
    fn length(&self, ended: Timestamp) -> i64 {
        let (_, from, to) = self.lasted(ended, &self.clock());
        to - from
    }

    /// The updates before one, as "14:20" and "Investigating. Most payments have failed."
    fn earlier(&self, update: &IncidentUpdateView, place: usize, clock: &Clock<'_>) -> Vec<(String, String)> {
        let day = clock.date(update.display_at);
        let before = self.incident.updates.iter().skip(place + 1).take(EARLIER);
        let line = |one: &IncidentUpdateView| {
            let status = self.on.texts.incident.status(one.status);
            let text = one.body.as_ref().map(IncidentText::one_line).unwrap_or_default();
            let text = format!("{} {text}", sentence(status));
            (clock.time_on(day, one.display_at), super::plain::cut(text.trim_end(), LONGEST_EARLIER))
        };
        before.map(line).collect()
    }
}
