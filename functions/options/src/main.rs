//! The Lambda function `options`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve(&options::FUNCTION).await
}
