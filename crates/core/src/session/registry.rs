//! The default session, and those that have a name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use once_cell::sync::OnceCell;

use super::Session;
use crate::{Error, Result};

static DEFAULT: OnceCell<Session> = OnceCell::new();
static NAMED: RwLock<BTreeMap<String, Session>> = RwLock::new(BTreeMap::new());

impl Session {
    /// The session that managers use where none is given: loaded from the environment once, on first use, unless
    /// [`set_default`](Self::set_default) came before.
    ///
    /// # Errors
    ///
    /// As [`Session::from_env`]; a failure is not remembered.
    pub async fn default_session() -> Result<Self> {
        if let Some(session) = DEFAULT.get() {
            return Ok(session.clone());
        }
        // Should two tasks load it at once, the first to end wins and both use its session.
        let loaded = Self::from_env().await?;
        Ok(DEFAULT.get_or_init(|| loaded).clone())
    }

    /// Makes this the default session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where the default session is set or in use already.
    pub fn set_default(self) -> Result<()> {
        DEFAULT.set(self).map_err(|_| {
            Error::configuration("the default session is in use already").with_hint(
                "call `set_default` before the first query, or give the query a session with `using`",
            )
        })
    }

    /// Gives a session a name, for `using("name")`. A name that is taken is given anew.
    pub fn register(name: impl Into<String>, session: Self) {
        NAMED.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), session);
    }

    /// The session of that name.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is none; it lists the names that there are.
    pub fn named(name: &str) -> Result<Self> {
        let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
        named.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = named.keys().map(String::as_str).collect();
            let known = if names.is_empty() {
                "none is registered".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            Error::configuration(format!("no session is named `{name}`; {known}"))
                .with_hint(format!("call `Session::register(\"{name}\", session)` first"))
        })
    }
}

/// Which session a query uses: the default one, a named one, or the one given. It is settled when the query is sent.
#[derive(Clone, Debug, Default)]
pub enum SessionChoice {
    /// [`Session::default_session`].
    #[default]
    Default,
    /// [`Session::named`].
    Named(String),
    /// This one.
    Given(Session),
}

impl SessionChoice {
    /// The session.
    ///
    /// # Errors
    ///
    /// As [`Session::default_session`] or [`Session::named`].
    pub async fn session(&self) -> Result<Session> {
        match self {
            Self::Default => Session::default_session().await,
            Self::Named(name) => Session::named(name),
            Self::Given(session) => Ok(session.clone()),
        }
    }
}

/// The name, the session's region, or `the default session`.
impl fmt::Display for SessionChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Default => "the default session",
            Self::Named(name) => name,
            Self::Given(session) => session.region(),
        })
    }
}

impl From<&Session> for SessionChoice {
    fn from(session: &Session) -> Self {
        Self::Given(session.clone())
    }
}

impl From<Session> for SessionChoice {
    fn from(session: Session) -> Self {
        Self::Given(session)
    }
}

impl From<&str> for SessionChoice {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for SessionChoice {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}
