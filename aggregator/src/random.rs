//! Random ids. The one place outside the store's keys where names are made up.

/// 12 random lower-case alphanumerics, as Statuspage's ids are.
///
/// # Panics
/// If the operating system has no randomness, which nothing here could survive.
#[must_use]
pub fn id() -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut id = String::with_capacity(12);
    while id.len() < 12 {
        let bytes: [u8; 32] = bytes();
        // 252 is the largest multiple of 36 below 256: above it the choice would be uneven.
        let fair = bytes.iter().filter(|byte| **byte < 252);
        id.extend(fair.take(12 - id.len()).map(|byte| char::from(ALPHABET[usize::from(byte % 36)])));
    }
    id
}

/// Random bytes.
///
/// # Panics
/// As [`id`].
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A secret of `prefix`, 160 random bits in hexadecimal and an 8-digit checksum, shown once.
///
/// # Panics
/// As [`id`].
#[must_use]
pub fn secret(prefix: &str) -> String {
    let body: String = bytes::<20>().iter().map(|byte| format!("{byte:02x}")).collect();
    let checksum = blake3::hash(format!("{prefix}_{body}").as_bytes()).to_hex();
    format!("{prefix}_{body}{}", &checksum[..8])
}
