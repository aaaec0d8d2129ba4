# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with stage.sh
# Something in the middle: threads behind one socket, a queue, a forwarder, a cache.

programs=(hello_client threaded_server request_broker hello_worker forwarder reporter reader
    last_value_cache price_publisher price_subscriber)

multi_threaded_service() {
    echo "multi-threaded service: one process, four threads, three clients"
    start server threaded_server "$(endpoint tcp)" 4
    address server listening
    start client-1 hello_client "$found" 4
    start client-2 hello_client "$found" 4
    start client-3 hello_client "$found" 4
    finish client-1 client-2 client-3
    stop server
    expect client-3 "Barbara -> Good morning, Barbara!"
    expect server "answered 12 requests by 4 threads"
}

shared_queue() {
    local clients answered
    echo "shared queue: a broker, two workers, two clients that come first"
    start broker request_broker "$(endpoint tcp)" "$(endpoint ipc back)"
    address broker clients && clients=$found
    start client-1 hello_client "$clients" 6
    start client-2 hello_client "$clients" 6
    address broker workers
    start worker-1 hello_worker "$found"
    start worker-2 hello_worker "$found"
    finish client-1 client-2
    stop worker-1 worker-2 broker
    answered=$(sed -n 's/^answered \([0-9]*\) requests$/\1/p' "$work/worker-1" "$work/worker-2" |
        paste -sd+)
    [ "$((answered))" -eq 12 ] || fail "the workers answered $answered requests instead of 12"
}

forwarding() {
    local publishers subscribers
    echo "forwarder: two reporters, two readers, connected by an address in the middle"
    start forwarder forwarder "$(endpoint ipc front)" "$(endpoint tcp)"
    address forwarder publishers && publishers=$found
    address forwarder subscribers && subscribers=$found
    start reporter-1 reporter "$publishers" tides
    start reporter-2 reporter "$publishers" trains
    start reader-1 reader "$subscribers" tides trains
    start reader-2 reader "$subscribers" trains
    finish reader-1 reader-2
    stop reporter-1 reporter-2 forwarder
    expect reader-1 "heard 5 reports or more on tides"
    expect reader-1 "heard 5 reports or more on trains"
}

last_values() {
    local publishers subscribers
    echo "last value cache: subscribers that come when all has been said"
    start cache last_value_cache "$(endpoint tcp)" "$(endpoint tcp)"
    address cache publishers && publishers=$found
    address cache subscribers && subscribers=$found
    start publisher price_publisher "$publishers" 4
    finish publisher
    await cache "^copper is 304$"
    start subscriber-1 price_subscriber "$subscribers" cacao
    finish subscriber-1
    start subscriber-2 price_subscriber "$subscribers" cacao
    start subscriber-3 price_subscriber "$subscribers" barley
    finish subscriber-2 subscriber-3
    stop cache
    expect subscriber-1 "cacao costs 204"
    expect subscriber-2 "cacao costs 204"
    expect subscriber-3 "barley costs 104"
}

run_group() {
    multi_threaded_service
    shared_queue
    forwarding
    last_values
}
