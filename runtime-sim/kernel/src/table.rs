//! A map from numbers, in their order. It answers as `BTreeMap` does and is one, but all tables share the code of one
//! tree: thirty trees of their own would be a twentieth of the module that a page downloads.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
    ops::{Bound, Index},
};

/// A key: a number, or two, whose order is that of [`Number::order`].
pub trait Number: Copy {
    fn order(self) -> u128;
}

macro_rules! unsigned {
    ($($number:ty),*) => {
        $(impl Number for $number {
            fn order(self) -> u128 {
                self as u128
            }
        })*
    };
}
unsigned!(u32, u64, usize);

impl Number for i32 {
    fn order(self) -> u128 {
        u128::from(self.abs_diff(i32::MIN))
    }
}

impl Number for (u64, u64) {
    fn order(self) -> u128 {
        u128::from(self.0) << 64 | u128::from(self.1)
    }
}

/// Where in a table's slots each key is.
#[derive(Default)]
struct Places(BTreeMap<u128, u32>);

// Each of these once, whatever the tables hold.
impl Places {
    #[inline(never)]
    fn find(&self, order: u128) -> Option<u32> {
        self.0.get(&order).copied()
    }

    #[inline(never)]
    fn add(&mut self, order: u128, place: u32) {
        self.0.insert(order, place);
    }

    #[inline(never)]
    fn remove(&mut self, order: u128) -> Option<u32> {
        self.0.remove(&order)
    }

    #[inline(never)]
    fn next(&self, behind: Bound<u128>) -> Option<(u128, u32)> {
        let (order, place) = self.0.range((behind, Bound::Unbounded)).next()?;
        Some((*order, *place))
    }
}

pub struct Table<K, V> {
    places: Places,
    slots: Vec<Option<(K, V)>>,
    free: Vec<u32>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            places: Places::default(),
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<K: Number, V> Index<&K> for Table<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("a key of the table")
    }
}

impl<K: Number + Debug, V: Debug> Debug for Table<K, V> {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Number, V> Table<K, V> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.places.find(key.order()).is_some()
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.places.find(key.order())?;
        self.slots[place as usize].as_ref().map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.places.find(key.order())?;
        self.slots[place as usize].as_mut().map(|(_, value)| value)
    }

    /// The value that was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(known) = self.get_mut(&key) {
            return Some(std::mem::replace(known, value));
        }
        let place = self.free.pop().unwrap_or(self.slots.len() as u32);
        if place as usize == self.slots.len() {
            self.slots.push(Some((key, value)));
        } else {
            self.slots[place as usize] = Some((key, value));
        }
        self.places.add(key.order(), place);
        None
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.places.remove(key.order())?;
        self.free.push(place);
        self.slots[place as usize].take().map(|(_, value)| value)
    }

    /// The value of `key`, a new one if there is none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if !self.contains_key(&key) {
            self.insert(key, V::default());
        }
        self.get_mut(&key).expect("it is there now")
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let key = *self.keys().next()?;
        Some((key, self.remove(&key)?))
    }

    /// In the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut behind = Bound::Unbounded;
        std::iter::from_fn(move || {
            let (order, place) = self.places.next(behind)?;
            behind = Bound::Excluded(order);
            self.slots[place as usize]
                .as_ref()
                .map(|(key, value)| (key, value))
        })
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// In the order of the keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let Self { places, slots, .. } = self;
        let slots = slots.as_mut_ptr();
        let mut behind = Bound::Unbounded;
        std::iter::from_fn(move || {
            let (order, place) = places.next(behind)?;
            behind = Bound::Excluded(order);
            // SAFETY: no two keys have the same place, so no slot is given out twice; the table is borrowed as long.
            let slot = unsafe { &mut *slots.add(place as usize) };
            slot.as_mut().map(|(key, value)| (&*key, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same operations on a `BTreeMap`, drawn from a small generator, give the same answers.
    #[test]
    fn answers_as_a_tree_does() {
        let (mut table, mut tree) = (Table::<i32, u64>::new(), BTreeMap::new());
        let mut state = 1u64;
        for step in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = (state >> 40) as i32 % 64 - 32;
            match (state >> 33) % 5 {
                0 | 1 => assert_eq!(table.insert(key, step), tree.insert(key, step)),
                2 => assert_eq!(table.remove(&key), tree.remove(&key)),
                3 => assert_eq!(table.get(&key), tree.get(&key)),
                _ => assert_eq!(table.pop_first(), tree.pop_first()),
            }
            assert_eq!(table.len(), tree.len());
            if step % 100 == 0 {
                table.iter_mut().for_each(|(_, value)| *value += 1);
                tree.values_mut().for_each(|value| *value += 1);
                assert!(table.iter().eq(tree.iter()));
            }
        }
    }
}
