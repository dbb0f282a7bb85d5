//! Random actions of people on problems and incidents.

use crate::script::{Script, World, declared};
use skerry_domain::incident::{Impact, IncidentRules, IncidentStatus};
use skerry_domain::labels::Labels;
use skerry_domain::problem::Severity;
use skerry_domain::state::{ComponentKey, IncidentKey, Origin, PageKey, ProblemKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Command, DeclaredCheck, IncidentChange, NewIncident, PostmortemChange, ProblemChange,
};
use skerry_domain::text::{SanitiserSettings, Text};
use skerry_domain::time::{HOUR, MINUTE, SECOND};
use skerry_sanitiser::{Form, Replacement, Rules, Settings};
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&Settings::default()).expect("usable"));

pub(crate) fn text(script: &mut Script<'_>, form: Form) -> Text {
    let written = script.pick(&["Orders fail", "We look into it", "db1.internal is down\nand 10.0.0.1", ""]);
    let public = RULES.sanitise(written, form, &Replacement::default(), &[]).text.expect("clean");
    Text { written: written.to_owned(), public }
}

fn owner(script: &mut Script<'_>) -> Origin {
    script.pick(&[Origin::File, Origin::Runtime])
}

/// What a check depends on, now and then itself through others.
pub(crate) fn parents(script: &mut Script<'_>) -> Vec<String> {
    let parents: [&[&str]; 6] = [&[], &[], &["a"], &["b"], &["b", "c"], &["job", "nobody's"]];
    script.pick(&parents).iter().map(ToString::to_string).collect()
}

/// Labels of a check, or those by which a component chooses.
pub(crate) fn labels(script: &mut Script<'_>) -> Labels {
    let labels: [&[(&str, &str)]; 5] =
        [&[], &[], &[("team", "web")], &[("team", "shop")], &[("team", "web"), ("tier", "1")]];
    script.pick(&labels).iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A check as an agent declares it.
pub(crate) fn declares(script: &mut Script<'_>, name: &str) -> DeclaredCheck {
    let (depends_on, labels) = (parents(script), labels(script));
    DeclaredCheck { depends_on, labels, ..declared(name, 1_000 * (1 + script.below(2))) }
}

impl World {
    /// What a person does.
    pub(crate) fn act(&self, script: &mut Script<'_>) -> Command {
        let incident = IncidentKey(self.state.counters.incidents - script.below(3));
        let problem = ProblemKey(self.state.counters.problems - script.below(3));
        let severities = [None, Some(Severity::Low), Some(Severity::Medium), Some(Severity::High)];
        match script.below(12) {
            0 => {
                let rules = IncidentRules {
                    draft_from: script.pick(&severities),
                    publish_from: script.pick(&severities),
                    resolve_after: script.pick(&[0, 2 * MINUTE, HOUR]),
                    remind_after: script.pick(&[SECOND, 30 * MINUTE]),
                };
                let rules = script.pick(&[Some(rules), Some(rules), None]);
                Command::SetIncidentRules { rules, by: owner(script) }
            }
            1 | 2 => Command::OpenIncident(Box::new(self.new_incident(script, problem))),
            3 | 4 => {
                let change = Box::new(self.incident_change(script));
                Command::UpdateIncident { incident, change }
            }
            5 => Command::PublishIncident { incident },
            6 => {
                let updates = self.state.incidents.get(&incident).map(|incident| incident.updates.clone());
                let update = updates.and_then(|updates| updates.last().map(|update| update.id.clone()));
                let update = update.unwrap_or_else(|| "none".to_owned());
                let body = (script.below(3) > 0).then(|| Box::new(text(script, Form::Markdown)));
                let display_at = script.pick(&[None, Some(self.now - HOUR), Some(self.now + HOUR)]);
                Command::EditUpdate { incident, update, body, display_at }
            }
            7 => Command::LinkProblem { incident, problem, linked: script.below(2) == 0 },
            8 => {
                let change = match script.below(4) {
                    0 => PostmortemChange::Publish,
                    1 => PostmortemChange::Revert,
                    2 => PostmortemChange::Delete,
                    _ => PostmortemChange::Write(text(script, Form::Markdown)),
                };
                Command::ChangePostmortem { incident, change: Box::new(change) }
            }
            9 => Command::DeleteIncident { incident },
            10 => {
                let private_suffixes =
                    script.pick(&[None, Some("corp")]).map(|suffix| vec![suffix.to_owned()]);
                let settings = SanitiserSettings { private_suffixes, secret_patterns: None };
                let settings = (script.below(3) > 0).then(|| Box::new(settings));
                Command::SetSanitiser { settings, by: owner(script) }
            }
            _ => {
                let change = match script.below(5) {
                    0 => ProblemChange::Acknowledge,
                    1 => ProblemChange::Note("seen".to_owned()),
                    2 => ProblemChange::SetSeverity(script.pick(&severities)),
                    3 => ProblemChange::SetPrivate(true),
                    _ => ProblemChange::SetPrivate(false),
                };
                Command::ChangeProblem { problem, change }
            }
        }
    }

    fn components(&self, script: &mut Script<'_>) -> Vec<(ComponentKey, Option<Status>)> {
        let all = self.state.components.keys().copied();
        let status = |script: &mut Script<'_>| (script.below(3) > 0).then(|| script.pick(&Status::ALL));
        all.filter(|_| script.below(2) == 1)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|key| (key, status(script)))
            .collect()
    }

    fn new_incident(&self, script: &mut Script<'_>, problem: ProblemKey) -> NewIncident {
        let past = Some((self.now - HOUR, self.now - MINUTE));
        NewIncident {
            page: PageKey(1 + script.below(8) / 7),
            title: text(script, Form::Plain),
            status: script.pick(&IncidentStatus::ALL),
            body: (script.below(3) > 0).then(|| text(script, Form::Markdown)),
            components: self.components(script),
            impact_override: script.pick(&[None, None, Some(Impact::None), Some(Impact::Critical)]),
            draft: script.below(3) == 2,
            backfilled: script.pick(&[None, None, None, past]),
            problems: if script.below(3) == 2 { vec![problem] } else { Vec::new() },
        }
    }

    fn incident_change(&self, script: &mut Script<'_>) -> IncidentChange {
        IncidentChange {
            title: (script.below(4) == 3).then(|| text(script, Form::Plain)),
            status: (script.below(4) > 0).then(|| script.pick(&IncidentStatus::ALL)),
            body: (script.below(3) > 0).then(|| text(script, Form::Markdown)),
            components: self.components(script),
            impact_override: script.pick(&[None, None, Some(None), Some(Some(Impact::Minor))]),
            display_at: script.pick(&[None, None, Some(self.now - HOUR), Some(self.now + HOUR)]),
            release: script.below(2) == 1,
        }
    }
}
