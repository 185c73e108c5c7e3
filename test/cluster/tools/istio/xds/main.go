// Program xds is an xDS client that plays a node of the mesh. It subscribes at istiod as a ztunnel, a sidecar or a waypoint would,
// and prints what it is told, one JSON object per response, until it is ended.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

const listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"

// A push of many policies to many filter chains is larger than the 4 MiB that gRPC accepts by default.
const maxMessageSize = 1 << 30

// response is one line of output.
type response struct {
	Type      string     `json:"type"`
	Resources []resource `json:"resources"`
	Removed   []string   `json:"removed"`
	// Each distinct filter configuration once; the listeners refer to it.
	Filters map[string]json.RawMessage `json:"filters,omitempty"`
}

type resource struct {
	Name string `json:"name"`
	// As protojson, of any type but listeners.
	Value json.RawMessage `json:"value,omitempty"`
	// Of a listener.
	Chains []filterChain `json:"chains,omitempty"`
}

func main() {
	address := flag.String("address", "", "host:port of istiod's plaintext gRPC")
	node := flag.String("node", "", "node id: type~ip~name.namespace~domain")
	metadata := flag.String("metadata", "{}", "metadata of the node, as JSON")
	types := flag.String("types", "", "type URLs to subscribe to, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *node, *metadata, strings.Split(*types, ",")); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, nodeID, metadata string, types []string) error {
	fields := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(metadata), fields); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageSize)))
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(connection).DeltaAggregatedResources(ctx)
	if err != nil {
		return err
	}
	node := &core.Node{Id: nodeID, Metadata: fields}
	for _, typeURL := range types {
		// The first request of a type without names subscribes to all of them.
		if err := stream.Send(&discovery.DeltaDiscoveryRequest{Node: node, TypeUrl: typeURL}); err != nil {
			return err
		}
	}
	return printAll(stream)
}

type deltaStream = discovery.AggregatedDiscoveryService_DeltaAggregatedResourcesClient

func printAll(stream deltaStream) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		line, err := describe(message)
		if err != nil {
			return err
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		acknowledgement := &discovery.DeltaDiscoveryRequest{TypeUrl: message.GetTypeUrl(), ResponseNonce: message.GetNonce()}
		if err := stream.Send(acknowledgement); err != nil {
			return err
		}
	}
}

func describe(message *discovery.DeltaDiscoveryResponse) (*response, error) {
	line := &response{Type: message.GetTypeUrl(), Resources: []resource{}, Removed: append([]string{}, message.GetRemovedResources()...)}
	found := newFilterSet()
	for _, sent := range message.GetResources() {
		described := resource{Name: sent.GetName()}
		var err error
		if message.GetTypeUrl() == listenerType {
			described.Chains, err = found.ofListener(sent.GetResource())
		} else {
			described.Value, err = asJSON(sent.GetResource())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sent.GetName(), err)
		}
		line.Resources = append(line.Resources, described)
	}
	line.Filters = found.byDigest
	return line, nil
}
