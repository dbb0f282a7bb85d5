//! What the banner says of open incidents and of maintenance in progress.

use super::headline::{Headline, Piece, append, shown, space, text, tone};
use super::words::{Clock, Tone, balanced};
use crate::texts::Texts;
use crate::view::{ComponentView, IncidentView, MaintenanceView, PageView};
use skerry_domain::status::Status;

/// Adds links to what is announced. While everything is operational, it takes the place of the second line.
pub(crate) fn with_announced(view: &PageView, headline: Headline) -> Headline {
    let Headline { tone: of_page, sentence, mut facts } = headline;
    let open: Vec<&IncidentView> = view.incidents.iter().filter(|one| one.is_open()).collect();
    let running: Vec<&MaintenanceView> = view.maintenance.iter().filter(|one| one.is_running()).collect();
    let operational = of_page == Tone::Of(Status::Operational);
    let worst = shown(view).into_iter().filter(|component| tone(component) == of_page);
    let worst: Vec<_> = worst.map(|component| component.id.as_str()).collect();
    if of_page.is_impaired() && !worst.is_empty() {
        let announces = |incident: &&&IncidentView| worst.iter().any(|id| incident.names(id));
        if let Some(incident) = open.iter().find(announces) {
            append(
                &mut facts,
                vec![link_to_incident(incident, view.texts().incident.what_is_done().to_owned())],
            );
        }
        return Headline { tone: of_page, sentence, facts };
    }
    if operational && !(open.is_empty() && running.is_empty()) {
        facts.clear();
    }
    if !open.is_empty() {
        space(&mut facts);
        facts.extend(open_incidents(&open, view.texts()));
    }
    // With another headline, its components say so.
    if operational && !running.is_empty() {
        space(&mut facts);
        facts.extend(in_progress(&running, view.texts()));
    }
    Headline { tone: of_page, sentence, facts }
}

/// "Webhook deliveries delayed is being watched after a fix."
fn open_incidents(open: &[&IncidentView], texts: &Texts) -> Vec<Piece> {
    match open {
        [only] => vec![
            link_to_incident(only, balanced(&only.title.one_line())),
            text(texts.incident.only_open(only.status)),
        ],
        several => vec![link("#now".to_owned(), texts.incident.several_open(several.len())), text(".")],
    }
}

/// "Database upgrade for reports is in progress."
fn in_progress(running: &[&MaintenanceView], texts: &Texts) -> Vec<Piece> {
    match running {
        [only] => vec![
            link(format!("maintenance/{}", only.id), balanced(&only.title.one_line())),
            text(texts.maintenance.runs()),
        ],
        several => vec![link("#now".to_owned(), texts.maintenance.several_run(several.len())), text(".")],
    }
}

/// "02:00 to 04:00 UTC.", if one maintenance names all `planned` components.
pub(crate) fn times(view: &PageView, planned: &[&ComponentView], clock: &Clock<'_>) -> Option<Piece> {
    let running = view.maintenance.iter().filter(|one| one.is_running());
    let mut naming = running.filter(|one| planned.iter().all(|component| one.names(&component.id)));
    let one = naming.next().filter(|_| naming.next().is_none())?;
    Some(text(format!("{}.", clock.isolated(clock.span(one.from, one.to)))))
}

fn link_to_incident(incident: &IncidentView, text: String) -> Piece {
    link(format!("incidents/{}", incident.id), text)
}

fn link(href: String, text: String) -> Piece {
    Piece::Link { href, text }
}
