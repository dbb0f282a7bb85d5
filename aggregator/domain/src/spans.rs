//! The spans of one track. Closed spans are shared between copies of the state: an observation that extends the newest
//! span copies none of them.

use super::shared_vec::SharedVec;
use super::track::Span;

/// Oldest first, never overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// All but the newest.
    closed: SharedVec<Span>,
    newest: Option<Span>,
}

impl Spans {
    /// The number of spans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.closed.len() + usize::from(self.newest.is_some())
    }

    /// Whether there is no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// All but the newest.
    #[must_use]
    pub fn closed(&self) -> &[Span] {
        &self.closed
    }

    /// The oldest.
    #[must_use]
    pub fn first(&self) -> Option<&Span> {
        self.get(0)
    }

    /// The newest.
    #[must_use]
    pub fn last(&self) -> Option<&Span> {
        self.newest.as_ref()
    }

    /// The newest, mutable.
    pub fn last_mut(&mut self) -> Option<&mut Span> {
        self.newest.as_mut()
    }

    /// The one at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Span> {
        self.closed.get(index).or_else(|| self.newest.as_ref().filter(|_| index == self.closed.len()))
    }

    /// The one before `index`.
    #[must_use]
    pub fn before(&self, index: usize) -> Option<&Span> {
        self.get(index.checked_sub(1)?)
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.closed.iter().chain(&self.newest)
    }

    /// A copy of all of them.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Span> {
        self.iter().copied().collect()
    }

    /// Index of the first span for which `holds` is false; it must be true for all earlier and false for all later
    /// ones.
    pub fn partition_point(&self, mut holds: impl FnMut(&Span) -> bool) -> usize {
        match &self.newest {
            Some(newest) if holds(newest) => self.len(),
            _ => self.closed.partition_point(holds),
        }
    }

    /// Index of the newest span for which `holds` is true.
    pub fn rposition(&self, mut holds: impl FnMut(&Span) -> bool) -> Option<usize> {
        match &self.newest {
            Some(newest) if holds(newest) => Some(self.closed.len()),
            _ => self.closed.iter().rposition(holds),
        }
    }

    /// Appends the newest.
    pub fn push(&mut self, span: Span) {
        if let Some(newest) = self.newest.replace(span) {
            self.closed.push(newest);
        }
    }

    /// Inserts a closed span before the newest one. At load the newest is read first.
    pub fn push_closed(&mut self, span: Span) {
        self.closed.push(span);
    }

    /// Removes the `count` oldest closed spans.
    pub fn forget(&mut self, count: usize) -> Vec<Span> {
        let count = count.min(self.closed.len());
        let kept = self.closed[count..].to_vec();
        std::mem::replace(&mut self.closed, kept.into())[..count].to_vec()
    }

    /// Removes the newest.
    pub fn pop(&mut self) -> Option<Span> {
        let former = if self.closed.is_empty() { None } else { self.closed.edit().pop() };
        std::mem::replace(&mut self.newest, former)
    }

    /// Removes the spans from `index` on.
    pub fn split_off(&mut self, index: usize) -> Vec<Span> {
        if index >= self.len() {
            return Vec::new();
        }
        let mut tail =
            if index < self.closed.len() { self.closed.edit().split_off(index) } else { Vec::new() };
        tail.extend(self.newest.take());
        self.newest = if self.closed.is_empty() { None } else { self.closed.edit().pop() };
        tail
    }
}

impl From<Vec<Span>> for Spans {
    fn from(mut spans: Vec<Span>) -> Self {
        let newest = spans.pop();
        Self { closed: spans.into(), newest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::track::HardState;

    fn span(from: i64) -> Span {
        Span { from: Timestamp(from), last: Timestamp(from + 5), state: HardState::Up }
    }

    #[test]
    fn they_behave_as_a_list() {
        for length in 0..5_i64 {
            let list: Vec<Span> = (0..length).map(|n| span(n * 10)).collect();
            let mut spans = Spans::default();
            list.iter().for_each(|one| spans.push(*one));
            assert_eq!((&spans, spans.len()), (&Spans::from(list.clone()), list.len()));
            for at in 0..=list.len() {
                let edge = Timestamp(at as i64 * 10);
                assert_eq!(
                    spans.partition_point(|one| one.from < edge),
                    list.partition_point(|one| one.from < edge)
                );
                assert_eq!(
                    spans.rposition(|one| one.from < edge),
                    list.iter().rposition(|one| one.from < edge)
                );
                assert_eq!((spans.get(at), spans.before(at)), (list.get(at), list[..at].last()));
                let (mut cut, mut kept) = (spans.clone(), list.clone());
                assert_eq!((cut.split_off(at), cut.to_vec()), (kept.split_off(at), kept));
            }
            let mut list = list;
            assert_eq!((spans.pop(), spans.to_vec()), (list.pop(), list));
        }
    }

    #[test]
    fn to_lengthen_the_newest_copies_none_of_the_others() {
        let mut spans: Spans = (0..100).map(|n| span(n * 10)).collect::<Vec<_>>().into();
        let copy = spans.clone();
        spans.last_mut().expect("there").last = Timestamp(2_000);
        assert_eq!(spans.closed().as_ptr(), copy.closed().as_ptr());
        assert_ne!(spans, copy);
    }
}
