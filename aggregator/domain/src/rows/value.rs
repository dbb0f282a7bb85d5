//! The value of one column: four plain kinds, and how each type of the domain is stored in them.

use crate::access::Role;
use crate::announcement::AnnouncementLevel;
use crate::automatic_text::{AutomaticEvent, ReasonClass};
use crate::component::Automatic;
use crate::credentials::Standing;
use crate::incident::{Impact, IncidentStatus};
use crate::maintenance::{MaintenanceStatus, WindowEvent};
use crate::problem::{Level, ProblemEventKind, Severity};
use crate::reporters::Held;
use crate::state::{
    AgentKey, AnnouncementKey, ApiTokenKey, CheckKey, ComponentKey, CorrectionKey, GroupKey, HoldKey,
    IncidentKey, Origin, PageKey, ProblemKey, SeriesKey, TrackKey, WindowKey, WorkspaceKey,
};
use crate::status::Status;
use crate::time::Timestamp;
use crate::track::HardState;
use crate::uptime::Rule;
use crate::verdict::Quorum;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_sanitiser::{Form, PublicText, RulesVersion, StoredText};
use std::borrow::Cow;
use std::fmt;

/// A value in a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number; an instant in ms; 0 or 1.
    Integer(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// The same value, owned.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

/// The type of a column's values, NULL apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Value::Integer`].
    Integer,
    /// [`Value::Text`].
    Text,
    /// [`Value::Bytes`].
    Bytes,
}

/// A stored value that no version of this program writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// Table and column; empty until they are known.
    pub column: String,
    /// The value found.
    pub found: String,
}

impl Misread {
    /// An error about the value `found`.
    pub(crate) fn new(found: impl fmt::Debug) -> Self {
        Self { column: String::new(), found: format!("{found:?}") }
    }

    /// The same, with its place.
    #[must_use]
    pub fn within(self, table: &str, column: &str) -> Self {
        Self { column: format!("{table}.{column}"), ..self }
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {}", self.found, self.column)
    }
}

impl std::error::Error for Misread {}

/// A type that is stored in a column.
pub trait Field: Sized {
    /// The type of the column.
    const KIND: Kind;
    /// Whether the column may be NULL.
    const OPTIONAL: bool = false;
    /// The stored value.
    fn value(&self) -> Value<'_>;
    /// Reads a stored value.
    ///
    /// # Errors
    /// [`Misread`].
    fn read(value: Value<'_>) -> Result<Self, Misread>;
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Field::value)
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        if value == Value::Null { Ok(None) } else { T::read(value).map(Some) }
    }
}

pub(super) fn integer(value: Value<'_>) -> Result<i64, Misread> {
    if let Value::Integer(number) = value { Ok(number) } else { Err(Misread::new(value)) }
}

pub(super) fn text(value: Value<'_>) -> Result<Cow<'_, str>, Misread> {
    if let Value::Text(text) = value { Ok(text) } else { Err(Misread::new(value)) }
}

macro_rules! integers {
    ($($name:ty: $out:expr, $back:expr;)*) => {$(
        impl Field for $name {
            const KIND: Kind = Kind::Integer;

            fn value(&self) -> Value<'_> {
                let out: fn(&Self) -> i64 = $out;
                Value::Integer(out(self))
            }

            fn read(value: Value<'_>) -> Result<Self, Misread> {
                let back: fn(i64) -> Self = $back;
                integer(value).map(back)
            }
        }
    )*};
}
integers! {
    i64: |one| *one, |stored| stored;
    // A count that does not fit cannot be genuine.
    u64: |one| i64::try_from(*one).unwrap_or(i64::MAX), i64::unsigned_abs;
    u32: |one| i64::from(*one), |stored| u32::try_from(stored).unwrap_or(u32::MAX);
    bool: |one| i64::from(*one), |stored| stored != 0;
    Timestamp: |one| one.0, Timestamp;
    WorkspaceKey: |one| one.0, WorkspaceKey;
    AgentKey: |one| one.0, AgentKey;
    CheckKey: |one| one.0, CheckKey;
    TrackKey: |one| one.0, TrackKey;
    PageKey: |one| one.0, PageKey;
    GroupKey: |one| one.0, GroupKey;
    ComponentKey: |one| one.0, ComponentKey;
    HoldKey: |one| one.0, HoldKey;
    WindowKey: |one| one.0, WindowKey;
    SeriesKey: |one| one.0, SeriesKey;
    ProblemKey: |one| one.0, ProblemKey;
    IncidentKey: |one| one.0, IncidentKey;
    ApiTokenKey: |one| one.0, ApiTokenKey;
    CorrectionKey: |one| one.0, CorrectionKey;
    AnnouncementKey: |one| one.0, AnnouncementKey;
    Outcome: |one| i64::from(*one as i32), |stored| Outcome::from_wire(wire(stored));
    Reason: |one| i64::from(*one as i32), |stored| Reason::from_wire(wire(stored));
    Bits: |one| one.0.cast_signed(), |stored| Bits(stored.cast_unsigned());
}

fn wire(stored: i64) -> i32 {
    i32::try_from(stored).unwrap_or(-1)
}

/// 64 bits without a meaning as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits(pub u64);

macro_rules! names {
    ($($name:ty: $out:expr, $back:expr;)*) => {$(
        impl Field for $name {
            const KIND: Kind = Kind::Text;

            fn value(&self) -> Value<'_> {
                let out: fn(&Self) -> Cow<'_, str> = $out;
                Value::Text(out(self))
            }

            fn read(value: Value<'_>) -> Result<Self, Misread> {
                let name = text(value)?;
                let back: fn(&str) -> Option<Self> = $back;
                back(&name).ok_or_else(|| Misread::new(name))
            }
        }
    )*};
}
pub(super) use {integers, names};

names! {
    HardState: |one| Cow::Borrowed(one.name()), hard;
    Role: |one| Cow::Borrowed(one.name()), Role::from_name;
    Standing: |one| Cow::Borrowed(one.name()), Standing::read;
    Held: |one| Cow::Borrowed(one.name()), Held::read;
    Origin: |one| Cow::Borrowed(one.name()), Origin::from_name;
    Status: |one| Cow::Borrowed(one.name()), Status::from_name;
    Severity: |one| Cow::Borrowed(one.name()), severity;
    Level: |one| Cow::Borrowed(one.name()), Level::from_name;
    ProblemEventKind: |one| Cow::Borrowed(one.name()), ProblemEventKind::from_name;
    IncidentStatus: |one| Cow::Borrowed(one.name()), IncidentStatus::from_name;
    Impact: |one| Cow::Borrowed(one.name()), Impact::from_name;
    AutomaticEvent: |one| Cow::Borrowed(one.name()), AutomaticEvent::from_name;
    ReasonClass: |one| Cow::Borrowed(one.name()), ReasonClass::from_name;
    AnnouncementLevel: |one| Cow::Borrowed(one.name()), AnnouncementLevel::from_name;
    MaintenanceStatus: |one| Cow::Borrowed(one.name()), MaintenanceStatus::from_name;
    WindowEvent: |one| Cow::Borrowed(one.name()), WindowEvent::from_name;
    PublicText: |one| Cow::Owned(written(&one.stored())), public_text;
    Said: |one| Cow::Borrowed(said_name(*one)), said;
    Layer: |one| Cow::Borrowed(layer_name(*one)), layer;
    SourceKind: |one| Cow::Borrowed(source_name(*one)), source_kind;
    Quorum: quorum_name, quorum;
    Rule: |one| Cow::Borrowed(rule_name(*one)), rule;
    jiff::civil::DateTime: |one| Cow::Owned(one.to_string()), |name| name.parse().ok();
    jiff::civil::Date: |one| Cow::Owned(one.to_string()), |name| name.parse().ok();
    Lines: |one| Cow::Owned(one.0.join("\n")), |name| Some(Lines(name.lines().map(str::to_owned).collect()));
}

impl Field for String {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        text(value).map(Cow::into_owned)
    }
}

impl Field for Vec<u8> {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        if let Value::Bytes(bytes) = value { Ok(bytes.into_owned()) } else { Err(Misread::new(value)) }
    }
}

impl<const N: usize> Field for [u8; N] {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        match &value {
            Value::Bytes(bytes) => Self::try_from(&**bytes).map_err(|_| Misread::new(&value)),
            _ => Err(Misread::new(value)),
        }
    }
}

/// Lines of text, none of which holds a line break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(pub Vec<String>);

/// What a layer says about a component; the automatic layer may have no data or only partial data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said(pub Automatic);

/// A stored layer of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Derived from the linked checks.
    Automatic,
}

fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Automatic => "automatic",
    }
}

fn layer(name: &str) -> Option<Layer> {
    Some(Layer::Automatic).filter(|layer| layer_name(*layer) == name)
}

/// The kind of source of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// People by hand.
    Person,
    /// A client of the REST API.
    Rest,
    /// An incident; its key is in another column.
    Incident,
}

fn source_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Person => "person",
        SourceKind::Rest => "rest",
        SourceKind::Incident => "incident",
    }
}

fn source_kind(name: &str) -> Option<SourceKind> {
    [SourceKind::Person, SourceKind::Rest, SourceKind::Incident]
        .into_iter()
        .find(|kind| source_name(*kind) == name)
}

fn severity(name: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.name() == name)
}

/// A line with form, rules and seal, then the text.
fn written(text: &StoredText) -> String {
    let form = match text.form {
        Form::Markdown => "markdown",
        Form::Plain => "plain",
    };
    let seal = u128::from_be_bytes(text.seal);
    format!("{form} {:016x} {seal:032x}\n{}", text.rules.0, text.source)
}

fn public_text(stored: &str) -> Option<PublicText> {
    let (line, source) = stored.split_once('\n')?;
    let mut words = line.split(' ');
    let form = match words.next()? {
        "markdown" => Form::Markdown,
        "plain" => Form::Plain,
        _ => return None,
    };
    let rules = RulesVersion(u64::from_str_radix(words.next()?, 16).ok()?);
    let seal = u128::from_str_radix(words.next()?, 16).ok()?.to_be_bytes();
    let text = StoredText { source: source.to_owned(), form, rules, seal };
    skerry_sanitiser::restore(text).ok()
}

fn hard(name: &str) -> Option<HardState> {
    [HardState::Up, HardState::Degraded, HardState::Down, HardState::Unknown]
        .into_iter()
        .find(|hard| hard.name() == name)
}

fn said_name(said: Said) -> &'static str {
    match said.0 {
        Automatic::Known(status) => status.name(),
        Automatic::Partly(Status::Operational) => "partly_operational",
        Automatic::Partly(Status::UnderMaintenance) => "partly_under_maintenance",
        Automatic::Partly(Status::DegradedPerformance) => "partly_degraded_performance",
        Automatic::Partly(Status::PartialOutage) => "partly_partial_outage",
        Automatic::Partly(Status::MajorOutage) => "partly_major_outage",
        Automatic::NoData => "no_data",
    }
}

fn said(name: &str) -> Option<Said> {
    let known = match (name, name.strip_prefix("partly_")) {
        ("no_data", _) => Automatic::NoData,
        (_, Some(rest)) => Automatic::Partly(Status::from_name(rest)?),
        (name, None) => Automatic::Known(Status::from_name(name)?),
    };
    Some(Said(known))
}

fn quorum_name(quorum: &Quorum) -> Cow<'_, str> {
    match quorum {
        Quorum::Majority => Cow::Borrowed("majority"),
        Quorum::Any => Cow::Borrowed("any"),
        Quorum::All => Cow::Borrowed("all"),
        Quorum::Number(number) => Cow::Owned(number.to_string()),
    }
}

fn quorum(name: &str) -> Option<Quorum> {
    match name {
        "majority" => Some(Quorum::Majority),
        "any" => Some(Quorum::Any),
        "all" => Some(Quorum::All),
        number => number.parse().ok().map(Quorum::Number),
    }
}

fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Observed => "observed",
        Rule::Statuspage => "statuspage",
    }
}

fn rule(name: &str) -> Option<Rule> {
    [Rule::Observed, Rule::Statuspage].into_iter().find(|rule| rule_name(*rule) == name)
}
