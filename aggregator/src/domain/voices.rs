//! Who speaks in the name of one agent. A spool that began anew, or a process that was started again, is one
//! voice after another; two that take turns are an agent and its copy, and neither is believed.

use super::time::{MINUTE, Timestamp};

/// Two voices within this time of each other live at the same time, ms. Longer than a refused agent waits.
const LIVE: i64 = 7 * MINUTE;
/// So often the turn goes back to a voice before both are refused: a batch of the former process that was long
/// on its way makes two.
const RETURNS: u32 = 3;
/// Voices remembered; the oldest is forgotten.
const REMEMBERED: usize = 8;

/// One process with one spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Which spool.
    pub epoch: [u8; 16],
    /// Which process, on which boot.
    pub process: Vec<u8>,
}

/// The voices of one agent in the order in which they were first heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    heard: Vec<(Voice, Timestamp)>,
    /// The one that spoke last.
    last: Option<Voice>,
    returns: u32,
    cloned: bool,
}

impl Voices {
    /// Takes note of a batch. `false`: it is one of two that live at the same time, and is refused.
    pub fn hear(&mut self, voice: Voice, now: Timestamp) -> bool {
        self.heard.retain(|(_, at)| now - *at <= LIVE);
        let known = self.heard.iter().position(|(other, _)| *other == voice);
        let returned = known.is_some() && self.last.as_ref().is_some_and(|last| *last != voice);
        match known {
            Some(place) => self.heard[place].1 = now,
            None => {
                if self.heard.len() == REMEMBERED {
                    self.heard.remove(0);
                }
                self.heard.push((voice.clone(), now));
            }
        }
        if self.heard.len() == 1 {
            (self.returns, self.cloned) = (0, false);
        } else if returned {
            self.returns = self.returns.saturating_add(1);
            self.cloned |= self.returns >= RETURNS;
        }
        self.last = Some(voice);
        !self.cloned
    }

    /// Two were heard, and are refused until one of them is still for some minutes.
    #[must_use]
    pub fn cloned(&self) -> bool {
        self.cloned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word is one batch: who speaks (a letter), seconds after the start; `!` where it is refused.
    fn check(script: &str) {
        let mut voices = Voices::default();
        for word in script.split_whitespace() {
            let refused = word.ends_with('!');
            let (who, second) = word.trim_end_matches('!').split_at(1);
            let epoch = if who == "b" { [2; 16] } else { [1; 16] };
            let voice = Voice { epoch, process: who.as_bytes().to_vec() };
            let now = Timestamp(second.parse::<i64>().expect("a number") * 1_000);
            assert_eq!(!voices.hear(voice, now), refused, "{word} in {script:?}");
        }
    }

    #[test]
    fn one_voice_after_another_is_one_agent() {
        check("a1 a2 a3 a600 a4000");
        // Its spool was damaged: a new epoch, and the old one is never heard again.
        check("a1 a2 b3 b4 b5 b6");
        // It was started again and again.
        check("a1 c2 d3 e4 f5 g6 h7 i8 j9 k10");
        // A batch of the former process was long on its way.
        check("a1 c2 a3 c4 c5 c6 c7");
        check("a1 c2 a2 c3 d9 d10 d11");
        // A host that is restored from a backup within the hour, and its end.
        check("a1 b600 a1200 b1800");
    }

    #[test]
    fn two_voices_that_take_turns_are_an_agent_and_its_copy() {
        // Another spool, the same spool copied.
        check("a1 b2 a3 b4 a5! b6! a7!");
        check("a1 c2 a3 c4 a5! c6!");
        // They may speak in bursts.
        check("a1 a2 a3 b4 b5 b6 a7 a8 b9 b10 a11! a12! b13!");
    }

    #[test]
    fn once_one_of_them_is_still_the_other_is_taken_again() {
        check("a1 c2 a3 c4 a5! a100! a425 a426 a430");
        // A refused agent asks every five minutes: both are still there.
        check("a1 c2 a3 c4 a5! a300! c301! a600! c601!");
    }
}
