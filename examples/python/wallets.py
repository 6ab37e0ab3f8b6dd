"""A client in Python that is made from Coffer's OpenAPI document when the program starts.

It needs Python 3.9 or newer and no package. Each operation of the document becomes a method: the parameters of path, query and body are
its keyword arguments, in snake_case. A generator such as openapi-python-client writes typed code from the same document
(/openapi.json); this program shows how little is needed without one.
"""
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """Coffer said no. The problem document (RFC 9457) has a stable "code"."""
    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem


class Coffer:
    def __init__(self, url, token=None):
        self._url, self._token = url, token
        document = self._send("GET", "/openapi.json")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if "operationId" in operation:
                    setattr(self, snake_case(operation["operationId"]), self._caller(method.upper(), path, operation))

    def _caller(self, method, path, operation):
        places = {p["name"]: p["in"] for p in operation.get("parameters", [])}
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        fields = content.get("schema", {}).get("properties", {})
        names = {snake_case(name): name for name in [*fields, *places]}

        def call(**given):
            url, query, body = path, {}, {}
            for name, value in given.items():
                name = names.get(name, name)
                place = places.get(name, "body")
                if place == "path":
                    url = url.replace("{%s}" % name, urllib.parse.quote(str(value), safe=""))
                elif place == "query":
                    query[name] = value
                else:
                    body[name] = value
            return self._send(method, url + ("?" + urllib.parse.urlencode(query) if query else ""), body or None)

        return call

    def _send(self, method, path, body=None):
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        data = None
        if body is not None:
            headers["content-type"], data = "application/json", json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as failure:
            raise Refused(json.load(failure)) from None


def snake_case(name):
    return re.sub(r"[A-Z]", lambda capital: "_" + capital.group().lower(), name)


coffer = Coffer(os.environ.get("COFFER_URL", "http://127.0.0.1:3000"), os.environ.get("COFFER_TOKEN"))
run = format(time.time_ns(), "x")  # New wallets each time, so that the example can be run again.
coffer.deposit(id=f"jane-{run}", amount="800", request_id=f"first-{run}")
coffer.open_wallet(id=f"shop-{run}")
paid = coffer.transfer(id=f"jane-{run}", to_wallet_id=f"shop-{run}", amount="300", request_id=f"second-{run}")
print("jane has", paid["balance"], "and the shop", paid["to"]["balance"])
try:
    coffer.withdraw(id=f"jane-{run}", amount="10000", request_id=f"third-{run}")
except Refused as refused:
    print("a withdrawal of 10000 is refused:", refused.problem["code"])
print("movements:", [item["type"] for item in coffer.get_history(id=f"jane-{run}", limit=10)["items"]])
