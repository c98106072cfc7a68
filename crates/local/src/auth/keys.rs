//! The keys that a server checks requests with.

use std::collections::BTreeMap;
use std::{fmt, io};

use jiff::Timestamp;

use crate::auth::digest::hex;
use crate::auth::refusal::unknown_key;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::invalid_input;

/// The keys whose calls are answered. Without any, all calls are.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    access: BTreeMap<String, AccessKey>,
    bearer: Vec<String>,
    admin: Option<String>,
}

#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) secret: String,
    pub(crate) session: Option<Session>,
}

/// The session of a temporary key.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) until: Timestamp,
}

impl Keys {
    /// Refuses session tokens that are not the key's, and temporary keys that have expired.
    pub(crate) fn check_session(&self, id: &str, token: Option<&str>, now: Timestamp) -> AwsResult<()> {
        let key = self.access_key(id).ok_or_else(unknown_key)?;
        match (&key.session, token) {
            (None, None) => Ok(()),
            (Some(session), Some(token)) if session.token == token => match now < session.until {
                true => Ok(()),
                false => Err(AwsError::new(
                    "ExpiredTokenException",
                    "The security token included in the request is expired",
                )),
            },
            _ => Err(unknown_key()),
        }
    }

    pub(crate) fn add_access_key(&mut self, id: String, key: AccessKey) {
        self.access.insert(id, key);
    }

    pub(crate) fn add_bearer_token(&mut self, token: String) {
        self.bearer.push(token);
    }

    /// Sets the token that the routes under `/_local/` ask for.
    pub(crate) fn set_admin_token(&mut self, token: String) {
        self.admin = Some(token);
    }

    /// The token that the routes under `/_local/` ask for.
    pub(crate) fn admin_token(&self) -> Option<&str> {
        self.admin.as_deref()
    }

    /// Makes sure that a server with keys has an admin token: a random one, unless one was set.
    pub(crate) fn complete(&mut self) -> io::Result<()> {
        if !self.is_empty() && self.admin.is_none() {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            self.admin = Some(hex(&bytes));
        }
        match &self.admin {
            Some(token) if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(invalid_input(
                    "an admin token is made of visible ASCII characters, without blanks".to_owned(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether calls to AWS's routes need no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.access.is_empty() && self.bearer.is_empty()
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.access.get(id)
    }

    pub(crate) fn knows_bearer_token(&self, token: &str) -> bool {
        self.bearer.iter().any(|known| known == token)
    }
}

/// Shows no secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("access", &self.access.keys())
            .field("bearer", &self.bearer.len())
            .finish()
    }
}
