//! The deployment of a test, and how it is put together.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig},
};
use aws_smithy_runtime::client::retries::RetryPartition;
use deliver::Deliver;
use feedback::Feedback;
use http_api::{api::Api, caller::Claims};
use store::Store;
use tokio::net::TcpListener;

use super::{
    engine::{Engine, TABLE},
    fakes::{BASE_URL, Fakes, credentials},
    faults::Faults,
    meter::Meter,
    stream::Stream,
};
use crate::canary::Canary;

/// The deployment.
pub struct World {
    /// What the functions behind the API have.
    pub api: Arc<Api>,
    /// The function behind the table's stream.
    pub deliver: Deliver,
    /// The function behind the mail service's events.
    pub feedback: Feedback,
    /// Counts the handlers' requests to the table.
    pub meter: Meter,
    /// Makes the handlers' requests to the table fail or wait.
    pub faults: Faults,
    /// The mail service and the event bus.
    pub fakes: Fakes,
    /// Another client, with which tests look at the table and change it.
    pub(super) client: Client,
    pub(super) engine: Engine,
    pub(super) stream: Stream,
}

impl World {
    /// Returns an empty deployment, whose table is reached over HTTP.
    pub async fn new() -> Self {
        let engine = Engine::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, engine.database()));
        let http = aws_smithy_http_client::Builder::new().build_http();
        let (config, meter, faults) = (config(endpoint), Meter::default(), Faults::default());
        let own = Client::from_conf(config.clone().http_client(http.clone()).build());
        let watched = config.http_client(faults.client(http)).interceptor(meter.clone()).build();
        Self::over(engine, own, Client::from_conf(watched), meter, faults)
    }

    /// Returns an empty deployment without a network, for tests that lead the time: what waits for a network would not
    /// be waited for.
    pub fn without_network(name: &str) -> Self {
        let engine = Engine::default();
        let client = engine.client();
        Self::behind(engine, client, name.to_owned())
    }

    /// Returns an empty deployment without a network, whose handlers reach the table by `client` alone. Its retries are
    /// counted apart from those of every deployment of another name.
    pub fn behind(engine: Engine, client: SharedHttpClient, name: String) -> Self {
        let config = config("http://table".to_owned())
            .retry_partition(RetryPartition::new(name))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let own = Client::from_conf(config.clone().http_client(engine.client()).build());
        let faults = Faults::default();
        let watched = Client::from_conf(config.http_client(faults.client(client)).build());
        Self::over(engine, own, watched, Meter::default(), faults)
    }

    fn over(engine: Engine, client: Client, watched: Client, meter: Meter, faults: Faults) -> Self {
        let stream = Stream::new(engine.create_table());
        let (store, fakes) = (Store::new(watched, TABLE), Fakes::default());
        let claims = Claims {
            user_id: "sub".to_owned(),
            administrator: "cognito:groups".to_owned(),
            administrator_value: "administrators".to_owned(),
        };
        Self {
            api: Arc::new(Api { store: store.clone(), claims, public_base_url: BASE_URL.to_owned() }),
            deliver: Deliver { store: store.clone(), outbound: fakes.outbound() },
            feedback: Feedback { store },
            meter,
            faults,
            fakes,
            client,
            engine,
            stream,
        }
    }

    /// Returns what proves that the table is atomic.
    pub fn canary(&self) -> Canary {
        Canary { client: self.client.clone(), table: TABLE.to_owned(), prefix: "embedded".to_owned() }
    }
}

fn config(endpoint: String) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
}
