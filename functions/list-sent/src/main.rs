//! The Lambda function `list-sent`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve(&list_sent::FUNCTION).await
}
