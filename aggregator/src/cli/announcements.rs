//! `announcement …`: makes, changes, ends and lists announcements.

mod shown;

use super::maintenance::ending;
use super::reading::{Reading, time, written};
use super::release::Release;
use super::told::{ask, told};
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{AnnouncementRequest, ChangeAnnouncement, CreateAnnouncement, Request};

#[derive(Args)]
pub(crate) struct Announcements {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: AnnouncementDo,
}

#[derive(Subcommand)]
pub(crate) enum AnnouncementDo {
    /// Show what pages announce now and what is still to come
    List {
        /// Only of this page: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
        /// Show what has ended too
        #[arg(long)]
        all: bool,
    },
    /// Show an announcement, as visitors read it
    Show {
        /// Its id
        id: String,
        /// Show its texts as they were written, too
        #[arg(long)]
        original: bool,
    },
    /// Announce something that is no outage. It appears and disappears by itself. Addresses, private names and secrets are
    /// removed from its texts; what was removed is printed
    Create {
        /// Its title, one line
        #[arg(long, allow_hyphen_values = true)]
        title: String,
        /// What visitors read, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: String,
        #[command(flatten)]
        release_hits: Release,
        /// A page that shows it: its key, slug, id or name; repeat for further ones. By default the only page
        #[arg(long = "page", value_name = "PAGE")]
        pages: Vec<String>,
        /// information, or warning: then it stands first and says "Important"
        #[arg(long, default_value = "information")]
        level: String,
        /// When it appears, such as 2026-01-31T16:15:00Z; by default now
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// When it disappears; by default once somebody ends it
        #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
        to: Option<String>,
        /// How long it is shown, such as 7d
        #[arg(long = "for", value_name = "DURATION")]
        lasts: Option<String>,
        /// Tell subscribers when it appears
        #[arg(long)]
        tell: bool,
    },
    /// Change it; visitors see that it was edited, not its former text
    Change(Box<Changed>),
    /// End it now; one that did not appear yet is removed
    End(Which),
}

/// An announcement, and the version that was read.
#[derive(Args)]
pub(crate) struct Which {
    /// Its id
    id: String,
    /// Only if it still has the version that `announcement show` printed
    #[arg(long = "if-version", value_name = "VERSION")]
    version: Option<String>,
}

/// What is announced differently.
#[derive(Args)]
pub(crate) struct Changed {
    #[command(flatten)]
    which: Which,
    /// Another title
    #[arg(long, allow_hyphen_values = true)]
    title: Option<String>,
    /// Another text, Markdown; - reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    #[command(flatten)]
    release_hits: Release,
    /// Its pages instead of the present ones; repeat for further ones
    #[arg(long = "page", value_name = "PAGE")]
    pages: Vec<String>,
    /// information or warning
    #[arg(long)]
    level: Option<String>,
    /// When it appears, before it does
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When it disappears
    #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
    to: Option<String>,
    /// How long it is shown, from its beginning
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// Show it until somebody ends it
    #[arg(long, conflicts_with_all = ["to", "lasts"])]
    stays: bool,
    /// Whether subscribers are told when it appears, before it does
    #[arg(long, value_name = "true|false")]
    tell: Option<bool>,
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn announcements(
    loaded: &Loaded,
    arguments: &Announcements,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    let (change, output) = match &arguments.what {
        AnnouncementDo::List { page, all } => {
            let reading = Reading::of(loaded)?;
            return Ok((shown::list(&reading, workspace, page.as_deref(), *all, json)?, None));
        }
        AnnouncementDo::Show { id, original } => {
            return Ok((shown::show(&Reading::of(loaded)?, workspace, id, *original, json)?, None));
        }
        AnnouncementDo::Create { .. } => (create(&arguments.what)?, "Announcement {} is made."),
        AnnouncementDo::Change(changed) => (changed.request()?, "Announcement {} is changed."),
        AnnouncementDo::End(Which { id, version }) => {
            let (announcement, version) = (id.clone(), version.clone());
            (AnnouncementRequest::End { announcement, version }, "Announcement {} is ended.")
        }
    };
    let known = change.id().map(str::to_owned);
    let released = arguments.what.released().to_vec();
    let done = ask(loaded, workspace, |workspace| Request::Announcement { workspace, change, released })?;
    Ok(told("announcement", known, done, output, json))
}

fn create(new: &AnnouncementDo) -> anyhow::Result<AnnouncementRequest> {
    let AnnouncementDo::Create { title, message, pages, level, from, to, lasts, tell, .. } = new else {
        unreachable!("called for this command alone")
    };
    let from = from.as_deref().filter(|from| *from != "now").map(time).transpose()?;
    Ok(AnnouncementRequest::Create(Box::new(CreateAnnouncement {
        pages: pages.clone(),
        title: title.clone(),
        message: written(message)?,
        level: level.clone(),
        from,
        to: ending(to.as_deref(), lasts.as_deref())?,
        tell_subscribers: *tell,
    })))
}

impl AnnouncementDo {
    /// What its texts may say, although it would be removed.
    fn released(&self) -> &[String] {
        match self {
            Self::List { .. } | Self::Show { .. } | Self::End(_) => &[],
            Self::Create { release_hits, .. } => &release_hits.hits,
            Self::Change(changed) => &changed.release_hits.hits,
        }
    }
}

impl Changed {
    fn request(&self) -> anyhow::Result<AnnouncementRequest> {
        let Which { id, version } = &self.which;
        let how = ChangeAnnouncement {
            pages: (!self.pages.is_empty()).then(|| self.pages.clone()),
            title: self.title.clone(),
            message: self.message.as_deref().map(written).transpose()?,
            level: self.level.clone(),
            from: self.from.as_deref().map(time).transpose()?,
            to: ending(self.to.as_deref(), self.lasts.as_deref())?,
            stays: self.stays,
            tell_subscribers: self.tell,
        };
        let (announcement, version, how) = (id.clone(), version.clone(), Box::new(how));
        Ok(AnnouncementRequest::Change { announcement, version, how })
    }
}
