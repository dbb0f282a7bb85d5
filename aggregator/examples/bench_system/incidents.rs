//! What five years of incidents cost: the database, a start, memory, and the publications of their page, beside the same
//! outages without incidents.

use crate::{cpu, median, resident};
use anyhow::Context as _;
use skerry_aggregator::texts::TextSanitiser;
use skerry_domain::holds::Source;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::state::{ComponentKey, ComponentSettings, IncidentKey, PageKey, PageSettings, State};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, Configure, Context, DesiredComponent, DesiredItem, DesiredPage, Ids, IncidentChange,
    NewIncident, step,
};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::uptime::Rule;
use skerry_publish::build::{Extent, view};
use skerry_publish::earlier;
use skerry_publish::output::{Compression, Publication};
use skerry_publish::outputs::{Changed, Figures, Rendered, Scope, render};
use skerry_publish::view::Place;
use skerry_store::Store;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Command as Process;
use std::time::Instant;

const COMPONENTS: usize = 60;
const WEEKS: i64 = 5 * 52;
const PER_WEEK: i64 = 10;
/// Of an incident, with the first and the last.
const UPDATES: usize = 8;
/// 29 November 2021.
const START: Timestamp = Timestamp(1_638_144_000_000);
const END: Timestamp = Timestamp(START.0 + WEEKS * 7 * DAY);
/// Renderings of which the median is printed.
const ROUNDS: usize = 21;
const URL: &str = "https://status.example.com";

/// Prints both side by side.
pub(crate) fn compare() -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| five years | database MB | start s | loaded MB | first publication CPU s | outputs | published MB \
         | a change CPU ms | a refresh CPU ms | a quarter of an hour CPU ms |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    for (name, announced) in [("without incidents", false), ("with incidents", true)] {
        let path = folder.path().join(format!("{announced}.db"));
        World::new(&path)?.pass(announced)?;
        let size = std::fs::metadata(&path)?.len() as f64 / 1e6;
        // A process of its own, so that its memory is that of a start.
        let published = Process::new(std::env::current_exe()?).arg("publication").arg(&path).output()?;
        anyhow::ensure!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
        let published = String::from_utf8(published.stdout)?;
        writeln!(out, "| {name} | {size:.1} | {} |", published.trim())?;
        out.flush()?;
    }
    Ok(())
}

/// Loads a database and renders its page, and prints the times and the memory of this process.
pub(crate) fn publication(path: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let store = Store::open(path)?;
    let workspaces = store.load(Timestamp(0))?;
    let start = begun.elapsed().as_secs_f64();
    let state = workspaces.named("default").context("the workspace is stored")?;
    let key = state.pages.keys().next().context("a page")?;
    let component = state.components.values().find(|one| one.page == *key).context("a component")?.id.clone();
    let loaded = resident()?;
    let mut published =
        Published { state, page: *key, former: Publication::default(), figures: Figures::new() };
    let first = published.cost(&Scope::All)?;
    let (outputs, memory) = (published.former.outputs.len(), resident()?);
    let changed = Changed { components: BTreeSet::from([component]), announced: BTreeSet::new() };
    let mut medians = Vec::new();
    for scope in [Scope::Changed(changed), Scope::Refresh, Scope::Quarter] {
        let costs = (0..ROUNDS).map(|_| published.cost(&scope));
        medians.push(format!("{:.2}", median(costs.collect::<Result<_, _>>()?)));
    }
    let medians = medians.join(" | ");
    let first = first / 1e3;
    writeln!(
        std::io::stdout(),
        "{start:.2} | {loaded:.0} | {first:.2} | {outputs} | {memory:.0} | {medians}"
    )?;
    Ok(())
}

/// A page with its last publication.
struct Published<'a> {
    state: &'a State,
    page: PageKey,
    former: Publication,
    figures: Figures,
}

impl Published<'_> {
    /// Publishes as the publisher does, and returns the CPU time in ms.
    fn cost(&mut self, scope: &Scope) -> anyhow::Result<f64> {
        let begun = cpu();
        let extent = match scope {
            Scope::All | Scope::Quarter => Extent::Kept,
            Scope::Changed(_) | Scope::Refresh => Extent::Days,
        };
        let mut view =
            view(self.state, self.page, &Place::at(URL), END, extent).context("the page is shown")?;
        if let Scope::All = scope {
            let (months, sums) = earlier(self.state, self.page, &view, &self.former.sums);
            (view.earlier, self.former.sums) = (months.into(), sums.into());
        }
        let Rendered { outputs, figures, versions, .. } =
            render(&view, scope, &self.former, &self.figures, Compression::Fast)?;
        (self.former, self.figures) = (self.former.with(outputs), figures);
        self.former.versions = versions;
        Ok((cpu() - begun).as_secs_f64() * 1e3)
    }
}

struct World {
    store: Store,
    state: State,
    now: Timestamp,
    page: PageKey,
    components: Vec<ComponentKey>,
    rows: Vec<skerry_domain::rows::Write>,
}

impl World {
    fn new(path: &Path) -> anyhow::Result<Self> {
        let (store, state) = (Store::open(path)?, State { ready_at: START, ..State::default() });
        let (now, rows) = (START, Vec::new());
        let mut world = Self { store, state, now, page: PageKey(0), components: Vec::new(), rows };
        world.take(Command::Configure(Box::new(Configure { checks: Vec::new(), pages: vec![page()] })))?;
        world.page = *world.state.pages.keys().next().context("a page")?;
        world.components = world.state.components.keys().copied().collect();
        Ok(world)
    }

    fn take(&mut self, command: Command) -> anyhow::Result<Answer> {
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped =
            step(&mut self.state, command, context).map_err(|rejected| anyhow::anyhow!("{rejected}"))?;
        self.rows.extend(stepped.rows);
        Ok(stepped.answer)
    }

    /// The same outages, either `announced` by an incident or set by a person. A week is a transaction.
    fn pass(mut self, announced: bool) -> anyhow::Result<()> {
        for week in 0..WEEKS {
            for number in 0..PER_WEEK {
                self.now = START + week * 7 * DAY + number * 16 * HOUR;
                let place = (week * PER_WEEK + number).unsigned_abs() as usize;
                let component = self.components[place % COMPONENTS];
                if announced { self.incident(component)? } else { self.outage(component)? }
            }
            self.take(Command::Tick)?;
            self.store.commit(&std::mem::take(&mut self.rows))?;
        }
        Ok(())
    }

    fn outage(&mut self, component: ComponentKey) -> anyhow::Result<()> {
        let (source, status) = (Source::Person, Status::PartialOutage);
        self.take(Command::SetHold { component, source, status, until: None })?;
        self.now = self.now + (UPDATES as i64 - 1) * 10 * MINUTE;
        self.take(Command::ReleaseHold { component, source })?;
        Ok(())
    }

    fn incident(&mut self, component: ComponentKey) -> anyhow::Result<()> {
        let mut texts = TextSanitiser::of(&self.state).map_err(anyhow::Error::msg)?;
        let mut text = |written: &str| texts.markdown(written).map_err(anyhow::Error::msg);
        let bodies = [
            "We see that some payments fail. Transfers are **not** affected.",
            "One of two sites refuses payments; we direct them to the other one.",
            "Payments go through again. We watch them for a while.",
        ];
        let bodies = bodies.map(&mut text).into_iter().collect::<Result<Vec<_>, _>>()?;
        let title = texts.title("Card payments declined").map_err(anyhow::Error::msg)?;
        let new = NewIncident {
            page: self.page,
            title,
            status: IncidentStatus::Investigating,
            body: Some(bodies[0].clone()),
            components: vec![(component, Some(Status::PartialOutage))],
            impact_override: None,
            draft: false,
            backfilled: None,
            problems: Vec::new(),
        };
        let Answer::Incident(incident) = self.take(Command::OpenIncident(Box::new(new)))? else {
            anyhow::bail!("no incident")
        };
        for update in 1..UPDATES {
            self.now = self.now + 10 * MINUTE;
            let last = update + 1 == UPDATES;
            let status = if last { IncidentStatus::Resolved } else { IncidentStatus::Identified };
            let back = last.then_some((component, Some(Status::Operational)));
            let change = IncidentChange {
                status: (last || update == 1).then_some(status),
                body: Some(bodies[update % bodies.len()].clone()),
                components: back.into_iter().collect(),
                ..IncidentChange::default()
            };
            self.update(incident, change)?;
        }
        Ok(())
    }

    fn update(&mut self, incident: IncidentKey, change: IncidentChange) -> anyhow::Result<()> {
        self.take(Command::UpdateIncident { incident, change: Box::new(change) })?;
        Ok(())
    }
}

fn page() -> DesiredPage {
    let component = |number: usize| {
        let settings = ComponentSettings::named(&format!("Component {number}"));
        let key = format!("component-{number}");
        DesiredItem::Component(DesiredComponent { key, settings, starts_at: None, links: Vec::new() })
    };
    let settings = PageSettings {
        name: "Page".to_owned(),
        root: true,
        time_zone: "Europe/Berlin".to_owned(),
        rule: Rule::Statuspage,
        ..PageSettings::named("page")
    };
    DesiredPage {
        key: "page".to_owned(),
        settings,
        zone: jiff::tz::TimeZone::UTC,
        items: (0..COMPONENTS).map(component).collect(),
    }
}
