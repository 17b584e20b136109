//! The Lambda function `list-mine`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    http_api::function::serve(&list_mine::FUNCTION).await
}
