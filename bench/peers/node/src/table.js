// The table: its keys, batch reads and transactions. One client for a process, its connection opened during init.
import { createHash } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import { Refusal } from "./http.js";

const TABLE = process.env.TABLE_NAME;
const ATTEMPTS = 8;

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 3 }), {
  marshallOptions: { removeUndefinedValues: true },
});
await client.send(new GetCommand({ TableName: TABLE, Key: { pk: "SETTINGS", sk: "SETTINGS" } })).catch(() => {});

const key = (pk, sk) => ({ pk, sk });
export const keys = {
  invitation: (id) => key(`INVITATION#${id}`, "INVITATION"),
  mail: (id, name) => key(`INVITATION#${id}`, `MAIL#${name}`),
  user: (id) => key(`USER#${id}`, "USER"),
  standing: (user, community) => key(`USER#${user}`, `STANDING#${community}`),
  connection: (user, other) => key(`USER#${user}`, `CONNECTION#${other}`),
  // Records that everyone checks or reads are kept in copies, so that no partition is the ceiling.
  community: (id, spread) => key(`COMMUNITY#${id}#${spread % 8}`, "COMMUNITY"),
  settings: (spread) => key(`SETTINGS#${spread % 32}`, "SETTINGS"),
};

const nameOf = ({ pk, sk }) => `${pk} ${sk}`;
const pause = (attempt) =>
  attempt === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, Math.random() * (20 << Math.min(attempt, 6))));
const unavailable = () =>
  new Refusal(503, "unavailable", "The service is busy. Nothing may have been changed; try again in a moment.", { retryAfter: 2 });

/** Records by key, as one moment's reads found them. */
class Records {
  #found = new Map();

  add(item) {
    this.#found.set(nameOf(item), item);
  }

  get(key) {
    return this.#found.get(nameOf(key));
  }
}

/** Reads the records at those keys, a hundred in a request, side by side. */
export const read = async (wanted, { consistent = true } = {}) => {
  const unique = [...new Map(wanted.map((key) => [nameOf(key), key])).values()];
  const records = new Records();
  const readBatch = async (batch) => {
    let open = { [TABLE]: { Keys: batch, ConsistentRead: consistent } };
    for (let attempt = 0; open?.[TABLE]; attempt += 1) {
      if (attempt === 6) throw unavailable();
      await pause(attempt);
      const { Responses, UnprocessedKeys } = await client.send(new BatchGetCommand({ RequestItems: open }));
      Responses[TABLE]?.forEach((item) => records.add(item));
      open = UnprocessedKeys;
    }
  };
  const batches = [];
  for (let from = 0; from < unique.length; from += 100) batches.push(readBatch(unique.slice(from, from + 100)));
  await Promise.all(batches);
  return records;
};

/** Reads a part of an index, backwards. */
export const query = (index, hash, of, [from, to], limit) =>
  client.send(
    new QueryCommand({
      TableName: TABLE,
      IndexName: index,
      KeyConditionExpression: "#of = :of AND #listing BETWEEN :from AND :to",
      ExpressionAttributeNames: { "#of": hash, "#listing": "listing" },
      ExpressionAttributeValues: { ":of": of, ":from": from, ":to": to },
      ScanIndexForward: false,
      Limit: limit,
    }),
  );

/** Writes all or nothing. `false` if a condition did not hold; collisions with other transactions are waited out. */
export const transact = async (actions) => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await pause(attempt);
    try {
      await client.send(new TransactWriteCommand({ TransactItems: actions }));
      return true;
    } catch (error) {
      if (error.name !== "TransactionCanceledException") throw error;
      const codes = new Set(error.CancellationReasons?.map(({ Code }) => Code));
      if (codes.has("ConditionalCheckFailed")) return false;
      if (!["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].some((code) => codes.has(code))) throw error;
    }
  }
  throw unavailable();
};

/** Decides and writes until no other writer comes in between. `step` returns `undefined` to be called again. */
export const retried = async (step) => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await pause(attempt);
    const result = await step();
    if (result !== undefined) return result;
  }
  throw unavailable();
};

const condition = (text, names, values) => ({
  TableName: TABLE,
  ConditionExpression: text,
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: values,
});
const set = (values) => Object.keys(values).map((name) => `#${name} = :${name}`).join(", ");
const named = (...names) => Object.fromEntries(names.map((name) => [`#${name}`, name]));
const valued = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));

/** Requires that the record's attribute is `true`. */
export const check = (key, attribute) => ({
  ConditionCheck: { Key: key, ...condition(`#${attribute} = :yes`, named(attribute), { ":yes": true }) },
});

/** Requires that the community takes invitations, and is the one that has its id since then. */
export const checkInviting = (key, since) => ({
  ConditionCheck: {
    Key: key,
    ...condition(
      `#allowInvitations = :yes AND ${since ? "#since = :since" : "attribute_not_exists(#since)"}`,
      named("allowInvitations", "since"),
      { ":yes": true, ...(since && { ":since": since }) },
    ),
  },
});

const put = (item) => ({ Put: { TableName: TABLE, Item: item } });

/** Writes an invitation from the revision that it was read at; a new one, from none. */
export const putInvitation = (invitation) => {
  const { revision } = invitation;
  const from =
    revision === 1
      ? condition("attribute_not_exists(#pk)", named("pk"))
      : condition("#revision = :from", named("revision"), { ":from": revision - 1 });
  return { Put: { Item: invitationRecord(invitation), ...from } };
};

/** Puts a mail into the outbox. */
export const putMail = ({ id, revision }, mail, to) =>
  put({ ...keys.mail(id, `${mail}#${to}#${revision}`), kind: "mail", mail, to, state: "queued", attempts: 0, forgiven: 0 });

const NO_OTHER_LIVE = "(attribute_not_exists(#liveInvitation) OR #liveUntil <= :now OR #liveInvitation = :liveInvitation)";

/** Makes the invitation the live one of a user who is no member, is willing, and has no other. */
export const standInvited = (user, { id, community, expiresAt }, address, now) => {
  const values = { kind: "standing", liveInvitation: id, liveUntil: expiresAt };
  const willing = [
    "attribute_not_exists(#role)",
    "attribute_not_exists(#blocked)",
    "(attribute_not_exists(#coolingUntil) OR #coolingUntil <= :now)",
    NO_OTHER_LIVE,
  ];
  const names = named("role", "blocked", "coolingUntil", ...Object.keys(values));
  const more = { ":now": now };
  if (address !== undefined) {
    const other = "attribute_not_exists(#mailbox.#address) OR #mailbox.#address <> :address";
    willing.push(`(${other} OR attribute_not_exists(#mailbox.#blocked))`);
    willing.push(`(${other} OR attribute_not_exists(#mailbox.#coolingUntil) OR #mailbox.#coolingUntil <= :now)`);
    Object.assign(names, named("mailbox", "address"));
    more[":address"] = address;
  }
  const update = condition(willing.join(" AND "), names, { ...valued(values), ...more });
  return { Update: { Key: keys.standing(user, community.id), UpdateExpression: `SET ${set(values)}`, ...update } };
};

/** Makes the invited user a member. */
export const standJoined = (user, { id, community }, now) => ({
  Update: {
    Key: keys.standing(user, community.id),
    UpdateExpression: "SET #kind = :kind, #role = :role, #joinedBy = :liveInvitation REMOVE #liveInvitation, #liveUntil",
    ...condition(
      `attribute_not_exists(#role) AND ${NO_OTHER_LIVE}`,
      named("kind", "role", "joinedBy", "liveInvitation", "liveUntil"),
      { ":kind": "standing", ":role": "member", ":liveInvitation": id, ":now": now },
    ),
  },
});

/** Counts invitations against the sender's day, as long as it has room and the sender is active. */
export const useQuota = (sender, { day, used, limit }, count) => {
  const key = keys.user(sender);
  const values = { active: true, sentOn: day };
  if (used === 0) {
    const first = "#active = :active AND (attribute_not_exists(#sentOn) OR #sentOn < :sentOn)";
    const names = named("used", ...Object.keys(values));
    const update = condition(first, names, { ...valued(values), ":count": count });
    return { Update: { Key: key, UpdateExpression: "SET #sentOn = :sentOn, #used = :count", ...update } };
  }
  const more = "#active = :active AND #sentOn = :sentOn AND #used <= :room";
  const counted = { ...valued(values), ":count": count, ":room": limit - count };
  const update = condition(more, named("used", ...Object.keys(values)), counted);
  return { Update: { Key: key, UpdateExpression: "SET #used = #used + :count", ...update } };
};

const RANKS = { pending: 9, accepted: 7, declined: 6, rejected: 5, cancelled: 4, expired: 3 };
/** The place of an invitation in every list: by status, then by creation. */
export const placeOf = (status, id) => `${RANKS[status]}#${id}`;
export const rangeOf = (status) => (status === undefined ? ["3#", "9#~"] : [`${RANKS[status]}#`, `${RANKS[status]}#~`]);

const folded = (name) =>
  name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim().slice(0, 100);

const invitationRecord = (invitation) => {
  const { id, status, revision, community, sender, invitee, expiresAt } = invitation;
  const party = `USER#${invitee.user.id}`;
  return {
    ...keys.invitation(id),
    kind: "invitation",
    revision,
    listing: placeOf(status, id),
    invitee: party,
    sender: `USER#${sender.id}`,
    community: community.id,
    foundBy: invitee.user.displayName && ` ${folded(invitee.user.displayName)}`,
    ...(status === "pending" && {
      expiry: expiresAt,
      for: createHash("sha256").update(party).digest().subarray(0, 9).toString("base64url"),
    }),
    body: invitation,
  };
};
