//! `subscribers import`: everything is checked before anything is imported, and then imported in portions.

use super::super::reading::Reading;
use super::{Imported, SubscriberDo, Subscribers, workspace_of};
use anyhow::{Context, bail};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{ImportLine, Request, SubscriberRequest, carry_out_all, counts, lookup};
use skerry_aggregator::subscriptions::Intake;
use skerry_aggregator::subscriptions::import::{Checked, Counts, PORTION, check, lacking};
use skerry_aggregator::subscriptions::table::{self, Line};
use skerry_protocol::words::count;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The longest file, bytes.
const LONGEST_FILE: u64 = 16 << 20;
/// The most text of one request, bytes: less than the aggregator takes at once.
const MOST_TEXT: usize = 64 << 10;
/// What a line has beside its texts, bytes.
const OF_LINE: usize = 200;

/// The text of the file that a command imports. Rights are lowered afterwards to those of the service's user, who may not read it.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_file(arguments: &Subscribers) -> anyhow::Result<Option<String>> {
    match &arguments.what {
        SubscriberDo::Import(Imported { file, .. }) => text_of(file).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn import(
    loaded: &Loaded,
    workspace: Option<&str>,
    (arguments, text): (&Imported, &str),
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let first = loaded.configs.first().context("no configuration")?;
    let database = &first.store.path;
    let workspace = workspace_of(loaded, workspace)?;
    let reading = Reading::of(loaded)?;
    let states = reading.states(Some(&workspace))?;
    let state = states.first().context("no workspace")?;
    let page = lookup::page(state, arguments.page.as_deref()).map_err(anyhow::Error::msg)?;
    let file = table::read(text, arguments.consent.as_deref());
    let file = file.map_err(|why| anyhow::anyhow!("{}: {why}", arguments.file.display()))?;
    let intake = Intake::of(database, (&first.subscribers).into())?;
    let checked = check(state, page, file, &intake);
    let faults = || checked.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if !checked.faults.is_empty() && !arguments.skip_bad {
        let wrong = count(checked.faults.len(), "line");
        bail!(
            "{}\n{wrong} of {} cannot be imported, and nothing was: correct the file, or say --skip-bad",
            faults(),
            arguments.file.display()
        );
    }
    let done = if arguments.dry_run {
        lacking(state, page, &checked.lines, &intake, reading.now).1
    } else {
        let page = state.pages[&page].id.clone();
        let requests = portions(&checked.lines).map(|lines| {
            let (workspace, page) = (workspace.clone(), Some(page.clone()));
            Request::Subscriber { workspace, page, change: SubscriberRequest::Import(lines) }
        });
        let done = carry_out_all(database, requests.collect())?;
        done.iter().fold(Counts::default(), |all, one| all.and(counts(&one.numbers)))
    };
    let note = (!checked.faults.is_empty()).then(faults).filter(|_| !json);
    Ok((said(&checked, done, arguments.dry_run, json), note))
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let mut text = String::new();
    let input: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).with_context(name)?),
    };
    let read = input.take(LONGEST_FILE + 1).read_to_string(&mut text);
    read.with_context(|| format!("{} is not text in UTF-8", name()))?;
    if text.len() as u64 > LONGEST_FILE {
        bail!("{} has more than {LONGEST_FILE} bytes: split it", name());
    }
    Ok(text)
}

/// The lines in requests that the aggregator takes.
fn portions(lines: &[Line]) -> impl Iterator<Item = Vec<ImportLine>> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let mut text = 0;
        let fits = rest.iter().take(PORTION).take_while(|line| {
            let components: usize = line.components.iter().map(|id| id.len() + 4).sum();
            text += OF_LINE + line.address.reveal().len() + line.consent_note.len() + components;
            text <= MOST_TEXT
        });
        // A line alone always fits.
        let (portion, left) = rest.split_at(fits.count().max(1).min(rest.len()));
        rest = left;
        (!portion.is_empty()).then(|| portion.iter().map(ImportLine::from).collect())
    })
}

fn said(checked: &Checked, done: Counts, dry: bool, json: bool) -> String {
    let Counts { added, known, suppressed } = done;
    let (skipped, inactive, repeated) = (checked.faults.len(), checked.inactive, checked.repeated);
    if json {
        let skipped_lines: Vec<String> = checked.faults.iter().map(ToString::to_string).collect();
        let counts = serde_json::json!({
            "dry_run": dry, "added": added, "known": known, "suppressed": suppressed, "repeated": repeated,
            "inactive": inactive, "skipped": skipped, "skipped_lines": skipped_lines,
        });
        return counts.to_string();
    }
    let mut lines = vec![match dry {
        true => format!("Would subscribe {added}; nothing was imported."),
        false => format!("Subscribed: {added}."),
    }];
    let mut say = |count: u64, what: &str| lines.extend((count > 0).then(|| format!("{what}: {count}.")));
    say(known, "Already subscribed, unchanged");
    say(suppressed, "Left out, refused messages or complained within 12 months");
    say(inactive, "Left out, not active in the file");
    say(repeated, "Lines joined with another of the same address");
    say(skipped as u64, "Left out, wrong lines");
    lines.join("\n")
}
