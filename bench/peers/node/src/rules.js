// Who may do what, and how an invitation is shown to its viewer.
import { createHash } from "node:crypto";
import { Refusal } from "./http.js";
import { keys } from "./table.js";

export const DAY = 86_400_000;
const HOUR = 3_600_000;
const MODERATING = ["moderator", "administrator", "owner"];
const DEFAULTS = {
  membershipMode: "acceptance",
  invitationLifetimeDays: 30,
  maxRecipientsPerRequest: 100,
  dailyInvitationsPerSender: 500,
  membersInviteConnectionsOnly: true,
  senderNotices: "digest",
  inviteeConfirmation: true,
};
const DEFAULT_MESSAGE =
  "%sender% has invited you to join the %community% %type%. You can use the links below to accept or reject the invitation.";

export const settingsOf = (records, spread) => ({ ...DEFAULTS, ...records.get(keys.settings(spread)) });

/** The copy of a community, or of the settings, that a request at that time reads. */
export const spreadByTime = (now) => now & 0xff;

/** The copy that an invitation is checked against: by the last byte of its id. */
export const spreadById = (id) => {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return ((digits.indexOf(id[24]) << 5) | digits.indexOf(id[25])) & 0xff;
};

const moderates = (role) => MODERATING.includes(role);

export const addressKeyOf = ({ email }) => email && createHash("sha256").update(email.toLowerCase()).digest("hex");

const refuse = (status, code, detail, more) => {
  throw new Refusal(status, code, detail, more);
};

export const checkInvites = (community) => {
  if (!community) refuse(404, "community_not_found", "There is no such community.");
  if (!community.allowInvitations) {
    refuse(403, "invitations_not_allowed", "This community does not allow invitations at the moment.");
  }
};

const inactive = () => refuse(403, "caller_inactive", "Your account is not active.");
const unknown = () => refuse(403, "caller_unknown", "You are not known to this platform's directory yet.");

/** Returns whether only connections may be invited; throws the rule that forbids to invite at all. */
export const checkSender = (caller, user, community, role, settings) => {
  if (!user) unknown();
  if (!user.active) inactive();
  if (!community) checkInvites(community);
  if (!caller.siteAdministrator) {
    if (!role) refuse(403, "not_a_member", "Only members of the community can invite to it.");
    if (community.enrolment === "network" && !["administrator", "owner"].includes(role)) {
      refuse(403, "inviters_are_administrators", "Only administrators and owners can invite to this community.");
    }
    if (role === "member" && community.visibility === "private") {
      refuse(403, "community_private", "Members can invite only to public communities; ask a moderator.");
    }
  }
  checkInvites(community);
  return !caller.siteAdministrator && role === "member" && settings.membersInviteConnectionsOnly;
};

/** Returns why the user gets no invitation now, if that is so. Their own live one does not stand in its own way. */
export const notInvited = ({ user, standing = {}, connected }, connectionsOnly, own, now) => {
  if (!user) return { outcome: "unknown_user" };
  if (connectionsOnly && !connected) return { outcome: "not_connected" };
  const address = addressKeyOf(user);
  const mailbox = address !== undefined && standing.mailbox?.address === address ? standing.mailbox : {};
  const cooling = Math.max(standing.coolingUntil ?? 0, mailbox.coolingUntil ?? 0);
  if (standing.role) return { outcome: "already_member" };
  const suppressed = user.suppressed !== undefined && user.suppressed === address;
  if (!user.active || suppressed || standing.blocked || mailbox.blocked) return { outcome: "unavailable" };
  if (standing.liveInvitation && standing.liveUntil > now && standing.liveInvitation !== own) return { outcome: "already_invited" };
  if (cooling > now) return { outcome: "cooling_down", until: cooling };
  return undefined;
};

export const communityLabel = ({ id, title, url, enrolment }) => ({
  id,
  title,
  url,
  type: enrolment === "network" ? "network" : "community",
});
export const senderLabel = ({ id, displayName, profileUrl }) => ({ id, displayName, profileUrl });

export const statusAt = ({ status, expiresAt }, now) => (status === "pending" && expiresAt <= now ? "expired" : status);

const CONFLICTS = {
  pending: "The invitation is already approved and waits for its answer.",
  accepted: "The invitation has already been accepted.",
  declined: "The invitation has already been declined.",
  rejected: "The request for this invitation has been rejected.",
  cancelled: "The invitation has been cancelled.",
  expired: "The invitation has expired.",
};
export const conflict = (status) => refuse(409, `invitation_${status}`, CONFLICTS[status], { invitation: { status } });

/** Throws unless the caller, who is the invitee, may answer. */
export const checkAnswers = (user, invitation) => {
  if (user && !user.active) inactive();
  if (!user && invitation.status !== "accepted") unknown();
};

export const isInvitee = (caller, invitation) => invitation.invitee.user.id === caller.id;

/** Whether the caller may see the invitation. */
export const sees = (caller, user, role, invitation) =>
  isInvitee(caller, invitation) ||
  invitation.sender.id === caller.id ||
  (user?.active !== false && (caller.siteAdministrator || moderates(role)));

const HREFS = { ACCEPT: "accept", DECLINE: "decline", CANCEL: "cancel", RESEND: "resend" };

/** Returns what the caller may do with the invitation now. `invitee` is whom the sender might invite, as far as it is read. */
export const actionsOf = (invitation, { caller, user, role, community, invitee, now }) => {
  const names = [];
  if (statusAt(invitation, now) === "pending") {
    const decides = caller.siteAdministrator || moderates(role);
    const sends = invitation.sender.id === caller.id;
    const active = user ? user.active : false;
    const invites = community?.allowInvitations === true;
    if (isInvitee(caller, invitation) && active) {
      if (invites && !role) names.push("ACCEPT");
      names.push("DECLINE");
    }
    if ((sends && active) || (decides && (active || (!user && caller.siteAdministrator)))) names.push("CANCEL");
    const rests = invitation.mailedAt === undefined || invitation.mailedAt + HOUR <= now;
    const resends = (sends && active && role) || (decides && active);
    if (resends && rests && invites && invitee && !notInvited(invitee, false, invitation.id, now)) names.push("RESEND");
  }
  return names.map((name) => ({
    id: `${name}_COMMUNITY_INVITATION`,
    method: "POST",
    href: `/invitations/${invitation.id}/${HREFS[name]}`,
  }));
};

const line = (text) => text.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "").trim();

/** The invitation as it is shown, with the names, titles and links that hold now. */
export const viewOf = (invitation, actions, { community, sender, invitee }, now) => {
  const label = community ? communityLabel(community) : invitation.community;
  const from = sender && invitation.sender.displayName ? senderLabel(sender) : invitation.sender;
  const { id, displayName } = invitation.invitee.user;
  const tokens = { "%sender%": from.displayName ?? "", "%community%": label.title, "%type%": label.type };
  const moment = (millis) => millis && new Date(millis).toISOString();
  return {
    id: invitation.id,
    communityId: label.id,
    community: label,
    sender: from,
    invitee: { userId: id, displayName: invitee && displayName ? invitee.displayName : displayName },
    status: statusAt(invitation, now),
    message: (invitation.message ?? DEFAULT_MESSAGE).replace(/%(sender|community|type)%/g, (token) => line(tokens[token])),
    createdAt: moment(invitation.createdAt),
    expiresAt: moment(invitation.expiresAt),
    answeredAt: moment(invitation.answeredAt),
    decidedBy: invitation.decidedBy,
    delivery: invitation.delivery && { state: invitation.delivery.state, at: moment(invitation.delivery.at) },
    actions,
  };
};
