# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with stage.sh
# The three basic patterns, over tcp and over ipc.

programs=(hello_server hello_client weather_publisher weather_subscriber ventilator worker sink)

request_and_reply() {
    echo "request and reply over $1: one server, two clients"
    start server hello_server "$(endpoint "$1" hello)" 5
    address server listening
    start client-1 hello_client "$found" 3
    start client-2 hello_client "$found" 2
    finish server client-1 client-2
    expect server "answered 5 requests"
    expect client-1 "Edsger -> Good morning, Edsger!"
    expect client-2 "Grace -> Good morning, Grace!"
}

publish_and_subscribe() {
    local broadcast mailbox
    echo "publish and subscribe over $1: one station, two listeners"
    start station weather_publisher "$(endpoint "$1" radio)" "$(endpoint "$1" mail)" 2
    address station broadcasting && broadcast=$found
    address station mailbox && mailbox=$found
    start listener-1 weather_subscriber "$broadcast" "$mailbox" Lisbon
    start listener-2 weather_subscriber "$broadcast" "$mailbox" Oslo
    finish station listener-1 listener-2
    expect station "a letter: 5 reports from Lisbon"
    expect station "a letter: 5 reports from Oslo"
}

pipeline() {
    local tasks results control
    echo "pipeline over $1: a ventilator, two workers, a sink"
    start ventilator ventilator "$(endpoint "$1" tasks)" 100000
    start sink sink "$(endpoint "$1" results)" "$(endpoint "$1" control)" 2
    address ventilator tasks && tasks=$found
    address sink results && results=$found
    address sink control && control=$found
    start worker-1 worker "$tasks" "$results" "$control"
    start worker-2 worker "$tasks" "$results" "$control"
    finish ventilator sink worker-1 worker-2
    # Known beforehand: a task that was lost or done twice would show.
    expect sink "9592 primes below 100000"
}

run_group() {
    local transport
    for transport in tcp ipc; do
        request_and_reply "$transport"
        publish_and_subscribe "$transport"
        pipeline "$transport"
        # Over ipc they say the same again; a failure is always shown.
        quiet=yes
    done
    quiet=
}
