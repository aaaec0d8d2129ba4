"""An asyncio program on ZMQ_FD and ZMQ_EVENTS, under load, with a watchdog for stalls.

    event_loop.py [SECONDS [SEED]]

One event loop drives flows over inproc, ipc and tcp: pipelines, requests, routers, publishers and
pairs with both sides in the loop, and the same with a blocking thread as the far side. Each sends
numbered messages in bursts with pauses in between, with queues short enough that senders have to
wait. Every message must arrive, once, in order. A flow that has something on its way and makes no
step for STALL seconds is a stall: the program says which, with ZMQ_EVENTS of its sockets, and exits
with 1. Only the descriptors wake the loop: the watchdog's own turns look at counters, never at sockets.
"""

import asyncio
import os
import random
import sys
import threading
import time

import zmq
import zmq.asyncio

STALL = 15.0
BURST = 400
SHORT = 16  # high-water mark of every second flow
DONE = b"done"


class Flow:
    """Messages in one direction: how many were sent, how many came."""

    def __init__(self, name, sockets=()):
        self.name = name
        self.sockets = sockets
        self.wanted = 0  # sends begun
        self.sent = 0
        self.came = 0
        self.step = time.monotonic()

    def begin(self):
        self.wanted += 1

    def sending(self):
        self.sent += 1
        self.step = time.monotonic()

    def arrived(self, number):
        if number != self.came:
            raise AssertionError(f"{self.name}: {number} came, expected {self.came}")
        self.came += 1
        self.step = time.monotonic()

    def is_due(self):
        return self.wanted > self.came


class Load:
    def __init__(self, seconds, seed):
        self.random = random.Random(seed)
        self.context = zmq.asyncio.Context()
        self.blocking = zmq.Context(self.context)
        self.end = time.monotonic() + seconds
        self.flows = []
        self.tasks = []
        self.threads = []
        self.number = 0

    # --- sockets ------------------------------------------------------------------------------

    def socket(self, kind, short, context=None):
        socket = (context or self.context).socket(kind)
        socket.linger = 0
        if short:
            socket.sndhwm = socket.rcvhwm = SHORT
        if kind in (zmq.XPUB, zmq.SUB, zmq.XSUB):
            socket.sndhwm = socket.rcvhwm = 0  # a publisher drops what does not fit, and nothing may be lost here
        if kind == zmq.XPUB:
            socket.xpub_verbose = 1  # tells of each of two like subscriptions
        return socket

    def pair(self, bound, connected, transport, short, far=None):
        """Two sockets that are connected; `far` is the context of the second."""
        first = self.socket(bound, short)
        second = self.socket(connected, short, far)
        self.number += 1
        first.bind("tcp://127.0.0.1:*" if transport == "tcp" else f"{transport}://@loop-{os.getpid()}-{self.number}")
        second.connect(first.last_endpoint.decode())
        return first, second

    def flow(self, name, *sockets):
        flow = Flow(name, sockets)
        self.flows.append(flow)
        return flow

    # --- what senders and receivers do --------------------------------------------------------

    async def pause(self):
        # Long enough that everything falls asleep, or a turn of the loop, or nothing.
        await asyncio.sleep(self.random.choice((0, 0, 0.001, 0.01, 0.1, 0.3)))

    async def send(self, flow, socket, body=b""):
        while time.monotonic() < self.end:
            for _ in range(self.random.randint(1, BURST)):
                flow.begin()
                await socket.send_multipart([b"%d" % flow.sent, body])
                flow.sending()
            await self.pause()

    async def receive(self, flow, socket, slow=0.0):
        while True:
            parts = await socket.recv_multipart()
            flow.arrived(int(parts[-2]))
            if slow and flow.came % 50 == 0:
                await asyncio.sleep(slow)

    async def poll_and_receive(self, flow, socket):
        # As programs with a poller of their own do: wait for readiness, then take all there is.
        poller = zmq.asyncio.Poller()
        poller.register(socket, zmq.POLLIN)
        while True:
            await poller.poll()
            while True:
                try:
                    parts = await socket.recv_multipart(zmq.DONTWAIT)
                except zmq.Again:
                    break
                flow.arrived(int(parts[-2]))

    async def ask(self, flow, socket):
        while time.monotonic() < self.end:
            for _ in range(self.random.randint(1, BURST)):
                flow.begin()
                await socket.send_multipart([b"%d" % flow.sent, b""])
                flow.sending()
                parts = await socket.recv_multipart()
                flow.arrived(int(parts[-2]))
            await self.pause()

    async def echo(self, socket):
        while True:
            await socket.send_multipart(await socket.recv_multipart())

    def start(self, *coroutines):
        self.tasks += [asyncio.ensure_future(coroutine) for coroutine in coroutines]

    def thread(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        self.threads.append(thread)

    # --- the far side in a thread, with blocking calls ----------------------------------------

    @staticmethod
    def echo_in_thread(socket):
        with socket:
            socket.linger = int(1000 * STALL)  # the last echoes are on their way when it ends
            while True:
                parts = socket.recv_multipart()
                if parts[-1] == DONE:
                    return
                socket.send_multipart(parts)

    # --- flows --------------------------------------------------------------------------------

    def begin(self):
        for transport in ("inproc", "ipc", "tcp"):
            for short in (False, True):
                self.begin_flows(transport, short)

    def begin_flows(self, transport, short):
        where = f"{transport}{' short' if short else ''}"
        body = b"x" * (3000 if short else 10)

        for receive, slow in ((self.receive, 0.0), (self.receive, 0.002), (self.poll_and_receive, None)):
            pull, push = self.pair(zmq.PULL, zmq.PUSH, transport, short)
            flow = self.flow(f"PUSH to PULL, {where}, {receive.__name__} {slow}", push, pull)
            self.start(self.send(flow, push, body=body))
            self.start(receive(flow, pull) if slow is None else receive(flow, pull, slow))

        for kinds in ((zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.DEALER)):
            one, other = self.pair(*kinds, transport, short)
            there = self.flow(f"{kinds[0]!s} there, {where}", one, other)
            back = self.flow(f"{kinds[0]!s} back, {where}", other, one)
            self.start(self.send(there, one, body=body), self.receive(there, other))
            self.start(self.send(back, other, body=body), self.receive(back, one))

        rep, req = self.pair(zmq.REP, zmq.REQ, transport, short)
        self.start(self.ask(self.flow(f"REQ, {where}", req, rep), req), self.echo(rep))

        # Several clients of one router.
        router = None
        for client in range(3):
            if router is None:
                router, dealer = self.pair(zmq.ROUTER, zmq.DEALER, transport, short)
                self.start(self.echo(router))
            else:
                dealer = self.socket(zmq.DEALER, short)
                dealer.connect(router.last_endpoint.decode())
            self.start(self.ask(self.flow(f"DEALER {client} to ROUTER, {where}", dealer, router), dealer))

        # One publisher, two subscribers; it begins when both have subscribed.
        xpub, sub = self.pair(zmq.XPUB, zmq.SUB, transport, short)
        xsub = self.socket(zmq.XSUB, short)
        xsub.connect(xpub.last_endpoint.decode())
        sub.subscribe(b"")
        flows = [self.flow(f"XPUB to {kind}, {where}", xpub, far) for kind, far in (("SUB", sub), ("XSUB", xsub))]
        self.start(self.publish(flows, xpub, xsub, body))
        self.start(self.receive(flows[0], sub), self.receive(flows[1], xsub))

        # The far side is not in the loop.
        one, other = self.pair(zmq.DEALER, zmq.DEALER, transport, short, self.blocking)
        flow = self.flow(f"DEALER to a thread, {where}", one)
        self.thread(self.echo_in_thread, other)
        self.start(self.send_to_thread(flow, one, body), self.receive(flow, one))

    async def publish(self, flows, xpub, xsub, body):
        await xsub.send(b"\x01")
        for _ in range(len(flows)):
            await xpub.recv()
        while time.monotonic() < self.end:
            for _ in range(self.random.randint(1, BURST)):
                for flow in flows:
                    flow.begin()
                await xpub.send_multipart([b"%d" % flows[0].sent, body])
                for flow in flows:
                    flow.sending()
            await self.pause()

    async def send_to_thread(self, flow, socket, body):
        await self.send(flow, socket, body=body)
        await socket.send_multipart([b"0", DONE])

    # --- watching -----------------------------------------------------------------------------

    async def watch(self):
        """Until all time is up and everything has arrived; names the flow that got stuck."""
        turn = time.monotonic()
        while True:
            await asyncio.sleep(0.25)
            for task in self.tasks:
                if task.done() and task.exception():
                    raise task.exception()
            now = time.monotonic()
            if now - turn > STALL / 3:
                # The machine stood still, not the sockets.
                for flow in self.flows:
                    flow.step = now
            turn = now
            due = [flow for flow in self.flows if flow.is_due()]
            stuck = [flow for flow in due if now - flow.step > STALL]
            if stuck:
                return stuck
            if now > self.end and not due:
                return []


async def main(seconds, seed):
    load = Load(seconds, seed)
    load.begin()
    stuck = await load.watch()
    for flow in stuck:
        events = ", ".join(str(int(socket.get(zmq.EVENTS))) for socket in flow.sockets)
        print(f"STALL {flow.name}: wanted {flow.wanted} sent {flow.sent} came {flow.came}, events {events}")
    if not stuck:
        # Senders end by themselves when the time is up.
        for thread in load.threads:
            await asyncio.to_thread(thread.join, STALL)
    for task in load.tasks:
        task.cancel()
    await asyncio.gather(*load.tasks, return_exceptions=True)
    total = sum(flow.came for flow in load.flows)
    idle = [flow.name for flow in load.flows if flow.came == 0]
    for name in idle:
        print(f"IDLE {name}: nothing came")
    print(f"{len(load.flows)} flows, {total} messages in {seconds:g} s, seed {seed}, {len(stuck)} stalls")
    load.context.destroy(linger=0)
    return 1 if stuck or idle else 0


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sys.exit(asyncio.run(main(seconds, seed)))
