"""Opens two wallets, moves money between them, and acts on a refusal, with the typed client in coffer.py."""
import os
import time

from coffer import Coffer, Refused

coffer = Coffer(os.environ.get("COFFER_URL", "http://127.0.0.1:3000"), os.environ.get("COFFER_TOKEN"))
run = format(time.time_ns(), "x")  # New wallets each time, so that the example can be run again.
jane, shop = f"jane-{run}", f"shop-{run}"
coffer.deposit(id=jane, amount="800", request_id=f"first-{run}")
coffer.open_wallet(id=shop)
paid = coffer.transfer(id=jane, to_wallet_id=shop, amount="300", request_id=f"second-{run}")
print("jane has", paid["balance"], "and the shop", paid["to"]["balance"])
try:
    coffer.withdraw(id=jane, amount="10000", request_id=f"third-{run}")
except Refused as refused:
    print("a withdrawal of 10000 is refused:", refused.problem["code"])
print("movements:", [item["type"] for item in coffer.get_history(id=jane, limit=10)["items"]])
