// better-auth with its organization plugin over HTTP, as its documentation sets it up, on SQLite. Beside its own routes there are
// some under /bench/, by which the bench makes people, reads the tables, and has a fault happen at a statement.
//
// `node server.mjs FILE` serves the database in that file, or one in memory for `:memory:`, and prints its port.
import { createHmac } from "node:crypto";
import http from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { organization } from "better-auth/plugins";
import { SqliteDialect } from "kysely";
import Database from "libsql";

const SECRET = "the bench has no secrets, so this one is known to all";

const db = new Database(process.argv[2]);
db.pragma("busy_timeout = 5000");
db.pragma("journal_mode = WAL");
db.pragma("synchronous = NORMAL");

/** What happens before the next statement that has these words: the process ends, or waits. */
let fault;
const prepare = db.prepare.bind(db);
db.prepare = (sql) => {
  if (fault && fault.words.every((word) => sql.includes(word))) {
    const { milliseconds } = fault;
    fault = undefined;
    if (milliseconds === undefined) process.kill(process.pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
  return prepare(sql);
};

let mails = 0;
const auth = betterAuth({
  secret: SECRET,
  baseURL: "http://127.0.0.1",
  trustedOrigins: ["*"],
  database: { dialect: new SqliteDialect({ database: db }), type: "sqlite", transaction: true },
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    organization({
      invitationLimit: 1_000_000,
      membershipLimit: 1_000_000,
      sendInvitationEmail: async () => {
        mails += 1;
      },
    }),
  ],
});
await (await getMigrations(auth.options)).runMigrations();
const { internalAdapter } = await auth.$context;

/** Registers a user with a verified address and a session, and returns what a browser would send. */
const person = async (name) => {
  const user = await internalAdapter.createUser({ name, email: `${name}@example.org`, emailVerified: true });
  const { token } = await internalAdapter.createSession(user.id);
  const signature = createHmac("sha256", SECRET).update(token).digest("base64");
  return { id: user.id, email: user.email, cookie: `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}` };
};

const bench = {
  people: async (names) => Promise.all(names.map(person)),
  rows: async ([table, column, value]) => prepare(`select * from "${table}" where "${column}" = ?`).all(value),
  expire: async ([id, at]) => prepare('update "invitation" set "expiresAt" = ? where "id" = ?').run(at, id).changes,
  fault: async ([words, milliseconds]) => {
    fault = { words, milliseconds };
  },
  mails: async () => mails,
};

const handle = toNodeHandler(auth);
const server = http.createServer(async (request, response) => {
  if (!request.url.startsWith("/bench/")) return handle(request, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const result = await bench[request.url.slice("/bench/".length)](JSON.parse(Buffer.concat(chunks).toString()));
  return response.setHeader("content-type", "application/json").end(JSON.stringify(result ?? null));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
