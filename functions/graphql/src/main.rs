//! The Lambda function `graphql`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    graphql::prepare();
    http_api::function::serve(&graphql::FUNCTION).await
}
