//! The Lambda function `graphql`.

#[global_allocator]
static ALLOCATOR: http_api::function::Allocator = http_api::function::Allocator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    graphql::prepare();
    http_api::function::serve(&graphql::FUNCTION).await
}
