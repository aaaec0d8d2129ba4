# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with stage.sh
# Servers, workers and queues that are slow, hang, or come back, and clients that get their answers.
#
# Times are short, so that little is waited for, and tries many: on a busy machine an answer may well
# come later than a client waits for it, which costs another try and changes no result.

programs=(lazy_pirate_client lazy_pirate_server pirate_queue pirate_worker mdp_broker mdp_worker
    mdp_client titanic titanic_client freelance_server freelance_client)

lazy_pirate() {
    echo "lazy pirate: a server that loses every third request"
    start server lazy_pirate_server "$(endpoint tcp)" 3
    address server listening
    start client lazy_pirate_client "$found" 5 200 250
    finish client
    stop server
    expect client "trying again"
    expect client "5 of 5 requests answered"

    echo "lazy pirate: a server that is not there"
    start client lazy_pirate_client "$(endpoint ipc nobody)" 5 50 2
    finish_failing client
    expect client "giving up: nobody answers"
    expect client "0 of 5 requests answered"
}

paranoid_pirate() {
    local clients workers
    echo "paranoid pirate: a worker that freezes at once, one that freezes later, one that works"
    start queue pirate_queue "$(endpoint ipc front)" "$(endpoint ipc back)" 50
    address queue clients && clients=$found
    address queue workers && workers=$found
    start worker-1 pirate_worker "$workers" 50 0
    await worker-1 "^frozen after 0"
    # Known by the lack of heartbeats alone: its connection stands.
    await queue "^a worker went silent"
    start worker-2 pirate_worker "$workers" 50 2
    start client-1 lazy_pirate_client "$clients" 6 200 250
    await worker-2 "^frozen after 2"
    start worker-3 pirate_worker "$workers" 50
    finish client-1
    expect client-1 "6 of 6 requests answered"

    echo "paranoid pirate: the queue is started anew"
    stop queue
    await worker-3 "^the queue went silent"
    start queue pirate_queue "$clients" "$workers" 50
    address queue workers
    start client-2 lazy_pirate_client "$clients" 3 200 250
    finish client-2
    stop worker-1 worker-2 worker-3 queue
    expect client-2 "3 of 3 requests answered"
    expect worker-1 "answered 0 requests"
}

majordomo() {
    local broker
    echo "majordomo: two services, a client that comes before its service, and a broker's own one"
    start broker mdp_broker "$(endpoint tcp)" 2000
    address broker majordomo && broker=$found
    start early mdp_client "$broker" upper "who is there"
    start worker-1 mdp_worker "$broker" upper 2000
    finish early
    start worker-2 mdp_worker "$broker" upper 2000
    start worker-3 mdp_worker "$broker" reverse 2000
    await broker "^a worker signs on for reverse"
    start client-1 mdp_client "$broker" upper one two three four
    start client-2 mdp_client "$broker" reverse regal stressed
    start client-3 mdp_client "$broker" mmi.service upper lower
    finish client-1 client-2 client-3
    stop worker-1 worker-2 worker-3 broker
    expect early "upper: who is there -> WHO IS THERE"
    expect client-1 "upper: four -> FOUR"
    expect client-2 "reverse: stressed -> desserts"
    expect client-3 "mmi.service: upper -> 200"
    expect client-3 "mmi.service: lower -> 404"
}

majordomo_recovers() {
    local broker
    echo "majordomo: the broker is started anew"
    start broker mdp_broker "$(endpoint ipc mdp)" 50
    address broker majordomo && broker=$found
    start worker mdp_worker "$broker" upper 50
    await broker "^a worker signs on for upper"
    stop broker
    start broker mdp_broker "$broker" 50
    address broker majordomo
    start client mdp_client "$broker" upper "still there"
    finish client
    stop worker broker
    expect client "upper: still there -> STILL THERE"
    expect worker "signing on again"
}

titanic() {
    local broker id
    echo "titanic: a request that is made before its service is there, and outlives who keeps it"
    mkdir "$work/ice"
    start broker mdp_broker "$(endpoint tcp)" 100
    address broker majordomo && broker=$found
    start titanic titanic "$broker" "$work/ice" 100
    start client titanic_client request "$broker" upper "women and children"
    finish client
    id=$(sed -n 's/^kept as //p' "$work/client")
    [ -f "$work/ice/$id.request" ] || fail "the request is not on disk"
    stop titanic
    # Requests for it would go to the old one otherwise, and wait for another try.
    await broker "^a worker for titanic.reply went silent"
    start titanic titanic "$broker" "$work/ice" 100
    start worker mdp_worker "$broker" upper 100
    start client titanic_client reply "$broker" "$id"
    finish client
    expect client "the answer: WOMEN AND CHILDREN"
    [ -z "$(ls "$work/ice")" ] || fail "something was not forgotten: $(ls "$work/ice")"
    start client titanic_client reply "$broker" "../../etc/passwd"
    finish_failing client
    stop worker titanic broker
    expect client "no answer, status: 400"
    rm -r "$work/ice"
}

freelance() {
    local one two
    echo "freelance: a server that is not there, one that stops answering, one that works"
    start server-1 freelance_server "$(endpoint tcp)" 3
    start server-2 freelance_server "$(endpoint tcp)"
    address server-1 listening && one=$found
    address server-2 listening && two=$found
    start client freelance_client 8 200 "$(endpoint ipc nobody)" "$one" "$two"
    finish client
    stop server-1 server-2
    expect client "8 of 8 requests answered"
    expect client "no answer from ipc://"
    expect client "no answer from $one, asking the next"
}

run_group() {
    lazy_pirate
    paranoid_pirate
    majordomo
    majordomo_recovers
    titanic
    freelance
}
