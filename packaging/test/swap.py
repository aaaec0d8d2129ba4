"""What ci/swap.sh runs by pyzmq, Debian's and a wheel: a program that was made for another libzmq.

    swap.py VERSION LIBRARY

VERSION is what the library must say it is, LIBRARY the file that the process must have it from, links
resolved. Requests and replies, publishing, and CURVE with ZAP; then a line about it.
"""

import os
import sys

import zmq
import zmq.auth
import zmq.utils.monitor
from zmq.auth.thread import ThreadAuthenticator

LIMIT = 30_000  # milliseconds


def loaded():
    """The libzmq of this process, by its memory map; copies under names of their own aside."""
    with open("/proc/self/maps") as maps:
        names = {line.split(maxsplit=5)[-1].strip() for line in maps if "/libzmq.so" in line}
    return sorted(os.path.realpath(name) for name in names)


def pair(context, bound, connected, **options):
    """Two sockets with a connection between them; options are set on both before."""
    sockets = context.socket(bound), context.socket(connected)
    for socket in sockets:
        socket.rcvtimeo = socket.sndtimeo = LIMIT
        socket.linger = 0
        for name, value in options.items():
            setattr(socket, name, value)
    return sockets


def meet(server, client, address="tcp://127.0.0.1:*"):
    server.bind(address)
    client.connect(server.last_endpoint.decode())


def request_reply(context):
    server, client = pair(context, zmq.REP, zmq.REQ)
    with server, client:
        meet(server, client)
        for number in range(100):
            client.send_json({"number": number})
            server.send_json({"twice": 2 * server.recv_json()["number"]})
            assert client.recv_json() == {"twice": 2 * number}


def publish_subscribe(context):
    publisher, subscriber = pair(context, zmq.XPUB, zmq.SUB)
    with publisher, subscriber:
        meet(publisher, subscriber)
        subscriber.subscribe(b"news")
        assert publisher.recv() == b"\x01news"
        publisher.send_multipart([b"weather", b"unwanted"])
        publisher.send_multipart([b"news", b"wanted", b"x" * 100_000])
        assert subscriber.recv_multipart() == [b"news", b"wanted", b"x" * 100_000]


def curve(context):
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    stranger_public, stranger_secret = zmq.curve_keypair()

    class Keys:
        def callback(self, domain, key):
            return key == public

    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    try:
        authenticator.configure_curve_callback(domain="*", credentials_provider=Keys())
        server, client = pair(context, zmq.REP, zmq.REQ)
        stranger = context.socket(zmq.REQ)
        with server, client, stranger:
            server.curve_server = True
            server.curve_secretkey = server_secret
            client.curve_serverkey = stranger.curve_serverkey = server_public
            client.curve_publickey, client.curve_secretkey = public, secret
            stranger.curve_publickey, stranger.curve_secretkey = stranger_public, stranger_secret
            stranger.linger = 0
            refused = stranger.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
            refused.rcvtimeo = LIMIT
            meet(server, client)
            client.send(b"secret question")
            assert server.recv() == b"secret question"
            server.send(b"secret answer")
            assert client.recv() == b"secret answer"

            stranger.connect(server.last_endpoint.decode())
            assert zmq.utils.monitor.recv_monitor_message(refused)["value"] == 400
            stranger.disable_monitor()
    finally:
        authenticator.stop()


def main():
    version, library = sys.argv[1:]
    assert zmq.zmq_version() == version, f"the library says version {zmq.zmq_version()}, not {version}"
    assert loaded() == [library], f"runs on {loaded()}, not on {library}"
    with zmq.Context() as context:
        request_reply(context)
        publish_subscribe(context)
        curve(context)
    print(f"pyzmq {zmq.pyzmq_version()} on libzmq {version}, {library}: REQ/REP, PUB/SUB and CURVE")


main()
