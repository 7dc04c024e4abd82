# A program that asks the server beside it for a child with this one's arguments, folder, environment and streams,
# passes signals on, and ends as the child ends. Without site and packages it starts in a hundredth of a second.
import json
import os
import signal
import socket
import struct
import sys

mask = os.umask(0o077)
os.umask(mask)
folder = os.getcwd()  # noqa: PTH109 (pathlib takes as long as all else)
asked = {"folder": folder, "arguments": sys.argv[1:], "environment": dict(os.environ), "mask": mask}
said = json.dumps(asked).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect(f"{sys.argv[0]}.socket")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, lambda number, _: server.sendall(bytes([number])))
    socket.send_fds(server, [struct.pack("I", len(said))], [0, 1, 2])
    server.sendall(said)
    (code,) = struct.unpack("i", server.recv(4, socket.MSG_WAITALL))
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
