//! Whether a check changes too often to be trusted, by the rule of Nagios Core (`base/flapping.c`): of the
//! last 21 slots, the 20 changes between neighbours weigh from 0.75 for the oldest to 1.25 for the newest.
//! Flapping starts at 30 % of the total weight and stops at 20 %; in between nothing changes.
//!
//! Computed in integers, so that nothing drifts: a change weighs 57 + 2n of 76; the oldest has n = 0.

use skerry_protocol::wire::State;

/// Number of slots.
const SLOTS: u32 = 21;
/// Mask of all slots, two bits each.
const ALL: u64 = (1 << (2 * SLOTS)) - 1;
/// Total weight of all changes: 20 · 76.
const WHOLE: u32 = 1520;
/// Flapping starts at 30 %.
const BEGINS: u32 = WHOLE * 30 / 100;
/// Flapping stops at 20 %.
const ENDS: u32 = WHOLE * 20 / 100;

/// The last 21 states, the newest in the lowest two bits. A new check starts as if it had always been in its
/// first state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots(u64);

impl Slots {
    /// Restores stored slots; any bits are valid.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & ALL)
    }

    /// The bits to store.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Fills the next slot. [`State::Unknown`] is skipped.
    pub fn fill(&mut self, state: State) {
        let code: u64 = match state {
            State::Unknown => return,
            State::Up => 1,
            State::Degraded => 2,
            State::Down => 3,
        };
        if self.0 == 0 {
            // The same code in every slot.
            self.0 = code * (ALL / 3);
        }
        self.0 = (self.0 << 2 | code) & ALL;
    }

    /// Weight of the changes, of [`WHOLE`].
    fn weight(self) -> u32 {
        let differ = self.0 ^ (self.0 >> 2);
        let newest = SLOTS - 2;
        (0..=newest).filter(|back| differ >> (2 * back) & 3 != 0).map(|back| 57 + 2 * (newest - back)).sum()
    }

    /// Whether the check flaps now, given whether it did `before`.
    #[must_use]
    pub fn flapping(self, before: bool) -> bool {
        let weight = self.weight();
        if before { weight > ENDS } else { weight >= BEGINS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `changed(n)`: whether the n-th change back from the newest (0) took place.
    fn slots(changed: impl Fn(u32) -> bool) -> Slots {
        let (mut slots, mut up) = (Slots::default(), true);
        slots.fill(State::Up);
        for back in (0..SLOTS - 1).rev() {
            up ^= changed(back);
            slots.fill(if up { State::Up } else { State::Down });
        }
        slots
    }

    #[test]
    fn weights_are_those_of_nagios() {
        let table: [(Slots, &str, bool); 7] = [
            (slots(|_| false), "0.0000", false),
            (slots(|_| true), "100.0000", true),
            (slots(|back| back == 0), "6.2500", false),
            (slots(|back| back == 19), "3.7500", false),
            (slots(|back| back < 4), "24.2105", false),
            (slots(|back| back < 5), "29.9342", false),
            (slots(|back| back < 6), "35.5263", true),
        ];
        for (slots, percent, flapping) in table {
            let weight = f64::from(slots.weight()) * 100.0 / f64::from(WHOLE);
            assert_eq!(format!("{weight:.4}"), percent);
            assert_eq!(slots.flapping(false), flapping, "{percent}");
        }
    }

    #[test]
    fn the_limits_themselves_begin_and_end_it() {
        // 85 + 83 + 79 + 75 + 69 + 65 of 1520 is exactly 30 %; 57 + 77 + 85 + 85 ... of four changes is 20 %.
        let thirty = slots(|back| [5, 6, 8, 10, 13, 15].contains(&back));
        assert_eq!((thirty.weight(), thirty.flapping(false)), (BEGINS, true));
        let twenty = slots(|back| [5, 8, 11, 14].contains(&back));
        assert_eq!((twenty.weight(), twenty.flapping(true)), (ENDS, false));
        let between = slots(|back| [4, 8, 11, 14].contains(&back));
        assert_eq!((between.flapping(true), between.flapping(false)), (true, false));
    }

    #[test]
    fn what_was_never_seen_is_no_change_and_unknown_fills_nothing() {
        let mut slots = Slots::default();
        slots.fill(State::Unknown);
        assert_eq!(slots, Slots::default());
        slots.fill(State::Down);
        assert_eq!(slots.weight(), 0);
        let settled = slots;
        slots.fill(State::Down);
        slots.fill(State::Unknown);
        assert_eq!(slots, settled);
        assert_eq!(Slots::from_bits(slots.bits()), slots);
        assert!(Slots::from_bits(u64::MAX).bits() <= ALL);
    }
}
