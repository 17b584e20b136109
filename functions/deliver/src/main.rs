//! The Lambda function `deliver`.

use deliver::{Deliver, Outbound};
use lambda_runtime::{LambdaEvent, service_fn};

#[global_allocator]
static ALLOCATOR: runtime::Allocator = runtime::Allocator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start_logging(env!("CARGO_PKG_NAME"));
    let aws = runtime::aws()?;
    let deliver = Deliver { store: runtime::store(&aws).await?, outbound: Outbound::from_environment(&aws)? };
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| Box::pin(deliver.invoke(event.payload)))).await
}
