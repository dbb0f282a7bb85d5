//! A persistent ordered map. A copy shares every entry with the original; a change copies only the touched entry and
//! the path to it. A copy of the whole state is therefore cheap, and readers can keep one.

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use std::borrow::Borrow;
use std::fmt;
use std::ops::{Index, RangeBounds};
use std::sync::Arc;

/// Entries in the order of their keys.
pub struct Table<K, V>(OrdMap<K, Arc<V>>);

impl<K: Ord + Clone, V> Table<K, V> {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|value| &**value)
    }

    /// Whether it has an entry of this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// All entries.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, &**value))
    }

    /// All keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.keys()
    }

    /// All values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.values().map(|value| &**value)
    }

    /// The entries whose keys lie in a range.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.range(range).map(|(key, value)| (key, &**value))
    }

    /// The entry of the least key.
    #[must_use]
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.0.get_min().map(|(key, value)| (key, &**value))
    }

    /// The entry of the greatest key.
    #[must_use]
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.0.get_max().map(|(key, value)| (key, &**value))
    }

    /// Inserts an entry; returns the one it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<Arc<V>> {
        self.0.insert(key, Arc::new(value))
    }

    /// Removes an entry and returns it.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// The keys whose entries differ in `after`, and whether it has them. Shared parts are skipped.
    pub fn changed_keys<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = (&'a K, bool)>
    where
        V: PartialEq,
    {
        self.0.diff(&after.0).map(|one| match one {
            DiffItem::Add(key, _) | DiffItem::Update { new: (key, _), .. } => (key, true),
            DiffItem::Remove(key, _) => (key, false),
        })
    }

    /// The keys of the entries that `wanted` accepts. Code that changes many entries collects their keys first, so that
    /// the others stay shared.
    pub fn keys_where(&self, mut wanted: impl FnMut(&K, &V) -> bool) -> Vec<K> {
        self.iter().filter(|(key, value)| wanted(key, value)).map(|(key, _)| key.clone()).collect()
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// The entry of a key, mutable. It is copied first if another copy of the table shares it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).map(Arc::make_mut)
    }

    /// The entry of a key, created if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        Arc::make_mut(self.0.entry(key).or_insert_with(|| Arc::new(make())))
    }

    /// Changes every entry, which copies all that are shared.
    pub fn update_all(&mut self, mut update: impl FnMut(&K, &mut V)) {
        let keys: Vec<K> = self.0.keys().cloned().collect();
        for key in keys {
            if let Some(value) = self.get_mut(&key) {
                update(&key, value);
            }
        }
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(OrdMap::new())
    }
}

impl<K: Ord + Clone, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Arc<V>, &Arc<V>)| Arc::ptr_eq(one, other) || one == other;
        self.0.ptr_eq(&other.0)
            || self.0.len() == other.0.len()
                && self.0.keys().eq(other.0.keys())
                && self.0.values().zip(other.0.values()).all(alike)
    }
}

impl<K: Ord + Clone + fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for Table<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("an entry of this key")
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key, Arc::new(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares() -> Table<i64, Vec<i64>> {
        (0..1_000).map(|n| (n, vec![n * n])).collect()
    }

    #[test]
    fn a_change_leaves_a_copy_as_it_was_and_shares_every_other_entry() {
        let mut table = squares();
        let copy = table.clone();
        table.get_mut(&500).expect("there").push(0);
        table.remove(&1);
        table.get_or_insert_with(2_000, Vec::new).push(7);
        assert_eq!(copy, squares());
        assert_eq!((table.len(), &table[&500], &table[&2_000]), (1_000, &vec![250_000, 0], &vec![7]));
        let shared = |key: &i64| Arc::ptr_eq(&table.0[key], &copy.0[key]);
        assert!((2..1_000).all(|key| shared(&key) == (key != 500)));
    }

    #[test]
    fn entries_stand_in_the_order_of_their_keys() {
        let table = squares();
        let keys: Vec<i64> = table.range(10..13).map(|(key, _)| *key).collect();
        assert_eq!(keys, [10, 11, 12]);
        assert_eq!(table.keys_where(|key, value| value[0] == 81 && *key > 0), [9]);
        let ends = (table.first_key_value(), table.last_key_value());
        assert_eq!(ends, (Some((&0, &vec![0])), Some((&999, &vec![998_001]))));
    }
}
