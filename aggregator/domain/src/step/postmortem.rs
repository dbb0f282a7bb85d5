//! Postmortems of incidents.

use super::incident::no_incident;
use super::{Change, Changes, Context, Rejected};
use crate::incident::Postmortem;
use crate::state::{IncidentKey, State};
use crate::text::Text;

/// A change of a postmortem.
#[derive(Clone, Debug, PartialEq)]
pub enum PostmortemChange {
    /// Creates it or replaces its text.
    Write(Text),
    /// Shows it to visitors.
    Publish,
    /// Makes it a draft again.
    Revert,
    /// Deletes it.
    Delete,
}

/// Changes the postmortem of a resolved incident.
pub(super) fn change_postmortem(
    state: &mut State,
    key: IncidentKey,
    change: &PostmortemChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let incident = state.incidents.get_mut(&key).ok_or_else(no_incident)?;
    let adds = matches!(change, PostmortemChange::Write(_) | PostmortemChange::Publish);
    if adds && incident.is_open() {
        return Err(Rejected::state("postmortem", "an incident that lasts has no postmortem"));
    }
    let no_postmortem = || Rejected::not_found("postmortem", "this incident has no postmortem");
    match change {
        PostmortemChange::Write(text) => match &mut incident.postmortem {
            Some(postmortem) => (postmortem.text, postmortem.updated_at) = (text.clone(), now),
            none => {
                let text = text.clone();
                *none = Some(Postmortem { text, created_at: now, updated_at: now, published_at: None });
            }
        },
        PostmortemChange::Publish => {
            let postmortem = incident.postmortem.as_mut().ok_or_else(no_postmortem)?;
            postmortem.published_at.get_or_insert(now);
        }
        PostmortemChange::Revert => {
            incident.postmortem.as_mut().ok_or_else(no_postmortem)?.published_at = None;
        }
        PostmortemChange::Delete => {
            incident.postmortem.take().ok_or_else(no_postmortem)?;
        }
    }
    incident.updated_at = now;
    changes.touched.incident(key);
    changes.push(Change::IncidentChanged(key));
    Ok(())
}
