//! A test authority and the certificates it signs, valid and invalid.

use std::path::{Path, PathBuf};

use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// A certificate authority in a new directory.
pub struct Authority {
    directory: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key as PEM files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Validity of a certificate in whole days from today.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// First day.
    pub from: i64,
    /// Last day.
    pub to: i64,
}

impl Validity {
    /// Valid for a year.
    pub const GOOD: Self = Self { from: -30, to: 365 };
    /// Expired a month ago.
    pub const EXPIRED: Self = Self { from: -60, to: -30 };
    /// Valid from next month.
    pub const NOT_YET: Self = Self { from: 30, to: 60 };
}

impl Authority {
    /// Creates an authority.
    ///
    /// # Panics
    /// Keys or files cannot be created.
    #[must_use]
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names are valid names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.distinguished_name.push(DnType::CommonName, "Test Authority");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(parameters, key).expect("an authority");
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).expect("writes");
        Self { directory, issuer }
    }

    /// The file to trust, for `ca_file`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Signs a certificate for `names` (DNS names and addresses).
    ///
    /// # Panics
    /// A name is invalid, or a file cannot be written.
    #[must_use]
    pub fn sign(&self, names: &[&str], validity: Validity) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters(names, validity).signed_by(&key, &self.issuer).expect("signs");
        store(self.directory.path(), &certificate.pem(), &key)
    }

    /// A self-signed certificate, unrelated to this authority. `as_authority` marks it as an authority, as
    /// `openssl req -x509` does.
    ///
    /// # Panics
    /// A name is invalid, or a file cannot be written.
    #[must_use]
    pub fn self_signed(&self, names: &[&str], as_authority: bool) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = parameters(names, Validity::GOOD);
        if as_authority {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = parameters.self_signed(&key).expect("signs");
        store(self.directory.path(), &certificate.pem(), &key)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn parameters(names: &[&str], validity: Validity) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let common_name = names.first().cloned().unwrap_or_default();
    let mut parameters = CertificateParams::new(names).expect("valid names");
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    #[expect(clippy::disallowed_methods, reason = "real certificates are valid by the real clock")]
    let day = |days: i64| {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let date = today.checked_add(Span::new().days(days)).expect("a date in range");
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    parameters.not_before = day(validity.from);
    parameters.not_after = day(validity.to);
    parameters
}

fn store(directory: &Path, pem: &str, key: &KeyPair) -> Certificate {
    let place = tempfile::Builder::new().prefix("pair-").tempdir_in(directory).expect("a directory").keep();
    let stored = Certificate { certificate: place.join("certificate.pem"), key: place.join("key.pem") };
    std::fs::write(&stored.certificate, pem).expect("writes");
    std::fs::write(&stored.key, key.serialize_pem()).expect("writes");
    stored
}
