#!/bin/sh
# Guess: the JSON-LD context of ODRL maps each term of the vocabulary to itself, so "operator": "neq" in a policy means
# odrl:neq, "not equal", to every reader.
# Instead: the context expands `neq` to odrl:neg and `industry` to "odrl:industry:", which the vocabulary does not have:
# a constraint "not equal" becomes one with an unknown operator, and the same policy written with the vocabulary's own
# IRI is another document once canonicalised and hashed.
# @digitalbazaar/odrl-context 1.0.0 (the context that documents name as www.w3.org/ns/odrl.jsonld) with jsonld 9.0.0.
# Hurts: whoever signs, hashes or evaluates data licences in ODRL by their RDF.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @digitalbazaar/odrl-context@1.0.0 jsonld@9.0.0
node - <<'JS'
const assert = require('assert');
const jsonld = require('jsonld');
const {contexts, CONTEXT_URL_V1} = require('@digitalbazaar/odrl-context');

const documentLoader = async url => ({contextUrl: null, documentUrl: url, document: contexts.get(url)});
const policy = (operator, operand) => ({
  '@context': CONTEXT_URL_V1, type: 'Set', uid: 'urn:example:policy',
  permission: [{target: 'urn:example:data', action: 'use',
    constraint: [{leftOperand: operand, operator, rightOperand: 'x'}]}],
});
const canonical = document => jsonld.canonize(document, {algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader});
const means = (text, property) => text.match(new RegExp(`odrl/2/${property}> <([^>]*)>`))[1];

(async () => {
  const short = await canonical(policy('neq', 'industry'));
  const full = await canonical(policy('odrl:neq', 'odrl:industry'));
  console.log('jsonld', require('jsonld/package.json').version, 'odrl-context', require('@digitalbazaar/odrl-context/package.json').version);
  console.log('operator neq        ->', means(short, 'operator'));
  console.log('operator odrl:neq   ->', means(full, 'operator'));
  console.log('leftOperand industry ->', means(short, 'leftOperand'));
  console.log('one policy, two documents:', short !== full);
  assert.strictEqual(means(short, 'operator'), 'http://www.w3.org/ns/odrl/2/neg');
  assert.strictEqual(means(full, 'operator'), 'http://www.w3.org/ns/odrl/2/neq');
  assert.strictEqual(means(short, 'leftOperand'), 'http://www.w3.org/ns/odrl/2/industry:');
  assert.notStrictEqual(short, full);
  for (const term of ['eq', 'gt', 'isAnyOf'])
    assert.ok(means(await canonical(policy(term, 'purpose')), 'operator').endsWith(`/${term}`));
})();
JS
