//! Closes the runtime client of a model's session.

use crate::BoundModel;

/// `close` on a bound model.
pub trait CloseExt {
    /// Closes the runtime client of the session, for all models of the session, as
    /// [`Session::close`](bedrock_orm_core::Session::close). The next call opens a new one. Calls and streams in
    /// progress continue. Sends nothing.
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
    /// model.converse("Hello again").await?; // opens a new one
    /// # Ok(())
    /// # }
    /// ```
    fn close(&self);
}

impl<M: BoundModel + ?Sized> CloseExt for M {
    fn close(&self) {
        self.session().close();
    }
}
