//! The admin routes and the admin page, under `/_local/`: for tests in any language, and for browsers.

mod journal_entry;
mod routes;

pub(crate) use routes::{ROOT, is_admin_path, respond};
