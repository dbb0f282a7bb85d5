//! The rules of a workspace: what its texts must not say, compiled once.

use crate::detect::names::Names;
use crate::detect::secrets::Secrets;
use std::fmt::{self, Display, Formatter};

/// Counts changes of what this code finds with equal settings.
const REVISION: u32 = 2;

/// The most secret patterns, those of the defaults included: each costs memory, and time for every text.
pub(crate) const MAX_SECRET_PATTERNS: usize = 220;

/// Suffixes of host names that exist in nobody's public DNS.
const PRIVATE_SUFFIXES: &[&str] = &[
    ".local",
    ".internal",
    ".lan",
    ".corp",
    ".home.arpa",
    ".svc.cluster.local",
    ".svc",
    ".home",
    ".intranet",
    ".private",
    ".localdomain",
    ".consul",
];

/// Keys and tokens that are known by their form, and values that are called secrets.
const SECRET_PATTERNS: &[&str] = &[
    r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}",
    r"(?-u:\b)(?:gh[pousr]|github_pat)_[0-9A-Za-z_]{20,}",
    r"(?-u:\b)glpat-[0-9A-Za-z_-]{20,}",
    r"(?-u:\b)xox[abeoprs]-[0-9A-Za-z-]{10,}",
    r"(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/[0-9A-Za-z/_-]+",
    r"(?-u:\b)[rs]k_(?:live|test)_[0-9A-Za-z]{10,}",
    r"(?-u:\b)AIza[0-9A-Za-z_-]{35}",
    r"(?-u:\b)eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}(?:\.[0-9A-Za-z_-]*)?",
    r"(?-u:\b)sk[a-z]_[0-9A-Za-z_-]{16,}",
    r"(?-u:\b)sk-[0-9A-Za-z_-]{20,}",
    r"(?-u:\b)whsec_[0-9A-Za-z+/=]{16,}",
    r"(?-u:\b)(?:npm_[0-9A-Za-z]{36}|pypi-[0-9A-Za-z_-]{16,})",
    r"(?-u:\b)SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    r"(?-u:\b)hv[sbr]\.[0-9A-Za-z_-]{20,}",
    r"(?-u:\b)do[opr]_v1_[0-9a-f]{64}",
    r"(?i)bearer[ \t]+[0-9A-Za-z._~+/-]{16,}=*",
    r"(?i)authorization[ \t]*[:=][ \t]*basic[ \t]+[0-9A-Za-z+/]{8,}=*",
    r"(?i)authorization[ \t]*[:=][ \t]*(?:bearer|oauth|token)[ \t]+[0-9A-Za-z._~+/-]{4,15}(?-u:\b{end})",
    r#"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?[ \t]*=[ \t]*["']?[^\s"'`,;<>&]{4,}"#,
    r#"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?[ \t]*:[ \t]*["']?[^\s"'`,;<>]{3,}[0-9][^\s"'`,;<>]*"#,
];

/// What a workspace says of its private side, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Endings of private host names, with or without the dot before them.
    pub private_suffixes: Vec<String>,
    /// Regular expressions of what is secret. Each is matched within a line; `^` and `$` are its ends.
    pub secret_patterns: Vec<String>,
    /// Names of agents, checks, hosts and workspaces: whole words, in any case. Shorter ones than three characters are
    /// not looked for. A name that is also a plain word is found wherever people write that word.
    pub private_names: Vec<String>,
    /// Names that visitors know. Private names and host names within them stay.
    pub public_names: Vec<String>,
}

impl Default for Settings {
    /// The default suffixes and patterns, without names.
    fn default() -> Self {
        let owned = |all: &[&str]| all.iter().copied().map(str::to_owned).collect();
        Self {
            private_suffixes: owned(PRIVATE_SUFFIXES),
            secret_patterns: owned(SECRET_PATTERNS),
            private_names: Vec::new(),
            public_names: Vec::new(),
        }
    }
}

impl Settings {
    /// Which rules they make.
    #[must_use]
    pub fn version(&self) -> RulesVersion {
        version(self)
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The key below `[sanitiser]`.
    pub key: &'static str,
    /// Which of its values.
    pub index: usize,
    /// What is wrong with it.
    pub wrong: String,
}

impl Display for SettingError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.key, self.index, self.wrong)
    }
}

impl std::error::Error for SettingError {}

/// Identifies rules: equal settings under the same code have the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesVersion(pub u64);

/// Compiled settings.
#[derive(Debug)]
pub struct Rules {
    pub(crate) names: Names,
    pub(crate) secrets: Secrets,
    version: RulesVersion,
}

impl Rules {
    /// Compiles settings.
    ///
    /// # Errors
    /// All settings that cannot be used: a suffix without letters, a pattern that is no regular expression or matches
    /// nothing at all.
    pub fn new(settings: &Settings) -> Result<Self, Vec<SettingError>> {
        let mut wrong = Vec::new();
        let names = Names::new(settings, &mut wrong);
        let secrets = Secrets::new(&settings.secret_patterns, &mut wrong);
        match (names, secrets) {
            (Some(names), Some(secrets)) if wrong.is_empty() => {
                Ok(Self { names, secrets, version: version(settings) })
            }
            _ => Err(wrong),
        }
    }

    /// Which rules these are.
    #[must_use]
    pub const fn version(&self) -> RulesVersion {
        self.version
    }
}

fn version(settings: &Settings) -> RulesVersion {
    let Settings { private_suffixes, secret_patterns, private_names, public_names } = settings;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&REVISION.to_le_bytes());
    for list in [private_suffixes, secret_patterns, private_names, public_names] {
        hasher.update(&(list.len() as u64).to_le_bytes());
        for value in list {
            hasher.update(&(value.len() as u64).to_le_bytes()).update(value.as_bytes());
        }
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    RulesVersion(u64::from_le_bytes(first))
}
