//! The Lambda function `directory`.

#[global_allocator]
static ALLOCATOR: http_api::function::Allocator = http_api::function::Allocator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve(&directory::FUNCTION).await
}
