# Names that one place gives and another uses: metrics, labels' values, alerts, sections, commands of Redis. Part of deploy/check.
# shellcheck shell=sh

METRICS=src/http/metrics

# One file's text in one line, so that what spans lines can be found.
flat() { tr -s '\n\t ' ' ' <"$1"; }

# What a program may call a metric by: "name kind" for each that the sources register.
registered_metrics() {
    for file in "$METRICS"/doors.rs "$METRICS"/actors.rs "$METRICS"/upkeep.rs; do
        flat "$file" | grep -oE '[a-z_]+: (Family<Labels<[0-9]>, )?(Counter|Gauge|SecondsGauge|Histogram)\b' |
            sed -E 's/: .*(Counter|Gauge|Histogram)$/ \1/' >"$TMP/fields"
        flat "$file" | grep -oE '[a-z_]+: registered\( ?r, "[a-z_]+"' |
            sed -E 's/: registered.*"([a-z_]+)"/ \1/' >"$TMP/registered"
        awk 'NR == FNR { kind[$1] = $2; next } { print $2, tolower(kind[$1]) }' "$TMP/fields" "$TMP/registered"
        flat "$file" | grep -oE '(seconds_by|seconds_alone|r\.register)\( ?(r, )?"[a-z_]+"' |
            sed -E 's/.*"([a-z_]+)"/\1 histogram/'
    done
    flat "$METRICS/store.rs" | grep -oE '\( ?"(store|redis)_[a-z_]+", "' | sed -E 's/.*"([a-z_]+)", "/\1 counter/'
    flat "$METRICS/outside.rs" | sed 's/let kind = /\n&/g' | awk '
        { kind = ($0 ~ /^let kind = ConstCounter/) ? "counter" : "gauge" }
        { while (match($0, /encode_descriptor\("[a-z_]+"/)) {
              name = substr($0, RSTART + 19, RLENGTH - 20); print name, kind; $0 = substr($0, RSTART + RLENGTH) } }'
    echo 'store_in_trouble gauge'
    echo 'build_info gauge'
    echo 'panics counter'
}

# The names of the samples that a scraper gets.
sample_names() {
    registered_metrics | awk '
        $2 == "counter" { print "vestibule_" $1 "_total" }
        $2 == "gauge" { print "vestibule_" $1 }
        $2 == "histogram" { print "vestibule_" $1 "_bucket\nvestibule_" $1 "_sum\nvestibule_" $1 "_count" }
    ' | sort -u
}

# Every metric named in these files is one that the program has. What ends in `_` is the beginning of a pattern.
metrics_are_real() {
    sample_names >"$TMP/samples"
    [ "$(wc -l <"$TMP/samples")" -gt 60 ] || die "too few metrics were found in $METRICS: see deploy/checks/names.sh"
    grep -ohE '\bvestibule_[a-z_]+' "$@" | grep -v '_$' | sort -u >"$TMP/used"
    unknown=$(comm -13 "$TMP/samples" "$TMP/used")
    [ -z "$unknown" ] || die "no metric of the program: $(echo "$unknown" | tr '\n' ' ')(in $*)"
}

# Every value that a label is compared with is a word of the program.
label_values_are_real() {
    grep -ohE '\b(call|door|fate|kind|limit|outcome|reason|what|why)(=|!=)~?\\?"[a-z_|]+' "$@" |
        sed -E 's/.*"//' | tr '|' '\n' | sort -u >"$TMP/values"
    while read -r value; do
        grep -rqF "\"$value\"" --include='*.rs' src actors || die "no word of the program: $value (in $*)"
    done <"$TMP/values"
}

# The sections of the runbook, as links name them.
sections() {
    grep -E '^#+ ' "$1" | sed -E 's/^#+ //' | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9 \n-' | tr ' ' '-'
}

check_rules() {
    needs promtool prometheus
    rules=deploy/prometheus/vestibule.rules.yml tests=deploy/prometheus/vestibule.rules.test.yml
    promtool check rules "$rules" >"$TMP/out" || { cat "$TMP/out" && return 1; }
    promtool test rules "$tests" >"$TMP/out" 2>&1 || { cat "$TMP/out" && return 1; }
    echo token >"$TMP/token"
    sed "s#/etc/prometheus/vestibule-token#$TMP/token#; s#vestibule.rules.yml#$PWD/$rules#" \
        deploy/prometheus/prometheus.yml >"$TMP/prometheus.yml"
    promtool check config "$TMP/prometheus.yml" >"$TMP/out" || { cat "$TMP/out" && return 1; }
    metrics_are_real "$rules" "$tests"
    label_values_are_real "$rules" "$tests"
    sections deploy/runbook.md >"$TMP/sections"
    grep -oE 'runbook\.md#[a-z0-9-]+' "$rules" | sort -u | while IFS='#' read -r _ section; do
        grep -qx "$section" "$TMP/sections" || die "deploy/runbook.md has no section #$section"
    done
    sed -n 's/^ *- alert: //p' "$rules" | while read -r alert; do
        grep -q "$alert" "$tests" || die "no test of the alert $alert"
        grep -q "$alert" deploy/runbook.md || die "deploy/runbook.md does not name the alert $alert"
    done
}

# The dashboard's queries are read by promtool as if they were rules.
check_dashboard() {
    needs node nodejs
    needs promtool prometheus
    dashboard=deploy/grafana/vestibule.json
    node -e '
        const board = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const said = (text) => text.replaceAll("$__rate_interval", "5m").replaceAll(/\$(job|organization)/g, "x");
        const targets = board.panels.flatMap((panel) => panel.targets ?? []);
        if (targets.length < 20) throw new Error("the dashboard has hardly any queries");
        const rules = targets.map((target, n) => ({ record: `query_${n}`, expr: said(target.expr) }));
        console.log(JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    ' "$dashboard" >"$TMP/dashboard.yml"
    promtool check rules "$TMP/dashboard.yml" >"$TMP/out" || { cat "$TMP/out" && return 1; }
    metrics_are_real "$dashboard"
    label_values_are_real "$dashboard"
}

# What the runbook and the README name is there: metrics, files, sections, and what `vestibule` and the API offer.
check_runbook() {
    metrics_are_real deploy/runbook.md deploy/README.md
    for text in deploy/runbook.md deploy/README.md; do
        grep -oE '\]\([^)#: ]+(#[a-z0-9-]+)?\)|\]\(#[a-z0-9-]+\)' "$text" | sed 's/^](//; s/)$//' | sort -u |
            while IFS='#' read -r file section; do
                target=$text
                if [ -n "$file" ]; then target=deploy/$file; fi
                [ -e "$target" ] || die "$text links to $file, which is not there"
                if [ -n "$section" ]; then
                    sections "$target" | grep -qx "$section" || die "$text links to #$section, which is not in $target"
                fi
            done
    done
    grep -ohE '/api/v1/[a-z-]+' deploy/runbook.md deploy/README.md | sort -u | while read -r path; do
        grep -rqF "\"$path" src/http || die "no route of the program: $path"
    done
}

# The user for Redis that the README gives may do whatever the store does.
check_redis() {
    grep -rohE "redis\.p?call\('[A-Z]+'" src/store/redis/lua | sed -E "s/.*'([A-Z]+)'/\1/" >"$TMP/commands"
    grep -rohE 'cmd\("[A-Z]+"\)' src/store/redis | sed -E 's/.*"([A-Z]+)".*/\1/' >>"$TMP/commands"
    tr '[:upper:]' '[:lower:]' <"$TMP/commands" | sort -u | while read -r command; do
        grep -qE "^user vestibule .*\+$command( |\||\$)" deploy/README.md ||
            die "the user for Redis in deploy/README.md may not: $command"
    done
}
