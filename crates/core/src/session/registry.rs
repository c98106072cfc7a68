//! The default session and named sessions.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use once_cell::sync::OnceCell;

use super::Session;
use crate::by_name::ByName;
use crate::{Error, Result};

static DEFAULT: OnceCell<Session> = OnceCell::new();
static NAMED: RwLock<ByName<Session>> = RwLock::new(ByName::new());

impl Session {
    /// Returns the session that managers use by default. It is loaded from the environment on first use, unless
    /// [`set_default`](Self::set_default) was called before.
    ///
    /// # Errors
    ///
    /// As [`Session::from_env`]. A failure is not remembered.
    pub async fn default_session() -> Result<Self> {
        if let Some(session) = DEFAULT.get() {
            return Ok(session.clone());
        }
        // If two tasks load it at once, both use the session that is loaded first.
        let loaded = Self::from_env().await?;
        Ok(DEFAULT.get_or_init(|| loaded).clone())
    }

    /// Makes this the default session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the default session is already set or in use.
    pub fn set_default(self) -> Result<()> {
        DEFAULT.set(self).map_err(|_| {
            Error::configuration("the default session is already set or in use").with_hint(
                "call `set_default` once, before the first query, or set the session of a query with `using`",
            )
        })
    }

    /// Registers a session under a name, for `using("name")`, and replaces an earlier session with this name.
    pub fn register(name: impl Into<String>, session: Self) {
        NAMED.write().unwrap_or_else(PoisonError::into_inner).insert(&name.into(), session);
    }

    /// Returns the session with this name.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if there is none. The error lists the registered names.
    pub fn named(name: &str) -> Result<Self> {
        let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
        named.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = named.iter().map(|(name, _)| name).collect();
            let known = if names.is_empty() {
                "no session is registered".to_owned()
            } else {
                format!("registered names: {}", names.join(", "))
            };
            Error::configuration(format!("no session is named `{name}`; {known}"))
                .with_hint(format!("call `Session::register(\"{name}\", session)` first"))
        })
    }
}

/// The session that a query uses: the default one, a named one, or this one. It is resolved when the query is sent.
#[derive(Clone, Debug, Default)]
pub enum SessionChoice {
    /// [`Session::default_session`].
    #[default]
    Default,
    /// [`Session::named`].
    Named(String),
    /// This session.
    Given(Session),
}

impl SessionChoice {
    /// Returns the session.
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

/// Shows the name, the session's region, or `the default session`.
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
