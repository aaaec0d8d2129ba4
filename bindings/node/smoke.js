// zeromq.js on the libzmq that its addon was linked to: request and reply, publish and subscribe, a
// pipeline with back-pressure, CURVE, a monitor and a proxy. Prints one line for each, the same on every libzmq.
//
//     node smoke.js FOLDER    where FOLDER is the package `zeromq` with an addon of our own

"use strict"
const assert = require("assert")
const zmq = require(require("path").resolve(process.argv[2]))

const tcp = "tcp://127.0.0.1:*"
// A hang is a failure; the line of the case that did not end is missing.
const watchdog = setTimeout(() => { console.log("STALL"); process.exit(1) }, 60000)

async function requestReply() {
  const rep = new zmq.Reply({linger: 0}), req = new zmq.Request({linger: 0})
  await rep.bind(tcp)
  req.connect(rep.lastEndpoint)
  const served = (async () => {
    for await (const [message] of rep) {
      await rep.send("re " + message)
      if (String(message) === "99") return
    }
  })()
  for (let i = 0; i < 100; i++) {
    await req.send(String(i))
    assert.equal(String((await req.receive())[0]), "re " + i)
  }
  await served
  rep.close()
  req.close()
}

async function publishSubscribe() {
  const pub = new zmq.XPublisher({linger: 0}), sub = new zmq.Subscriber()
  await pub.bind(tcp)
  sub.connect(pub.lastEndpoint)
  sub.subscribe("b")
  assert.equal(String((await pub.receive())[0]), "\u0001b")
  for (const topic of ["a", "b1", "c", "b2"]) await pub.send([topic, "body"])
  for (const topic of ["b1", "b2"]) assert.deepEqual((await sub.receive()).map(String), [topic, "body"])
  pub.close()
  sub.close()
}

async function pipeline() {
  const push = new zmq.Push({sendHighWaterMark: 10, linger: 0}), pull = new zmq.Pull({receiveHighWaterMark: 10})
  await pull.bind("ipc://@zmq-js-" + process.pid)
  push.connect(pull.lastEndpoint)
  const count = 20000
  const sent = (async () => { for (let i = 0; i < count; i++) await push.send(String(i)) })()
  for (let i = 0; i < count; i++) assert.equal(String((await pull.receive())[0]), String(i))
  await sent
  push.close()
  pull.close()
}

async function curve() {
  const server = zmq.curveKeyPair(), client = zmq.curveKeyPair()
  const a = new zmq.Pair({linger: 0, curveServer: true, curveSecretKey: server.secretKey})
  const b = new zmq.Pair({
    linger: 0, curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey,
  })
  await a.bind(tcp)
  b.connect(a.lastEndpoint)
  await b.send("secret")
  assert.equal(String((await a.receive())[0]), "secret")
  a.close()
  b.close()
}

async function monitor() {
  const router = new zmq.Router(), dealer = new zmq.Dealer({linger: 0})
  const seen = []
  const watched = (async () => {
    for await (const event of router.events) {
      seen.push(event.type)
      if (event.type === "disconnect") router.close()
    }
  })()
  await router.bind(tcp)
  dealer.connect(router.lastEndpoint)
  await dealer.send("hello")
  assert.equal(String((await router.receive())[1]), "hello")
  dealer.close()
  await watched
  assert.deepEqual(seen, ["bind", "accept", "handshake", "disconnect", "close", "end"])
}

async function proxy() {
  const proxy = new zmq.Proxy(new zmq.Router({linger: 0}), new zmq.Dealer({linger: 0}))
  await proxy.frontEnd.bind(tcp)
  await proxy.backEnd.bind(tcp)
  const front = proxy.frontEnd.lastEndpoint, back = proxy.backEnd.lastEndpoint
  const ended = proxy.run()
  const req = new zmq.Request({linger: 0}), rep = new zmq.Reply({linger: 0})
  req.connect(front)
  rep.connect(back)
  for (let i = 0; i < 100; i++) {
    await req.send(String(i))
    await rep.send(await rep.receive())
    assert.equal(String((await req.receive())[0]), String(i))
  }
  proxy.terminate()
  await ended
  req.close()
  rep.close()
}

async function main() {
  for (const test of [requestReply, publishSubscribe, pipeline, curve, monitor, proxy]) {
    try {
      await test()
      console.log(test.name + " passed")
    } catch (error) {
      console.log(test.name + " FAILED " + error)
      process.exitCode = 1
    }
  }
  clearTimeout(watchdog)
}
main()
