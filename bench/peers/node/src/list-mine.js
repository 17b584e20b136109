// GET /me/invitations: the caller's own, pending first and the newest first, with how many are pending.
import { createHash } from "node:crypto";
import { callerOf, handled, malformed, Refusal } from "./http.js";
import { actionsOf, spreadByTime, statusAt, viewOf } from "./rules.js";
import { keys, placeOf, query, rangeOf, read } from "./table.js";

const STATUSES = ["awaiting_approval", "pending", "accepted", "declined", "rejected", "cancelled", "expired"];
const COUNTED = 100;
/** Index records read beyond those wanted, so that some that have lapsed cost no second query. */
const SPARE = 24;
const SEAL = 12;

export const handler = handled(async (event) => {
  const caller = callerOf(event);
  const { status, limit: limitText = "25", cursor } = event.queryStringParameters ?? {};
  if (status !== undefined && !STATUSES.includes(status)) throw malformed("status", `must be one of ${STATUSES.join(", ")}`);
  const limit = Number(limitText);
  if (!/^\d{1,3}$/.test(limitText) || limit < 1 || limit > 100) {
    throw malformed("limit", "must be a whole number from 1 to 100");
  }
  const partition = `USER#${caller.id}`;
  const binding = `${caller.id} by-invitee ${partition} ${status ?? ""} `;
  const after = cursor && open(cursor, binding);
  const now = Date.now();
  const clock = after?.clock ?? now;
  const counts = after === undefined && (status === undefined || status === "pending");

  const [from, to] = rangeOf(status);
  const ahead = (counts ? Math.max(limit + 1, COUNTED) : limit + 1) + SPARE;
  const { Items: items, LastEvaluatedKey: last } = await query(
    "by-invitee",
    "invitee",
    partition,
    [from, after ? before(after.place) : to],
    ahead,
  );
  // What lies beyond the last one that was read is not known yet, and lapsed ones belong there.
  const found = items.map(entryAt(clock)).sort((one, other) => (one.place < other.place ? 1 : -1));
  const entries = last ? found.filter(({ place }) => place >= last.listing) : found;
  const pendingCount = counts ? Math.min(entries.filter(({ place }) => place.startsWith("9")).length, COUNTED) : after?.pending;
  const shown = entries.slice(0, limit);
  const end = entries.length > limit ? shown.at(-1).place : last?.listing;

  const spread = spreadByTime(now);
  const records = await read(
    [
      keys.user(caller.id),
      ...shown.flatMap(({ id, community, sender }) => [
        keys.invitation(id),
        keys.community(community, spread),
        { pk: sender, sk: "USER" },
      ]),
    ],
    { consistent: false },
  );
  const user = records.get(keys.user(caller.id));
  const invitations = shown.flatMap(({ id, place }) => {
    const invitation = records.get(keys.invitation(id))?.body;
    // The index may lag behind: what has moved on stays away from a page that its new place is not on.
    if (!invitation || placeOf(statusAt(invitation, clock), id) !== place) return [];
    const community = records.get(keys.community(invitation.community.id, spread));
    const sender = records.get(keys.user(invitation.sender.id));
    const allowed = actionsOf(invitation, { caller, user, community, now });
    return [viewOf(invitation, allowed, { community, sender, invitee: user }, now)];
  });
  const lapsed = found.some((entry) => entry.lapsed && !shown.includes(entry));
  const nextCursor = end && seal({ pending: pendingCount, clock, lapsed, place: end }, binding);
  return { invitations, nextCursor, pendingCount };
});

/** What an index has of an invitation, in the place where it stands at that moment. */
const entryAt =
  (clock) =>
  ({ listing, expiry, community, sender }) => {
    const id = listing.slice(2);
    const lapsed = expiry !== undefined && expiry <= clock;
    return { id, place: lapsed ? placeOf("expired", id) : listing, lapsed, community, sender };
  };

/** The greatest listing key before that one. */
const before = (place) => {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const id = [...place.slice(2)];
  let at = id.length - 1;
  while (at >= 0 && id[at] === "0") at -= 1;
  if (at < 0) return place.slice(0, 2);
  id[at] = digits[digits.indexOf(id[at]) - 1];
  return place.slice(0, 2) + id.fill("Z", at + 1).join("");
};

const digest = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeUInt32BE(Buffer.byteLength(part), 4);
    hash.update(length).update(part);
  }
  return hash.digest().subarray(0, SEAL);
};

const seal = ({ pending = "", clock, lapsed, place }, binding) => {
  const text = `${pending}|${clock}|${lapsed ? 1 : 0}|${place}`;
  return Buffer.concat([digest(binding, text), Buffer.from(text)]).toString("base64url");
};

const open = (cursor, binding) => {
  const bytes = Buffer.from(cursor, "base64url");
  const text = bytes.subarray(SEAL).toString();
  if (!digest(binding, text).equals(bytes.subarray(0, SEAL))) {
    const detail = "The cursor is damaged or belongs to another list. Start again without one.";
    const errors = [{ param: "cursor", detail: "is not one of this list" }];
    throw new Refusal(400, "invalid_cursor", detail, { param: "cursor", errors });
  }
  const [pending, clock, , place] = text.split("|");
  return { pending: pending === "" ? undefined : Number(pending), clock: Number(clock), place };
};
