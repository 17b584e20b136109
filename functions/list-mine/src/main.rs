//! The Lambda function `list-mine`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    invitations::http::service::serve(list_mine::handle).await
}
