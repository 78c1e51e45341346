// Reads the first part of tests/vectors/gateways.json (see gateway_vectors.py), adds what the npm package stripe 23.1.0
// signs, and prints the whole.
"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const Stripe = createRequire(join(process.cwd(), "package.json"))("stripe");
const stripe = new Stripe("sk_test_0");

const secret = "whsec_Zk3vT8qLw5RnYc2HdJx7MbPg";
const timestamp = 1790000000;
const session = {
  id: "cs_test_a1B2c3D4e5F6",
  object: "checkout.session",
  client_reference_id: "0198f3c2a5d07b6e9c1d2e3f40516273",
  amount_total: 990,
  currency: "cny",
  livemode: false,
  payment_intent: "pi_3QabcDEF",
  payment_status: "paid",
  status: "complete",
};
const event = { id: "evt_1", object: "event", type: "checkout.session.completed", livemode: false, data: { object: session } };
const payloads = [JSON.stringify(event, null, 2), JSON.stringify(event), "", '{"name":"月卡"}\n'];

const vectors = JSON.parse(readFileSync(0, "utf8"));
vectors.stripe = payloads.map((payload) => ({
  madeBy: `npm stripe ${Stripe.PACKAGE_VERSION}`,
  secret,
  timestamp,
  payload,
  header: stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }),
}));
process.stdout.write(`${JSON.stringify(vectors, null, 1)}\n`);
