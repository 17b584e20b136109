// GET /invitations/{invitationId}: one invitation, and where it stands.
import { callerOf, handled, invitationIdOf, notFound } from "./http.js";
import { actionsOf, sees, spreadById, statusAt, viewOf } from "./rules.js";
import { keys, read } from "./table.js";

export const handler = handled(async (event) => {
  const caller = callerOf(event);
  const id = invitationIdOf(event);
  const now = Date.now();
  const spread = spreadById(id);
  const own = await read([keys.invitation(id), keys.user(caller.id)]);
  const invitation = own.get(keys.invitation(id))?.body;
  if (!invitation) throw notFound();
  const communityId = invitation.community.id;
  const inviteeId = invitation.invitee.user.id;
  const senderId = invitation.sender.id;
  const standing = keys.standing(caller.id, communityId);
  const wanted = [keys.community(communityId, spread), keys.user(senderId), keys.user(inviteeId), standing];
  if (statusAt(invitation, now) === "pending") wanted.push(keys.standing(inviteeId, communityId));
  const records = await read(wanted);
  const user = own.get(keys.user(caller.id));
  const role = records.get(standing)?.role;
  if (!sees(caller, user, role, invitation)) throw notFound();
  const community = records.get(keys.community(communityId, spread));
  const invitee = records.get(keys.user(inviteeId));
  const invited = { user: invitee, standing: records.get(keys.standing(inviteeId, communityId)) };
  const allowed = actionsOf(invitation, { caller, user, role, community, invitee: invited, now });
  const view = viewOf(invitation, allowed, { community, sender: records.get(keys.user(senderId)), invitee }, now);
  const { description, rulesUrl, memberCount } = community ?? {};
  return { ...view, community: { ...view.community, description, rulesUrl, memberCount } };
});
