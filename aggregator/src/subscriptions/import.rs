//! Subscribers from and to a file: what its lines mean for a page, and whom it lacks. An import may be repeated: who hears of
//! the page already stays as it is.

use super::Intake;
use super::shown_address;
use super::table::{Line, LineFault, Table, write};
use skerry_domain::state::{ComponentKey, PageKey, State, SubscriberKey};
use skerry_domain::step::NewSubscriber;
use skerry_domain::subscriber::{
    Channel, Choices, SUPPRESSED_KEPT, Scope, Sensitive, Subscriber, SubscriberState, Updates,
};
use skerry_domain::time::Timestamp;
use skerry_protocol::words::short_line;
use std::collections::{BTreeMap, BTreeSet};

/// The number of lines that are imported at once, so that the engine serves others in between.
pub const PORTION: usize = 250;
/// The most characters of a component's name that a refusal repeats.
const SHOWN: usize = 60;

/// The lines of a file as a page takes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// One for each address, with ids of components and the address in its one form.
    pub lines: Vec<Line>,
    /// What is wrong, by line.
    pub faults: Vec<LineFault>,
    /// The number of lines that repeat the address of another.
    pub repeated: u64,
    /// The number of lines of those who heard nothing where the file comes from.
    pub inactive: u64,
}

/// What an import did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Who hears of the page now.
    pub added: u64,
    /// Who heard of it before, and stays as it was.
    pub known: u64,
    /// Whose address refused mails or complained: nothing is sent to it.
    pub suppressed: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            known: self.known + other.known,
            suppressed: self.suppressed + other.suppressed,
        }
    }
}

/// Compares a file with a page.
#[must_use]
pub fn check(state: &State, page: PageKey, table: Table, intake: &Intake) -> Checked {
    let names = Names::of(state, page);
    let mut checked = Checked { faults: table.faults, ..Checked::default() };
    let mut places: BTreeMap<(Channel, Sensitive), usize> = BTreeMap::new();
    for line in table.lines {
        let number = line.number;
        let line = match read(line, &names, intake) {
            Ok(line) => line,
            Err(what) => {
                checked.faults.push(LineFault { number, what });
                continue;
            }
        };
        if !line.active {
            checked.inactive += 1;
            continue;
        }
        match places.get(&(line.channel, line.address.clone())) {
            Some(place) => {
                checked.repeated += 1;
                join(&mut checked.lines[*place], line);
            }
            None => {
                places.insert((line.channel, line.address.clone()), checked.lines.len());
                checked.lines.push(line);
            }
        }
    }
    checked.faults.sort_by_key(|fault| fault.number);
    checked
}

fn read(line: Line, names: &Names<'_>, intake: &Intake) -> Result<Line, String> {
    let address = intake.address(line.channel, line.address.reveal());
    let address = address.map_err(|fault| format!("the address {fault}"))?;
    let components = line.components.iter().map(|name| names.id(name)).collect::<Result<_, _>>()?;
    Ok(Line { address, components, ..line })
}

/// Who stands twice in a file hears of all that is in either line.
fn join(one: &mut Line, other: Line) {
    if one.components.is_empty() || other.components.is_empty() {
        one.components.clear();
    } else {
        let more = other.components.into_iter().filter(|id| !one.components.contains(id));
        let more: Vec<String> = more.collect();
        one.components.extend(more);
    }
    if other.updates == Updates::All {
        one.updates = Updates::All;
    }
    one.status_changes |= other.status_changes;
    one.monthly |= other.monthly;
}

/// The components of a page by what they may be called.
struct Names<'s>(BTreeMap<&'s str, Vec<&'s str>>);

impl<'s> Names<'s> {
    fn of(state: &'s State, page: PageKey) -> Self {
        let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let shown = state.components.values();
        for one in shown.filter(|one| one.page == page && !one.archived && one.settings.public) {
            for name in BTreeSet::from([one.id.as_str(), &one.key, &one.settings.name]) {
                names.entry(name).or_default().push(&one.id);
            }
        }
        Self(names)
    }

    fn id(&self, name: &str) -> Result<String, String> {
        let shown = short_line(name, SHOWN);
        match self.0.get(name).map(Vec::as_slice) {
            Some([id]) => Ok((*id).to_owned()),
            Some(_) => Err(format!("several components are called {shown:?}: write the id of one")),
            None => Err(format!(
                "the page shows no component {shown:?}: write the names or ids that it has, separated by semicolons"
            )),
        }
    }
}

/// Whom the page lacks of these lines, which [`check`] returned, and how many it has.
#[must_use]
pub fn lacking(
    state: &State,
    page: PageKey,
    lines: &[Line],
    intake: &Intake,
    now: Timestamp,
) -> (Vec<NewSubscriber>, Counts) {
    let (mut new, mut counts) = (Vec::new(), Counts::default());
    for line in lines {
        let known = state.subscriber_at(page, line.channel, &line.address);
        let known = known.and_then(|key| state.subscribers.get(&key));
        if known.is_some_and(|one| one.scope.page.is_some() && one.state != SubscriberState::Unconfirmed) {
            counts.known += 1;
            continue;
        }
        let to = (line.channel, line.address.clone());
        let consent = (line.consent_note.clone(), line.confirmed_at);
        let one = intake.imported(page, to, scope(state, page, line), consent);
        if is_suppressed(state, &one.digest, now) {
            counts.suppressed += 1;
        } else {
            counts.added += 1;
            new.push(one);
        }
    }
    (new, counts)
}

/// Whether nothing is sent to the address with this digest.
#[must_use]
pub fn is_suppressed(state: &State, digest: &[u8; 32], now: Timestamp) -> bool {
    state.suppressed.get(digest).is_some_and(|at| now < *at + SUPPRESSED_KEPT)
}

fn scope(state: &State, page: PageKey, line: &Line) -> Scope {
    let of_page =
        state.components.iter().filter(|(_, one)| one.page == page && line.components.contains(&one.id));
    let components: BTreeSet<ComponentKey> = match line.components.is_empty() {
        true => BTreeSet::new(),
        false => of_page.map(|(key, _)| *key).collect(),
    };
    Scope::of_page(Choices {
        updates: line.updates,
        components: (!line.components.is_empty()).then_some(components),
        status_changes: line.status_changes,
        monthly: line.monthly,
    })
}

/// All who hear of a page as a file; who follows one incident or one maintenance alone is left out. Without `whole`
/// addresses are masked, so that the file cannot be imported.
#[must_use]
pub fn export(state: &State, page: PageKey, whole: bool) -> String {
    let all = state.subscribers_of(page, SubscriberKey(0)).filter_map(|key| state.subscribers.get(&key));
    let names = unmistakable(state, page);
    write(all.filter_map(|one| row(&names, one, whole)))
}

fn row(names: &BTreeMap<ComponentKey, &str>, one: &Subscriber, whole: bool) -> Option<[String; 11]> {
    let choices = one.scope.page.as_ref()?;
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let components = choices.components.iter().flatten().filter_map(|key| names.get(key).copied());
    let components: Vec<&str> = components.collect();
    Some([
        one.channel.name().to_owned(),
        shown_address(one, whole),
        components.join("; "),
        choices.updates.name().to_owned(),
        choices.status_changes.to_string(),
        choices.monthly.to_string(),
        one.state.name().to_owned(),
        one.created_at.to_string(),
        at(one.confirmed_at),
        one.consent.name().to_owned(),
        one.consent_note.clone().unwrap_or_default(),
    ])
}

/// The name of each component of a page, or its id where the name would be read as something else.
fn unmistakable(state: &State, page: PageKey) -> BTreeMap<ComponentKey, &str> {
    let names = Names::of(state, page);
    let of_page = state.components.iter().filter(|(_, one)| one.page == page && !one.archived);
    let named = of_page.map(|(key, one)| {
        let name = one.settings.name.as_str();
        let is_plain = !name.contains(';') && name.trim() == name;
        let is_only = names.0.get(name).is_some_and(|ids| ids.len() == 1);
        (*key, if is_plain && is_only { name } else { one.id.as_str() })
    });
    named.collect()
}
