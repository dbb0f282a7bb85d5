//! The table of the kinds of checks. One line here and one file beside it make a kind.

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

/// What the definition of a kind can do.
pub(super) trait Definition {
    /// Reads the keys of this kind. `None`: something without which there is no check is missing or wrong;
    /// it is reported, as is everything else.
    fn read(table: &Table<'_>) -> Option<Self>
    where
        Self: Sized;

    /// Writes what is measured and how, for the hash that agents report. The paths of files on a host and
    /// secrets are not part of it.
    fn canonical(&self, form: &mut Canonical);

    /// Refuses what contradicts the common keys.
    fn refuse_contradictions(&self, _timing: &Timing, _table: &Table<'_>) {}

    /// The host that is asked, where there is one.
    fn target(&self) -> Option<Host<String>>;

    /// Keys and the files they name that hold this check's secrets.
    fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        Vec::new()
    }

    /// Keys and the files they name, without a secret in them, that this check needs.
    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        Vec::new()
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:literal $kind:ident),* $(,)?) => {
        /// What kind of check, with the keys of that kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Kind {
            $($(#[$doc])* $kind(Box<$kind>),)*
        }

        impl Kind {
            /// The names in the configuration.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name in the configuration.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)*
                }
            }

            /// Reads the keys of the kind called `name`, which is one of [`Self::NAMES`].
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

    /// The host that is asked, where there is one.
    #[must_use]
    pub fn target(&self) -> Option<Host<String>> {
        self.definition().target()
    }

    /// Keys and the files they name that hold this check's secrets.
    #[must_use]
    pub fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        self.definition().secret_files()
    }

    /// Keys and the files they name, without a secret in them, that this check needs.
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
    /// A question to a name server.
    "dns" Dns,
    /// A TCP connection.
    "tcp" Tcp,
    /// A TLS handshake.
    "tls" Tls,
    /// A call that is waited for.
    "heartbeat" Heartbeat,
    /// A local program with the convention of the Nagios plugins.
    "exec" Exec,
}
