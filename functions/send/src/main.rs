//! The Lambda function `send`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    invitations::http::service::serve(send::handle).await
}
