//! The same account in other regions.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_config::Region;

use super::{Inner, Session, invalid_region, is_region};
use crate::Result;
use crate::by_name::ByName;

/// The sessions of one account in several regions. The first session owns the others, and the others refer to the
/// first.
#[derive(Default)]
pub(super) struct Regions {
    first: Weak<Inner>,
    others: Mutex<ByName<Session>>,
}

impl Session {
    /// Returns a session for the same account in this region, with the same credentials, settings and tags,
    /// including an endpoint URL. Calls with the same region return the same session.
    ///
    /// ```
    /// use bedrock_orm_core::Session;
    ///
    /// # async fn example(virginia: Session) -> bedrock_orm_core::Result<()> {
    /// let oregon = virginia.in_region("us-west-2")?;
    /// assert_eq!(oregon.region(), "us-west-2");
    /// assert_eq!(oregon, virginia.in_region("us-west-2")?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the name is not a valid region name.
    pub fn in_region(&self, region: &str) -> Result<Self> {
        if !is_region(region) {
            return Err(invalid_region(region));
        }
        let first = self.inner.regions.first.upgrade().map(|inner| Self { inner, ..self.clone() });
        let first = first.as_ref().unwrap_or(self);
        let session = match region {
            _ if region == self.region() => self.clone(),
            _ if region == first.region() => first.clone(),
            _ => first.other(region),
        };
        Ok(Self { inner: session.inner, ..self.clone() })
    }

    /// Returns the session for another region, and creates it if it does not exist yet.
    fn other(&self, region: &str) -> Self {
        let mut others = self.inner.regions.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = others.get(region) {
            return other.clone();
        }
        let config = self.inner.config.to_builder().region(Region::new(region.to_owned())).build();
        let regions = Regions { first: Arc::downgrade(&self.inner), others: Mutex::default() };
        let other = Self::with_regions(config, region.to_owned(), self.inner.settings.clone(), regions);
        others.insert(region, other.clone());
        other
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, Session};

    async fn virginia() -> Session {
        let session = Session::builder().local("http://127.0.0.1:9");
        session.stream_silence_timeout(None).build().await.unwrap()
    }

    #[tokio::test]
    async fn another_region_has_the_same_settings_and_one_session() {
        let virginia = virginia().await;
        let oregon = virginia.in_region("us-west-2").unwrap();
        assert_eq!(oregon.region(), "us-west-2");
        assert_eq!(oregon.sdk_config().region().map(AsRef::as_ref), Some("us-west-2"));
        assert_eq!(oregon.sdk_config().endpoint_url(), Some("http://127.0.0.1:9"));
        assert_eq!(oregon.stream_silence_timeout(), None);
        assert_eq!(virginia.in_region("us-west-2").unwrap(), oregon);
        assert_eq!(oregon.in_region("us-east-1").unwrap(), virginia, "the first session");
        assert_eq!(oregon.in_region("eu-west-1").unwrap(), virginia.in_region("eu-west-1").unwrap());
        assert_eq!(virginia.in_region("us-east-1").unwrap(), virginia);
        for region in ["", " ", "us west 2", "us-west-2/"] {
            assert_eq!(virginia.in_region(region).unwrap_err().kind(), ErrorKind::Configuration, "{region}");
        }
    }

    #[tokio::test]
    async fn a_session_outlives_the_one_that_it_came_from() {
        let oregon = virginia().await.in_region("us-west-2").unwrap();
        let ohio = oregon.in_region("us-east-2").unwrap();
        assert_eq!((ohio.region(), oregon.in_region("us-east-2").unwrap() == ohio), ("us-east-2", true));
    }
}
