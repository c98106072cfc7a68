//! A list that has not been asked for yet.

mod aggregate;
mod full;
mod terminal;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;

use bedrock_orm_core::{Bound, Error, Result, SessionChoice};
use futures_util::FutureExt;

use crate::Relation;
use crate::engine::{Engine, Gather, Seen, Source, Walk};
use crate::lookups::{self, Order, Q};
use crate::pace::AT_ONCE;
use crate::plan::{Plan, Pushdown, push, set_by_hand};
use crate::prefetch::Relates;
use crate::resources::{Get, Row};
use crate::rows::{Pages, Rows, pages, rows};

pub use aggregate::GroupBy;
pub use full::FullSet;
pub use values::Values;

/// A list that has not been asked for yet: a value to narrow, to clone and to hand on. Awaited, it gives all rows.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let claude = FoundationModel::objects().using(&session).list().by_provider("anthropic"); // nothing was sent
/// for model in claude.clone().limit(3).await? {
///     println!("{}", model.model_id);
/// }
/// println!("{} in all", claude.count().await?);
/// # Ok(())
/// # }
/// ```
///
/// Conditions, orders and limits can be given in any order: the rows that match are ordered, then cut.
pub struct QuerySet<M: Row> {
    sessions: Vec<SessionChoice>,
    pub(crate) parameters: M::Parameters,
    starting_token: Option<String>,
    page_size: Option<i32>,
    /// The querysets of which this one is the union; where there are none it is a list.
    union: Vec<Self>,
    filter: Q<M>,
    order: Order<M>,
    backwards: bool,
    distinct: bool,
    offset: usize,
    limit: Option<usize>,
    related: Vec<Arc<dyn Relates<M>>>,
    keep_going: bool,
    pub(crate) at_once: usize,
    /// What is wrong with what it was told, told when it is sent.
    fault: Option<&'static str>,
    /// Whether AWS is asked for nothing but the list: the plan that all others have to equal.
    plain: bool,
}

impl<M: Row> QuerySet<M> {
    pub(crate) fn new(session: SessionChoice) -> Self {
        Self {
            sessions: vec![session],
            parameters: M::Parameters::default(),
            starting_token: None,
            page_size: None,
            union: Vec::new(),
            filter: Q::all(),
            order: Order::none(),
            backwards: false,
            distinct: false,
            offset: 0,
            limit: None,
            related: Vec::new(),
            keep_going: false,
            at_once: AT_ONCE,
            fault: None,
            plain: false,
        }
    }

    /// The same list in another session: one of yours, or the name of a registered one.
    #[must_use]
    pub fn using(self, session: impl Into<SessionChoice>) -> Self {
        self.using_each([session])
    }

    /// The same list in each of those sessions, one after the other. Rows know the session that they came through, and
    /// an error tells its own. The first failure ends the whole; see [`keep_going`](Self::keep_going).
    #[must_use]
    pub fn using_each(self, sessions: impl IntoIterator<Item: Into<SessionChoice>>) -> Self {
        let sessions: Vec<SessionChoice> = sessions.into_iter().map(Into::into).collect();
        self.each_list(&|list| list.sessions.clone_from(&sessions))
    }

    /// Goes on when one of several sessions fails: its error comes in its place, and the rows of the others follow. It
    /// is for [`stream`](Self::stream), [`pages`](Self::pages) and [`partial`](Self::partial); what gives one answer,
    /// as awaiting does, fails all the same.
    #[must_use]
    pub fn keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// How many calls are under way at once where rows lead to more of them: [`full`](Self::full),
    /// [`prefetch_related`](Self::prefetch_related), [`delete`](Self::delete). 8 unless set; 0 is an error when they are
    /// sent.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.at_once = calls;
        self
    }

    /// Sets AWS's own parameters, in each list of a union.
    #[must_use]
    pub(crate) fn with(self, set: impl Fn(M::Parameters) -> M::Parameters) -> Self {
        self.each_list(&|list| list.parameters = set(list.parameters.clone()))
    }

    fn each_list(mut self, change: &dyn Fn(&mut Self)) -> Self {
        if self.union.is_empty() {
            change(&mut self);
        }
        self.union = self.union.into_iter().map(|part| part.each_list(change)).collect();
        self
    }

    /// Only the rows that meet that condition, and those before it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let ready = FoundationModel::objects().using(&session).list()
    ///     .filter(FoundationModel::PROVIDER_NAME.iexact("amazon") & FoundationModel::OUTPUT_MODALITIES.has("TEXT"))
    ///     .order_by(FoundationModel::MODEL_NAME.asc())
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn filter(mut self, condition: impl Into<Q<M>>) -> Self {
        let condition = condition.into();
        if !self.union.is_empty() && self.union.iter().all(Self::is_uncut) {
            // So that AWS can be asked for it.
            self.union = self.union.into_iter().map(|part| part.filter(condition.clone())).collect();
        } else {
            self.filter = self.filter & condition;
        }
        self
    }

    /// Only the rows that do not meet that condition: plain negation, so that a row without the value stays.
    #[must_use]
    pub fn exclude(self, condition: impl Into<Q<M>>) -> Self {
        self.filter(!condition.into())
    }

    /// Only the rows for which the closure holds.
    #[must_use]
    pub fn filter_by(self, test: impl Fn(&M) -> bool + Send + Sync + 'static) -> Self {
        self.filter(Q::new(test))
    }

    /// Only the rows that meet the condition that is written so, as Django writes it: see [`Q::parse`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// let claude = FoundationModel::objects().list().filter_str("modelName__icontains=claude");
    /// ```
    #[must_use]
    pub fn filter_str(self, condition: impl AsRef<str>) -> Self {
        self.filter(Q::parse(condition.as_ref()))
    }

    /// Only the rows that do not meet the condition that is written so.
    #[must_use]
    pub fn exclude_str(self, condition: impl AsRef<str>) -> Self {
        self.exclude(Q::parse(condition.as_ref()))
    }

    /// In that order, in place of any before: `NAME.asc()`, or several in a tuple. Rows without a value come last, and
    /// rows that are equal in it stay in AWS's order. Where AWS does not order by it, all pages are fetched before the
    /// first row comes; with a [`limit`](Self::limit) no more than some of the rows are held.
    #[must_use]
    pub fn order_by(mut self, order: impl Into<Order<M>>) -> Self {
        self.order = order.into();
        self.backwards = false;
        self
    }

    /// In the order that is written so, as Django writes it: `-creationTime, name`.
    #[must_use]
    pub fn order_by_str(self, order: impl AsRef<str>) -> Self {
        let order = lookups::order(order.as_ref());
        self.order_by(order)
    }

    /// The other way round. Without an order that is AWS's list from its end, for which all pages are fetched.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        if self.order.keys().is_empty() {
            self.backwards = !self.backwards;
        }
        self.order = self.order.reverse();
        self
    }

    /// Each row once: rows of one session with the same ARN, or what else tells them apart, are one. What tells them
    /// apart is held.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// The rows of both, each once, as in Django. A limit and an order that one of them has stay its own; those given
    /// from here on are the whole's.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let mut union = Self::new(SessionChoice::default()).distinct();
        union.plain = self.plain;
        for mut part in [self, other] {
            for relation in std::mem::take(&mut part.related) {
                union.add_relation(relation);
            }
            if part.is_union() && part.is_uncut() && part.filter.is_all() {
                union.union.append(&mut part.union);
            } else {
                union.union.push(part);
            }
        }
        union
    }

    /// No more than so many rows. Pages are asked for no larger than that, where no condition is left to be tested
    /// here; of 0 rows nothing is sent.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(self.limit.map_or(rows, |limit| limit.min(rows)));
        self
    }

    /// Without the first so many rows; a [`limit`](Self::limit) counts from there. AWS skips for nobody: they are
    /// fetched.
    #[must_use]
    pub fn offset(mut self, rows: usize) -> Self {
        self.offset = self.offset.saturating_add(rows);
        self
    }

    /// How many rows to ask for in a request, where AWS lists this noun in pages. A larger number than AWS's largest
    /// page, which is 1000 for most nouns, stands for that page; 0 is an error when the queryset is sent.
    #[must_use]
    pub fn page_size(self, rows: u16) -> Self {
        self.each_list(&|list| {
            list.page_size = Some(i32::from(rows.min(1000)));
            list.fault = (rows == 0).then_some("page_size is 0: a page has one row at least");
        })
    }

    /// Begins at the page of that token, which an earlier page's [`next_token`](crate::Page::next_token) gave.
    #[must_use]
    pub fn starting_token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.each_list(&|list| list.starting_token = Some(token.clone()))
    }

    /// Fetches beforehand what the rows lead to, each thing once however many rows lead to it, eight at once, and puts
    /// it on them: [`Bound::related`]. What is not there is left out. Several relations can be given, one a call.
    ///
    /// # Requests
    ///
    /// When the queryset is sent, one of the other noun's Get operation for each thing.
    #[must_use]
    pub fn prefetch_related<To: Get>(mut self, relation: Relation<M, To>) -> Self {
        self.add_relation(Arc::new(relation));
        self
    }

    fn add_relation(&mut self, relation: Arc<dyn Relates<M>>) {
        self.related.retain(|known| known.name() != relation.name());
        self.related.push(relation);
    }

    /// The pages, one request each, sent as they are asked for. A page may be empty and not the
    /// last: it has the rows that match of one of AWS's pages. Where rows are ordered here, they are one page.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
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
        pages(self.engine())
    }

    /// The rows, page after page. The next page is fetched while you work on the one before, once you have its first
    /// row; no more than two pages are held, unless the rows have to be ordered here. Dropping the stream stops it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
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
    /// As [`pages`](Self::pages), no more than one page ahead of the rows.
    pub fn stream(&self) -> Rows<M> {
        rows(self.engine())
    }

    /// All rows that can be had, and the errors of the sessions that failed.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page.
    pub async fn partial(&self) -> (Vec<Bound<M>>, Vec<Error>) {
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        let mut pages = self.clone().keep_going().pages();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => rows.extend(page.items),
                Err(error) => errors.push(error),
            }
        }
        (rows, errors)
    }

    /// What is asked of AWS and what is done here, for people to read. Sends nothing.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let claude = FoundationModel::objects().using(&session)
    ///     .filter(FoundationModel::PROVIDER_NAME.iexact("anthropic") & !FoundationModel::MODEL_NAME.contains("Opus"));
    /// println!("{}", claude.explain());
    /// assert_eq!(claude.explain().pushed[0].parameter, "byProvider");
    /// # Ok(())
    /// # }
    /// ```
    pub fn explain(&self) -> Plan {
        let pushdown = self.push();
        let mut warnings = self.filter.unknown_values(&lookups::known_values::<M>);
        if self.filter.is_never() {
            warnings.push("no row can match: nothing is sent".to_owned());
        }
        let order = (!self.order.keys().is_empty() && (self.is_union() || !pushdown.ordered))
            .then(|| self.order.to_string());
        Plan {
            operation: M::OPERATION,
            sessions: self.sessions.iter().map(ToString::to_string).collect(),
            union: self.union.iter().map(Self::explain).collect(),
            set: set_by_hand::<M>(&self.parameters),
            pushed: pushdown.pushed,
            filter: (!self.filter.is_all()).then(|| self.filter.to_string()),
            order: order.or_else(|| self.backwards.then(|| "AWS's order from its end".to_owned())),
            distinct: self.distinct,
            offset: self.offset,
            limit: self.limit,
            page_size: self.page_size.or(M::LARGEST_PAGE),
            related: self.related.iter().map(|relation| relation.name()).collect(),
            warnings,
        }
    }

    fn is_union(&self) -> bool {
        !self.union.is_empty()
    }

    /// Whether it has all rows that match: neither cut, nor in an order of its own.
    fn is_uncut(&self) -> bool {
        self.offset == 0 && self.limit.is_none() && self.order.keys().is_empty() && !self.backwards
    }

    /// The same without an order, where it does not matter.
    fn unordered(&self) -> Self {
        let mut unordered = self.clone();
        if self.order.fault().is_none() {
            unordered.order = Order::none();
            unordered.backwards = false;
        }
        unordered
    }

    /// The same without what is fetched beforehand.
    fn unrelated(mut self) -> Self {
        self.related.clear();
        self
    }

    /// The walk through it, which has sent nothing yet; or what makes it impossible.
    pub(crate) fn engine(&self) -> Result<Engine<M>> {
        if let Some(fault) = self.filter.fault().or(self.order.fault()).or(self.fault) {
            return Err(Error::invalid_input(M::OPERATION, fault));
        }
        let (source, ordered) = self.source()?;
        let mut engine = Engine::new(source);
        if self.is_union() {
            engine.filter = self.filter.clone();
        }
        engine.distinct = self.distinct.then(Seen::default);
        if (self.backwards || !self.order.keys().is_empty()) && !ordered {
            engine.gather = Some(Gather { order: self.order.clone(), backwards: self.backwards });
        }
        engine.skip = self.offset;
        // Where no row can match nothing is sent.
        engine.wanted = if self.filter.is_never() && !self.plain { Some(0) } else { self.limit };
        let relations = self.related.iter();
        engine.related =
            relations.map(|relation| relation.prefetcher(self.at_once)).collect::<Result<_>>()?;
        engine.keep_going = self.keep_going;
        Ok(engine)
    }

    /// Where the rows come from, and whether they come in the queryset's order.
    fn source(&self) -> Result<(Source<M>, bool)> {
        if self.is_union() {
            let parts = self.union.iter().map(Self::engine).collect::<Result<_>>()?;
            return Ok((Source::Chain(parts), false));
        }
        let plan = self.push();
        let walk = |session: &SessionChoice| {
            let mut walk = Walk::new(session.clone(), plan.parameters.clone());
            walk.token.clone_from(&self.starting_token);
            walk.page_size = self.page_size;
            walk.filter = self.filter.clone();
            walk.whole = plan.whole;
            walk.among_others = self.sessions.len() > 1;
            Source::Walk(Box::new(walk))
        };
        Ok(match self.sessions.as_slice() {
            [session] => (walk(session), plan.ordered),
            sessions => {
                (Source::Chain(sessions.iter().map(|session| Engine::new(walk(session))).collect()), false)
            }
        })
    }

    /// What AWS is asked for in each session of a list.
    fn push(&self) -> Pushdown<M::Parameters> {
        // The lists of several sessions would each be in order, and not the whole.
        let alone = self.sessions.len() == 1;
        let everything = Q::all();
        let filter = if self.plain { &everything } else { &self.filter };
        let mut plan =
            push::<M>(self.parameters.clone(), filter, (alone && !self.plain).then_some(&self.order));
        plan.whole = plan.whole && (!self.plain || self.filter.is_all());
        plan
    }

    #[cfg(test)]
    pub(crate) fn plain(mut self) -> Self {
        self.plain = true;
        self.union = self.union.into_iter().map(Self::plain).collect();
        self
    }
}

/// Awaiting a queryset gives all of its rows. The lists of several sessions are walked at once, unless a limit may
/// spare some of them.
impl<M: Row> IntoFuture for QuerySet<M> {
    type Output = Result<Vec<Bound<M>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        async move { self.engine()?.collect().await }.boxed()
    }
}

impl<M: Row> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            sessions: self.sessions.clone(),
            parameters: self.parameters.clone(),
            starting_token: self.starting_token.clone(),
            page_size: self.page_size,
            union: self.union.clone(),
            filter: self.filter.clone(),
            order: self.order.clone(),
            backwards: self.backwards,
            distinct: self.distinct,
            offset: self.offset,
            limit: self.limit,
            related: self.related.clone(),
            keep_going: self.keep_going,
            at_once: self.at_once,
            fault: self.fault,
            plain: self.plain,
        }
    }
}

impl<M: Row> fmt::Debug for QuerySet<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("QuerySet");
        debug.field("noun", &M::KIND);
        if self.is_union() {
            debug.field("union", &self.union);
        } else {
            debug.field("parameters", &self.parameters).field("sessions", &self.sessions);
        }
        debug
            .field("filter", &self.filter)
            .field("order", &self.order)
            .field("offset", &self.offset)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
