# The Redis of compose.yaml, played on this machine with its own start script and settings: two nodes, a primary that dies, a replica that
# takes over, the dead one that comes back. Part of deploy/check.
# shellcheck shell=sh

# Processes of this check, by number.
STARTED=''

end_started() {
    # A Redis that writes its first append-only file as a new replica hears SIGTERM, says "can't exit" and goes on for ever. Nothing of these
    # is needed any more.
    # The numbers are split into words on purpose.
    # shellcheck disable=SC2086
    if [ -n "$STARTED" ]; then kill -9 $STARTED 2>/dev/null || true; fi
    wait
}

# Runs a command until it succeeds; says what did not come about when a time is over.
until_true() { # until_true SECONDS WHAT COMMAND...
    until_then=$(($(date +%s) + $1))
    what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$until_then" ]; then
            tail -n 5 "$TMP"/*/log "$TMP"/*.log >&2 2>/dev/null || true
            die "in vain waited for: $what"
        fi
        sleep 0.2
    done
}

# Each run has addresses of its own, on the standard ports as in the containers.
addresses() { NET=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1)); }

start_redis() { # start_redis NAME ROLE LAST
    mkdir -p "$TMP/$1"
    ADDRESS=$NET.$3 PRIMARY=$NET.11 SENTINELS="$NET.21 $NET.22 $NET.23" DATA=$TMP/$1 MEMORY=64mb \
        PASSWORD_FILE=$TMP/secrets/redis-password sh deploy/compose/redis/start "$2" >>"$TMP/$1/log" 2>&1 &
    LAST=$!
    STARTED="$STARTED $LAST"
}

start_node() { # start_node NUMBER
    VESTIBULE__NODE__NAME=node-$1 VESTIBULE__NODE__DRAIN_SETTLE=0s VESTIBULE__SERVER__LISTEN=$NET.3$1:8080 \
        VESTIBULE__SERVER__INTERNAL_LISTEN=$NET.3$1:8081 \
        "$VESTIBULE_BIN" serve --config "$TMP/vestibule.toml" >"$TMP/node-$1.log" 2>&1 &
    LAST=$!
    STARTED="$STARTED $LAST"
}

ask() { # ask LAST PORT COMMAND...
    host=$NET.$1 port=$2
    shift 2
    REDISCLI_AUTH=$(cat "$TMP/secrets/redis-password") redis-cli -h "$host" -p "$port" --raw "$@"
}

knows_replica() { ask "$1" 26379 sentinel master vestibule | grep -A 1 -x num-slaves | grep -qx 1; }
primary_is() { [ "$(ask 22 26379 sentinel get-master-addr-by-name vestibule | head -n 1)" = "$NET.$1" ]; }
is_ready() { curl --silent --fail --max-time 2 --noproxy '*' "http://$NET.3$1:8080/readyz"; }

# An event of Zoom's, signed as Zoom does; it is answered 200 only when it is durable.
event_is_kept() { # event_is_kept NODE
    body='{"event":"meeting.started","event_ts":'$(date +%s)'000,"payload":{"account_id":"AbCdEfGhIjKlMnOpQrStUv","object":{"id":"85012345678","uuid":"abcdef==","host_id":"h","topic":"t","type":2,"start_time":"2026-01-01T00:00:00Z","duration":30,"timezone":"UTC"}}}'
    at=$(date +%s)
    secret=$(cat "$TMP/secrets/lakeside-zoom-webhook-secrets")
    signature=$(printf 'v0:%s:%s' "$at" "$body" | openssl dgst -sha256 -hmac "$secret" | sed 's/.*= *//')
    curl --silent --fail --max-time 4 --noproxy '*' -H 'content-type: application/json' -H "x-zm-signature: v0=$signature" \
        -H "x-zm-request-timestamp: $at" -d "$body" "http://$NET.3$1:8080/zoom/lakeside/webhook"
}

ends_well() { # ends_well PROCESS WHAT
    kill "$1"
    wait "$1" || die "$2 did not drain: status $?"
}

check_failover() {
    [ "$(uname)" = Linux ] || { say "played on Linux only, where every 127.x.x.x is this machine" && return; }
    needs redis-server redis-server
    needs redis-cli redis-tools
    needs curl curl
    needs openssl openssl
    addresses
    secrets
    sed -e "s#/run/secrets/#$TMP/secrets/#" -e "s/sentinel-\([123]\)/$NET.2\1/g" deploy/compose/vestibule.toml >"$TMP/vestibule.toml"

    start_redis redis-1 server 11 && first=$LAST
    start_redis redis-2 server 12
    for n in 1 2 3; do start_redis "sentinel-$n" sentinel "2$n"; done
    for n in 1 2 3; do until_true 20 "Sentinel $n sees the replica" knows_replica "2$n"; done
    start_node 1 && one=$LAST
    start_node 2 && two=$LAST
    for n in 1 2; do until_true 30 "node $n is ready" is_ready "$n"; done
    until_true 10 "an event is kept" event_is_kept 1
    scraped_metrics_are_known

    kill -9 "$first"
    died=$(date +%s)
    until_true 30 "the replica is the primary" primary_is 12
    taken=$(($(date +%s) - died))
    if event_is_kept 2; then die "an event was answered 200 although no replica has it"; fi
    start_redis redis-1 server 11
    until_true 30 "an event is kept after the failover" event_is_kept 2
    say "the replica took over after $taken s, and an event was kept after $(($(date +%s) - died)) s"
    ask 11 6379 info replication | grep -q '^role:slave' || die "the server that came back is no replica"
    ends_well "$one" "node 1"
    until_true 10 "an event is kept by the node that is left" event_is_kept 2
    ends_well "$two" "node 2"
}

# What a node gives out agrees with what is read from the sources for the checks of names.
scraped_metrics_are_known() {
    token=$(cat "$TMP/secrets/access-tokens")
    curl --silent --fail --noproxy '*' -H "authorization: Bearer $token" "http://$NET.31:8081/metrics" >"$TMP/metrics"
    registered_metrics | awk '{ print ($2 == "counter") ? "vestibule_" $1 "_total counter" : "vestibule_" $1 " " $2 }' | sort -u >"$TMP/known"
    sed -n 's/^# TYPE //p' "$TMP/metrics" | sort -u >"$TMP/given"
    [ -s "$TMP/given" ] || die "the node gives no metrics"
    unknown=$(comm -13 "$TMP/known" "$TMP/given")
    [ -z "$unknown" ] || die "metrics that deploy/checks/names.sh does not find in the sources: $unknown"
}
