//! `incident …`: opens, updates, resolves and lists incidents.

mod shown;

use super::reading::{Reading, time, written};
use super::release::Release;
use super::told::{ask, told};
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{
    IncidentEdit, IncidentRequest, NamedComponent, OpenIncident, Request, UpdateIncident,
};

#[derive(Args)]
pub(crate) struct Incidents {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: IncidentDo,
}

#[derive(Subcommand)]
pub(crate) enum IncidentDo {
    /// Show incidents that last, and drafts, newest first
    List {
        /// Only of this page: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
        /// Show resolved ones too
        #[arg(long)]
        all: bool,
    },
    /// Show an incident with its timeline, as visitors read it
    Show {
        /// Its id
        id: String,
        /// Show texts as they were written, too, and the former texts of edited updates
        #[arg(long)]
        original: bool,
    },
    /// Open an incident. Addresses, private names and secrets are removed from its texts; what was removed is printed
    Open {
        /// Its title, one line; with --template by default that of the template
        #[arg(long, allow_hyphen_values = true, required_unless_present = "template")]
        title: Option<String>,
        /// The page that shows it: its key, slug, id or name; by default that of its components, or else the only one
        #[arg(long)]
        page: Option<String>,
        #[command(flatten)]
        posted: Posted,
        /// A problem that it announces, by its id; repeat for further ones
        #[arg(long = "problem", value_name = "ID")]
        problems: Vec<String>,
        /// Show it to nobody until `incident approve`
        #[arg(long)]
        draft: bool,
        /// When it began, such as 2026-01-31T16:15:00Z, if it is entered after it has ended; it sets no status
        #[arg(long, value_name = "TIME", requires = "ended")]
        began: Option<String>,
        /// When it ended
        #[arg(long, value_name = "TIME", requires = "began")]
        ended: Option<String>,
    },
    /// Add an update to an incident, or change its title or impact
    Update {
        #[command(flatten)]
        which: Which,
        /// Another title
        #[arg(long, allow_hyphen_values = true)]
        title: Option<String>,
        #[command(flatten)]
        posted: Posted,
    },
    /// Resolve an incident
    Resolve {
        #[command(flatten)]
        which: Which,
        /// The last update, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: Option<String>,
        /// A template by its name or id, for the text of the last update
        #[arg(long, value_name = "NAME")]
        template: Option<String>,
        /// A component and the status it has from now on; repeat for further ones
        #[arg(long = "component", value_name = "COMPONENT=STATUS")]
        components: Vec<String>,
        #[command(flatten)]
        release_hits: Release,
        /// Release the statuses that it holds: checks decide again
        #[arg(long, conflicts_with = "keep")]
        release: bool,
        /// Keep the statuses that it holds
        #[arg(long)]
        keep: bool,
    },
    /// Publish a draft; its statuses take effect
    Approve {
        #[command(flatten)]
        which: Which,
    },
    /// Delete an incident and release what it holds; visitors no longer find it. Problems that last, and that it came from by
    /// itself, become private, so that it does not come back: `problem public` undoes that
    Delete {
        #[command(flatten)]
        which: Which,
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
        /// The time that is shown, such as 2026-01-31T16:15:00Z, or now; not before that of the first update
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Add a problem to an incident, such as one that it suggests, or take it out
    Link {
        #[command(flatten)]
        which: Which,
        /// The id of the problem
        problem: String,
        /// Take it out
        #[arg(long)]
        remove: bool,
    },
    /// Write, publish or delete the postmortem of a resolved incident
    Postmortem {
        #[command(flatten)]
        which: Which,
        /// Its text, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: Option<String>,
        #[command(flatten)]
        release_hits: Release,
        /// Show it to visitors
        #[arg(long)]
        publish: bool,
        /// Hide it from visitors
        #[arg(long, conflicts_with = "publish")]
        hide: bool,
        /// Delete it
        #[arg(long, conflicts_with_all = ["message", "publish", "hide"])]
        delete: bool,
    },
}

/// An incident, and the version that was read.
#[derive(Args)]
pub(crate) struct Which {
    /// Its id
    id: String,
    /// Only if it still has the version that `incident show` printed
    #[arg(long = "if-version", value_name = "VERSION")]
    version: Option<String>,
}

/// What an update consists of.
#[derive(Args)]
pub(crate) struct Posted {
    /// A template by its name or id: it says what no other option says
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// What visitors read, Markdown; - reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    #[command(flatten)]
    release_hits: Release,
    /// investigating, identified or monitoring
    #[arg(long)]
    status: Option<String>,
    /// none, minor, major or critical; auto, the default, is the worst that its components had
    #[arg(long)]
    impact: Option<String>,
    /// A component by its name, key or id, and its status: operational, degraded, partial, major or maintenance; repeat
    /// for further ones. Without a status it is only named
    #[arg(long = "component", value_name = "COMPONENT=STATUS")]
    components: Vec<String>,
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn incidents(
    loaded: &Loaded,
    arguments: &Incidents,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    match &arguments.what {
        IncidentDo::List { page, all } => {
            let reading = Reading::of(loaded)?;
            Ok((shown::list(&reading, workspace, page.as_deref(), *all, json)?, None))
        }
        IncidentDo::Show { id, original } => {
            Ok((shown::show(&Reading::of(loaded)?, workspace, id, *original, json)?, None))
        }
        change => {
            let released = change.released().to_vec();
            let (change, output) = request(change)?;
            let known = change.id().map(str::to_owned);
            let done = ask(loaded, workspace, |workspace| Request::Incident { workspace, change, released })?;
            Ok(told("incident", known, done, &output, json))
        }
    }
}

/// The request, and what is printed once it is carried out; `{}` is the id.
fn request(change: &IncidentDo) -> anyhow::Result<(IncidentRequest, String)> {
    let text = |message: &Option<String>| message.as_deref().map(written).transpose();
    let (which, how, output) = match change {
        IncidentDo::List { .. } | IncidentDo::Show { .. } => unreachable!("these change nothing"),
        IncidentDo::Open { .. } => return open(change),
        IncidentDo::Update { which, title, posted } => {
            let update = UpdateIncident { title: title.clone(), ..posted.update()? };
            (which, IncidentEdit::Update(Box::new(update)), "Incident {} is updated.")
        }
        IncidentDo::Resolve { which, message, template, components, release, keep, .. } => {
            let update = UpdateIncident {
                template: template.clone(),
                message: text(message)?,
                components: named(components),
                resolve: true,
                release: (*release || *keep).then_some(*release),
                ..UpdateIncident::default()
            };
            (which, IncidentEdit::Update(Box::new(update)), "Incident {} is resolved.")
        }
        IncidentDo::Approve { which } => (which, IncidentEdit::Approve, "Incident {} is published."),
        IncidentDo::Delete { which } => (which, IncidentEdit::Delete, "Incident {} is deleted."),
        IncidentDo::Edit { which, update, message, at, .. } => {
            let at = at.as_deref().map(time).transpose()?;
            let edit = IncidentEdit::Edit { update: update.clone(), message: text(message)?, at };
            (which, edit, "The update of incident {} is edited.")
        }
        IncidentDo::Link { which, problem, remove } => {
            let link = IncidentEdit::Link { problem: problem.clone(), linked: !remove };
            let removed = "The problem no longer belongs to incident {}.";
            (which, link, if *remove { removed } else { "The problem belongs to incident {}." })
        }
        IncidentDo::Postmortem { which, delete: true, .. } => {
            (which, IncidentEdit::DeletePostmortem, "The postmortem of incident {} is deleted.")
        }
        IncidentDo::Postmortem { which, message, publish, hide, delete: false, .. } => {
            let (message, published) = (text(message)?, (*publish || *hide).then_some(*publish));
            let edit = IncidentEdit::Postmortem { message, published };
            (which, edit, "The postmortem of incident {} is saved.")
        }
    };
    let output = output.replace("{}", &which.id);
    let (incident, version) = (which.id.clone(), which.version.clone());
    Ok((IncidentRequest::Change { incident, version, how }, output))
}

/// The same for `incident open`.
fn open(change: &IncidentDo) -> anyhow::Result<(IncidentRequest, String)> {
    let IncidentDo::Open { title, page, posted, problems, draft, began, ended } = change else {
        unreachable!("called for this command alone")
    };
    let ended = match (began, ended) {
        (Some(began), Some(ended)) => Some((time(began)?, time(ended)?)),
        _ => None,
    };
    let UpdateIncident { template, message, status, impact, components, .. } = posted.update()?;
    let output = match (ended, draft) {
        (Some(_), _) => "Incident {} is entered.",
        (None, true) => "Incident {} is a draft; skerry-aggregator incident approve {} publishes it.",
        (None, false) => "Incident {} is open.",
    };
    let new = OpenIncident {
        page: page.clone(),
        template,
        title: title.clone().unwrap_or_default(),
        message,
        status,
        impact: impact.filter(|impact| impact != "auto"),
        components,
        problems: problems.clone(),
        draft: *draft,
        ended,
    };
    Ok((IncidentRequest::Open(Box::new(new)), output.to_owned()))
}

impl IncidentDo {
    /// What its texts may say, although it would be removed.
    fn released(&self) -> &[String] {
        match self {
            Self::Open { posted, .. } | Self::Update { posted, .. } => &posted.release_hits.hits,
            Self::Resolve { release_hits, .. }
            | Self::Edit { release_hits, .. }
            | Self::Postmortem { release_hits, .. } => &release_hits.hits,
            _ => &[],
        }
    }
}

impl Posted {
    fn update(&self) -> anyhow::Result<UpdateIncident> {
        Ok(UpdateIncident {
            template: self.template.clone(),
            message: self.message.as_deref().map(written).transpose()?,
            status: self.status.clone(),
            impact: self.impact.clone(),
            components: named(&self.components),
            ..UpdateIncident::default()
        })
    }
}

/// `Shop=major_outage`; a component without a status is only named.
fn named(components: &[String]) -> Vec<NamedComponent> {
    let one = |text: &String| match text.rsplit_once('=') {
        Some((name, status)) => (name.trim().to_owned(), Some(status.trim().to_owned())),
        None => (text.trim().to_owned(), None),
    };
    components.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_may_be_named_with_a_status() {
        let all = ["Shop=major_outage", "a=b = partial", "API"].map(str::to_owned);
        let status = |word: &str| Some(word.to_owned());
        let expected = [
            ("Shop".to_owned(), status("major_outage")),
            ("a=b".to_owned(), status("partial")),
            ("API".to_owned(), None),
        ];
        assert_eq!(named(&all), expected);
    }
}
