//! What `main` needs before it can serve: telemetry, configuration from the environment, and the table's client.

use std::{env, io, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use jiff::Timestamp;
use tracing::Subscriber;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{http::caller::Claims, store::Store};

/// A variable that the template sets is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct MissingVariable(&'static str);

/// The value of an environment variable.
///
/// # Errors
/// [`MissingVariable`] if it is not set.
pub fn variable(name: &'static str) -> Result<String, MissingVariable> {
    env::var(name).map_err(|_| MissingVariable(name))
}

/// Which claims name callers, as the template's parameters say.
#[must_use]
pub fn claims() -> Claims {
    let or = |name, default: &str| env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or(default.to_owned());
    Claims {
        user_id: or("USER_ID_CLAIM", "sub"),
        administrator: or("ADMINISTRATOR_CLAIM", "cognito:groups"),
        administrator_value: or("ADMINISTRATOR_VALUE", "administrators"),
    }
}

/// The workspace's own crates, which log by the rules below.
pub const OWN_CRATES: [&str; 11] = [
    "cancel",
    "deliver",
    "directory",
    "feedback",
    "invitations",
    "list_mine",
    "list_sent",
    "moderate",
    "respond",
    "send",
    "status",
];
/// Where the runtime opens the span that gives every line its request's id. Nothing else is told there.
const REQUEST_SPANS: &str = "lambda_runtime::layers::trace";

/// Starts logging: one JSON object a line, from `LOG_LEVEL` up.
///
/// What may never be logged: link tokens, bearer tokens, email addresses, names, messages. Ids may.
pub fn start_logging() {
    let level = env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    log(level, io::stdout).init();
}

/// What logs to `writer` from `level` up.
///
/// Dependencies do not know what may never be logged, and at `debug` tell of whole requests: of them, only warnings are
/// heard, whatever the level.
pub fn log<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_writer(writer);
    let heard = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(REQUEST_SPANS, level.min(LevelFilter::INFO))
        .with_targets(OWN_CRATES.map(|own| (own, level)));
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

/// The store in the table that `TABLE_NAME` names, with its connection opened.
///
/// # Errors
/// [`MissingVariable`] if there is no name.
pub async fn store(aws: &SdkConfig) -> Result<Store, MissingVariable> {
    let store = Store::new(aws_sdk_dynamodb::Client::new(aws), variable("TABLE_NAME")?);
    store.warm_up().await;
    Ok(store)
}

/// The time, to the millisecond that the table keeps.
#[must_use]
pub fn now() -> Timestamp {
    #[cfg(feature = "simulation")]
    if let Some(now) = simulation::now() {
        return now;
    }
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The system gives no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no randomness")]
pub struct NoRandomness;

/// Fills `bytes` with randomness that nobody can guess.
///
/// # Errors
/// [`NoRandomness`] if the system has none.
pub fn randomise(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    #[cfg(feature = "simulation")]
    if simulation::randomise(bytes) {
        return Ok(());
    }
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A clock and a source of randomness that tests lead, so that a run can be repeated from its seed.
///
/// No function carries it: the feature is one that only tests ask for.
#[cfg(feature = "simulation")]
pub mod simulation {
    use std::{fmt, sync::Arc};

    use jiff::Timestamp;

    /// What stands in for the system.
    pub trait World: Send + Sync {
        /// The time.
        fn now(&self) -> Timestamp;
        /// Fills `bytes` as if at random.
        fn randomise(&self, bytes: &mut [u8]);
    }

    /// A world that can be handed around.
    #[derive(Clone)]
    pub struct Simulation(Arc<dyn World>);

    impl fmt::Debug for Simulation {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Simulation")
        }
    }

    tokio::task_local! {
        static CURRENT: Simulation;
    }

    impl Simulation {
        /// A simulation that is led by `world`.
        pub fn new(world: impl World + 'static) -> Self {
            Self(Arc::new(world))
        }

        /// Runs `work` with this clock and this randomness.
        pub async fn run<F: Future>(&self, work: F) -> F::Output {
            CURRENT.scope(self.clone(), work).await
        }
    }

    pub(super) fn now() -> Option<Timestamp> {
        CURRENT.try_with(|simulation| simulation.0.now()).ok()
    }

    pub(super) fn randomise(bytes: &mut [u8]) -> bool {
        CURRENT.try_with(|simulation| simulation.0.randomise(bytes)).is_ok()
    }
}
