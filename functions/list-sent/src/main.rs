//! The Lambda function `list-sent`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    invitations::http::service::serve(list_sent::handle).await
}
