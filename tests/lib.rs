//! Behaviours of the library, as functions over a session; see `tests/`.
