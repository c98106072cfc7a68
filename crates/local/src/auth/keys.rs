//! The keys that a server was given.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

/// Whose calls are answered; everyone's where there are none.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    access: BTreeMap<String, AccessKey>,
    bearer: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) secret: String,
    pub(crate) session: Option<Session>,
}

/// What makes a key a temporary one.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) until: Timestamp,
}

impl Keys {
    pub(crate) fn add_access_key(&mut self, id: String, key: AccessKey) {
        self.access.insert(id, key);
    }

    pub(crate) fn add_bearer_token(&mut self, token: String) {
        self.bearer.push(token);
    }

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

/// Secrets are not to be read in a log.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("access", &self.access.keys())
            .field("bearer", &self.bearer.len())
            .finish()
    }
}
