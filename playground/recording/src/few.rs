//! A map of a few, or of many whose keys come in order: a sorted list. `BTreeMap` is compiled anew for each two types,
//! 2 kB at a time, and the page is a download.

use std::borrow::Borrow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<K: Ord, V> Few<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let order = |entry: &(K, V)| entry.0.borrow().cmp(key);
        // Mostly it is the last, or comes after it.
        match self.entries.last().map(order) {
            None | Some(std::cmp::Ordering::Less) => Err(self.entries.len()),
            Some(std::cmp::Ordering::Equal) => Ok(self.entries.len() - 1),
            Some(std::cmp::Ordering::Greater) => self.entries.binary_search_by(order),
        }
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(&self.entries[place].1)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(&mut self.entries[place].1)
    }

    /// What is there, or what is made now.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.place(&key).unwrap_or_else(|place| {
            self.entries.insert(place, (key, make()));
            place
        });
        &mut self.entries[place].1
    }

    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.entries[place].1 = value,
            Err(place) => self.entries.insert(place, (key, value)),
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.entries.remove(place).1)
    }

    pub fn retain(&mut self, is_kept: impl Fn(&K) -> bool) {
        self.entries.retain(|(key, _)| is_kept(key));
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// In the order of their keys.
    pub fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    pub fn into_entries(self) -> Vec<(K, V)> {
        self.entries
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|entry| &mut entry.1)
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn keys_are_in_order_whatever_theirs_was() {
        let mut few: Few<String, u32> = Few::default();
        for (key, value) in [("b", 1), ("d", 2), ("a", 3), ("c", 4), ("b", 5)] {
            few.insert(key.to_owned(), value);
        }
        *few.or_insert_with("d".to_owned(), || 9) += 1;
        assert_eq!(*few.or_insert_with("e".to_owned(), || 9), 9);
        assert_eq!(few.remove("a"), Some(3));
        assert_eq!(few.remove("a"), None);
        assert_eq!(few.get("b"), Some(&5));
        assert_eq!(few.get("z"), None);
        let keys: Vec<&str> = few.entries().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "c", "d", "e"]);
        assert_eq!(few.get_mut("d").copied(), Some(3));
    }
}
