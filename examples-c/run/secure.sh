# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with stage.sh
# Encryption, and a door that lets in some and not others.

programs=(ironhouse_keys ironhouse_server ironhouse_client)

run_group() {
    local keys=$work/keyring
    echo "ironhouse: alice and bob are on the list, mallory is not"
    mkdir "$keys"
    start keys ironhouse_keys "$keys" server alice bob mallory
    finish keys
    [ "$(stat -c %a "$keys/alice.secret")" = 600 ] || fail "others may read a secret key"
    start server ironhouse_server "$(endpoint tcp)" "$keys" alice bob
    address server listening
    start alice ironhouse_client "$found" "$keys" alice
    start bob ironhouse_client "$found" "$keys" bob
    start mallory ironhouse_client "$found" "$keys" mallory
    finish alice bob
    finish_failing mallory
    stop server
    expect alice "Good morning, alice! The door let you in as alice."
    expect bob "Good morning, bob! The door let you in as bob."
    expect mallory "refused with status 400"
    expect server "at the door: a stranger"
    rm -r "$keys"
}
