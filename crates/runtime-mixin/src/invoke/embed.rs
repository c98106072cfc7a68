//! `embed`: the vectors of many texts.

use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Result, sdk};
use bedrock_orm_managers::concurrency::{ConcurrencyLimit, DEFAULT_CONCURRENCY};
use bedrock_orm_models::{Embedding, EmbeddingBody};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::invoke::invoke;
use crate::invoke_model::OPERATION;
use crate::{BoundModel, Target};

/// `embed` on a bound model.
pub trait EmbedExt {
    /// Returns the vectors of texts, in their order. `settings` is a request of the model's provider without texts. Awaiting
    /// sends as many texts in a request as the model allows, and several requests concurrently.
    ///
    /// ```
    /// use bedrock_orm::models::providers::{CohereEmbedding, TitanEmbedding};
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let titan = FoundationModel::with_id("amazon.titan-embed-text-v2:0").using(&session);
    /// let settings = TitanEmbedding::default().dimensions(256);
    /// let embeddings = titan.embed(&settings, ["Ruby", "Python"]).await?;
    /// assert_eq!(embeddings.vectors[1].float.len(), 256);
    ///
    /// let cohere = FoundationModel::with_id("cohere.embed-english-v3").using(&session);
    /// let settings = CohereEmbedding::documents().embedding_types(["int8"]);
    /// let embeddings = cohere.embed(&settings, ["Ruby", "Python"]).await?;
    /// assert_eq!(embeddings.vectors[1].int8.len(), 1024);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` before anything is sent if a text is empty or the concurrency is 0; otherwise the first
    /// error in the order of the texts, as of [`invoke`](crate::InvokeExt::invoke). Its hint says which texts the request
    /// had. No further request is sent then.
    ///
    /// # Requests
    ///
    /// One `InvokeModel` for each batch of texts (`bedrock:InvokeModel`): 96 for Cohere, one for Titan and Nova. If AWS
    /// throttles a request, fewer are sent concurrently, and it is sent again after a pause, for about two minutes.
    fn embed<E: EmbeddingBody>(
        &self,
        settings: &E,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Embed<E>;
}

impl<M: BoundModel + ?Sized> EmbedExt for M {
    fn embed<E: EmbeddingBody>(
        &self,
        settings: &E,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Embed<E> {
        Embed::new(self.target(), settings, texts)
    }
}

/// The vectors of texts. Awaiting requests them, and returns [`Embeddings`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Embed<E> {
    target: Target,
    settings: E,
    texts: Texts,
    concurrency: usize,
    timeout: Option<Duration>,
}

/// Texts, which `Debug` counts.
#[derive(Clone)]
struct Texts(Vec<String>);

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} texts", self.0.len())
    }
}

impl<E: EmbeddingBody> Embed<E> {
    pub(crate) fn new(
        target: Target,
        settings: &E,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            timeout: sdk::reply_limits(&target.session).total,
            target,
            settings: settings.clone(),
            texts: Texts(texts.into_iter().map(Into::into).collect()),
            concurrency: DEFAULT_CONCURRENCY,
        }
    }

    /// Sets how many requests are sent concurrently. The default is 8.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets the time limit of each request. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    async fn send(self) -> Result<Embeddings> {
        let Self { target, settings, texts: Texts(texts), concurrency, timeout } = self;
        if let Some(index) = texts.iter().position(String::is_empty) {
            let message = format!("text {index} of {} is empty (counted from 0)", texts.len());
            return Err(Error::invalid_input(OPERATION, message).with_hint("leave it out"));
        }
        let (limit, count) = (ConcurrencyLimit::new(concurrency)?, texts.len());
        let size = E::MAX_TEXTS.max(1);
        let batches = (0..count).step_by(size).map(|start| start..(start + size).min(count));
        let (target, settings, texts) = (&target, &settings, &texts);
        let responses = limit.for_each(stream::iter(batches), |limit, batch| async move {
            let request = settings.with_texts(texts[batch.clone()].to_vec());
            let call = || invoke(target.clone(), &request).operation_timeout(timeout).into_future();
            let response = limit.run(call).await;
            let response = response.and_then(|response| {
                let input_tokens = response.usage().input_tokens;
                let request_id = response.request_id().map(str::to_owned);
                let vectors = E::embeddings(response.into_body());
                if vectors.len() == batch.len() {
                    return Ok((vectors, input_tokens));
                }
                let message = format!("{} vectors were returned for {} texts", vectors.len(), batch.len());
                let error = Error::new(ErrorKind::InvalidResponse, message).with_operation(OPERATION);
                Err(error.with_request_id(request_id.as_deref()))
            });
            response.map_err(|error| {
                let texts = match batch.len() {
                    1 => format!("text {}", batch.start),
                    _ => format!("the texts from {} to {}", batch.start, batch.end - 1),
                };
                let place = format!("the request had {texts} of {count} (counted from 0)");
                match error.hint().map(str::to_owned) {
                    Some(hint) => error.with_hint(format!("{place}; {hint}")),
                    None => error.with_hint(place),
                }
            })
        });
        let responses: Vec<_> = responses.boxed().try_collect().await?;
        let mut embeddings = Embeddings { vectors: Vec::with_capacity(count), input_tokens: None };
        for (vectors, input_tokens) in responses {
            embeddings.vectors.extend(vectors);
            if let Some(tokens) = input_tokens {
                *embeddings.input_tokens.get_or_insert_default() += tokens;
            }
        }
        Ok(embeddings)
    }
}

impl<E: EmbeddingBody> IntoFuture for Embed<E> {
    type Output = Result<Embeddings>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The vectors of texts, and the tokens.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Embeddings {
    /// The vectors, in the order of the texts.
    pub vectors: Vec<Embedding>,
    /// The tokens of all texts, if AWS counts them.
    pub input_tokens: Option<i64>,
}
