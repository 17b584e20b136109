//! The Lambda function `ui`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve_alone(&ui::FUNCTION).await
}
