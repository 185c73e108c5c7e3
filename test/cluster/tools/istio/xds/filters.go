package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	jwt "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	rbachttp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	rbactcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3" // RBAC rules carry it as an Any
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	_ "istio.io/istio/pkg/workloadapi"          // resources of ztunnel
	_ "istio.io/istio/pkg/workloadapi/security" // resources of ztunnel
)

// filterChain is one way through a listener: each connection takes exactly one.
type filterChain struct {
	Name string `json:"name"`
	// The security filters in the order in which they run.
	Filters []placedFilter `json:"filters"`
}

type placedFilter struct {
	// `http` and `tcp` are RBAC filters, `jwt` checks tokens.
	Kind   string `json:"kind"`
	Digest string `json:"digest"`
}

// The same rules are in many chains: they are rendered once.
type filterSet struct {
	byDigest map[string]json.RawMessage
}

func newFilterSet() *filterSet {
	return &filterSet{byDigest: map[string]json.RawMessage{}}
}

func (s *filterSet) ofListener(packed *anypb.Any) ([]filterChain, error) {
	unpacked := &listener.Listener{}
	if err := packed.UnmarshalTo(unpacked); err != nil {
		return nil, err
	}
	chains := unpacked.GetFilterChains()
	if fallback := unpacked.GetDefaultFilterChain(); fallback != nil {
		chains = append(chains, fallback)
	}
	described := []filterChain{}
	for _, chain := range chains {
		filters := []placedFilter{}
		for _, filter := range chain.GetFilters() {
			var err error
			if filters, err = s.addNetworkFilter(filters, filter.GetTypedConfig()); err != nil {
				return nil, err
			}
		}
		described = append(described, filterChain{Name: chain.GetName(), Filters: filters})
	}
	return described, nil
}

func (s *filterSet) addNetworkFilter(placed []placedFilter, config *anypb.Any) ([]placedFilter, error) {
	if config.MessageIs(&rbactcp.RBAC{}) {
		return s.add(placed, "tcp", config)
	}
	manager := &hcm.HttpConnectionManager{}
	if !config.MessageIs(manager) {
		return placed, nil
	}
	if err := config.UnmarshalTo(manager); err != nil {
		return nil, err
	}
	for _, filter := range manager.GetHttpFilters() {
		var err error
		switch inner := filter.GetTypedConfig(); {
		case inner.MessageIs(&rbachttp.RBAC{}):
			placed, err = s.add(placed, "http", inner)
		case inner.MessageIs(&jwt.JwtAuthentication{}):
			placed, err = s.add(placed, "jwt", inner)
		}
		if err != nil {
			return nil, err
		}
	}
	return placed, nil
}

func (s *filterSet) add(placed []placedFilter, kind string, config *anypb.Any) ([]placedFilter, error) {
	sum := sha256.Sum256(config.GetValue())
	digest := kind + "-" + hex.EncodeToString(sum[:8])
	if _, known := s.byDigest[digest]; !known {
		rendered, err := asJSON(config)
		if err != nil {
			return nil, err
		}
		s.byDigest[digest] = rendered
	}
	return append(placed, placedFilter{Kind: kind, Digest: digest}), nil
}

func asJSON(packed *anypb.Any) (json.RawMessage, error) {
	message, err := packed.UnmarshalNew()
	if err != nil {
		return nil, err
	}
	return protojson.MarshalOptions{}.Marshal(message)
}
