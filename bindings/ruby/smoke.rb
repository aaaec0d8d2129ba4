# Ruby's ffi-rzmq, which opens libzmq.so.5 while it runs: messages as structures in Ruby's memory, sockets in
# threads, polling, a monitor-free proxy by threads. Prints the same on every libzmq.
require 'ffi-rzmq'

warn "ruby: #{File.read('/proc/self/maps')[/\S*libzmq\S*/]}"
Thread.new { sleep 60; puts 'STALL'; exit! 1 } # a hang ends the program

def check(code)
  return code if ZMQ::Util.resultcode_ok?(code)
  puts "failed: #{ZMQ::Util.error_string}"
  exit 1
end

CONTEXT = ZMQ::Context.new

def make(type)
  socket = CONTEXT.socket(type)
  check socket.setsockopt(ZMQ::LINGER, 0)
  check socket.setsockopt(ZMQ::RCVTIMEO, 10_000)
  socket
end

def pair(bound, connected)
  first, second = make(bound), make(connected)
  check first.bind('tcp://127.0.0.1:*')
  endpoint = []
  check first.getsockopt(ZMQ::LAST_ENDPOINT, endpoint)
  check second.connect(endpoint[0].delete("\0"))
  [first, second]
end

def receive(socket)
  check socket.recv_string(text = String.new)
  text
end

rep, req = pair(ZMQ::REP, ZMQ::REQ)
server = Thread.new { 500.times { check rep.send_string("re #{receive rep}") } }
reply = nil
500.times do |i|
  check req.send_string("question #{i}")
  reply = receive req
end
server.join
puts reply
puts "second receive: #{ZMQ::Util.resultcode_ok?(req.recv_string(String.new)) ? 'passed' : ZMQ::Util.errno == ZMQ::EFSM ? 'EFSM' : 'other'}"
rep.close
req.close

router, dealer = pair(ZMQ::ROUTER, ZMQ::DEALER)
message = ZMQ::Message.new('large ' * 20_000)
copy = ZMQ::Message.new
copy.copy(message.pointer)
check dealer.sendmsg(message, ZMQ::SNDMORE)
check dealer.sendmsgs([copy, ZMQ::Message.new('end')])
poller = ZMQ::Poller.new
poller.register_readable(router)
puts "ready: #{poller.poll(10_000)} of #{poller.readables.size}"
parts = []
check router.recvmsgs(parts)
puts "#{parts.size} parts, #{parts[1..].map(&:size).join(' ')} bytes, equal #{parts[1].copy_out_string == parts[2].copy_out_string}"
parts.each(&:close)
puts "then: #{poller.poll(20)}"
router.close
dealer.close
puts "context ended: #{CONTEXT.terminate}"
