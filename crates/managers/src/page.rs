//! What one request for a list brings.

/// A page of a list. AWS may send a short or empty one with more to come: the end is where there is no next token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to ask for the next one with; none on the last.
    pub next_token: Option<String>,
}

impl<T> Page<T> {
    /// A page.
    pub fn new(items: Vec<T>, next_token: Option<String>) -> Self {
        // Some services end a list with an empty token.
        Self { items, next_token: next_token.filter(|token| !token.is_empty()) }
    }

    /// The same page of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_token: self.next_token }
    }
}
