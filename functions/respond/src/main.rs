//! The Lambda function `respond`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let public_base_url = std::env::var("PUBLIC_BASE_URL").unwrap_or_default();
    http_api::function::serve(|api, request| respond::handle(api, &public_base_url, request)).await
}
