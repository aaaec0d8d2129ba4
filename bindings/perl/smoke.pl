# Perl's ZMQ::FFI, which opens libzmq.so.5 while it runs: request and reply, publish and subscribe with
# multipart, ZMQ_FD with select, errors. Prints the same on every libzmq.
use strict;
use warnings;
use ZMQ::FFI;
use ZMQ::FFI::Constants qw(ZMQ_REQ ZMQ_REP ZMQ_XPUB ZMQ_SUB ZMQ_PUSH ZMQ_PULL ZMQ_LAST_ENDPOINT ZMQ_LINGER
    ZMQ_RCVTIMEO ZMQ_SNDHWM ZMQ_RCVHWM ZMQ_FD ZMQ_EVENTS ZMQ_POLLIN ZMQ_POLLOUT ZMQ_DONTWAIT);

alarm 60;    # a hang ends the program
# Without a name ZMQ::FFI searches the system's folders, not those of LD_LIBRARY_PATH.
my $context = ZMQ::FFI->new(soname => 'libzmq.so.5');
open my $maps, '<', '/proc/self/maps' or die;
my ($opened) = map { /(\S*libzmq\S*)/ } <$maps>;
print STDERR "perl: $opened\n";

sub make {
    my $socket = $context->socket(shift);
    $socket->set(ZMQ_LINGER,   'int', 0);
    $socket->set(ZMQ_RCVTIMEO, 'int', 10000);
    $socket->set($_, 'int', 10) for ZMQ_SNDHWM, ZMQ_RCVHWM;
    return $socket;
}

sub pair {
    my ($bound, $connected) = map { make($_) } @_;
    $bound->bind('tcp://127.0.0.1:*');
    $connected->connect($bound->get(ZMQ_LAST_ENDPOINT, 'string') =~ s/\0.*//sr);
    return ($bound, $connected);
}

{
    my ($rep, $req) = pair(ZMQ_REP, ZMQ_REQ);
    my $reply;
    for my $i (1 .. 500) {
        $req->send("question $i");
        $rep->send('re ' . $rep->recv);
        $reply = $req->recv;
    }
    print "$reply\n";
    eval { $req->recv };
    print 'second receive: ', ($@ =~ /current state/ ? 'EFSM' : "passed $@"), "\n";
}
{
    my ($pub, $sub) = pair(ZMQ_XPUB, ZMQ_SUB);
    $sub->subscribe('b');
    print 'subscribed ', unpack('xa*', $pub->recv), "\n";
    $pub->send_multipart([$_, 'body', '']) for qw(a b1 c b2);
    print join('|', $sub->recv_multipart), "\n" for 1 .. 2;
}
{
    # One thread, short queues, driven by the descriptor.
    my ($pull, $push) = pair(ZMQ_PULL, ZMQ_PUSH);
    my $fd = $pull->get(ZMQ_FD, 'int');
    my ($sent, $came) = (0, 0);
    while ($came < 5000) {
        if ($sent < 5000) {
            eval { $push->send($sent, ZMQ_DONTWAIT); $sent++ };
            die $@ if $@ && $@ !~ /unavailable/;
        }
        while ($pull->get(ZMQ_EVENTS, 'int') & ZMQ_POLLIN) {
            my $got = $pull->recv;
            die "$got came, expected $came" if $got != $came;
            $came++;
        }
        next if $sent < 5000 && $push->get(ZMQ_EVENTS, 'int') & ZMQ_POLLOUT;
        last if $came == 5000;
        my $ready = '';
        vec($ready, $fd, 1) = 1;
        select($ready, undef, undef, 10) or die "stall after $came";
    }
    print "$came in order\n";
}
