//! The keys with which a server checks requests.

use std::collections::BTreeMap;
use std::{fmt, io};

use jiff::Timestamp;

use crate::auth::digest::hex;
use crate::auth::refusal::unknown_key;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::invalid_input;

/// The keys that the server accepts. If there are none, it accepts all requests.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    access: BTreeMap<String, AccessKey>,
    bearer: Vec<String>,
    admin: Option<String>,
}

/// A secret access key.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) secret: String,
    /// The session of a temporary key.
    pub(crate) session: Option<TemporarySession>,
}

/// The session token of a temporary key, and its expiry.
#[derive(Clone)]
pub(crate) struct TemporarySession {
    pub(crate) token: String,
    pub(crate) until: Timestamp,
}

impl Keys {
    /// Refuses a session token that is not the key's, and a temporary key that has expired.
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

    /// Sets the token that the routes under `/_local/` require.
    pub(crate) fn set_admin_token(&mut self, token: String) {
        self.admin = Some(token);
    }

    /// Returns the token that the routes under `/_local/` require.
    pub(crate) fn admin_token(&self) -> Option<&str> {
        self.admin.as_deref()
    }

    /// Creates a random admin token if there are keys and no token is set. Refuses a token that is invalid in a header.
    pub(crate) fn ensure_admin_token(&mut self) -> io::Result<()> {
        if !self.is_empty() && self.admin.is_none() {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            self.admin = Some(hex(&bytes));
        }
        match &self.admin {
            Some(token) if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(invalid_input(
                    "an admin token consists of visible ASCII characters, without spaces".to_owned(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether AWS's routes need no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.access.is_empty() && self.bearer.is_empty()
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.access.get(id)
    }

    pub(crate) fn has_bearer_token(&self, token: &str) -> bool {
        self.bearer.iter().any(|known| known == token)
    }
}

/// Shows how many there are.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("access", &self.access.len())
            .field("bearer", &self.bearer.len())
            .finish()
    }
}
