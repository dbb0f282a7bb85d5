//! Subscribers of a page as a file of CSV. Statuspage has no interface for that; one at a time they are in `/v1`.

use crate::api::call::{Call, together};
use crate::api::document::Fields;
use crate::api::portions::Portions;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::subscriptions::import::{Checked, Counts, PORTION, check, export as exported, lacking};
use crate::subscriptions::table::{self, Line};
use serde_json::{Value, json};
use skerry_domain::state::PageKey;
use skerry_domain::step::{Command, SubscriberCommand};

/// The most lines that a refusal names.
const NAMED: usize = 1_000;

/// `GET /api/v1/subscribers.csv?page=…`.
pub(in crate::api) fn export(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let page = page(call, &mut query)?;
    query.finish()?;
    Ok(Reply::csv("subscribers.csv", exported(call.state, page, true)))
}

/// `POST /api/v1/subscribers.csv?page=…`: `consent`, `skip_bad`, `dry_run`.
pub(in crate::api) fn import(call: &Call<'_>) -> Result<Box<dyn Portions>, Refusal> {
    let mut query = call.query.fields();
    let page = page(call, &mut query)?;
    let consent = query.words("consent");
    let skips_bad = query.boolean("skip_bad").unwrap_or(false);
    let is_dry = query.boolean("dry_run").unwrap_or(false);
    query.finish()?;
    let file = table::read(call.text, consent.as_deref()).map_err(Refusal::invalid)?;
    let checked = check(call.state, page, file, call.intake);
    if !checked.faults.is_empty() && !skips_bad {
        let mut messages: Vec<String> = checked.faults.iter().take(NAMED).map(ToString::to_string).collect();
        let more = checked.faults.len().saturating_sub(NAMED);
        messages.extend((more > 0).then(|| format!("and {more} more lines")));
        messages
            .push("nothing was imported: correct these lines, or skip them with skip_bad=true".to_owned());
        return Err(Refusal::all(422, messages));
    }
    Ok(Box::new(Import { page, checked, is_dry, at: 0, counts: Counts::default() }))
}

fn page(call: &Call<'_>, query: &mut Fields<'_>) -> Result<PageKey, Refusal> {
    let named = query.words("page").ok_or_else(|| Refusal::invalid("page is missing: the id of a page"))?;
    let mut pages = call.state.pages.iter().filter(|(_, page)| !page.archived);
    let found = pages.find(|(_, page)| page.id == named).map(|(key, _)| *key);
    found.ok_or_else(|| Refusal::invalid("page: there is none with this id; GET /v1/pages lists them"))
}

/// Subscribes whom the page lacks.
struct Import {
    page: PageKey,
    checked: Checked,
    is_dry: bool,
    /// How many lines are done.
    at: usize,
    counts: Counts,
}

impl Import {
    fn portion(&mut self) -> &[Line] {
        let lines = &self.checked.lines;
        let from = self.at.min(lines.len());
        self.at = (from + PORTION).min(lines.len());
        &lines[from..self.at]
    }
}

impl Portions for Import {
    fn next(&mut self, call: &Call<'_>) -> Result<Option<Command>, Refusal> {
        let page = self.page;
        loop {
            let portion = self.portion();
            if portion.is_empty() {
                return Ok(None);
            }
            let (new, counts) = lacking(call.state, page, portion, call.intake, call.now);
            self.counts = self.counts.and(counts);
            if self.is_dry || new.is_empty() {
                continue;
            }
            let ask = |one| Command::Subscriber(Box::new(SubscriberCommand::Ask(one)));
            return Ok(Some(together(new.into_iter().map(ask).collect())));
        }
    }

    fn reply(&self) -> Reply {
        let Counts { added, known, suppressed } = self.counts;
        let skipped: Vec<Value> =
            self.checked.faults.iter().take(NAMED).map(|one| json!(one.to_string())).collect();
        Reply::ok(json!({
            "dry_run": self.is_dry,
            "added": added,
            "known": known,
            "suppressed": suppressed,
            "repeated": self.checked.repeated,
            "inactive": self.checked.inactive,
            "skipped": self.checked.faults.len(),
            "skipped_lines": skipped,
        }))
    }
}
