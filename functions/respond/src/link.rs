//! What a mail link opens. `GET` and `HEAD` only read, because mail scanners open links; `POST` answers.

use domain::{
    lifecycle::Command,
    link::LinkToken,
    refusal::Refusal,
    settings::{Locale, Settings},
};
use http_api::{api::Api, body, function::parameter};
use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
    request::RequestContext,
};
use mail::page::{self, Account, Answering, Intent, Page, PendingPage, Report};
use service::{
    ServiceError,
    link::{self, LinkCommand, LinkTarget, WayToAnswer},
};
use store::{Store, StoreError};
use system::now;

/// What was found behind a link.
struct Opened<'a> {
    store: &'a Store,
    found: LinkTarget,
    locale: Locale,
    /// The link itself, for the way back from registering.
    url: String,
}

/// What a request to a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// To see the invitation.
    ToInvitation,
    /// To answer it.
    Answer,
    /// To be asked whether invitations shall stop.
    ToUnsubscribe,
    /// To stop them.
    Unsubscribe,
}

/// Returns the page for one request. It never fails: it says what happened.
pub(crate) async fn respond(api: &Api, request: &Request, visit: Visit) -> Response<Body> {
    let fallback = (Settings::default(), accepted_language(request).unwrap_or_default());
    let opened = match open(api, request).await {
        Ok(Some(opened)) => opened,
        Ok(None) => return show(&Page::NotFound, None, &fallback.0, fallback.1),
        Err(error) => {
            tracing::warn!(%error, "a page cannot be shown");
            return show(&Page::TryAgain, None, &fallback.0, fallback.1);
        }
    };
    match visit {
        Visit::ToInvitation => {
            let intent = Intent::of_query(request.query_string_parameters().first("intent"));
            opened.show_current(intent, None).await
        }
        Visit::Answer => opened.post(form(request)).await,
        Visit::ToUnsubscribe => opened.show(Report::Unsubscribe).await,
        // RFC 8058: whatever is posted to this address means it.
        Visit::Unsubscribe => opened.post(Some(LinkCommand::Unsubscribe)).await,
    }
}

/// Finds what the token in the path opens; `None` if nothing.
async fn open<'a>(api: &'a Api, request: &Request) -> Result<Option<Opened<'a>>, StoreError> {
    let Some(token) = parameter(request, "proxy").and_then(|text| LinkToken::find(&text)) else { return Ok(None) };
    let Some(found) = link::open(&api.store, &token).await? else { return Ok(None) };
    Ok(Some(Opened {
        store: &api.store,
        locale: found.link.locale.or_else(|| accepted_language(request)).unwrap_or(found.settings.default_locale),
        url: format!("{}/i/{}", base_url(&api.public_base_url, request), token.reveal()),
        found,
    }))
}

impl Opened<'_> {
    async fn post(self, request: Option<LinkCommand>) -> Response<Body> {
        let Some(request) = request else {
            return self.show_current(Intent::default(), Some(StatusCode::BAD_REQUEST)).await;
        };
        match Box::pin(link::perform(self.store, &self.found, &request, now())).await {
            Ok(()) => {
                self.show(match request {
                    LinkCommand::Unsubscribe => Report::Unsubscribed,
                    LinkCommand::Answer(Command::Decline { block }) => Report::Declined { blocked: block },
                    LinkCommand::Answer(_) => Report::Accepted,
                })
                .await
            }
            Err(ServiceError::Refused(refusal)) => self.explain(refusal).await,
            Err(error) => self.try_again(&error),
        }
    }

    async fn explain(&self, refusal: Refusal) -> Response<Body> {
        match refusal {
            Refusal::Conflict(status) => match Report::of_status(status) {
                Some(report) => self.show_ended(report).await,
                None => self.show_current(Intent::default(), None).await,
            },
            Refusal::InvitationsNotAllowed | Refusal::CommunityNotFound => {
                self.show(Report::InvitationsNotAllowed).await
            }
            Refusal::AlreadyMember(_) => self.show(Report::AlreadyMember).await,
            Refusal::CallerInactive | Refusal::CallerUnknown => self.show(Report::InviteeInactive).await,
            Refusal::RegistrationNeeded | Refusal::SignInNeeded => {
                self.show_current(Intent::default(), Some(StatusCode::FORBIDDEN)).await
            }
            _ => show(&Page::NotFound, None, &self.found.settings, self.locale),
        }
    }

    /// The page for the state that the invitation is in.
    async fn show_current(&self, intent: Intent, status: Option<StatusCode>) -> Response<Body> {
        let LinkTarget { invitation, settings, .. } = &self.found;
        if let Some(report) = Report::of_status(invitation.status_at(now())) {
            return self.show_ended(report).await;
        }
        let pending = match link::pending(self.store, &self.found, now()).await {
            Ok(pending) => pending,
            Err(error) => return self.try_again(&error.into()),
        };
        let registering = settings.registration_url.as_deref();
        let registration = registering.map(|url| page::with_return(url, &self.url));
        let community_url = pending.invitation.community.url.as_deref();
        // No way back to this page: it would only send them off again. The invitation waits where they sign in.
        let back = if pending.way == WayToAnswer::SignedIn { community_url } else { Some(self.url.as_str()) };
        let switch_url = registering.map(|url| page::with_other_account(url, back));
        let account = Account { address: pending.address.as_ref(), switch_url: switch_url.as_deref() };
        let answering = match pending.way {
            WayToAnswer::Here | WayToAnswer::AfterRegistration if !pending.acceptable => Answering::DecliningHere,
            WayToAnswer::SignedIn => Answering::SignedIn { url: community_url.or(registering), account },
            WayToAnswer::AfterRegistration => Answering::AfterRegistration { url: registration.as_deref(), account },
            WayToAnswer::Here => Answering::Here,
        };
        let page =
            PendingPage { invitation: &pending.invitation, community: pending.community.as_ref(), intent, answering };
        show(&Page::Pending(page), status, settings, self.locale)
    }

    /// The page about an invitation that cannot be answered (any more).
    async fn show_ended(&self, report: Report) -> Response<Body> {
        if report != Report::Cancelled {
            return self.show(report).await;
        }
        // Who has become a member has lost nothing by it.
        match link::is_member(self.store, &self.found).await {
            Ok(true) => self.show_as(Report::AlreadyMember, Some(StatusCode::GONE)).await,
            Ok(false) => self.show(report).await,
            Err(error) => self.try_again(&error.into()),
        }
    }

    async fn show(&self, report: Report) -> Response<Body> {
        self.show_as(report, None).await
    }

    async fn show_as(&self, report: Report, status: Option<StatusCode>) -> Response<Body> {
        // What happened is told all the same if the community's name cannot be read.
        let community = link::community(self.store, &self.found).await;
        let community = community.unwrap_or_else(|_| self.found.invitation.community.clone());
        let page = Page::Report(report, &community);
        show(&page, status, &self.found.settings, self.locale)
    }

    fn try_again(&self, error: &ServiceError) -> Response<Body> {
        tracing::warn!(%error, "an answer cannot be taken");
        show(&Page::TryAgain, None, &self.found.settings, self.locale)
    }
}

/// What the form of `request` asks for; `None` if it is not one of ours.
fn form(request: &Request) -> Option<LinkCommand> {
    let mut answer = None;
    let mut block = false;
    for (name, value) in form_urlencoded::parse(body::bytes(request).ok()?) {
        match name.as_ref() {
            "answer" => answer = Some(value.into_owned()),
            "block" => block = value == "on",
            _ => {}
        }
    }
    match answer?.as_str() {
        "accept" => Some(LinkCommand::Answer(Command::Accept)),
        "decline" => Some(LinkCommand::Answer(Command::Decline { block })),
        _ => None,
    }
}

/// The language that the browser asks for, if it is spoken here.
fn accepted_language(request: &Request) -> Option<Locale> {
    let wanted = request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Locale::wanted(wanted)
}

fn base_url(configured: &str, request: &Request) -> String {
    if !configured.is_empty() {
        return configured.trim_end_matches('/').to_owned();
    }
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            format!("https://{}", context.domain_name.as_deref().unwrap_or_default())
        }
        _ => String::new(),
    }
}

fn show(page: &Page<'_>, status: Option<StatusCode>, settings: &Settings, locale: Locale) -> Response<Body> {
    let (html, failed) = match page.render(settings, locale) {
        Ok(html) => (html, false),
        Err(_) => (String::new(), true),
    };
    let own = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::Text(html));
    *response.status_mut() = if failed { StatusCode::INTERNAL_SERVER_ERROR } else { status.unwrap_or(own) };
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, "no-store");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, mail::content_security_policy());
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    response
}
