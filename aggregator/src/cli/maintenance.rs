//! `maintenance …`: plans, changes, runs and lists maintenance.

mod series;
mod shown;

use super::reading::{Reading, milliseconds, time, written};
use super::release::Release;
use super::told::{ask, told};
use anyhow::Context;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{
    ChangeWindow, End, MaintenanceRequest, PlanWindow, Request, SeriesEdit, WindowEdit,
};
use skerry_protocol::strict::parse_duration;

#[derive(Args)]
pub(crate) struct Maintenance {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: MaintenanceDo,
}

#[derive(Subcommand)]
pub(crate) enum MaintenanceDo {
    /// Show what is planned and what runs, the next first
    List {
        /// Only of this page: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
        /// Show what is completed or cancelled too
        #[arg(long)]
        all: bool,
    },
    /// Show maintenance with its timeline, as visitors read it
    Show {
        /// Its id, or that of a series
        id: String,
        /// Show texts as they were written, too, and the former texts of edited updates
        #[arg(long)]
        original: bool,
    },
    /// Plan maintenance: its components are under maintenance while it runs, and their problems lead to no incident.
    /// Addresses, private names and secrets are removed from its texts; what was removed is printed
    Schedule {
        /// Its title, one line; by default the names of its components
        #[arg(long, allow_hyphen_values = true)]
        title: Option<String>,
        /// What visitors read, Markdown; - reads it from standard input; by default an automatic text
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: Option<String>,
        #[command(flatten)]
        release_hits: Release,
        /// When it begins, such as 2026-01-31T16:15:00Z, or now
        #[arg(long, value_name = "TIME")]
        from: String,
        #[command(flatten)]
        end: Ending,
        /// A component by its name, key or id; repeat for further ones of its page. Without any it is private
        #[arg(long = "component", value_name = "COMPONENT", required_unless_present = "checks")]
        components: Vec<String>,
        /// A check whose problems lead to no incident either; repeat for further ones
        #[arg(long = "check", value_name = "CHECK")]
        checks: Vec<String>,
        /// The page of its components: its key, slug, id or name
        #[arg(long, requires = "components")]
        page: Option<String>,
        /// How long before its beginning visitors see it, such as 2h; by default 1d
        #[arg(long, value_name = "DURATION")]
        lead: Option<String>,
        /// When it recurs: a rule of RFC 5545 in the time zone of its page, such as "FREQ=WEEKLY;BYDAY=SU". Each
        /// occurrence is maintenance of its own, made 35 days ahead
        #[arg(long, value_name = "RULE")]
        repeat: Option<String>,
    },
    /// Change what is planned. Visitors who know other times are told
    Change(Box<Changed>),
    /// End later than planned
    Extend {
        #[command(flatten)]
        which: Which,
        /// How much later, such as 30m
        #[arg(value_name = "DURATION")]
        by: String,
    },
    /// Add an update to its timeline. Visitors see the maintenance from then on
    Update {
        #[command(flatten)]
        which: Which,
        /// What visitors read, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: String,
        #[command(flatten)]
        release_hits: Release,
    },
    /// Begin now; it lasts as long as planned, unless it says otherwise
    Start {
        #[command(flatten)]
        entered: Entered,
        /// Another end
        #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
        to: Option<String>,
        /// How long it lasts, such as 2h
        #[arg(long = "for", value_name = "DURATION")]
        lasts: Option<String>,
    },
    /// Say that what was done is being verified; it goes on running
    Verify(Entered),
    /// End now: checks decide again
    End(Entered),
    /// Cancel it. It ends now, or does not take place; one that no visitor knew of is removed
    Cancel {
        #[command(flatten)]
        entered: Entered,
        /// All of its series that have not begun; it recurs no more
        #[arg(long)]
        series: bool,
    },
    /// Change the text or the time of an update; visitors see that it was edited, not the former text
    Edit {
        #[command(flatten)]
        which: Which,
        /// The id of the update; by default the newest
        #[arg(long, value_name = "ID")]
        update: Option<String>,
        /// The new text, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: Option<String>,
        #[command(flatten)]
        release_hits: Release,
        /// The time that is shown
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

/// Maintenance, and the version that was read.
#[derive(Args)]
pub(crate) struct Which {
    /// Its id
    id: String,
    /// Only if it still has the version that `maintenance show` printed
    #[arg(long = "if-version", value_name = "VERSION")]
    version: Option<String>,
}

/// When it ends.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Ending {
    /// When it ends
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// How long it lasts, such as 2h
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
}

/// A new state.
#[derive(Args)]
pub(crate) struct Entered {
    #[command(flatten)]
    which: Which,
    /// What visitors read, Markdown; - reads it from standard input; by default an automatic text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    #[command(flatten)]
    release_hits: Release,
}

/// What is planned differently.
#[derive(Args)]
pub(crate) struct Changed {
    #[command(flatten)]
    which: Which,
    /// Another title
    #[arg(long, allow_hyphen_values = true)]
    title: Option<String>,
    /// Another text of its announcement, Markdown; - reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    #[command(flatten)]
    release_hits: Release,
    /// Another beginning, before it begins; without another end it lasts as long as before
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Another end
    #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
    to: Option<String>,
    /// Another length
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// Its components instead of the present ones, before it begins; repeat for further ones
    #[arg(long = "component", value_name = "COMPONENT")]
    components: Vec<String>,
    /// Its checks instead of the present ones; repeat for further ones
    #[arg(long = "check", value_name = "CHECK")]
    checks: Vec<String>,
    /// How long before its beginning visitors see it
    #[arg(long, value_name = "DURATION")]
    lead: Option<String>,
    /// Change all of its series that have not begun, apart from those that were changed alone. Times are those of the
    /// first one
    #[arg(long)]
    series: bool,
    /// Another rule for its series
    #[arg(long, value_name = "RULE", requires = "series")]
    repeat: Option<String>,
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn maintenance(
    loaded: &Loaded,
    arguments: &Maintenance,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    let (change, output) = match &arguments.what {
        MaintenanceDo::List { page, all } => {
            let reading = Reading::of(loaded)?;
            return Ok((shown::list(&reading, workspace, page.as_deref(), *all, json)?, None));
        }
        MaintenanceDo::Show { id, original } => {
            return Ok((shown::show(&Reading::of(loaded)?, workspace, id, *original, json)?, None));
        }
        MaintenanceDo::Schedule { repeat: Some(_), .. } => {
            (schedule(&arguments.what)?, "Series {} is planned.")
        }
        MaintenanceDo::Schedule { .. } => (schedule(&arguments.what)?, "Maintenance {} is planned."),
        MaintenanceDo::Change(changed) if changed.series => (changed.of_series()?, "Series {} is changed."),
        MaintenanceDo::Cancel { entered, series: true } => (entered.of_series()?, "Series {} is cancelled."),
        change => edit(change)?,
    };
    let known = change.id().map(str::to_owned);
    let released = arguments.what.released().to_vec();
    let done = ask(loaded, workspace, |workspace| Request::Maintenance { workspace, change, released })?;
    Ok(told("maintenance", known, done, output, json))
}

fn schedule(plan: &MaintenanceDo) -> anyhow::Result<MaintenanceRequest> {
    let MaintenanceDo::Schedule { title, message, from, end, components, checks, page, lead, repeat, .. } =
        plan
    else {
        unreachable!("called for this command alone")
    };
    let new = PlanWindow {
        page: page.clone(),
        title: title.clone(),
        message: message.as_deref().map(written).transpose()?,
        components: components.clone(),
        checks: checks.clone(),
        from: (from != "now").then(|| time(from)).transpose()?,
        to: ending(end.to.as_deref(), end.lasts.as_deref())?.context("say --to or --for")?,
        lead: lead.as_deref().map(lead_of).transpose()?,
        repeat: repeat.clone(),
    };
    Ok(MaintenanceRequest::Plan(Box::new(new)))
}

/// The request, and what is printed once it is carried out; `{}` is the id.
fn edit(change: &MaintenanceDo) -> anyhow::Result<(MaintenanceRequest, &'static str)> {
    let text = |message: &Option<String>| message.as_deref().map(written).transpose();
    let (which, how, output) = match change {
        MaintenanceDo::List { .. } | MaintenanceDo::Show { .. } | MaintenanceDo::Schedule { .. } => {
            unreachable!("these are no changes of one that is planned")
        }
        MaintenanceDo::Change(changed) => {
            let how = WindowEdit::Change(Box::new(changed.request()?));
            (&changed.which, how, "Maintenance {} is changed.")
        }
        MaintenanceDo::Extend { which, by } => {
            let to = Some(End::Later(milliseconds("DURATION", by)?));
            let how = WindowEdit::Change(Box::new(ChangeWindow { to, ..ChangeWindow::default() }));
            (which, how, "Maintenance {} is extended.")
        }
        MaintenanceDo::Update { which, message, .. } => {
            (which, WindowEdit::Update { message: written(message)? }, "Maintenance {} is updated.")
        }
        MaintenanceDo::Start { entered: Entered { which, message, .. }, to, lasts } => {
            let to = ending(to.as_deref(), lasts.as_deref())?;
            (which, WindowEdit::Start { message: text(message)?, to }, "Maintenance {} is in progress.")
        }
        MaintenanceDo::Verify(Entered { which, message, .. }) => {
            (which, WindowEdit::Verify { message: text(message)? }, "Maintenance {} is being verified.")
        }
        MaintenanceDo::End(Entered { which, message, .. }) => {
            (which, WindowEdit::End { message: text(message)? }, "Maintenance {} is completed.")
        }
        MaintenanceDo::Cancel { entered: Entered { which, message, .. }, .. } => {
            (which, WindowEdit::Cancel { message: text(message)? }, "Maintenance {} is cancelled.")
        }
        MaintenanceDo::Edit { which, update, message, at, .. } => {
            let at = at.as_deref().map(time).transpose()?;
            let how = WindowEdit::Edit { update: update.clone(), message: text(message)?, at };
            (which, how, "The update of maintenance {} is edited.")
        }
    };
    let (window, version) = (which.id.clone(), which.version.clone());
    Ok((MaintenanceRequest::Change { window, version, how }, output))
}

impl MaintenanceDo {
    /// What its texts may say, although it would be removed.
    fn released(&self) -> &[String] {
        let release = match self {
            Self::List { .. } | Self::Show { .. } | Self::Extend { .. } => return &[],
            Self::Change(changed) => &changed.release_hits,
            Self::Start { entered, .. }
            | Self::Verify(entered)
            | Self::End(entered)
            | Self::Cancel { entered, .. } => &entered.release_hits,
            Self::Schedule { release_hits, .. }
            | Self::Update { release_hits, .. }
            | Self::Edit { release_hits, .. } => release_hits,
        };
        &release.hits
    }
}

impl Entered {
    /// The end of a series.
    fn of_series(&self) -> anyhow::Result<MaintenanceRequest> {
        let message = self.message.as_deref().map(written).transpose()?;
        Ok(self.which.series(SeriesEdit::End { message }))
    }
}

impl Which {
    fn series(&self, how: SeriesEdit) -> MaintenanceRequest {
        let (series, version) = (self.id.clone(), self.version.clone());
        MaintenanceRequest::ChangeSeries { series, version, how }
    }
}

impl Changed {
    fn of_series(&self) -> anyhow::Result<MaintenanceRequest> {
        let (change, repeat) = (Box::new(self.request()?), self.repeat.clone());
        Ok(self.which.series(SeriesEdit::Change { change, repeat }))
    }

    fn request(&self) -> anyhow::Result<ChangeWindow> {
        let some = |names: &Vec<String>| (!names.is_empty()).then(|| names.clone());
        Ok(ChangeWindow {
            title: self.title.clone(),
            message: self.message.as_deref().map(written).transpose()?,
            components: some(&self.components),
            checks: some(&self.checks),
            from: self.from.as_deref().map(time).transpose()?,
            to: ending(self.to.as_deref(), self.lasts.as_deref())?,
            lead: self.lead.as_deref().map(lead_of).transpose()?,
        })
    }
}

pub(super) fn ending(to: Option<&str>, lasts: Option<&str>) -> anyhow::Result<Option<End>> {
    match (to, lasts) {
        (Some(to), _) => Ok(Some(End::At(time(to)?))),
        (None, Some(lasts)) => Ok(Some(End::After(milliseconds("--for", lasts)?))),
        (None, None) => Ok(None),
    }
}

/// A lead time, ms; it may be nothing: then visitors see it when it begins.
fn lead_of(text: &str) -> anyhow::Result<i64> {
    if parse_duration(text).is_some_and(|lead| lead.is_zero()) {
        return Ok(0);
    }
    milliseconds("--lead", text)
}
