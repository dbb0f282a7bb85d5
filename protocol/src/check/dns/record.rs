//! The supported record types, and the format of their text.

macro_rules! records {
    ($($(#[$doc:meta])* $name:literal $record:ident $shape:ident),* $(,)?) => {
        /// A type of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Record {
            $($(#[$doc])* $record,)*
        }

        impl Record {
            /// All types with their names.
            pub const NAMED: &[(&'static str, Self)] = &[$(($name, Self::$record)),*];

            /// The name in configurations and zone files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$record => $name,)*
                }
            }

            pub(super) fn shape(self) -> Shape {
                match self {
                    $(Self::$record => Shape::$shape,)*
                }
            }
        }
    };
}

records! {
    /// An IPv4 address.
    "A" A V4,
    /// An IPv6 address.
    "AAAA" Aaaa V6,
    /// Who may issue certificates (RFC 8659).
    "CAA" Caa Caa,
    /// Another name for this one.
    "CNAME" Cname Name,
    /// Another tree for this one (RFC 6672).
    "DNAME" Dname Name,
    /// A zone's keys (RFC 4034).
    "DNSKEY" Dnskey Dnskey,
    /// The digest of a zone's key in its parent (RFC 4034).
    "DS" Ds Digest,
    /// How to reach a web server (RFC 9460).
    "HTTPS" Https Service,
    /// Where mail goes.
    "MX" Mx Mx,
    /// Rules to rewrite names (RFC 3403).
    "NAPTR" Naptr Naptr,
    /// A zone's name servers.
    "NS" Ns Name,
    /// The name of an address.
    "PTR" Ptr Name,
    /// A zone's serial and times.
    "SOA" Soa Soa,
    /// Where a service is (RFC 2782).
    "SRV" Srv Srv,
    /// Fingerprints of a host's SSH keys (RFC 4255).
    "SSHFP" Sshfp Fingerprint,
    /// How to reach any service (RFC 9460).
    "SVCB" Svcb Service,
    /// A service's certificate (RFC 6698).
    "TLSA" Tlsa Digest,
    /// Free text.
    "TXT" Txt Text,
}

/// The format of a record's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    V4,
    V6,
    Name,
    Mx,
    Srv,
    Soa,
    Text,
    Caa,
    /// Three numbers and hexadecimal digits.
    Digest,
    /// Two numbers and hexadecimal digits.
    Fingerprint,
    /// Three numbers and base 64.
    Dnskey,
    Naptr,
    Service,
}
