//! `template …`: makes, removes and lists templates of incidents.

mod shown;

use super::reading::{Reading, written};
use super::release::Release;
use super::told::{ask, told};
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{AddTemplate, Request, TemplateRequest};

#[derive(Args)]
pub(crate) struct Templates {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: TemplateDo,
}

#[derive(Subcommand)]
pub(crate) enum TemplateDo {
    /// Show all templates
    List {
        /// Only those that this page may use: its key, slug, id or name
        #[arg(long)]
        page: Option<String>,
    },
    /// Show a template
    Show {
        /// Its name or id
        name: String,
        /// Its page, where several have a template of that name
        #[arg(long)]
        page: Option<String>,
        /// Show its texts as they were written, too
        #[arg(long)]
        original: bool,
    },
    /// Make a template. In its title and text {{page}}, {{components}}, {{since}}, {{duration}} and, in the text,
    /// {{incident}} stand for what they say; nothing else is replaced
    Add {
        /// What the team calls it
        name: String,
        /// The title of an incident that is opened with it, one line
        #[arg(long, allow_hyphen_values = true)]
        title: String,
        /// The text of the update, Markdown; - reads it from standard input
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        message: String,
        #[command(flatten)]
        release_hits: Release,
        /// The page that it is for: its key, slug, id or name; by default every page
        #[arg(long)]
        page: Option<String>,
        /// The state that it brings about, such as identified
        #[arg(long)]
        status: Option<String>,
        /// A component that it names; repeat for further ones
        #[arg(long = "component", value_name = "COMPONENT", requires = "page")]
        components: Vec<String>,
    },
    /// Remove a template; incidents that were written with it stay as they are
    Remove {
        /// Its name or id
        name: String,
        /// Its page, where several have a template of that name
        #[arg(long)]
        page: Option<String>,
        /// Only if it still has the version that `template show` printed
        #[arg(long = "if-version", value_name = "VERSION")]
        version: Option<String>,
    },
}

/// Carries out the command. Returns its output, and what the operator is to know beside it.
pub(crate) fn templates(
    loaded: &Loaded,
    arguments: &Templates,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let workspace = arguments.workspace.as_deref();
    let (change, released, output) = match &arguments.what {
        TemplateDo::List { page } => {
            return Ok((shown::list(&Reading::of(loaded)?, workspace, page.as_deref(), json)?, None));
        }
        TemplateDo::Show { name, page, original } => {
            let named = (name.as_str(), page.as_deref());
            return Ok((shown::show(&Reading::of(loaded)?, workspace, named, *original, json)?, None));
        }
        TemplateDo::Add { name, title, message, release_hits, page, status, components } => {
            let new = AddTemplate {
                name: name.clone(),
                page: page.clone(),
                title: title.clone(),
                message: written(message)?,
                status: status.clone(),
                components: components.clone(),
            };
            let add = TemplateRequest::Add(Box::new(new));
            (add, release_hits.hits.clone(), format!("Template {name:?} is made: {{}}."))
        }
        TemplateDo::Remove { name, page, version } => {
            let (template, page, version) = (name.clone(), page.clone(), version.clone());
            let remove = TemplateRequest::Remove { template, page, version };
            (remove, Vec::new(), format!("Template {name:?} is removed."))
        }
    };
    let done = ask(loaded, workspace, |workspace| Request::Template { workspace, change, released })?;
    Ok(told("template", None, done, &output, json))
}
