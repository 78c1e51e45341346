# Prints the part of tests/vectors/gateways.json that the PyPI packages epusdt 0.4.0 and bepusdt 0.3.15 sign. How the
# whole file is made, in a folder with these two and the npm package stripe 23.1.0:
#   python gateway_vectors.py | node gateway_vectors.cjs > gateways.json
import json
from decimal import Decimal
from importlib.metadata import version

import bepusdt.signature
import epusdt.signature

SECRET = "q7Vd2mXw9KbLr4TzNc8YfGhJ"
PAYMENT = "0198f3c2a5d07b6e9c1d2e3f40516273"


def vector(made_by, digest, sign, body):
    # Numbers are read as decimals, so that the package sees the zeros at their end.
    members = json.loads(body, parse_float=Decimal)
    return {"madeBy": made_by, "digest": digest, "secret": SECRET, "body": body, "signature": sign(members, SECRET)}


def bepusdt_vector(body):
    return vector(f"PyPI bepusdt {version('bepusdt')}", "md5", bepusdt.signature.generate_signature, body)


def epusdt_vector(digest, sign, body):
    return vector(f"PyPI epusdt {version('epusdt')}", digest, sign, body)


def both(body):
    sign = epusdt.signature
    return [
        epusdt_vector("hmac_sha256", sign.generate_gmpay_signature, body),
        epusdt_vector("md5", sign.generate_epay_signature, body),
    ]


create = (
    '{"order_id":"%s","amount":9.9,"notify_url":"https://shop.example/n/7","redirect_url":"https://shop.example/o/7?a=1&b=2",'
    '"trade_type":"usdt.trc20","fiat":"CNY","name":"月卡 & more","timeout":900}' % PAYMENT
)
notice = (
    '{"trade_id":"b3d2477c-d945-41da-96b7-f925bbd1b415","order_id":"%s","amount":28.88,"actual_amount":"4.25",'
    '"token":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","block_transaction_id":"","status":%d}'
)
gmpay = (
    '{"pid":"1000","trade_id":"3nQ9pL2xV7sK1mR8cT4yB_aZ","order_id":"%s","amount":100.00,"actual_amount":14.2850,'
    '"receive_address":"TTestTronAddress001","token":"USDT","block_transaction_id":"0xabc123","status":2}' % PAYMENT
)
unsigned = '{"order_id":"%s","amount":1200,"redirect_url":"","name":null,"pid":1000}' % PAYMENT
published = (
    '{"order_id":"20220201030210321","amount":42,"notify_url":"http://example.com/notify",'
    '"redirect_url":"http://example.com/redirect"}'
)
vectors = [
    {
        "madeBy": "the documentation of epusdt",
        "digest": "md5",
        "secret": "epusdt_password_xasddawqe",
        "body": published,
        "signature": "1cd4b52df5587cfb1968b0c0c6e156cd",
    },
    bepusdt_vector(create),
    bepusdt_vector(notice % (PAYMENT, 2)),
    bepusdt_vector(notice % (PAYMENT, 3)),
    *both(gmpay),
    *both(unsigned),
]
print(json.dumps({"epusdt": vectors}))
