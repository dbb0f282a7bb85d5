//! The table of check kinds. A new kind needs one line here and one file beside this one.

use std::path::Path;

use url::Host;

use super::definition::Canonical;
use super::dns::Dns;
use super::exec::Exec;
use super::heartbeat::Heartbeat;
use super::http::Http;
use super::ping::Ping;
use super::read::Timing;
use super::tcp::Tcp;
use super::tls::Tls;
use crate::strict::Table;

/// What each kind implements.
pub(super) trait Definition {
    /// Reads the keys of this kind. `None`: a required key is missing or wrong, which is reported like every
    /// other error.
    fn read(table: &Table<'_>) -> Option<Self>
    where
        Self: Sized;

    /// Writes what is measured and how, for the definition hash. Excludes the paths of local files and
    /// secrets.
    fn canonical(&self, form: &mut Canonical);

    /// Refuses contradictions with the common keys.
    fn refuse_contradictions(&self, _timing: &Timing, _table: &Table<'_>) {}

    /// The host that is checked, if there is one.
    fn target(&self) -> Option<Host<String>>;

    /// Keys and paths of files with this check's secrets.
    fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        Vec::new()
    }

    /// Keys and paths of other files that this check needs.
    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        Vec::new()
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:literal $kind:ident),* $(,)?) => {
        /// The kind of a check, with the keys of that kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Kind {
            $($(#[$doc])* $kind(Box<$kind>),)*
        }

        impl Kind {
            /// All names in the configuration.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name in the configuration.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)*
                }
            }

            /// Reads the keys of the kind `name`, which is one of [`Self::NAMES`].
            pub(super) fn read(name: &str, table: &Table<'_>, timing: &Timing) -> Option<Self> {
                match name {
                    $($name => {
                        let definition = $kind::read(table)?;
                        definition.refuse_contradictions(timing, table);
                        Some(Self::$kind(Box::new(definition)))
                    })*
                    _ => None,
                }
            }

            fn definition(&self) -> &dyn Definition {
                match self {
                    $(Self::$kind(definition) => &**definition,)*
                }
            }
        }
    };
}

impl Kind {
    pub(super) fn canonical(&self, form: &mut Canonical) {
        self.definition().canonical(form);
    }

    /// The host that is checked, if there is one.
    #[must_use]
    pub fn target(&self) -> Option<Host<String>> {
        self.definition().target()
    }

    /// Keys and paths of files with this check's secrets.
    #[must_use]
    pub fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        self.definition().secret_files()
    }

    /// Keys and paths of other files that this check needs.
    #[must_use]
    pub fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        self.definition().plain_files()
    }
}

kinds! {
    /// An HTTP request.
    "http" Http,
    /// ICMP echo.
    "ping" Ping,
    /// A query to a name server.
    "dns" Dns,
    /// A TCP connection.
    "tcp" Tcp,
    /// A TLS handshake.
    "tls" Tls,
    /// A call that the aggregator waits for.
    "heartbeat" Heartbeat,
    /// A local program that follows the Nagios plugin convention.
    "exec" Exec,
}
