//! From verdicts to day marks and figures, in zones whose clocks change.
