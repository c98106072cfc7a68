"""Starts moto's server on a free port and prints its URL, for `cargo xtask bench`."""

import logging

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

# It would log each request.
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(f"moto listens on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
