//! Which deliveries of a batch go one after another.

use std::collections::HashMap;

/// Sorts a batch into its groups, in the order of their first members; within a group the order of the batch
/// holds. What has no group (a standard queue has none, and no order) stands for itself.
pub(crate) fn by_group<T>(
    batch: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> Option<&str>,
) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for member in batch {
        let at = match name(&member) {
            None => groups.len(),
            Some(name) => *by_name.entry(name.to_owned()).or_insert(groups.len()),
        };
        match groups.get_mut(at) {
            Some(members) => members.push(member),
            None => groups.push(vec![member]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::by_group;

    #[test]
    fn groups_keep_the_order_of_the_batch_and_what_has_none_stands_alone() {
        let batch = [(1, Some("a")), (2, None), (3, Some("b")), (4, Some("a")), (5, None), (6, Some("b"))];
        let groups = by_group(batch, |(_, name)| *name);
        let numbers: Vec<Vec<i32>> =
            groups.iter().map(|group| group.iter().map(|(number, _)| *number).collect()).collect();
        assert_eq!(numbers, [vec![1, 4], vec![2], vec![3, 6], vec![5]]);
    }
}
