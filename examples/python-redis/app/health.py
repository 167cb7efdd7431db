"""Exits 0 if the server answers that it is well."""

import urllib.request

urllib.request.urlopen("http://127.0.0.1:5000/health", timeout=4).close()
