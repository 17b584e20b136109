// POST /invitations/{invitationId}/accept: the invitee becomes a member.
import { callerOf, handled, invitationIdOf, notFound, Refusal } from "./http.js";
import { actionsOf, checkAnswers, checkInvites, conflict, isInvitee, sees, settingsOf, spreadById, statusAt, viewOf } from "./rules.js";
import { check, checkInviting, keys, putInvitation, putMail, read, retried, standJoined, transact } from "./table.js";

export const handler = handled(async (event) => {
  const caller = callerOf(event);
  const id = invitationIdOf(event);
  const now = Date.now();
  const spread = spreadById(id);
  const own = await read([keys.invitation(id), keys.user(caller.id), keys.settings(spread)]);
  const invitation = own.get(keys.invitation(id))?.body;
  if (!invitation) throw notFound();
  const labels = read([
    keys.community(invitation.community.id, spread),
    keys.user(invitation.sender.id),
    keys.user(invitation.invitee.user.id),
  ]);
  // Waited for below; until then, that it fails is nobody's to handle.
  labels.catch(() => {});
  const user = own.get(keys.user(caller.id));
  const accepted = await accept(caller, user, invitation, settingsOf(own, spread), now);
  const records = await labels;
  const community = records.get(keys.community(invitation.community.id, spread));
  const sender = records.get(keys.user(invitation.sender.id));
  const invitee = records.get(keys.user(invitation.invitee.user.id));
  const allowed = actionsOf(accepted, { caller, user, community, now });
  return viewOf(accepted, allowed, { community, sender, invitee }, now);
});

/** Accepts the invitation from the state that it was read in; where another writer was faster, from what that left. */
const accept = (caller, user, found, settings, now) => {
  let invitation = found;
  return retried(async () => {
    if (!isInvitee(caller, invitation)) await refuseOther(caller, user, invitation);
    checkAnswers(user, invitation);
    const status = statusAt(invitation, now);
    if (status === "accepted") return invitation;
    if (status !== "pending") conflict(status);
    const after = { ...invitation, status: "accepted", answeredAt: now, revision: invitation.revision + 1 };
    const told = [settings.inviteeConfirmation && "invitee", settings.senderNotices !== "none" && "sender"].filter(Boolean);
    const community = keys.community(invitation.community.id, spreadById(invitation.id));
    const actions = [
      putInvitation(after),
      standJoined(caller.id, invitation, now),
      checkInviting(community, invitation.communitySince),
      check(keys.user(caller.id), "active"),
      ...told.map((to) => putMail(after, "membership_confirmed", to)),
    ];
    if (await transact(actions)) return after;
    const standing = keys.standing(caller.id, invitation.community.id);
    const records = await read([keys.invitation(invitation.id), keys.user(caller.id), standing, community]);
    const current = records.get(keys.invitation(invitation.id))?.body;
    if (!current) throw notFound();
    if (current.revision === invitation.revision) {
      checkAnswers(records.get(keys.user(caller.id)), current);
      checkInvites(records.get(community));
      if (records.get(standing)?.role) {
        const detail = "The invited person is already a member of the community.";
        throw new Refusal(409, "already_member", detail, { invitation: { status } });
      }
    }
    invitation = current;
    return undefined;
  });
};

/** Tells those who see the invitation that it is not theirs to answer, and anyone else that there is none. */
const refuseOther = async (caller, user, invitation) => {
  const standing = keys.standing(caller.id, invitation.community.id);
  const { role } = (await read([standing])).get(standing) ?? {};
  if (!sees(caller, user, role, invitation)) throw notFound();
  throw new Refusal(403, "not_invitee", "Only the invited person can answer this invitation.");
};
