//! Random bytes and secrets, from the operating system.

/// Random bytes.
///
/// # Panics
/// If the operating system has no randomness, which nothing here could survive.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A secret of `prefix`, 160 random bits in hexadecimal and an 8-digit checksum, shown once.
///
/// # Panics
/// As [`bytes`].
#[must_use]
pub fn secret(prefix: &str) -> String {
    let body: String = bytes::<20>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}_{body}{}", checksum(prefix, &body))
}

/// Whether `text` may be a secret of `prefix`: it has the form and the checksum of one.
#[must_use]
pub fn is_secret(prefix: &str, text: &str) -> bool {
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let parts = body.and_then(|body| body.split_at_checked(40));
    parts.is_some_and(|(body, sum)| sum == checksum(prefix, body))
}

fn checksum(prefix: &str, body: &str) -> String {
    let hash = blake3::hash(format!("{prefix}_{body}").as_bytes()).to_hex();
    hash[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_form() {
        let secret = secret("skh");
        assert!(is_secret("skh", &secret) && !is_secret("ska", &secret));
        for other in ["", "skh_", "skh_1", &secret[1..], &secret[..secret.len() - 1], &format!("{secret}0")] {
            assert!(!is_secret("skh", other), "{other}");
        }
        let (first, rest) = secret.split_at(10);
        let (changed, rest) = rest.split_at(1);
        let changed = if changed == "0" { "1" } else { "0" };
        assert!(!is_secret("skh", &format!("{first}{changed}{rest}")), "one digit is another");
    }
}
