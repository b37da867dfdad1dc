// Debian's Go client. Run as `client URL`; prints what it sees.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const messages = 50

func main() {
	connection, err := amqp.Dial(os.Args[1])
	must(err)
	publishAndConsume(connection)
	refusals(connection)
	transaction(connection)
	must(connection.Close())
	fmt.Println("closed", connection.IsClosed())
}

func publishAndConsume(connection *amqp.Connection) {
	channel, err := connection.Channel()
	must(err)
	must(channel.ExchangeDeclare("leveret.go", "topic", false, true, false, false, nil))
	queue, err := channel.QueueDeclare("", false, true, true, false, amqp.Table{"x-expires": int32(60000)})
	must(err)
	must(channel.QueueBind(queue.Name, "go.#", "leveret.go", false, nil))
	must(channel.Confirm(false))
	must(channel.Qos(5, 0, false))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, messages+1))
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for number := 0; number < messages; number++ {
		must(channel.PublishWithContext(ctx, "leveret.go", "go.number", true, false, amqp.Publishing{
			Body:      []byte(strconv.Itoa(number)),
			Headers:   amqp.Table{"number": int64(number), "when": time.Unix(1700000000, 0), "list": []interface{}{"a", 1.5}},
			Timestamp: time.Unix(1700000000, 0),
		}))
	}
	for number := 1; number <= messages; number++ {
		if confirm := <-confirms; !confirm.Ack || confirm.DeliveryTag != uint64(number) {
			log.Fatal("not confirmed: ", number)
		}
	}
	must(channel.PublishWithContext(ctx, "leveret.go", "elsewhere", true, false, amqp.Publishing{Body: []byte("lost")}))
	returned := <-returns
	fmt.Println("returned", returned.ReplyCode, returned.ReplyText, string(returned.Body))

	deliveries, err := channel.Consume(queue.Name, "", false, false, false, false, nil)
	must(err)
	inOrder := 0
	for delivery := range deliveries {
		if string(delivery.Body) == strconv.Itoa(inOrder) && delivery.Headers["number"] == int64(inOrder) {
			inOrder++
		}
		if delivery.DeliveryTag%5 == 0 {
			must(delivery.Ack(true))
		}
		if delivery.DeliveryTag == messages {
			break
		}
	}
	fmt.Println("in order", inOrder)
	must(channel.Close())
}

func refusals(connection *amqp.Connection) {
	channel, err := connection.Channel()
	must(err)
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	_, err = channel.QueueDeclarePassive("leveret.go.missing", false, false, false, false, nil)
	fmt.Println(err)
	fmt.Println((<-closed).Code)
}

func transaction(connection *amqp.Connection) {
	channel, err := connection.Channel()
	must(err)
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	must(err)
	must(channel.Tx())
	for _, step := range []func() error{channel.TxRollback, channel.TxCommit} {
		must(channel.PublishWithContext(context.Background(), "", queue.Name, false, false, amqp.Publishing{Body: []byte("tx")}))
		must(step())
	}
	count, err := channel.QueuePurge(queue.Name, false)
	must(err)
	fmt.Println("committed", count)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
