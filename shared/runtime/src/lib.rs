//! What `main` needs before it can serve: the allocator, telemetry, configuration from the environment, the table's
//! client.

use std::{env, io, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use tracing::Subscriber;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use store::Store;

/// The allocator of every function: asking for memory and giving it back was a quarter of a large send, and is less
/// than half of that with this one (docs/speed.md). Each program takes it for itself, so that what links this crate for
/// its other uses, like tests and the benchmark's harness, keeps the allocator of the system.
pub use mimalloc::MiMalloc as Allocator;

/// The root certificates of Amazon's own authority, from which the endpoints of AWS's public regions have theirs: all
/// five that <https://www.amazontrust.com/repository> wants in a trust store. The first of them ends in 2037.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");
/// What is in the names of regions whose endpoints have their certificates from elsewhere: China, `GovCloud`, isolated
/// ones.
const OTHER_AUTHORITIES: [&str; 3] = ["cn-", "-gov-", "-iso"];

/// A variable that the template sets is missing or empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct MissingVariable(&'static str);

/// The value of an environment variable.
///
/// # Errors
/// [`MissingVariable`] if it is not set, or empty.
pub fn variable(name: &'static str) -> Result<String, MissingVariable> {
    env::var(name).ok().filter(|value| !value.is_empty()).ok_or(MissingVariable(name))
}

/// The crates that functions share, which log by the rules below as the functions' own crates do.
pub const SHARED_CRATES: [&str; 7] = ["domain", "http_api", "mail", "runtime", "service", "store", "system"];
/// Where the runtime opens the span that gives every line its request's id. Nothing else is told there.
const REQUEST_SPANS: &str = "lambda_runtime::layers::trace";

/// Starts logging for the function with that name: one JSON object a line, from `LOG_LEVEL` up.
///
/// What may never be logged: link tokens, bearer tokens, email addresses, names, messages. Ids may.
pub fn start_logging(function: &str) {
    let level = env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    log(level, &[function], io::stdout).init();
}

/// Returns what logs to `writer` from `level` up, as far as it comes from those functions and the crates they share.
///
/// Dependencies do not know what may never be logged, and at `debug` tell of whole requests: of them, only warnings are
/// heard, whatever the level.
pub fn log<W>(level: LevelFilter, functions: &[&str], writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The request's span is the only one, so that a list of all would tell it twice.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false);
    let lines = lines.with_target(false).with_writer(writer);
    let own = functions.iter().map(|function| function.replace('-', "_"));
    let own = own.chain(SHARED_CRATES.map(str::to_owned));
    let heard = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(REQUEST_SPANS, level.min(LevelFilter::INFO))
        .with_targets(own.map(|own| (own, level)));
    tracing_subscriber::registry().with(heard).with(lines)
}

/// The AWS configuration of this process, from the variables that Lambda sets and nowhere else.
///
/// A function has its region and its role's credentials in its environment. Looking for them in all the places that
/// `aws_config` knows of would cost a tenth of the binary and part of every cold start, to find nothing more.
/// Attempts are short, because a person is waiting and a retry is cheap.
///
/// # Errors
/// [`MissingVariable`] if there is no region.
pub fn aws() -> Result<SdkConfig, MissingVariable> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(15))
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts);
    // Where the local AWS is.
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
    Ok(config.build())
}

/// The client for requests to AWS over HTTPS: the configuration's, or else one with connections of its own.
///
/// It reads the five certificates that it needs. The system has some hundred and forty, and reading those was four
/// fifths of all that a function computes before its first request. Where `SSL_CERT_FILE` is set, it reads that file
/// instead.
pub fn https(aws: &SdkConfig) -> SharedHttpClient {
    aws.http_client().unwrap_or_else(|| {
        let region = aws.region().map(Region::as_ref).unwrap_or_default();
        let elsewhere = OTHER_AUTHORITIES.iter().any(|part| region.contains(part));
        let trusted = if elsewhere || env::var_os("SSL_CERT_FILE").is_some() {
            TrustStore::default()
        } else {
            TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
        };
        let context = TlsContext::builder().with_trust_store(trusted).build().unwrap_or_default();
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https()
    })
}

/// The store in the table that `TABLE_NAME` names, with its connection opened.
///
/// # Errors
/// [`MissingVariable`] if there is no name.
pub async fn store(aws: &SdkConfig) -> Result<Store, MissingVariable> {
    let config = aws_sdk_dynamodb::config::Builder::from(aws).http_client(https(aws)).build();
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config), variable("TABLE_NAME")?);
    store.warm_up().await;
    Ok(store)
}
