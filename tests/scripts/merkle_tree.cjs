// Reads {values, dump, proofs} of one batch, ours, and answers with what @openzeppelin/merkle-tree makes of the same
// values, and of our dump and our proofs. Runs in contracts/, where the package is.
"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const { StandardMerkleTree } = createRequire(join(process.cwd(), "package.json"))("@openzeppelin/merkle-tree");

const { values, dump, proofs } = JSON.parse(readFileSync(0, "utf8"));
const tree = StandardMerkleTree.of(values, dump.leafEncoding);
const loaded = StandardMerkleTree.load(dump);
loaded.validate();
const verified = values.filter((value, i) => StandardMerkleTree.verify(tree.root, dump.leafEncoding, value, proofs[i]));
const answer = {
  root: tree.root,
  dump: tree.dump(),
  proofs: values.map((_, i) => tree.getProof(i)),
  loadedRoot: loaded.root,
  verified: verified.length,
};
process.stdout.write(JSON.stringify(answer));
