//! The service's own handlers, in this process: they make the records that the prototypes are taken from.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use domain::{id::InvitationId, invitation::DeliveryState, outbox::MailedLink, settings::Locale};
use http_api::{
    api::Api,
    caller::Claims,
    function::{Function, respond},
};
use lambda_http::Body;
use serde_json::{Value, json};
use service::delivery::track;
use store::{Store, outbox::MailId};
use system::now;

use crate::{
    error::Result,
    prototype::{address, fresh_user, link},
    request::Request,
    table::{TABLE, Table},
};

/// The site administrator who keeps the directory.
const PLATFORM: &str = "platform";

/// The handlers on one table.
pub(crate) struct Handlers(Api);

/// An invited user and their invitation.
pub(crate) struct Invited {
    pub(crate) user: String,
    pub(crate) id: InvitationId,
}

impl Handlers {
    pub(crate) fn on(table: &Table) -> Self {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "bench"))
            .endpoint_url(&table.endpoint)
            .build();
        let claims = Claims {
            user_id: "sub".to_owned(),
            administrator: "cognito:groups".to_owned(),
            administrator_value: "administrators".to_owned(),
        };
        Self(Api { store: Store::new(Client::from_conf(config), TABLE), claims, public_base_url: String::new() })
    }

    /// Writes the settings, with that way to let senders hear of answers.
    pub(crate) async fn put_settings(&self, notices: &str) -> Result<()> {
        let settings = json!({
            "senderNotices": notices, "dailyInvitationsPerSender": 1_000_000, "membersInviteConnectionsOnly": false,
            "registrationUrl": "https://platform.example.org/join", "productName": "Example Platform",
            "supportEmail": "support@example.org", "postalAddress": "1 Harbour Road, 12345 Port",
        });
        self.put(Request::to("PUT /directory/settings").body(settings)).await
    }

    pub(crate) async fn put_community(&self, community: &str, enrolment: &str) -> Result<()> {
        let body = json!({
            "title": format!("The people of the {community}"),
            "url": format!("https://platform.example.org/c/{community}"),
            "description": "Everyone who has a plot, a boat or a garden here, and all who would like one.",
            "memberCount": 1234, "visibility": "public", "enrolment": enrolment,
        });
        let request = Request::to("PUT /directory/communities/{communityId}").with("communityId", community);
        self.put(request.body(body)).await
    }

    pub(crate) async fn put_member(&self, community: &str, user: &str, role: &str) -> Result<()> {
        let request = Request::to("PUT /directory/communities/{communityId}/members/{userId}");
        let request = request.with("communityId", community).with("userId", user);
        self.put(request.body(json!({ "role": role }))).await
    }

    pub(crate) async fn put_user(&self, user: &str) -> Result<()> {
        let body = json!({
            "displayName": format!("Jo {user} Example"), "email": format!("{user}@example.org"), "emailVerified": true,
            "profileUrl": format!("https://platform.example.org/people/{user}"), "locale": "en",
        });
        self.put(Request::to("PUT /directory/users/{userId}").with("userId", user).body(body)).await
    }

    async fn put(&self, request: Request<'_>) -> Result<()> {
        self.call(request.by(PLATFORM), &directory::FUNCTION).await?;
        Ok(())
    }

    /// Registers a user and has them invited.
    pub(crate) async fn invite(&self, sender: &str, community: &str) -> Result<Invited> {
        let user = fresh_user();
        self.put_user(&user).await?;
        let request = Request::to("POST /communities/{communityId}/invitations").with("communityId", community);
        let response = self.call(request.by(sender).body(json!({ "userIds": [user] })), &send::FUNCTION).await?;
        let id = response["results"][0]["invitation"]["id"].as_str().ok_or_else(|| response.to_string())?;
        Ok(Invited { id: id.parse()?, user })
    }

    /// Records that the invitation's mail was sent, with a link in it.
    pub(crate) async fn mark_mailed(&self, invited: &Invited) -> Result<()> {
        let store = &self.0.store;
        let id = invited.id;
        let (name, mail) = store.invitation_with_mails(id).await?.mails.into_iter().next().ok_or("no mail")?;
        let mail_id = MailId { invitation: id, name };
        let link = MailedLink { digest: link(id).digest(), address: address(&invited.user)?, locale: Some(Locale::En) };
        store.lease(&mail_id, &mail, &link, now()).await?.ok_or("the mail is leased already")?;
        Ok(store.mark_sent(&mail_id).await?)
    }

    /// Records that the invitation's mail has arrived.
    pub(crate) async fn mark_arrived(&self, invited: &Invited) -> Result<()> {
        Ok(track(&self.0.store, invited.id, None, DeliveryState::Delivered, now()).await?)
    }

    /// Has the invitee answer on that route.
    pub(crate) async fn answer(&self, invited: &Invited, route: &str) -> Result<()> {
        let id = invited.id.to_string();
        let request = Request::to(route).with("invitationId", &id).by(&invited.user);
        self.call(request, &respond::FUNCTION).await?;
        Ok(())
    }

    async fn call(&self, request: Request<'_>, function: &Function) -> Result<Value> {
        Ok(serde_json::from_str(&self.handle(&request.event(), function).await?)?)
    }

    /// Has a function handle an event, and returns the body of its response, which must be a success.
    pub(crate) async fn handle(&self, event: &str, function: &Function) -> Result<String> {
        let request = lambda_http::request::from_str(event)?;
        let response = respond(Some(&self.0), function, &request).await;
        match response.body() {
            Body::Text(text) if response.status().is_success() => Ok(text.clone()),
            body => Err(format!("{} {}: {} {body:?}", request.method(), request.uri(), response.status()).into()),
        }
    }
}
