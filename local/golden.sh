#!/usr/bin/env bash
# local/golden.sh PORT: plays a bit of everything on the host of ./run-local.sh at that port, so that its documents can be
# kept as those of this version (docs/versions.md says how). The host must be fresh.
set -euo pipefail

port=${1:?usage: local/golden.sh PORT}
api=http://127.0.0.1:$port
health=$(curl -sf "$api/local/health")
firestore=$(sed 's/.*"firestore":"\([^"]*\)".*/\1/' <<<"$health")
documents="http://$firestore/v1/projects/meterkite-local/databases/(default)/documents"
service=$(curl -sf "$api/local/token?role=service")
admin=$(curl -sf "$api/local/token?role=admin")

# call FUNCTION KEY BODY: calls as a service and shows the answer; any status is an answer.
call() {
  curl -s "$api/$1" -H "Authorization: Bearer $service" -H "Idempotency-Key: $2" \
    -H 'Content-Type: application/json' -d "$3"
  echo
}

# manage FUNCTION BODY: calls as an admin.
manage() {
  curl -s "$api/$1" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -d "$2"
  echo
}

# document PATH FIELDS [METHOD QUERY]: writes a document as its owner, past the rules.
document() {
  curl -sf "$documents/$1${4:-}" -X "${3:-PATCH}" -o /dev/null -H 'Authorization: Bearer owner' \
    -H 'Content-Type: application/json' -d "{\"fields\": $2}"
}

# stripe BODY: posts an event with the signature of the local secret.
stripe() {
  local at signature
  at=$(date +%s)
  signature=$(printf '%s.%s' "$at" "$1" | openssl dgst -sha256 -hmac whsec_local | sed 's/.*= *//')
  curl -s "$api/stripe-webhook" -H "Stripe-Signature: t=$at,v1=$signature" -H 'Content-Type: application/json' -d "$1"
  echo
}

# field NAME JSON: the text or number of the first member of that name.
field() {
  sed "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/" <<<"$2"
}

# until_job ID WORD: waits until the trigger has written that word into the job.
until_job() {
  local i
  for i in $(seq 1 150); do
    if curl -sf "$documents/podcast_jobs/$1" -H 'Authorization: Bearer owner' | grep -q "\"$2\""; then
      return
    fi
    sleep 0.2
  done
  echo "no $2 in job $1 after $i looks" >&2
  exit 1
}

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

document plans/default '{"version": {"stringValue": "golden"}, "price_book": {"mapValue": {"fields": {
  "credit_micros": {"integerValue": "1000"}, "markup_percent": {"integerValue": "50"}}}}}'
document model_prices/openai_gpt-4o_2026-01-01T00:00:00Z '{"provider": {"stringValue": "openai"},
  "model_id": {"stringValue": "gpt-4o"}, "status": {"stringValue": "active"},
  "effective_from": {"timestampValue": "2026-01-01T00:00:00Z"},
  "source": {"mapValue": {"fields": {"name": {"stringValue": "golden"}}}},
  "components": {"arrayValue": {"values": [
    {"mapValue": {"fields": {"meter": {"stringValue": "input"}, "unit": {"stringValue": "token"},
      "price": {"integerValue": "2500000"}}}},
    {"mapValue": {"fields": {"meter": {"stringValue": "output"}, "unit": {"stringValue": "token"},
      "price": {"integerValue": "10000000"}}}}]}}}'

# Credits: every kind of transaction, an open hold, one captured, a job in each state of payment.
call register-user g-ada '{"user_id": "ada", "tier": "pro", "email": "ada@example.com"}'
call register-user g-bob '{"user_id": "bob", "tier": "payg"}'
document users/old '{"user_id": {"stringValue": "old"}, "tier": {"stringValue": "enthu"},
  "credits_balance": {"doubleValue": 120}, "display_name": {"stringValue": "of another program"}}'
call grant-credits g-1 '{"user_id": "ada", "amount": 100, "type": "purchase", "description": "a package"}'
call grant-credits g-2 '{"user_id": "ada", "amount": 50, "type": "admin_adjustment",
  "expires_at": "2027-06-30T12:00:00Z"}'
debited=$(call debit-credits g-3 '{"user_id": "ada", "amount": 30, "description": "one answer"}')
call refund-credits g-4 "{\"transaction_id\": \"$(field transaction_id "$debited")\", \"amount\": 10,
  \"reason\": \"a bad answer\"}"
call debit-credits g-5 '{"user_id": "ada", "usage": {"provider": "openai", "model_id": "gpt-4o",
  "input_tokens": 100}}'
call debit-credits g-6 '{"user_id": "bob", "amount": 500}'
held=$(call hold-credits g-7 '{"user_id": "ada", "amount": 20}')
call settle-hold g-8 "{\"hold_id\": \"$(field hold_id "$held")\", \"action\": \"capture\", \"amount\": 15}"
call hold-credits g-9 '{"user_id": "ada", "amount": 7, "expires_in_seconds": 86400}'
for id in queued running completed failed; do
  document "podcast_jobs" "{\"job_id\": {\"stringValue\": \"job-$id\"}, \"user_id\": {\"stringValue\": \"ada\"},
    \"topic\": {\"stringValue\": \"Kites\"}, \"duration_min\": {\"doubleValue\": 5},
    \"quality\": {\"stringValue\": \"hd\"}, \"status\": {\"stringValue\": \"queued\"},
    \"created_at\": {\"timestampValue\": \"$now\"}}" POST "?documentId=job-$id"
  until_job "job-$id" held
  if [ "$id" != queued ]; then
    document "podcast_jobs/job-$id" "{\"status\": {\"stringValue\": \"$id\"}}" PATCH '?updateMask.fieldPaths=status'
  fi
done
until_job job-completed captured
until_job job-failed released

# Stripe: a package, a part of it refunded, and a subscription with its first invoice.
seconds=$(date +%s)
stripe "{\"id\": \"evt_1\", \"object\": \"event\", \"created\": $seconds, \"type\": \"checkout.session.completed\",
  \"data\": {\"object\": {\"id\": \"cs_1\", \"mode\": \"payment\", \"payment_status\": \"paid\",
  \"customer\": \"cus_bob\", \"payment_intent\": \"pi_1\", \"client_reference_id\": \"bob\", \"currency\": \"usd\",
  \"amount_subtotal\": 600, \"metadata\": {\"user_id\": \"bob\", \"credits\": \"100\"}}}}"
stripe "{\"id\": \"evt_2\", \"object\": \"event\", \"created\": $seconds, \"type\": \"charge.refunded\",
  \"data\": {\"object\": {\"id\": \"ch_1\", \"payment_intent\": \"pi_1\", \"customer\": \"cus_bob\",
  \"amount\": 600, \"amount_captured\": 600, \"amount_refunded\": 150}}}"
stripe "{\"id\": \"evt_3\", \"object\": \"event\", \"created\": $seconds, \"type\": \"customer.subscription.created\",
  \"data\": {\"object\": {\"id\": \"sub_1\", \"customer\": \"cus_bob\", \"status\": \"active\",
  \"items\": {\"data\": [{\"price\": {\"id\": \"price_pro\"}}]}}}}"

# Tiers and usage.
call register-customer g-c '{"customer_id": "lab-1", "bundle_tier": "pro", "monthly_scene_quota": 3,
  "organization_name": "Lab One", "email": "lab@example.com"}'
document scenes/kitchen '{"schema_version": {"integerValue": "1"}, "customer_id": {"stringValue": "lab-1"},
  "robot_type": {"stringValue": "franka"}, "custom_settings": {"mapValue": {"fields": {
  "light": {"stringValue": "warm"}}}}}'
call record-usage g-u1 '{"records": [
  {"customer_id": "lab-1", "scene_id": "kitchen", "action": "scene_generated", "episodes_generated": 10,
   "details": {"robot": "franka"}},
  {"customer_id": "lab-1", "scene_id": "garage", "action": "training_run", "compute_minutes": 12.5}]}'
document "usage_tracking/lab-1_foreign" "{\"schema_version\": {\"integerValue\": \"1\"},
  \"customer_id\": {\"stringValue\": \"lab-1\"}, \"scene_id\": {\"stringValue\": \"kitchen\"},
  \"action\": {\"stringValue\": \"export\"}, \"timestamp\": {\"timestampValue\": \"$now\"},
  \"storage_gb\": {\"doubleValue\": 1.5}, \"billable\": {\"booleanValue\": true}}"
manage set-feature-flag '{"customer_id": "lab-1", "flag": "sim2real", "value": false}'
manage set-feature-flag '{"bundle_tier": "standard", "percent": 25, "flag": "subtitle_generation", "value": true}'

# Models: a decision, an outcome, a reservation that is settled and one that is open, an outage with its alerts.
call route-model g-r1 '{"task_type": "llm", "input_tokens": 900, "output_tokens": 100}'
for i in 1 2 3 4 5 6 7 8; do
  call report-outcome "g-o$i" '{"provider": "anthropic", "success": false, "http_status": 503, "latency_ms": 900}'
done
call report-outcome g-o9 '{"provider": "openai", "success": true, "latency_ms": 400}'
reserved=$(call reserve-quota g-q1 '{"provider": "openai", "model_id": "gpt-4o", "tokens": 1000}')
call settle-quota g-q2 "{\"reservation_id\": \"$(field reservation_id "$reserved")\", \"tokens\": 800}"
call reserve-quota g-q3 '{"provider": "openai", "model_id": "gpt-4o", "tokens": 500}'

# The sweeps note where they ended.
for sweep in expire-credits reconcile-ledger reset-quotas check-providers; do
  manage "$sweep" '{}'
done
