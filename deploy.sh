#!/usr/bin/env bash
# Brings Meterkite to a Google Cloud project; ./deploy.sh --help lists the options.

# Any shell can read this far, so that an old one is named; macOS comes with bash 3.2.
if [ -z "${BASH_VERSION:-}" ] || [ "${BASH_VERSION%%.*}" -lt 4 ]; then
  printf 'deploy.sh: bash 4 or later is needed, not %s; on macOS: brew install bash\n' \
    "${BASH_VERSION:-another shell}" >&2
  exit 2
fi
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}" 2>/dev/null) || self=${BASH_SOURCE[0]}
cd "$(dirname "$self")"

readonly TABLE=functions.tsv INDEXES=firestore.indexes.json RULES=firestore.rules
# What is uploaded: one jar, its Class-Path beside it in libs/, no pom.
readonly SOURCE=functions/jar
readonly RUNTIME=java21
readonly DATABASE='(default)'
readonly BACKUPS_KEPT=14d
# An event is tried for about eight hours (10 to 600 s apart), then it is kept for as long as Pub/Sub keeps one.
readonly DELIVERY_ATTEMPTS=50 DEAD_LETTERS_KEPT=31d
readonly MONITORING=monitoring
readonly STRIPE_SECRET=stripe-webhook-secret
# The function that probes providers, and the secrets of their keys: openai-api-key and so on.
readonly PROBER=check-providers
# The JSON file of CUSTOMER_CONFIG_FILE: its secret, who reads it, and where functions see it.
readonly CONFIG_SECRET=customer-config CONFIG_ACCOUNT=customers CONFIG_PATH=/etc/meterkite/customers.json
readonly MOST_SECRET_BYTES=65536
# The fast compiler alone: a start takes half the processor time. The platform's own options are replaced by these.
readonly JVM_DEFAULT='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:MaxRAMPercentage=70'
# Variables of the functions that are taken over from the environment of this script where they are set.
readonly PASSED_ON=(
  SERVICE_ACCOUNTS GATEWAY_ACCOUNTS ALLOWED_ORIGINS FOREIGN_BALANCE CREDITS_MODE LOW_BALANCE
  RATE_CARD USAGE_CLOSE_DAYS USAGE_CHECK_DAYS FOCUS_PROVIDER FOCUS_ISSUER
  STRIPE_PRICES STRIPE_TRIAL_CREDITS STRIPE_SUBTOTALS
  ALERT_WEBHOOK_URL ALERT_TOPIC CUSTOMER_CONFIG_MODE DRAIN_SECONDS PROBE_DEADLINE_MS
  OPENAI_BASE_URL ANTHROPIC_BASE_URL GOOGLE_BASE_URL ELEVENLABS_BASE_URL
)
# A first trigger fails until the platform's own accounts have their roles, which takes minutes.
readonly ATTEMPTS=5 SECONDS_BETWEEN_ATTEMPTS=60
readonly APIS=(
  artifactregistry cloudbuild cloudfunctions cloudscheduler eventarc firebaserules firestore iam
  logging monitoring pubsub run secretmanager storage
)
# The settings of the site that Firebase Hosting serves, and the region in them, which another one takes the place of.
readonly HOSTING=console/hosting.json HOSTING_REGION=us-central1
# The folder with the console, which Maven puts together, and where it is published; a test has its own.
readonly SITE_FOLDER=${SITE_FOLDER:-console/target/hosting}
readonly HOSTING_API=${HOSTING_API:-https://firebasehosting.googleapis.com/v1beta1}
# Where rules are published; likewise.
readonly RULES_API=${RULES_API:-https://firebaserules.googleapis.com/v1}
# What builds the jar; likewise.
readonly MAVEN=${MAVEN:-./mvnw}
# Where the model catalogue is written; likewise.
readonly DOCUMENTS_API=${DOCUMENTS_API:-https://firestore.googleapis.com/v1}

project='' region='' location=us-central1
dry=false plan=false what=all container=false
only=()
bucket='' collections='' database='' from='' function='' minutes=10
image=''

usage() {
  cat <<'TEXT'
Usage: ./deploy.sh --project ID [options]
       ./deploy.sh backup --project ID [--bucket gs://BUCKET] [--collections A,B...]
       ./deploy.sh restore gs://BUCKET/YYYYMMDD | BACKUP --project ID [--collections A,B...] [--database NAME]
       ./deploy.sh replay FUNCTION --project ID [--minutes N]

Without a command it deploys everything. backup exports to gs://BUCKET/YYYYMMDD, by default in the bucket
ID-meterkite-backups, which it makes; restore brings an export or a daily backup into a database of its own,
named restored-YYYYMMDD unless --database says otherwise; replay delivers the dead letters of a trigger again
for some minutes (default 10).

  --project ID      the Google Cloud project
  --location PLACE  where the database is, or is to be: a region or nam5, eur3 (default us-central1)
  --region REGION   where the functions run (default: the database's location, if that is a region)
  --only NAME...    only these functions; everything else is left as it is
  --rules           only the security rules
  --console         only the console and the one address of all functions, on Firebase Hosting; the functions
                    are there, and the project has Firebase (docs/console.md)
  --urls            prints where everything answers; changes nothing
  --catalogue       only the model catalogue: the models that it lacks; needs functions/jar
  --plans           only the plans (PLANS_FILE); needs functions/jar
  --container       functions as Cloud Run services of one image (Containerfile), which start faster
  --destroy         deletes schedules, functions, their dead letters and service accounts; data, indexes,
                    rules, secrets, metrics, dashboard, policies and the site of Hosting stay
  --plan            builds, compares with what is deployed and prints what would be added, changed or left
                    over; changes nothing. Goes with --only and --container
  --dry-run         runs nothing; prints the commands, one a line

Settings of the functions are taken from the environment: TOKEN_ISSUERS (default: Google service
accounts, and Firebase users of the project), SERVICE_ACCOUNTS and the others of the README's table.
PROVIDER_KEYS     providers whose keys are in Secret Manager, separated by commas: openai (secret
                  openai-api-key), anthropic, google, elevenlabs; the others are not probed
PLANS_FILE        a JSON file here with plans (docs/plans.md), which replaces the document plans/default;
                  without it the program's plans are written where there is no document
CUSTOMER_CONFIG_FILE  a JSON file here, at most 64 KiB; functions get it as a secret
JVM_OPTIONS       options of the functions' JVM (default: the fast compiler alone)
NOTIFICATION_CHANNELS names those that alert policies tell, separated by commas.
TEXT
}

fail() {
  printf 'deploy.sh: %s\n' "$1" >&2
  exit 2
}

# --- The command line

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      backup) what=backup && shift ;;
      restore | replay)
        if [ -z "${2:-}" ] || [ "${2#-}" != "$2" ]; then fail "$1 needs a name"; fi
        what=$1
        if [ "$1" = restore ]; then from=$2; else function=$2; fi
        shift 2
        ;;
      --project | --region | --location | --bucket | --collections | --database | --minutes)
        [ -n "${2:-}" ] || fail "$1 needs a value"
        printf -v "${1#--}" %s "$2"
        shift 2
        ;;
      --project=* | --region=* | --location=* | --bucket=* | --collections=* | --database=* | --minutes=*)
        local name=${1%%=*}
        printf -v "${name#--}" %s "${1#*=}"
        shift
        ;;
      --only)
        shift
        while [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; do
          only+=("$1")
          shift
        done
        [ ${#only[@]} -gt 0 ] || fail '--only needs the name of a function'
        what=only
        ;;
      --rules) what=rules && shift ;;
      --console) what=console && shift ;;
      --urls) what=urls && shift ;;
      --catalogue) what=catalogue && shift ;;
      --plans) what=plans && shift ;;
      --container) container=true && shift ;;
      --destroy) what=destroy && shift ;;
      --plan) plan=true && shift ;;
      --dry-run) dry=true && shift ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) fail "unknown option $1; --help lists the options" ;;
    esac
  done
}

# Says what is not there, all at once, each in one sentence.
check_tools() {
  local lacking=()
  if [ "$(printf A | sed 's/A/\n\L&/' 2>/dev/null | tail -n 1)" != a ]; then
    lacking+=('GNU sed is needed; on macOS: brew install gnu-sed, and put its gnubin folder first on the PATH')
  fi
  if [ "$(printf 'b\0a\0' | sort -z 2>/dev/null | tr '\0' ' ')" != 'a b ' ] ||
    ! command -v sha256sum >/dev/null; then
    lacking+=('GNU coreutils are needed; on macOS: brew install coreutils, and put its gnubin folder first on the PATH')
  fi
  if ! $dry; then
    command -v gcloud >/dev/null ||
      lacking+=('the Google Cloud CLI (gcloud) is needed: https://cloud.google.com/sdk/docs/install')
    command -v curl >/dev/null || lacking+=('curl is needed')
    case $what in
      all | only | catalogue | console | plans) command -v java >/dev/null || lacking+=('java is needed, of a JDK 17 or later') ;;
    esac
  fi
  [ ${#lacking[@]} -gt 0 ] || return 0
  printf 'deploy.sh: %s\n' "${lacking[@]}" >&2
  exit 2
}

preflight() {
  check_tools
  [[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || fail '--project ID is missing or no project id'
  [[ $location =~ ^[a-z]+([0-9]|-[a-z]+[0-9]+)$ ]] ||
    fail "$location is no location; a database is in a region such as us-central1, or in several, such as nam5"
  if [ -z "$region" ]; then
    [[ $location == *-* ]] || fail "$location holds several regions: name one of them with --region"
    region=$location
  fi
  [[ $region == *-* ]] || fail "$region is no region; functions run in one, for example us-central1"
  local name file
  for file in "$TABLE" "$INDEXES" "$RULES" "$HOSTING" "$MONITORING/dashboard.json"; do
    [ -r "$file" ] || fail "$file is missing"
  done
  for name in ${only[@]+"${only[@]}"}; do
    lines | cut -f 1 | grep -qxF -- "$name" || fail "$TABLE has no function $name"
  done
  preflight_of_command
  for name in $(providers); do
    case $name in
      openai | anthropic | google | elevenlabs) ;;
      *) fail "PROVIDER_KEYS names $name; known are openai, anthropic, google, elevenlabs" ;;
    esac
  done
  if [ -n "${PLANS_FILE:-}" ]; then
    [ -r "$PLANS_FILE" ] || fail "PLANS_FILE $PLANS_FILE cannot be read"
  fi
  if [ -n "${CUSTOMER_CONFIG_FILE:-}" ]; then
    [ -r "$CUSTOMER_CONFIG_FILE" ] || fail "CUSTOMER_CONFIG_FILE $CUSTOMER_CONFIG_FILE cannot be read"
    [ "$(wc -c <"$CUSTOMER_CONFIG_FILE")" -le "$MOST_SECRET_BYTES" ] ||
      fail "CUSTOMER_CONFIG_FILE $CUSTOMER_CONFIG_FILE is larger than a secret may be, $MOST_SECRET_BYTES bytes"
  fi
  if $dry; then
    return
  fi
  [ -n "$(gcloud auth list --filter=status:ACTIVE --format='value(account)' 2>/dev/null)" ] ||
    fail 'nobody is signed in: gcloud auth login'
  gcloud projects describe "$project" --format='value(projectId)' >/dev/null ||
    fail "project $project does not exist, or you may not see it"
}

# What only some commands need.
preflight_of_command() {
  [ -n "$bucket" ] || bucket=gs://$project-meterkite-backups
  bucket=${bucket%/}
  [[ $bucket =~ ^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$ ]] || fail "$bucket is no bucket, such as gs://my-bucket"
  [[ $collections =~ ^([A-Za-z0-9_]+(,[A-Za-z0-9_]+)*)?$ ]] || fail "$collections is no list of collections"
  [[ $database =~ ^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])?$ ]] || fail "$database is no name of a database"
  [[ $minutes =~ ^[1-9][0-9]{0,2}$ ]] || fail "--minutes takes 1 to 999, not $minutes"
  if $plan; then
    ! $dry || fail '--plan asks what is deployed, which --dry-run does not'
    case $what in
      all | only) ;;
      *) fail '--plan goes with --only and --container alone' ;;
    esac
  fi
  if [ "$what" = replay ] && ! triggers | grep -qxF -- "$function"; then
    fail "$TABLE has no trigger $function"
  fi
  case $what,$from in
    restore,gs://*/* | restore,projects/*/locations/*/backups/*) ;;
    restore,*) fail "$from is no export, such as gs://my-bucket/20260131, and no backup, such as projects/P/locations/L/backups/B" ;;
  esac
}

# --- Running and printing

# A command as a line that a shell reads as the same words.
print_line() {
  local word line=''
  for word in "$@"; do
    if [[ ! $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]]; then
      word="'${word//\'/\'\\\'\'}'"
    fi
    line+="$word "
  done
  printf '%s\n' "${line% }"
}

run() {
  if $plan; then
    return
  elif $dry; then
    print_line "$@"
  else
    print_line "$@" >&2
    "$@"
  fi
}

# Runs what creates something; that it is there already is as good.
make() {
  if $plan; then
    return
  elif $dry; then
    print_line "$@"
    return
  fi
  print_line "$@" >&2
  local output
  if output=$("$@" 2>&1); then
    return
  fi
  case ${output,,} in
    *already?exists*) ;;
    *)
      printf '%s\n' "$output" >&2
      return 1
      ;;
  esac
}

run_again() {
  local attempt=1
  until run "$@"; do
    [ "$attempt" -lt "$ATTEMPTS" ] || return 1
    printf 'Attempt %s of %s failed; the next one follows.\n' "$attempt" "$ATTEMPTS" >&2
    attempt=$((attempt + 1))
    sleep "$SECONDS_BETWEEN_ATTEMPTS"
  done
}

in_project() {
  "$1" gcloud "${@:2}" "--project=$project" --quiet
}

# What a command answers; nothing is asked in a dry run or a plan, where the first word stands for the answer.
answer() {
  local stand_in=$1
  shift
  if $dry || $plan; then
    printf '%s' "$stand_in"
  else
    gcloud "$@" "--project=$project"
  fi
}

# --- The table of functions

# The lines of all functions, columns separated by tabs.
lines() {
  grep -v -e '^#' -e '^[[:space:]]*$' "$TABLE" | tail -n +2
}

# The lines of the functions that are wanted.
wanted() {
  if [ ${#only[@]} -eq 0 ]; then
    lines
  else
    lines | awk -F '\t' -v names="${only[*]}" \
      'BEGIN { split(names, list, " "); for (i in list) want[list[i]] } $1 in want'
  fi
}

# The names of the event functions whose events are delivered again.
triggers() {
  lines | awk -F '\t' '$3 == "event" && $12 == "true" { print $1 }'
}

email() {
  printf 'meterkite-%s@%s.iam.gserviceaccount.com' "$1" "$project"
}

# Where all functions of a project and region are found, and the audience of tokens for them.
root() {
  printf 'https://%s-%s.cloudfunctions.net' "$region" "$project"
}

# --- What is needed once

enable_apis() {
  in_project run services enable "${APIS[@]/%/.googleapis.com}"
}

make_database() {
  in_project make firestore databases create "--database=$DATABASE" "--location=$location" \
    --type=firestore-native --delete-protection
  in_project run firestore databases update "--database=$DATABASE" --enable-pitr
  if ! $dry && [ -n "$(gcloud firestore backups schedules list "--database=$DATABASE" \
    "--project=$project" --format='value(name)')" ]; then
    return
  fi
  in_project make firestore backups schedules create "--database=$DATABASE" \
    --recurrence=daily "--retention=$BACKUPS_KEPT"
}

make_account() {
  in_project make iam service-accounts create "meterkite-$1" "--display-name=Meterkite: $2"
}

grant() {
  in_project run projects add-iam-policy-binding "$project" \
    "--member=serviceAccount:$(email "$1")" "--role=$2" --condition=None --format=none
}

# The accounts that functions run as read and write documents, and nothing else.
make_accounts() {
  local account
  for account in $(wanted | cut -f 5 | sort -u); do
    make_account "$account" "functions of $account"
    grant "$account" roles/datastore.user
  done
  make_account build 'builds the functions'
  grant build roles/cloudbuild.builds.builder
  make_account trigger 'delivers document events'
  grant trigger roles/eventarc.eventReceiver
  make_account scheduler 'calls what is scheduled'
}

# Those that send alerts may publish to the topic, where there is one.
allow_publishing() {
  local account
  if [ -z "${ALERT_TOPIC:-}" ]; then
    return
  fi
  for account in $(wanted | cut -f 5 | sort -u | grep -x -e alerts -e health); do
    in_project run pubsub topics add-iam-policy-binding "$ALERT_TOPIC" \
      "--member=serviceAccount:$(email "$account")" --role=roles/pubsub.publisher --format=none
  done
}

# The providers whose keys are in Secret Manager, one a word.
providers() {
  printf '%s' "${PROVIDER_KEYS:-}" | tr ',' ' '
}

# What a function reads of Secret Manager, as --set-secrets takes it: NAME=SECRET:latest,...
secrets_of() {
  local name=$1 account=$2 roles=$3 provider list=''
  if [ "$roles" = stripe ]; then
    list+=,STRIPE_WEBHOOK_SECRET=$STRIPE_SECRET:latest
  fi
  if [ "$name" = "$PROBER" ]; then
    for provider in $(providers); do
      list+=,${provider^^}_API_KEY=$provider-api-key:latest
    done
  fi
  if [ "$account" = "$CONFIG_ACCOUNT" ] && [ -n "${CUSTOMER_CONFIG_FILE:-}" ]; then
    list+=,$CONFIG_PATH=$CONFIG_SECRET:latest
  fi
  printf '%s' "${list#,}"
}

# The secrets of the functions that are wanted, each with the account that uses it.
needed_secrets() {
  local name account roles list secret
  while IFS=$'\t' read -r name account roles; do
    list=$(secrets_of "$name" "$account" "$roles")
    for secret in ${list//,/ }; do
      secret=${secret#*=}
      printf '%s\t%s\n' "${secret%:latest}" "$account"
    done
  done < <(wanted | cut -f 1,5,13)
}

# Makes them, each readable by the one account that uses it. Keys never pass through here: which secrets have to be
# given a value is said, of all at once.
make_secrets() {
  local secret account lacking=()
  while IFS=$'\t' read -r secret account; do
    in_project make secrets create "$secret" --replication-policy=automatic
    in_project run secrets add-iam-policy-binding "$secret" \
      "--member=serviceAccount:$(email "$account")" --role=roles/secretmanager.secretAccessor --format=none
    if [ "$secret" = "$CONFIG_SECRET" ]; then
      write_configuration
    elif ! $dry && [ -z "$(gcloud secrets versions list "$secret" "--project=$project" \
      --filter=state:ENABLED --format='value(name)')" ]; then
      lacking+=("$secret")
    fi
  done < <(needed_secrets | sort -u)
  for secret in ${lacking[@]+"${lacking[@]}"}; do
    print_line gcloud secrets versions add "$secret" "--project=$project" --data-file=FILE >&2
  done
  [ ${#lacking[@]} -eq 0 ] ||
    fail "a secret has no value: ${lacking[*]}; give it one as above, then run this again"
}

# A new version of the customers' file where it differs from the last one.
write_configuration() {
  if ! $dry && gcloud secrets versions access latest "--secret=$CONFIG_SECRET" "--project=$project" 2>/dev/null |
    cmp -s - "$CUSTOMER_CONFIG_FILE"; then
    return
  fi
  in_project run secrets versions add "$CONFIG_SECRET" "--data-file=$CUSTOMER_CONFIG_FILE"
}

# Composite indexes, exempt fields and lifetimes, from the file that the Firebase CLI reads too.
make_indexes() {
  local kind group rest
  while IFS=$'\t' read -r kind group rest; do
    case $kind in
      index)
        local fields=() field
        for field in $rest; do
          fields+=("--field-config=field-path=${field%%:*},order=${field##*:}")
        done
        in_project make firestore indexes composite create "--database=$DATABASE" \
          "--collection-group=$group" --query-scope=collection "${fields[@]}" --async
        ;;
      exempt)
        in_project run firestore indexes fields update "$rest" "--database=$DATABASE" \
          "--collection-group=$group" --disable-indexes --async
        ;;
      ttl)
        # One change of a field at a time: the second is refused while the first is under way.
        in_project run firestore indexes fields update "$rest" "--database=$DATABASE" \
          "--collection-group=$group" --disable-indexes
        in_project run firestore fields ttls update "$rest" "--database=$DATABASE" \
          "--collection-group=$group" --enable-ttl --async
        ;;
      *) fail "$INDEXES holds what this script cannot apply: $group $rest" ;;
    esac
  done < <(read_indexes)
}

# firestore.indexes.json as lines: index GROUP FIELD:ORDER..., exempt GROUP FIELD, ttl GROUP FIELD.
read_indexes() {
  { tr -d ' \n\r\t' <"$INDEXES" && echo; } | sed 's/{"collectionGroup":/\n&/g' | sed -n '
    /^{"collectionGroup":/!d
    s/^{"collectionGroup":"\([^"]*\)",/\1\t/
    /\t"queryScope":"COLLECTION","fields":\[/ {
      s/"queryScope":"COLLECTION","fields":\[//
      s/\].*//
      s/{"fieldPath":"\([^"]*\)","order":"\([A-Z]*\)"},\?/\1:\L\2 /g
      s/^/index\t/p
      d
    }
    /\t"fieldPath":"[^"]*","ttl":true,"indexes":\[\]}/ {
      s/\(.*\)\t"fieldPath":"\([^"]*\)".*/ttl\t\1\t\2/p
      d
    }
    s/\(.*\)\t"fieldPath":"\([^"]*\)","indexes":\[\]}.*/exempt\t\1\t\2/
    t known
    s/^/unknown\t/
    :known
    p'
}

# --- Security rules: a ruleset, then the release that makes it the one in force

apply_rules() {
  if $dry; then
    print_line ./deploy.sh --rules "--project=$project" "--location=$location" "--region=$region"
    return
  fi
  local token ruleset name release="projects/$project/releases/cloud.firestore"
  token=$(gcloud auth print-access-token)
  # The name of a file in a ruleset is ours to choose: with its text's sum it tells whether these are in force.
  name=$RULES.$(sha256sum <"$RULES" | cut -c 1-16)
  if [ "$(rules_in_force)" = "$name" ]; then
    printf 'The rules in force are these already.\n' >&2
    return
  fi
  ruleset=$(
    printf '{"source":{"files":[{"name":"%s","content":"%s"}]}}' "$name" "$(json_text <"$RULES")" |
      rules_api POST "projects/$project/rulesets" | json_member name '[^"]*\/rulesets\/[^"]*'
  )
  [ -n "$ruleset" ] || fail 'the rules were not taken'
  printf '{"release":{"name":"%s","rulesetName":"%s"}}' "$release" "$ruleset" |
    rules_api PATCH "$release" >/dev/null ||
    printf '{"name":"%s","rulesetName":"%s"}' "$release" "$ruleset" |
    rules_api POST "projects/$project/releases" >/dev/null ||
    fail 'the rules were not released'
  printf 'The rules in force are %s.\n' "$ruleset" >&2
}

# The name of the file of rules that is in force; nothing where none is. Needs $token and $release.
rules_in_force() {
  local in_force ruleset
  in_force=$(rules_api GET "$release" 2>/dev/null) || return 0
  ruleset=$(json_member rulesetName <<<"$in_force") || return 0
  [ -z "$ruleset" ] || rules_api GET "$ruleset" | json_member name '[^"/]*'
}

# The first text member of this name, whose value matches the pattern, in JSON on standard input.
json_member() {
  tr -d '\n' | grep -o "\"$1\": *\"${2:-[^\"]*}\"" | head -n 1 | sed "s/^\"$1\": *\"//; s/\"\$//"
}

rules_api() {
  google_api "$1" "$RULES_API/$2"
}

# google_api METHOD URL [TYPE]: sends standard input, but for a GET. The token goes by a file descriptor, since arguments
# can be seen by others.
google_api() {
  local data=(--data-binary @-)
  [ "$1" != GET ] || data=()
  curl --silent --show-error --fail-with-body --request "$1" ${data[@]+"${data[@]}"} \
    --header "Content-Type: ${3:-application/json}" --header "X-Goog-User-Project: $project" \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") "$2"
}

# A text as the inside of a JSON string.
json_text() {
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' | awk '{ printf "%s\\n", $0 }'
}

# --- The console and the one address: a version of the site, its files, then the release that shows it

deploy_console() {
  in_project run services enable firebasehosting.googleapis.com
  run "$MAVEN" -q -f console/pom.xml dependency:unpack@libraries resources:copy-resources@app
  if $dry; then
    print_line ./deploy.sh --console "--project=$project" "--location=$location" "--region=$region"
    return
  fi
  local token site=$HOSTING_API/sites/$project made_of live version
  token=$(gcloud auth print-access-token)
  made_of=$(fingerprint "$SITE_FOLDER" "$HOSTING" -- "$region")
  live=$(google_api GET "$site/channels/live") ||
    fail "the project has no site of Firebase Hosting: https://console.firebase.google.com/project/$project/hosting"
  if [ "$(json_member made-of <<<"$live")" != "$made_of" ]; then
    version=$(printf '{"labels":{"made-of":"%s"},"config":%s}' "$made_of" "$(serving_config)" |
      google_api POST "$site/versions" | json_member name '[^"]*\/versions\/[^"]*')
    [ -n "$version" ] || fail 'no version of the site was made; are all functions of functions.tsv there?'
    upload_site "$HOSTING_API/$version"
    printf '{"status":"FINALIZED"}' |
      google_api PATCH "$HOSTING_API/$version?update_mask=status" >/dev/null ||
      fail "$version was not finished"
    printf '{}' | google_api POST "$site/releases?versionName=$version" >/dev/null ||
      fail "$version was not released"
    printf 'Released %s.\n' "$version" >&2
  else
    printf 'The console is up to date.\n' >&2
  fi
  printf '%s/console/\n' "$(hosted)"
}

serving_config() {
  sed "s/\"region\": \"$HOSTING_REGION\"/\"region\": \"$region\"/" "$HOSTING"
}

# Sends what the version lacks; files are named by the sum of their gzipped form.
upload_site() {
  local packed file sum url answer list=''
  local -A file_of=()
  packed=$(mktemp -d)
  while IFS= read -r file; do
    gzip -9nc "$SITE_FOLDER/$file" >"$packed/file"
    sum=$(sha256sum <"$packed/file" | cut -c 1-64)
    mv "$packed/file" "$packed/$sum"
    file_of[$sum]=$file
    list+=",\"/$file\":\"$sum\""
  done < <(cd "$SITE_FOLDER" && find . -type f -printf '%P\n' | LC_ALL=C sort)
  answer=$(printf '{"files":{%s}}' "${list#,}" | google_api POST "$1:populateFiles") ||
    fail 'the list of files was not taken'
  url=$(json_member uploadUrl <<<"$answer")
  for sum in $(tr -d ' \n' <<<"$answer" | grep -o '"uploadRequiredHashes":\[[^]]*\]' | grep -o '[0-9a-f]\{64\}'); do
    google_api POST "$url/$sum" application/octet-stream <"$packed/$sum" >/dev/null ||
      fail "${file_of[$sum]} was not uploaded"
  done
  rm -r "$packed"
}

hosted() {
  printf 'https://%s.web.app' "$project"
}

# A line for each function that can be called: its name, its own address, the one behind Hosting.
print_urls() {
  local name kind
  printf 'console\t%s/console/\n' "$(hosted)"
  while IFS=$'\t' read -r name _ kind _; do
    [ "$kind" = event ] || printf '%s\t%s\t%s/api/%s\n' "$name" "$(address_of "$name")" "$(hosted)" "$name"
  done < <(lines)
}

# Functions are found below one root; services each have an address of their own.
address_of() {
  if $container; then url_of "$1"; else printf '%s/%s' "$(root)" "$1"; fi
}

# --- The model catalogue: documents that are not there yet; what was edited stays

seed_catalogue() {
  if $dry; then
    print_line ./deploy.sh --catalogue "--project=$project" "--location=$location" "--region=$region"
    return
  fi
  local token id body status
  token=$(gcloud auth print-access-token)
  while IFS=$'\t' read -r id body; do
    status=$(printf '%s' "$body" | curl --silent --show-error --output /dev/null \
      --write-out '%{http_code}' --data-binary @- --header 'Content-Type: application/json' \
      --header "X-Goog-User-Project: $project" \
      --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
      "$DOCUMENTS_API/projects/$project/databases/$DATABASE/documents/model_catalog?documentId=$id")
    case $status in
      200 | 409) ;;
      *) fail "model $id was not written to the catalogue: HTTP status $status" ;;
    esac
  done < <(java -cp "$SOURCE/*:$SOURCE/libs/*" dev.meterkite.functions.routing.CatalogueSeed)
}

# --- The plans: a file replaces them; the program's are written where there are none

seed_plans() {
  if $dry; then
    print_line ${PLANS_FILE:+"PLANS_FILE=$PLANS_FILE"} ./deploy.sh --plans "--project=$project" "--location=$location" "--region=$region"
    return
  fi
  local token body status method=POST path='plans?documentId=default'
  body=$(java -cp "$SOURCE/*:$SOURCE/libs/*" dev.meterkite.functions.plans.SeededPlans ${PLANS_FILE:+"$PLANS_FILE"}) ||
    fail "the plans are not valid; nothing was written"
  if [ -n "${PLANS_FILE:-}" ]; then
    method=PATCH path=plans/default
  fi
  token=$(gcloud auth print-access-token)
  status=$(printf '%s' "$body" | curl --silent --show-error --output /dev/null --request "$method" \
    --write-out '%{http_code}' --data-binary @- --header 'Content-Type: application/json' \
    --header "X-Goog-User-Project: $project" \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
    "$DOCUMENTS_API/projects/$project/databases/$DATABASE/documents/$path")
  case $method,$status in
    *,200 | POST,409) ;;
    *) fail "the plans were not written: HTTP status $status" ;;
  esac
}

# --- The functions

# For a plan too: what a function is made of tells whether it would be deployed.
build() {
  local build=("$MAVEN" -q -pl functions -am -DskipTests package)
  if $plan; then
    "${build[@]}"
  else
    run "${build[@]}"
  fi
}

settings() {
  local issuers=${TOKEN_ISSUERS:-}
  if [ -z "$issuers" ]; then
    issuers='[{"issuer":"https://accounts.google.com","jwks_uri":"https://www.googleapis.com/oauth2/v3/certs",'
    issuers+="\"audiences\":[\"$(root)\"],\"kind\":\"google\"},"
    issuers+="{\"issuer\":\"https://securetoken.google.com/$project\",\"jwks_uri\":"
    issuers+='"https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",'
    issuers+="\"audiences\":[\"$project\"],\"kind\":\"firebase\"}]"
  fi
  printf '^@@^GOOGLE_CLOUD_PROJECT=%s@@TOKEN_ISSUERS=%s@@SCHEDULER_ACCOUNTS=%s' \
    "$project" "$issuers" "$(email scheduler)"
  local name
  for name in "${PASSED_ON[@]}"; do
    [ -z "${!name:-}" ] || printf '@@%s=%s' "$name" "${!name}"
  done
  if [ -n "${CUSTOMER_CONFIG_FILE:-}" ] && [ "${1:-}" = "$CONFIG_ACCOUNT" ]; then
    printf '@@CUSTOMER_CONFIG_FILE=%s' "$CONFIG_PATH"
  fi
}

# One name for what a function is made of: how it is deployed and the contents of these files. While it stays,
# the function is not deployed again.
fingerprint() {
  local files=()
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  {
    printf '%s\n' "$@"
    find "${files[@]}" -type f -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c 1-40
}

# The files that a function of this account is made of.
files_of() {
  printf '%s\n' "$SOURCE"
  if [ "$1" = "$CONFIG_ACCOUNT" ] && [ -n "${CUSTOMER_CONFIG_FILE:-}" ]; then
    printf '%s\n' "$CUSTOMER_CONFIG_FILE"
  fi
}

# Named by what it is made of, so that one that is there need not be built again.
image() {
  local tag=TAG
  $dry || tag=$(fingerprint "$SOURCE" Containerfile container "$TABLE" --)
  printf '%s-docker.pkg.dev/%s/meterkite/functions:%s' "$region" "$project" "$tag"
}

build_image() {
  ! $plan || return 0
  in_project make artifacts repositories create meterkite --repository-format=docker \
    "--location=$region"
  if ! $dry && gcloud artifacts docker images describe "$image" "--project=$project" >/dev/null 2>&1; then
    return
  fi
  in_project run builds submit . --config=container/cloudbuild.yaml \
    --ignore-file=container/.gcloudignore "--substitutions=_IMAGE=$image" \
    "--service-account=projects/$project/serviceAccounts/$(email build)"
}

# The same functions as services of the image: same accounts, limits, settings, triggers, schedules.
deploy_containers() {
  local name class kind trigger account memory cpu concurrency min max timeout retry roles
  while IFS=$'\t' read -r name class kind trigger account memory cpu concurrency min max timeout \
    retry roles; do
    local signature=http flags=()
    if [ "$kind" = event ]; then
      signature=cloudevent
      flags+=(--no-allow-unauthenticated)
    else
      flags+=(--allow-unauthenticated)
    fi
    deploy_service "$name" "$account" "--image=$image" "--region=$region" \
      "--service-account=$(email "$account")" "--memory=${memory}Mi" "--cpu=$cpu" \
      "--concurrency=$concurrency" "--min-instances=$min" "--max-instances=$max" \
      "--timeout=${timeout}s" --cpu-boost "$(secrets_flag "$name" "$account" "$roles")" \
      "--set-env-vars=$(settings "$account")@@FUNCTION_TARGET=$class@@FUNCTION_SIGNATURE_TYPE=$signature" \
      "${flags[@]}"
    if [ "$kind" = event ]; then
      in_project run run services add-iam-policy-binding "$name" "--region=$region" \
        "--member=serviceAccount:$(email trigger)" --role=roles/run.invoker --format=none
      in_project make eventarc triggers create "$name" "--location=$location" \
        "--destination-run-service=$name" "--destination-run-region=$region" \
        "--event-filters=type=google.cloud.firestore.document.v1.${trigger%% *}" \
        "--event-filters=database=$DATABASE" \
        "--event-filters-path-pattern=document=${trigger#* }" \
        --event-data-content-type=application/protobuf "--service-account=$(email trigger)"
      keep_dead_letters "$name" "$name"
    fi
    if [ "$kind" = schedule-http ]; then
      schedule "$name" "$trigger" "$timeout" "$(url_of "$name")"
    fi
  done < <(wanted)
}

# Sets what a function reads of Secret Manager, and takes away what it no longer reads.
secrets_flag() {
  local list
  list=$(secrets_of "$@")
  if [ -n "$list" ]; then
    printf -- '--set-secrets=%s' "$list"
  else
    printf -- --clear-secrets
  fi
}

# Where a function answers, as a function or as a service.
url_of() {
  if $container; then
    answer "https://URL-OF-$1" run services describe "$1" "--region=$region" '--format=value(status.url)'
  else
    answer "https://URL-OF-$1" functions describe "$1" --gen2 "--region=$region" \
      '--format=value(serviceConfig.uri)'
  fi
}

deploy_functions() {
  if $container; then
    image=$(image)
    build_image
    deploy_containers
    return
  fi
  local name class kind trigger account memory cpu concurrency min max timeout retry roles
  while IFS=$'\t' read -r name class kind trigger account memory cpu concurrency min max timeout \
    retry roles; do
    local flags=(
      --gen2 "--region=$region" "--runtime=$RUNTIME" "--source=$SOURCE" "--entry-point=$class"
      "--service-account=$(email "$account")"
      "--build-service-account=projects/$project/serviceAccounts/$(email build)"
      "--memory=${memory}Mi" "--cpu=$cpu" "--concurrency=$concurrency" "--min-instances=$min"
      "--max-instances=$max" "--timeout=${timeout}s" --set-build-env-vars=USE_JAVA_FF_2=true
      "--set-env-vars=$(settings "$account")@@JAVA_TOOL_OPTIONS=${JVM_OPTIONS:-$JVM_DEFAULT}"
      "$(secrets_flag "$name" "$account" "$roles")"
    )
    if [ "$kind" = event ]; then
      flags+=(
        --no-allow-unauthenticated "--trigger-location=$location"
        "--trigger-event-filters=type=google.cloud.firestore.document.v1.${trigger%% *}"
        "--trigger-event-filters=database=$DATABASE"
        "--trigger-event-filters-path-pattern=document=${trigger#* }"
        "--trigger-service-account=$(email trigger)"
      )
      if [ "$retry" = true ]; then
        flags+=(--retry)
      else
        flags+=(--no-retry)
      fi
    else
      # Callers are checked in code, where the whole token is there to be verified.
      flags+=(--trigger-http --allow-unauthenticated)
    fi
    deploy_function "$name" "$account" "${flags[@]}"
    if [ "$kind" = event ]; then
      in_project run run services add-iam-policy-binding "$name" "--region=$region" \
        "--member=serviceAccount:$(email trigger)" --role=roles/run.invoker --format=none
      if [ "$retry" = true ]; then
        keep_dead_letters "$name"
      fi
    fi
    if [ "$kind" = schedule-http ]; then
      schedule "$name" "$trigger" "$timeout"
    fi
  done < <(wanted)
}

# Where the events of a trigger go that failed time and again, and who puts them there.
keep_dead_letters() {
  ! $plan || return 0
  local name=$1 trigger=${2:-} dead=meterkite-$1-dead number agent subscription
  number=$(answer PROJECT-NUMBER projects describe "$project" '--format=value(projectNumber)')
  agent=serviceAccount:service-$number@gcp-sa-pubsub.iam.gserviceaccount.com
  if [ -z "$trigger" ]; then
    trigger=$(answer "TRIGGER-OF-$name" functions describe "$name" --gen2 "--region=$region" \
      '--format=value(eventTrigger.trigger)')
  fi
  subscription=$(answer "SUBSCRIPTION-OF-$name" eventarc triggers describe "${trigger##*/}" \
    "--location=$location" '--format=value(transport.pubsub.subscription)')
  in_project make pubsub topics create "$dead"
  in_project make pubsub subscriptions create "$dead" "--topic=$dead" \
    "--message-retention-duration=$DEAD_LETTERS_KEPT" --expiration-period=never --ack-deadline=600
  in_project run pubsub topics add-iam-policy-binding "$dead" "--member=$agent" \
    --role=roles/pubsub.publisher --format=none
  in_project run pubsub subscriptions add-iam-policy-binding "${subscription##*/}" \
    "--member=$agent" --role=roles/pubsub.subscriber --format=none
  in_project run pubsub subscriptions update "${subscription##*/}" "--dead-letter-topic=$dead" \
    "--max-delivery-attempts=$DELIVERY_ATTEMPTS"
}

deploy_function() {
  local name=$1 account=$2 made_of=fingerprint
  shift 2
  if $plan; then
    plan_function "$name" "$(fingerprint_of "$account" "$@")" "$@"
    return
  fi
  if ! $dry; then
    made_of=$(fingerprint_of "$account" "$@")
    if [ "$(gcloud functions describe "$name" --gen2 "--region=$region" "--project=$project" \
      --format='value(labels.made-of)' 2>/dev/null)" = "$made_of" ]; then
      printf '%s is up to date.\n' "$name" >&2
      return
    fi
  fi
  in_project run_again functions deploy "$name" "$@" "--update-labels=made-of=$made_of"
}

deploy_service() {
  local name=$1 account=$2 made_of=fingerprint
  shift 2
  if $plan; then
    plan_service "$name" "$(fingerprint_of "$account" "$@")"
    return
  fi
  if ! $dry; then
    made_of=$(fingerprint_of "$account" "$@")
    if [ "$(gcloud run services describe "$name" "--region=$region" "--project=$project" \
      --format='value(metadata.labels.made-of)' 2>/dev/null)" = "$made_of" ]; then
      printf '%s is up to date.\n' "$name" >&2
      return
    fi
  fi
  in_project run_again run deploy "$name" "$@" "--update-labels=made-of=$made_of"
}

fingerprint_of() {
  local files=() account=$1
  shift
  mapfile -t files < <(files_of "$account")
  fingerprint "${files[@]}" -- "$@"
}

schedule() {
  ! $plan || return 0
  local verb=create
  if ! $dry && gcloud scheduler jobs describe "meterkite-$1" "--location=$region" \
    "--project=$project" >/dev/null 2>&1; then
    verb=update
  fi
  local headers=--headers
  [ "$verb" = create ] || headers=--update-headers
  in_project run scheduler jobs "$verb" http "meterkite-$1" "--location=$region" "--schedule=$2" \
    --time-zone=Etc/UTC "--uri=${4:-$(root)/$1}" --http-method=POST \
    "$headers=Content-Type=application/json" '--message-body={}' "--attempt-deadline=${3}s" \
    --max-retry-attempts=3 "--oidc-service-account-email=$(email scheduler)" \
    "--oidc-token-audience=$(root)"
}

# --- Metrics made of log lines, the dashboard, the policies that tell somebody

# The text of a member of the outermost object of a JSON file that is formatted as ours are.
member() {
  sed -n "s/^  \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$2"
}

install_monitoring() {
  local file name there channels=()
  for file in "$MONITORING"/metrics/*.json; do
    name=$(basename "$file" .json)
    in_project make logging metrics create "$name" "--config-from-file=$file"
    in_project run logging metrics update "$name" "--config-from-file=$file"
  done
  there=$(answer '' monitoring dashboards list --format='value(name)' \
    --filter="displayName=\"$(member displayName "$MONITORING/dashboard.json")\"")
  # What is there belongs to whoever has edited it; it is made once.
  [ -n "$there" ] ||
    in_project run monitoring dashboards create "--config-from-file=$MONITORING/dashboard.json"
  [ -z "${NOTIFICATION_CHANNELS:-}" ] || channels=("--notification-channels=$NOTIFICATION_CHANNELS")
  for file in "$MONITORING"/policies/*.json; do
    there=$(answer '' alpha monitoring policies list --format='value(name)' \
      --filter="displayName=\"$(member displayName "$file")\"")
    if [ -z "$there" ]; then
      in_project run alpha monitoring policies create "--policy-from-file=$file" \
        ${channels[@]+"${channels[@]}"}
    else
      in_project run alpha monitoring policies update "$there" "--policy-from-file=$file" \
        ${channels[@]+"${channels[@]/#--notification/--set-notification}"}
    fi
  done
}

# --- Copies of the documents

place() {
  case $location in
    nam*) printf US ;;
    eur*) printf EU ;;
    *) printf %s "$location" ;;
  esac
}

backup() {
  local path
  path=$bucket/$(date -u +%Y%m%d)
  in_project make storage buckets create "$bucket" "--location=$(place)" \
    --uniform-bucket-level-access --public-access-prevention
  if ! $dry && gcloud storage ls "$path" "--project=$project" >/dev/null 2>&1; then
    fail "$path is there already: an export of today; remove it, or name another bucket with --bucket"
  fi
  in_project run firestore export "$path" "--database=$DATABASE" \
    ${collections:+"--collection-ids=$collections"}
}

# Never over what is there, unless its name is said.
restore() {
  local into=${database:-restored-$(date -u +%Y%m%d)}
  case $from in
    projects/*)
      [ -z "$collections" ] || fail 'a backup is restored as a whole; --collections is for exports'
      in_project run firestore databases restore "--source-backup=$from" \
        "--destination-database=$into"
      ;;
    *)
      if [ "$into" != "$DATABASE" ]; then
        in_project make firestore databases create "--database=$into" "--location=$location" \
          --type=firestore-native
      fi
      in_project run firestore import "$from" "--database=$into" \
        ${collections:+"--collection-ids=$collections"}
      ;;
  esac
}

# Pushes the dead letters to the function as Eventarc would: attributes as headers, the event as body. What
# fails again stays.
replay() {
  local url
  url=$(url_of "$function")
  [ -n "$url" ] || fail "$function is not deployed in $region"
  trap end_replay EXIT
  in_project run pubsub subscriptions modify-push-config "meterkite-$function-dead" "--push-endpoint=$url" \
    "--push-auth-service-account=$(email trigger)" "--push-auth-token-audience=$url" \
    --push-no-wrapper --push-no-wrapper-write-metadata
  run sleep "$((minutes * 60))"
}

end_replay() {
  in_project run pubsub subscriptions modify-push-config "meterkite-$function-dead" --push-endpoint=
}

# --- What a deployment would change

# What is known of one thing; nothing where it is not there.
there() {
  gcloud "$@" "--project=$project" 2>/dev/null || true
}

# A list of what is there. One that cannot be had, since its API is not enabled yet or for want of a role, counts as empty,
# and that is said.
listed() {
  gcloud "$@" "--project=$project" 2>/dev/null ||
    printf 'deploy.sh: this list cannot be read and counts as empty: gcloud %s\n' "$*" >&2
}

# compare TITLE WANTED THERE [left]: lines that are wanted and not there; with left also those the other way round.
compare() {
  local added left=''
  added=$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3") | sed '/^$/d')
  [ "${4:-}" != left ] || left=$(comm -13 <(sort -u <<<"$2") <(sort -u <<<"$3") | sed '/^$/d')
  say "$1" "$(
    [ -z "$added" ] || sed 's/^/+ /' <<<"$added"
    [ -z "$left" ] || sed 's/^/- /; s/$/ (not of this version; it stays until somebody deletes it)/' <<<"$left"
  )"
}

# say TITLE LINES: prints what would change under a title, and that something would.
changes=false
say() {
  [ -n "$2" ] || return 0
  changes=true
  printf '%s\n%s\n' "$1" "$(sed 's/^/  /; s/\t/ /g; s/ *$//' <<<"$2")"
}

# plan_function NAME MADE-OF FLAG...: what of a function differs from what is deployed. Of settings in the environment only
# the names are printed.
plan_function() {
  local name=$1 made_of=$2 deployed differences=() flag key was is
  shift 2
  planned+=("$name")
  deployed=$(there functions describe "$name" --gen2 "--region=$region" \
    '--format=flattened(buildConfig.entryPoint,buildConfig.runtime,serviceConfig,eventTrigger,labels)')
  if [ -z "$deployed" ]; then
    plan_lines+="+ $name"$'\n'
    return
  fi
  [ "$(member_of labels.made-of)" != "$made_of" ] || return 0
  for flag in "$@"; do
    case $flag in
      --entry-point=*) key=buildConfig.entryPoint ;;
      --runtime=*) key=buildConfig.runtime ;;
      --service-account=*) key=serviceConfig.serviceAccountEmail ;;
      --memory=*) key=serviceConfig.availableMemory ;;
      --cpu=*) key=serviceConfig.availableCpu ;;
      --concurrency=*) key=serviceConfig.maxInstanceRequestConcurrency ;;
      --min-instances=*) key=serviceConfig.minInstanceCount ;;
      --max-instances=*) key=serviceConfig.maxInstanceCount ;;
      --timeout=*) key=serviceConfig.timeoutSeconds flag=${flag%s} ;;
      --set-env-vars=*)
        differences+=($(settings_that_differ "${flag#--set-env-vars=^@@^}"))
        continue
        ;;
      *) continue ;;
    esac
    is=${flag#*=} was=$(member_of "$key")
    # A number that is 0 is left out.
    if [ "${was:-0}" != "$is" ]; then
      differences+=("${flag%%=*} ${was:-0} -> $is")
    fi
  done
  [ ${#differences[@]} -gt 0 ] || differences=('code, secrets or trigger')
  plan_lines+="~ $name: $(printf '%s, ' "${differences[@]}" | sed 's/, $//; s/--//g')"$'\n'
}

# The value of a member in $deployed, as gcloud flattens it.
member_of() {
  sed -n "s/^$1: *//p" <<<"$deployed" | head -n 1
}

# settings_that_differ NAME=VALUE@@NAME=VALUE...: the names of settings that $deployed has otherwise, or has and should not.
settings_that_differ() {
  local pair
  comm -3 <(while IFS= read -r pair; do printf '%s\n' "$pair"; done <<<"${1//@@/$'\n'}" | sort) \
    <(sed -n 's/^serviceConfig.environmentVariables.\([A-Z0-9_]*\): */\1=/p' <<<"$deployed" |
      grep -v -e '^LOG_EXECUTION_ID=' | sort) |
    sed 's/^\t//; s/=.*//' | sort -u
}

plan_service() {
  planned+=("$1")
  local was
  was=$(there run services describe "$1" "--region=$region" '--format=value(metadata.labels.made-of)')
  if [ -z "$was" ]; then
    plan_lines+="+ $1"$'\n'
  elif [ "$was" != "$2" ]; then
    plan_lines+="~ $1: image or settings"$'\n'
  fi
}

plan_functions() {
  planned=() plan_lines=''
  deploy_functions
  if [ "$what" = all ]; then
    local name deployed
    if $container; then
      deployed=$(listed run services list "--region=$region" --filter=metadata.labels.made-of:\* \
        '--format=value(metadata.name)')
    else
      deployed=$(listed functions list "--regions=$region" --filter=labels.made-of:\* '--format=value(name)')
    fi
    while IFS= read -r name; do
      name=${name##*/}
      if [ -n "$name" ] && [[ " ${planned[*]} " != *" $name "* ]]; then
        plan_lines+="- $name (not of this version; it stays until somebody deletes it)"$'\n'
      fi
    done <<<"$deployed"
  fi
  say functions "${plan_lines%$'\n'}"
}

plan_schedules() {
  compare schedules "$(lines | awk -F '\t' '$3 == "schedule-http" { print "meterkite-" $1 "\t" $4 }')" \
    "$(listed scheduler jobs list "--location=$region" '--format=value(name,schedule)' |
      sed 's,^[^\t]*/,,' | grep '^meterkite-')" left
}

# Composite indexes, exempt fields and lifetimes, as read_indexes has them. Those of others stay, and are not named.
plan_indexes() {
  local composite fields ttls
  composite=$(listed firestore indexes composite list "--database=$DATABASE" --format=json | tr -d ' \n' |
    sed 's/"fields":\[/\n&/g' | sed -n '
      s/^"fields":\[\([^]]*\)\].*"name":"[^"]*\/collectionGroups\/\([^/]*\)\/.*/\2\t\1/
      T
      s/,\?{"fieldPath":"__name__",[^}]*}//
      s/{"fieldPath":"\([^"]*\)","order":"\([A-Z]*\)"},\?/\1:\L\2 /g
      s/^/index\t/p')
  fields=$(listed firestore indexes fields list "--database=$DATABASE" '--format=value(name)')
  ttls=$(listed firestore fields ttls list "--database=$DATABASE" '--format=value(name)')
  compare 'indexes and lifetimes' "$(read_indexes | sed 's/ *$//')" "$(
    sed 's/ *$//' <<<"$composite"
    sed -n 's,.*/collectionGroups/\([^/]*\)/fields/\([^/]*\)$,exempt\t\1\t\2,p' <<<"$fields"
    sed -n 's,.*/collectionGroups/\([^/]*\)/fields/\([^/]*\)$,ttl\t\1\t\2,p' <<<"$ttls"
  )"
}

plan_rules() {
  # shellcheck disable=SC2034 # rules_in_force reads both
  local token in_force release="projects/$project/releases/cloud.firestore"
  token=$(gcloud auth print-access-token)
  in_force=$(rules_in_force)
  if [ -z "$in_force" ]; then
    say rules "+ $RULES"
  elif [ "$in_force" != "$RULES.$(sha256sum <"$RULES" | cut -c 1-16)" ]; then
    say rules "~ $RULES"
  fi
}

plan_monitoring() {
  local file policies=''
  compare metrics "$(basename -s .json -a "$MONITORING"/metrics/*.json)" \
    "$(listed logging metrics list '--format=value(name)')"
  for file in "$MONITORING"/policies/*.json; do
    policies+=$(member displayName "$file")$'\n'
  done
  compare 'alert policies' "$policies" "$(listed alpha monitoring policies list '--format=value(displayName)')"
}

plan_all() {
  local group
  if [ "$what" = all ]; then
    compare APIs "$(printf '%s.googleapis.com\n' "${APIS[@]}")" \
      "$(listed services list --enabled '--format=value(config.name)')"
    compare accounts "$(for group in $(lines | cut -f 5 | sort -u) build trigger scheduler; do email "$group"; echo; done)" \
      "$(listed iam service-accounts list '--format=value(email)' | grep '^meterkite-')" left
    compare secrets "$(needed_secrets | cut -f 1)" "$(listed secrets list '--format=value(name)' | sed 's,.*/,,')"
    plan_indexes
    plan_rules
  fi
  build
  plan_functions
  if [ "$what" = all ]; then
    plan_schedules
    plan_monitoring
  fi
  $changes || printf 'Nothing would change.\n'
}

# --- Taking it away again

# Runs what deletes something; that it is not there is as good.
unmake() {
  if $dry; then
    print_line "$@"
    return
  fi
  print_line "$@" >&2
  local output
  if ! output=$("$@" 2>&1); then
    case ${output,,} in
      *not?found* | *does?not?exist*) ;;
      *)
        printf '%s\n' "$output" >&2
        return 1
        ;;
    esac
  fi
}

destroy() {
  local name kind account
  while IFS=$'\t' read -r name _ kind _; do
    if [ "$kind" = schedule-http ]; then
      in_project unmake scheduler jobs delete "meterkite-$name" "--location=$region"
    fi
    if $container; then
      [ "$kind" != event ] || in_project unmake eventarc triggers delete "$name" "--location=$location"
      in_project unmake run services delete "$name" "--region=$region"
    else
      in_project unmake functions delete "$name" --gen2 "--region=$region"
    fi
  done < <(lines)
  for name in $(triggers); do
    in_project unmake pubsub subscriptions delete "meterkite-$name-dead"
    in_project unmake pubsub topics delete "meterkite-$name-dead"
  done
  for account in $(lines | cut -f 5 | sort -u) build trigger scheduler; do
    in_project unmake iam service-accounts delete "$(email "$account")"
  done
}

read_options "$@"
preflight
if $plan; then
  plan_all
  exit
fi
case $what in
  all)
    enable_apis
    make_database
    make_accounts
    allow_publishing
    make_secrets
    make_indexes
    apply_rules
    build
    seed_catalogue
    seed_plans
    deploy_functions
    install_monitoring
    ;;
  only)
    make_accounts
    allow_publishing
    make_secrets
    build
    deploy_functions
    ;;
  rules) apply_rules ;;
  console) deploy_console ;;
  urls) print_urls ;;
  catalogue) seed_catalogue ;;
  plans) seed_plans ;;
  destroy) destroy ;;
  backup) backup ;;
  restore) restore ;;
  replay) replay ;;
esac
