//! The HTTP client of a session for a local Bedrock.

use aws_config::SdkConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Returns a client that connects directly: unlike that of the SDK, it does not use the proxy that the environment sets. For an
/// endpoint without TLS it has no certificates: reading those of the system takes longer than a local Bedrock to reply.
pub(super) fn client(config: &SdkConfig) -> SharedHttpClient {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let is_plain = config.endpoint_url().is_some_and(|url| url.starts_with("http://"));
    match TlsContext::builder().with_trust_store(TrustStore::empty()).build() {
        Ok(no_certificates) if is_plain => client.tls_context(no_certificates).build_https(),
        _ => client.build_https(),
    }
}
