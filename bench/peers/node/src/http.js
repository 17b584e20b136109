// What the four functions have in common: the caller, the JSON of requests and responses, problems (RFC 9457), the log line.

/** A rule that says no. */
export class Refusal extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    Object.assign(this, { status, code, more });
  }
}

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Payload Too Large",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export const malformed = (param, detail) =>
  new Refusal(400, "malformed_request", `${param}: ${detail}`, { param, errors: [{ param, detail }] });
export const notFound = () =>
  new Refusal(404, "invitation_not_found", "There is no such invitation, or it is not yours to see.");

const ADMINISTRATOR_CLAIM = process.env.ADMINISTRATOR_CLAIM;
const ADMINISTRATOR_VALUE = process.env.ADMINISTRATOR_VALUE;
const USER_ID_CLAIM = process.env.USER_ID_CLAIM;

/** Who is calling, from the claims that the gateway has verified. */
export const callerOf = (event) => {
  const claims = event.requestContext.authorizer?.jwt?.claims;
  const id = claims?.[USER_ID_CLAIM];
  if (!isId(id)) throw new Refusal(401, "unauthenticated", "Send a valid bearer token.");
  const groups = (claims[ADMINISTRATOR_CLAIM] ?? "").replace(/^\[(.*)\]$/, "$1").split(" ");
  return { id, siteAdministrator: groups.includes(ADMINISTRATOR_VALUE) };
};

export const isId = (text) => typeof text === "string" && /^[A-Za-z0-9\-_.:@~|+=]{1,128}$/.test(text);

export const invitationIdOf = (event) => {
  const id = event.pathParameters?.invitationId?.toUpperCase();
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) throw notFound();
  return id;
};

export const bodyOf = (event) => {
  const text = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : (event.body ?? "");
  let body;
  try {
    body = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw malformed("body", "must be a JSON object, complete and in UTF-8");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw malformed("body", "must be a JSON object");
  return body;
};

const respond = (statusCode, type, body) => ({
  statusCode,
  headers: { "content-type": type, "cache-control": "no-store" },
  body: JSON.stringify(body),
  isBase64Encoded: false,
});

/** Returns the Lambda handler of a function that takes an event and returns the body of a success. */
export const handled = (handle) => async (event) => {
  const requestId = event.requestContext.requestId;
  let response;
  try {
    response = respond(200, "application/json", await handle(event));
  } catch (error) {
    const known = error instanceof Refusal;
    if (!known) console.error(JSON.stringify({ level: "ERROR", message: "the table failed", requestId, error: error.name }));
    const refusal = known ? error : new Refusal(500, "internal_error", "Something went wrong on our side.");
    const { status, code, message: detail, more } = refusal;
    response = respond(status, "application/problem+json", { title: TITLES[status], status, code, detail, ...more, requestId });
    if (more.retryAfter !== undefined) response.headers["retry-after"] = String(more.retryAfter);
  }
  console.log(JSON.stringify({ level: "INFO", message: "responded", requestId, status: response.statusCode }));
  return response;
};
