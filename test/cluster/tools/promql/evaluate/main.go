// Evaluates PromQL over given series with the engine of Prometheus, and prints what its HTTP API would answer.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

// task is read from stdin. Times are milliseconds since the epoch.
type task struct {
	Series []struct {
		Labels  map[string]string `json:"labels"`
		Samples [][2]float64      `json:"samples"`
		// EndsAt is when a scrape no longer found it; Prometheus notes that by a marker.
		EndsAt int64 `json:"endsAt"`
	} `json:"series"`
	Queries []struct {
		Expression string `json:"expression"`
		At         int64  `json:"at"`
	} `json:"queries"`
	// Rules is a file of rules, as Prometheus reads it.
	Rules string `json:"rules"`
}

// answer has the form of /api/v1/query.
type answer struct {
	Status   string   `json:"status"`
	Warnings []string `json:"warnings,omitempty"`
	Data     any      `json:"data"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var given task
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	if err := readRules(given.Rules); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "promql-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	db, err := open(ctx, directory, given)
	if err != nil {
		return err
	}
	defer db.Close()
	answers, err := evaluate(ctx, db, given)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// readRules fails where Prometheus would not load the file.
func readRules(text string) error {
	_, errs := rulefmt.Parse([]byte(text), false, model.UTF8Validation, parser.NewParser(parser.Options{}))
	return errors.Join(errs...)
}

// open makes a database with the series.
func open(ctx context.Context, directory string, given task) (*tsdb.DB, error) {
	options := tsdb.DefaultOptions()
	// Series are written one after the other: each may begin before the end of the last.
	options.OutOfOrderTimeWindow = (90 * 24 * time.Hour).Milliseconds()
	db, err := tsdb.Open(directory, slog.New(slog.DiscardHandler), nil, options, nil)
	if err != nil {
		return nil, err
	}
	if err := write(ctx, db, given); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func write(ctx context.Context, db *tsdb.DB, given task) error {
	appender := db.Appender(ctx)
	for _, series := range given.Series {
		name := labels.FromMap(series.Labels)
		add := func(at int64, number float64) error {
			_, err := appender.Append(0, name, at, number)
			return err
		}
		for _, sample := range series.Samples {
			if err := add(int64(sample[0]), sample[1]); err != nil {
				return err
			}
		}
		if series.EndsAt > 0 {
			if err := add(series.EndsAt, math.Float64frombits(value.StaleNaN)); err != nil {
				return err
			}
		}
	}
	return appender.Commit()
}

// evaluate asks as a server with its default flags would.
func evaluate(ctx context.Context, db *tsdb.DB, given task) ([]answer, error) {
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
	answers := []answer{}
	for _, asked := range given.Queries {
		query, err := engine.NewInstantQuery(ctx, db, nil, asked.Expression, time.UnixMilli(asked.At))
		if err != nil {
			return nil, err
		}
		result := query.Exec(ctx)
		if result.Err != nil {
			return nil, result.Err
		}
		warnings, _ := result.Warnings.AsStrings(asked.Expression, 0, 0)
		answers = append(answers, answer{"success", warnings, map[string]any{"resultType": result.Value.Type(), "result": result.Value}})
	}
	return answers, nil
}
