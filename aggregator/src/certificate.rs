//! The certificate that the agents' listener shows. Where no file names one and the listener is open to other
//! hosts the aggregator makes its own, once, and agents pin it by its fingerprint: no authority is needed.

use crate::config::{Listener, Role};
use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::PublicKeyData as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use skerry_host::secret_files;
use skerry_web::TlsFiles;
use std::path::{Path, PathBuf};

/// The certificate and key of `listener`, our own made beside `database` if need be. `None`: it speaks plain
/// HTTP, being for this host alone, for visitors too, or by leave.
///
/// # Errors
/// Our own certificate cannot be made or kept.
pub fn of_listener(listener: &Listener, database: &Path) -> anyhow::Result<Option<TlsFiles>> {
    if listener.tls.is_none() && shows_our_own(listener) {
        make_own(&own(database))?;
    }
    Ok(files_of(listener, database))
}

/// As [`of_listener`], made or not: for those who only look.
#[must_use]
pub fn files_of(listener: &Listener, database: &Path) -> Option<TlsFiles> {
    match &listener.tls {
        Some(tls) => Some(TlsFiles { certificate: tls.certificate.clone(), key: tls.key.clone() }),
        None if shows_our_own(listener) => Some(TlsFiles { certificate: own(database), key: own(database) }),
        None => None,
    }
}

fn shows_our_own(listener: &Listener) -> bool {
    let serves = |room| listener.serves.contains(&room);
    let closed = listener.address.ip().is_loopback() || listener.allow_plaintext;
    !closed && serves(Role::Agents) && !serves(Role::Public)
}

/// SHA-256 of the first certificate of a PEM file.
///
/// # Errors
/// The file cannot be read or holds none.
pub fn fingerprint(path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut chain = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("cannot read the certificate {}", path.display()))?;
    let leaf = chain.next().with_context(|| format!("{} holds no PEM certificate", path.display()))?;
    let leaf = leaf.with_context(|| format!("{} is not a PEM of certificates", path.display()))?;
    Ok(Sha256::digest(&leaf).into())
}

/// What pins the key of the certificate that we made for `listener`, as `curl --pinnedpubkey` takes it. `None`: that
/// certificate is not ours, or there is none.
///
/// # Errors
/// The file cannot be read or holds no key.
pub fn pin(listener: &Listener, database: &Path) -> anyhow::Result<Option<String>> {
    if listener.tls.is_some() || !shows_our_own(listener) {
        return Ok(None);
    }
    let path = own(database);
    let unfit = || format!("{} holds no key that can be read", path.display());
    let key = PrivateKeyDer::from_pem_file(&path).with_context(unfit)?;
    let key = rcgen::KeyPair::try_from(&key).with_context(unfit)?;
    Ok(Some(format!("sha256//{}", STANDARD.encode(Sha256::digest(key.subject_public_key_info())))))
}

/// The file of our own certificate and its key.
fn own(database: &Path) -> PathBuf {
    database.with_file_name("agents-certificate.pem")
}

/// Whoever comes first makes it, the aggregator or root's command line, and it is the aggregator's to read.
fn make_own(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    secret_files::read_or_make(path, || {
        let name = "skerry-aggregator".to_owned();
        let mut parameters = rcgen::CertificateParams::new([name.clone()]).context("a certificate's name")?;
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().context("cannot make a key for the agents' certificate")?;
        let certificate = parameters.self_signed(&key).context("cannot sign the agents' certificate")?;
        Ok(format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn listener(address: &str, serves: &[Role]) -> Listener {
        let address = address.parse().expect("an address");
        Listener {
            address,
            serves: serves.to_vec(),
            tls: None,
            allow_plaintext: false,
            allowed_hosts: Vec::new(),
            proxies: Default::default(),
        }
    }

    #[test]
    fn other_hosts_are_met_with_a_certificate_that_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("data/skerry.db");
        let of = |listener: &Listener| of_listener(listener, &database).expect("works");
        assert!(of(&listener("127.0.0.1:1", &[Role::Agents])).is_none());
        assert!(of(&listener("0.0.0.0:1", &[Role::Admin])).is_none());
        assert!(of(&listener("0.0.0.0:1", &[Role::Agents, Role::Public])).is_none());
        let allowed = Listener { allow_plaintext: true, ..listener("0.0.0.0:1", &[Role::Agents]) };
        assert!(of(&allowed).is_none());
        let made = of(&listener("0.0.0.0:1", &[Role::Agents, Role::Admin])).expect("made");
        let mode = std::fs::metadata(&made.key).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let print = fingerprint(&made.certificate).expect("one");
        let again = of(&listener("[::]:1", &[Role::Agents])).expect("kept");
        assert_eq!(fingerprint(&again.certificate).expect("the same"), print);
        assert_eq!(std::fs::read_dir(database.parent().expect("a folder")).expect("lists").count(), 1);
    }

    #[test]
    fn what_root_makes_beforehand_is_the_aggregators_and_looking_makes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("skerry.db");
        let open = listener("0.0.0.0:1", &[Role::Agents]);
        let seen = files_of(&open, &database).expect("one is shown there");
        assert!(!seen.certificate.exists(), "looking makes none");
        if !rustix::process::geteuid().is_root() {
            use std::io::Write;
            let test = std::thread::current().name().unwrap_or("main").to_owned();
            let _ = writeln!(std::io::stderr(), "skipped: {test}: it needs root");
            return;
        }
        std::os::unix::fs::chown(folder.path(), Some(12_345), Some(12_346)).expect("root may");
        let made = of_listener(&open, &database).expect("works").expect("made");
        assert_eq!(made.certificate, seen.certificate);
        let kept = std::fs::metadata(&made.certificate).expect("there");
        assert_eq!((kept.uid(), kept.gid(), kept.mode() & 0o777), (12_345, 12_346, 0o600));
    }
}
