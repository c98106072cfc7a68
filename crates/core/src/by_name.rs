//! Values by name.

/// Values by name, in the order of their names. It is a sorted list: a session has few names, and a map of the standard
/// library takes ten times as long to compile, for each type of values.
#[derive(Debug)]
pub struct ByName<T>(Vec<(String, T)>);

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> ByName<T> {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the value with this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// Inserts the value, in place of an earlier one.
    pub fn insert(&mut self, name: &str, value: T) {
        match self.place(name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name.to_owned(), value)),
        }
    }

    /// Removes the value with this name, if there is one.
    pub fn remove(&mut self, name: &str) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    /// Iterates over the names and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the place of the name, or the place where it belongs.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(there, _)| there.as_str().cmp(name))
    }
}

#[cfg(test)]
mod tests {
    use super::ByName;

    #[test]
    fn names_are_in_order_and_unique() {
        let mut numbers = ByName::default();
        for (name, number) in [("b", 1), ("c", 2), ("a", 3), ("b", 4)] {
            numbers.insert(name, number);
        }
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [("a", &3), ("b", &4), ("c", &2)]);
        numbers.remove("b");
        numbers.remove("d");
        assert_eq!((numbers.get("a"), numbers.get("b"), numbers.get("c")), (Some(&3), None, Some(&2)));
    }
}
