//! Subscribers as CSV (RFC 4180): our own columns, and those of Statuspage's export. Cells that a spreadsheet would take for
//! a formula begin with an apostrophe in the file.

use super::address::channel_of;
use skerry_domain::subscriber::{Channel, Sensitive, SubscriberState, Updates};
use skerry_domain::time::Timestamp;
use skerry_protocol::strict::{nearest, one_of};
use skerry_protocol::words::short_line;

/// The greatest number of lines of a file beside its header.
pub const MOST_LINES: usize = 100_000;
/// The longest note on a consent, in characters.
pub const LONGEST_NOTE: usize = 500;
/// The columns of our files.
pub const COLUMNS: [&str; 11] = [
    "channel",
    "address",
    "components",
    "updates",
    "status_changes",
    "monthly",
    "state",
    "created_at",
    "confirmed_at",
    "consent",
    "consent_note",
];

/// The most characters of a column's name that a refusal repeats.
const SHOWN: usize = 40;

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A line of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// How the subscriber is reached.
    pub channel: Channel,
    /// Its address as it is written.
    pub address: Sensitive,
    /// Names, keys or ids of components; empty: all.
    pub components: Vec<String>,
    /// How much it hears of.
    pub updates: Updates,
    /// Whether it hears of each change of a component's status.
    pub status_changes: bool,
    /// Whether it gets the monthly report.
    pub monthly: bool,
    /// Whether it heard anything where the file comes from.
    pub active: bool,
    /// When it was confirmed there.
    pub confirmed_at: Option<Timestamp>,
    /// When and where its consent was given.
    pub consent_note: String,
}

/// What is wrong with a line. It holds nothing of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// The number of the line, from 1.
    pub number: u64,
    /// What is wrong, with its remedy.
    pub what: String,
}

impl std::fmt::Display for LineFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.number, self.what)
    }
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What can be read, in order.
    pub lines: Vec<Line>,
    /// What cannot.
    pub faults: Vec<LineFault>,
}

/// Reads a file; `consent` says for all lines without a note when and where consent was given.
///
/// # Errors
/// The file as a whole cannot be used, and why.
pub fn read(text: &str, consent: Option<&str>) -> Result<Table, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| "the first line is no line of CSV".to_owned())?;
    let columns = Columns::of(&header.iter().map(|name| name.trim().to_lowercase()).collect::<Vec<_>>())?;
    let consent = consent.map(str::trim).filter(|words| !words.is_empty());
    let mut table = Table::default();
    let mut numbers = Numbers { bytes: text.as_bytes(), counted: 0, number: 1 };
    for (index, record) in reader.records().enumerate() {
        if index >= MOST_LINES {
            return Err(format!("the file has more than {MOST_LINES} lines: split it"));
        }
        let record = record.map_err(|_| format!("entry {} is no line of CSV", index + 1))?;
        let at = record.position().map_or(0, csv::Position::byte);
        let number = numbers.at(usize::try_from(at).unwrap_or(usize::MAX));
        let cells: Vec<String> = record.iter().map(|cell| unguarded(cell.trim()).to_owned()).collect();
        match columns.line(number, &cells, consent) {
            Ok(line) => table.lines.push(line),
            Err(what) => table.faults.push(LineFault { number, what }),
        }
    }
    Ok(table)
}

/// The numbers of lines. Those of the reader are one too few where lines end as RFC 4180 says.
struct Numbers<'t> {
    bytes: &'t [u8],
    /// Ends of lines are counted up to this byte.
    counted: usize,
    number: u64,
}

impl Numbers<'_> {
    /// The number of the line of an entry that begins at a byte, or behind the ends of lines there. Later entries follow.
    fn at(&mut self, byte: usize) -> u64 {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let behind = self.bytes.get(byte..).unwrap_or_default();
        let to = byte + behind.iter().take_while(|byte| is_end(byte)).count();
        let passed = self.bytes.get(self.counted..to).unwrap_or_default();
        self.number += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = to;
        self.number
    }
}

/// Writes our columns. The cells of each row are in their order.
#[must_use]
pub fn write(rows: impl Iterator<Item = [String; 11]>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and every row is as wide as the header.
    let _ = writer.write_record(COLUMNS);
    for row in rows {
        let _ = writer.write_record(row.map(guarded));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Whether a spreadsheet takes a cell for a formula, or would once apostrophes before it are taken away.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

fn guarded(cell: String) -> String {
    if is_formula(&cell) { format!("'{cell}") } else { cell }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Which column stands where.
struct Columns {
    /// The file is an export of Statuspage.
    foreign: bool,
    width: usize,
    places: Vec<(&'static str, usize)>,
}

/// The names that Statuspage's columns have, and which of ours each is.
const FOREIGN: [(&str, &str); 9] = [
    ("type", "channel"),
    ("mode", "channel"),
    ("email", "address"),
    ("endpoint", "endpoint"),
    ("url", "endpoint"),
    ("components", "components"),
    ("state", "state"),
    ("created", "confirmed_at"),
    ("created at", "confirmed_at"),
];

impl Columns {
    fn of(header: &[String]) -> Result<Self, String> {
        let width = header.len();
        let foreign = !header.iter().any(|name| name == "address")
            && header.iter().any(|name| ["email", "endpoint", "url"].contains(&name.as_str()));
        let mut places: Vec<(&'static str, usize)> = Vec::new();
        for (place, name) in header.iter().enumerate() {
            let own = COLUMNS.into_iter().find(|known| *known == name);
            let of_foreign = FOREIGN.into_iter().find(|(known, _)| known == name).map(|(_, ours)| ours);
            match if foreign { of_foreign.or(own) } else { own } {
                Some(ours) if places.iter().any(|(known, _)| *known == ours) && !foreign => {
                    return Err(format!("there are two columns {ours:?}"));
                }
                Some(ours) => places.push((ours, place)),
                // Statuspage has more columns, of which none matters here.
                None if foreign => {}
                None => return Err(unknown_column(name)),
            }
        }
        if !foreign && !places.iter().any(|(name, _)| *name == "address") {
            let all = COLUMNS.join(", ");
            return Err(format!("the first line must name the columns, with \"address\" among them: {all}"));
        }
        Ok(Self { foreign, width, places })
    }

    fn cell<'c>(&self, cells: &'c [String], name: &str) -> &'c str {
        let mut places = self.places.iter().filter(|(known, _)| *known == name);
        places
            .find_map(|(_, place)| cells.get(*place).filter(|cell| !cell.is_empty()))
            .map_or("", String::as_str)
    }

    fn line(&self, number: u64, cells: &[String], consent: Option<&str>) -> Result<Line, String> {
        if cells.len() != self.width {
            let (found, width) = (cells.len(), self.width);
            return Err(format!(
                "it has {found} cells, the first line has {width}: quote cells that hold a comma"
            ));
        }
        let cell = |name| self.cell(cells, name);
        let channel = channel(cell("channel"))?;
        let address = if channel == Some(Channel::Email) { cell("address") } else { self.address(cells) };
        if address.is_empty() {
            return Err("it has no address".to_owned());
        }
        let state = cell("state");
        let known = || one_of(SubscriberState::ALL.iter().map(|one| one.name()));
        if !state.is_empty() && SubscriberState::from_name(state).is_none() {
            return Err(format!("state is not {}", known()));
        }
        let updates = cell("updates");
        let updates = if updates.is_empty() { Some(Updates::All) } else { Updates::from_name(updates) };
        let confirmed_at = self.confirmed_at(cell("confirmed_at"))?;
        let active = state.is_empty() || state == SubscriberState::Active.name();
        // Nobody who is not imported needs to have consented.
        let consent = if active { consent } else { consent.or(Some("none")) };
        Ok(Line {
            number,
            channel: channel.unwrap_or_else(|| channel_of(address)),
            address: Sensitive::new(address),
            components: self.components(cell("components")),
            updates: updates.ok_or("updates is neither all nor outages")?,
            status_changes: boolean("status_changes", cell("status_changes"))?,
            monthly: boolean("monthly", cell("monthly"))?,
            active,
            confirmed_at,
            consent_note: note((cell("consent_note"), cell("consent")), confirmed_at, consent)?,
        })
    }

    /// Statuspage's webhooks have an endpoint beside the address of their owner.
    fn address<'c>(&self, cells: &'c [String]) -> &'c str {
        let endpoint = self.cell(cells, "endpoint");
        if endpoint.is_empty() { self.cell(cells, "address") } else { endpoint }
    }

    fn components(&self, cell: &str) -> Vec<String> {
        let separator = if self.foreign && !cell.contains(';') { ',' } else { ';' };
        let names = cell.split(separator).map(str::trim).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }

    fn confirmed_at(&self, cell: &str) -> Result<Option<Timestamp>, String> {
        let at = cell.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()));
        if at.is_none() && !cell.is_empty() && !self.foreign {
            return Err("confirmed_at is no time such as 2026-11-30T14:00:00Z".to_owned());
        }
        Ok(at)
    }
}

fn unknown_column(name: &str) -> String {
    let shown = short_line(name, SHOWN);
    match nearest(&shown, COLUMNS) {
        Some(near) => format!("there is no column {shown:?}: did you mean {near:?}?"),
        None => format!("there is no column {shown:?}; there are {}", COLUMNS.join(", ")),
    }
}

fn channel(cell: &str) -> Result<Option<Channel>, String> {
    let cell = cell.to_lowercase();
    match cell.as_str() {
        "" => Ok(None),
        "sms" => {
            Err("text messages (sms) are not available here: leave the line out, or name a mail address"
                .to_owned())
        }
        "integration_partner" => {
            Err("integrations of Statuspage do not exist here: leave the line out".to_owned())
        }
        _ => {
            let known = || one_of(Channel::ALL.iter().map(|one| one.name()));
            Channel::from_name(&cell).map(Some).ok_or_else(|| format!("channel is not {}", known()))
        }
    }
}

fn boolean(name: &str, cell: &str) -> Result<bool, String> {
    match cell.to_lowercase().as_str() {
        "" | "false" | "no" | "0" => Ok(false),
        "true" | "yes" | "1" => Ok(true),
        _ => Err(format!("{name} is neither true nor false")),
    }
}

/// What is known of a consent: what the line says, what is said for all, or that it was confirmed where it comes from.
fn note(
    (note, consent): (&str, &str),
    confirmed_at: Option<Timestamp>,
    of_all: Option<&str>,
) -> Result<String, String> {
    let said = if note.is_empty() { of_all.unwrap_or_default() } else { note };
    if said.chars().count() > LONGEST_NOTE {
        return Err(format!("consent_note has more than {LONGEST_NOTE} characters"));
    }
    if !said.is_empty() {
        return Ok(said.to_owned());
    }
    match confirmed_at.filter(|_| ["form", "api", "import"].contains(&consent)) {
        Some(at) => Ok(format!("{consent}, confirmed at {at}")),
        None => Err(
            "it does not say when and where consent was given: fill consent_note, or say it for all lines \
                     with consent"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
