//! The Lambda function `feedback`.

use feedback::Feedback;
use lambda_runtime::{LambdaEvent, service_fn};

#[global_allocator]
static ALLOCATOR: runtime::Allocator = runtime::Allocator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start_logging(env!("CARGO_PKG_NAME"));
    let feedback = Feedback { store: runtime::store(&runtime::aws()?).await? };
    let handle = async |event: LambdaEvent<_>| Ok::<_, lambda_runtime::Error>(feedback.handle(event.payload).await?);
    lambda_runtime::run(service_fn(handle)).await
}
