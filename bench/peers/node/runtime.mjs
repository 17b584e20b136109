// The Runtime API as Lambda's managed runtime speaks it: load the handler, then one event after another on a connection that
// stays open. It does less than the managed runtime, which also wraps the console and the response stream.
import http from "node:http";
import { pathToFileURL } from "node:url";

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request({ hostname, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });

const failure = (error) => JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") });

let handler;
try {
  ({ handler } = await import(pathToFileURL(process.argv[2])));
} catch (error) {
  await call("POST", "init/error", failure(error));
  throw error;
}
for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  const awsRequestId = headers["lambda-runtime-aws-request-id"];
  try {
    const response = await handler(JSON.parse(body), { awsRequestId });
    await call("POST", `invocation/${awsRequestId}/response`, JSON.stringify(response));
  } catch (error) {
    await call("POST", `invocation/${awsRequestId}/error`, failure(error));
  }
}
