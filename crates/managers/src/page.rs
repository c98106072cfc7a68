//! One page of a list.

/// A page of a list. AWS can return a short or empty page that is not the last: the last one has no next token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The token of the next page. `None` on the last page.
    pub next_token: Option<String>,
}

impl<T> Page<T> {
    /// Creates a page.
    pub fn new(items: Vec<T>, next_token: Option<String>) -> Self {
        // Some services mark the last page with an empty token.
        Self { items, next_token: next_token.filter(|token| !token.is_empty()) }
    }

    /// Converts each row.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next_token: self.next_token }
    }
}
