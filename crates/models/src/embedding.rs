//! Vectors.

use crate::ModelBody;

/// The vector of a text, in the forms that the request asked for. A form that it did not ask for is empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Embedding {
    /// As numbers.
    pub float: Vec<f32>,
    /// As signed bytes.
    pub int8: Vec<i8>,
    /// As bytes.
    pub uint8: Vec<u8>,
    /// As bits, eight in a signed byte.
    pub binary: Vec<i8>,
    /// As bits, eight in a byte, the first number in the highest bit.
    pub ubinary: Vec<u8>,
}

/// A request body for vectors of texts.
pub trait EmbeddingBody: ModelBody + Clone + Send + Sync {
    /// The most texts that a request can have.
    const MAX_TEXTS: usize;

    /// Returns the request for these texts, with the settings of this one. There are no more than
    /// [`MAX_TEXTS`](Self::MAX_TEXTS).
    #[must_use]
    fn with_texts(&self, texts: Vec<String>) -> Self;

    /// Returns the vectors, in the order of the texts.
    fn embeddings(response: Self::Response) -> Vec<Embedding>;
}
