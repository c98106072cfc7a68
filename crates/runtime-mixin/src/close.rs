//! Letting go of the runtime client.

use bedrock_orm_core::Bound;

use crate::Invokable;

/// `close` on a bound model.
pub trait CloseExt {
    /// Lets go of the session's runtime client and of its connections, for all models of the session; the next call
    /// opens it again. Calls and streams under way go on to their end. Sends nothing.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// model.converse("Hello").await?;
    /// model.close();
    /// model.converse("Hello again").await?; // opens it anew
    /// # Ok(())
    /// # }
    /// ```
    fn close(&self);
}

impl<M: Invokable> CloseExt for Bound<M> {
    fn close(&self) {
        self.session().close();
    }
}
