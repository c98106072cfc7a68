//! A resource for tests, `Job`, and a fake AWS for it that records its calls.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use bedrock_orm_core::{Bound, Error, ErrorKind, Resource, Result, Session};
use bedrock_orm_models::{AsyncInvokeStatus, EachField, Field};
use futures_core::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;

use crate::lookups::{Flag, Map, NamedField, Number, Opaque, Text, TextList, Time};
use crate::resources::{
    Create, Delete, Get, Key as _, Keyed, List, PageRequest, Parameter, PushedLookup, Pushes, Row, Set,
    Update,
};
use crate::{Objects, Page, QuerySet, Relation};

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: AsyncInvokeStatus,
    pub(crate) submit_time: Option<Timestamp>,
    pub(crate) size: Option<i64>,
    pub(crate) urgent: Option<bool>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) output: Output,
    pub(crate) parts: Vec<Output>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Output {
    pub(crate) uri: Option<String>,
}

impl Job {
    pub(crate) const ID: Field<Self, String> = Field::new("id", |job| Some(&job.id));
    pub(crate) const NAME: Field<Self, String> = Field::new("name", |job| job.name.as_ref());
    pub(crate) const STATUS: Field<Self, AsyncInvokeStatus> = Field::new("status", |job| Some(&job.status));
    pub(crate) const SUBMIT_TIME: Field<Self, Timestamp> =
        Field::new("submitTime", |job| job.submit_time.as_ref());
    pub(crate) const SIZE: Field<Self, i64> = Field::new("size", |job| job.size.as_ref());
    pub(crate) const URGENT: Field<Self, bool> = Field::new("urgent", |job| job.urgent.as_ref());
    pub(crate) const TAGS: Field<Self, Vec<String>> = Field::new("tags", |job| job.tags.as_ref());
    pub(crate) const LABELS: Field<Self, BTreeMap<String, String>> =
        Field::new("labels", |job| job.labels.as_ref());
    pub(crate) const OUTPUT: Field<Self, Output> = Field::new("output", |job| Some(&job.output));
    pub(crate) const OUTPUT_URI: Field<Self, String> =
        Field::new("output.uri", |job| job.output.uri.as_ref());
    pub(crate) const PARTS_URI: EachField<Self, String> =
        EachField::new("parts.uri", |job| job.parts.iter().filter_map(|part| part.uri.as_ref()).collect());

    /// From a job to the jobs that its tags name.
    pub(crate) const TAGGED: Relation<Self, Self> =
        Relation::new("tagged", |job| job.tags.clone().unwrap_or_default());

    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), status: AsyncInvokeStatus::Completed, ..Self::default() }
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub(crate) fn sized(mut self, size: i64) -> Self {
        self.size = Some(size);
        self
    }

    pub(crate) fn at(mut self, time: &str) -> Self {
        self.submit_time = Some(time.parse().unwrap());
        self
    }

    pub(crate) fn tagged(mut self, tags: &[&str]) -> Self {
        self.tags = Some(tags.iter().map(|&tag| tag.to_owned()).collect());
        self
    }
}

/// The parameters of the fake list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct JobParameters {
    pub(crate) name_contains: Option<String>,
    pub(crate) name_equals: Option<String>,
    pub(crate) by_status: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) urgent: Option<bool>,
    pub(crate) time_after: Option<Timestamp>,
    pub(crate) time_before: Option<Timestamp>,
    pub(crate) sort_by: Option<String>,
    pub(crate) sort_order: Option<String>,
}

impl Resource for Job {
    const KIND: &'static str = "Job";
}

impl Objects for Job {}

impl List for Job {
    type Row = Self;
}

impl Row for Job {
    type Parameters = JobParameters;

    const OPERATION: &'static str = "ListJobs";
    const LARGEST_PAGE: Option<i32> = Some(100);
    const FIELDS: &'static [&'static dyn NamedField<Self>] = &[
        &Text(Self::ID),
        &Text(Self::NAME),
        &Text(Self::STATUS),
        &Time(Self::SUBMIT_TIME),
        &Number(Self::SIZE),
        &Flag(Self::URGENT),
        &TextList(Self::TAGS),
        &Map(Self::LABELS),
        &Opaque(Self::OUTPUT),
        &Text(Self::OUTPUT_URI),
        &Text(Self::PARTS_URI),
    ];
    const PARAMETERS: &'static [Parameter<JobParameters>] = &[
        Parameter {
            name: "nameContains",
            read: |given| given.name_contains.clone(),
            set: Set::Text(|given, text| JobParameters { name_contains: Some(text.to_owned()), ..given }),
            pattern: Some("[a-zA-Z]+"),
            longest: Some(4),
            pushes: Some(Pushes { path: "name", lookup: PushedLookup::Contains }),
        },
        Parameter {
            name: "nameEquals",
            read: |given| given.name_equals.clone(),
            set: Set::Text(|given, text| JobParameters { name_equals: Some(text.to_owned()), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "name", lookup: PushedLookup::Exact }),
        },
        Parameter {
            name: "byStatus",
            read: |given| given.by_status.clone(),
            set: Set::Text(|given, text| JobParameters { by_status: Some(text.to_owned()), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "status", lookup: PushedLookup::Iexact }),
        },
        Parameter {
            name: "tag",
            read: |given| given.tag.clone(),
            set: Set::Text(|given, text| JobParameters { tag: Some(text.to_owned()), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "tags", lookup: PushedLookup::Has }),
        },
        Parameter {
            name: "urgent",
            read: |given| given.urgent.map(|urgent| urgent.to_string()),
            set: Set::Flag(|given, urgent| JobParameters { urgent: Some(urgent), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "urgent", lookup: PushedLookup::Exact }),
        },
        Parameter {
            name: "submitTimeAfter",
            read: |given| given.time_after.map(|time| time.to_string()),
            set: Set::Time(|given, time| JobParameters { time_after: Some(time), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "submitTime", lookup: PushedLookup::After }),
        },
        Parameter {
            name: "submitTimeBefore",
            read: |given| given.time_before.map(|time| time.to_string()),
            set: Set::Time(|given, time| JobParameters { time_before: Some(time), ..given }),
            pattern: None,
            longest: None,
            pushes: Some(Pushes { path: "submitTime", lookup: PushedLookup::Before }),
        },
        Parameter {
            name: "sortBy",
            read: |given| given.sort_by.clone(),
            set: Set::Text(|given, text| JobParameters { sort_by: Some(text.to_owned()), ..given }),
            pattern: None,
            longest: None,
            pushes: None,
        },
        Parameter {
            name: "sortOrder",
            read: |given| given.sort_order.clone(),
            set: Set::Text(|given, text| JobParameters { sort_order: Some(text.to_owned()), ..given }),
            pattern: None,
            longest: None,
            pushes: None,
        },
    ];
    const ORDERS: &'static [(&'static str, &'static str)] = &[("submitTime", "SubmissionTime")];

    fn identity(&self) -> String {
        self.id.clone()
    }

    fn page<'a>(
        session: &'a Session,
        given: &'a JobParameters,
        page: PageRequest,
    ) -> BoxFuture<'a, Result<Page<Bound<Self>>>> {
        Box::pin(async move {
            Ok(Fake::of(session).page(given, page)?.map(|row| Bound::new(row, session.clone())))
        })
    }
}

impl Keyed for Job {
    type Full = Self;

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Get for Job {
    type Key = String;

    fn get(session: &Session, key: String) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
            let key = key.checked("GetJob")?;
            let fake = Fake::of(session);
            let _call = fake.call(&key).await?;
            fake.find(&key)
        })
    }
}

impl Create for Job {
    type Request = Self;
    type Created = Self;

    fn create(session: &Session, request: Self) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
            let fake = Fake::of(session);
            let _call = fake.call(&request.id).await?;
            if fake.find(&request.id).is_ok() {
                return Err(Error::new(ErrorKind::Conflict, format!("`{}` exists", request.id)));
            }
            fake.rows.lock().unwrap().push(request.clone());
            Ok(request)
        })
    }
}

impl Update for Job {
    type Request = i64;
    type Updated = Self;

    fn update(session: &Session, key: String, size: i64) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
            let fake = Fake::of(session);
            let less = |left: usize| left.checked_sub(1);
            if fake.refused_changes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                return Err(Error::new(ErrorKind::Conflict, format!("`{key}` is being changed")));
            }
            let mut rows = fake.rows.lock().unwrap();
            let row = rows.iter_mut().find(|row| row.id == key).ok_or_else(|| missing(&key))?;
            row.size = Some(size);
            Ok(row.clone())
        })
    }
}

impl Delete for Job {
    fn delete(session: &Session, key: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let fake = Fake::of(session);
            let _call = fake.call(&key).await?;
            fake.find(&key)?;
            fake.rows.lock().unwrap().retain(|row| row.id != key);
            Ok(())
        })
    }
}

fn missing(key: &str) -> Error {
    Error::new(ErrorKind::DoesNotExist, format!("no job `{key}`"))
}

/// One region of the fake AWS.
#[derive(Default)]
pub(crate) struct Fake {
    rows: Mutex<Vec<Job>>,
    page_size: usize,
    inclusive: bool,
    /// The page that always fails.
    failing_page: Option<usize>,
    /// How many of the first pages are empty, as if there were no rows.
    blind: usize,
    /// Whether the next token never changes.
    repeats: bool,
    lists: Mutex<Vec<(JobParameters, PageRequest)>>,
    calls: Mutex<Vec<String>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    /// The number of concurrent calls above which calls are throttled.
    throttles_above: Mutex<Option<usize>>,
    gone: Mutex<Vec<String>>,
    /// How many of the first updates are rejected, as if another one were in progress.
    refused_changes: AtomicUsize,
}

static FAKES: LazyLock<Mutex<HashMap<String, Arc<Fake>>>> = LazyLock::new(Mutex::default);
static REGIONS: AtomicUsize = AtomicUsize::new(0);

/// A call in progress.
struct Call(Arc<Fake>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Fake {
    pub(crate) fn new(rows: impl IntoIterator<Item = Job>) -> Self {
        Self { rows: Mutex::new(rows.into_iter().collect()), page_size: 2, ..Self::default() }
    }

    pub(crate) fn page_size(mut self, rows: usize) -> Self {
        self.page_size = rows;
        self
    }

    pub(crate) fn inclusive(mut self, inclusive: bool) -> Self {
        self.inclusive = inclusive;
        self
    }

    pub(crate) fn failing_page(mut self, page: usize) -> Self {
        self.failing_page = Some(page);
        self
    }

    pub(crate) fn blind(mut self, pages: usize) -> Self {
        self.blind = pages;
        self
    }

    pub(crate) fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(crate) fn throttling_above(self, calls: usize) -> Self {
        *self.throttles_above.lock().unwrap() = Some(calls);
        self
    }

    pub(crate) fn refusing_changes(self, changes: usize) -> Self {
        self.refused_changes.store(changes, Ordering::SeqCst);
        self
    }

    /// Starts its own region, and returns a session in it.
    pub(crate) async fn start(self) -> (Arc<Self>, Session) {
        let region = format!("test-{}", REGIONS.fetch_add(1, Ordering::Relaxed));
        let fake = Arc::new(self);
        FAKES.lock().unwrap().insert(region.clone(), fake.clone());
        let session = Session::builder().local("http://127.0.0.1:9").region(region);
        (fake, session.build().await.unwrap())
    }

    fn of(session: &Session) -> Arc<Self> {
        FAKES.lock().unwrap()[session.region()].clone()
    }

    /// Returns how many pages were requested.
    pub(crate) fn pages(&self) -> usize {
        self.lists.lock().unwrap().len()
    }

    /// Returns the request for the last page.
    pub(crate) fn last_page(&self) -> (JobParameters, PageRequest) {
        self.lists.lock().unwrap().last().cloned().unwrap()
    }

    /// Returns the requested page sizes.
    pub(crate) fn sizes(&self) -> Vec<Option<i32>> {
        self.lists.lock().unwrap().iter().map(|(_, page)| page.size).collect()
    }

    /// Returns the keys of the get, create and delete calls.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::SeqCst)
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows.lock().unwrap().iter().map(|job| job.id.clone()).collect()
    }

    /// Deletes a resource that is still listed.
    pub(crate) fn lose(&self, id: &str) {
        self.gone.lock().unwrap().push(id.to_owned());
    }

    async fn call(self: &Arc<Self>, key: &str) -> Result<Call> {
        self.calls.lock().unwrap().push(key.to_owned());
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let call = Call(self.clone());
        self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        // Lets other calls start.
        tokio::task::yield_now().await;
        if self.throttles_above.lock().unwrap().is_some_and(|most| under_way > most) {
            return Err(Error::new(ErrorKind::Throttled, "too many"));
        }
        Ok(call)
    }

    fn find(&self, key: &str) -> Result<Job> {
        if self.gone.lock().unwrap().iter().any(|id| id == key) {
            return Err(missing(key));
        }
        self.rows.lock().unwrap().iter().find(|job| job.id == key).cloned().ok_or_else(|| missing(key))
    }

    fn page(&self, given: &JobParameters, page: PageRequest) -> Result<Page<Job>> {
        let number = {
            let mut lists = self.lists.lock().unwrap();
            lists.push((given.clone(), page.clone()));
            lists.len()
        };
        if number <= self.blind {
            return Ok(Page::new(Vec::new(), None));
        }
        let mut rows: Vec<Job> =
            self.rows.lock().unwrap().iter().filter(|job| self.lets(given, job)).cloned().collect();
        if given.sort_by.is_some() {
            let falling = given.sort_order.as_deref() == Some("Descending");
            rows.sort_by(|one, other| match (one.submit_time, other.submit_time) {
                (Some(one), Some(other)) if falling => other.cmp(&one),
                (Some(one), Some(other)) => one.cmp(&other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            });
        }
        let from: usize = page.token.map_or(0, |token| token.parse().unwrap());
        if self.failing_page.is_some_and(|page| from / self.page_size + 1 == page) {
            return Err(Error::new(ErrorKind::InternalServer, "the page fails").with_operation("ListJobs"));
        }
        let size =
            page.size.map_or(self.page_size, |size| self.page_size.min(usize::try_from(size).unwrap()));
        let to = (from + size).min(rows.len());
        let token = (to < rows.len()).then(|| if self.repeats { from.max(1) } else { to }.to_string());
        Ok(Page::new(rows[from..to].to_vec(), token))
    }

    fn lets(&self, given: &JobParameters, job: &Job) -> bool {
        let time = |bound: Option<Timestamp>, passes: fn(&Timestamp, &Timestamp) -> bool| {
            bound.is_none_or(|bound| {
                job.submit_time.is_some_and(|time| passes(&time, &bound) || self.inclusive && time == bound)
            })
        };
        let name = job.name.as_deref().unwrap_or_default();
        given.name_contains.as_deref().is_none_or(|text| name.to_lowercase().contains(&text.to_lowercase()))
            && given.name_equals.as_deref().is_none_or(|text| name == text)
            && given.by_status.as_deref().is_none_or(|text| job.status.as_str().eq_ignore_ascii_case(text))
            && given.tag.as_ref().is_none_or(|tag| job.tags.as_ref().is_some_and(|tags| tags.contains(tag)))
            && given.urgent.is_none_or(|urgent| job.urgent == Some(urgent))
            && time(given.time_after, |time, bound| time > bound)
            && time(given.time_before, |time, bound| time < bound)
    }
}

/// Lists the jobs of the session.
pub(crate) fn jobs(session: &Session) -> QuerySet<Job> {
    Job::objects().using(session).list()
}

/// Creates jobs with these IDs, in pages of two.
pub(crate) async fn with_jobs(ids: &[&str]) -> (Arc<Fake>, Session) {
    Fake::new(ids.iter().map(|&id| Job::new(id))).start().await
}

pub(crate) fn ids<'a>(rows: impl IntoIterator<Item = &'a bedrock_orm_core::Bound<Job>>) -> Vec<&'a str> {
    rows.into_iter().map(|row| row.id.as_str()).collect()
}
