# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with stage.sh
# Hearing of events: monitors, sockets and descriptors in one poll, sockets in somebody else's loop.

programs=(hello_client hello_server watched_server ask_from_stdin event_loop)

monitoring() {
    echo "monitor: a server that says what happens to its connections"
    start server watched_server "$(endpoint tcp)" 2
    address server listening
    start client-1 hello_client "$found" 1
    start client-2 hello_client "$found" 1
    finish client-1 client-2 server
    expect server "listens (tcp://127.0.0.1:"
    expect server "a client connects"
    expect server "the handshake succeeds"
    expect server "a client leaves"
    expect server "the monitor ends"
}

polling() {
    echo "poll: lines from a pipe, answers from a socket"
    mkfifo "$work/names"
    start server hello_server "$(endpoint tcp)" 3
    address server listening
    input=$work/names
    start asker ask_from_stdin "$found"
    input=
    # Opened for both, so that this cannot wait for a program that does not start; after the start, so
    # that the program does not inherit it and see no end of its input.
    exec 7<>"$work/names"
    # An answer comes while the second name is half written.
    printf 'Ada\nGra' >&7
    await asker "^Good morning, Ada!"
    printf 'ce\nEdsger' >&7
    exec 7>&-
    finish asker server
    expect asker "Good morning, Grace!"
    expect asker "Good morning, Edsger!"
}

foreign_loop() {
    echo "event loop: a socket's descriptor in epoll, three clients"
    start server event_loop "$(endpoint tcp)"
    address server listening
    start client-1 hello_client "$found" 50
    start client-2 hello_client "$found" 50
    start client-3 hello_client "$found" 50
    quiet=yes
    finish client-1 client-2 client-3
    quiet=
    stop server
    expect client-1 "Good morning, Ada!"
    expect server "answered 150 requests"
}

run_group() {
    monitoring
    polling
    foreign_loop
}
