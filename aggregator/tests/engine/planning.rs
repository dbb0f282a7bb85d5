//! Random maintenance and corrections of the past, and what they never do.

use crate::people::text;
use crate::script::{CHECKS, Script, World};
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::correction::corrected;
use skerry_domain::incident::Title;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::state::{
    AnnouncementKey, Component, ComponentKey, CorrectionKey, PageKey, State, TemplateKey, WindowKey,
};
use skerry_domain::status::Status;
use skerry_domain::step::{
    AnnouncementChange, Command, DesiredTemplate, NewAnnouncement, NewCorrection, NewTemplate, NewWindow,
    TemplateChange, TemplateCommand, WindowChange,
};
use skerry_domain::template::TemplateStatus;
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_sanitiser::Form;
use std::collections::BTreeSet;

const LEADS: [i64; 5] = [0, MINUTE, HOUR, DAY, -1];

impl World {
    /// What a person does about announcements.
    fn announce(&self, script: &mut Script<'_>) -> Command {
        let announcement = AnnouncementKey(self.state.counters.announcements - script.below(3));
        let from = self.now + script.pick(&[0, 1, HOUR, DAY, -HOUR]);
        let to = script.pick(&[None, Some(1), Some(HOUR), Some(2 * DAY)]).map(|after| self.now + after);
        let pages = script.pick(&[&[1][..], &[1, 2], &[2], &[]]).iter().map(|page| PageKey(*page)).collect();
        let level = script.pick(&AnnouncementLevel::ALL);
        match script.below(5) {
            0 => Command::DeleteAnnouncement { announcement },
            1 | 2 => {
                let change = AnnouncementChange {
                    title: (script.below(3) == 0).then(|| text(script, Form::Plain)),
                    body: (script.below(3) == 0).then(|| text(script, Form::Markdown)),
                    level: (script.below(3) == 0).then_some(level),
                    pages: (script.below(3) == 0).then_some(pages),
                    from: (script.below(3) == 0).then_some(from),
                    to: (script.below(2) == 0).then_some(to),
                    tell_subscribers: script.pick(&[None, None, Some(true)]),
                };
                Command::ChangeAnnouncement { announcement, change: Box::new(change) }
            }
            _ => {
                let (title, body) = (text(script, Form::Plain), text(script, Form::Markdown));
                let tell_subscribers = script.below(2) == 1;
                let new = NewAnnouncement { title, body, level, pages, from, to, tell_subscribers };
                Command::CreateAnnouncement(Box::new(new))
            }
        }
    }

    /// What the file and an admin do about templates.
    fn template(&self, script: &mut Script<'_>) -> Command {
        let template = TemplateKey(self.state.counters.templates - script.below(3));
        let name = script.pick(&["one", "two", ""]).to_owned();
        let (title, body) = (text(script, Form::Plain), text(script, Form::Markdown));
        let status = script.pick(&[None, TemplateStatus::from_name("monitoring")]);
        let components: Vec<ComponentKey> = (0..script.below(3)).map(|_| self.some(script)).collect();
        Command::Template(Box::new(match script.below(5) {
            0 => TemplateCommand::Remove { template },
            1 => {
                let change = TemplateChange {
                    name: (script.below(2) == 0).then_some(name),
                    title: (script.below(2) == 0).then_some(title),
                    body: None,
                    status: Some(status),
                    components: (script.below(2) == 0).then_some(components),
                };
                TemplateCommand::Change { template, change }
            }
            2 => {
                let page = script.pick(&[None, Some("page"), Some("nowhere")]).map(str::to_owned);
                let name = if name.is_empty() { "one".to_owned() } else { name };
                let components = vec!["first".to_owned()];
                let desired = DesiredTemplate { name, page, title, body, status, components };
                TemplateCommand::Declare(if script.below(3) == 0 { Vec::new() } else { vec![desired] })
            }
            _ => {
                let page = script.pick(&[Some(PageKey(1)), None, Some(PageKey(2))]);
                TemplateCommand::Create(NewTemplate { page, name, title, body, status, components })
            }
        }))
    }

    /// What a person does about maintenance and the past.
    pub(crate) fn plan(&self, script: &mut Script<'_>) -> Command {
        let window = WindowKey(self.state.counters.windows - script.below(3));
        match script.below(16) {
            10..=12 => self.recur(script),
            13 | 14 => self.announce(script),
            15 => self.template(script),
            0 => Command::CancelWindow { window, body: None },
            1 | 2 => Command::ChangeWindow { window, change: Box::new(self.window_change(script)) },
            3 | 4 => Command::UpdateWindow {
                window,
                status: (script.below(4) > 0).then(|| script.pick(&MaintenanceStatus::ALL)),
                body: (script.below(2) == 1).then(|| Box::new(text(script, Form::Markdown))),
                to: None,
            },
            5 => {
                let updates = self.state.windows.get(&window).map(|window| window.updates.clone());
                let update = updates.and_then(|updates| updates.first().map(|update| update.id.clone()));
                let update = update.unwrap_or_else(|| "none".to_owned());
                let body = (script.below(3) > 0).then(|| Box::new(text(script, Form::Markdown)));
                let display_at = script.pick(&[None, Some(self.now - HOUR), Some(self.now + HOUR)]);
                Command::EditWindowUpdate { window, update, body, display_at }
            }
            6 => Command::Correct(Box::new(NewCorrection {
                component: self.some(script),
                from: self.now - script.pick(&[HOUR, DAY, 1, 0]),
                to: self.now - script.pick(&[0, MINUTE, HOUR, -1]),
                status: script.pick(&Status::ALL),
                reason: script.pick(&["a false alarm", "it was planned", " "]).to_owned(),
            })),
            7 => {
                let correction = CorrectionKey(self.state.counters.corrections - script.below(3));
                Command::UndoCorrection { correction }
            }
            _ => Command::PlanWindow(Box::new(self.new_window(script))),
        }
    }

    pub(crate) fn new_window(&self, script: &mut Script<'_>) -> NewWindow {
        NewWindow {
            title: if script.below(2) == 0 {
                Title::Automatic
            } else {
                Title::Written(text(script, Form::Plain))
            },
            body: (script.below(2) == 1).then(|| text(script, Form::Markdown)),
            components: (0..script.below(3)).map(|_| self.some(script)).collect(),
            checks: checks(script),
            from: self.now + script.pick(&[0, 1, HOUR, DAY, -HOUR]),
            to: self.now + script.pick(&[1, HOUR, 2 * HOUR, 2 * DAY, -1]),
            lead: script.pick(&LEADS),
            reminds: script.below(4) > 0,
        }
    }

    fn some(&self, script: &mut Script<'_>) -> ComponentKey {
        let keys: Vec<_> = self.state.components.keys().copied().collect();
        keys.get(script.below(5) as usize).copied().unwrap_or(ComponentKey(-1))
    }

    pub(crate) fn window_change(&self, script: &mut Script<'_>) -> WindowChange {
        let soon = [None, Some(self.now), Some(self.now + HOUR), Some(self.now + DAY)];
        WindowChange {
            title: (script.below(4) == 3).then(|| text(script, Form::Plain)),
            body: (script.below(4) == 3).then(|| text(script, Form::Markdown)),
            components: (script.below(3) == 2)
                .then(|| (0..script.below(3)).map(|_| self.some(script)).collect()),
            checks: (script.below(3) == 2).then(|| checks(script)),
            from: script.pick(&soon),
            to: script.pick(&soon),
            lead: (script.below(4) == 3).then(|| script.pick(&LEADS)),
            reminds: (script.below(4) == 3).then(|| script.below(2) == 1),
        }
    }
}

fn checks(script: &mut Script<'_>) -> Vec<String> {
    let named = CHECKS.iter().filter(|_| script.below(3) == 2);
    named.map(|name| (*name).to_owned()).collect()
}

/// The corrected layer of a component is that of its corrections.
pub(crate) fn corrected_layer(state: &State, key: ComponentKey, component: &Component) -> Result<(), String> {
    let whole = corrected(state.corrections.values().filter(|one| one.component == key));
    if *component.layers.corrected != *whole {
        return Err(format!("the corrected layer of {key:?} is {:?}", component.layers.corrected));
    }
    Ok(())
}

/// Windows are in the state that their times say, as soon as a tick looked at them.
pub(crate) fn windows(state: &State, tick: bool) -> Result<(), String> {
    for (key, window) in state.windows.iter() {
        let is_open = window.is_open();
        if is_open != state.open_windows.contains(key) {
            return Err(format!("{key:?} is open: {is_open}, and the index says otherwise"));
        }
        if tick && is_open && window.to <= state.clock {
            return Err(format!("{key:?} should have ended: {window:?}"));
        }
        if tick && is_open && (window.from <= state.clock) == (window.status == MaintenanceStatus::Scheduled)
        {
            return Err(format!("{key:?} has begun, or it has not: {window:?}"));
        }
        in_order(window).map_err(|what| format!("{key:?}: {what}: {window:?}"))?;
    }
    Ok(())
}

fn in_order(window: &PlannedWindow) -> Result<(), &'static str> {
    use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled, Verifying};
    let stamps = match window.status {
        Scheduled => window.started_at.is_none() && window.ended_at().is_none(),
        InProgress => window.started_at.is_some() && window.ended_at().is_none(),
        Verifying => window.verifying_at.is_some() && window.ended_at().is_none(),
        Completed => window.started_at.is_some() && window.completed_at.is_some(),
        Cancelled => window.cancelled_at.is_some() && window.completed_at.is_none(),
    };
    if !stamps {
        return Err("its stamps do not fit its state");
    }
    if window.page.is_none() && (window.is_published() || window.updates.len() > 1) {
        return Err("a private window told somebody");
    }
    if window.reminded_at.is_some() && window.announced_at >= window.reminded_at {
        return Err("reminded of what was not announced");
    }
    let numbers: Vec<i64> = window.updates.iter().map(|update| update.number).collect();
    if !numbers.is_sorted() {
        return Err("its entries are out of order");
    }
    let (from, to) = window.runs();
    let ended =
        window.cancelled_at.is_some_and(|at| at <= from) || from < to || window.completed_at == Some(from);
    if ended { Ok(()) } else { Err("it runs for no time") }
}

/// Announcements have the stamps of what their times have brought, once a tick has looked.
pub(crate) fn announcements(state: &State, tick: bool) -> Result<(), String> {
    let now = state.clock;
    for one in state.announcements.values() {
        let begun = one.withdrawn || one.from <= now;
        let ended = one.withdrawn || one.to.is_some_and(|to| to <= now);
        if tick && (one.began_at.is_some(), one.ended_at.is_some()) != (begun, ended) {
            return Err(format!("at {now} its times have brought something else: {one:?}"));
        }
        let times = [one.began_at, one.ended_at, one.edited_at, Some(one.updated_at)];
        let backwards = one.ended_at.is_some_and(|ended| one.began_at.is_none_or(|began| ended < began));
        if times.into_iter().flatten().any(|at| at > now) || backwards {
            return Err(format!("its stamps lie ahead, or in no order: {one:?}"));
        }
        if one.pages.is_empty() || one.to.is_some_and(|to| to <= one.from) {
            return Err(format!("it is on no page, or ends before it begins: {one:?}"));
        }
    }
    Ok(())
}

/// Names are unique on a page, and components are those of the page.
pub(crate) fn templates(state: &State) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for one in state.templates.values() {
        let foreign = |key: &ComponentKey| Some(state.components[key].page) != one.page;
        if !names.insert((one.page, &one.name)) || one.name.is_empty() || one.components.iter().any(foreign) {
            return Err(format!("a template is not alone, or names what is not of its page: {one:?}"));
        }
    }
    Ok(())
}
