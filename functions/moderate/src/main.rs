//! The Lambda function `moderate`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    invitations::http::service::serve(moderate::handle).await
}
