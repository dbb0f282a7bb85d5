//! Metrics of what the team is told.

use crate::team::TeamFigures;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NoticeLabels {
    receiver: String,
    result: &'static str,
}

pub(super) fn register(registry: &mut Registry, figures: &TeamFigures) {
    let notices = Family::<NoticeLabels, Counter>::default();
    for (receiver, result, count) in figures.notices() {
        notices.get_or_create(&NoticeLabels { receiver, result }).inc_by(count);
    }
    let help = "Notices to the team, by receiver and class of the answer; own: a fault of this aggregator, see the log";
    registry.register("team_notices", help, notices);
}
