//! Words that both programs say to people.

use std::fmt::Display;

/// "1 check", "2 checks"; `one` is a noun that takes an s.
pub fn count<N: Display + Copy + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {one}{ending}")
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            (count(0_usize, "check"), count(1_u64, "check"), count(2_i64, "check")),
            ("0 checks".into(), "1 check".into(), "2 checks".into())
        );
    }
}
