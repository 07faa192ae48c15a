//! Sorting by numbers. The standard library's sort is compiled anew for each type and each key, 4 kB at a time, and the
//! page is a download: here it is compiled once.

/// The smallest first; equals stay in their order.
pub fn sort_by_numbers<T>(items: &mut Vec<T>, numbers: impl Fn(&T) -> (u64, u64)) {
    let mut order: Vec<(u64, u64, usize)> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let (first, second) = numbers(item);
            (first, second, at)
        })
        .collect();
    order.sort();
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|(.., at)| taken[at].take()));
}

#[cfg(test)]
mod tests {
    use super::sort_by_numbers;

    #[test]
    fn equals_stay_in_their_order() {
        let mut words = vec![(2, "c"), (1, "b"), (2, "a"), (1, "a"), (0, "z")];
        sort_by_numbers(&mut words, |(number, _)| (*number, 0));
        assert_eq!(words, [(0, "z"), (1, "b"), (1, "a"), (2, "c"), (2, "a")]);
    }

    #[test]
    fn the_second_number_decides_between_equals() {
        let mut pairs = vec![(1, 9), (0, 3), (1, 2)];
        sort_by_numbers(&mut pairs, |pair| *pair);
        assert_eq!(pairs, [(0, 3), (1, 2), (1, 9)]);
    }
}
