//! The resources that requests create, in every region.
//!
//! A static descriptor (`resource.rs`, filled in by the files of `resources/`) says what the operations of a resource
//! do and how its members are named. AWS's description says what a request may and a response must contain. With both,
//! one engine serves all resources:
//!
//! - `verbs.rs` creates, gets, updates, deletes and stops;
//! - `lists.rs` filters, sorts and pages;
//! - `lifecycle.rs` performs the steps that are due: statuses, results, failures;
//! - `projection.rs` builds a response from a record, by the response's shape;
//! - `collections.rs` holds the records of a region, `regions.rs` those of all regions;
//! - `idempotency.rs` keeps the responses of idempotency tokens;
//! - `context.rs` is the context for the rules of a resource.

pub(crate) mod collections;
pub(crate) mod context;
pub(crate) mod idempotency;
pub(crate) mod lifecycle;
pub(crate) mod lists;
pub(crate) mod projection;
pub(crate) mod regions;
pub(crate) mod resource;
pub(crate) mod tags;
pub(crate) mod verbs;
