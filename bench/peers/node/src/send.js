// POST /communities/{communityId}/invitations: invites users, with one outcome for each.
import { randomFillSync } from "node:crypto";
import { bodyOf, callerOf, handled, isId, malformed, Refusal } from "./http.js";
import { actionsOf, addressKeyOf, checkSender, communityLabel, DAY, notInvited, senderLabel } from "./rules.js";
import { settingsOf, spreadById, spreadByTime, viewOf } from "./rules.js";
import { check, checkInviting, keys, putInvitation, putMail, read, retried, standInvited, transact, useQuota } from "./table.js";

const OUTCOMES = [
  "invited",
  "awaiting_approval",
  "joined",
  "already_member",
  "already_invited",
  "unknown_user",
  "unavailable",
  "not_connected",
  "invalid_email",
  "duplicate",
  "cooling_down",
  "over_quota",
];
const FIELDS = ["userIds", "message", "expiresInDays"];
/** What a transaction of 100 actions has room for: four for each invitation, besides those that they share. */
const INVITATIONS_IN_TRANSACTION = 23;

export const handler = handled(async (event) => {
  const caller = callerOf(event);
  const communityId = event.pathParameters?.communityId;
  if (!isId(communityId)) throw malformed("communityId", "must be 1 to 128 letters, digits or any of - _ . : @ ~ | + =");
  const request = requestOf(bodyOf(event));
  const now = Date.now();
  const send = new Send(caller, communityId, request, now);
  await send.run();
  const summary = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0]));
  for (const { outcome } of send.results) summary[outcome] += 1;
  return { results: send.results, summary };
});

const requestOf = (body) => {
  const unknown = Object.keys(body).find((field) => !FIELDS.includes(field));
  if (unknown) throw malformed(unknown, `unknown field, expected one of ${FIELDS.map((field) => `\`${field}\``).join(", ")}`);
  const { userIds = [], message, expiresInDays } = body;
  if (!Array.isArray(userIds) || !userIds.every((id) => typeof id === "string")) throw malformed("userIds", "must be a list");
  if (userIds.length === 0) {
    const errors = [{ param: "userIds", detail: "or emails must name at least one recipient" }];
    throw new Refusal(422, "invalid_value", "userIds or emails must name at least one recipient", { param: "userIds", errors });
  }
  const faults = [];
  const text = message?.trim() === "" ? undefined : message?.replace(/\r\n?/g, "\n");
  if (text?.length > 2_000) faults.push({ param: "message", detail: "must be at most 2000 characters" });
  const days = expiresInDays;
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 365)) {
    faults.push({ param: "expiresInDays", detail: "must be a whole number from 1 to 365" });
  }
  if (faults.length > 0) {
    const detail = faults.map((fault) => `${fault.param} ${fault.detail}`).join("; ");
    throw new Refusal(422, "invalid_value", detail, { param: faults[0].param, errors: faults });
  }
  const tokens = text?.match(/%[A-Za-z_]+%/g)?.filter((token) => !["%sender%", "%community%", "%type%"].includes(token));
  if (tokens?.length > 0) {
    const detail = `has unknown tokens: ${tokens.join(", ")}; known are %sender%, %community% and %type%`;
    throw new Refusal(422, "unknown_message_token", `message ${detail}`, { param: "message", errors: [{ param: "message", detail }] });
  }
  return { userIds: userIds.map((id) => id.trim()), message: text, expiresInDays: days };
};

/** One request on its way through the recipients. */
class Send {
  constructor(caller, communityId, request, now) {
    Object.assign(this, { caller, communityId, request, now });
    this.spread = spreadByTime(now);
    this.results = new Array(request.userIds.length);
    this.idBytes = idBytes(now);
    this.day = new Date(now).toISOString().slice(0, 10);
    this.renewsAt = Date.parse(this.day) + DAY;
  }

  async run() {
    this.records = await this.read();
    while (this.results.includes(undefined)) {
      await retried(async () => {
        const chunk = this.decide();
        if (chunk.length === 0 || (await this.write(chunk))) return true;
        // Another writer was faster: what is still open is decided from what is there now.
        this.records = await this.read();
        return undefined;
      });
    }
  }

  read() {
    this.writtenSince = 0;
    const { caller, communityId, spread } = this;
    const recipients = this.request.userIds.filter((id, index) => isId(id) && this.results[index] === undefined);
    return read([
      keys.settings(spread),
      keys.user(caller.id),
      keys.standing(caller.id, communityId),
      keys.community(communityId, spread),
      ...recipients.flatMap((id) => [keys.user(id), keys.standing(id, communityId), keys.connection(caller.id, id)]),
    ]);
  }

  /** Decides the open recipients until a transaction is full. */
  decide() {
    const { caller, communityId, records, request, now } = this;
    const settings = settingsOf(records, this.spread);
    const sender = records.get(keys.user(caller.id));
    const community = records.get(keys.community(communityId, this.spread));
    const role = records.get(keys.standing(caller.id, communityId))?.role;
    const connectionsOnly = checkSender(caller, sender, community, role, settings);
    if (request.userIds.length > settings.maxRecipientsPerRequest) {
      const most = settings.maxRecipientsPerRequest;
      const detail = `${request.userIds.length} recipients; at most ${most} are allowed in one request. Send several requests.`;
      const errors = [{ param: "recipients", detail: `must be at most ${most}` }];
      throw new Refusal(413, "too_many_recipients", detail, { param: "recipients", errors });
    }
    const limit = settings.dailyInvitationsPerSender;
    // As it was read, and what has been written since.
    const used = (sender.sentOn === this.day ? sender.used : 0) + this.writtenSince;
    this.quota = { day: this.day, used, limit };
    let left = limit - used;
    const retryAfter = (until) => Math.max(Math.trunc((until - now) / 1000), 0) + 1;
    if (left <= 0 && !this.hasWritten) {
      const detail = "You have sent all invitations that you may send today; try again tomorrow.";
      throw new Refusal(429, "daily_quota_used", detail, { retryAfter: retryAfter(this.renewsAt) });
    }
    const asked = new Set();
    const chunk = [];
    for (const [index, recipient] of request.userIds.entries()) {
      const isRepeated = asked.has(recipient);
      asked.add(recipient);
      if (this.results[index] !== undefined) continue;
      if (isRepeated) {
        this.results[index] = { recipient, outcome: "duplicate" };
        continue;
      }
      const user = isId(recipient) ? records.get(keys.user(recipient)) : undefined;
      const standing = user && records.get(keys.standing(user.id, communityId));
      const connected = user && records.get(keys.connection(caller.id, user.id)) !== undefined;
      const no = notInvited({ user, standing, connected }, connectionsOnly, undefined, now);
      if (no) {
        this.results[index] = { recipient, outcome: no.outcome, retryAfter: no.until && retryAfter(no.until) };
      } else if (left <= 0) {
        this.results[index] = { recipient, outcome: "over_quota", retryAfter: retryAfter(this.renewsAt) };
      } else if (chunk.length === INVITATIONS_IN_TRANSACTION) {
        break;
      } else {
        left -= 1;
        chunk.push({ index, recipient, user, invitation: this.invitation(index, { settings, sender, community, user }) });
      }
    }
    Object.assign(this, { sender, community, role });
    return chunk;
  }

  invitation(index, { settings, sender, community, user }) {
    const { now, request } = this;
    const lifetimeDays = request.expiresInDays ?? settings.invitationLifetimeDays;
    return {
      id: ulid(this.idBytes, index),
      community: communityLabel(community),
      ...(community.since && { communitySince: community.since }),
      sender: senderLabel(sender),
      invitee: { user: { id: user.id, displayName: user.displayName } },
      status: "pending",
      message: request.message ?? settings.defaultMessage,
      createdAt: now,
      expiresAt: now + lifetimeDays * DAY,
      lifetimeDays,
      delivery: { state: "queued", at: now },
      mailedAt: now,
      revision: 1,
    };
  }

  /** Writes a chunk in one transaction. `false` if another writer was faster. */
  async write(chunk) {
    const { caller, community, communityId, now, role, sender } = this;
    const others = new Set(chunk.map(({ user }) => user.id).filter((id) => id !== caller.id));
    const actions = [
      checkInviting(keys.community(communityId, spreadById(chunk[0].invitation.id)), community.since),
      ...[...others].map((id) => check(keys.user(id), "active")),
      useQuota(caller.id, this.quota, chunk.length),
      ...chunk.flatMap(({ user, invitation }) => [
        putInvitation(invitation),
        standInvited(user.id, invitation, addressKeyOf(user), now),
        putMail(invitation, "invitation", "invitee"),
      ]),
    ];
    if (!(await transact(actions))) return false;
    this.writtenSince += chunk.length;
    this.hasWritten = true;
    for (const { index, recipient, invitation } of chunk) {
      const allowed = actionsOf(invitation, { caller, user: sender, role, community, now });
      this.results[index] = { recipient, outcome: "invited", invitation: viewOf(invitation, allowed, { community, sender }, now) };
    }
    return true;
  }
}

/** The sixteen bytes of a request's first id: the time, two bytes for the place of the recipient, and randomness. */
const idBytes = (now) => {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  randomFillSync(bytes, 8);
  return bytes;
};

/** The ULID of the invitation for the recipient in that place, so that those of one request keep their order. */
const ulid = (first, place) => {
  const bytes = Buffer.from(first);
  bytes.writeUInt16BE(place, 6);
  bytes[15] ^= place & 0xff;
  let rest = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (let digit = 0; digit < 26; digit += 1) {
    text = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return text;
};
