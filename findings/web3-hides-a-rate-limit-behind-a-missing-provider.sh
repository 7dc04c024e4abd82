#!/bin/sh
# Guess: a node that answers HTTP 429 raises requests' HTTPError with that status through web3's AutoProvider too, so that
# a caller can wait and ask again.
# Instead: AutoProvider takes the error for a node that is gone (HTTPError is an OSError), asks once more at once to find
# another node, and raises CannotHandleRequest: "Could not discover provider". The status and Retry-After are lost.
# web3 7.16.0. Hurts: whoever connects by it, Ape for every network that is given as an address among them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "web3==7.16.0" "setuptools<81"
cat >"$folder/show.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import web3
from web3 import HTTPProvider, Web3
from web3.providers.auto import AutoProvider

busy, asked = False, 0


class Node(BaseHTTPRequestHandler):
    def do_POST(self):
        global asked
        asked += 1
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result = {"web3_clientVersion": "node", "eth_chainId": "0x1"}[request["method"]]
        body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
        self.send_response(429 if busy else 200)
        if busy:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Node)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"
plain = lambda: HTTPProvider(url, exception_retry_configuration=None)
print("web3", web3.__version__)
for name, provider in (("HTTPProvider", plain()), ("AutoProvider", AutoProvider([plain]))):
    busy = False
    connection = Web3(provider)
    assert connection.eth.chain_id == 1
    busy, asked = True, 0
    try:
        provider.make_request("eth_chainId", [])
        raise SystemExit("a busy node gave an answer")
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        print(f"{name}: {type(error).__name__}, status {status}, {asked} requests: {str(error).splitlines()[0][:90]}")
        found = (type(error).__name__, status)
    assert found == {"HTTPProvider": ("HTTPError", 429), "AutoProvider": ("CannotHandleRequest", None)}[name], found
    assert asked > 1 or name == "HTTPProvider", asked
PY
"$folder/venv/bin/python" "$folder/show.py"
