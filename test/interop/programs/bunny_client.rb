# bunny, the Ruby client. Run as `bunny_client.rb URL`; prints what it sees.

require "bunny"

MESSAGES = 20

connection = Bunny.new(ARGV.fetch(0), logger: Logger.new(IO::NULL))
connection.start

channel = connection.create_channel
channel.confirm_select
channel.prefetch(3)
exchange = channel.topic("leveret.bunny", auto_delete: true)
queue = channel.queue("", exclusive: true, arguments: { "x-expires" => 60_000 })
queue.bind(exchange, routing_key: "bunny.*")

returned = Queue.new
exchange.on_return { |info, _properties, content| returned << "#{info.reply_code} #{info.reply_text} #{content}" }
MESSAGES.times { |number| exchange.publish(number.to_s, routing_key: "bunny.hops", headers: { number: number }, persistent: true) }
exchange.publish("lost", routing_key: "elsewhere", mandatory: true)
puts "confirmed #{channel.wait_for_confirms}"
puts "returned #{returned.pop}"
puts "waiting #{queue.message_count}"

seen = Queue.new
queue.subscribe(manual_ack: true) do |delivery, properties, body|
  if body == "4" && !delivery.redelivered?
    channel.nack(delivery.delivery_tag, false, true)
  else
    channel.ack(delivery.delivery_tag)
    seen << [body.to_i, properties.headers["number"]]
  end
end
bodies = Array.new(MESSAGES) { seen.pop }
puts "seen once each #{bodies.sort == (0...MESSAGES).map { |number| [number, number] }}"

other = connection.create_channel
begin
  other.queue_declare("leveret.bunny.missing", passive: true)
rescue Bunny::NotFound => error
  puts error.message
end

rpc = connection.create_channel
answers = Queue.new
rpc.basic_consume("amq.rabbitmq.reply-to", "", true) { |_delivery, properties, body| answers << "#{body} #{properties.correlation_id}" }
requests = rpc.queue("", exclusive: true)
rpc.default_exchange.publish("question", routing_key: requests.name, reply_to: "amq.rabbitmq.reply-to", correlation_id: "7")
_, properties, = requests.pop
channel.default_exchange.publish("answer", routing_key: properties.reply_to, correlation_id: properties.correlation_id)
puts "answered #{answers.pop}"

connection.close
puts "closed #{connection.closed?}"
