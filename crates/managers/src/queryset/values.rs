//! Selected fields instead of rows.

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::{EachField, Field};
use serde_core::Serialize;
use serde_json::{Map, Value};

use super::QuerySet;
use crate::lookups::{self, Part, Single};
use crate::resources::Row;
use crate::rows::pages;

/// What [`values_list`](QuerySet::values_list) reads from a row: a field, whose value is an `Option`; a field of each
/// element of a list, whose values are a `Vec`; or several of them in a tuple.
pub trait Values<M>: Send {
    /// The type of the value.
    type Output: Send;

    /// Reads the value from the row.
    fn read(&self, row: &M) -> Self::Output;
}

impl<M, T: Clone + Send> Values<M> for Field<M, T> {
    type Output = Option<T>;

    fn read(&self, row: &M) -> Option<T> {
        Self::read(self, row).cloned()
    }
}

impl<M, T: Clone + Send> Values<M> for EachField<M, T> {
    type Output = Vec<T>;

    fn read(&self, row: &M) -> Vec<T> {
        Self::read(self, row).into_iter().cloned().collect()
    }
}

impl<E: Single, V: Clone + Send + 'static> Values<E::Row> for Part<E, V> {
    type Output = Option<V>;

    fn read(&self, row: &E::Row) -> Option<V> {
        self.with(row, |value| value.cloned())
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),*)),*) => {
        $(impl<M, $($name: Values<M>),*> Values<M> for ($($name,)*) {
            type Output = ($($name::Output,)*);

            fn read(&self, row: &M) -> Self::Output {
                ($(self.$place.read(row),)*)
            }
        })*
    };
}

tuples!(
    (A 0),
    (A 0, B 1),
    (A 0, B 1, C 2),
    (A 0, B 1, C 2, D 3),
    (A 0, B 1, C 2, D 3, E 4),
    (A 0, B 1, C 2, D 3, E 4, F 5)
);

impl<M: Row> QuerySet<M> {
    /// Returns these fields of each row: the values of one field, or tuples of several fields.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let names = FoundationModel::objects().using(&session).list().values_list(FoundationModel::MODEL_NAME).await?;
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
    pub fn values_list<V: Values<M> + 'static>(
        &self,
        fields: V,
    ) -> impl Future<Output = Result<Vec<V::Output>>> + Send + 'static + use<M, V> {
        let rows = self.clone().without_related();
        async move {
            let mut values = Vec::new();
            let mut pages = pages(rows.engine());
            while let Some(page) = pages.next().await {
                values.extend(page?.items.iter().map(|row| fields.read(row)));
            }
            Ok(values)
        }
    }
}

impl<M: Row + Serialize> QuerySet<M> {
    /// Returns these fields of each row as JSON, named and nested as on AWS's wire. A missing value is null. Without
    /// fields, it returns whole rows.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput) if a field does not exist; or as
    /// [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn values(
        &self,
        fields: &[&str],
    ) -> impl Future<Output = Result<Vec<Value>>> + Send + 'static + use<M> {
        let paths: Result<Vec<&str>, _> =
            fields.iter().map(|name| lookups::field::<M>(name).map(|field| field.path())).collect();
        let rows = self.clone().without_related();
        async move {
            let paths = paths.map_err(|problem| Error::invalid_input(M::OPERATION, problem))?;
            let mut values = Vec::new();
            let mut pages = pages(rows.engine());
            while let Some(page) = pages.next().await {
                for row in page?.items {
                    let row = serde_json::to_value(&*row)
                        .map_err(|error| Error::invalid_input(M::OPERATION, error.to_string()))?;
                    values.push(if paths.is_empty() { row } else { project(&row, &paths) });
                }
            }
            Ok(values)
        }
    }
}

/// Copies the values at these paths into new objects.
fn project(value: &Value, paths: &[&str]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| project(item, paths)).collect(),
        Value::Object(object) => {
            let mut chosen = Map::new();
            for path in paths {
                let name = path.split('.').next().unwrap_or_default();
                if chosen.contains_key(name) {
                    continue;
                }
                let member = object.get(name).unwrap_or(&Value::Null);
                let below: Vec<&str> = paths
                    .iter()
                    .filter_map(|path| path.split_once('.').filter(|(first, _)| *first == name))
                    .map(|(_, rest)| rest)
                    .collect();
                // A member that is itself selected is copied whole.
                let whole = below.is_empty() || paths.contains(&name);
                chosen.insert(name.to_owned(), if whole { member.clone() } else { project(member, &below) });
            }
            chosen.into()
        }
        missing => missing.clone(),
    }
}
