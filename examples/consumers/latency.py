"""python3 latency.py HOST PORT USER PASSWORD: calls and p99 of every window that comes, each once."""
import json, os, sys, zlib
from paho.mqtt import subscribe
from histogram import quantile

host, port, user, password = sys.argv[1:]
dictionary = open(os.path.join(sys.path[0], "compact.dictionary"), "rb").read()
seen = set()  # a window may come twice; whoever stores windows makes this a unique key

def inflated(body):
    return zlib.decompressobj(zdict=dictionary).decompress(body) if body[:1] == b"x" else zlib.decompress(body, -15)

def take(_client, _userdata, message):
    body = message.payload
    window = json.loads(body if body[:1] == b"{" else inflated(body))
    key = (window["device"], window["runId"], window["sequence"])
    for arm in [] if key in seen else window["arms"]:
        print("{device} {model}@{version} {arm} {requests} calls, p99 {p99} us".format(
            device=window["device"], p99=quantile(arm["total"], 0.99), **arm), flush=True)
    seen.add(key)

subscribe.callback(take, "bw/v1/+/+/window", qos=1, hostname=host, port=int(port), client_id=user,
                   auth={"username": user, "password": password})
