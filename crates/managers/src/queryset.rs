//! A list that has not been asked for yet.

use std::collections::HashSet;
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use bedrock_orm_core::{Bound, Result, SessionChoice};
use futures_util::TryStreamExt;

use crate::resources::Row;
use crate::rows::{Pages, Rows, Walk, pages, rows};

/// A list that has not been asked for yet: a value to narrow, to clone and to hand on. Awaited, it gives all rows.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
/// let claude = FoundationModel::objects().using(&session).list().by_provider("anthropic"); // nothing was sent
/// for model in claude.clone().limit(3).await? {
///     println!("{}", model.model_id);
/// }
/// println!("{} in all", claude.count().await?);
/// # Ok(())
/// # }
/// ```
pub struct QuerySet<M: Row> {
    session: SessionChoice,
    pub(crate) parameters: M::Parameters,
    limit: Option<usize>,
    page_size: Option<i32>,
    starting_token: Option<String>,
}

impl<M: Row> QuerySet<M> {
    pub(crate) fn new(session: SessionChoice) -> Self {
        Self {
            session,
            parameters: M::Parameters::default(),
            limit: None,
            page_size: None,
            starting_token: None,
        }
    }

    /// The same list with other parameters of AWS's.
    pub(crate) fn with(mut self, change: impl Fn(M::Parameters) -> M::Parameters) -> Self {
        self.parameters = change(self.parameters);
        self
    }

    /// The same list in another session: one of yours, or the name of a registered one.
    #[must_use]
    pub fn using(mut self, session: impl Into<SessionChoice>) -> Self {
        self.session = session.into();
        self
    }

    /// No more than so many rows. Pages are asked for no larger than that; of 0 rows nothing is sent.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(self.limit.map_or(rows, |limit| limit.min(rows)));
        self
    }

    /// How many rows to ask for in a request, where AWS lists this noun in pages; at most 1000.
    #[must_use]
    pub fn page_size(mut self, rows: u16) -> Self {
        self.page_size = Some(i32::from(rows.clamp(1, 1000)));
        self
    }

    /// Begins at the page of that token, which an earlier page's [`next_token`](crate::Page::next_token) gave.
    #[must_use]
    pub fn starting_token(mut self, token: impl Into<String>) -> Self {
        self.starting_token = Some(token.into());
        self
    }

    /// The pages, one request each, sent as they are asked for. A page may be empty and not the last.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// let mut pages = Guardrail::objects().using(&session).list().page_size(50).pages();
    /// while let Some(page) = pages.next().await {
    ///     println!("{} guardrails", page?.items.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// On the page that fails: as AWS answers, or
    /// [`InvalidResponse`](bedrock_orm_core::ErrorKind::InvalidResponse) where a next token comes twice.
    ///
    /// # Requests
    ///
    /// The noun's List operation once a page: `ListFoundationModels` (`bedrock:ListFoundationModels`),
    /// `ListGuardrails` (`bedrock:ListGuardrails`), `ListAsyncInvokes` (`bedrock:ListAsyncInvokes`).
    pub fn pages(&self) -> Pages<M> {
        let query = self.clone();
        pages(async move {
            Ok(Walk {
                session: query.session.session().await?,
                parameters: query.parameters,
                token: query.starting_token,
                wanted: query.limit,
                page_size: query.page_size,
                seen: HashSet::new(),
                ended: false,
                repeats: false,
            })
        })
    }

    /// The rows, page after page, in AWS's order; no more than a page is held.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// let mut rows = FoundationModel::objects().using(&session).list().stream();
    /// while let Some(model) = rows.next().await {
    ///     println!("{}", model?.model_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages), on the row where a page fails.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), as rows are asked for.
    pub fn stream(&self) -> Rows<M> {
        rows(self.pages())
    }

    /// The first row; none where there is none.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// let first = FoundationModel::objects().using(&session).list().by_provider("amazon").first().await?;
    /// assert!(first.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), up to the first page that has a row.
    pub async fn first(&self) -> Result<Option<Bound<M>>> {
        self.clone().limit(1).stream().next().await.transpose()
    }

    /// Whether there is any row.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// assert!(FoundationModel::objects().using(&session).list().by_provider("amazon").exists().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`first`](Self::first).
    pub async fn exists(&self) -> Result<bool> {
        Ok(self.first().await?.is_some())
    }

    /// How many rows there are. AWS counts for nobody: every page is fetched, none is kept.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// println!("{} models", FoundationModel::objects().using(&session).list().count().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub async fn count(&self) -> Result<usize> {
        self.pages().try_fold(0, |count, page| async move { Ok(count + page.items.len()) }).await
    }
}

/// Awaiting a queryset gives all of its rows.
impl<M: Row> IntoFuture for QuerySet<M> {
    type Output = Result<Vec<Bound<M>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.stream().try_collect())
    }
}

impl<M: Row> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            parameters: self.parameters.clone(),
            limit: self.limit,
            page_size: self.page_size,
            starting_token: self.starting_token.clone(),
        }
    }
}

impl<M: Row> fmt::Debug for QuerySet<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("QuerySet")
            .field("noun", &M::NOUN)
            .field("parameters", &self.parameters)
            .field("limit", &self.limit)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
