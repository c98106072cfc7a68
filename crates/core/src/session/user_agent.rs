//! The headers that name the client.

use std::sync::OnceLock;

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor, disable_interceptor};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The headers in which the SDK says its version, the platform, the application, and the features in use.
const HEADERS: [&str; 2] = ["user-agent", "x-amz-user-agent"];

/// Sends the headers of a client's first request with all of its requests. The SDK would compose them again for each
/// request, from the environment and the features in use, which are the same for a client.
#[derive(Debug, Default)]
pub(super) struct UserAgent {
    /// Those that the SDK sent.
    sent: OnceLock<Vec<(&'static str, String)>>,
}

impl UserAgent {
    /// Returns the interceptor of a new client.
    pub(super) fn of_client() -> SharedInterceptor {
        SharedInterceptor::permanent(Self::default())
    }
}

impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "user agent"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.sent.get().is_some() {
            let disabled = disable_interceptor::<UserAgentInterceptor>("the headers are known");
            config.interceptor_state().store_put(disabled);
        }
        Ok(())
    }

    /// Runs after the SDK's interceptor.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let sent = |name| Some((name, headers.get(name)?.to_owned()));
        for (name, value) in self.sent.get_or_init(|| HEADERS.into_iter().filter_map(sent).collect()) {
            headers.try_insert(*name, value.clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{AppName, SdkConfig};
    use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
    use bedrock_orm_local::{Fault, LocalBedrock, RecordedRequest};

    use crate::Session;

    async fn converse(client: &aws_sdk_bedrockruntime::Client) {
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text("Hello".to_owned()))
            .build()
            .unwrap();
        client.converse().model_id("amazon.nova-lite-v1:0").messages(message).send().await.unwrap();
    }

    async fn list(client: &aws_sdk_bedrock::Client) {
        client.list_foundation_models().send().await.unwrap();
    }

    fn config(local: &LocalBedrock) -> SdkConfig {
        let session = Session::local(local.url()).unwrap();
        session.sdk_config().to_builder().app_name(AppName::new("payroll").unwrap()).build()
    }

    fn names(request: &RecordedRequest) -> Vec<(String, String)> {
        let is_name = |name: &str| super::HEADERS.contains(&name);
        let mut names: Vec<_> = request.headers.iter().filter(|(name, _)| is_name(name)).cloned().collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn every_request_has_the_headers_of_the_sdk() {
        let local = LocalBedrock::start().await.unwrap();
        let config = config(&local);
        converse(&aws_sdk_bedrockruntime::Client::new(&config)).await;
        list(&aws_sdk_bedrock::Client::new(&config)).await;
        let session = Session::from_sdk_config(&config).unwrap();
        for _ in 0..2 {
            converse(&session.runtime()).await;
            list(session.control_plane()).await;
        }

        let requests = local.requests();
        let [converse, list] = [names(&requests[0]), names(&requests[1])];
        for name in [&converse, &list] {
            assert_eq!(name.iter().map(|(name, _)| name).collect::<Vec<_>>(), super::HEADERS);
            assert!(name.iter().any(|(_, value)| value.contains("app/payroll")), "{name:?}");
        }
        assert_ne!(converse, list);
        for pair in requests[2..].chunks(2) {
            assert_eq!(names(&pair[0]), converse);
            assert_eq!(names(&pair[1]), list);
        }
    }

    #[tokio::test]
    async fn a_request_that_is_sent_again_has_the_headers_once() {
        let local = LocalBedrock::start().await.unwrap();
        let session = Session::from_sdk_config(&config(&local)).unwrap();
        converse(&session.runtime()).await;
        local.fault(Fault::throttling().times(1)).unwrap();
        converse(&session.runtime()).await;

        let requests = local.requests();
        assert_eq!(requests.len(), 3);
        assert_eq!(names(&requests[1]), names(&requests[0]));
        assert_eq!(names(&requests[2]), names(&requests[0]));
    }
}
