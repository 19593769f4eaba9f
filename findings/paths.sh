#!/usr/bin/env bash
# @redocly/cli 2.77.0 and @stoplight/spectral-cli 6.16.3 judge the same valid OpenAPI 3.1 document differently: one has the
# path /launches/{id}/history/, whose id is a string of format uuid, beside /launches/upcoming/{id}/. Only
# /launches/upcoming/history/ would fit both templates, and neither "upcoming" nor "history" is a UUID. redocly's
# no-ambiguous-paths compares templates alone and reports an error; that an id is an integer or has a pattern changes nothing.
# spectral's oas ruleset, which has path-keys-no-duplicates and no rule like that one, reports no error.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --silent @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3
cat > rules.yaml << 'YAML'
extends: [recommended-strict]
YAML
echo 'extends: ["spectral:oas"]' > spectral.yaml
write() { # a document whose ids have this schema
    cat > document.json << JSON
{"openapi": "3.1.0", "info": {"title": "Launches", "version": "1", "license": {"name": "MIT", "identifier": "MIT"}},
 "servers": [{"url": "https://api.test.invalid"}], "security": [],
 "paths": {
  "/launches/{id}/history": {"get": {"operationId": "history", "summary": "History", "parameters": [
    {"name": "id", "in": "path", "required": true, "schema": $1}],
    "responses": {"200": {"description": "OK"}, "404": {"description": "No"}}}},
  "/launches/upcoming/{id}": {"get": {"operationId": "upcoming", "summary": "Upcoming", "parameters": [
    {"name": "id", "in": "path", "required": true, "schema": $1}],
    "responses": {"200": {"description": "OK"}, "404": {"description": "No"}}}}}}
JSON
}
for schema in '{"type": "string", "format": "uuid"}' '{"type": "integer"}' '{"type": "string", "pattern": "^[0-9]+$"}'; do
    write "$schema"
    said=$(REDOCLY_TELEMETRY=off node_modules/.bin/redocly lint --config rules.yaml --format json document.json 2> /dev/null || true)
    of_redocly=$(node -e 'const told = JSON.parse(require("fs").readFileSync(0)).problems; console.log(told.map(each => each.ruleId).join())' <<< "$said")
    of_spectral=$(node_modules/.bin/spectral lint --ruleset spectral.yaml --fail-severity error document.json > /dev/null 2>&1 && echo none || echo some)
    echo "$schema: errors of redocly: $of_redocly; of spectral: $of_spectral"
    [ "$of_redocly" = no-ambiguous-paths ] && [ "$of_spectral" = none ]
done
