"""The guards that `make mutants` takes away one at a time: what each keeps from happening, where it stands, and what
stands in its place when it is gone.

`text` is the first occurrence after `near` in the file: an expression, or whole statements. `instead` is code of the
same kind. What is left must still be a request that DynamoDB takes, or the mutant would be caught for the wrong reason.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    name: str
    file: str
    text: str
    instead: str
    near: str = ""


ALWAYS = 'expression.require_missing("nothing")'
UNCONDITIONAL = "{ let mut expression = Expression::default(); " + ALWAYS + "; expression }"

EXECUTE = "shared/store/src/execute.rs"
EXPRESSION = "shared/store/src/expression.rs"
WRITE = "shared/store/src/write.rs"
OUTBOX = "shared/store/src/outbox.rs"
STATS = "shared/store/src/stats.rs"
READ = "shared/store/src/read.rs"
RECORD = "shared/store/src/record.rs"
INVITATION = "shared/domain/src/invitation.rs"
LIFECYCLE = "shared/domain/src/lifecycle.rs"
SENDING = "shared/domain/src/sending.rs"
VIEWING = "shared/domain/src/viewing.rs"
PERSON = "shared/domain/src/person.rs"
MESSAGE = "shared/domain/src/message.rs"
FIELD = "shared/domain/src/field.rs"
EMAIL = "shared/domain/src/email.rs"
PASTED = "shared/domain/src/email/list.rs"
CALLER = "shared/http-api/src/caller.rs"
FUNCTION = "shared/http-api/src/function.rs"
QUERY = "shared/http-api/src/query.rs"
CURSOR = "shared/http-api/src/cursor.rs"
LIST = "shared/http-api/src/list.rs"
ADDRESSES = "shared/store/src/addresses.rs"
IDEMPOTENT = "shared/store/src/idempotency.rs"
DELIVERY = "shared/domain/src/delivery.rs"
DELIVERIES = "shared/service/src/delivery.rs"
DECISION = "shared/service/src/decision.rs"
LISTS = "shared/service/src/lists.rs"
STREAM = "shared/store/src/stream.rs"
REPORTS = "shared/service/src/feedback.rs"
TERMS = "shared/service/src/send/terms.rs"
SUBMISSION = "shared/service/src/send/submission.rs"
BODY = "shared/http-api/src/body.rs"
JSON = "shared/http-api/src/json.rs"
SEND = "shared/service/src/send/mod.rs"
IDEMPOTENCY = "shared/service/src/send/idempotency.rs"
REQUEST = "functions/send/src/request.rs"
LINK = "functions/respond/src/link.rs"
RESPOND = "functions/respond/src/lib.rs"
USERS = "shared/store/src/users.rs"
DIRECTORY_USERS = "shared/service/src/directory/users.rs"
ERASURE = "shared/store/src/erasure.rs"
DIRECTORY_ERASURE = "shared/service/src/directory/erasure.rs"
ADDRESS_OWNER = "shared/service/src/directory/address_owner.rs"
RELATIONS = "shared/store/src/relations.rs"
RECORDS = "functions/directory/src/records.rs"
IMPORT = "functions/directory/src/import.rs"
WAVES = "shared/service/src/directory/import.rs"
DELIVER = "functions/deliver/src/lib.rs"
OUTBOUND = "functions/deliver/src/outbound.rs"
FEEDBACK = "functions/feedback/src/lib.rs"

GUARDS = [
    # ---- The conditions of the writing transaction
    Guard("a transition starts from the revision it was decided from", EXECUTE,
          "action.expression.require_equal(REVISION, number(revision))", "()"),
    Guard("a community that invites nobody is not written for", EXECUTE,
          "expression.require_equal(ALLOW_INVITATIONS, yes())", ALWAYS),
    Guard("a user who acts is active when it is written", EXECUTE,
          "expression.require_equal(ACTIVE, yes())", ALWAYS),
    Guard("an address that is invited belongs to nobody", EXECUTE, "expression.require_missing(OWNER)", ALWAYS),
    Guard("an address whose invitation is transferred belongs to the new invitee", EXECUTE,
          "expression.require_equal(OWNER, string(user.as_str()))", ALWAYS),
    Guard("who resends still belongs to the community", EXECUTE,
          "expression.require_existing(ROLE)", ALWAYS),
    Guard("who moderates has a role that moderates", EXECUTE,
          "expression.require_any(ROLE, Role::MODERATING.map(|role| string(role.as_str())))",
          "expression.require_existing(ROLE)"),
    Guard("who moderates has any role at all", EXECUTE,
          "expression.require_any(ROLE, Role::MODERATING.map(|role| string(role.as_str())))",
          "expression.require_missing_or_equal(ROLE, string(Role::Moderator.as_str()))"),
    Guard("the day's quota holds when it is written", EXECUTE,
          "expression.require_missing_or_at_most(USED, i64::from(quota.limit) - i64::from(*count));",
          "expression.require_missing_or_at_most(USED, i64::MAX);"),
    Guard("the quota is counted", EXECUTE, "expression.increase(USED, i64::from(*count));",
          "expression.increase(USED, 0);"),
    Guard("the quota's record goes away", EXECUTE,
          "expression.set(TTL, number(quota.renews_at().as_second() + 86_400));", ""),
    Guard("a request's first record is the first", EXECUTE, "action.expression.require_missing(PK)", "()",
          near="match &write.replaces"),
    Guard("a request's record replaces the one that was read", EXECUTE,
          "action.expression.require_equal(STAMP, string(stamp))", "()"),
    Guard("an invitation needs a willing party", EXECUTE, "willing(expression, &invitation.to_string(), now);", ""),
    Guard("enrolling needs a willing party", EXECUTE, "willing(expression, &invitation.to_string(), now);", "",
          near="StandingChange::Enrol { invitation } =>"),
    Guard("who accepts is no member yet", EXECUTE, "expression.require_missing(ROLE);", "",
          near="StandingChange::Join {"),
    Guard("who accepts what an address got keeps their own", EXECUTE, "*own", "true",
          near="StandingChange::Join {"),
    Guard("a released invitation is the live one", EXECUTE,
          "expression.require_equal(LIVE_INVITATION, string(invitation.to_string()));", "",
          near="StandingChange::Release {"),
    Guard("a declined invitation is the live one", EXECUTE,
          "expression.require_equal(LIVE_INVITATION, string(invitation.to_string()));", "",
          near="if named {"),
    Guard("an ended invitation is no longer live", EXECUTE, "expression.remove(LIVE_INVITATION);", ""),
    Guard("a block is kept", EXECUTE, "expression.set(BLOCKED, yes());", ""),
    Guard("a later block is kept", EXECUTE, "expression.set(BLOCKED, yes());", "",
          near="StandingChange::Block { anew } =>"),
    Guard("a cooldown is kept", EXECUTE,
          "expression.set(COOLING_UNTIL, number(cooling_until.as_millisecond()));", ""),
    Guard("a member is not invited", EXECUTE, "expression.require_missing(ROLE);", "", near="fn willing"),
    Guard("who blocked is not invited", EXECUTE, "expression.require_missing(BLOCKED);", "", near="fn willing"),
    Guard("who is cooling down is not invited", EXECUTE,
          "expression.require_missing_or_at_most(COOLING_UNTIL, now);",
          "expression.require_missing_or_at_most(COOLING_UNTIL, i64::MAX);"),
    Guard("who has a live invitation gets no other", EXECUTE,
          "expression.require_lapsed_or_equal(LIVE_INVITATION, string(id), LIVE_UNTIL, now);",
          "expression.require_lapsed_or_equal(LIVE_INVITATION, string(id), LIVE_UNTIL, i64::MAX);"),
    Guard("all conditions must hold, not one", EXPRESSION, 'conditions.join(" AND ")', 'conditions.join(" OR ")'),
    Guard("a failed condition is a refusal", WRITE, "failed.push((index, reason.item.clone()))", "()"),
    Guard("a collision is waited out", WRITE, "0..ATTEMPTS", "0..1"),
    Guard("all attempts at a transaction are one", WRITE, "token.clone()", "None"),
    Guard("an update that was refused is told", WRITE, "return Ok(false)", "return Ok(true)",
          near="ConditionalCheckFailedException"),
    Guard("an update that collides is waited out", WRITE, "0..ATTEMPTS", "0..1", near="pub async fn update"),

    # ---- The outbox
    Guard("a lease lasts", OUTBOX, "later(now, LEASE)", "now"),
    Guard("attempts are counted", OUTBOX, "expression.increase(ATTEMPTS, 1);", ""),
    Guard("the digest of a link is kept", OUTBOX,
          "expression.append(LINKS, serde_dynamo::to_attribute_value(link)?);", ""),
    Guard("a link opens what its digest is known to", OUTBOX, "link.digest == digest", "true"),
    Guard("a mail that is leased is not leased or dropped again", OUTBOX,
          "expression.require_equal(ATTEMPTS, number(mail.attempts));", ""),
    Guard("a mail that is finished is not leased or dropped", OUTBOX,
          "expression.require_equal(STATE, string(mail.state.as_str()));", ""),
    Guard("an attempt that outlived its lease leaves the mail alone", OUTBOX,
          "expression.require_equal(LEASED_UNTIL, number(lease.until.as_millisecond()));", ""),
    Guard("only a parked mail is released", OUTBOX,
          "expression.require_equal(STATE, string(MailState::Parked.as_str()));", ""),
    Guard("a parked mail leaves a record for an operator", OUTBOX,
          "vec![Write::Update(id.key(), expression), Write::Put(parked, Expression::default())]",
          "{ let _ = parked; vec![Write::Update(id.key(), expression)] }"),
    Guard("a moderator's mail is queued once", OUTBOX, "known.get(key).is_none()", "true"),
    Guard("a bounced address gets no more", ADDRESSES,
          "expression.set(SUPPRESSED, AttributeValue::Bool(true));", ""),
    Guard("a bounced address's owner gets no more", ADDRESSES,
          "self.suppress_for(owner, address).await?;", ""),
    Guard("a bounce suppresses the address that it came from", ADDRESSES, "email.key() == *address", "true"),

    # ---- Community stats
    Guard("what is counted is not counted again", STATS,
          "mark.is_some_and(|mark| mark.revision >= invitation.revision)", "false"),
    Guard("a first count is the first", STATS, "expression.require_missing(REVISION)", "()"),
    Guard("a count starts from the mark that was read", STATS,
          "expression.require_equal(REVISION, number(mark.revision))", "()"),
    Guard("what was counted before is taken off", STATS, "counter_changes(mark.map(|mark| mark.status), invitation)",
          "counter_changes(None, invitation)"),
    Guard("a deadline never comes early", STATS, "invitation.expires_at.as_second() + 1",
          "invitation.expires_at.as_second()"),

    # ---- Who finds what in which list
    Guard("a cursor that the clock has passed ends the list", READ, "after <= from.as_str()", "false"),
    Guard("a request is not listed to its invitee", RECORD, "false", "true",
          near="Status::AwaitingApproval | Status::Rejected =>"),
    Guard("a request that was withdrawn is not listed to its invitee", RECORD, "invitation.mailed_at.is_some()",
          "true"),
    Guard("suppression is of the present address", RECORD,
          "suppressed.is_some() && suppressed.as_deref() == present.as_ref().map(AddressKey::as_str)",
          "suppressed.is_some()"),

    # ---- The rules of the lifecycle
    Guard("a lapsed invitation is expired", INVITATION, "!self.status.is_final() && self.expires_at <= now", "false"),
    Guard("an invitation is expired the moment it is", INVITATION, "self.expires_at <= now",
          "self.expires_at < now"),
    Guard("a final state stays when time passes", INVITATION, "!self.status.is_final()", "true"),
    Guard("only the invitee answers", LIFECYCLE, "viewer.addressed(invitation)", "Addressed::Yes",
          near="fn may_answer"),
    Guard("an unverified address answers nothing", LIFECYCLE, "return Err(Refusal::EmailUnverified)", "{}"),
    Guard("an inactive invitee answers nothing", LIFECYCLE, "!user.active", "false", near="fn may_answer"),
    Guard("an unknown invitee answers nothing", LIFECYCLE, "!by_address && invitation.status != Status::Accepted",
          "false"),
    Guard("only sender or moderator cancel", LIFECYCLE, "!viewer.is_sender(invitation)", "false",
          near="fn may_withdraw"),
    Guard("an inactive sender cancels nothing", LIFECYCLE,
          "viewer.check_active().map(|()| Authority::Known)", "Ok(Authority::Known)",
          near="fn may_withdraw"),
    Guard("an inactive sender resends nothing", LIFECYCLE, "viewer.check_active()?;", "",
          near="fn may_resend"),
    Guard("a sender who is known to have left resends nothing", LIFECYCLE, "Err(Refusal::NotAMember)",
          "Ok(Authority::Known)"),
    Guard("a sender who has left resends nothing", LIFECYCLE,
          "Ok(Authority::Provided(Guard::Belongs(viewer.caller.id.clone(), invitation.community.id.clone())))",
          "Ok(Authority::Known)"),
    Guard("only who moderates decides", LIFECYCLE, "viewer.moderates()", "true", near="fn may_moderate_or"),
    Guard("a role that was not read is checked by the write", LIFECYCLE,
          "Ok(Authority::Provided(Guard::Moderates(viewer.caller.id.clone(), invitation.community.id.clone())))",
          "Ok(Authority::Known)"),
    Guard("a stranger learns nothing from a refusal", LIFECYCLE, "viewer.sees(invitation) == Some(true)", "true",
          near="RoleFact::Known(_) if"),
    Guard("only a pending invitation is accepted", LIFECYCLE, "return self.conflict()", "{}", near="fn accept"),
    Guard("only a pending invitation is declined", LIFECYCLE, "return self.conflict()", "{}", near="fn decline"),
    Guard("only a live invitation is cancelled", LIFECYCLE, "return self.conflict()", "{}", near="fn cancel"),
    Guard("only a request is approved", LIFECYCLE, "return self.conflict()", "{}", near="fn approve"),
    Guard("only a request is rejected", LIFECYCLE, "return self.conflict()", "{}", near="fn reject"),
    Guard("only a pending invitation is resent", LIFECYCLE, "self.status() != Status::Pending", "false",
          near="fn resend"),
    Guard("mails rest for an hour", LIFECYCLE, "*allowed > self.now", "false"),
    Guard("accepting checks the community", LIFECYCLE, "transition.guards.push(self.community_invites());", "",
          near="fn accept"),
    Guard("accepting checks the invitee", LIFECYCLE,
          "transition.guards.extend(known.cloned().map(Guard::Active));", ""),
    Guard("accepting makes a member", LIFECYCLE,
          "transition.standings.push((after, StandingChange::Join { invitation: self.invitation.id, own }));", ""),
    Guard("an address that accepted is free", LIFECYCLE, "transition.standings.push(self.release());", "",
          near="if !own"),
    Guard("approving checks the community", LIFECYCLE, "transition.guards.push(self.community_invites());", "",
          near="fn approve"),
    Guard("approving checks the invitee's standing", LIFECYCLE, "transition.standings.push((party, standing));", ""),
    Guard("approving checks who joins by it", LIFECYCLE, "transition.guards.push(Guard::Active(invitee.clone()));", ""),
    Guard("resending checks the community", LIFECYCLE, "transition.guards.push(self.community_invites());", "",
          near="fn resend"),
    Guard("cancelling frees the invitee", LIFECYCLE, "transition.standings.push(self.release());", "",
          near="fn cancel"),
    Guard("rejecting frees the invitee", LIFECYCLE, "transition.standings.push(self.release());", "",
          near="fn reject"),
    Guard("a network that wants sign-in takes no answer by link", LIFECYCLE,
          "settings.email_link_response == EmailLinkResponse::SignIn && status == Status::Pending", "false"),
    Guard("an address of nobody does not accept by link", LIFECYCLE, "status == Status::Pending", "false",
          near="(Command::Accept, Invitee::Address { .. }) if"),
    Guard("a link's address is the invitee's when it answers", LIFECYCLE,
          "transition.guards.extend(holder.guard(invitation));", "", near="match verdict {"),
    Guard("a link that is known to be another's answers nothing", LIFECYCLE,
          "holder.is_invitee(invitation) == Some(false)", "false"),
    Guard("unsubscribing blocks, whatever the state", LIFECYCLE,
          "transition.standings.push((party, StandingChange::Block { anew }));", ""),
    Guard("a link's address is the invitee's when it unsubscribes them", LIFECYCLE,
          "transition.guards.extend(holder.guard(invitation));", "", near="if !anew {"),
    Guard("only the lapsed expire", LIFECYCLE,
          "!invitation.status.is_final() && invitation.status_at(now) == Status::Expired", "true"),
    Guard("only a live invitation is transferred", LIFECYCLE, "invitation.status_at(now).is_final()", "false",
          near="pub fn transfer"),
    Guard("a transfer checks whose address it is", LIFECYCLE,
          "transition.guards.push(Guard::Owned(key, user.id.clone()));", ""),
    Guard("an erased invitee's name goes", LIFECYCLE, "*display_name = None", "()"),
    Guard("an erased address goes", LIFECYCLE, "*email = None", "()"),
    Guard("an erased sender's name goes", LIFECYCLE,
          "after.sender = Sender { id: user.clone(), display_name: None, profile_url: None };", ""),
    Guard("an erased sender's message goes", LIFECYCLE, "after.message = None;", ""),
    Guard("late news of a mail changes nothing", LIFECYCLE, "delivery.state.leads_to(state)", "true"),

    # ---- Who may invite whom
    Guard("an inactive sender invites nobody", SENDING, "!user.active", "false", near="pub fn sending_rights"),
    Guard("who is no member invites nobody", SENDING, "return Err(Refusal::NotAMember)", "anyone"),
    Guard("only administrators invite into a network", SENDING, "community.enrolment == Enrolment::Network", "false"),
    Guard("a member invites nobody into a private community", SENDING,
          "community.visibility == Visibility::Private", "false"),
    Guard("a member's invitation into a closed community needs approval", SENDING,
          "community.enrolment == Enrolment::Closed", "false"),
    Guard("a member is held to connections", SENDING, "settings.members_invite_connections_only", "false"),
    Guard("a member invites no addresses", SENDING, "false", "true",
          near="connections_only: settings.members_invite_connections_only,\n            addresses:"),
    Guard("a community that allows no invitations gets none", SENDING, "!community.allow_invitations", "false"),
    Guard("who is not connected is not invited", SENDING, "self.rights.connections_only", "false"),
    Guard("an address is not invited by who may not", SENDING, "!self.rights.addresses", "false"),
    Guard("an inactive user is not invited", SENDING, "!user.active", "false", near="pub fn make"),
    Guard("a suppressed user is not invited", SENDING, "*suppressed", "false", near="!user.active ||"),
    Guard("a suppressed address is not invited", SENDING, "*suppressed", "false",
          near="Recipient::Address { email, standing, suppressed } =>"),
    Guard("a member is told to be one", SENDING, "standing.role.is_some()", "false"),
    Guard("a block is told as unavailable", SENDING, "standing.blocked", "false"),
    Guard("a live invitation is told", SENDING, "standing.live_at(self.now).is_some()", "false"),
    Guard("a cooldown is told", SENDING, "standing.cooling_at(self.now)", "None"),
    Guard("sending checks the community when it is written", SENDING,
          "vec![Guard::CommunityInvites(self.community.id.clone()), Guard::Active(self.sender.id.clone())]",
          "vec![Guard::Active(self.sender.id.clone())]"),
    Guard("sending checks the sender when it is written", SENDING,
          "vec![Guard::CommunityInvites(self.community.id.clone()), Guard::Active(self.sender.id.clone())]",
          "vec![Guard::CommunityInvites(self.community.id.clone())]"),
    Guard("sending checks the address when it is written", SENDING, "Guard::Unowned(key.clone())",
          "Guard::CommunityInvites(self.community.id.clone())", near="guards.push(match &party"),
    Guard("sending checks the invited user when it is written", SENDING, "Guard::Active(id.clone())",
          "Guard::CommunityInvites(self.community.id.clone())", near="guards.push(match &party"),
    Guard("what is sent is taken off the quota", SENDING, "self.limit.saturating_sub(self.used)", "self.limit"),

    # ---- Who sees what
    Guard("an address in a token counts if verified", VIEWING, "self.caller.email_verified", "true"),
    Guard("an address in the directory counts if verified", PERSON, "self.email_verified", "true",
          near="pub fn verified_email"),
    Guard("an invitation is for its own address", VIEWING, "email.key() == *key", "true"),
    Guard("an invitation is for its own user", VIEWING, "*id == self.caller.id", "true"),
    Guard("an inactive moderator moderates nothing", VIEWING,
          "active && (self.caller.site_administrator || self.role.moderates())",
          "(self.caller.site_administrator || self.role.moderates())"),
    Guard("a member is no moderator", PERSON, "self >= Self::Moderator", "true"),
    Guard("a stranger sees nothing", VIEWING, "Some(false)", "Some(true)", near="pub fn sees("),
    Guard("an address is shown to who sent or moderates", VIEWING, "self.is_sender(invitation) || self.moderates()",
          "true", near="pub fn sees_address"),
    Guard("an inactive caller has no actions", VIEWING, "self.user.is_some_and(|user| !user.active)", "false"),
    Guard("an inactive caller has no standing", VIEWING, "!user.active", "false",
          near="pub fn check_active"),
    Guard("an unknown caller has no standing", VIEWING, "!self.caller.site_administrator", "false",
          near="pub fn check_active"),

    # ---- Callers, cursors, bodies
    Guard("only the administrators' group makes one", CALLER, "member == self.administrator_value", "true"),
    Guard("only a site administrator is let in as one", CALLER, "caller.site_administrator", "true",
          near="pub fn site_administrator"),
    Guard("an address in a token is verified if it says so", CALLER, 'verified == "true"', "true"),
    Guard("a damaged cursor is none", CURSOR, "digest(query, text)[..SEAL] == *seal", "true"),
    Guard("a cursor is its caller's", LIST,
          'format!("{caller} {} {} {}", list.index(), list.of(), status.map_or("", Status::as_str))',
          'format!("{} {} {}", list.index(), list.of(), status.map_or("", Status::as_str))'),
    Guard("a cursor is its list's", LIST,
          'format!("{caller} {} {} {}", list.index(), list.of(), status.map_or("", Status::as_str))',
          'format!("{caller} {}", status.map_or("", Status::as_str))'),
    Guard("a cursor is its status's", LIST,
          'format!("{caller} {} {} {}", list.index(), list.of(), status.map_or("", Status::as_str))',
          'format!("{caller} {} {}", list.index(), list.of())'),
    Guard("a page has a limit", LIST, "(1..=MAX_LIMIT).contains(limit)", "true"),
    Guard("a body has a limit", BODY, "bytes.len() > MAX_BODY", "false"),
    Guard("a field stands once", JSON, "if let Some(name) = repeated(&fields)", "if let Some(name) = None::<&str>"),
    Guard("a body is complete", BODY, 'Ok(_) => Err(Problem::malformed("body", "must be a JSON object"))',
          "Ok(_) => Ok(Vec::new())"),
    Guard("a query parameter stands once", QUERY,
          '_ => Err(Problem::malformed(name, "must stand once in the query"))', "[value, ..] => Ok(Some((*value).to_owned()))"),
    Guard("a name is seen", FIELD, "!is_blank(text) && ", ""),
    Guard("a link is no token", MESSAGE, "rest[..2].iter().all(u8::is_ascii_hexdigit)", "false"),
    Guard("an address has the domain of a mail system", EMAIL, "if is_name {", "if true {"),
    Guard("an address has a domain of its own", EMAIL, "AsciiDenyList::STD3,", "AsciiDenyList::EMPTY,"),
    Guard("an address is for the mail service in ASCII", OUTBOUND, "mail.to.as_mailed()", "mail.to.as_str()"),
    Guard("a local part in quotes is not what it holds", PASTED, "is_some_and(|(c, _)| c == '@')",
          "is_some_and(|_| false)"),
    Guard("a field names one address", PASTED, "(Some(Ok(address)), None) => Ok(address)",
          "(Some(Ok(address)), _) => Ok(address)"),
    Guard("a message has a limit", MESSAGE, "text.chars().count() > MAX_MESSAGE_CHARS", "false"),
    Guard("a message is plain", MESSAGE, "!is_plain(&text)", "false"),

    # ---- Sending
    Guard("a key belongs to one request", IDEMPOTENCY, "found.digest != digest", "false"),
    Guard("a request that runs is not run again", IDEMPOTENCY, "found.leased_until > now", "false"),
    Guard("an answer is kept for a day only", IDEMPOTENCY, "later(found.started_at, KEPT) <= now", "false"),
    Guard("a result's record goes away", IDEMPOTENT,
          "item.insert(TTL.to_owned(), number(self.kept_until.as_second()));", ""),
    Guard("a request that died is resumed", SEND, "attempt.resumes()", "false", near="async fn resume"),
    Guard("a request names as many as the settings allow", TERMS, "submission.recipients.len() > most as usize",
          "false"),
    Guard("a request names no more than are looked at", SUBMISSION, "found > MAX_SUBMITTED", "false"),
    Guard("a request names somebody", SEND, "submission.recipients.is_empty()", "false"),
    Guard("a lifetime has a limit", REQUEST, "(1..=MAX_LIFETIME_DAYS).contains(days)", "true"),
    Guard("a key has a limit", REQUEST, "(1..=MAX_IDEMPOTENCY_KEY).contains(&key.len())", "true"),
    Guard("a recipient counts once", SEND,
          "identity.is_some_and(|identity| !earlier.insert(identity))",
          "identity.is_some_and(|identity| { earlier.insert(identity); false })"),
    Guard("a used-up day ends a request", SEND, "quota.left() == 0", "false"),
    Guard("a used-up day ends within a request", SEND, "left == 0", "false", near="Ok(_) if"),

    # ---- Pages
    Guard("only POST answers", RESPOND, "Visit::ToUnsubscribe", "Visit::Unsubscribe"),
    Guard("only the box blocks", LINK, 'value == "on"', "true"),
    Guard("a reason has a limit", FIELD, "text.chars().count() <= MOST", "true", near="for Prose<MOST>"),
    Guard("a reason is plain", FIELD, "is_plain(&text) && ", "", near="for Prose<MOST>"),

    # ---- Lists and status
    Guard("only who moderates lists a community", LISTS, "viewer.moderates()", "true"),
    Guard("an inactive caller lists nothing", LISTS, "viewer.check_active()?;", ""),
    Guard("an invitation is shown to who sees it", LISTS, "viewer.sees(&invitation) != Some(true)", "false"),

    # ---- The directory
    Guard("only site administrators keep the directory", FUNCTION, "api.claims.site_administrator(request)?;", ""),
    Guard("an address has one owner", USERS, "owns && address.owner.as_ref().is_some_and(|owner| owner != id)",
          "false"),
    Guard("an address without owner is still without", USERS, "expression.require_missing(OWNER);", ""),
    Guard("a suppression that came meanwhile is noticed", USERS, "expression.require_missing(SUPPRESSED);", ""),
    Guard("a new user is new", USERS, "expression.require_missing(PK);", ""),
    Guard("a user is still as active as it was read", USERS,
          "expression.require_equal(ACTIVE, AttributeValue::Bool(user.active));", ""),
    Guard("nothing is removed of whom the platform brings back", USERS,
          "expression.require_missing_or_equal(ACTIVE, AttributeValue::Bool(false));", ALWAYS + ";"),
    Guard("the way to a live invitation is not removed", ERASURE,
          "expression.require_lapsed(LIVE_INVITATION, LIVE_UNTIL, now.as_millisecond());", ""),
    Guard("what came to a user while they were erased goes too", DIRECTORY_ERASURE, "!belongings.is_known()", "true"),
    Guard("the live invitations of the erased are withdrawn", DIRECTORY_ERASURE,
          "apply_to_all(store, store.live_invitations(&belongings).await?, decide, now).await?;", ""),
    Guard("a moderator who is erased is no longer listed", ERASURE, "Some(Key::moderator(&community, user))",
          "Option::<Key>::None"),
    Guard("a connection of the erased goes both ways", ERASURE,
          "key.connected_to().map(|other| Key::connection(&other, user))", "None"),
    Guard("who was brought back while being removed stays", DIRECTORY_USERS, "user.active", "false",
          near="async fn remove"),
    Guard("a user's address is still as it was read", USERS,
          "expression.require_equal(EMAIL, string(email.as_str()))", "()"),
    Guard("a transferred invitation is still the address's", ADDRESS_OWNER,
          "one.invitee.party() == Party::Address(self.address.clone())", "true"),
    Guard("a block goes along with the address", ADDRESS_OWNER, "standing.blocked && !own.blocked", "false"),
    Guard("a cooldown goes along with the address", ADDRESS_OWNER,
          "cooling_until.filter(|until| own.cooling_until.is_none_or(|own| own < *until))", "None"),
    Guard("a refusal goes along while the address is the user's", USERS,
          "expression.require_equal(OWNER, string(id.as_str()));", ALWAYS + ";"),
    Guard("a member is in the directory", RELATIONS, "users::is_known(user)",
          f"Write::Check(Key::user(user), {UNCONDITIONAL})"),
    Guard("a member's community is in the directory", RELATIONS, "existing(PK)", UNCONDITIONAL),
    Guard("who moderates no more is no longer listed", RELATIONS,
          "return Ok(Write::Delete(key, Expression::default()));",
          f"return Ok(Write::Check(key, {UNCONDITIONAL}));"),
    Guard("nobody is connected to themselves", RECORDS, "user == other", "false"),
    Guard("an import has a limit", IMPORT, "body.records.len() > MAX_RECORDS", "false"),
    Guard("a record waits for those it depends on", WAVES,
          "needs.iter().any(|subject| touched.contains(subject))", "false"),

    # ---- Delivery
    Guard("a mail that was sent is not sent again", DELIVERY,
          "return show(mail, invitation, DeliveryState::Sent)", "{}"),
    Guard("a running lease is respected", DELIVERY, "mail.leased_until.is_some_and(|until| until > now)", "false"),
    Guard("a parked mail waits for a person", DELIVERY,
          "return show(mail, invitation, DeliveryState::Failed)", "{}", near="MailState::Parked =>"),
    Guard("a mail that says nothing true any more is dropped", DELIVERY, "!wanted", "false"),
    Guard("a mail is given up in the end", DELIVERY, "mail.failures() >= MAX_FAILURES", "false"),
    Guard("a mail waits for a busy mail service no longer than a day", DELIVERY,
          "mail.busy_since.is_none_or(|since| now.duration_since(since) < PATIENCE)", "true"),
    Guard("who blocked the community in the meantime gets no mail", DELIVERIES,
          "delivery::is_blocked(mail, &records.standing(&invitee, community)?)", "false"),
    Guard("an address that is not proven is looked up", DELIVERIES,
          "!found.user.email_verified && !takes_mail(store, id, address, mail, invitation).await?", "false"),
    Guard("an inactive user gets no mail", DELIVERY, "user.active", "true"),
    Guard("a suppressed user gets no mail", DELIVERY, "!suppressed", "true"),
    Guard("a suppressed address gets no mail", DELIVERIES, "!records.address(key)?.suppressed", "true"),
    Guard("a mail that is being sent is no mail", STREAM,
          "record::value::<OutboxMail>(after)?.state == MailState::Queued", "true"),
    Guard("a record that does not read is parked", DELIVER,
          "self.unreadable.push((sequence, id, sk))", "{ let _ = (sequence, id, sk); }"),
    Guard("a decision is taken again after a conflict", DECISION, "ControlFlow::Continue(current)",
          "{ let _ = current; ControlFlow::Break(Applied::Unneeded) }"),
    Guard("an event that the bus refused comes again", OUTBOUND, "entry.error_code().is_some()", "false"),
    Guard("a passing bounce suppresses nobody", FEEDBACK, 'bounce.bounce_type == "Permanent"', "true"),
    Guard("a lasting bounce suppresses", REPORTS, "store.suppress(&address.key(), invitee.as_ref()).await?;", ""),
    Guard("only the invitation mail shows in the invitation", REPORTS, "kind.rules().tracked", "true"),
]
