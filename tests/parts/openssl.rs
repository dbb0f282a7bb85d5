//! Certificates that only `openssl` creates: weak keys, unusual curves, old signatures and versions, and
//! chains.

use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use jiff::{Timestamp, Unit, tz::TimeZone};
use tempfile::TempDir;

use super::certificates::Certificate;

/// The variant of a certificate for `localhost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// RSA with 2048 bits, the most common one.
    Rsa,
    /// RSA with 1024 bits.
    Rsa1024,
    /// A key on P-521.
    P521,
    /// An Ed25519 key.
    Ed25519,
    /// Signed with SHA-1.
    Sha1,
    /// X.509 version 1.
    Version1,
    /// X.509 version 1 and self-signed, like device certificates.
    Device,
    /// Without a host name except in the common name.
    NoHost,
    /// For clients only.
    ForClients,
    /// Without expiry.
    Endless,
}

/// Days to the last date that a certificate can contain.
#[expect(clippy::disallowed_methods, reason = "openssl counts from the real clock")]
fn days_until_9999() -> i32 {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.until((Unit::Day, date(9999, 12, 31))).expect("a later date").get_days()
}

/// A private key in PEM, of an algorithm and with its options: `rsa`, `rsa_keygen_bits:2048`.
///
/// # Panics
/// `openssl` fails.
#[must_use]
pub fn private_key(algorithm: &[&str]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(["genpkey", "-algorithm", algorithm[0]]);
    for option in &algorithm[1..] {
        command.args(["-pkeyopt", option]);
    }
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// An authority with an RSA key.
pub struct OpenSsl {
    directory: TempDir,
}

impl OpenSsl {
    /// An authority that expires in this many days.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn authority(days: u32) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let made = Self { directory };
        made.run(&format!(
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=Root -days {days} -keyout root.key -out root.pem"
        ));
        for (file, extensions) in [
            ("host", "subjectAltName = DNS:localhost, IP:127.0.0.1\n"),
            ("client", "subjectAltName = DNS:localhost\nextendedKeyUsage = clientAuth\n"),
            ("authority", "basicConstraints = critical, CA:TRUE\n"),
            ("nobody", "keyUsage = digitalSignature, keyEncipherment\n"),
        ] {
            std::fs::write(made.place().join(file), extensions).expect("writes");
        }
        made
    }

    /// The file to trust, for `ca_file`.
    #[must_use]
    pub fn file(&self) -> std::path::PathBuf {
        self.place().join("root.pem")
    }

    /// A certificate for `localhost` with its key.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn sign(&self, odd: Odd) -> Certificate {
        let name = format!("{odd:?}");
        self.key(
            &name,
            match odd {
                Odd::Rsa1024 => "RSA -pkeyopt rsa_keygen_bits:1024",
                Odd::P521 => "EC -pkeyopt ec_paramgen_curve:P-521",
                Odd::Ed25519 => "ED25519",
                _ => "RSA -pkeyopt rsa_keygen_bits:2048",
            },
        );
        let by = if odd == Odd::Device {
            format!("-signkey {name}.key")
        } else {
            "-CA root.pem -CAkey root.key -set_serial 7".to_owned()
        };
        let extensions = match odd {
            Odd::Version1 | Odd::Device | Odd::NoHost => "",
            Odd::ForClients => "-extfile client",
            _ => "-extfile host",
        };
        // An extension makes it version 3.
        let extensions = if odd == Odd::NoHost { "-extfile nobody" } else { extensions };
        let digest = if odd == Odd::Sha1 { "-sha1" } else { "-sha256" };
        let end = if odd == Odd::Endless { days_until_9999() } else { 90 };
        self.run(&format!("x509 -req -in {name}.csr {by} {digest} -days {end} {extensions} -out {name}.pem"));
        self.kept(&name)
    }

    /// A certificate for `localhost` that expires in 300 days, issued by an intermediate that expires in this
    /// many; the server sends both, followed by those in `further`.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn below_an_intermediate(&self, days: u32, further: &[&Certificate]) -> Certificate {
        let name = format!("below-{days}");
        self.key("Intermediate", "RSA -pkeyopt rsa_keygen_bits:2048");
        self.run(&format!(
            "x509 -req -in Intermediate.csr -CA root.pem -CAkey root.key -set_serial 8 -days {days} -extfile authority \
             -out Intermediate.pem"
        ));
        self.key(&name, "EC -pkeyopt ec_paramgen_curve:P-256");
        self.run(&format!(
            "x509 -req -in {name}.csr -CA Intermediate.pem -CAkey Intermediate.key -set_serial 9 -days 300 -extfile host \
             -out leaf.pem"
        ));
        let read = |file: &Path| std::fs::read_to_string(file).expect("there");
        let mut chain = read(&self.place().join("leaf.pem")) + &read(&self.place().join("Intermediate.pem"));
        further.iter().for_each(|one| chain += &read(&one.certificate));
        std::fs::write(self.place().join(format!("{name}.pem")), chain).expect("writes");
        self.kept(&name)
    }

    fn place(&self) -> &Path {
        self.directory.path()
    }

    /// Creates a key and a request with the subject `localhost`, unless it is an authority's.
    fn key(&self, name: &str, kind: &str) {
        self.run(&format!("genpkey -algorithm {kind} -out {name}.key"));
        let subject = if name == "Intermediate" { name } else { "localhost" };
        self.run(&format!("req -new -key {name}.key -subj /CN={subject} -out {name}.csr"));
    }

    fn kept(&self, name: &str) -> Certificate {
        let file = |end: &str| self.place().join(format!("{name}.{end}"));
        Certificate { certificate: file("pem"), key: file("key") }
    }

    fn run(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.place())
            .output()
            .expect("openssl is installed");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
