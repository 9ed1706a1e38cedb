# The files that others read: Docker, Compose, HAProxy, systemd, Kubernetes, and the settings that come with each. Part of deploy/check.
# shellcheck shell=sh

# Linters that are no Debian packages, in versions that are written down.
linters() {
    if [ -x "$VENV/bin/hadolint" ] && cmp -s deploy/checks/linters.txt "$VENV/linters.txt"; then return; fi
    needs python3 python3-venv
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement deploy/checks/linters.txt
    cp deploy/checks/linters.txt "$VENV/linters.txt"
}

# The program takes these settings; whatever follows is said to it by the environment.
settings_hold() { # settings_hold FILE [NAME=VALUE...]
    file=$1
    shift
    env "$@" "$VESTIBULE_BIN" config --config "$file" >"$TMP/effective" 2>"$TMP/out" || { cat "$TMP/out" && return 1; }
}

# What settings_hold has just read seals the secrets in the store, and under no key that stands in what is shipped.
seals() { # seals FILE
    grep -q '^sealing_keys = \["' "$TMP/effective" || die "$1 sets no store.sealing_keys: secrets would stand in the store as they are"
    if grep -q '^ *sealing_keys *=' "$1"; then die "$1 has a sealing key in it: name a file, so that each installation has its own"; fi
}

# A number of seconds: "45s" is 45.
seconds() { printf '%s' "${1%s}"; }

longer() { # longer WHAT SECONDS OTHER SECONDS
    [ "$(seconds "$2")" -gt "$(seconds "$4")" ] || die "$1 ($2) has to be longer than $3 ($4)"
}

# The drain_timeout in effect, in seconds.
drain_timeout() { sed -n 's/^drain_timeout = "\(.*\)"$/\1/p' "$TMP/effective"; }

secrets() { sh deploy/compose/make-secrets "$TMP/secrets" >/dev/null; }

check_scripts() {
    if ! have shellcheck; then
        say "shellcheck is not there: the scripts are only parsed"
        for script in deploy/check deploy/checks/*.sh deploy/compose/make-secrets deploy/compose/redis/start; do sh -n "$script"; done
        return
    fi
    shellcheck -x deploy/check deploy/compose/make-secrets deploy/compose/redis/start tests/run
}

check_image() {
    linters
    "$VENV/bin/hadolint" deploy/container/Dockerfile
    # What the image is built from has everything that cargo wants to see, which are all targets but tests.
    mkdir "$TMP/context"
    sed -n 's/^!//p' .dockerignore | tr '\n' '\0' | xargs -0 tar cf - | tar xf - -C "$TMP/context"
    cargo metadata --format-version 1 --offline --locked --no-deps >"$TMP/metadata"
    grep -oE '"src_path":"[^"]+"' "$TMP/metadata" | cut -d '"' -f 4 | grep -v /tests/ >"$TMP/targets"
    while read -r path; do
        [ -e "$TMP/context/${path#"$PWD/"}" ] || die ".dockerignore keeps ${path#"$PWD/"} from the image's sources"
    done <"$TMP/targets"
    [ -e "$TMP/context/config/default.toml" ] || die "the settings' defaults are not in the image's sources"
}

check_compose() {
    needs docker-compose docker-compose
    needs haproxy haproxy
    needs openssl openssl
    docker-compose -f deploy/compose/compose.yaml config --quiet
    secrets
    sed "s#/run/secrets/#$TMP/secrets/#" deploy/compose/haproxy.cfg >"$TMP/haproxy.cfg"
    haproxy -c -q -f "$TMP/haproxy.cfg"
    sed "s#/run/secrets/#$TMP/secrets/#" deploy/compose/vestibule.toml >"$TMP/vestibule.toml"
    settings_hold "$TMP/vestibule.toml" VESTIBULE__NODE__NAME=node-1
    seals deploy/compose/vestibule.toml
    longer stop_grace_period "$(sed -n 's/^  stop_grace_period: //p' deploy/compose/compose.yaml)" drain_timeout "$(drain_timeout)"
    grep -oE '/run/secrets/[a-z.-]+' deploy/compose/vestibule.toml | sort -u | while read -r path; do
        grep -qx "    - $(basename "$path")" deploy/compose/compose.yaml || die "compose.yaml gives no node $path"
    done
}

check_systemd() {
    needs systemd-analyze systemd
    needs openssl openssl
    secrets
    sed "s#embedded:/var/lib/vestibule#embedded:$TMP/store#" deploy/systemd/vestibule.toml >"$TMP/secrets/vestibule.toml"
    settings_hold "$TMP/secrets/vestibule.toml"
    seals deploy/systemd/vestibule.toml
    for unit in vestibule.service vestibule@.service; do
        grep -oE '"[a-z][a-z.-]+"' deploy/systemd/vestibule.toml | tr -d '"' | while read -r name; do
            [ ! -e "$TMP/secrets/$name" ] || grep -q "^LoadCredential=$name:/etc/vestibule/$name\$" "deploy/systemd/$unit" ||
                die "$unit does not hand over $name"
        done
        longer TimeoutStopSec "$(sed -n 's/^TimeoutStopSec=//p' "deploy/systemd/$unit")" drain_timeout "$(drain_timeout)"
        # The program is not installed where this runs.
        sed 's#^ExecStart=/usr/local/bin/vestibule #ExecStart=/bin/true #' "deploy/systemd/$unit" >"$TMP/$unit"
    done
    cp "$TMP/vestibule@.service" "$TMP/vestibule@a.service"
    systemd-analyze verify "$TMP/vestibule.service" "$TMP/vestibule@a.service" >"$TMP/out" 2>&1 || { cat "$TMP/out" && return 1; }
    [ ! -s "$TMP/out" ] || { cat "$TMP/out" && return 1; }
    if systemd-analyze --help | grep -q offline; then
        systemd-analyze security --offline=true --threshold=20 "$TMP/vestibule.service" >"$TMP/out" || { cat "$TMP/out" && return 1; }
    fi
    sed "s#/run/credentials/vestibule@a.service/#$TMP/secrets/#" deploy/systemd/a.env | grep -v '^#' >"$TMP/environment"
    # One word for each variable, on purpose.
    # shellcheck disable=SC2046
    settings_hold "$TMP/secrets/vestibule.toml" VESTIBULE__NODE__NAME=a $(cat "$TMP/environment")
    grep -q '^url = "redis://' "$TMP/effective" || die "a.env does not name the store"
}

check_kubernetes() {
    needs openssl openssl
    linters
    folder=deploy/kubernetes
    manifests=$(find "$folder" -name '*.yaml' ! -name kustomization.yaml | sort)
    for version in 1.31 1.37; do
        # The files are split into words on purpose.
        # shellcheck disable=SC2086
        "$VENV/bin/kubernetes-validate" -k "$version" --strict --quiet $manifests
    done
    # The kustomization has every manifest but the example, and none that is not there.
    sed -n 's/^  - \([a-z-]*\.yaml\)$/\1/p' "$folder/kustomization.yaml" | sort >"$TMP/listed"
    find "$folder" -name '*.yaml' ! -name kustomization.yaml ! -name '*.example.yaml' -exec basename {} \; | sort >"$TMP/there"
    cmp -s "$TMP/listed" "$TMP/there" || die "kustomization.yaml lists other manifests than are there: $(diff "$TMP/listed" "$TMP/there")"
    kubernetes_names "$folder"
    secrets
    sed "s#/etc/vestibule/secrets/#$TMP/secrets/#" "$folder/vestibule.toml" >"$TMP/vestibule.toml"
    settings_hold "$TMP/vestibule.toml" VESTIBULE__NODE__NAME=vestibule-6c9f-x2x7
    seals "$folder/vestibule.toml"
    longer terminationGracePeriodSeconds "$(sed -n 's/.*terminationGracePeriodSeconds: //p' "$folder/deployment.yaml")" \
        drain_timeout "$(drain_timeout)"
}

# What one manifest names in another.
kubernetes_names() {
    deployment=$1/deployment.yaml
    settings=$(sed -n 's/.*configMap: {name: \(.*\)}/\1/p' "$deployment")
    grep -q "  - name: $settings\$" "$1/kustomization.yaml" || die "nothing makes the ConfigMap $settings"
    secret=$(sed -n 's/.*secret: {secretName: \([a-z-]*\),.*/\1/p' "$deployment")
    grep -q "^  name: $secret\$" "$1/secret.example.yaml" || die "secret.example.yaml is not of the Secret $secret"
    grep -oE '/etc/vestibule/secrets/[a-z.-]+' "$1/vestibule.toml" | sort -u | while read -r path; do
        grep -q "^  $(basename "$path"): " "$1/secret.example.yaml" || die "secret.example.yaml has no $path"
    done
    grep -ohE '(targetPort: |- \{port: |ports: \[\{port: )(public|internal)' "$1"/*.yaml | sed 's/.* //' | sort -u | while read -r port; do
        grep -q "name: $port, containerPort" "$deployment" || die "no container has the port $port"
    done
    grep -oE 'service: \{name: [a-z-]+' "$1/ingress.yaml" | sed 's/.* //' | sort -u | while read -r service; do
        grep -q "^  name: $service\$" "$1/services.yaml" || die "there is no Service $service"
    done
    account=$(sed -n 's/.*serviceAccountName: //p' "$deployment")
    grep -q "^  name: $account\$" "$1/service-account.yaml" || die "there is no ServiceAccount $account"
}
