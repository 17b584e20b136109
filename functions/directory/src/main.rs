//! The Lambda function `directory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    invitations::http::service::serve(directory::handle).await
}
