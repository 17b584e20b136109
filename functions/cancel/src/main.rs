//! The Lambda function `cancel`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve(&cancel::FUNCTION).await
}
