// What ci/swap.sh runs on the package zeromq for node, whose prebuilt addon has libzmq compiled in.
//
//     node swap.js VERSION
//
// VERSION is what the library must say that the addon ends up with. One request, one reply; then a line about it.

const { Reply, Request, version } = require("zeromq");

async function main() {
  const [wanted] = process.argv.slice(2);
  if (version !== wanted) throw new Error(`the library says version ${version}, not ${wanted}`);

  const server = new Reply({ receiveTimeout: 30000 });
  const client = new Request({ receiveTimeout: 30000, linger: 0 });
  await server.bind("tcp://127.0.0.1:*");
  client.connect(server.lastEndpoint);
  await client.send("question");
  const [question] = await server.receive();
  await server.send(`answer to ${question}`);
  const [answer] = await client.receive();
  if (answer.toString() !== "answer to question") throw new Error(`a wrong answer: ${answer}`);
  client.close();
  server.close();
  console.log(`zeromq for node on libzmq ${version}: REQ/REP`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
